// What a browser loads at first: the page, the probe and one engine, each file compressed by itself. `node size.mjs` prints it.
import { readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const page = new URL('../page/', import.meta.url);
const read = (names) => names.map((name) => readFileSync(new URL(name, page)));

/** Number of bytes of these files, compressed: `brotli` is quality 11 and `gzip` level 9. */
export function sizes(names) {
  const files = read(names), sum = (compress) => files.reduce((total, file) => total + compress(file).length, 0);
  return { brotli: sum((file) => brotliCompressSync(file)), gzip: sum((file) => gzipSync(file, { level: 9 })) };
}

export const ofPage = readdirSync(page).filter((name) => /\.(html|css|js|svg)$/.test(name));
export const ofEngine = ['wasm/probe.wasm', 'wasm/ann-fused.wasm'];

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const kilobytes = (bytes) => `${bytes} bytes (${(bytes / 1024).toFixed(1)} KB)`;
  const parts = { page: ofPage, engine: ofEngine, 'page and engine': [...ofPage, ...ofEngine], 'for the gradient check': ['wasm/ann-whole.wasm'] };
  for (const [name, files] of Object.entries(parts)) {
    const { brotli, gzip } = sizes(files);
    console.log(`${name}: brotli ${kilobytes(brotli)}, gzip ${kilobytes(gzip)}`);
  }
}

// Both kinds of WebAssembly train the networks of `cargo xtask bits` to the bits of the native program.
import { readFileSync } from 'node:fs';

import { load, text } from './engine.mjs';

const folder = process.argv[2];
const native = readFileSync(`${folder}/native.txt`, 'utf8').split('\n').filter((line) => line);
let isEqual = true;
for (const kind of ['ann-fused.wasm', 'ann-portable.wasm']) {
  const w = load(`${folder}/${kind}`);
  const begin = performance.now();
  w.ann_bits();
  const found = text(w, 0).split('\n').filter((line) => line);
  // The last native line is that of a model of a table, whose recipe is no part of the page.
  const equal = found.filter((line) => native.includes(line));
  console.log(`${kind}: ${equal.length} of ${found.length} networks and functions have native bits, ` +
    `${((performance.now() - begin) / 1000).toFixed(1)} s`);
  for (const line of found) if (!native.includes(line)) console.log(`  not equal: ${line}`);
  isEqual &&= found.length === native.length - 1 && equal.length === found.length;
}
process.exit(isEqual ? 0 : 1);

// The engine for Node.js: loads a file, sends requests, and catches panics as a page has to.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

// Older versions of Node.js need to be asked for relaxed SIMD; newer ones have it.
if (!relaxedSimd()) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

export const files = fileURLToPath(new URL('../page/wasm/', import.meta.url));

export function load(path) {
  const module = new WebAssembly.Module(readFileSync(path));
  if (WebAssembly.Module.imports(module).length) throw new Error(`${path} imports something`);
  return new WebAssembly.Instance(module, {}).exports;
}

/** Whether `ann-fused.wasm` may be used here, as a page finds out. */
export function isFused() {
  return relaxedSimd() && load(`${files}probe.wasm`).fused() === 1;
}

function relaxedSimd() {
  return WebAssembly.validate(readFileSync(new URL('../page/wasm/probe.wasm', import.meta.url)));
}

/** The bytes of an answer. */
export const bytes = (w, slot) =>
  new Uint8Array(w.memory.buffer, w.ann_answer(slot), w.ann_answer_bytes(slot)).slice();

export const text = (w, slot) => new TextDecoder().decode(bytes(w, slot));

/** Sends a request. Returns code, answer, numbers and file. */
export function call(w, request, attachment) {
  const write = (slot, content) => {
    const at = w.ann_room(slot, content.length);
    if (!at) throw new Error(`no room for ${content.length} bytes`);
    new Uint8Array(w.memory.buffer, at, content.length).set(content);
  };
  if (attachment !== undefined) {
    write(1, typeof attachment === 'string' ? new TextEncoder().encode(attachment) : attachment);
  }
  write(0, new TextEncoder().encode(JSON.stringify(request)));
  const code = w.ann_call();
  return {
    code,
    answer: JSON.parse(text(w, 0)),
    numbers: new Float64Array(bytes(w, 1).buffer),
    file: bytes(w, 2),
  };
}

/** Sends a request that must succeed. */
export function ask(w, request, attachment) {
  const { code, ...rest } = call(w, request, attachment);
  if (code) throw new Error(`${JSON.stringify(request)}: code ${code}, ${rest.answer.error}`);
  return rest;
}

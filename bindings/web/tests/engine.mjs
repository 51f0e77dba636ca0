// The engine for Node.js: loads a file, and sends requests as the page does.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

import { call as send, read } from '../page/engine.js';

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

export const text = (w, slot) => new TextDecoder().decode(read(w, slot));

/** Sends a request as the page does. Returns code, answer, numbers and file. */
export function call(w, request, attachment) {
  try {
    return { code: 0, ...ask(w, request, attachment) };
  } catch ({ code, message, place, panic }) {
    if (!code) throw new Error(`${JSON.stringify(request)}: ${panic ? 'panic: ' : ''}${message}`);
    return { code, answer: { error: message, ...place } };
  }
}

/** Sends a request that must succeed. */
export function ask(w, request, attachment) {
  return send(w, request, typeof attachment === 'string' ? new TextEncoder().encode(attachment) : attachment);
}

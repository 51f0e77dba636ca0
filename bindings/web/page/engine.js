// The engine: chooses one of the wasm files, and carries out requests. ENGINE.md describes them.

const ANSWER = 0, NUMBERS = 1, FILE = 2;
const REQUEST = 0, ATTACHMENT = 1;
/** The code of an error: the whole engine can do it. */
export const ELSEWHERE = 7;
const base = new URL('wasm/', import.meta.url);

/** A new engine. `kind` says which file it is: the fast one if it gives the right bits here, unless another is wanted. `call` carries out a request, with a file or numbers attached to it. */
export async function loadEngine(wanted) {
  const kind = wanted ?? (await roundsOnce() ? 'fused' : 'portable');
  const wasm = await instance(`ann-${kind}.wasm`);
  return { kind, call: (request, attachment) => call(wasm, request, attachment) };
}

/** Whether relaxed SIMD multiplies and adds with one rounding here. Without that, the fused file would give other bits. */
async function roundsOnce() {
  const probe = await (await fetch(new URL('probe.wasm', base))).arrayBuffer();
  if (!WebAssembly.validate(probe)) return false;
  const { instance } = await WebAssembly.instantiate(probe, {});
  return instance.exports.fused() === 1;
}

// Compiled once: after a panic a new instance needs no second download.
const modules = new Map();

async function instance(name) {
  if (!modules.has(name)) {
    const answer = await fetch(new URL(name, base));
    if (!answer.ok) throw new Error(`${name} could not be loaded: ${answer.status}`);
    // Compiled while it is loaded, if the server says what it is.
    const says = answer.headers.get('content-type')?.startsWith('application/wasm');
    modules.set(name, says ? await WebAssembly.compileStreaming(answer) : await WebAssembly.compile(await answer.arrayBuffer()));
  }
  return (await WebAssembly.instantiate(modules.get(name), {})).exports;
}

/** One request to the exports of an instance. */
export function call(wasm, request, attachment) {
  if (attachment) write(wasm, ATTACHMENT, new Uint8Array(attachment.buffer, attachment.byteOffset, attachment.byteLength));
  write(wasm, REQUEST, new TextEncoder().encode(JSON.stringify(request)));
  let code;
  try {
    code = wasm.ann_call();
  } catch (trap) {
    throw Object.assign(new Error('it met a mistake of its own, or memory was exhausted'), { panic: true, cause: trap });
  }
  const answer = JSON.parse(new TextDecoder().decode(read(wasm, ANSWER)));
  if (code) {
    const { error, ...place } = answer;
    throw Object.assign(new Error(error), { code, place });
  }
  return { answer, numbers: new Float64Array(read(wasm, NUMBERS).buffer), file: read(wasm, FILE) };
}

function write(wasm, slot, bytes) {
  const address = wasm.ann_room(slot, bytes.length);
  if (!address && bytes.length) throw Object.assign(new Error('this is larger than the engine takes'), { code: 5 });
  new Uint8Array(wasm.memory.buffer, address, bytes.length).set(bytes);
}

/** What is in a slot: copied, because the next call overwrites it. */
export function read(wasm, slot) {
  return new Uint8Array(wasm.memory.buffer, wasm.ann_answer(slot), wasm.ann_answer_bytes(slot)).slice();
}

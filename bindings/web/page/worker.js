// The worker: holds the engine, answers requests in order, and trains in slices so that the page can draw between them.

import { ELSEWHERE, loadEngine } from './engine.js';

/** Milliseconds of training between two pictures: with the pictures it fits into a frame of 60 a second. A network that an address trains again is shown less often. */
const SLICE = 9, LONG_SLICE = 60;

let engine = null;
// The requests that made the lab of now, without its training; and the files that the engine has read, for the next lab.
let lab = [], files = new Map();
let queue = Promise.resolve();
onmessage = ({ data }) => { queue = queue.then(() => answer(data)); };

async function answer({ id, kind, request, attachment }) {
  try {
    engine ??= await loadEngine();
    const result = kind === 'frame' ? frame(request) : kind === 'load' ? { kind: engine.kind } : await carryOut(request, attachment);
    postMessage({ id, result }, transferable(result));
  } catch (error) {
    const { message, code, place, panic } = error;
    // An instance that has panicked answers nothing any more.
    if (panic) [engine, lab, files] = [null, [], new Map()];
    postMessage({ id, error: { message, code, place, panic } });
  }
}

/** Carries out a request, if need be with the whole engine. */
async function carryOut(request, attachment) {
  try {
    const result = engine.call(request, attachment);
    remember(request, attachment);
    return result;
  } catch (error) {
    if (error.code !== ELSEWHERE) throw error;
    return askWhole(request);
  }
}

function remember(request, attachment) {
  const { do: what } = request, told = [request, attachment];
  if (what === 'table' || what === 'model') files.set(what, told);
  else if (what === 'forget') files.clear();
  else if (what === 'open') lab = [...files.values(), told];
  else if (what === 'network' || what === 'training') lab = [...lab.filter(([{ do: before }]) => before !== what), told];
}

/** What the first file leaves out is done by the whole engine, in a lab with the same rows, network and settings. */
async function askWhole(request) {
  const whole = await loadEngine('whole');
  for (const told of lab) whole.call(...told);
  whole.call({ do: 'set' }, engine.call({ do: 'theta' }).numbers);
  return whole.call(request);
}

/** Trains for one slice, at most `epochs`, then collects what the page draws. */
function frame({ epochs, again, from, pictures, theta, predictions }) {
  const step = epochs > 0 ? train(epochs, again ? LONG_SLICE : SLICE) : null;
  const result = { step, pictures: pictures.map(picture => engine.call(picture)) };
  if (from !== null) result.history = engine.call({ do: 'history', from }).numbers;
  if (theta) result.theta = engine.call({ do: 'theta' }).numbers;
  if (predictions) result.predictions = engine.call({ do: 'predictions' }).numbers;
  return result;
}

// Epochs in a millisecond, from earlier slices.
let pace = 0.1;

function train(epochs, slice) {
  const start = performance.now();
  let done = 0, last = null;
  while (done < epochs) {
    const left = slice - (performance.now() - start);
    if (last && left < 1) break;
    const size = Math.max(1, Math.min(epochs - done, Math.floor(pace * left / 2), 20000));
    const before = performance.now();
    last = engine.call({ do: 'step', epochs: size }).answer;
    const spent = Math.max(performance.now() - before, 0.05);
    pace = 0.5 * pace + 0.5 * last.ran / spent;
    done += last.ran;
    if (last.ran < size || last.stop || last.error) break;
  }
  return { ...last, ran: done };
}

function transferable({ numbers, file, pictures = [], history, theta, predictions }) {
  const arrays = [numbers, file, history, theta, predictions, ...pictures.map(picture => picture.numbers)];
  return arrays.filter(array => array?.byteLength).map(array => array.buffer);
}

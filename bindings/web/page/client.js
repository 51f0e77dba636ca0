// The page's side of the worker: each request is a promise.

export class Client {
  #worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  #waiting = new Map();
  #next = 0;

  /** `failed` hears of a worker that could not be started. */
  constructor(failed) {
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) reject(Object.assign(new Error(error.message), error));
      else resolve(result);
    };
    this.#worker.onerror = event => failed(new Error(event.message || 'the worker could not be started'));
  }

  /** Loads the engine, and says which. */
  load() { return this.#send({ kind: 'load' }); }

  /** One request of ENGINE.md. */
  call(request, attachment) { return this.#send({ kind: 'call', request, attachment }); }

  /** The answer of a request, without numbers. */
  async ask(request, attachment) { return (await this.call(request, attachment)).answer; }

  /** Training for a slice, and what is drawn of it. */
  frame(request) { return this.#send({ kind: 'frame', request }); }

  /** Milliseconds since the oldest request that has no answer yet. */
  waited() {
    const [oldest] = this.#waiting.values();
    return oldest ? performance.now() - oldest.since : 0;
  }

  /** Ends the worker, also in the middle of a computation. */
  stop() {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(Object.assign(new Error('it was stopped'), { panic: true }));
    this.#waiting.clear();
  }

  #send(message) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, since: performance.now() });
      this.#worker.postMessage({ id, ...message });
    });
  }
}

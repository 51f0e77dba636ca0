// Playing: the worker trains and computes pictures, one after the other, while the page draws.

import { $ } from './form.js';
import { worded } from './wording.js';

const MOST_OWED = 5000; // epochs that a slow machine may be behind the chosen speed
const SLOW = 19;        // milliseconds between frames, a little more than 1/60 s

export class Player {
  #app; #running = null; #wanted = false; #interval = 0;

  constructor(app) { this.#app = app; }

  get isPlaying() { return this.#running !== null; }

  /** Trains until it is paused, or until the epoch `goal`. `speed`: epochs in a second, 0 for as many as can be. `again`: as an address says, with fewer pictures. */
  play({ goal = Infinity, speed = this.#app.settings.view.speed, again = false } = {}) {
    const { lab } = this.#app;
    if (this.#running || !lab?.trainable || !lab.rows.train) return this.#running;
    this.#wanted = true;
    this.#app.gradient.clear();
    this.#show(true);
    this.#watchFrames();
    this.#running = this.#app.attempt(() => this.#run(goal, speed, again)).then(async () => {
      this.#running = null;
      this.#show(false);
      await this.#app.settle();
    });
    return this.#running;
  }

  /** Stops, and waits until the last picture is there. */
  async pause() {
    this.#wanted = false;
    await this.#running;
  }

  // Time between two frames of the browser, which has nothing to do with the time that training takes.
  #watchFrames() {
    let last = performance.now();
    this.#interval = 0;
    const tick = now => {
      this.#interval = 0.9 * this.#interval + 0.1 * Math.min(now - last, 100);
      last = now;
      if (this.#running) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  async #run(goal, speed, again) {
    const app = this.#app;
    let before = performance.now(), owed = 1, drawn = 0, curved = 0, turn = false, counted = before, spoken = before;
    // A user who asks for less motion gets two pictures a second.
    const rest = matchMedia('(prefers-reduced-motion: reduce)').matches ? 500 : 0;
    const next = () => {
      const now = performance.now();
      owed = Math.min(owed + (now - before) / 1000 * speed, MOST_OWED);
      before = now;
      return app.ask(Math.min(speed ? Math.floor(owed) : Infinity, goal - app.lab.epoch), { again });
    };
    let pending = next();
    while (true) {
      const frame = await pending, { step } = frame;
      app.take(frame);
      owed -= step?.ran ?? 0;
      if (step?.error) app.alert(worded(step.error));
      if (step?.stop || step?.error || app.lab.epoch >= goal || !this.#wanted) {
        app.say(step?.error ? 'Training stopped.' : step?.stop ? `Training stopped: ${step.stop}. ${app.summary()}` : app.summary());
        return;
      }
      // The worker computes the next picture while this one is drawn.
      pending = next();
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      // Where frames come late, network and output are drawn in turns. The curves change little from frame to frame.
      turn = !turn;
      const isSlow = this.#interval > SLOW, curves = now - curved > 80;
      if (now - drawn >= rest) {
        app.draw({ network: rest || !isSlow || turn, output: rest || !isSlow || !turn, curves });
        drawn = now;
        if (curves) curved = now;
      }
      if (now - counted > 400) { counted = now; app.histogram.refresh(); app.output.describe(); }
      if (now - spoken > 10000) { spoken = now; app.say(app.summary()); }
    }
  }

  #show(on) {
    $('play').textContent = on ? 'Pause' : 'Play';
    document.body.classList.toggle('playing', on);
    if (on) this.#app.say('Training …');
  }
}

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
  play({ goal = this.#usualGoal(), speed = this.#app.settings.view.speed, again = false } = {}) {
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

  // The epoch that the user has chosen. If it is over, training goes on.
  #usualGoal() {
    const { lab, settings: { view: { until } } } = this.#app;
    return until > (lab?.epoch ?? 0) ? until : Infinity;
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
    const app = this.#app, pace = new Pace(speed), rhythm = new Rhythm();
    const next = () => app.ask(Math.min(pace.epochs(), goal - app.lab.epoch), { again });
    let pending = next();
    while (true) {
      const frame = await pending;
      app.take(frame);
      pace.ran(frame.step?.ran ?? 0);
      if (this.#isOver(frame.step, goal)) return;
      // The worker computes the next picture while this one is drawn.
      pending = next();
      await new Promise(requestAnimationFrame);
      rhythm.draw(app, this.#interval > SLOW);
    }
  }

  // Whether it is the last picture; says why.
  #isOver(step, goal) {
    const app = this.#app;
    if (step?.error) {
      app.alert(worded(step.error));
      app.say('Training stopped.');
    } else if (step?.stop) app.say(`Training stopped: ${step.stop}. ${app.figures.summary()}`);
    else if (app.lab.epoch >= goal || !this.#wanted) app.say(app.figures.summary());
    else return false;
    return true;
  }

  #show(on) {
    $('play').textContent = on ? 'Pause' : 'Play';
    document.body.classList.toggle('playing', on);
    if (on) this.#app.say('Training …');
  }
}

// How many epochs the next slice may have, so that the chosen speed is kept.
class Pace {
  #speed; #before = performance.now(); #owed = 1;

  /** `speed`: epochs in a second, 0 for as many as can be. */
  constructor(speed) { this.#speed = speed; }

  epochs() {
    const now = performance.now();
    this.#owed = Math.min(this.#owed + (now - this.#before) / 1000 * this.#speed, MOST_OWED);
    this.#before = now;
    return this.#speed ? Math.floor(this.#owed) : Infinity;
  }

  /** So many epochs were trained. */
  ran(epochs) { this.#owed -= epochs; }
}

// What is drawn and said how often.
class Rhythm {
  // A user who asks for less motion gets two pictures a second.
  #rest = matchMedia('(prefers-reduced-motion: reduce)').matches ? 500 : 0;
  #turn = false;
  #last = { picture: 0, curves: 0, counts: performance.now(), words: performance.now() };

  draw(app, isSlow) {
    // Where frames come late, network and output are drawn in turns. The curves change little from frame to frame.
    this.#turn = !this.#turn;
    if (this.#isDue('picture', this.#rest)) {
      const both = this.#rest > 0 || !isSlow;
      app.draw({ network: both || this.#turn, output: both || !this.#turn, curves: this.#isDue('curves', 80) });
    }
    if (this.#isDue('counts', 400)) { app.histogram.refresh(); app.output.describe(); }
    if (this.#isDue('words', 10000)) app.say(app.figures.summary());
  }

  #isDue(what, milliseconds) {
    const now = performance.now();
    if (now - this.#last[what] < milliseconds) return false;
    this.#last[what] = now;
    return true;
  }
}

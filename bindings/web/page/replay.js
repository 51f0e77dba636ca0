// The network of an address: it is trained again, with the changes by hand on the way.

import { $ } from './form.js';

export class Replay {
  #app; #goal = 0; #isGivenUp = false;
  isRunning = false;

  constructor(app) { this.#app = app; }

  /** Trains the open network to this epoch. `changes`: [epoch, position in θ, value] or [epoch, settings of the training]. */
  async run(changes, epoch) {
    this.#goal = Math.max(epoch, ...changes.map(([at]) => at));
    [this.isRunning, this.#isGivenUp] = [true, false];
    try {
      const isDone = await this.#runAll(changes, epoch);
      if (!isDone) this.#explain();
    } finally {
      this.isRunning = false;
      this.show();
    }
  }

  /** The user pauses it: the page shows the network as it is, and the address stays in the history of the browser. */
  giveUp() {
    if (!this.isRunning) return;
    this.#isGivenUp = true;
    this.#app.address.keep();
  }

  /** How far it is. */
  show() {
    const bar = $('replay');
    bar.hidden = !this.isRunning || !this.#goal;
    if (bar.hidden) return;
    bar.max = this.#goal; bar.value = this.#app.lab.epoch;
  }

  async #runAll(changes, epoch) {
    for (const [at, what, value] of changes) {
      if (!await this.#trainTo(at)) return false;
      if (typeof what === 'number') await this.#app.setWeightNow(what, value);
      else await this.#app.retrainNow(what);
    }
    return this.#trainTo(epoch);
  }

  async #trainTo(goal) {
    const { lab, player } = this.#app;
    if (lab.epoch < goal) await player.play({ goal, speed: 0, again: true });
    return this.#app.lab.epoch >= goal;
  }

  // A training that was stopped by another change needs no word: that change is what the user sees.
  #explain() {
    const { lab } = this.#app, goal = `epoch ${this.#goal}, to which this address trains the network`;
    if (this.#isGivenUp) this.#app.alert(`Stopped at epoch ${lab.epoch}, before ${goal}. Go back in the browser to train it again from the start.`);
    else if (!lab.trainable || !lab.rows.train) this.#app.alert(`There are no rows to train on, so the network is not that of ${goal}.`);
    else if (lab.stop) this.#app.alert(`The training ended at epoch ${lab.epoch}, before ${goal}.`);
  }
}

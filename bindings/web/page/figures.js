// The figures at the top: epoch, loss and metric of both splits, and the same as a sentence.

import { short } from './colour.js';
import { $ } from './form.js';

export class FiguresView {
  #app;

  constructor(app) { this.#app = app; }

  draw() {
    const { lab } = this.#app, metric = lab.task === 'regression' ? 'R²' : 'Accuracy';
    // A text that is the same is left alone: a change of the page costs time.
    const show = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
    show('epoch', String(lab.epoch));
    for (const [split, name] of [['train', 'training'], ['test', 'test']]) {
      show(`${split}-loss`, short(lab[split]?.loss));
      show(`${split}-metric-name`, `${metric}, ${name}`);
      show(`${split}-metric`, this.#measure(lab[split]?.metric, 4));
    }
    for (const box of document.querySelectorAll('.tested')) box.hidden = !lab.rows.test;
  }

  /** The figures as a sentence. */
  summary() {
    const { epoch, train, test, task } = this.#app.lab, metric = task === 'regression' ? 'R²' : 'accuracy';
    const part = (name, values) => values ? ` ${name} rows: loss ${short(values.loss)}, ${metric} ${this.#measure(values.metric, 3)}.` : '';
    return `Epoch ${epoch}.${part('Training', train)}${part('Test', test)}`;
  }

  #measure(value, digits) {
    if (this.#app.lab.task === 'regression' || value === null || value === undefined) return short(value, digits);
    return `${short(100 * value, digits)}%`;
  }
}

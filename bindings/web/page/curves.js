// The curves: loss and metric of both splits by epoch.

import { colours, short } from './colour.js';
import { axes, line, prepare } from './canvas.js';
import { $ } from './form.js';
import { extent, widened } from './scene.js';

const COLUMNS = 6, MOST = 4000;
const [EPOCH, LOSS, , METRIC, TEST_LOSS, TEST_METRIC] = [0, 1, 2, 3, 4, 5];

export class CurvesView {
  #loss = $('loss-curve');
  #metric = $('metric-curve');
  #best = $('best');
  #app; #rows = [];

  constructor(app) { this.#app = app; }

  /** Forgets everything after a new start. */
  clear() { this.#rows = []; }

  /** Forgets an epoch and those after it: its network has been changed by hand. */
  forgetFrom(epoch) { this.#rows = this.#rows.filter(row => row[EPOCH] < epoch); }

  /** The first epoch that is missing here. */
  get next() { return this.#rows.length ? this.#rows.at(-1)[EPOCH] + 1 : 0; }

  /** Rows of `history`. */
  add(numbers) {
    for (let k = 0; k < numbers.length; k += COLUMNS) this.#rows.push(numbers.slice(k, k + COLUMNS));
    // Every second row is dropped when there are more than can be seen, but never the newest.
    while (this.#rows.length > MOST) this.#rows = this.#rows.filter((_, k) => k % 2 === 0 || k === this.#rows.length - 1);
  }

  draw() {
    const { lab, settings } = this.#app;
    if (!lab || !this.#rows.length) return;
    this.#chart(this.#loss, 180, LOSS, TEST_LOSS, settings.view.log);
    this.#chart(this.#metric, 120, METRIC, TEST_METRIC, false);
  }

  #chart(canvas, height, train, test, log) {
    const { c, width } = prepare(canvas, height), box = [46, 8, width - 56, height - 42], [x, y, across, down] = box;
    const { lab } = this.#app, last = Math.max(10, this.#rows.at(-1)[EPOCH]);
    const { toX, toY } = axes(c, box, { across: [0, last], up: this.#range(train, test, log), acrossName: 'epoch', log });
    if (lab.best?.epoch > 0 && train === LOSS) {
      c.strokeStyle = colours.quiet; c.lineWidth = 1; c.setLineDash([2, 3]);
      line(c, toX(lab.best.epoch), y, toX(lab.best.epoch), y + down); c.setLineDash([]);
    }
    c.save(); c.beginPath(); c.rect(x, y - 2, across + 2, down + 4); c.clip();
    this.#curve(c, toX, toY, train, colours.ink, []);
    if (lab.rows.test) this.#curve(c, toX, toY, test, colours.test, [5, 3]);
    c.restore();
  }

  // From the lowest to the highest value that is shown.
  #range(train, test, log) {
    const values = this.#rows.flatMap(row => [row[train], row[test]]).filter(v => Number.isFinite(v) && (!log || v > 0));
    const [low, high] = extent(values);
    if (train === METRIC) return [Math.max(-1, Math.min(0, low)), Math.max(1, high)];
    if (!log) return [0, widened(0, high)[1]];
    const [least, most] = [10 ** Math.floor(Math.log10(low) + 1e-9), 10 ** Math.ceil(Math.log10(high) - 1e-9)];
    return [least, least === most ? 10 * least : most];
  }

  #curve(c, toX, toY, column, colour, dash) {
    c.strokeStyle = colour; c.lineWidth = 1.8; c.setLineDash(dash); c.beginPath();
    let drawing = false;
    for (const row of this.#rows) {
      const v = row[column];
      if (!Number.isFinite(v)) { drawing = false; continue; }
      c[drawing ? 'lineTo' : 'moveTo'](toX(row[EPOCH]), toY(v)); drawing = true;
    }
    c.stroke(); c.setLineDash([]);
  }

  /** What needs no update at every frame. */
  describe() {
    const { lab } = this.#app, row = this.#rows.at(-1);
    if (!lab || !row) return;
    const metric = lab.task === 'regression' ? 'R²' : 'Accuracy';
    $('metric-title').textContent = `${metric} by epoch`;
    const of = (column, other) => `${short(row[column])}${lab.rows.test ? ` of the training rows, ${short(row[other])} of the test rows` : ''}`;
    this.#loss.setAttribute('aria-label', `Loss after ${row[EPOCH]} epochs: ${of(LOSS, TEST_LOSS)}.`);
    this.#metric.setAttribute('aria-label', `${metric} after ${row[EPOCH]} epochs: ${of(METRIC, TEST_METRIC)}.`);
    this.#best.textContent = lab.best && row[EPOCH] > 0 ? `best epoch ${lab.best.epoch}: ${lab.rows.test ? 'test ' : ''}loss ${short(lab.best.loss)}` : '';
  }
}

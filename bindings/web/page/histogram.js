// The histogram of weights, biases, gradient or activations: orange below zero, blue above.

import { colours } from './colour.js';
import { axes, prepare } from './canvas.js';
import { $ } from './form.js';
import { layerName } from './network.js';

const BINS = 31;

export class HistogramView {
  #canvas = $('histogram');
  #of = $('histogram-of');
  #layer = $('histogram-layer');
  #app; #counts = null; #range = [-1, 1];

  constructor(app) {
    this.#app = app;
    this.#of.onchange = this.#layer.onchange = () => this.refresh();
  }

  /** The choice of layers follows the network. */
  shape() {
    const { lab } = this.#app;
    const before = this.#layer.value;
    this.#layer.replaceChildren(new Option('all layers', ''), ...lab.layers.map((_, k) => new Option(layerName(lab, k), k)));
    this.#layer.value = before;
    if (this.#layer.selectedIndex < 0) this.#layer.value = '';
  }

  /** Asks the engine and draws. */
  async refresh() {
    const { client, lab } = this.#app;
    if (!lab || this.#canvas.closest('[hidden]')) return;
    const layer = this.#layer.value === '' ? null : Number(this.#layer.value);
    try {
      const { answer, numbers } = await client.call({ do: 'histogram', layer, bins: BINS, of: this.#of.value });
      [this.#counts, this.#range] = [numbers, answer.range];
    } catch (error) {
      if (error.panic) return this.#app.failed(error);
      this.#counts = null;
    }
    this.draw();
  }

  draw() {
    const { c, width, height } = prepare(this.#canvas, 150);
    if (!this.#counts) { c.fillStyle = colours.quiet; c.fillText('Nothing to count.', 8, 20); return; }
    const most = Math.max(1, ...this.#counts), [low, high] = this.#range, box = [46, 8, width - 56, height - 30];
    const { toX, toY } = axes(c, box, { across: [low, high], up: [0, most * 1.05] });
    this.#counts.forEach((n, k) => {
      const from = low + (high - low) * k / BINS, to = low + (high - low) * (k + 1) / BINS;
      c.fillStyle = to <= 0 ? colours.negative : from >= 0 ? colours.positive : colours.quiet;
      c.fillRect(toX(from) + 0.5, toY(n), Math.max(1, toX(to) - toX(from) - 1), toY(0) - toY(n));
    });
    const total = this.#counts.reduce((a, b) => a + b, 0);
    this.#canvas.setAttribute('aria-label', `Histogram of ${total} ${this.#of.value} between ${low} and ${high}.`);
  }
}

// What is drawn: the newest numbers of the engine, and the pictures of units and outputs that are cut out of them.

import { signPixel } from './colour.js';

const MOST_WATCHED = 3000; // rows that are predicted again for every picture

export class Scene {
  /** State of the engine: see ENGINE.md. */
  lab;
  /** Numbers: θ; rows and their number; predictions; lowest and highest target; range of a drawn curve. */
  theta = null; rows = null; rowCount = 0; predictions = null; targets = [-1, 1]; outputRange = [-1, 1];
  /** Answers of `map` or `curve`, with their numbers. */
  hidden = null; output = null;
  /** What the large picture shows instead of the output (a unit as `layer.number`, or `class`), and the unit under the pointer. */
  unit = null; preview = null;
  #chosen = null;

  constructor(lab, axes) {
    this.lab = lab;
    this.chooseAxes(axes);
  }

  // ---- Along which columns

  /** Positions of the columns that can be drawn along. */
  get possibleAxes() { return this.lab.columns.flatMap(({ axis }, k) => axis ? [k] : []); }

  /** Positions of the columns that are drawn along: two, one or none. */
  get axes() { return this.#chosen ?? this.lab.axes; }

  /** These columns. */
  get columns() { return this.axes.map(axis => this.lab.columns[axis]); }

  /** Chooses them; null, or columns that do not exist, means those of the engine. */
  chooseAxes(axes) {
    const possible = this.possibleAxes;
    this.#chosen = axes?.length === Math.min(2, possible.length) && axes.every(axis => possible.includes(axis)) ? axes : null;
  }

  // ---- Asking and taking

  /** Rows and targets: they change only with the data and the axes. */
  async fetchRows(client) {
    const { train, test } = this.lab.rows;
    if (!(train + test)) return;
    const { answer, numbers } = await client.call({ do: 'rows', axes: this.axes });
    [this.rows, this.rowCount] = [numbers, answer.rows];
    this.targets = extent(Array.from({ length: answer.rows }, (_, k) => numbers[4 * k + 2]));
  }

  /** What the next picture needs. Large networks get coarser pictures, so that they stay fluent; `exact` ones are for a pause. */
  request(exact) {
    const { axes, lab } = this, units = lab.layers.slice(0, -1).reduce((sum, layer) => sum + layer.units, 0);
    // A picture costs its points times the parameters; and the pictures of all hidden units are numbers to be copied.
    const [products, numbers, most] = exact ? [6e7, 120000, [40, 100]] : [4e6, 30000, [this.unit || this.preview ? 40 : 32, 80]];
    const side = cells => Math.max(8, Math.floor(Math.sqrt(cells)));
    const small = Math.min(most[0], side(products / lab.parameters), side(numbers / Math.max(1, units)));
    const fine = Math.min(most[1], side(products / lab.parameters));
    const picture = what => axes.length === 2
      ? { do: 'map', axes, points: what === 'hidden' ? small : fine, ranges: null, what }
      : { do: 'curve', axis: axes[0], points: what === 'hidden' ? 60 : 200, range: null, what };
    return {
      pictures: axes.length ? [picture('hidden'), picture('outputs')] : [],
      theta: true,
      predictions: this.rowCount > 0 && (exact || this.rowCount <= MOST_WATCHED),
    };
  }

  /** Keeps what the worker has answered. */
  take({ step, pictures: [hidden, output], theta, predictions }) {
    if (step) this.lab = { ...this.lab, ...step };
    if (theta) this.theta = theta;
    if (predictions) this.predictions = predictions;
    if (hidden) this.hidden = { ...hidden.answer, numbers: hidden.numbers };
    if (output) this.output = { ...output.answer, numbers: output.numbers };
    if (output && this.axes.length === 1 && this.lab.task === 'regression') this.outputRange = widened(...extent([...this.targets, ...output.numbers]));
  }

  // ---- Pictures

  /** The picture of one unit, hidden or output: pixels over two columns, or a line over one. */
  unitPicture(layer, k) {
    const { lab, axes } = this, last = lab.layers.length - 1, set = layer === last ? this.output : this.hidden;
    if (!set || !axes.length) return null;
    const cells = axes.length === 2 ? set.points ** 2 : set.points;
    const before = layer === last ? 0 : lab.layers.slice(0, layer).reduce((sum, { units }) => sum + units, 0);
    const values = set.numbers.subarray((before + k) * cells, (before + k + 1) * cells);
    if (axes.length === 1) return lineOf(values);
    if (layer < last) return pixelsOf(values, lab.layers[layer].activation, set.points);
    const [low, high] = this.targets, share = v => (v - low) / (high - low || 1);
    return pixelsOf(lab.task === 'classification' ? values : values.map(share), 'sigmoid', set.points);
  }

  /** The unit that the large picture shows instead of the output. */
  shownPicture() {
    const unit = this.preview ?? this.unit;
    if (!unit || unit === 'class' || !this.output || !this.hidden) return null;
    const picture = this.unitPicture(...unit.split('.').map(Number));
    if (!picture || picture.line) return picture;
    // The large picture has other cells: the nearest one of the small picture is taken.
    const fine = this.output.points, { points } = picture, near = k => Math.floor(k * points / fine);
    return { ...picture, pixel: cell => picture.pixel(near(Math.floor(cell / fine)) * points + near(cell % fine)) };
  }
}

function lineOf(values) {
  const [low, high] = extent(values);
  return { line: values, low, high, flat: low === high };
}

// From orange (low) over pale to blue (high). A bounded activation keeps its own range.
function pixelsOf(values, activation, points) {
  const [low, high] = extent(values), largest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const flat = !(high - low > 1e-9 * Math.max(1, Math.abs(high)));
  const scale = activation === 'sigmoid' ? v => 2 * v - 1 : activation === 'tanh' ? v => v : v => v / largest;
  return { points, flat, low, high, pixel: k => signPixel(scale(values[k])) };
}

/** Smallest and largest finite number. */
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) if (Number.isFinite(v)) { if (v < low) low = v; if (v > high) high = v; }
  return low <= high ? [low, high] : [0, 1];
}

/** A little wider on both sides. */
export function widened(low, high) { const room = (high - low) * 0.06 || 0.5; return [low - room, high + room]; }

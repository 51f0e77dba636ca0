// The output: boundary and points for classes, curve or map for numbers, and below it what is predicted wrong.

import { classColour, classPixel, clipped, colours, short, signPixel } from './colour.js';
import { axes, drawPixels, line, marker, prepare, widthOf } from './canvas.js';
import { $ } from './form.js';
import { extent, widened } from './scene.js';

const MOST_POINTS = 3000; // points that are drawn
const MOST_UNITS = 64;    // units of a layer that can be chosen

export class OutputView {
  #canvas = $('output');
  #legend = $('output-legend');
  #second = $('second');
  #app; #points = {};

  constructor(app) { this.#app = app; }

  /** The choices of columns and units follow the data and the network. */
  shape() {
    const { lab, scene: { possibleAxes } } = this.#app;
    for (const id of ['axis-x', 'axis-y']) $(id).replaceChildren(...possibleAxes.map(k => new Option(clipped(lab.columns[k].name), k)));
    $('axis-x-label').hidden = possibleAxes.length < 1;
    $('axis-y-label').hidden = possibleAxes.length < 2;
    $('axis-x').disabled = possibleAxes.length < 2;
    const unit = (layer, k) => new Option(`unit ${k + 1} of layer ${layer + 1}`, `${layer}.${k}`);
    const units = lab.layers.slice(0, -1).flatMap(({ units }, layer) => Array.from({ length: Math.min(units, MOST_UNITS) }, (_, k) => unit(layer, k)));
    const alone = lab.task === 'classification' ? [new Option('the class alone', 'class')] : [];
    $('shown').replaceChildren(new Option('the output', ''), ...alone, ...units);
  }

  draw() {
    const { lab, scene } = this.#app;
    if (!lab) return;
    const across = this.#app.scene.axes.length;
    const width = widthOf(this.#canvas);
    const height = across === 2 ? Math.min(width - 50, 440) + 58 : across === 1 ? Math.min(340, width * 0.75) : 60;
    const { c } = prepare(this.#canvas, height);
    if (across === 0) return this.#nothing(c);
    if (!scene.output) return;
    // Dates are longer than numbers.
    const left = scene.columns[1]?.kind === 'date' ? 72 : 42, box = [left, 20, width - left - 8, height - 58];
    if (across === 2) this.#drawMap(c, box);
    else this.#drawCurve(c, box);
  }

  #nothing(c) {
    c.fillStyle = colours.quiet; c.textBaseline = 'top';
    c.fillText('This table has no column of numbers to draw along.', 4, 10);
    c.fillText('The table below counts the predictions.', 4, 28);
  }

  #drawMap(c, box) {
    const { lab, scene } = this.#app, { columns } = scene, { numbers, points, outputs, ranges } = scene.output;
    const [x, y, width, height] = box, cells = points * points;
    const shown = this.#app.scene.shownPicture();
    if (shown) drawPixels(c, points, k => shown.pixel(k), box, true);
    else if (lab.task === 'classification') {
      const best = bestClass(numbers, cells, outputs), alone = this.#app.scene.unit === 'class';
      drawPixels(c, points, k => classPixel(best[k], alone ? 1 : numbers[best[k] * cells + k], outputs), box, !alone);
      c.save(); c.beginPath(); c.rect(...box); c.clip();
      drawBoundary(c, numbers, points, outputs, box);
      c.restore();
    } else {
      const [low, high] = scene.targets;
      drawPixels(c, points, k => signPixel(2 * (numbers[k] - low) / (high - low || 1) - 1), box, true);
    }
    const { toX, toY } = axes(c, box, { across: ranges[0], up: ranges[1], ...named(columns), grid: false });
    this.#drawPoints(c, [x - 9, y - 9, width + 18, height + 18], ranges, (layer, px, py, target, test, wrong) => this.#drawPoint(layer, toX(px), toY(py), target, test, wrong));
  }

  // Points change only when another one becomes wrong, so they are kept as a picture of their own.
  #drawPoints(c, [x, y, width, height], ranges, draw) {
    const scale = window.devicePixelRatio || 1;
    let wrongs = 0;
    this.#eachPoint((_, __, ___, ____, wrong, row) => { if (wrong) wrongs = (31 * wrongs + row + 1) % 0x7fffffff; });
    const { settings, scene } = this.#app, key = JSON.stringify([width, height, scale, ranges, settings.view.points, wrongs, colours.ink]);
    if (key !== this.#points.key || this.#points.rows !== scene.rows) {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [width * scale, height * scale];
      const layer = canvas.getContext('2d');
      layer.scale(scale, scale);
      layer.translate(-x, -y);
      this.#eachPoint((...point) => draw(layer, ...point));
      this.#points = { key, rows: scene.rows, canvas };
    }
    c.drawImage(this.#points.canvas, x, y, width, height);
  }

  #drawPoint(c, x, y, target, test, wrong) {
    const { lab, scene } = this.#app, many = scene.rowCount > 600;
    if (lab.task === 'classification') {
      marker(c, target, x, y, many ? 2.5 : 3.6, classColour(target), test);
      if (wrong) { c.strokeStyle = colours.ink; c.lineWidth = 1.6; c.beginPath(); c.arc(x, y, many ? 5.5 : 7.5, 0, 7); c.stroke(); }
    } else {
      const [low, high] = scene.targets, pixel = signPixel(2 * (target - low) / (high - low || 1) - 1);
      const colour = `rgb(${pixel & 255},${pixel >> 8 & 255},${pixel >> 16 & 255})`;
      c.beginPath(); c.arc(x, y, many ? 2.5 : 3.8, 0, 7); c.fillStyle = colour; c.fill();
      c.strokeStyle = colours.ink; c.lineWidth = test ? 1.8 : 0.8; c.stroke();
    }
  }

  #drawCurve(c, box) {
    const { lab, scene } = this.#app, { columns } = scene, { numbers, points, outputs, ranges: [range] } = scene.output;
    const classes = lab.task === 'classification', shown = scene.shownPicture();
    const up = shown ? [shown.low, shown.high === shown.low ? shown.low + 1 : shown.high] : classes ? [-0.06 * outputs, 1] : scene.outputRange;
    const upTicks = classes && !shown ? [0, 0.25, 0.5, 0.75, 1] : undefined, upName = shown ? 'value of the unit' : classes ? lab.unit : lab.target;
    const { toX, toY } = axes(c, box, { across: range, up, upTicks, ...named(columns), upName });
    const curve = (value, colour) => {
      c.strokeStyle = colour; c.lineWidth = 2.2; c.beginPath();
      for (let k = 0; k < points; k++) c[k ? 'lineTo' : 'moveTo'](toX(range[0] + (range[1] - range[0]) * k / (points - 1)), toY(value(k)));
      c.stroke();
    };
    if (shown) return curve(k => shown.line[k], colours.positive);
    const [x, y, width, height] = box;
    c.save(); c.beginPath(); c.rect(x, y - 4, width + 4, height + 8); c.clip();
    this.#drawCurvePoints(c, toX, toY);
    for (let k = 0; k < outputs; k++) curve(p => numbers[k * points + p], classes ? classColour(k) : colours.positive);
    c.restore();
  }

  // Rows below the curves of their classes; or around the curve of numbers, with their residuals as lines.
  #drawCurvePoints(c, toX, toY) {
    const { lab, scene } = this.#app, isAlone = scene.columns.length === lab.columns.length;
    this.#eachPoint((px, _, target, test, wrong, k) => {
      if (lab.task === 'classification') return this.#drawPoint(c, toX(px), toY(-0.06 * (target + 0.6)), target, test, wrong);
      const predicted = scene.predictions?.[3 * k];
      // Residuals are drawn if the curve is what is predicted.
      if (predicted !== undefined && scene.rowCount <= 400 && isAlone) {
        c.strokeStyle = colours.line; c.lineWidth = 1;
        line(c, toX(px), toY(target), toX(px), toY(predicted));
      }
      marker(c, 0, toX(px), toY(target), 3.4, colours.negative, test);
    });
  }

  // Calls with position, target, whether it is a test row, whether it is predicted wrong, and the row.
  #eachPoint(draw) {
    const { lab, scene, settings } = this.#app, { rows, predictions, rowCount } = scene, which = settings.view.points;
    if (!rows || which === 'none') return;
    const every = Math.max(1, Math.ceil(rowCount / MOST_POINTS));
    for (let k = 0; k < rowCount; k += every) {
      const x = rows[4 * k], y = rows[4 * k + 1], target = rows[4 * k + 2], test = rows[4 * k + 3];
      const wrong = lab.task === 'classification' ? predictions && predictions[3 * k + 2] === 0 : predictions && Math.abs(predictions[3 * k + 2]) > 1;
      if (which === 'train' && test || which === 'test' && !test || which === 'wrong' && !wrong) continue;
      draw(x, y, target, test === 1, wrong, k);
    }
  }

  /** What needs no update at every frame: legend, counts, residuals, description for screen readers. */
  describe() {
    const { lab, scene } = this.#app;
    if (!lab) return;
    const classes = lab.task === 'classification';
    const across = scene.axes.length, sample = (shape, colour, name) => item(c => marker(c, shape, 7, 7, 4, colour, false), name);
    const parts = classes ? lab.classes.map((name, k) => sample(k, classColour(k), clipped(name))) : [sample(0, across === 1 ? colours.negative : colours.quiet, lab.target)];
    if (lab.rows.test) parts.push(text(classes || across === 1 ? 'open: test row' : 'thick edge: test row'));
    if (classes && scene.rowCount) parts.push(item(c => { c.strokeStyle = colours.ink; c.lineWidth = 1.5; c.beginPath(); c.arc(7, 7, 5, 0, 7); c.stroke(); }, 'predicted wrong'));
    if (across && lab.columns.length > across) {
      parts.push(text('The other columns are at their median or most frequent word, so the colour under a point may differ from its prediction.'));
    }
    this.#legend.replaceChildren(...parts);
    const wrong = classes && scene.predictions ? count(scene.predictions) : null;
    const names = scene.columns.map(({ name }) => name).join(' and '), mistakes = wrong === null ? '' : `, ${wrong} predicted wrong`;
    this.#canvas.setAttribute('aria-label', `Output of the network over ${names}. ${scene.rowCount} rows${mistakes}.`);
    if (!scene.rows || !scene.predictions) this.#second.replaceChildren();
    else if (classes) this.#second.replaceChildren(...confusion(lab, scene));
    else this.#drawResiduals();
  }

  #drawResiduals() {
    const { scene } = this.#app;
    let canvas = this.#second.querySelector('canvas');
    if (!canvas) {
      const title = document.createElement('h3');
      title.textContent = 'Residual (target − prediction) by prediction';
      canvas = document.createElement('canvas');
      canvas.setAttribute('role', 'img');
      this.#second.replaceChildren(title, canvas);
    }
    const { c, width, height } = prepare(canvas, 170);
    const { predictions, rows, rowCount } = scene, column = k => Array.from({ length: rowCount }, (_, row) => predictions[3 * row + k]);
    const [predicted, residual] = [column(0), column(1)];
    const [low, high] = extent(predicted), largest = Math.max(1e-12, ...extent(residual).map(Math.abs)) * 1.05;
    const { toX, toY } = axes(c, [48, 8, width - 56, height - 42], { across: widened(low, high), up: [-largest, largest], acrossName: 'prediction' });
    c.strokeStyle = colours.quiet; line(c, 48, toY(0), width - 8, toY(0));
    const every = Math.max(1, Math.ceil(rowCount / MOST_POINTS));
    for (let k = 0; k < rowCount; k += every) marker(c, 0, toX(predicted[k]), toY(residual[k]), 2.8, residual[k] < 0 ? colours.negative : colours.positive, rows[4 * k + 3] === 1);
    canvas.setAttribute('aria-label', `Residuals of ${rowCount} rows; the largest is ${short(largest / 1.05)}.`);
  }
}

// Names of the axes, and whether dates lie along them.
function named([across, up]) {
  return { acrossName: across.name, acrossDates: across.kind === 'date', upName: up?.name, upDates: up?.kind === 'date' };
}

function bestClass(numbers, cells, outputs) {
  const best = new Uint8Array(cells);
  for (let k = 1; k < outputs; k++) for (let cell = 0; cell < cells; cell++) if (numbers[k * cells + cell] > numbers[best[cell] * cells + cell]) best[cell] = k;
  return best;
}

/** Lines where two classes are equally likely: for each class, where its probability minus the largest other one is 0. */
function drawBoundary(c, numbers, points, outputs, [x, y, width, height]) {
  const cells = points * points, lead = new Float64Array(cells);
  c.strokeStyle = colours.ink; c.globalAlpha = 0.75; c.lineWidth = 1.2;
  c.beginPath();
  for (let k = outputs === 2 ? 1 : 0; k < outputs; k++) {
    for (let cell = 0; cell < cells; cell++) {
      let other = 0;
      for (let j = 0; j < outputs; j++) if (j !== k && numbers[j * cells + cell] > other) other = numbers[j * cells + cell];
      lead[cell] = numbers[k * cells + cell] - other;
    }
    for (let row = 0; row + 1 < points; row++) {
      for (let column = 0; column + 1 < points; column++) {
        const cell = row * points + column, above = lead[cell] > 0;
        // Most cells have no boundary in them.
        if (above === lead[cell + 1] > 0 && above === lead[cell + points] > 0 && above === lead[cell + points + 1] > 0) continue;
        crossing(lead, points, row, column, (fromX, fromY, toX, toY) => {
          c.moveTo(x + width * (fromX + 0.5) / points, y + height * (fromY + 0.5) / points);
          c.lineTo(x + width * (toX + 0.5) / points, y + height * (toY + 0.5) / points);
        });
      }
    }
  }
  c.stroke();
  c.globalAlpha = 1;
}

// Marching squares: on each side of a cell whose ends have different signs lies one end of a segment.
function crossing(lead, points, row, column, segment) {
  const at = (r, q) => lead[(row + r) * points + column + q];
  const corners = [[0, 0], [0, 1], [1, 1], [1, 0]], ends = [];
  for (let k = 0; k < 4; k++) {
    const [r0, c0] = corners[k], [r1, c1] = corners[(k + 1) % 4], a = at(r0, c0), b = at(r1, c1);
    if ((a > 0) !== (b > 0)) { const t = a / (a - b); ends.push([column + c0 + t * (c1 - c0), row + r0 + t * (r1 - r0)]); }
  }
  for (let k = 0; k + 1 < ends.length; k += 2) segment(...ends[k], ...ends[k + 1]);
}

function confusion(lab, { rows, predictions, rowCount }) {
  const names = lab.classes;
  if (names.length > 10) return [];
  const title = lab.rows.test ? 'test rows' : 'training rows';
  const counts = names.map(() => names.map(() => 0));
  for (let k = 0; k < rowCount; k++) if ((rows[4 * k + 3] === 1) === (lab.rows.test > 0) && counts[rows[4 * k + 2]]) counts[rows[4 * k + 2]][predictions[3 * k]]++;
  const table = document.createElement('table');
  table.className = 'confusion';
  table.createCaption().textContent = `True class (rows) and predicted class (columns) of the ${title}`;
  const head = table.createTHead().insertRow();
  head.append(cell('th', 'true'), ...names.map(name => cell('th', clipped(name), 'col')));
  const body = table.createTBody();
  names.forEach((name, k) => {
    const line = body.insertRow();
    line.append(cell('th', clipped(name), 'row'), ...counts[k].map((n, j) => Object.assign(cell('td', n), { className: j === k ? 'hit' : '' })));
  });
  const box = document.createElement('div');
  box.className = 'wide';
  box.append(table);
  return [box];
}

function cell(tag, content, scope) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (scope) made.scope = scope;
  return made;
}

function item(draw, name) {
  const box = document.createElement('span'), canvas = document.createElement('canvas');
  canvas.width = canvas.height = 28;
  canvas.setAttribute('aria-hidden', 'true');
  const c = canvas.getContext('2d');
  c.scale(2, 2);
  draw(c);
  box.append(canvas, name);
  return box;
}

function text(content) { return Object.assign(document.createElement('span'), { textContent: content }); }

function count(predictions) { let wrong = 0; for (let k = 2; k < predictions.length; k += 3) wrong += predictions[k] === 0; return wrong; }

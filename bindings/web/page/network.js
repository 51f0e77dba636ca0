// The network: every unit as a picture of its values, every weight as a line. Hover reads, a click edits.

import { classColour, clipped, colours, short, superscript } from './colour.js';
import { drawPixels, fitted, line, prepare, widthOf } from './canvas.js';
import { $ } from './form.js';

const MOST = 16; // units of a layer that are drawn

export class NetworkView {
  #canvas = $('network');
  #tip = $('tip');
  #fields = Object.fromEntries(['layer', 'from', 'to', 'value'].map(name => [name, $(`weight-${name}`)]));
  #app; #units = []; #edges = []; #hover = null; #shape = '';
  #selected = { layer: 0, from: 0, to: 0 };

  constructor(app) {
    this.#app = app;
    const { layer, from, to, value } = this.#fields;
    layer.onchange = () => this.#select({ layer: Number(layer.value), from: 0, to: 0 });
    from.onchange = () => this.#select({ ...this.#selected, from: from.value === 'bias' ? 'bias' : Number(from.value) });
    to.onchange = () => this.#select({ ...this.#selected, to: Number(to.value) });
    value.onchange = () => {
      const number = value.valueAsNumber;
      if (Number.isFinite(number)) app.setWeight(this.#index(this.#selected), number);
      else this.#showValue(true);
    };
    this.#canvas.onpointermove = event => this.#point(event, 7);
    this.#canvas.onpointerleave = () => this.#leave();
    this.#canvas.onclick = event => this.#click(event);
  }

  /** What is drawn changes with the network: the choices of the weight editor follow. */
  shape() {
    const { lab } = this.#app;
    const shape = JSON.stringify([lab.layers, lab.inputs, lab.classes]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#leave();
    const { layer } = this.#fields;
    layer.replaceChildren(...lab.layers.map((_, k) => new Option(layerName(lab, k), k)));
    const k = Math.min(this.#selected.layer, lab.layers.length - 1);
    const { inputs, units } = lab.layers[k];
    const { from, to } = this.#selected;
    this.#select({ layer: k, from: from === 'bias' ? from : Math.min(from, inputs - 1), to: Math.min(to, units - 1) }, false);
  }

  draw() {
    const { lab, scene } = this.#app;
    if (!scene?.theta) return;
    const height = this.#layout(lab, widthOf(this.#canvas));
    const { c, width } = prepare(this.#canvas, height);
    this.#drawEdges(c);
    this.#units.forEach(unit => this.#drawUnit(c, unit));
    this.#drawNames(c, lab, width);
    this.#showValue(false);
  }

  /** For screen readers. */
  describe() {
    const { lab } = this.#app, hidden = lab.layers.slice(0, -1).map((layer, k) => `${layer.units} units in layer ${k + 1}, `).join('');
    this.#canvas.setAttribute('aria-label', `Network: ${lab.inputs.length} inputs, ${hidden}${lab.layers.at(-1).units} outputs. The form below reads and changes each weight.`);
  }

  // Places units and edges. Returns the height of the picture.
  #layout(lab, width) {
    const counts = [lab.inputs.length, ...lab.layers.map(layer => layer.units)], shown = counts.map(n => Math.min(n, MOST)), most = Math.max(...shown);
    const roomy = most <= 4 ? 58 : most <= 6 ? 48 : most <= 8 ? 40 : most <= 12 ? 32 : 26;
    const [left, right] = ends(lab, width, roomy), gap = (width - left - right) / Math.max(1, counts.length - 1);
    const size = Math.max(16, Math.min(roomy, gap * 0.6)), pitch = size + Math.max(8, size * 0.28);
    const height = Math.max(150, most * pitch + 34);
    const columns = counts.map((count, column) => {
      const x = left + gap * column, top = (height - 10 - shown[column] * pitch) / 2 + pitch / 2;
      const unit = k => ({ column, k, x, y: top + k * pitch, size: column === 0 ? size * 0.34 : size, hidden: count - shown[column] });
      return Array.from({ length: shown[column] }, (_, k) => unit(k));
    });
    this.#units = columns.flat();
    this.#edges = lab.layers.flatMap((_, layer) => columns[layer + 1].flatMap(end => edgesTo(end, layer, columns[layer])));
    return height;
  }

  #drawEdges(c) {
    const { theta } = this.#app.scene, edits = !this.#fields.value.closest('[hidden]');
    const value = edge => theta[this.#index(edge)];
    const largest = Math.max(1e-9, ...this.#edges.map(edge => Math.abs(value(edge))).filter(Number.isFinite));
    for (const edge of this.#edges) {
      const w = value(edge), size = Math.min(1, Math.abs(w) / largest);
      c.strokeStyle = c.fillStyle = w < 0 ? colours.negative : colours.positive;
      c.globalAlpha = 0.3 + 0.7 * size;
      if (edge.from === 'bias') {
        const [[x, y]] = edge.points;
        c.beginPath(); c.arc(x, y, 1.5 + 3 * size, 0, 7); c.fill();
      } else {
        c.lineWidth = 0.6 + 5.4 * size;
        trace(c, edge); c.stroke();
      }
      if (edits && same(edge, this.#selected) || same(edge, this.#hover)) {
        c.globalAlpha = 1; c.strokeStyle = colours.ink; c.lineWidth = 1.3; c.setLineDash([5, 4]);
        if (edge.from === 'bias') { c.setLineDash([]); c.beginPath(); c.arc(...edge.points[0], 7, 0, 7); c.stroke(); } else { trace(c, edge); c.stroke(); }
        c.setLineDash([]);
      }
    }
    c.globalAlpha = 1;
  }

  #drawUnit(c, unit) {
    const { lab } = this.#app, box = [unit.x - unit.size / 2, unit.y - unit.size / 2, unit.size, unit.size];
    c.fillStyle = colours.card;
    if (unit.column === 0) {
      c.beginPath(); c.arc(unit.x, unit.y, unit.size / 2, 0, 7); c.fillStyle = colours.ink; c.fill();
      return;
    }
    c.fillRect(...box);
    const picture = this.#app.scene.unitPicture(unit.column - 1, unit.k);
    let flat = false;
    if (picture?.line) drawLine(c, picture, box);
    else if (picture) {
      drawPixels(c, picture.points, k => picture.pixel(k), box, true);
      flat = picture.flat;
    }
    const output = unit.column === lab.layers.length;
    c.strokeStyle = output && lab.task === 'classification' ? classColour(unit.k) : colours.quiet;
    c.lineWidth = output ? 2 : this.#app.scene.unit === key(unit) ? 3 : 1;
    if (this.#app.scene.unit === key(unit)) c.strokeStyle = colours.ink;
    if (flat) c.setLineDash([3, 3]);
    c.strokeRect(...box); c.setLineDash([]);
  }

  #drawNames(c, lab, width) {
    c.fillStyle = colours.ink; c.textBaseline = 'middle';
    for (const unit of this.#units) {
      const room = unit.column === 0 ? unit.x - unit.size / 2 - 6 : width - unit.x - unit.size / 2 - 6;
      if (unit.column === 0) { c.textAlign = 'right'; c.fillText(fitted(c, lab.inputs[unit.k], room), unit.x - unit.size / 2 - 5, unit.y); }
      if (unit.column === lab.layers.length) { c.textAlign = 'left'; c.fillText(fitted(c, outputName(lab, unit.k), room), unit.x + unit.size / 2 + 5, unit.y); }
    }
    c.fillStyle = colours.quiet; c.textAlign = 'center';
    const last = new Map(this.#units.map(unit => [unit.column, unit]));
    for (const unit of last.values()) if (unit.hidden) c.fillText(`and ${unit.hidden} more`, unit.x, unit.y + unit.size / 2 + 12);
  }

  // Position of a weight in θ.
  #index({ layer, from, to }) {
    const { inputs, weights, biases } = this.#app.lab.layers[layer];
    return from === 'bias' ? biases + to : weights + to * inputs + from;
  }

  #select(selected, draw = true) {
    const { lab } = this.#app, { from, to } = this.#fields;
    this.#selected = selected;
    const sources = sourceNames(lab, selected.layer);
    from.replaceChildren(...sources.map((name, k) => new Option(clipped(name), k)), new Option('bias', 'bias'));
    to.replaceChildren(...Array.from({ length: lab.layers[selected.layer].units }, (_, k) => new Option(clipped(targetName(lab, selected.layer, k)), k)));
    this.#fields.layer.value = selected.layer; from.value = selected.from; to.value = selected.to;
    this.#showValue(true);
    if (draw) this.draw();
  }

  #showValue(always) {
    const { value } = this.#fields, { theta } = this.#app.scene;
    if (!theta || (!always && document.activeElement === value)) return;
    const weight = theta[this.#index(this.#selected)];
    value.value = Number.isFinite(weight) ? Number(weight.toPrecision(6)) : '';
  }

  #find(event, reach) {
    const box = this.#canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const unit = this.#units.find(u => u.column > 0 && Math.abs(u.x - x) <= u.size / 2 && Math.abs(u.y - y) <= u.size / 2);
    let edge = null, nearest = reach;
    for (const candidate of this.#edges) {
      for (const [px, py] of candidate.points) {
        const distance = Math.hypot(px - x, py - y);
        if (distance < nearest) { nearest = distance; edge = candidate; }
      }
    }
    return { unit, edge: unit ? null : edge, x, y };
  }

  #point(event, reach) {
    const { lab, scene } = this.#app;
    if (!scene?.theta) return;
    const { unit, edge, x, y } = this.#find(event, reach);
    const text = edge ? `${parameterName(lab, edge)} = ${short(scene.theta[this.#index(edge)])}` : unit ? this.#describe(unit) : '';
    this.#tip.hidden = !text;
    this.#tip.textContent = text;
    const left = Math.min(x + 14, this.#canvas.clientWidth - this.#tip.offsetWidth - 2);
    this.#tip.style.left = `${Math.max(0, left)}px`; this.#tip.style.top = `${y + 16}px`;
    this.#canvas.style.cursor = edge || unit ? 'pointer' : 'default';
    const changed = !same(edge, this.#hover);
    this.#hover = edge;
    this.#app.preview(unit ? key(unit) : null);
    if (changed) this.draw();
  }

  #describe(unit) {
    const { lab } = this.#app, name = unitName(lab, unit.column - 1, unit.k);
    const flat = this.#app.scene.unitPicture(unit.column - 1, unit.k)?.flat;
    return `${name}${flat ? ': the same value everywhere here' : ''}`;
  }

  #leave() {
    this.#tip.hidden = true;
    if (this.#hover) { this.#hover = null; this.draw(); }
    this.#app.preview(null);
  }

  #click(event) {
    const { unit, edge } = this.#find(event, event.pointerType === 'touch' ? 14 : 7);
    if (unit) this.#app.showUnit(key(unit));
    else if (edge && !this.#fields.value.closest('[hidden]')) {
      this.#select({ layer: edge.layer, from: edge.from, to: edge.to });
      this.#fields.value.focus();
      this.#fields.value.select();
    }
  }
}

/** Name of a layer for people. */
export function layerName(lab, k) { return k === lab.layers.length - 1 ? 'output layer' : `layer ${k + 1}`; }

/** Name of a unit. */
export function unitName(lab, layer, k) {
  return layer === lab.layers.length - 1 ? `output ${outputName(lab, k)}` : `unit ${k + 1} of layer ${layer + 1}`;
}

/** Which picture a unit is: layer and number. */
const key = ({ column, k }) => `${column - 1}.${k}`;

function outputName(lab, k) { return lab.classes[k] ?? lab.target; }

function sourceNames(lab, layer) {
  return layer === 0 ? lab.inputs : Array.from({ length: lab.layers[layer].inputs }, (_, k) => `unit ${k + 1}`);
}

function targetName(lab, layer, k) { return layer === lab.layers.length - 1 ? outputName(lab, k) : `unit ${k + 1}`; }

function parameterName(lab, { layer, from, to }) {
  const end = unitName(lab, layer, to), top = superscript(layer + 1);
  return from === 'bias' ? `bias b${top} of ${end}` : `W${top} from ${sourceNames(lab, layer)[from]} to ${end}`;
}

const same = (a, b) => a && b && a.layer === b.layer && a.from === b.from && a.to === b.to;

// Room for the names beside the inputs and beside the outputs.
function ends(lab, width, size) {
  const least = width < 480 ? 48 : 84, most = width < 480 ? 36 : 60;
  const longest = Math.max(...Array.from({ length: lab.layers.at(-1).units }, (_, k) => outputName(lab, k).length));
  return [least, Math.max(least, size / 2 + 12 + Math.min(most, 7 * longest))];
}

// The weights of a unit, and its bias at its lower left corner.
function edgesTo(end, layer, sources) {
  const bias = { layer, from: 'bias', to: end.k, points: [[end.x - end.size / 2 - 4, end.y + end.size / 2 - 3]] };
  return [...sources.map(start => path({ layer, from: start.k, to: end.k }, start, end)), bias];
}

// A curve from the right side of one unit to the left side of the next, and points on it to find it by.
function path(names, start, end) {
  const [x0, y0, x1, y1] = [start.x + start.size / 2, start.y, end.x - end.size / 2, end.y], half = (x1 - x0) / 2;
  const points = Array.from({ length: 17 }, (_, k) => {
    const t = k / 16, s = 1 - t, near = s * s * s + 3 * s * s * t, far = 1 - near;
    return [x0 * s * s * s + (x0 + half) * 3 * s * t + x1 * t * t * t, y0 * near + y1 * far];
  });
  return { ...names, points, ends: [x0, y0, x0 + half, y0, x0 + half, y1, x1, y1] };
}

function trace(c, { ends: [x0, y0, ...rest] }) {
  c.beginPath(); c.moveTo(x0, y0); c.bezierCurveTo(...rest);
}

function drawLine(c, { line: values, low, high }, [x, y, width, height]) {
  c.strokeStyle = colours.line; c.lineWidth = 1;
  const toY = v => y + height - 2 - (height - 4) * (v - low) / (high - low || 1);
  if (low < 0 && high > 0) line(c, x, toY(0), x + width, toY(0));
  c.strokeStyle = colours.positive; c.lineWidth = 1.6;
  c.beginPath();
  values.forEach((v, k) => c[k ? 'lineTo' : 'moveTo'](x + width * k / (values.length - 1), toY(v)));
  c.stroke();
}

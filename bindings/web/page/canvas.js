// Drawing: canvases as sharp as the screen, pictures from numbers, axes, markers of points.

import { colours, short } from './colour.js';
import { dateTicks } from './dates.js';

// Widths are remembered: to ask for one makes the browser lay out the page, in the middle of a frame.
const widths = new WeakMap();
const observer = new ResizeObserver(entries => { for (const { target } of entries) widths.delete(target); });

/** Width of a canvas in CSS pixels. */
export function widthOf(canvas) {
  if (!widths.has(canvas)) {
    observer.observe(canvas);
    widths.set(canvas, canvas.clientWidth);
  }
  return Math.max(40, widths.get(canvas));
}

/** Makes a canvas `height` CSS pixels high and as wide as its place. Returns what is drawn with, cleared. */
export function prepare(canvas, height) {
  const width = widthOf(canvas), scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w; canvas.height = h;
    canvas.style.height = `${height}px`;
  }
  const c = canvas.getContext('2d');
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = '11px system-ui, "DejaVu Sans", sans-serif';
  c.lineJoin = 'round';
  return { c, width, height };
}

const stages = new Map();

// A canvas of `points` × `points` pixels, and its pixels as numbers: made once for each size.
function stageOf(points) {
  if (!stages.has(points)) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = points;
    const paint = canvas.getContext('2d', { willReadFrequently: true }), image = paint.createImageData(points, points);
    stages.set(points, { canvas, paint, image, pixels: new Uint32Array(image.data.buffer) });
  }
  return stages.get(points);
}

/** Draws `points` × `points` pixels into a square. `pixel(k)` is the colour of cell k, row by row from the top. */
export function drawPixels(c, points, pixel, [x, y, width, height], smooth) {
  const { canvas, paint, image, pixels } = stageOf(points);
  for (let k = 0; k < pixels.length; k++) pixels[k] = pixel(k);
  paint.putImageData(image, 0, 0);
  c.imageSmoothingEnabled = smooth;
  c.drawImage(canvas, x, y, width, height);
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count = 5) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Powers of ten from `low` to `high`. */
export function powers(low, high) {
  const [a, b] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((b - a) / 5));
  return Array.from({ length: Math.max(0, Math.floor((b - a) / step) + 1) }, (_, k) => 10 ** (a + k * step));
}

/** Two axes around a rectangle. Returns the functions from values to pixels. `acrossDates` and `upDates`: the values are dates. */
export function axes(c, [x, y, width, height], { across, up, acrossDates, upDates, upTicks, acrossName, upName, log = false, grid = true }) {
  const place = v => log ? Math.log10(Math.max(v, 1e-300)) : v;
  const [low, high] = up.map(place);
  const toX = v => x + width * (v - across[0]) / (across[1] - across[0] || 1);
  const toY = v => y + height - height * (place(v) - low) / (high - low || 1);
  c.save();
  c.strokeStyle = colours.line; c.fillStyle = colours.quiet; c.lineWidth = 1;
  c.textBaseline = 'middle'; c.textAlign = 'right';
  const upLabels = labels(up, Math.max(2, height / 40), { dates: upDates, log, chosen: upTicks, digits: 3 });
  for (const [tick, text] of upLabels) {
    const at = Math.round(toY(tick)) + 0.5;
    if (grid) line(c, x, at, x + width, at);
    c.fillText(text, x - 5, at);
  }
  c.textBaseline = 'top'; c.textAlign = 'center';
  for (const [tick, text] of labels(across, Math.max(2, width / (acrossDates ? 85 : 64)), { dates: acrossDates, digits: 6 })) {
    // The last one ends where the picture ends.
    c.fillText(text, Math.min(toX(tick), x + width + 8 - c.measureText(text).width / 2), y + height + 5);
  }
  c.strokeStyle = colours.quiet;
  line(c, x, y + height + 0.5, x + width, y + height + 0.5);
  if (acrossName) { c.textAlign = 'right'; c.fillText(fitted(c, acrossName, x + width), x + width, y + height + 19); }
  if (upName) { c.textAlign = 'left'; c.textBaseline = 'bottom'; c.fillText(fitted(c, upName, x + width), 2, y - 8); }
  c.restore();
  return { toX, toY };
}

// Pairs of a round value and its text.
function labels([low, high], count, { dates, log, chosen, digits }) {
  if (dates) {
    const { ticks, texts } = dateTicks(low, high, count);
    return ticks.map((tick, k) => [tick, texts[k]]);
  }
  return (chosen ?? (log ? powers(low, high) : ticks(low, high, count))).map(tick => [tick, short(tick, digits)]);
}

/** The text, or as much of it as there is room for. */
export function fitted(c, text, room) {
  if (c.measureText(text).width <= room) return text;
  let short = text;
  while (short.length > 1 && c.measureText(`${short}…`).width > room) short = short.slice(0, -1);
  return `${short}…`;
}

/** A straight line. */
export function line(c, x0, y0, x1, y1) { c.beginPath(); c.moveTo(x0, y0); c.lineTo(x1, y1); c.stroke(); }

/** A marker: each class has a shape as well as a colour, filled for training rows, open for test rows. */
export function marker(c, shape, x, y, radius, colour, open) {
  c.beginPath();
  const sides = SHAPES[shape % SHAPES.length];
  if (!sides) c.arc(x, y, radius, 0, 7);
  else sides.forEach(([dx, dy], k) => c[k ? 'lineTo' : 'moveTo'](x + radius * dx, y + radius * dy));
  c.closePath();
  c.fillStyle = open ? colours.card : colour;
  c.strokeStyle = open ? colour : colours.card;
  c.lineWidth = open ? 1.8 : 1;
  c.fill(); c.stroke();
}

const SHAPES = [
  null,
  [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
  [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
  [[0, 1.2], [1.1, -0.8], [-1.1, -0.8]],
];

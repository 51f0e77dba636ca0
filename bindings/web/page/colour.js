// Colours of numbers and classes, and numbers and names as text. They are those of Okabe and Ito, which colour-blind people can tell apart.

const OTHERS = [[0, 140, 105], [170, 80, 155], [196, 160, 0], [86, 180, 233], [120, 120, 120], [150, 60, 40]];

/** What canvases draw with: read from the style sheet, so that both schemes are defined in one place. */
export const colours = {};

/** Reads them again, after the scheme has changed. */
export function readColours() {
  const probe = document.body.appendChild(document.createElement('i'));
  for (const name of ['paper', 'card', 'soft', 'ink', 'quiet', 'line', 'positive', 'negative', 'test', 'bad', 'good']) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  colours.classes = [rgb(colours.negative), rgb(colours.positive), ...OTHERS];
  // A picture is pale, so that points on it can be seen.
  const neutral = rgb(colours.soft);
  const ramp = colour => Uint32Array.from({ length: 256 }, (_, k) => packed(mixed(neutral, colour, 0.7 * k / 255)));
  colours.ramps = colours.classes.map(ramp);
}

/** CSS colour of a class. */
export function classColour(k) { return `rgb(${colours.classes[k % colours.classes.length]})`; }

/** Colour of a value from −1 to 1, as a pixel: orange below 0, blue above. */
export function signPixel(value) {
  const ramp = colours.ramps[value < 0 ? 0 : 1];
  return ramp[Math.min(255, Math.round(255 * Math.abs(value))) || 0];
}

/** Colour of a class that has the probability `p` of `count` classes, as a pixel: pale if it is hardly better than a guess. */
export function classPixel(k, p, count) {
  const sure = count > 1 ? (p - 1 / count) / (1 - 1 / count) : p;
  return colours.ramps[k % colours.ramps.length][Math.max(0, Math.min(255, Math.round(255 * sure))) || 0];
}

/** A number in four digits, for people. */
export function short(x, digits = 4) {
  if (x === null || x === undefined || Number.isNaN(x)) return '–';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  const size = Math.abs(x);
  if (size === 0 || size >= 1e-3 && size < 1e6) return String(Number(x.toPrecision(digits))).replace('-', '−');
  const [factor, power] = x.toExponential(Math.max(0, digits - 2)).split('e');
  const ten = `10${superscript(String(Number(power)).replace('-', '⁻'))}`, shown = String(Number(factor)).replace('-', '−');
  return shown === '1' ? ten : shown === '−1' ? `−${ten}` : `${shown} × ${ten}`;
}

/** A name in at most so many characters. */
export function clipped(name, most = 40) { return name.length > most ? `${name.slice(0, most - 1)}…` : name; }

/** Digits as superscripts. */
export function superscript(text) { return [...String(text)].map(c => '⁰¹²³⁴⁵⁶⁷⁸⁹'[c] ?? c).join(''); }

function rgb(text) { return text.match(/[\d.]+/g).slice(0, 3).map(Number); }
function mixed(a, b, share) { return a.map((v, k) => Math.round(v + (b[k] - v) * share)); }
// Pixels of ImageData are bytes in the order red, green, blue, alpha; every browser runs on little-endian machines.
function packed([r, g, b]) { return (255 << 24 | b << 16 | g << 8 | r) >>> 0; }

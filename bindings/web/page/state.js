// The settings of the page, and how they are written into its address.
//
// Only what differs from the defaults is written, so addresses are short. The same address gives the same
// network: `epoch` says how long it was trained, and `changes` what was changed by hand on the way.

const layer = (units, activation = 'tanh') => ({ units, activation, parameter: null });

/** Layers, optimizer and learning rate that suit data: what a user begins with. A model has layers of its own. */
const BEGINNINGS = {
  doughnut: [[layer(4)], 'descent', 1],
  squares: [[layer(4)], 'descent', 1],
  spirals: [[layer(8), layer(8)], 'adam', 0.02],
  iris: [[layer(6)], 'descent', 0.1],
  wave: [[layer(8), layer(8)], 'adam', 0.01],
  hills: [[layer(8)], 'adam', 0.02],
  table: [[layer(8)], 'adam', 0.01],
  // A network that is trained already needs small steps only.
  model: [null, 'adam', 0.001],
};

/** Settings for other data: network and training are those that suit it, unless the user has changed them. */
export function suited(settings, data) {
  const [before, after] = [BEGINNINGS[settings.data.name], BEGINNINGS[data.name]];
  const { network, training } = settings, hasOwnLayers = settings.data.name !== 'model' && data.name !== 'model';
  const choices = ([hidden, optimizer, rate]) => JSON.stringify([hasOwnLayers && hidden, optimizer, rate]);
  const isUsual = before && choices([network.hidden, training.optimizer, training.rate]) === choices(before);
  if (!isUsual || !after) return { data };
  const [hidden, optimizer, rate] = after;
  return { data, network: { ...network, hidden: hidden ?? network.hidden }, training: { ...training, optimizer, rate, settings: {} } };
}

/** How a table is read: `missing` are pairs of a column and a word that is no value in it, `coerce` pairs of a column and its kind, of which every other cell is missing, `words` columns that are read as words, `omitted` columns that are not read. */
export function asIs() { return { missing: [], coerce: [], words: [], omitted: [] }; }

/** Settings when the address says nothing. */
export function defaults() {
  return {
    data: { name: 'doughnut', rows: 0, noise: null, seed: null, target: null, task: null, ignore: [], network: 0 },
    files: { table: null, model: null },
    reading: asIs(),
    split: { share: 0.3, seed: 0 },
    scaling: null,
    network: { hidden: [layer(4)], init: 'xavier', gain: 1, seed: 0 },
    training: { optimizer: 'descent', settings: {}, rate: 1, l2: 0, batch: 0, seed: 0, loss: null, parameter: null },
    view: { axes: null, log: false, points: 'all', speed: 200, until: 0 },
    epoch: 0,
    changes: [],
  };
}

const number = { write: String, read: text => finite(text) };
const count = { write: String, read: text => { const n = finite(text); return n === undefined || n < 0 ? undefined : Math.floor(n); } };
const word = { write: text => text, read: text => text };
const words = { write: list => list.map(encodeURIComponent).join(','), read: text => text.split(',').filter(Boolean).map(decodeURIComponent) };
const pairs = { ...words, read: text => { const list = words.read(text); return list.length % 2 ? undefined : list; } };
const flag = { write: on => on ? '1' : '0', read: text => text === '1' };
const json = { write: JSON.stringify, read: text => JSON.parse(text) };
const layers = {
  write: list => list.map(({ units, activation, parameter }) => `${units}*${activation}${parameter === null ? '' : `*${parameter}`}`).join(',') || 'none',
  read: text => text === 'none' ? [] : text.split(',').map(layer => {
    const [units, activation = 'sigmoid', parameter] = layer.split('*');
    return { units: count.read(units) ?? 3, activation, parameter: parameter === undefined ? null : finite(parameter) ?? null };
  }),
};
// [epoch, position in θ, value] or [epoch, settings of the training]
const isChange = change => Array.isArray(change) && change[0] >= 0 && (typeof change[1] === 'number' ? typeof change[2] === 'number' : change[1] !== null && typeof change[1] === 'object');
const changes = { ...json, read: text => { const list = JSON.parse(text); return Array.isArray(list) && list.every(isChange) ? list : undefined; } };
const axes = { write: list => list.join(','), read: text => text.split(',').map(count.read) };

/** Each name in the address: where its value is, and how it is written. */
const FIELDS = {
  data: ['data', 'name', word], rows: ['data', 'rows', count], noise: ['data', 'noise', number], draw: ['data', 'seed', count],
  target: ['data', 'target', word], task: ['data', 'task', word],
  table: ['files', 'table', word], model: ['files', 'model', word], without: ['data', 'ignore', words], network: ['data', 'network', count],
  missing: ['reading', 'missing', pairs], coerce: ['reading', 'coerce', pairs], words: ['reading', 'words', words], omitted: ['reading', 'omitted', words],
  test: ['split', 'share', number], split: ['split', 'seed', count], scaling: [null, 'scaling', word],
  layers: ['network', 'hidden', layers], init: ['network', 'init', word], gain: ['network', 'gain', number], weights: ['network', 'seed', count],
  optimizer: ['training', 'optimizer', word], settings: ['training', 'settings', json], rate: ['training', 'rate', number], l2: ['training', 'l2', number],
  batch: ['training', 'batch', count], order: ['training', 'seed', count], loss: ['training', 'loss', word], parameter: ['training', 'parameter', number],
  axes: ['view', 'axes', axes], log: ['view', 'log', flag], points: ['view', 'points', word], speed: ['view', 'speed', count], until: ['view', 'until', count],
  epoch: [null, 'epoch', count], changes: [null, 'changes', changes],
};

/** The part of the address after `#`. */
export function toAddress(settings) {
  const usual = defaults();
  return Object.entries(FIELDS).flatMap(([name, [part, key, { write }]]) => {
    const [value, other] = [settings, usual].map(from => (part ? from[part] : from)[key]);
    const same = JSON.stringify(value) === JSON.stringify(other);
    return same || value === null ? [] : [`${name}=${encodeURIComponent(write(value)).replaceAll('%2C', ',')}`];
  }).join('&');
}

/** Settings from that part. What cannot be understood is left at its default, and named in `unknown`. */
export function fromAddress(text) {
  const settings = defaults(), unknown = [];
  for (const pair of text.replace(/^#/, '').split('&').filter(Boolean)) {
    const at = pair.indexOf('='), name = pair.slice(0, at);
    const value = at < 0 || !Object.hasOwn(FIELDS, name) ? undefined : understood(name, pair.slice(at + 1));
    if (value === undefined) { unknown.push(pair); continue; }
    const [part, key] = FIELDS[name];
    (part ? settings[part] : settings)[key] = value;
  }
  return { settings, unknown };
}

function understood(name, text) {
  try {
    return FIELDS[name][2].read(decodeURIComponent(text));
  } catch {
    return undefined;
  }
}

function finite(text) {
  const n = Number(text);
  return text.trim() !== '' && Number.isFinite(n) ? n : undefined;
}

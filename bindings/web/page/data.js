// The data: a set of the engine, a table of your own, or a model of your own.

import { short } from './colour.js';
import { $, fill } from './form.js';
import { suited } from './state.js';

const TITLES = { doughnut: 'Doughnut', squares: 'Squares', spirals: 'Spirals', iris: 'Iris', wave: 'Wave (numbers)', hills: 'Hills (numbers)' };

export class DataPanel {
  #app;
  /** What was read: kept, so that it can be given to a new engine after a panic. */
  table = null; model = null;

  constructor(app) {
    this.#app = app;
    $('file').onchange = () => { if ($('file').files[0]) this.open($('file').files[0]); $('file').value = ''; };
    $('data').onchange = () => this.#chooseData($('data').value);
    const bind = (id, change) => {
      $(id).onchange = () => {
        const number = $(id).type === 'number' || $(id).type === 'range', value = number ? $(id).valueAsNumber : $(id).value;
        if (number && !(value >= 0)) this.show(); else change(value);
      };
    };
    bind('rows', rows => this.#data({ rows })); bind('noise', noise => this.#data({ noise })); bind('data-seed', seed => this.#data({ seed }));
    bind('member', network => this.#data({ network: Number(network) }));
    bind('target', target => this.#data({ target, ignore: [] })); bind('task', task => this.#data({ task: task || null }));
    bind('share', share => app.reopen({ split: { ...app.settings.split, share } }));
    bind('split-seed', seed => app.reopen({ split: { ...app.settings.split, seed } }));
    bind('scaling', scaling => app.reopen({ scaling }));
    $('share').oninput = () => { $('share-text').textContent = percent($('share').valueAsNumber); };
    this.#acceptDrops();
  }

  /** Opens a file of the user: a model if its name ends in `.ann`, otherwise a table. Returns whether it was opened. */
  async open(file) {
    const { limits } = this.#app.about;
    this.#app.clearAlert();
    if (file.size > limits.file) {
      this.#app.alert(`${file.name} has ${megabytes(file.size)} MB. The page reads at most ${megabytes(limits.file)} MB. The program ann reads larger tables.`);
      return false;
    }
    await this.#app.pause();
    this.#app.say(`Reading ${file.name} …`);
    try {
      const bytes = new Uint8Array(await file.arrayBuffer()), isModel = /\.ann$/i.test(file.name);
      const known = { name: file.name, bytes, answer: await this.#app.client.ask({ do: isModel ? 'model' : 'table' }, bytes) };
      return await (isModel ? this.#useModel(known) : this.#useTable(known));
    } catch (error) {
      await this.#app.failed(error, file.name);
      return false;
    }
  }

  /** Gives table and model to a new engine. */
  async restore() {
    if (this.table) await this.#app.client.ask({ do: 'table' }, this.table.bytes);
    if (this.model) await this.#app.client.ask({ do: 'model' }, this.model.bytes);
  }

  async #useTable(table) {
    const before = this.table;
    this.table = table;
    const { data } = this.#app.settings;
    // An address can be waiting for this table, and a model for its rows.
    const waiting = data.name === 'table' && table.answer.columns.some(({ name }) => name === data.target);
    const usual = { ...data, name: 'table', target: table.answer.target, task: null, ignore: [] };
    const next = waiting || data.name === 'model' && this.model ? data : usual;
    const opened = await this.#app.reopen(suited(this.#app.settings, next), { replay: waiting && !before });
    // A table that the model cannot read gets a new network.
    return opened || next.name === 'model' && this.#app.reopen({ data: usual });
  }

  async #useModel(model) {
    this.model = model;
    const own = { data: { ...this.#app.settings.data, name: 'model', network: 0 } };
    if (await this.#app.reopen(own)) return true;
    if (!this.table) return false;
    // The table before does not suit the model, which is opened alone.
    const table = this.table.name;
    this.table = null;
    await this.#app.client.ask({ do: 'forget' });
    await this.restore();
    const opened = await this.#app.reopen(own);
    if (opened) this.#app.alert(`${table} lacks what ${model.name} needs, so the model is shown alone.`);
    return opened;
  }

  #data(patch) { return this.#app.reopen({ data: { ...this.#app.settings.data, ...patch } }); }

  #chooseData(name) {
    const target = name === 'table' ? this.table.answer.target : null;
    // Settings of the other data have no meaning here.
    const data = { ...this.#app.settings.data, name, rows: 0, noise: null, seed: null, target, task: null, ignore: [] };
    return this.#app.reopen(suited(this.#app.settings, data));
  }

  #options() {
    const { about, settings } = this.#app;
    const own = [this.table && new Option(`Your table ${this.table.name}`, 'table'), this.model && new Option(`Your model ${this.model.name}`, 'model')];
    $('data').replaceChildren(...about.datasets.map(({ name }) => new Option(TITLES[name] ?? name, name)), ...own.filter(Boolean));
    $('data').value = settings.data.name;
  }

  /** Fills the fields from the settings and the open lab. */
  show() {
    const { about, settings, lab } = this.#app, { data, split } = settings;
    this.#options();
    const set = about.datasets.find(({ name }) => name === data.name);
    $('drawn-fields').hidden = !set?.drawn;
    if (set?.drawn) { fill('rows', data.rows || set.rows); fill('noise', data.noise ?? set.noise); fill('data-seed', data.seed ?? set.seed); }
    $('rows').max = Math.min(20000, about.limits.rows);
    $('table-fields').hidden = data.name !== 'table' || !this.table;
    if (data.name === 'table' && this.table) this.#showColumns(data);
    const { networks = 1 } = data.name === 'model' && this.model ? this.model.answer : {};
    $('member-label').hidden = networks < 2;
    $('member').replaceChildren(...Array.from({ length: networks }, (_, k) => new Option(`${k + 1} of ${networks}`, k)));
    $('member').value = data.network;
    $('share').value = split.share; $('share-text').textContent = percent(split.share); fill('split-seed', split.seed);
    $('scaling').value = settings.scaling ?? (data.name === 'table' ? 'table' : 'none');
    $('scaling').disabled = data.name === 'model';
    $('data-note').textContent = lab ? describe(lab, this.model?.answer, data) : '';
  }

  #showColumns(data) {
    const { columns } = this.table.answer;
    $('target').replaceChildren(...columns.map(({ name, kind }) => new Option(`${name} (${kind})`, name)));
    $('target').value = data.target; $('task').value = data.task ?? '';
    const boxes = columns.filter(({ name }) => name !== data.target).map(({ name, kind, missing }) => {
      const label = document.createElement('label'), box = document.createElement('input');
      box.type = 'checkbox'; box.checked = !data.ignore.includes(name);
      box.onchange = () => this.#data({ ignore: box.checked ? data.ignore.filter(other => other !== name) : [...data.ignore, name] });
      label.append(box, `${name}: ${kind}${missing ? `, ${missing} missing` : ''}`);
      return label;
    });
    $('ignore').replaceChildren($('ignore').querySelector('legend'), ...boxes);
  }

  #acceptDrops() {
    let depth = 0;
    const holdsFile = event => event.dataTransfer?.types.includes('Files');
    addEventListener('dragenter', event => { if (holdsFile(event)) { depth++; $('dropping').hidden = false; event.preventDefault(); } });
    addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); $('dropping').hidden = depth === 0; });
    addEventListener('dragover', event => { if (holdsFile(event)) event.preventDefault(); });
    addEventListener('drop', event => {
      depth = 0; $('dropping').hidden = true;
      if (!holdsFile(event)) return;
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
  }
}

function describe(lab, model, { name }) {
  const { train, test } = lab.rows, inputs = lab.inputs.length, names = lab.classes.slice(0, 6).join(', '), parts = [];
  if (name === 'model' && !(train + test)) {
    parts.push(`This model was trained with: ${model.columns.map(column => column.name).join(', ')}. Open such a table to see its rows.`);
  } else {
    parts.push(`${train + test} rows: ${train} to train on, ${test} to test on. ${inputs} ${inputs === 1 ? 'input' : 'inputs'}.`);
  }
  const classes = `Classes of ${lab.target}: ${names}${lab.classes.length > 6 ? ', …' : ''}.`;
  parts.push(lab.task === 'classification' ? classes : `Target: the number ${lab.target}.`);
  for (const { name, reason } of lab.ignored.slice(0, 5)) parts.push(`Column ${name} is not used: ${reason}.`);
  return parts.join(' ');
}

const percent = share => `${Math.round(100 * share)}%`;
const megabytes = bytes => short(bytes / 2 ** 20, 3);

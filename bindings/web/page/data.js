// The data: a set of the engine, a table of your own, or a model of your own.

import { clipped, short } from './colour.js';
import { $, fill } from './form.js';
import { asIs, suited } from './state.js';

/** Data of the user. */
const OWN = ['table', 'model'];
const MANY_COLUMNS = 8; // more can be ticked all at once
const TITLES = { doughnut: 'Doughnut', squares: 'Squares', spirals: 'Spirals', iris: 'Iris', wave: 'Wave (numbers)', hills: 'Hills (numbers)' };

export class DataPanel {
  #app;
  /** What was read: kept, so that it can be given to a new engine after a panic. */
  table = null; model = null;
  // A table that was refused because of cells: the same as `table` without an answer, with the place, the message that says so, and the data that were to be opened if the table is open.
  #refused = null;
  // What the list of columns was made of.
  #columnsShown = '';

  constructor(app) {
    this.#app = app;
    $('file').onchange = () => { this.#openAll($('file').files); $('file').value = ''; };
    $('data').onchange = () => this.#chooseData($('data').value);
    const bind = (id, change) => {
      $(id).onchange = () => {
        const number = $(id).type === 'number' || $(id).type === 'range', value = number ? $(id).valueAsNumber : $(id).value;
        if (number && !(value >= 0)) this.show(); else change(value);
      };
    };
    bind('rows', rows => this.#data({ rows })); bind('noise', noise => this.#data({ noise })); bind('data-seed', seed => this.#data({ seed }));
    bind('member', network => this.#data({ network: Number(network) }));
    // A task suits one target.
    bind('target', target => this.#data({ target, task: null, ignore: [] })); bind('task', task => this.#data({ task: task || null }));
    bind('share', share => app.reopen(({ split }) => ({ split: { ...split, share } })));
    bind('split-seed', seed => app.reopen(({ split }) => ({ split: { ...split, seed } })));
    bind('scaling', scaling => app.reopen(() => ({ scaling })));
    $('share').oninput = () => { $('share-text').textContent = percent($('share').valueAsNumber); };
    $('ignore-none').onclick = () => this.#tickAll(false);
    $('ignore-every').onclick = () => this.#tickAll(true);
    for (const way in asIs()) $(`way-${way}`).onclick = ({ currentTarget }) => this.#readAgain(way, currentTarget);
    $('awaited-open').onclick = () => $('file').click();
    $('awaited-end').onclick = () => app.stopWaiting();
    this.#acceptDrops();
  }

  /**
   * Opens a file of the user: a model if its name ends in `.ann`, otherwise a table. `settings` are those of an address that names the file.
   * Returns whether it was opened.
   */
  open(file, settings) { return this.#app.inTurn(() => this.#open(file, settings)); }

  async #open(file, settings) {
    const app = this.#app, kind = /\.ann$/i.test(file.name) ? 'model' : 'table';
    app.clearAlert();
    if (!settings && !app.awaited) app.address.release();
    const { reading = asIs() } = settings ?? app.awaited ?? {};
    return this.#read(kind, { name: file.name, reading, beside: settings }, file, settings);
  }

  async #read(kind, known, file, settings) {
    const app = this.#app;
    this.#refused = null;
    app.say(`Reading ${known.name} …`);
    try {
      known.bytes ??= await contents(file, app.about.limits.file);
      known.answer = await (kind === 'table' ? this.#ask(known) : app.client.ask({ do: kind }, known.bytes));
      if (settings && OWN.includes(settings.data.name)) app.awaited = settings;
      else if (settings) app.settings = settings;
      const opened = await this.#use(kind, known);
      if (opened && known.beside) app.address.openedBeside(known.name, known.beside);
      return opened;
    } catch (error) {
      await app.failed(error, known.name);
      if (error.place?.cell) this.#offerWays(known, error.place);
      return false;
    }
  }

  // Asks the engine to read a table. Columns that the table lacks are taken out of `known.reading`, and named in `known.lacking`.
  async #ask(known) {
    known.lacking = [];
    for (;;) {
      try {
        return await this.#app.client.ask(tableRequest(known.reading), known.bytes);
      } catch (error) {
        const { column, line } = error.place ?? {}, { reading } = known;
        if (line || !columnsOf(reading).includes(column)) throw error;
        known.lacking.push(column);
        known.reading = withoutColumn(reading, column);
      }
    }
  }

  /** A column of the open table cannot be the target, because some of its cells are no numbers: they can be treated as missing, or all of them are classes. */
  offerWays(place, data) {
    if (data.name === 'table' && place?.odd && place.column === data.target) this.#offerWays(this.table, place, data);
  }

  // A table with odd cells can be read in other ways: a button for each.
  #offerWays(known, { column, cell, kind, odd }, data = null) {
    const text = `${$('alert').textContent} Or choose how the page reads ${odd > 1 ? 'them' : 'it'}:`;
    this.#refused = { known, column, cell, kind, text, data };
    $('way-missing').textContent = `Treat "${clipped(cell)}" as missing`;
    $('way-coerce').textContent = `Treat all ${odd} cells that are no ${kind}s as missing`;
    $('way-words').textContent = data ? `Read ${clipped(column)} as classes` : `Read ${clipped(column)} as words`;
    $('way-omitted').textContent = `Leave ${clipped(column)} out`;
    $('way-coerce').hidden = !(odd > 1); $('way-omitted').hidden = data !== null;
    this.#app.alert(text);
  }

  /** The buttons belong to one message: they are shown with it. */
  showWays(message) { $('ways').hidden = message !== this.#refused?.text; }

  #readAgain(way, button) {
    const app = this.#app, { known, column, cell, kind, data } = this.#refused;
    if (!app.awaited) app.address.release();
    return app.inTurn(async () => {
      app.clearAlert();
      const more = [column, ...(way === 'missing' ? [cell] : way === 'coerce' ? [kind] : [])];
      const next = { ...known, reading: { ...known.reading, [way]: [...known.reading[way], ...more] } };
      const isOpened = !data ? this.#read('table', next) : way === 'words' ? this.#openTarget(known, { ...data, task: 'classification' }) : this.#openTarget(next, data);
      // The buttons are gone, or they speak of the next cell.
      ((await isOpened) ? $('data') : button).focus();
    });
  }

  // Opens the table with a target that was refused. If that fails again, the table is as it was before.
  async #openTarget(known, data) {
    const app = this.#app, before = this.table;
    const opened = await app.attempt(async () => { this.table = { ...known, answer: await this.#ask(known) }; }) && await app.reopenNow(() => ({ data }));
    if (!opened) await app.attempt(async () => {
      this.table = before;
      await this.#ask(before);
      if (this.#refused) this.#refused.known = known;
    });
    return opened;
  }

  // A model and its table may come together.
  #openAll(files) { for (const file of [...files].slice(0, 2)) this.open(file); }

  async #use(kind, known) {
    const app = this.#app, { awaited } = app;
    if (!awaited || !this.missingFiles(awaited).includes(kind)) app.stopWaiting();
    else if (this.#suits(awaited, kind, known)) {
      this[kind] = known;
      // A copy may have another name.
      awaited.files[kind] = known.name;
      if (kind === 'table') awaited.reading = known.reading;
      return app.beginNow(awaited);
    }
    const isOther = app.awaited !== null, { target } = awaited?.data ?? {};
    app.stopWaiting();
    const opened = await (kind === 'model' ? this.#useModel(known) : this.#useTable(known));
    if (opened && isOther) app.alert(`${known.name} has no column "${target}", so it is not the table of the address. It was opened with usual settings. Go back in the browser to use the address with another table.`);
    return opened;
  }

  // Whether a file can be the one that an address needs.
  #suits({ data }, kind, { answer }) {
    return kind === 'model' || data.name === 'model' || data.target === null || answer.columns.some(({ name }) => name === data.target);
  }

  /** The files that settings need and that are not open: `'table'`, `'model'`. */
  missingFiles({ data: { name }, files }) {
    const needed = name === 'table' ? ['table'] : name === 'model' ? ['model', ...(files.table ? ['table'] : [])] : [];
    return needed.filter(kind => !this[kind] || files[kind] && files[kind] !== this[kind].name);
  }

  /** The names of the files that are used now, and how the table was read. */
  used() {
    const { name } = this.#app.settings.data, table = OWN.includes(name) ? this.table : null;
    return { files: { table: table?.name ?? null, model: name === 'model' && this.model?.name || null }, reading: table?.reading ?? asIs() };
  }

  /**
   * The table for settings of an address: a model that had none is opened without one, and another way to read it counts. Columns that the table lacks are taken out of the settings.
   * Returns a sentence about them, if there are any.
   */
  async prepare(settings) {
    const { data: { name }, files, reading } = settings;
    if (!this.table || !OWN.includes(name)) return '';
    if (name === 'model' && !files.table) {
      await this.#forgetTable();
      return '';
    }
    if (JSON.stringify(reading) !== JSON.stringify(this.table.reading)) {
      const table = { ...this.table, reading };
      table.answer = await this.#ask(table);
      this.table = table;
    }
    settings.reading = this.table.reading;
    const lacking = [...this.table.lacking, ...(name === 'table' ? this.#takeOut(settings.data) : [])];
    this.table.lacking = [];
    const columns = [...new Set(lacking)].map(column => `"${clipped(column)}"`).join(', ');
    return columns && `${this.table.name} has no column ${columns}, which the address names. The page goes on with the columns that are there.`;
  }

  // Takes columns that the table lacks out of the choice of an address, and returns them.
  #takeOut(data) {
    const { columns, target } = this.table.answer, isThere = wanted => columns.some(({ name }) => name === wanted);
    const lacking = [data.target, ...data.ignore].filter(name => name !== null && !isThere(name) && !this.table.reading.omitted.includes(name));
    if (data.target !== null && !isThere(data.target)) Object.assign(data, { target: null, task: null });
    data.ignore = data.ignore.filter(name => isThere(name) && name !== (data.target ?? target));
    return lacking;
  }

  /** Gives table and model to a new engine. */
  async restore() {
    if (this.table) await this.#app.client.ask(tableRequest(this.table.reading), this.table.bytes);
    if (this.model) await this.#app.client.ask({ do: 'model' }, this.model.bytes);
  }

  async #forgetTable() {
    this.table = null;
    await this.#app.client.ask({ do: 'forget' });
    await this.restore();
  }

  async #useTable(table) {
    this.table = table;
    const { target } = table.answer;
    if (target === null) throw new Error('no column can be the target: it must hold numbers, or between 2 and 64 different words');
    // Rows for the model that is open. A table that it cannot read gets a new network.
    if (this.#app.settings.data.name === 'model' && this.model && await this.#app.reopenNow(({ data }) => ({ data }))) return true;
    const open = ignore => this.#app.reopenNow(settings => suited(settings, { ...settings.data, name: 'table', target, task: null, ignore }));
    const tooMany = this.#tooMany(table.answer.columns), most = this.#app.about.limits.inputs;
    if (await open([])) return true;
    if (!tooMany.length || !await open(tooMany)) return false;
    this.#app.alert(`${table.name} makes more inputs than the ${most} that the page takes, so ${tooMany.length} of its columns have no tick. Choose others under Data.`);
    return true;
  }

  // Columns that do not fit into the inputs of a network, together with those before them.
  #tooMany(columns) {
    const most = this.#app.about.limits.inputs, ignore = [];
    let inputs = 0;
    for (const { name, kind, missing, distinct } of columns) {
      const own = kind === 'number' ? 1 + (missing > 0) : kind === 'date' ? 4 : distinct + (missing > 0);
      if (inputs + own > most) ignore.push(name);
      else inputs += own;
    }
    return ignore.filter(name => name !== this.table.answer.target);
  }

  async #useModel(model) {
    this.model = model;
    const own = settings => suited(settings, { ...settings.data, name: 'model', network: 0 });
    if (await this.#app.reopenNow(own)) return true;
    if (!this.table) return false;
    // The table before does not suit the model, which is opened alone.
    const table = this.table.name;
    await this.#forgetTable();
    const opened = await this.#app.reopenNow(own);
    if (opened) this.#app.alert(`${table} lacks what ${model.name} needs, so the model is shown alone.`);
    return opened;
  }

  // `patch`: what is new, or a function that makes it of the data of now.
  #data(patch) {
    return this.#app.reopen(({ data }) => ({ data: { ...data, ...(typeof patch === 'function' ? patch(data) : patch) } }));
  }

  #chooseData(name) {
    this.#app.stopWaiting();
    const target = name === 'table' ? this.table.answer.target : null;
    // Settings of the other data have no meaning here.
    return this.#app.reopen(settings => suited(settings, { ...settings.data, name, rows: 0, noise: null, seed: null, target, task: null, ignore: [] }));
  }

  #options() {
    const { about, settings } = this.#app;
    const own = [this.table && new Option(`Your table ${this.table.name}`, 'table'), this.model && new Option(`Your model ${this.model.name}`, 'model')];
    $('data').replaceChildren(...about.datasets.map(({ name }) => new Option(TITLES[name] ?? name, name)), ...own.filter(Boolean));
    $('data').value = settings.data.name;
  }

  /** Says which file the address needs, if it waits for one. */
  showAwaited() {
    const { awaited } = this.#app;
    $('awaited').hidden = !awaited;
    if (!awaited) return;
    const { files, data } = awaited, missing = this.missingFiles(awaited);
    const described = kind => `your ${kind}${files[kind] ? ` ${files[kind]}` : ''}${kind === 'table' && data.name === 'table' && data.target ? ` (with the column ${data.target})` : ''}`;
    const it = missing.length > 1 ? 'them' : 'it';
    $('awaited-text').textContent = `This address belongs to ${missing.map(described).join(' and ')}. Open ${it}, or drop ${it} here, and the page uses the settings of the address. Until then it shows other data, and the address stays as it is.`;
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

  #showColumns({ target, task, ignore }) {
    const { columns } = this.table.answer, key = JSON.stringify([columns, target]);
    $('task').value = task ?? '';
    // Made only when they change: a box that has the focus keeps it.
    if (key !== this.#columnsShown) {
      this.#columnsShown = key;
      $('target').replaceChildren(...columns.map(({ name, kind }) => new Option(`${clipped(name)} (${kind})`, name)));
      $('ignore-boxes').replaceChildren(...columns.filter(({ name }) => name !== target).map(column => this.#columnBox(column)));
      $('ignore-all').hidden = columns.length <= MANY_COLUMNS;
    }
    $('target').value = target;
    for (const box of this.#boxes()) box.checked = !ignore.includes(box.value);
  }

  #boxes() { return [...$('ignore-boxes').querySelectorAll('input')]; }

  #columnBox({ name, kind, missing, distinct }) {
    const label = document.createElement('label'), box = document.createElement('input');
    [box.type, box.value] = ['checkbox', name];
    box.onchange = () => this.#chooseColumns();
    label.title = name;
    label.append(box, `${clipped(name)}: ${distinct === null ? kind : `${kind}, ${distinct} ${distinct === 1 ? 'value' : 'values'}`}${missing ? `, ${missing} missing` : ''}`);
    return label;
  }

  // Columns without a tick are left out. Without any tick the table stays as it is, until one is chosen.
  #chooseColumns() {
    const boxes = this.#boxes(), ignore = boxes.filter(({ checked }) => !checked).map(({ value }) => value);
    if (ignore.length < boxes.length) this.#data({ ignore });
    else this.#app.say('Choose at least one column.');
  }

  #tickAll(on) {
    for (const box of this.#boxes()) box.checked = on;
    this.#chooseColumns();
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
      this.#openAll(event.dataTransfer.files);
    });
  }
}

// What is in a file: unpacked if it is compressed by gzip. A file that is too large is not read to its end.
async function contents(file, most) {
  const tooLarge = what => new Error(`${what} MB; the page reads at most ${megabytes(most)} MB. The program ann reads larger tables`);
  if (file.size > most) throw tooLarge(`it has ${megabytes(file.size)}`);
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (start[0] !== 0x1f || start[1] !== 0x8b) return new Uint8Array(await file.arrayBuffer());
  const parts = [];
  let size = 0;
  try {
    for (const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      if (size > most) { await reader.cancel(); break; }
    }
  } catch {
    throw new Error('it is compressed by gzip, but cut short or damaged: fetch or compress it again');
  }
  if (size > most) throw tooLarge(`unpacked it has more than ${megabytes(most)}`);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// The request that reads a table in this way.
function tableRequest({ missing, coerce, words, omitted }) {
  // A column may have any name.
  const list = Object.create(null);
  for (const [column, word] of pairs(missing)) (list[column] ??= []).push(word);
  return { do: 'table', missing: list, coerce: Object.fromEntries(pairs(coerce)), as: Object.fromEntries(words.map(column => [column, 'category'])), ignore: omitted };
}

const pairs = list => list.flatMap((first, k) => k % 2 ? [] : [[first, list[k + 1]]]);

// The columns that a way to read a table names.
function columnsOf({ missing, coerce, words, omitted }) { return [...[...pairs(missing), ...pairs(coerce)].map(([column]) => column), ...words, ...omitted]; }

function withoutColumn({ missing, coerce, words, omitted }, column) {
  const isOther = name => name !== column, rest = list => pairs(list).filter(([name]) => isOther(name)).flat();
  return { missing: rest(missing), coerce: rest(coerce), words: words.filter(isOther), omitted: omitted.filter(isOther) };
}

// What is learned from, in words.
function describe(lab, model, { name }) {
  const { train, test } = lab.rows, inputs = lab.inputs.length, parts = [];
  if (name === 'model' && !(train + test)) {
    parts.push(`This model was trained with: ${listed(model.columns.map(column => column.name))} Open such a table to see its rows.`);
  } else {
    parts.push(`${train + test} rows: ${train} to train on, ${test} to test on. ${inputs} ${inputs === 1 ? 'input' : 'inputs'}.`);
  }
  parts.push(lab.task === 'classification' ? `Classes of ${clipped(lab.target)}: ${listed(lab.classes)}` : `Target: the number ${clipped(lab.target)}.`);
  for (const { name, reason } of lab.ignored.slice(0, MOST_NAMES)) parts.push(`Column ${clipped(name)} is not used: ${REASONS[reason] ?? reason}.`);
  if (lab.ignored.length > MOST_NAMES) parts.push(`Nor are ${lab.ignored.length - MOST_NAMES} others.`);
  return parts.join(' ');
}

const MOST_NAMES = 6;
const REASONS = { 'as asked': 'it has no tick', constant: 'it is the same in every row', identifier: 'its words are different in every row', 'free text': 'it is text, not a few words' };

// The first names of a list, with what ends a sentence.
function listed(names) {
  const text = names.slice(0, MOST_NAMES).map(name => clipped(name)).join(', ');
  return names.length > MOST_NAMES ? `${text}, …` : text.endsWith('…') ? text : `${text}.`;
}

const percent = share => `${Math.round(100 * share)}%`;
const megabytes = bytes => short(bytes / 2 ** 20, 3);

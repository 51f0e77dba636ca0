// The page: it holds the settings and the newest numbers, asks the worker, and lets the views draw.

import { Address } from './address.js';
import { Client } from './client.js';
import { short } from './colour.js';
import { CurvesView } from './curves.js';
import { DataPanel } from './data.js';
import { $, sentence } from './form.js';
import { GradientView } from './gradient.js';
import { HistogramView } from './histogram.js';
import { NetworkView } from './network.js';
import { OutputView } from './output.js';
import { Player } from './player.js';
import { Scene } from './scene.js';
import { SettingsPanel } from './settings.js';
import { defaults } from './state.js';
import { offerDownloads, showDigest } from './takehome.js';
import { offerThemes } from './theme.js';

const MOST_EPOCHS = 100000; // that an address may ask for
const MOST_CHANGES = 100;   // that fit into an address
const FIRST = 'first picture'; // a mark of the browser's clock
const PATIENCE = 6000;      // milliseconds until a computation may be stopped

class App {
  settings = defaults();
  /** What the engine offers: its answer to `about`. */
  about = null;
  scene = null;
  client = null;
  // Settings of the training at epoch 0; `settings.training` are those of now.
  #first = null;
  // Whether the address can repeat what was changed by hand.
  #repeatable = true;
  #restarting = false; #drawSoon = false;

  /** State of the engine: see ENGINE.md. */
  get lab() { return this.scene?.lab ?? null; }

  async start() {
    offerThemes(() => { if (this.scene) this.output.describe(); this.redraw(); });
    this.network = new NetworkView(this);
    this.output = new OutputView(this);
    this.curves = new CurvesView(this);
    this.histogram = new HistogramView(this);
    this.gradient = new GradientView(this);
    this.panel = new SettingsPanel(this);
    this.data = new DataPanel(this);
    this.player = new Player(this);
    this.address = new Address(this);
    offerDownloads(this);
    this.#bindControls();
    this.client = new Client(error => this.failed(error));
    const { kind } = await this.client.load();
    this.about = await this.client.ask({ do: 'about' });
    this.panel.offer(this.about);
    $('engine-note').textContent = `ann ${this.about.version}, ${kind} engine: the library itself, compiled for the browser.`;
    await this.address.read();
    this.#watch();
    document.body.dataset.ready = kind;
  }

  // ---- Changes of settings: one after the other. Each pauses the training first.

  #last = Promise.resolve();

  #turn(work) {
    const paused = this.pause(), turn = this.#last.then(() => paused).then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Opens settings from an address, or explains what is missing. `trouble` was shown before, and stays. */
  begin(settings, trouble = '') { return this.#turn(() => this.#begin(settings, trouble)); }

  async #begin(settings, trouble) {
    const { name } = settings.data, missing = name === 'table' && !this.data.table || name === 'model' && !this.data.model;
    const before = this.settings;
    this.settings = missing ? defaults() : settings;
    let reason = trouble;
    if (!await this.#open(!missing)) {
      reason ||= $('alert').textContent;
      // What was open before is still open; at first there is nothing.
      this.settings = this.scene ? before : defaults();
      if (this.scene) this.#showPanels(); else await this.#open(false);
    }
    if (missing) {
      // Until the file is opened, another set is shown.
      this.settings = settings;
      this.#showPanels();
      reason ||= `This address belongs to a ${name} of yours. Open the file, and the settings of the address are used.`;
    }
    if (reason) this.alert(reason);
  }

  /** Other data, split or scaling: everything begins anew. Returns whether it could be opened. */
  reopen(patch, { replay = false } = {}) { return this.#turn(() => this.#reopen(patch, replay)); }

  async #reopen(patch, replay) {
    const before = this.settings, { data } = { ...before, ...patch };
    this.settings = { ...before, ...patch };
    // A loss of the other task, or axes of the other table, would be refused.
    if (!replay && (data.name !== before.data.name || data.target !== before.data.target || data.task !== before.data.task)) {
      this.settings = { ...this.settings, training: { ...this.settings.training, loss: null, parameter: null }, view: { ...before.view, axes: null } };
    }
    return this.#openOr(before, replay);
  }

  /** Another network on the same rows. */
  renew(patch) {
    return this.#turn(() => {
      const before = this.settings;
      this.settings = { ...before, network: { ...before.network, ...patch } };
      return this.#openOr(before, false);
    });
  }

  async #openOr(before, replay) {
    const opened = await this.#open(replay);
    if (!opened) { this.settings = before; this.#showPanels(); }
    return opened;
  }

  /** Other settings of the training, from the next epoch on. */
  retrain(patch) { return this.#turn(() => this.#retrain(patch)); }

  async #retrain(patch) {
    const training = { ...this.settings.training, ...patch };
    await this.attempt(async () => {
      this.clearAlert();
      this.scene.lab = await this.client.ask({ do: 'training', training });
      this.settings = { ...this.settings, training };
      if (this.lab.epoch === 0) this.#first = training;
      else this.#note([this.lab.epoch, patch]);
      this.gradient.clear();
    });
    await this.settle();
  }

  /** One parameter is changed by hand. */
  setWeight(index, value) { return this.#turn(() => this.#setWeight(index, value)); }

  async #setWeight(index, value) {
    await this.attempt(async () => {
      this.scene.lab = await this.client.ask({ do: 'set', index, value });
      this.#note([this.lab.epoch, index, value]);
      this.gradient.clear();
      this.say(`Weight set to ${short(value)}. Training loss ${short(this.lab.train?.loss)}.`);
    });
    await this.settle();
  }

  // Remembers a change for the address. The same weight changed twice at an epoch counts once.
  #note(change) {
    const { changes } = this.settings, last = changes.at(-1);
    if (last && last[0] === change[0] && last[1] === change[1]) changes.pop();
    changes.push(change);
    if (changes.length > MOST_CHANGES) this.#repeatable = false;
  }

  // Opens the lab of the settings. `replay`: and trains it as the address says.
  #open(replay) {
    return this.attempt(async () => {
      this.clearAlert();
      const { split, scaling, network, training, view, changes, epoch } = this.settings;
      const lab = await this.client.ask({ do: 'open', data: this.#source(), split, network, training, ...(scaling ? { scaling } : {}) });
      this.settings = { ...this.settings, epoch: 0, changes: [] };
      this.#first = training; this.#repeatable = true;
      this.scene = new Scene(lab, view.axes);
      this.curves.clear(); this.gradient.clear();
      this.network.shape(); this.histogram.shape(); this.output.shape();
      await this.scene.fetchRows(this.client);
      await this.settle();
      this.say(`Ready. ${this.summary()}`);
      if (replay) await this.#replay(changes, epoch);
    });
  }

  #source() {
    const { name, rows, noise, seed, target, task, ignore, network } = this.settings.data;
    const set = this.about.datasets.find(known => known.name === name);
    if (set?.drawn) return { name, rows: rows || set.rows, noise: noise ?? set.noise, seed: seed ?? set.seed };
    if (name === 'table') return { name, target: target ?? this.data.table?.answer.target, task, ignore };
    return name === 'model' ? { name, network } : { name };
  }

  async #replay(changes, epoch) {
    for (const [at, what, value] of changes.slice(0, MOST_CHANGES)) {
      if (!await this.#trainTo(at)) return;
      if (typeof what === 'number') await this.#setWeight(what, value);
      else await this.#retrain(what);
    }
    await this.#trainTo(epoch);
  }

  async #trainTo(epoch) {
    const goal = Math.min(epoch, MOST_EPOCHS);
    if (this.lab.epoch < goal) {
      this.say(`Training again to epoch ${goal} …`);
      await this.player.play({ goal, speed: 0, again: true });
    }
    return this.lab.epoch >= goal;
  }

  pause() { return this.player.pause(); }

  // ---- Numbers of the engine

  /** Training of at most so many epochs, and the next picture. */
  ask(epochs, { exact = false, again = false } = {}) {
    return this.client.frame({ epochs: Math.min(epochs, 1e6), again, from: this.curves.next, ...this.scene.request(exact) });
  }

  /** Keeps them. */
  take(frame) {
    this.scene.take(frame);
    this.curves.add(frame.history);
    this.settings.epoch = this.lab.epoch;
  }

  /** After a change or a pause: everything is computed exactly, drawn and described, and the address is written. */
  settle() {
    return this.attempt(async () => {
      this.take(await this.ask(0, { exact: true }));
      this.#showPanels();
      this.draw();
      if (!performance.getEntriesByName(FIRST).length) performance.mark(FIRST);
      this.output.describe(); this.curves.describe(); this.network.describe();
      await Promise.all([this.histogram.refresh(), this.#showFindings(), showDigest(this)]);
      this.writeAddress();
    });
  }

  async #showFindings() {
    const findings = this.lab.rows.train ? (await this.client.ask({ do: 'findings' })).findings : [];
    const item = (textContent, className = '') => Object.assign(document.createElement('li'), { textContent, className });
    const quiet = !this.lab.rows.train ? 'There are no rows to judge by.' : this.lab.epoch ? 'Nothing is wrong, as far as the engine can see.' : 'Nothing to report yet. Press Play.';
    $('findings').replaceChildren(...(findings.length ? findings.map(({ text }) => item(sentence(text.replaceAll('validation rows', 'test rows')))) : [item(quiet, 'quiet')]));
  }

  writeAddress() {
    if (!this.#first) return;
    const { epoch, changes } = this.#repeatable ? this.settings : { epoch: 0, changes: [] };
    this.address.write({ ...this.settings, training: this.#first, epoch, changes });
  }

  // ---- Drawing

  /** The newest numbers. */
  draw({ network = true, output = true, curves = true } = {}) {
    if (network) this.network.draw();
    if (output) this.output.draw();
    if (curves) this.curves.draw();
    this.#showFigures();
  }

  /** Everything, at the next frame. */
  redraw() {
    if (!this.scene?.theta || this.#drawSoon) return;
    this.#drawSoon = true;
    requestAnimationFrame(() => { this.#drawSoon = false; this.draw(); this.histogram.draw(); this.gradient.draw(); });
  }

  #showFigures() {
    const { lab } = this, metric = lab.task === 'regression' ? 'R²' : 'Accuracy';
    const show = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
    show('epoch', String(lab.epoch));
    for (const [split, name] of [['train', 'training'], ['test', 'test']]) {
      show(`${split}-loss`, short(lab[split]?.loss));
      show(`${split}-metric-name`, `${metric}, ${name}`);
      show(`${split}-metric`, this.#measure(lab[split]?.metric, 4));
    }
    for (const box of document.querySelectorAll('.tested')) box.hidden = !lab.rows.test;
  }

  #measure(value, digits) {
    if (this.lab.task === 'regression' || value === null || value === undefined) return short(value, digits);
    return `${short(100 * value, digits)}%`;
  }

  /** The figures as a sentence. */
  summary() {
    const { epoch, train, test, task } = this.lab, metric = task === 'regression' ? 'R²' : 'accuracy';
    const part = (name, values) => values ? ` ${name} rows: loss ${short(values.loss)}, ${metric} ${this.#measure(values.metric, 3)}.` : '';
    return `Epoch ${epoch}.${part('Training', train)}${part('Test', test)}`;
  }

  /** The unit under the pointer is shown large. */
  preview(unit) {
    if (!this.scene || unit === this.scene.preview) return;
    this.scene.preview = unit;
    this.redraw();
  }

  /** A unit is shown large until it is chosen again. */
  showUnit(unit) {
    const { scene } = this, isOutput = unit.startsWith(`${this.lab.layers.length - 1}.`);
    scene.unit = unit === scene.unit || isOutput ? null : unit;
    this.#showPanels();
    this.redraw();
  }

  // ---- Words

  /** For everyone, and for screen readers: a sentence or two, and rarely. */
  say(text) { $('status').textContent = text; }

  alert(text) { $('alert').textContent = text; $('alert').hidden = false; }
  clearAlert() { $('alert').textContent = ''; $('alert').hidden = true; }

  /** Carries out work whose errors are shown. Returns whether there was none. */
  async attempt(work) {
    try {
      await work();
      return true;
    } catch (error) {
      await this.failed(error);
      return false;
    }
  }

  /** Shows an error of the engine. After a panic the engine is new, and the network is opened again. */
  async failed(error, file) {
    if (error.panic) return this.#restart(error);
    const place = error.line && !error.message.includes(`line ${error.line}`) ? `line ${error.line}: ` : '';
    const message = place + error.message;
    this.alert(file ? `${file}: ${message}.` : sentence(message));
    this.say(this.scene ? 'That did not work. The network is as it was before.' : '');
  }

  async #restart(error) {
    // Requests that were waiting fail for the same reason.
    if (this.#restarting) return;
    this.#restarting = true;
    try {
      await this.data.restore();
      if (!await this.#open(false)) throw new Error($('alert').textContent);
      this.alert(`The engine stopped: ${error.message}. It was started again, and the network begins anew.`);
    } catch (second) {
      this.alert(`The engine stopped: ${error.message}. It could not be started again: ${second.message}. Please load the page again.`);
    } finally {
      this.#restarting = false;
    }
  }

  // A computation that takes too long can be ended with its worker.
  #watch() {
    setInterval(() => { $('stop').hidden = this.client.waited() < PATIENCE; }, 1000);
    $('stop').onclick = () => {
      const { client } = this;
      this.client = new Client(error => this.failed(error));
      client.stop();
      $('stop').hidden = true;
    };
  }

  // ---- Controls

  #showPanels() {
    const { settings: { view, data }, scene, lab } = this;
    this.data.show(); this.panel.show();
    $('log').checked = view.log; $('points').value = view.points; $('speed').value = view.speed;
    if (!lab) return;
    [$('axis-x').value, $('axis-y').value] = scene.axes;
    $('shown').value = scene.unit ?? '';
    const fixed = !lab.trainable || !lab.rows.train;
    for (const id of ['play', 'step', 'check']) $(id).disabled = fixed;
    $('reset').disabled = false;
    $('restart').disabled = data.name === 'model';
  }

  #bindControls() {
    const view = patch => {
      this.settings = { ...this.settings, view: { ...this.settings.view, ...patch } };
      if (!this.player.isPlaying) this.writeAddress();
      this.redraw();
    };
    $('play').onclick = () => this.player.isPlaying ? this.pause() : this.player.play();
    $('step').onclick = async () => { await this.pause(); this.player.play({ goal: this.lab.epoch + 1 }); };
    $('reset').onclick = () => this.renew({});
    $('restart').onclick = () => this.renew({ seed: this.settings.network.seed + 1 });
    $('speed').onchange = async () => {
      const goesOn = this.player.isPlaying;
      view({ speed: Number($('speed').value) });
      if (goesOn) { await this.pause(); this.player.play(); }
    };
    $('log').onchange = () => view({ log: $('log').checked });
    $('points').onchange = () => view({ points: $('points').value });
    $('shown').onchange = () => { this.scene.unit = $('shown').value || null; this.redraw(); };
    for (const id of ['axis-x', 'axis-y']) $(id).onchange = () => this.#turn(() => this.#chooseAxes(id, view));
    new ResizeObserver(() => this.redraw()).observe($('main'));
  }

  async #chooseAxes(changed, view) {
    const { scene } = this, old = scene.axes, axes = ['axis-x', 'axis-y'].slice(0, old.length).map(id => Number($(id).value));
    // The same column twice: they change places.
    if (axes[0] === axes[1]) axes[changed === 'axis-x' ? 1 : 0] = old[changed === 'axis-x' ? 0 : 1];
    scene.chooseAxes(axes);
    view({ axes });
    await this.attempt(() => scene.fetchRows(this.client));
    await this.settle();
  }
}

const app = new App();
app.start().catch(error => app.alert(`The page could not be started: ${error.message}`));

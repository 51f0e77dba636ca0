// The page: it holds the settings and the newest numbers, asks the worker, and lets the views draw.

import { Address } from './address.js';
import { Client } from './client.js';
import { short } from './colour.js';
import { CurvesView } from './curves.js';
import { DataPanel } from './data.js';
import { FiguresView } from './figures.js';
import { $, fill } from './form.js';
import { GradientView } from './gradient.js';
import { HistogramView } from './histogram.js';
import { NetworkView } from './network.js';
import { OutputView } from './output.js';
import { Player } from './player.js';
import { Replay } from './replay.js';
import { Scene } from './scene.js';
import { SettingsPanel } from './settings.js';
import { defaults } from './state.js';
import { offerDownloads, showDigest } from './takehome.js';
import { offerThemes } from './theme.js';
import { worded } from './wording.js';

const MOST_CHANGES = 100;   // that fit into an address
const FIRST = 'first picture'; // a mark of the browser's clock
const PATIENCE = 6000;      // milliseconds until a computation may be stopped

class App {
  settings = defaults();
  /** What the engine offers: its answer to `about`. */
  about = null;
  scene = null;
  client = null;
  /** Settings of an address that waits for a file of the user. */
  awaited = null;
  // Settings of the training at epoch 0; `settings.training` are those of now.
  #first = null;
  // Whether the address can repeat what was changed by hand.
  #isRepeatable = true;
  #restarting = false; #drawSoon = false;

  /** State of the engine: see ENGINE.md. */
  get lab() { return this.scene?.lab ?? null; }

  async start() {
    offerThemes(() => { if (this.scene) this.output.describe(); this.redraw(); });
    this.figures = new FiguresView(this);
    this.network = new NetworkView(this);
    this.output = new OutputView(this);
    this.curves = new CurvesView(this);
    this.histogram = new HistogramView(this);
    this.gradient = new GradientView(this);
    this.panel = new SettingsPanel(this);
    this.data = new DataPanel(this);
    this.player = new Player(this);
    this.replay = new Replay(this);
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

  /** Carries out work when all changes before it are done, and pauses the training for it. */
  inTurn(work) {
    // Pausing now ends a long training; pausing again ends one that began while this work waited.
    this.pause();
    const turn = this.#last.then(() => this.pause()).then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  // A change by the user: from now on the address is that of what is open.
  #change(work) {
    if (!this.awaited) this.address.release();
    return this.inTurn(work);
  }

  /** Opens settings from an address, or says which file is missing. `trouble` was shown before, and stays. Returns whether they were opened. */
  begin(settings, trouble = '') { return this.inTurn(() => this.beginNow(settings, trouble)); }

  async beginNow(settings, trouble = '') {
    const before = this.settings, isMissing = this.data.missingFiles(settings).length > 0;
    if (isMissing) this.awaited = settings;
    else this.settings = settings;
    const opened = !isMissing && await this.attempt(async () => { trouble ||= await this.data.prepare(settings); }) && await this.#open(true);
    if (opened) {
      this.awaited = null;
      this.address.release(settings);
    } else {
      trouble ||= isMissing ? '' : $('alert').textContent;
      await this.#showOther(before);
    }
    if (isMissing) this.say('Waiting for a file.');
    if (trouble) this.alert(trouble);
    this.data.showAwaited();
    this.writeAddress();
    return opened;
  }

  // What was open before is still open; at first there is nothing, and the usual data are opened.
  async #showOther(before) {
    this.settings = this.scene ? before : defaults();
    if (!this.scene) return this.#open(false);
    this.clearAlert();
    this.#showPanels();
  }

  /** Another address is opened. */
  forgetAwaited() { this.awaited = null; this.data.showAwaited(); }

  /** The user goes on without the file of the address, which stays in the history of the browser. */
  stopWaiting() {
    if (!this.awaited) return;
    this.awaited = null;
    this.address.keep(); this.address.release();
    this.data.showAwaited();
    this.writeAddress();
  }

  /** Other data, split or scaling: everything begins anew. `change` makes new settings of those of now. Returns whether it could be opened. */
  reopen(change) { return this.#change(() => this.reopenNow(change)); }

  async reopenNow(change) {
    const before = this.settings, after = { ...before, ...change(before) }, isOther = key => after.data[key] !== before.data[key];
    // A loss of the other task, or axes of the other table, would be refused.
    const other = isOther('name') || isOther('target') || isOther('task');
    this.settings = other ? { ...after, training: { ...after.training, loss: null, parameter: null }, view: { ...before.view, axes: null } } : after;
    return this.#openOr(before);
  }

  /** Another network on the same rows: `change` makes what is new of the network of now. */
  renew(change) {
    return this.#change(() => {
      const before = this.settings;
      this.settings = { ...before, network: { ...before.network, ...change(before.network) } };
      return this.#openOr(before);
    });
  }

  async #openOr(before) {
    const opened = await this.#open(false);
    if (!opened) { this.settings = before; this.#showPanels(); }
    return opened;
  }

  /** Other settings of the training, from the next epoch on: `change` makes what is new of those of now. */
  retrain(change) { return this.#change(() => this.retrainNow(change(this.settings.training))); }

  async retrainNow(patch) {
    const training = { ...this.settings.training, ...patch };
    await this.attempt(async () => {
      this.clearAlert();
      this.scene.lab = await this.client.ask({ do: 'training', training });
      this.settings = { ...this.settings, training };
      if (this.lab.epoch === 0) this.#first = training;
      else this.#note([this.lab.epoch, patch]);
      this.#forgetNumbers();
    });
    await this.settle();
  }

  /** One parameter is changed by hand. */
  setWeight(index, value) { return this.#change(() => this.setWeightNow(index, value)); }

  async setWeightNow(index, value) {
    await this.attempt(async () => {
      this.scene.lab = await this.client.ask({ do: 'set', index, value });
      this.#note([this.lab.epoch, index, value]);
      this.#forgetNumbers();
      const note = this.#isRepeatable ? '' : ` The address holds at most ${MOST_CHANGES} changes by hand: from now on it holds the settings alone.`;
      this.say(`Weight set to ${short(value)}. Training loss ${short(this.lab.train?.loss)}.${note}`);
    });
    await this.settle();
  }

  // What was computed for the network before the change.
  #forgetNumbers() { this.gradient.clear(); this.curves.forgetFrom(this.lab.epoch); }

  // Remembers a change for the address. The same weight changed twice at an epoch counts once.
  #note(change) {
    const { changes } = this.settings, last = changes.at(-1);
    if (last && last[0] === change[0] && last[1] === change[1]) changes.pop();
    changes.push(change);
    if (changes.length > MOST_CHANGES) this.#isRepeatable = false;
  }

  // Opens the lab of the settings. `again`: and trains it as the address says.
  #open(again) {
    return this.attempt(async () => {
      this.clearAlert();
      const { split, scaling, network, training, view, changes, epoch } = this.settings;
      const lab = await this.client.ask({ do: 'open', data: this.#source(), split, network, training, ...(scaling ? { scaling } : {}) });
      this.settings = { ...this.settings, epoch: 0, changes: [] };
      this.#first = training; this.#isRepeatable = true;
      this.scene = new Scene(lab, view.axes);
      this.curves.clear(); this.gradient.clear();
      this.network.shape(); this.histogram.shape(); this.output.shape();
      await this.scene.fetchRows(this.client);
      await this.settle();
      this.say(`Ready. ${this.figures.summary()}`);
      if (again) await this.replay.run(changes, epoch);
    });
  }

  #source() {
    const { name, rows, noise, seed, target, task, ignore, network } = this.settings.data;
    const set = this.about.datasets.find(known => known.name === name);
    if (set?.drawn) return { name, rows: rows || set.rows, noise: noise ?? set.noise, seed: seed ?? set.seed };
    if (name === 'table') return { name, target: target ?? this.data.table?.answer.target, task, ignore };
    return name === 'model' ? { name, network } : { name };
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
    // A network that has not been trained is not expected to have learned.
    const isDue = ({ kind }) => this.lab.epoch > 0 || kind !== 'no_better_than_constant';
    const findings = this.lab.rows.train ? (await this.client.ask({ do: 'findings' })).findings.filter(isDue) : [];
    const item = (textContent, className = '') => Object.assign(document.createElement('li'), { textContent, className });
    const quiet = !this.lab.rows.train ? 'There are no rows to judge by.' : this.lab.epoch ? 'Nothing is wrong, as far as the engine can see.' : 'Nothing to report yet. Press Play.';
    $('findings').replaceChildren(...(findings.length ? findings.map(({ text }) => item(worded(text))) : [item(quiet, 'quiet')]));
  }

  /** Whether the address is enough to train the same network again. */
  get isRepeatable() { return this.#isRepeatable; }

  writeAddress() {
    if (!this.#first) return;
    const { epoch, changes } = this.#isRepeatable ? this.settings : { epoch: 0, changes: [] };
    this.address.write({ ...this.settings, ...this.data.used(), training: this.#first, epoch, changes });
  }

  // ---- Drawing

  /** The newest numbers. */
  draw({ network = true, output = true, curves = true } = {}) {
    if (network) this.network.draw();
    if (output) this.output.draw();
    if (curves) this.curves.draw();
    this.figures.draw(); this.replay.show();
  }

  /** Everything, at the next frame. */
  redraw() {
    if (!this.scene?.theta || this.#drawSoon) return;
    this.#drawSoon = true;
    requestAnimationFrame(() => { this.#drawSoon = false; this.draw(); this.histogram.draw(); this.gradient.draw(); });
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

  alert(text) { $('alert').textContent = text; $('alert').hidden = !text; this.data?.showWays(text); }
  clearAlert() { this.alert(''); }

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
    const line = error.place?.line, place = line && !error.message.includes(`line ${line}`) ? `line ${line}: ` : '';
    this.alert(worded(place + error.message, file));
    if (!file) this.data.offerWays(error.place, this.settings.data);
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
    fill('until', view.until || '');
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
    // How it is played: a network that is playing goes on in the new way.
    const play = patch => {
      const goesOn = this.player.isPlaying && !this.replay.isRunning;
      view(patch);
      if (goesOn) this.inTurn(() => { this.player.play(); });
    };
    $('play').onclick = () => {
      if (!this.player.isPlaying) return this.#change(() => { this.player.play(); });
      this.replay.giveUp();
      return this.pause();
    };
    $('step').onclick = () => this.#change(() => this.player.play({ goal: this.lab.epoch + 1 }));
    $('reset').onclick = () => this.renew(() => ({}));
    $('restart').onclick = () => this.renew(({ seed }) => ({ seed: seed + 1 }));
    $('speed').onchange = () => play({ speed: Number($('speed').value) });
    $('until').onchange = () => play({ until: Math.max(0, Math.floor($('until').valueAsNumber)) || 0 });
    $('log').onchange = () => view({ log: $('log').checked });
    $('points').onchange = () => view({ points: $('points').value });
    $('shown').onchange = () => { this.scene.unit = $('shown').value || null; this.redraw(); };
    for (const id of ['axis-x', 'axis-y']) $(id).onchange = () => this.inTurn(() => this.#chooseAxes(id, view));
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

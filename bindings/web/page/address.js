// The address: lesson, settings, and a file beside the page. It is read at the start and when the user changes it, and written at every pause.

import { $ } from './form.js';
import { findLesson, offerLessons, showLesson } from './guide.js';
import { fromAddress, toAddress } from './state.js';

export class Address {
  #app; #seen = '';
  // Settings that are being read: until they are opened, the address is left as it is.
  #held = null;
  // Whether the address of now stays in the history of the browser when another is written.
  #isKept = false;
  // The file beside the page that was opened.
  #beside = null;

  constructor(app) {
    this.#app = app;
    offerLessons((id, keep) => this.#chooseLesson(id, keep));
    const changed = () => { if (location.search + location.hash !== this.#seen) this.read(); };
    addEventListener('hashchange', changed);
    addEventListener('popstate', changed);
    $('copy-address').onclick = () => this.#copy();
  }

  /** Opens what the address says. */
  async read() {
    const app = this.#app, query = new URLSearchParams(location.search), lesson = findLesson(query.get('lesson'));
    const { settings, unknown } = fromAddress(location.hash.length > 1 ? location.hash : lesson?.settings ?? '');
    this.#seen = location.search + location.hash;
    this.#held = settings; this.#isKept = false; this.#beside = null;
    app.forgetAwaited();
    await app.pause();
    showLesson(lesson);
    const file = query.get('open');
    if (!file || !await this.#openBeside(file, settings)) await app.begin(settings, file ? $('alert').textContent : '');
    if (query.get('lesson') && !lesson) app.alert(`There is no lesson "${query.get('lesson')}".`);
    if (unknown.length) app.alert(`The address has parts that this page does not know: ${unknown.slice(0, 3).join(', ')}`);
  }

  /** Writes the settings into it. */
  write(settings) {
    // One that the user has just changed is read first.
    if (this.#held || location.search + location.hash !== this.#seen) return;
    const text = toAddress(settings), query = this.#query(settings), next = `${location.pathname}${query}${text ? `#${text}` : ''}`;
    if (next !== location.pathname + location.search + location.hash) {
      history[this.#isKept || query !== location.search ? 'pushState' : 'replaceState'](null, '', next);
      this.#isKept = false;
    }
    this.#seen = location.search + location.hash;
  }

  // A file beside the page is named as long as it is used.
  #query({ files }) {
    if (!this.#beside || Object.values(files).includes(this.#beside)) return location.search;
    const query = new URLSearchParams(location.search);
    query.delete('open');
    return query.size ? `?${query}` : '';
  }

  /** From now on it is written again; only if it holds these settings, if some are given. */
  release(settings = this.#held) { if (settings === this.#held) this.#held = null; }

  /** The file beside the page that these settings name was opened. */
  openedBeside(name, settings) {
    this.#beside = name;
    this.release(settings);
    this.#app.writeAddress();
  }

  /** The address of now stays in the history of the browser. */
  keep() { this.#isKept = true; }

  // `keep`: with the settings of now.
  #chooseLesson(id, keep) {
    const open = async () => {
      history.pushState(null, '', `${location.pathname}${id ? `?lesson=${id}` : ''}${keep ? location.hash : ''}`);
      if (!keep) return void this.read();
      this.#seen = location.search + location.hash;
      showLesson(null);
      $('lesson').focus();
      await this.#app.settle();
    };
    return this.#app.inTurn(open);
  }

  // A file in the folder `open` beside the page: `ann play FILE` serves the one that it was given. Returns whether it was opened.
  async #openBeside(name, settings) {
    try {
      const answer = await fetch(new URL(`open/${encodeURIComponent(name)}`, location.href));
      if (!answer.ok) throw new Error(`${name} could not be read: ${answer.status}`);
      return await this.#app.data.open(new File([await answer.blob()], name), settings);
    } catch (error) {
      this.#app.alert(error.message);
      return false;
    }
  }

  async #copy() {
    const app = this.#app;
    // An address that is being read is already the right one.
    if (!this.#held) await app.inTurn(() => app.writeAddress());
    try {
      await navigator.clipboard.writeText(location.href);
      app.say(`The address is copied. ${this.#promise()}`);
    } catch {
      app.say(`Copy the address from the address bar. ${this.#promise()}`);
    }
  }

  // What somebody who opens the address gets.
  #promise() {
    const app = this.#app, files = Object.values((app.awaited ?? app.data.used()).files).filter(Boolean);
    if (!app.isRepeatable) return 'It holds the settings, but not your changes by hand: they are too many.';
    return `It gives the same network on every machine${files.length ? ` that has your ${files.join(' and ')}` : ''}.`;
  }
}

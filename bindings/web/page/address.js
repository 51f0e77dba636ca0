// The address: lesson, settings, and a file beside the page. It is read at the start and when the user changes it, and written at every pause.

import { $ } from './form.js';
import { findLesson, offerLessons, showLesson } from './guide.js';
import { fromAddress, toAddress } from './state.js';

export class Address {
  #app; #seen = '';

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
    await app.pause();
    showLesson(lesson);
    const file = query.get('open');
    // The settings of the address are those of the file.
    if (file) app.settings = settings;
    if (!file || !await this.#openFile(file)) await app.begin(settings, file ? $('alert').textContent : '');
    if (query.get('lesson') && !lesson) app.alert(`There is no lesson "${query.get('lesson')}".`);
    if (unknown.length) app.alert(`The address has parts that this page does not know: ${unknown.slice(0, 3).join(', ')}`);
  }

  /** Writes the settings into it. */
  write(settings) {
    const text = toAddress(settings), next = `${location.pathname}${location.search}${text ? `#${text}` : ''}`;
    if (next !== location.pathname + location.search + location.hash) history.replaceState(null, '', next);
    this.#seen = location.search + location.hash;
  }

  // `keep`: with the settings of now.
  async #chooseLesson(id, keep) {
    await this.#app.pause();
    history.pushState(null, '', `${location.pathname}${id ? `?lesson=${id}` : ''}${keep ? location.hash : ''}`);
    if (!keep) return this.read();
    this.#seen = location.search + location.hash;
    showLesson(null);
    $('lesson').focus();
    await this.#app.settle();
  }

  // A file in the folder `open` beside the page: `ann play FILE` serves the one that it was given. Returns whether
  // it was opened.
  async #openFile(name) {
    try {
      const answer = await fetch(new URL(`open/${encodeURIComponent(name)}`, location.href));
      if (!answer.ok) throw new Error(`${name} could not be read: ${answer.status}`);
      return await this.#app.data.open(new File([await answer.blob()], name));
    } catch (error) {
      this.#app.alert(error.message);
      return false;
    }
  }

  async #copy() {
    await this.#app.pause();
    this.#app.writeAddress();
    const same = 'It gives the same network on every machine.';
    try {
      await navigator.clipboard.writeText(location.href);
      this.#app.say(`The address is copied. ${same}`);
    } catch {
      this.#app.say(`Copy the address from the address bar. ${same}`);
    }
  }
}

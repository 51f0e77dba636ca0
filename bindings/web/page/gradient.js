// The gradient check: analytic beside numeric, entry by entry, with the bound that decides.

import { colours, short } from './colour.js';
import { axes, line, marker, prepare } from './canvas.js';
import { $ } from './form.js';
import { worded } from './wording.js';

const WIDTH = 7, PAGE = 200;
const AGREES = 0, WRONG = 1;
const RESULTS = ['agrees', 'wrong', 'not judged'];

export class GradientView {
  #app; #entries = []; #planted = null; #answer = null;

  constructor(app) {
    this.#app = app;
    $('check').onclick = () => app.inTurn(() => this.#check());
    $('check-filter').onchange = $('check-sort').onchange = () => this.#showTable();
    $('plant').onclick = () => this.#plant();
    $('plant-entry').onchange = $('plant-kind').onchange = () => { if (this.#planted) { this.#planted = this.#chosen(); this.#show(); } };
  }

  /** The result belongs to one θ: it is hidden as soon as θ changes. */
  clear() { $('check-result').hidden = true; this.#entries = []; this.#answer = null; this.#planted = null; }

  async #check() {
    const step = $('check-step').valueAsNumber;
    this.#app.say('Checking the gradient …');
    try {
      const { answer, numbers } = await this.#app.client.call({ do: 'check', step: step > 0 ? step : 1e-4 });
      this.#answer = answer;
      this.#entries = answer.names.slice(0, numbers.length / WIDTH).map((name, k) => {
        const [index, analytic, numeric, bound, central, across, state] = numbers.subarray(WIDTH * k, WIDTH * (k + 1));
        return { name, index, analytic, numeric, bound, central, across, state, kink: !Number.isNaN(across) };
      });
      this.#planted = null;
      $('plant-entry').replaceChildren(...this.#entries.slice(0, 2000).map(({ name }, k) => new Option(name, k)));
      $('plant-entry').value = this.#largest();
      $('check-report').textContent = answer.report;
      $('check-result').hidden = false;
      this.#show();
      this.#app.say(`Gradient check: ${$('verdict').textContent}`);
    } catch (error) {
      this.#app.failed(error);
    }
  }

  // The entry with the largest analytic value: an error of 1% is then largest, too.
  #largest() {
    return this.#entries.slice(0, 2000).reduce((best, entry, k, all) => Math.abs(entry.analytic) > Math.abs(all[best].analytic) ? k : best, 0);
  }

  #chosen() { return { at: Number($('plant-entry').value), factor: Number($('plant-kind').value) }; }

  #plant() {
    this.#planted = this.#planted ? null : this.#chosen();
    this.#show();
    this.#app.say($('verdict').textContent);
  }

  // The entries as they are shown: with a planted error, one analytic value is another, and is compared with the same bound.
  get #shown() {
    if (!this.#planted) return this.#entries;
    const { at, factor } = this.#planted;
    return this.#entries.map((entry, k) => {
      if (k !== at) return entry;
      const analytic = factor * entry.analytic, agrees = Math.abs(analytic - entry.numeric) <= entry.bound;
      return { ...entry, analytic, planted: true, state: agrees ? AGREES : WRONG };
    });
  }

  #show() {
    $('plant').setAttribute('aria-pressed', String(Boolean(this.#planted)));
    $('plant').textContent = this.#planted ? 'Remove the error' : 'Plant';
    const wrong = this.#shown.filter(({ state }) => state === WRONG), { verdict, summary } = this.#answer;
    const bad = this.#planted ? wrong.length > 0 : verdict !== 'pass';
    const blamed = wrong.slice(0, 5).map(({ name }) => name).join(', '), are = wrong.length === 1 ? 'is' : 'are';
    const text = !this.#planted ? worded(summary)
      : wrong.length ? `${wrong.length} of ${this.#entries.length} entries ${are} wrong: ${blamed}`
      : 'this entry is so small that the planted error is within the bound';
    const bold = Object.assign(document.createElement('b'), { textContent: this.#planted ? (bad ? 'Caught: ' : 'Not caught: ') : '' });
    $('verdict').replaceChildren(bold, text);
    $('verdict').classList.toggle('fail', bad);
    this.draw();
    this.#showTable();
  }

  #showTable() {
    const filter = $('check-filter').value, sort = $('check-sort').value;
    const kept = this.#shown.filter(({ state, kink }) => filter === 'all' || (filter === 'kink' ? kink : state !== AGREES));
    const value = { index: ({ index }) => index, difference: entry => -difference(entry), size: ({ analytic }) => -Math.abs(analytic) }[sort];
    if (sort !== 'index') kept.sort((a, b) => value(a) - value(b));
    $('check-table').tBodies[0].replaceChildren(...kept.slice(0, PAGE).map(row));
    $('check-more').textContent = kept.length ? `${Math.min(PAGE, kept.length)} of ${kept.length} entries.` : 'No entry is of this kind.';
  }

  /** Each entry as a point: how large its difference is, measured in bounds. Below the line at 1 it agrees. */
  draw() {
    const shown = this.#shown;
    if (!shown.length) return;
    const { c, width, height } = prepare($('check-picture'), 180), box = [52, 28, width - 62, height - 64];
    const least = 1e-6, share = entry => Math.max(least, difference(entry) / entry.bound || least);
    const most = Math.max(10, ...shown.slice(0, 20000).map(share).filter(Number.isFinite));
    const { toX, toY } = axes(c, box, {
      across: [0, Math.max(1, shown.length - 1)], up: [least, 10 ** Math.ceil(Math.log10(most))], log: true,
      acrossName: 'entry of θ', upName: '|analytic − numeric| / bound',
    });
    c.strokeStyle = colours.bad; c.lineWidth = 1.3; c.setLineDash([6, 4]); line(c, box[0], toY(1), box[0] + box[2], toY(1)); c.setLineDash([]);
    const every = Math.max(1, Math.ceil(shown.length / 4000));
    shown.forEach((entry, k) => {
      if (k % every && entry.state === AGREES) return;
      const colour = entry.state === WRONG ? colours.bad : entry.kink ? colours.test : colours.good;
      marker(c, entry.kink ? 3 : entry.state === WRONG ? 1 : 0, toX(k), toY(Math.min(share(entry), most)), entry.state === WRONG ? 5 : 3, colour, false);
    });
    const [wrong, kinks] = [shown.filter(({ state }) => state === WRONG).length, shown.filter(({ kink }) => kink).length];
    $('check-picture').setAttribute('aria-label', `Differences of ${shown.length} entries, measured in their bounds: ${wrong} above the bound, ${kinks} at a kink.`);
  }
}

const difference = ({ analytic, numeric }) => Math.abs(analytic - numeric);

function row(entry) {
  const line = document.createElement('tr');
  line.className = `${entry.state === AGREES ? '' : 'wrong'} ${entry.kink ? 'kink' : ''}`.trim();
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = entry.name;
  const notes = [RESULTS[entry.state], entry.kink && 'kink within ±h', entry.planted && 'planted'].filter(Boolean).join(', ');
  const { analytic, numeric, bound, central, across } = entry;
  const cells = [notes, short(analytic, 6), short(numeric, 6), short(analytic - numeric, 3), short(bound, 3), short(central, 6), short(across, 6)];
  line.append(head, ...cells.map(textContent => Object.assign(document.createElement('td'), { textContent })));
  return line;
}

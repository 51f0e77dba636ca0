// Every lesson: it opens, hides what it does not need, and what its text says can be seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LESSONS } from '../page/lessons.js';
import { shown, trainTo, until, visit } from './browser.mjs';
import { site } from './site.mjs';

/** The figures after so many epochs. */
async function at(page, epoch) {
  await trainTo(page, epoch);
  return { loss: await shown(page, '#train-loss'), accuracy: await shown(page, '#train-metric'), test: await shown(page, '#test-loss'), findings: await page.textContent('#findings') };
}

/** Changes a field as a user does, and waits until the network is the new one. */
async function set(page, id, value) {
  const field = page.locator(`#${id}`);
  const before = page.url();
  if (await field.evaluate(element => element.tagName) === 'SELECT') await field.selectOption(value);
  else { await field.fill(value); await field.press('Enter'); }
  await page.waitForFunction(old => location.href !== old, before);
}

async function reset(page) {
  await page.click('#reset');
  await until(page, '#epoch', /^0$/);
  await page.waitForFunction(() => !location.hash.includes('epoch='));
}

/** What the lessons say. */
const CLAIMS = {
  async doughnut(page) {
    assert.ok((await at(page, 2000)).accuracy > 99);
    assert.equal((await at(page, 10000)).accuracy, 100);
    await set(page, 'units-0', '2');
    assert.ok((await at(page, 10000)).accuracy < 90);
  },
  async squares(page) {
    assert.ok((await at(page, 200)).accuracy > 90);
    assert.ok((await at(page, 2000)).accuracy < 100);
    assert.equal((await at(page, 10000)).accuracy, 100);
    await set(page, 'units-0', '1');
    const { accuracy } = await at(page, 10000);
    assert.ok(accuracy > 60 && accuracy < 72, accuracy);
  },
  async 'dead-relu'(page) {
    const { accuracy, findings } = await at(page, 4000);
    assert.ok(accuracy > 75 && accuracy < 85, accuracy);
    assert.match(findings, /of 7 units of layer 1 are dead/);
    await set(page, 'activation-0', 'leaky_relu');
    const leaky = await at(page, 4000);
    assert.equal(leaky.accuracy, 100);
    assert.doesNotMatch(leaky.findings, /dead/);
  },
  async 'l2-iris'(page) {
    const largest = () => page.getAttribute('#histogram', 'aria-label').then(label => Math.max(...label.match(/-?[\d.]+(?= and)|-?[\d.]+(?=\.$)/g).map(Number).map(Math.abs)));
    const free = await at(page, 3000);
    assert.ok(await largest() > 5);
    await set(page, 'l2', '0.01');
    await reset(page);
    assert.ok((await at(page, 3000)).loss > free.loss);
    assert.ok(await largest() < 3);
    await set(page, 'l2', '0.1');
    await reset(page);
    assert.equal((await at(page, 1000)).loss, 1.099);
    assert.ok(await largest() < 0.5);
  },
  async 'learning-rate'(page) {
    const first = await shown(page, '#train-loss');
    assert.ok((await at(page, 1000)).loss > 0.9 * first);
    await set(page, 'rate', '1');
    await reset(page);
    assert.equal((await at(page, 1000)).accuracy, 100);
    await set(page, 'rate', '10');
    await reset(page);
    const { loss, findings } = await at(page, 400);
    assert.ok(loss > first);
    assert.match(findings, /the loss rose .* smaller learning rate/i);
  },
  async overfitting(page) {
    assert.match(await page.textContent('#network-size'), /354 parameters/);
    assert.match(await page.textContent('#data-note'), /40 to train on/);
    const { accuracy, test } = await at(page, 600);
    assert.equal(accuracy, 100);
    const lowest = Number((await page.textContent('#best')).match(/test loss ([\d.]+)/)[1]);
    assert.ok(test > 3 * lowest, `${test}, lowest ${lowest}`);
    await set(page, 'rows', '800');
    const many = await at(page, 600);
    assert.ok(many.accuracy < 100 && Math.abs(many.test - many.loss) < 0.2 * many.loss);
  },
  async 'gradient-check'(page) {
    const check = async () => { await page.click('#check'); await until(page, '#status', /^Gradient check/); };
    await check();
    assert.match(await page.textContent('#verdict'), /22 entries agree/);
    await page.click('#plant');
    await until(page, '#verdict', /^Caught: 1 of 22/);
    await page.fill('#check-step', '0.1');
    await check();
    const kinks = await page.locator('#check-table tr.kink').count();
    assert.ok(kinks > 3 && kinks < 22, `${kinks}`);
    assert.match(await page.textContent('#verdict'), /22 entries agree/);
  },
  async optimizers(page) {
    const around = (found, low, high) => assert.ok(found >= low && found <= high, `${found}`);
    around((await at(page, 1000)).accuracy, 60, 72);
    await set(page, 'optimizer', 'momentum');
    await reset(page);
    around((await at(page, 1000)).accuracy, 86, 94);
    await set(page, 'optimizer', 'adam');
    await set(page, 'rate', '0.01');
    await reset(page);
    around((await at(page, 1000)).accuracy, 100, 100);
  },
  async symmetry(page) {
    const { accuracy } = await at(page, 10000);
    assert.ok(accuracy > 60 && accuracy < 72, accuracy);
    await set(page, 'init', 'xavier');
    assert.equal((await at(page, 10000)).accuracy, 100);
  },
  async regression(page) {
    assert.ok((await at(page, 600)).accuracy > 0.95);
    await page.click('[aria-label="Remove layer 2"]');
    await until(page, '#network-size', /^1–8–1/);
    await set(page, 'units-0', '2');
    assert.ok((await at(page, 1000)).accuracy < 0.8);
  },
};

for (const { id, title, shows } of LESSONS) {
  test(`lesson ${id}`, async () => {
    const page = await visit(site, `?lesson=${id}`);
    assert.equal(await page.textContent('#guide-title'), title);
    for (const part of ['data-card', 'training-card', 'gradient-card', 'output-card']) assert.equal(await page.isVisible(`#${part}`), shows.includes(part), part);
    await CLAIMS[id](page);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test('the way through the lessons, and out of them', async () => {
  const page = await visit(site, `?lesson=${LESSONS[0].id}`);
  const titled = ({ title }) => page.waitForFunction(text => document.querySelector('#guide-title').textContent === text, title);
  await page.click('#guide-next');
  await titled(LESSONS[1]);
  assert.match(page.url(), new RegExp(`lesson=${LESSONS[1].id}`));
  await page.goBack();
  await titled(LESSONS[0]);
  await page.click('#guide-leave');
  await page.waitForSelector('#data-card', { state: 'visible' });
  assert.ok(!page.url().includes('lesson='));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

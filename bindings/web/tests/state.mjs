// Settings and the address: without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaults, fromAddress, suited, toAddress } from '../page/state.js';

test('the usual settings need no address', () => assert.equal(toAddress(defaults()), ''));

test('settings survive their address, whatever the names of columns are', () => {
  const usual = defaults();
  const settings = {
    ...usual,
    data: { ...usual.data, name: 'table', target: 'a&b=c, "d" %2C ü', ignore: ['x,y', 'ü=%', ''].slice(0, 2) },
    files: { table: 'my table, 1.csv', model: null },
    reading: { missing: ['x,y', 'n.a.', 'ü=%', ' ,'], coerce: ['x,y', 'number'], words: ['a,b', 'zip'], omitted: ['id'] },
    split: { share: 0.25, seed: 7 }, scaling: 'none',
    network: { hidden: [{ units: 2, activation: 'leaky_relu', parameter: 0.2 }, { units: 9, activation: 'gelu', parameter: null }], init: 'he', gain: 2.5, seed: 12 },
    training: { optimizer: 'adam', settings: { beta1: 0.8, decay: 1e-4 }, rate: 1e-3, l2: 1e-5, batch: 20, seed: 3, loss: 'smoothed_cross_entropy', parameter: 0.2 },
    view: { axes: [3, 1], log: true, points: 'wrong', speed: 0, until: 900 },
    epoch: 250, changes: [[10, 3, -0.5], [20, { rate: 0.5 }]],
  };
  assert.deepEqual(fromAddress(`#${toAddress(settings)}`), { settings, unknown: [] });
});

test('no hidden layer has a word of its own', () => {
  const settings = defaults();
  settings.network.hidden = [];
  assert.equal(toAddress(settings), 'layers=none');
  assert.deepEqual(fromAddress('layers=none').settings, settings);
});

for (const wrong of ['rate=', 'rate=much', 'epoch=-1', 'changes=[1', 'changes=[null]', 'changes=[[1,"x",2]]', 'settings=%', 'missing=x', 'coerce=x', 'nonsense', '__proto__=1', 'constructor=1']) {
  test(`what cannot be understood is named: ${wrong}`, () => assert.deepEqual(fromAddress(wrong), { settings: defaults(), unknown: [wrong] }));
}

test('a network that the user has changed stays with other data', () => {
  const settings = defaults(), data = { ...settings.data, name: 'wave' };
  assert.equal(suited(settings, data).training.optimizer, 'adam');
  settings.training.rate = 0.5;
  assert.deepEqual(suited(settings, data), { data });
});

test('a model is trained on in small steps, and keeps the layers that other data will have', () => {
  const settings = defaults(), opened = suited(settings, { ...settings.data, name: 'model' });
  assert.deepEqual([opened.training.optimizer, opened.training.rate], ['adam', 0.001]);
  assert.deepEqual(opened.network.hidden, settings.network.hidden);
  settings.training.rate = 0.5;
  assert.equal(suited(settings, { ...settings.data, name: 'model' }).training, undefined);
});

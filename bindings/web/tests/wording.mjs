// Messages of the engine in the words of the page: without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worded } from '../page/wording.js';
import { call, files, load } from './engine.mjs';

const OPEN = { do: 'open', network: { hidden: [] }, split: { share: 0.3 } };
const numbers = (rows, odd, at) => Array.from({ length: rows }, (_, k) => k === at ? odd : k).join('\n');

/** Tables and settings that are refused, and what the page says. */
const REFUSED = [
  ['an odd number', `x\n${numbers(120, 'n.a.', 9)}`, null, 'Column "x": 1 of 120 cells is no number: line 11 "n.a.". Write it as 1234.5 or 1234,5, or empty the cell: it is then missing.'],
  ['thousands', 'a,b\n"1,000",x\n"2,000",y\n', null, 'Column "a": 2 of 2 cells are no numbers: line 2 "1,000", line 3 "2,000". Write them as 1234.5 or 1234,5, or empty these cells: they are then missing.'],
  ['more odd cells than it names', `x\n${Array.from({ length: 900 }, (_, k) => k % 200 === 9 ? 'n.a.' : k).join('\n')}`, null, 'Column "x": 5 of 900 cells are no numbers: line 11 "n.a.", line 211 "n.a.", line 411 "n.a.", … Write them as 1234.5 or 1234,5, or empty these cells: they are then missing.'],
  ['a day that does not exist', 'd,k\n2024-01-01,x\n2024-02-30,y\n2024-03-01,x\n2024-03-02,y\n', null, 'Column "d": 1 of 4 cells is no date: line 3 "2024-02-30". Write it as 2024-02-29 or 2024-02-29 13:45, or empty the cell: it is then missing.'],
  ['a target with a word', `x,y\n${Array.from({ length: 30 }, (_, k) => `${k},${k === 3 ? 'none so' : k}`).join('\n')}`, { target: 'y', task: 'regression' }, 'Column "y": 1 of 30 cells is no number: line 5 "none so". Write it as 1234.5 or 1234,5, or empty the cell: it is then missing.'],
  ['few rows', 'a,k\n1,x\n2,x\n3,y\n', { target: 'a' }, '30% of 3 rows are no row to test on: choose more rows for the test, or none.'],
  ['a single column', 'a\n1\n2\n3\n4\n', { target: 'a' }, 'There is no other column to predict from.'],
  ['no column', 'a,k\n1,x\n2,x\n3,y\n', { target: 'k', ignore: ['a'] }, 'No column is left to predict from: "a" (left out).'],
];

const engine = load(`${files}ann-portable.wasm`);
for (const [name, table, data, expected] of REFUSED) {
  test(`the page explains ${name}`, () => {
    const read = call(engine, { do: 'table' }, table), refused = data ? call(engine, { ...OPEN, data: { name: 'table', ...data } }) : read;
    assert.equal(worded(refused.answer.error), expected);
  });
}

test('the page speaks of test rows only', () => {
  assert.equal(worded('the loss of the validation rows rose'), 'The loss of the test rows rose.');
  assert.equal(worded('validation row 3 has the label 2'), 'Test row 3 has the label 2.');
});

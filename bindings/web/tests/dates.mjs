// Dates along an axis: without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateTicks } from '../page/dates.js';

const CASES = [
  ['1990-01-01', '2024-12-28', '1990 2000 2010 2020'],
  ['2024-01-01', '2024-12-28', '2024-01 2024-04 2024-07 2024-10'],
  ['2024-03-01', '2024-03-20', '2024-03-07 2024-03-14'],
  ['2024-03-01', '2024-03-02', '03-01 00:00 03-01 06:00 03-01 12:00 03-01 18:00 03-02 00:00'],
  ['2024-03-01T10:00Z', '2024-03-01T10:01Z', '10:00:00 10:00:15 10:00:30 10:00:45 10:01:00'],
  ['2024-03-01', '2024-03-01', '00:00:00'],
];

const seconds = text => Date.parse(text) / 1000;
for (const [low, high, expected] of CASES) {
  test(`dates from ${low} to ${high}`, () => {
    const { ticks, texts } = dateTicks(seconds(low), seconds(high), 4);
    assert.equal(texts.join(' '), expected);
    assert.ok(ticks.every(tick => tick >= seconds(low) && tick <= seconds(high)));
  });
}

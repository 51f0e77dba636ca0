// The committed files under Node.js, without any package: the bits of the native engine, no leak, errors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ask, call, files, isFused, load } from './engine.mjs';
import { ofEngine, ofPage, sizes } from './size.mjs';

const sessions = JSON.parse(readFileSync(new URL('sessions.json', import.meta.url), 'utf8'));
const kinds = ['ann-fused.wasm', 'ann-portable.wasm'];
const all = [...kinds, 'ann-whole.wasm'];

test('page and engine are at most 350 KB, compressed by brotli', () => {
  const { brotli } = sizes([...ofPage, ...ofEngine]);
  assert.ok(brotli <= 350 * 1024, `${brotli} bytes`);
});

test('this host rounds once, so the files can be compared', () => assert.ok(isFused()));

for (const kind of all) {
  const path = `${files}${kind}`;
  // The portable file computes each fused multiply-add in software.
  for (const { name, attachment, requests, digest } of sessions) {
    test(`${kind}: ${name} has the bits of the native engine`, () => {
      const w = load(path);
      if (attachment) ask(w, { do: 'table' }, attachment);
      for (const request of requests) ask(w, request);
      assert.equal(ask(w, { do: 'digest' }).answer.theta, digest);
    });
  }

  test(`${kind}: says what it is`, () => {
    const w = load(path);
    const { answer } = ask(w, { do: 'about' });
    assert.equal(answer.contract, w.ann_contract());
    assert.equal(answer.instructions, kind.includes('portable') ? 'simd128' : 'relaxed simd');
  });

  test(`${kind}: a thousand labs that are opened and closed leave nothing`, () => {
    const w = load(path);
    const open = {
      do: 'open', data: { name: 'doughnut' }, split: { share: 0.3 },
      network: { hidden: [{ units: 4, activation: 'tanh' }] }, training: { optimizer: 'adam' },
    };
    const session = () => {
      ask(w, { do: 'table' }, 'x,y\n1,a\n2,b\n3,a\n');
      ask(w, open);
      ask(w, { do: 'step', epochs: 1 });
      ask(w, { do: 'map', axes: [0, 1], points: 20 });
      const { file } = ask(w, { do: 'export', format: 'ann' });
      ask(w, { do: 'model' }, file);
      call(w, { do: 'table' }, 'x,y\n1\n');
      ask(w, { do: 'close' });
      ask(w, { do: 'forget' });
    };
    for (let k = 0; k < 20; k++) session();
    const size = w.memory.buffer.byteLength;
    for (let k = 0; k < 1000; k++) session();
    assert.equal(w.memory.buffer.byteLength, size);
  });

  test(`${kind}: errors have codes, lines and sentences`, () => {
    const w = load(path);
    const wrong = call(w, { do: 'table' }, 'x,y\n1,2\n3\n');
    assert.deepEqual([wrong.code, wrong.answer.line], [2, 3]);
    assert.match(wrong.answer.error, /line 3/);
    const odd = call(w, { do: 'table' }, `x,y\n1,2\nn.a.,3\n${'4,5\n'.repeat(200)}`);
    assert.deepEqual([odd.code, odd.answer.line, odd.answer.column, odd.answer.cell], [2, 3, 'x', 'n.a.']);
    assert.equal(call(w, { do: 'step' }).code, 4);
    assert.equal(call(w, { dO: 'step' }).code, 1);
    // 50 MB: there is no room.
    assert.equal(w.ann_room(1, 50_000_000), 0);
    assert.equal(w.ann_room(2, 10), 0);
  });
}

test('the gradient check is in the whole engine and in the portable one, with the same numbers', () => {
  const [fused, portable, whole] = all.map((kind) => {
    const w = load(`${files}${kind}`);
    ask(w, { do: 'open', data: { name: 'iris' }, network: { hidden: [{ units: 3, activation: 'relu' }] } });
    return call(w, { do: 'check' });
  });
  assert.equal(fused.code, 7);
  assert.equal(whole.answer.verdict, 'pass');
  assert.equal(whole.answer.entries, 27);
  assert.deepEqual(portable.numbers, whole.numbers);
});

test('pictures are equal in both files', () => {
  const [fused, portable] = kinds.map((kind) => {
    const w = load(`${files}${kind}`);
    const hidden = [{ units: 5, activation: 'gelu' }];
    ask(w, { do: 'open', data: { name: 'spirals', rows: 50 }, network: { hidden } });
    return ask(w, { do: 'map', axes: [0, 1], points: 10 }).numbers;
  });
  assert.deepEqual(fused, portable);
});

// It uses functions of the platform, so it differs from native programs in the last place.
test('levenberg_marquardt has the same bits in both files', () => {
  const [fused, portable] = kinds.map((kind) => {
    const w = load(`${files}${kind}`);
    ask(w, {
      do: 'open', data: { name: 'hills', rows: 60 },
      network: { hidden: [{ units: 5, activation: 'tanh' }] },
      training: { optimizer: 'levenberg_marquardt' },
    });
    ask(w, { do: 'step', epochs: 20 });
    return ask(w, { do: 'digest' }).answer.theta;
  });
  assert.equal(fused, portable);
});

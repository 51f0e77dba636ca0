// The page in a real browser. `node --test` runs everything; the environment variable CHROMIUM names another browser, and ANN_PROGRAM the program `ann`, which then inspects a downloaded model.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { call } from '../page/engine.js';
import { ROOT, ready, shown, trainTo, until, visit } from './browser.mjs';
import { ask, files, load } from './engine.mjs';
import './dates.mjs';
import './state.mjs';
import './wording.mjs';
import './lessons.mjs';
import { site } from './site.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Two classes that a straight line divides, with a column of words and a gap. */
const OWN = 'width,height,colour,kind\n' + Array.from({ length: 80 }, (_, k) => `${(k % 10) / 5},${k === 7 ? '' : Math.floor(k / 10) / 4},${['red', 'green'][k % 2]},${k % 10 < 5 ? 'small' : 'large'}`).join('\n') + '\n';
const DOUGHNUT = 'doughnut 2-3-2 sigmoid, 100 epochs';
/** What engines are asked, and the digest of the weights that the native one found. */
const SESSIONS = JSON.parse(readFileSync(new URL('sessions.json', import.meta.url), 'utf8'));

let folder;
before(async () => { folder = await mkdtemp(path.join(tmpdir(), 'ann-page-')); });
after(() => rm(folder, { recursive: true }));

const csv = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const open = (page, file) => page.setInputFiles('#file', file);

/** Runs `check` on a fresh page, which must then have caused no error and no foreign request. */
async function on(address, check, options) {
  const page = await visit(site, address, options);
  try {
    await check(page);
    assert.deepEqual(page.problems, []);
  } finally {
    await page.context().close();
  }
}

test('the first picture is there within a second', async () => {
  // The first time the browser has just started; each time its cache is empty.
  const times = [];
  for (let k = 0; k < 3; k++) await on('', async page => { times.push(await page.evaluate(() => performance.getEntriesByName('first picture')[0].startTime)); });
  console.log(`first picture after ${times.map(Math.round).join(', ')} ms`);
  // A second on a quiet machine; a busy one gets more.
  assert.ok(Math.min(...times) < 3000, `${times} ms`);
});

test('play trains, pause pauses, step makes one epoch, reset begins anew', () => on('', async page => {
  assert.equal(await shown(page, '#epoch'), 0);
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
  const first = await shown(page, '#train-loss');
  await page.click('#play');
  await until(page, '#epoch', /^\d\d\d/);
  await page.click('#play');
  await until(page, '#play', /^Play$/);
  assert.ok(await shown(page, '#train-loss') < first);
  const epoch = await shown(page, '#epoch');
  await page.waitForTimeout(200);
  assert.equal(await shown(page, '#epoch'), epoch);
  await page.click('#reset');
  await until(page, '#epoch', /^0$/);
}));

test('play stops at the epoch that is chosen, and goes on after it', () => on('#speed=0', async page => {
  await page.fill('#until', '321');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash.includes('until=321'));
  await page.click('#play');
  await until(page, '#play', /^Play$/);
  await until(page, '#epoch', /^321$/);
  await page.click('#play');
  await until(page, '#epoch', /^[4-9]\d\d|^\d{4}/);
  await page.click('#play');
}));

test('another target has a task of its own', () => on('', async page => {
  await open(page, csv('own.csv', OWN));
  await page.waitForFunction(() => location.hash.includes('own.csv'));
  await page.selectOption('#target', 'width');
  await until(page, '#data-note', /Target: the number width/);
  await page.selectOption('#task', 'classification');
  await until(page, '#data-note', /Classes of width: 0, 0\.2/);
  await page.selectOption('#target', 'height');
  await until(page, '#data-note', /Target: the number height/);
}));

test('a table of your own learns, target and columns can be chosen', () => on('', async page => {
  await open(page, csv('own.csv', OWN));
  await until(page, '#data-note', /80 rows.*Classes of kind: /);
  await page.selectOption('#speed', '0');
  await page.click('#play');
  await until(page, '#train-metric', /^(100|9\d)/);
  await page.click('#play');
  await until(page, '#play', /^Play$/);
  assert.match(await page.textContent('#second'), /small/);
  await page.selectOption('#target', 'height');
  await until(page, '#data-note', /Target: the number height/);
  await page.click('#ignore label:has-text("colour")');
  await until(page, '#data-note', /colour/);
}));

test('other data begins with a network that suits it, unless the user has chosen another', () => on('', async page => {
  await page.selectOption('#data', 'wave');
  await until(page, '#network-size', /^1–8–8–1/);
  assert.equal(await page.inputValue('#optimizer'), 'adam');
  await page.fill('#units-0', '5');
  await page.keyboard.press('Enter');
  await until(page, '#network-size', /^1–5–8–1/);
  await page.selectOption('#data', 'doughnut');
  await until(page, '#network-size', /^2–5–8–2/);
}));

test('a wrong table names its line, and the page stays as it was', () => on('', async page => {
  await open(page, csv('bad.csv', 'a,b,kind\n1,2,x\n3,4,y\n5,y\n'));
  await until(page, '#alert', /bad\.csv.*line 4/);
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
}));

test('a file of 50 MB meets a clear limit, and the page lives', () => on('', async page => {
  // The browser makes the file itself: it is as large as one that is dropped.
  await page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(50 << 20)], 'big.csv'));
    const input = document.querySelector('#file');
    input.files = files.files;
    input.dispatchEvent(new Event('change'));
  });
  await until(page, '#alert', /big\.csv: it has 50 MB; the page reads at most 16 MB/);
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
}));

test('a dropped file is opened', () => on('', async page => {
  await page.evaluate(text => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], 'dropped.csv'));
    for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }, OWN);
  await until(page, '#data-note', /80 rows/);
}));

test('the same address gives the same network, with changes by hand on the way', () => on('#data=squares&layers=4*tanh&rate=0.5', async page => {
  await trainTo(page, 30);
  await page.fill('#weight-value', '0.75');
  await page.keyboard.press('Enter');
  await until(page, '#status', /Weight set/);
  await page.fill('#rate', '0.2');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash.includes('changes'));
  await page.click('#step');
  await until(page, '#epoch', /^31$/);
  await page.waitForFunction(() => location.hash.includes('epoch=31'));
  const digest = await page.textContent('#digest');
  const again = await visit(site, new URL(page.url()).hash);
  assert.equal(await again.textContent('#epoch'), '31');
  assert.equal(await again.textContent('#digest'), digest);
  assert.equal(await again.inputValue('#rate'), '0.2');
  assert.equal(new URL(again.url()).hash, new URL(page.url()).hash);
  await again.context().close();
}));

test('the weights have the same bits in the browser, in Node.js and natively, with both files of the engine', () => on('', async page => {
  const portable = new WebAssembly.Module(readFileSync(`${ROOT}wasm/ann-portable.wasm`));
  const expected = SESSIONS.map(({ requests, attachment, digest }) => {
    const { exports } = new WebAssembly.Instance(portable, {});
    if (attachment) call(exports, { do: 'table' }, new TextEncoder().encode(attachment));
    requests.forEach(request => call(exports, request));
    const found = call(exports, { do: 'digest' }).answer.theta;
    // Node.js has the bits of the native library.
    assert.equal(found, digest);
    return found;
  });
  for (const kind of ['fused', 'portable']) {
    const found = await page.evaluate(async ([kind, sessions]) => {
      const { loadEngine } = await import('./engine.js');
      const digests = [];
      for (const { requests, attachment } of sessions) {
        const engine = await loadEngine(kind);
        if (attachment) engine.call({ do: 'table' }, new TextEncoder().encode(attachment));
        requests.forEach(request => engine.call(request));
        digests.push(engine.call({ do: 'digest' }).answer.theta);
      }
      return digests;
    }, [kind, SESSIONS]);
    assert.deepEqual(found, expected, kind);
  }
  console.log(`${expected.length} networks with the bits of the native library`);
  // And so has the network of the page itself.
  const doughnut = SESSIONS.findIndex(({ name }) => name === DOUGHNUT), { rate } = SESSIONS[doughnut].requests[0].training;
  await page.evaluate(hash => { location.hash = hash; }, `layers=3*sigmoid&rate=${rate}&test=0&epoch=100`);
  await until(page, '#digest', new RegExp(expected[doughnut]));
}));

test('an address that cannot be understood is named, and the rest is used', () => on('#layers=2*relu&nonsense=1&rate=much', async page => {
  assert.match(await page.textContent('#alert'), /nonsense=1, rate=much/);
  assert.equal(await page.inputValue('#units-0'), '2');
}));

test('no address breaks the page', () => on('', async page => {
  const wrong = [
    'layers=999999*evil', 'layers=3*<img src=x>', 'settings=5', 'changes=[null]', 'changes=[["x",1,2]]', 'axes=', 'axes=9,9', 'epoch=1e300&rate=1e300', 'data=nothing',
    'data=model', 'rows=1e12', 'speed=3', 'points=x', 'task=x', 'target=%3Cscript%3E', 'layers=256*tanh,256*tanh,256*tanh,256*tanh', 'test=2',
  ];
  for (const hash of wrong) {
    await page.evaluate(text => { location.hash = text; }, hash);
    await page.waitForTimeout(100);
  }
  await page.evaluate(() => { location.hash = 'layers=5*tanh&epoch=3'; });
  await until(page, '#network-size', /^2–5–2/);
  await until(page, '#epoch', /^3$/);
}));

test('the gradient check compares every entry, and blames a planted error alone', () => on('#layers=3*relu&epoch=20', async page => {
  await page.click('#check');
  await page.waitForSelector('#check-result:not([hidden])');
  const rows = await page.locator('#check-table tbody tr').count();
  assert.equal(rows, 3 * 3 + 2 * 4);
  assert.equal(await page.locator('#check-table tr.wrong').count(), 0);
  await page.click('#plant');
  await until(page, '#verdict', /^Caught: 1 of 17/);
  assert.equal(await page.locator('#check-table tr.wrong').count(), 1);
  await page.click('#plant');
  assert.equal(await page.locator('#check-table tr.wrong').count(), 0);
}));

test('the check loads the whole engine, and is of the lab as it is: own table, other layers, settings and weights', () => on('', async page => {
  const loaded = [];
  page.context().on('request', request => { if (request.url().endsWith('.wasm')) loaded.push(request.url().split('/').at(-1)); });
  const found = await page.evaluate(async table => {
    const { Client } = await import(new URL('client.js', location.href));
    const client = new Client(error => { throw error; }), bytes = text => new TextEncoder().encode(text);
    await client.load();
    await client.call({ do: 'table' }, bytes(table));
    await client.call({ do: 'open', data: { name: 'table', target: 'kind' }, split: { share: 0.3 }, network: { hidden: [{ units: 2, activation: 'relu' }] } });
    await client.call({ do: 'step', epochs: 5 });
    await client.call({ do: 'network', network: { hidden: [{ units: 3, activation: 'tanh' }], seed: 4 } });
    await client.call({ do: 'training', training: { optimizer: 'adam', rate: 0.02, l2: 0.01 } });
    await client.call({ do: 'step', epochs: 7 });
    await client.call({ do: 'set', index: 1, value: 0.25 });
    // Another table, which no lab uses yet.
    await client.call({ do: 'table' }, bytes('a,b\n1,x\n2,y\n'));
    const { numbers: gradient } = await client.call({ do: 'gradient' });
    const { answer, numbers } = await client.call({ do: 'check', step: 1e-4 });
    await client.call({ do: 'check', step: 1e-3 });
    // The lab was not touched.
    const { epoch } = await client.ask({ do: 'step', epochs: 1 });
    return { verdict: answer.verdict, analytic: [...gradient.keys()].map(k => numbers[7 * k + 1]), gradient: [...gradient], epoch };
  }, OWN);
  assert.equal(found.verdict, 'pass');
  assert.deepEqual(found.analytic, found.gradient);
  assert.equal(found.epoch, 8);
  assert.deepEqual(loaded, ['probe.wasm', 'ann-fused.wasm', 'ann-whole.wasm']);
}));

test('a weight is read by pointing, chosen by a click, and changed', () => on('#layers=2*sigmoid', async page => {
  const before = await page.textContent('#digest');
  const box = await page.locator('#network').boundingBox();
  for (let y = box.y + 6; y < box.y + box.height && await page.locator('#tip').isHidden(); y += 3) await page.mouse.move(box.x + box.width * 0.33, y);
  assert.match(await page.textContent('#tip'), /^W¹ from . to unit \d of layer 1 = /);
  await page.mouse.down();
  await page.mouse.up();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'weight-value');
  await page.keyboard.type('2.5');
  await page.keyboard.press('Enter');
  await until(page, '#status', /Weight set to 2\.5/);
  await page.waitForFunction(old => document.querySelector('#digest').textContent !== old, before);
}));

test('downloads: a model that the program and the page can read, ONNX, a Rust program', () => on('#layers=3*tanh&epoch=40', async page => {
  const files = {};
  for (const format of ['ann', 'onnx', 'rust']) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-format=${format}]`)]);
    files[format] = await readFile(await download.path());
    files[`${format} name`] = download.suggestedFilename();
  }
  assert.match(files['ann name'], /\.ann$/);
  assert.match(files.rust.toString(), /fn main/);
  assert.ok(files.onnx.length > 100);
  const file = path.join(folder, files['ann name']);
  writeFileSync(file, files.ann);
  if (process.env.ANN_PROGRAM) assert.match(execFileSync(process.env.ANN_PROGRAM, ['inspect', file], { encoding: 'utf8' }), /tanh/i);
  else console.log('ANN_PROGRAM is not set: the model was not inspected by the program');
  await open(page, file);
  await until(page, '#data-note', /This model was trained with: x, y/);
  // A table with other columns gets a new network. The model is then opened without the table.
  await open(page, csv('own.csv', OWN));
  await until(page, '#data-note', /80 rows/);
  await open(page, file);
  await until(page, '#data-note', /This model was trained with: x, y/);
  assert.match(await page.textContent('#alert'), /own.csv lacks what .*\.ann needs/);
}));

test('two charts of numbers: a curve with residuals, a map', () => on('#data=wave&layers=8*tanh&optimizer=adam&rate=0.05&epoch=100', async page => {
  assert.match(await page.textContent('#second'), /Residual/);
  assert.match(await page.textContent('#train-metric-name'), /R²/);
  await page.selectOption('#data', 'hills');
  await until(page, '#data-note', /2 inputs/);
}));

test('after a panic the page says so and goes on', async () => {
  site.files['/engine.js'] = stored => `${stored}`.replace('code = wasm.ann_call();', 'if (request.do === "findings" && globalThis.broken !== true) { globalThis.broken = true; throw new WebAssembly.RuntimeError("unreachable"); } code = wasm.ann_call();');
  try {
    await on('', async page => {
      await until(page, '#alert', /The engine stopped: it met a mistake of its own, or memory was exhausted.*started again/);
      await page.click('#step');
      await until(page, '#epoch', /^1$/);
    });
  } finally {
    delete site.files['/engine.js'];
  }
});

test('without relaxed SIMD the portable engine is used', async () => {
  site.files['/wasm/probe.wasm'] = 'no WebAssembly';
  try {
    await on('#layers=2*tanh&epoch=5', async page => {
      assert.match(await page.textContent('#engine-note'), /portable engine/);
      assert.equal(await shown(page, '#epoch'), 5);
    });
  } finally {
    delete site.files['/wasm/probe.wasm'];
  }
});

test('screen readers are told the state rarely while the network trains', () => on('', async page => {
  await page.click('#play');
  const changes = await page.evaluate(() => new Promise(done => {
    let count = 0;
    const observer = new MutationObserver(records => { count += records.length; });
    for (const region of document.querySelectorAll('[role=status], [role=alert], [aria-live], output')) observer.observe(region, { childList: true, characterData: true, subtree: true });
    setTimeout(() => done(count), 3000);
  }));
  await page.click('#play');
  assert.ok(changes <= 2, `${changes} changes in 3 s`);
}));

test('a file beside the page is opened by its address', async () => {
  site.files['/open/own table.csv'] = OWN;
  await on('?open=own%20table.csv', async page => { await until(page, '#data-note', /80 rows/); });
});

test('a file beside the page that is wrong is named, and the page begins with its usual data', async () => {
  site.files['/open/bad.csv'] = 'a,b\n1,2\n3\n';
  await on('?open=bad.csv', async page => {
    await until(page, '#alert', /bad\.csv.*line 3/);
    await until(page, '#data-note', /216 rows/);
  });
});

test('an address of a table stays until its file is opened, and is then used', () => on('#data=table&target=kind&layers=2*tanh&rate=0.3&epoch=12&table=own.csv', async page => {
  const address = page.url();
  assert.match(await page.textContent('#awaited-text'), /belongs to your table own\.csv \(with the column kind\)/);
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
  await page.fill('#weight-value', '0.5');
  await page.keyboard.press('Enter');
  await until(page, '#status', /Weight set/);
  assert.equal(page.url(), address);
  await page.reload();
  await ready(page);
  await open(page, csv('own (1).csv', OWN));
  await until(page, '#data-note', /80 rows/);
  await until(page, '#epoch', /^12$/);
  assert.equal(await page.inputValue('#units-0'), '2');
  assert.equal(await page.inputValue('#rate'), '0.3');
  await page.waitForSelector('#awaited', { state: 'hidden' });
}));

test('a page with a table of your own is loaded again, and trains the same network when the file is there', () => on('', async page => {
  await open(page, csv('own.csv', OWN));
  await page.waitForFunction(() => location.hash.includes('table=own.csv'));
  await trainTo(page, 15);
  const [address, digest] = [page.url(), await page.textContent('#digest')];
  await page.reload();
  await ready(page);
  assert.equal(page.url(), address);
  await open(page, csv('own.csv', OWN));
  await until(page, '#epoch', /^15$/);
  await until(page, '#digest', new RegExp(digest));
  assert.equal(page.url(), address);
}));

test('an address of a model and its table waits for both', () => on('#layers=3*tanh', async page => {
  const rows = 'x,y,Class\n' + Array.from({ length: 40 }, (_, k) => `${k / 40},${(k % 7) / 7},C${1 + k % 2}`).join('\n');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-format=ann]')]);
  const files = { model: { name: 'own.ann', mimeType: 'application/octet-stream', buffer: await readFile(await download.path()) }, table: csv('rows.csv', rows) };
  await open(page, files.model);
  await until(page, '#data-note', /This model was trained with/);
  await open(page, files.table);
  await page.waitForFunction(() => location.hash.includes('table=rows.csv'));
  await trainTo(page, 5);
  const digest = await page.textContent('#digest');
  await page.reload();
  await ready(page);
  assert.match(await page.textContent('#awaited-text'), /your model own\.ann and your table rows\.csv/);
  await open(page, files.table);
  await until(page, '#awaited-text', /your model own\.ann\./);
  await open(page, files.model);
  await until(page, '#epoch', /^5$/);
  await until(page, '#digest', new RegExp(digest));
  // Or both at once.
  await page.reload();
  await ready(page);
  await open(page, [files.model, files.table]);
  await until(page, '#epoch', /^5$/);
  await until(page, '#digest', new RegExp(digest));
}));

test('who has not the file of an address goes on without it, and finds the address again', () => on('#data=table&target=kind&table=own.csv', async page => {
  const address = page.url();
  await page.click('#awaited-end');
  await page.waitForFunction(old => location.href !== old, address);
  assert.ok(await page.isHidden('#awaited'));
  await page.goBack();
  await page.waitForSelector('#awaited:not([hidden])');
  assert.equal(page.url(), address);
  await open(page, csv('other.csv', OWN.replace('kind', 'size')));
  await until(page, '#alert', /other\.csv has no column "kind"/);
  await page.goBack();
  await page.waitForSelector('#awaited:not([hidden])');
  assert.equal(page.url(), address);
}));

test('columns of an address that the file lacks are named, and the page goes on with those that are there', () => on('#data=table&target=kind&without=gone,height&words=lost&missing=lost,x,width,none&table=own.csv&layers=2*tanh&epoch=3', async page => {
  await open(page, csv('own.csv', OWN));
  await until(page, '#alert', /^own\.csv has no column "lost", "gone", which the address names\. The page goes on with the columns that are there\.$/);
  await until(page, '#epoch', /^3$/);
  assert.deepEqual(await page.locator('#ignore-boxes input').evaluateAll(list => list.map(box => [box.value, box.checked])), [['width', true], ['height', false], ['colour', true]]);
  assert.match(page.url(), /without=height&missing=width,none&layers=2\*tanh&epoch=3$/);
  // The open table with another address.
  await page.evaluate(() => { location.hash = location.hash.replace('target=kind', 'target=size').replace('missing=width,none', 'omitted=depth'); });
  await until(page, '#alert', /^own\.csv has no column "depth", "size"/);
  await until(page, '#data-note', /Classes of kind/);
  // A file without the target, and without a column that is read in another way.
  await page.goto('about:blank');
  await page.goto(`${site.origin}#data=table&target=size&words=lost&table=own.csv`);
  await ready(page);
  await open(page, csv('own.csv', OWN));
  await until(page, '#alert', /own\.csv has no column "size", so it is not the table of the address/);
  await until(page, '#data-note', /Classes of kind/);
}));

test('a table that is compressed by gzip is unpacked, and judged by what comes out', () => on('', async page => {
  const zipped = (name, text) => ({ name, mimeType: 'application/gzip', buffer: gzipSync(text) });
  await open(page, zipped('own.csv.gz', OWN));
  await until(page, '#data-note', /80 rows.*Classes of kind/);
  await page.waitForFunction(() => location.hash.includes('table=own.csv.gz'));
  await open(page, zipped('big.csv.gz', Buffer.alloc(64 << 20, '1,2\n')));
  await until(page, '#alert', /big\.csv\.gz: unpacked it has more than 16 MB; the page reads at most 16 MB/);
  await open(page, { ...zipped('cut.csv.gz', OWN), buffer: gzipSync(OWN).subarray(0, 100) });
  await until(page, '#alert', /cut\.csv\.gz: it is compressed by gzip, but cut short or damaged/);
  assert.match(await page.textContent('#data-note'), /80 rows/);
  // Dropped.
  await page.evaluate(bytes => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.csv.gz'));
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer }));
  }, [...gzipSync(OWN.replaceAll('kind', 'size'))]);
  await until(page, '#data-note', /Classes of size/);
}));

test('a served table that is compressed by gzip is opened', async () => {
  site.files['/open/own.csv.gz'] = gzipSync(OWN);
  await on('?open=own.csv.gz', async page => { await until(page, '#data-note', /80 rows/); });
});

test('data that the user chooses beside a served file are those of the address', async () => {
  site.files['/open/own.csv'] = OWN;
  await on('?open=own.csv', async page => {
    await until(page, '#data-note', /80 rows/);
    await page.selectOption('#data', 'squares');
    await page.waitForFunction(() => location.hash.includes('data=squares') && !location.search);
    await page.reload();
    await ready(page);
    await until(page, '#data-note', /400 rows/);
    await page.goBack();
    await until(page, '#data-note', /80 rows/);
  });
});

test('a bookmark of a served file brings the same network back, and says if the table is another', async () => {
  site.files['/open/own.csv'] = OWN;
  await on('?open=own.csv#data=table&target=kind&table=own.csv&layers=2*tanh&epoch=9', async page => {
    await until(page, '#data-note', /80 rows/);
    await until(page, '#epoch', /^9$/);
    assert.match(page.url(), /\?open=own\.csv#data=table&target=kind&table=own\.csv&layers=2\*tanh&epoch=9$/);
  });
  await on('?open=own.csv#data=table&target=gone&table=own.csv&epoch=9', async page => {
    await until(page, '#alert', /own\.csv has no column "gone"/);
    assert.match(await page.textContent('#data-note'), /80 rows/);
  });
});

test('changes that are made while the page is busy are all made, and training begins after them', async () => {
  site.files['/worker.js'] = stored => `${stored}`.replace('try {', "try { if (request?.do === 'open') await new Promise(done => setTimeout(done, 700));");
  try {
    await on('', async page => {
      // All within the time that the first of them takes.
      await page.evaluate(() => {
        const set = (id, value) => { const field = document.getElementById(id); field.value = value; field.dispatchEvent(new Event('change')); };
        set('rows', '100'); set('noise', '0.05'); set('data', 'wave');
        document.getElementById('play').click();
      });
      await until(page, '#network-size', /^1–8–8–1/);
      await until(page, '#epoch', /^\d\d/);
      await page.click('#play');
      await until(page, '#play', /^Play$/);
      await page.evaluate(() => {
        const set = (id, value) => { const field = document.getElementById(id); field.value = value; field.dispatchEvent(new Event('change')); };
        set('rows', '60'); set('noise', '0.2');
        document.getElementById('step').click();
      });
      await until(page, '#epoch', /^1$/);
      assert.match(page.url(), /rows=60&noise=0\.2/);
      assert.ok(await page.isHidden('#alert'));
    });
  } finally {
    delete site.files['/worker.js'];
  }
});

test('a network of many epochs is trained again wholly, with progress', () => on('#rows=10&layers=1*tanh', async page => {
  await page.evaluate(() => { location.hash += '&epoch=150000'; });
  await page.waitForSelector('#replay:not([hidden])');
  assert.ok(await page.evaluate(() => document.querySelector('#replay').max) === 150000);
  await until(page, '#epoch', /^150000$/, 60000);
  await page.waitForSelector('#replay', { state: 'hidden' });
}));

test('training again can be stopped, and the page says what is missing', () => on('#rows=10&layers=1*tanh&epoch=3', async page => {
  await page.evaluate(() => { location.hash = location.hash.replace('epoch=3', 'epoch=90000000'); });
  const address = page.url();
  await page.waitForFunction(() => Number(document.querySelector('#epoch').textContent) > 3 && document.querySelector('#play').textContent === 'Pause');
  assert.equal(page.url(), address, 'the address is kept while it is trained');
  await page.click('#play');
  await until(page, '#alert', /Stopped at epoch \d+, before epoch 90000000/);
  await page.waitForFunction(old => location.href !== old, address);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('#play').textContent === 'Pause');
  assert.equal(page.url(), address);
}));

test('a weight changed by hand counts in the curves at once, and so does another penalty', () => on('#data=squares&layers=4*tanh&rate=0.5&epoch=30', async page => {
  const described = async () => assert.ok((await page.getAttribute('#loss-curve', 'aria-label')).includes(`after 30 epochs: ${await page.textContent('#train-loss')} of the training`), await page.getAttribute('#loss-curve', 'aria-label'));
  await described();
  const loss = await page.textContent('#train-loss');
  await page.fill('#weight-value', '9');
  await page.keyboard.press('Enter');
  await until(page, '#status', /Weight set/);
  await page.waitForFunction(() => location.hash.includes('changes'));
  assert.notEqual(await page.textContent('#train-loss'), loss);
  await described();
  await page.selectOption('#loss', 'smoothed_cross_entropy');
  await page.waitForFunction(() => location.hash.includes('smoothed'));
  await described();
}));

test('a model is trained on with a rate that the page shows', () => on('#layers=3*tanh', async page => {
  const rows = 'x,y,Class\n' + Array.from({ length: 40 }, (_, k) => `${k / 40},${(k % 7) / 7},C${1 + k % 2}`).join('\n');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-format=ann]')]);
  const model = await readFile(await download.path());
  await open(page, { name: 'own.ann', mimeType: 'application/octet-stream', buffer: model });
  await until(page, '#data-note', /This model was trained with/);
  await open(page, csv('rows.csv', rows));
  await until(page, '#data-note', /40 rows/);
  assert.deepEqual([await page.inputValue('#optimizer'), await page.inputValue('#rate')], ['adam', '0.001']);
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
  // The engine makes the same step with the rate that is shown.
  const engine = load(`${files}ann-portable.wasm`);
  ask(engine, { do: 'table' }, rows);
  ask(engine, { do: 'model' }, model);
  ask(engine, { do: 'open', data: { name: 'model' }, split: { share: 0.3 }, training: { optimizer: 'adam', rate: 0.001 } });
  ask(engine, { do: 'step', epochs: 1 });
  await until(page, '#digest', new RegExp(ask(engine, { do: 'digest' }).answer.theta));
  // Other data get their own rate again.
  await page.selectOption('#data', 'doughnut');
  await until(page, '#data-note', /216 rows/);
  assert.equal(await page.inputValue('#rate'), '1');
}));

/** Numbers, with a few cells that are something else: `odd` has a list of [row, cell] for each column. */
function withOdd(odd, rows = 120) {
  const names = Object.keys(odd), cell = (name, k) => odd[name].find(([row]) => row === k)?.[1] ?? (k * 7) % 31;
  return `${names},kind\n${Array.from({ length: rows }, (_, k) => `${names.map(name => cell(name, k))},${'ab'[k % 2]}`).join('\n')}\n`;
}
const boxes = page => page.locator('#ignore-boxes label').allTextContents();
const hasAddress = (page, part) => page.waitForFunction(text => location.hash.split('&').includes(text), part);

test('an odd cell is treated as missing, then the next one of its column or of another: by the keyboard', () => on('', async page => {
  const press = async () => { await page.focus('#way-missing'); await page.keyboard.press('Enter'); };
  const focused = id => page.waitForFunction(wanted => document.activeElement.id === wanted, id);
  await open(page, csv('odd.csv', withOdd({ x: [[41, 'n.a.'], [60, 'gone']], y: [[3, '-']] }, 300)));
  await until(page, '#alert', /odd\.csv: column "x": 2 of 300 cells are no numbers: line 43 "n\.a\.", line 62 "gone"\. Write them as 1234\.5 or 1234,5, or empty these cells: they are then missing\. Or choose how the page reads them:$/);
  assert.deepEqual(await page.locator('#ways button').allTextContents(), ['Treat "n.a." as missing', 'Treat all 2 cells that are no numbers as missing', 'Read x as words', 'Leave x out']);
  await accessible(page);
  await press();
  await until(page, '#way-missing', /"gone"/);
  await until(page, '#alert', /column "x": 1 of 299 cells is no number: line 62 "gone".*reads it:$/);
  assert.ok(await page.isHidden('#way-coerce'));
  await focused('way-missing');
  await page.keyboard.press('Enter');
  await until(page, '#alert', /column "y": 1 of 300 cells is no number: line 5 "-"/);
  await focused('way-missing');
  await page.keyboard.press('Enter');
  await until(page, '#data-note', /300 rows.*4 inputs.*Classes of kind/);
  await focused('data');
  assert.ok(await page.isHidden('#ways') && await page.isHidden('#alert'));
  assert.deepEqual(await boxes(page), ['x: number, 2 missing', 'y: number, 1 missing']);
  await hasAddress(page, 'missing=x,n.a.,x,gone,y,-');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-format=rust]')]);
  assert.match(await readFile(await download.path(), 'utf8'), /missing_in: vec!\[\("x"\.into\(\), "n\.a\."\.into\(\)\)/);
  // Other data have no such choices; the table keeps them.
  await page.selectOption('#data', 'wave');
  await page.waitForFunction(() => location.hash.includes('data=wave') && !location.hash.includes('missing'));
  await page.selectOption('#data', 'table');
  await hasAddress(page, 'missing=x,n.a.,x,gone,y,-');
}));

test('many odd cells of a column are treated as missing by one answer, which the address keeps', () => on('', async page => {
  const odd = Array.from({ length: 12 }, (_, k) => [100 * k + 5, `about ${k}`]);
  const table = csv('odd.csv', withOdd({ x: odd, y: [] }, 1300));
  await open(page, table);
  await page.click('text=Treat all 12 cells that are no numbers as missing');
  await until(page, '#data-note', /1300 rows/);
  assert.ok(await page.isHidden('#ways') && await page.isHidden('#alert'));
  assert.deepEqual(await boxes(page), ['x: number, 12 missing', 'y: number']);
  await hasAddress(page, 'coerce=x,number');
  // The program for people names the words.
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-format=rust]')]);
  assert.equal((await readFile(await download.path(), 'utf8')).match(/"about \d+"\.into/g).length, 12);
  await trainTo(page, 3);
  const digest = await page.textContent('#digest');
  await page.reload();
  await ready(page);
  await open(page, table);
  await until(page, '#epoch', /^3$/);
  await until(page, '#digest', new RegExp(digest));
}));

/** A target of numbers, of which some cells are words: so many that the column holds words, unless it is said otherwise. */
const MIXED = `x,y\n${Array.from({ length: 120 }, (_, k) => `${k % 17},${k % 20 === 3 ? 'none' : k % 20 === 7 ? 'lost' : k % 4}`).join('\n')}\n`;

test('a target of numbers with some words is learned after one answer', () => on('', async page => {
  await open(page, csv('mixed.csv', MIXED));
  await until(page, '#data-note', /Classes of y/);
  await page.selectOption('#task', 'regression');
  await until(page, '#alert', /Column "y": 12 of 120 cells are no numbers: line 5 "none", line 9 "lost".*Or choose how the page reads them:$/);
  assert.deepEqual(await page.locator('#ways button:visible').allTextContents(), ['Treat "none" as missing', 'Treat all 12 cells that are no numbers as missing', 'Read y as classes']);
  await accessible(page);
  // One after the other: the table in use is the one before, until all are answered.
  await page.click('#way-missing');
  await until(page, '#way-missing', /"lost"/);
  assert.match(await page.textContent('#data-note'), /Classes of y/);
  assert.ok(!page.url().includes('missing='));
  await page.click('#way-coerce');
  await until(page, '#data-note', /108 rows.*Target: the number y/);
  assert.ok(await page.isHidden('#ways') && await page.isHidden('#alert'));
  await hasAddress(page, 'coerce=y,number');
  await hasAddress(page, 'task=regression');
}));

test('a target of numbers with some words is learned as classes after one answer', () => on('', async page => {
  await open(page, csv('mixed.csv', MIXED));
  await until(page, '#data-note', /Classes of y/);
  await page.selectOption('#task', 'regression');
  await page.click('text=Read y as classes');
  await hasAddress(page, 'task=classification');
  await until(page, '#data-note', /Classes of y/);
  assert.ok(await page.isHidden('#ways') && await page.isHidden('#alert'));
}));

test('a column with an odd cell is read as words', () => on('', async page => {
  await open(page, csv('odd.csv', withOdd({ 'the zip, "x"': [[41, 'n.a.']], y: [] }).replace('the zip, "x"', '"the zip, ""x"""')));
  await page.click('text=Read the zip, "x" as words');
  await until(page, '#data-note', /120 rows/);
  assert.deepEqual(await boxes(page), ['the zip, "x": category, 32 values', 'y: number']);
  await page.waitForFunction(() => location.hash.includes('words='));
}));

test('a column with an odd cell is left out', () => on('', async page => {
  await open(page, csv('odd.csv', withOdd({ x: [[41, 'n.a.']], y: [] })));
  await page.click('text=Leave x out');
  await until(page, '#data-note', /120 rows.*1 input\./);
  assert.deepEqual(await boxes(page), ['y: number']);
  await hasAddress(page, 'omitted=x');
}));

test('how a table is read is in the address, and the same file gives the same network again', () => on('', async page => {
  const odd = { x: [[41, 'n.a.']], y: [[50, 'many']], z: [[60, '?!']], w: [] };
  await open(page, csv('odd.csv', withOdd(odd)));
  for (const [way, next] of [['missing', 'y'], ['words', 'z'], ['omitted']]) {
    await page.click(`#way-${way}`);
    if (next) await until(page, '#alert', new RegExp(`column "${next}"`));
  }
  await hasAddress(page, 'omitted=z');
  await trainTo(page, 5);
  const address = page.url(), digest = await page.textContent('#digest');
  await page.reload();
  await ready(page);
  await page.waitForSelector('#awaited:not([hidden])');
  await open(page, csv('odd.csv', withOdd(odd)));
  await until(page, '#epoch', /^5$/);
  await until(page, '#digest', new RegExp(digest));
  assert.equal(page.url(), address);
  // An address of the same file that reads it in another way.
  await page.evaluate(() => { location.hash = location.hash.replace('&words=y', '').replace('omitted=z', 'omitted=z,y'); });
  await until(page, '#data-note', /3 inputs/);
  assert.deepEqual(await boxes(page), ['x: number, 1 missing', 'w: number']);
  await page.goBack();
  await until(page, '#digest', new RegExp(digest));
  // A cell that is odd since then is asked about, and the address waits.
  await page.reload();
  await ready(page);
  await open(page, csv('odd.csv', withOdd({ ...odd, w: [[7, 'new']] })));
  await until(page, '#alert', /column "w"/);
  assert.equal(page.url(), address);
  await page.click('#way-missing');
  await until(page, '#epoch', /^5$/);
  await hasAddress(page, 'missing=x,n.a.,w,new');
}));

test('a served table with an odd cell is offered with its ways to be read, and opened so again', async () => {
  site.files['/open/odd.csv'] = withOdd({ x: [[41, 'n.a.']], y: [] });
  await on('?open=odd.csv', async page => {
    await until(page, '#data-note', /216 rows/);
    await page.click('#way-missing');
    await until(page, '#data-note', /120 rows/);
    await hasAddress(page, 'missing=x,n.a.');
    await page.reload();
    await ready(page);
    await until(page, '#data-note', /120 rows/);
    assert.ok(await page.isHidden('#awaited') && await page.isHidden('#ways'));
    await page.selectOption('#data', 'squares');
    await page.waitForFunction(() => location.hash.includes('data=squares') && !location.search);
  });
});

test('the page works in a folder of any server', () => on('sub/folder/#layers=2*tanh', async page => {
  await page.click('#step');
  await until(page, '#epoch', /^1$/);
}));

test('the keyboard alone is enough', () => on('', async page => {
  const reach = async id => {
    for (let k = 0; k < 80; k++) {
      if (await page.evaluate(() => document.activeElement?.id) === id) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${id} is not reached by Tab`);
  };
  await reach('step');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none');
  await page.keyboard.press('Enter');
  await until(page, '#epoch', /^1$/);
  await reach('data');
  await page.keyboard.type('Squ');
  await until(page, '#data-note', /400 rows/);
  await reach('units-0');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await until(page, '#network-size', /2–5–2/);
  await reach('weight-value');
  await page.keyboard.type('-1.5');
  await page.keyboard.press('Enter');
  await until(page, '#status', /Weight set to −1\.5/);
  await reach('check');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#check-result:not([hidden])');
  await reach('plant');
  await page.keyboard.press('Space');
  await until(page, '#verdict', /Caught/);
}));

test('a field keeps the focus when the page shows what has changed', () => on('#optimizer=adam&rate=0.01', async page => {
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.value);
  const changed = before => page.waitForFunction(old => location.href !== old && document.querySelector('#status').textContent !== '', before);
  await page.focus('#adam-beta1');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('0.8');
  let before = page.url();
  await page.keyboard.press('Tab');
  await changed(before);
  assert.equal(await focused(), 'adam-beta2');
  await open(page, csv('own.csv', OWN));
  await page.waitForFunction(() => location.hash.includes('own.csv'));
  await page.focus('#ignore-boxes [value=colour]');
  before = page.url();
  await page.keyboard.press('Space');
  await changed(before);
  assert.equal(await focused(), 'colour');
  assert.match(await page.textContent('#data-note'), /Column colour is not used: it has no tick/);
}));

test('a table with more columns than the page takes is opened with those that fit', () => on('', async page => {
  const names = Array.from({ length: 600 }, (_, k) => `c${k}`);
  await open(page, csv('wide.csv', `${names},y\n${Array.from({ length: 30 }, (_, row) => `${names.map((_, k) => (row * (k + 3)) % 997)},${row % 2 ? 'p' : 'q'}`).join('\n')}`));
  await until(page, '#data-note', /512 inputs/);
  assert.match(await page.textContent('#alert'), /wide\.csv makes more inputs than the 512 that the page takes, so 88 of its columns have no tick/);
}));

test('a few of many columns are chosen without a hundred clicks', () => on('', async page => {
  const names = Array.from({ length: 100 }, (_, k) => `c${k}`);
  await open(page, csv('wide.csv', `${names},y\n${Array.from({ length: 30 }, (_, row) => `${names.map((_, k) => (row * (k + 3)) % 131)},${row % 2 ? 'p' : 'q'}`).join('\n')}`));
  await until(page, '#data-note', /100 inputs/);
  await page.click('#ignore-none');
  await page.click('#ignore-boxes [value=c7]');
  await until(page, '#data-note', /1 input\./);
  await page.click('#ignore-boxes [value=c9]');
  await until(page, '#data-note', /2 inputs\./);
  await page.click('#ignore-every');
  await until(page, '#data-note', /100 inputs/);
}));

const VIEWS = [['wide', { width: 1440, height: 900 }], ['phone', { width: 360, height: 740 }]].flatMap(([name, size]) => ['light', 'dark'].map(scheme => [`${name}, ${scheme}`, { ...size, scheme }]));
for (const [name, options] of VIEWS) {
  test(`no violation of accessibility rules, ${name}`, () => on('#layers=3*relu,2*leaky_relu&epoch=30', async page => {
    await page.click('#check');
    await page.waitForSelector('#check-result:not([hidden])');
    await page.click('#plant');
    await accessible(page);
  }, options));
  test(`no violation of accessibility rules, lesson, ${name}`, () => on('?lesson=regression', accessible, options));
}

async function accessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), []);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, 'the page is wider than the window');
}

test('the figures fit on a phone, however small the loss is', () => on('#data=spirals&layers=8*tanh,8*tanh&optimizer=adam&rate=0.02&epoch=2000', async page => {
  assert.match(await page.textContent('#train-loss'), /× 10⁻/);
  assert.equal(await page.evaluate(() => { const { scrollWidth, clientWidth } = document.querySelector('.figures'); return scrollWidth - clientWidth; }), 0);
}, { width: 360, height: 740 }));

test('a user who asks for less motion sees few pictures', () => on('#speed=0', async page => {
  await page.click('#play');
  await page.waitForTimeout(300);
  const pictures = await page.evaluate(() => new Promise(done => {
    let count = 0;
    new MutationObserver(() => { count++; }).observe(document.querySelector('#epoch'), { childList: true });
    setTimeout(() => done(count), 1500);
  }));
  await page.click('#play');
  assert.ok(pictures <= 4, `${pictures} in 1.5 s`);
}, { motion: 'reduce' }));

test('pictures while the doughnut trains', () => on('#speed=0', async page => {
  await page.click('#play');
  await page.waitForTimeout(500);
  const { frames, pictures } = await page.evaluate(() => new Promise(done => {
    const epoch = document.querySelector('#epoch');
    let frames = 0, pictures = 0;
    const observer = new MutationObserver(() => { pictures++; });
    observer.observe(epoch, { childList: true, characterData: true, subtree: true });
    const start = performance.now();
    requestAnimationFrame(function count() {
      frames++;
      if (performance.now() - start < 2000) requestAnimationFrame(count);
      else { observer.disconnect(); const seconds = (performance.now() - start) / 1000; done({ frames: frames / seconds, pictures: pictures / seconds }); }
    });
  }));
  await page.click('#play');
  console.log(`${frames.toFixed(1)} frames and ${pictures.toFixed(1)} pictures a second, epoch ${await page.textContent('#epoch')}`);
  // 60 on a quiet machine; a busy one shows fewer.
  assert.ok(frames > 10, `${frames} frames a second`);
}));

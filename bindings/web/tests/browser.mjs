// What every test needs: a server of the page on loopback, one Chromium, and a page that fails the test on any error or foreign request.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const ROOT = fileURLToPath(new URL('../page/', import.meta.url));
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', wasm: 'application/wasm', csv: 'text/csv' };
// No connection of the browser itself, and no graphics card.
const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Starts server and browser. `files` are served besides the page, by path: a text, or a function of the file that is replaced. */
export async function start() {
  const files = {};
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://page').pathname).replace(/^\/sub\/folder/, '').replace(/\/$/, '/index.html');
    try {
      const found = files[name], stored = () => readFile(path.join(ROOT, path.normalize(name)));
      const body = typeof found === 'function' ? await found(await stored()) : found ?? await stored();
      response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
  return { origin, browser, files, stop: async () => { await browser.close(); server.close(); server.closeAllConnections(); } };
}

/** Opens the page and waits until the network can be seen. `problems` collects errors and foreign requests. */
export async function visit({ origin, browser }, address = '', { width = 1440, height = 900, scheme = 'light', motion = 'no-preference' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion, acceptDownloads: true });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`error: ${error.stack}`));
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`); });
  context.on('request', request => { if (!request.url().startsWith(origin) && !request.url().startsWith('blob:')) problems.push(`request: ${request.url()}`); });
  await page.goto(origin + address);
  await ready(page);
  return Object.assign(page, { problems });
}

/** Waits until a page is started. */
export function ready(page) { return page.waitForFunction(() => document.body.dataset.ready, null, { timeout: 20000 }); }

/** Waits until the text of an element matches. */
export function until(page, selector, pattern, timeout = 20000) {
  return page.waitForFunction(([selector, source]) => new RegExp(source).test(document.querySelector(selector)?.textContent), [selector, pattern.source], { timeout });
}

/** The number that an element shows. */
export async function shown(page, selector) {
  const text = (await page.textContent(selector)).replace('−', '-').replace('%', '');
  const [factor, power] = text.split(' × 10');
  return Number(factor) * (power ? 10 ** Number([...power].map(c => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c) < 0 ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c)).join('')) : 1);
}

/** Trains to an epoch, as the address of a page does it. */
export async function trainTo(page, epoch) {
  const hash = new URL(page.url()).hash.replace(/^#/, '').split('&').filter(part => part && !part.startsWith('epoch='));
  await page.evaluate(next => { location.hash = next; }, [...hash, `epoch=${epoch}`].join('&'));
  const patience = 60000;
  await until(page, '#epoch', new RegExp(`^${epoch}$`), patience);
  await until(page, '#play', /^Play$/, patience);
  await until(page, '#status', /^Epoch/, patience);
}

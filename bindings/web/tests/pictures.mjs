// Makes the pictures of the README: `node pictures.mjs`. The program pngquant (Debian's package of this name) makes them small, if it is installed.

import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { start, until, visit } from './browser.mjs';

const FOLDER = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));
const SPIRALS = '#data=spirals&layers=8*tanh,8*tanh&optimizer=adam&rate=0.02&epoch=900';
const WAVE = '#data=wave&layers=6*tanh,4*tanh&optimizer=adam&rate=0.02&epoch=1500';

const PICTURES = {
  'page-wide': [SPIRALS, { width: 1360, height: 900 }],
  'page-phone': ['#data=iris&layers=6*tanh&rate=0.1&axes=2,3&epoch=800', { width: 360, height: 740 }],
  'page-dark': [WAVE, { width: 1360, height: 900, scheme: 'dark' }],
  'page-gradient': ['?lesson=gradient-check', { width: 1240, height: 900 }, async page => {
    await page.fill('#check-step', '0.1');
    await page.click('#check');
    await until(page, '#status', /^Gradient check/);
    await page.click('#plant');
    await page.mouse.move(0, 0);
    await page.evaluate(() => { document.activeElement.blur(); document.querySelector('#gradient-card').scrollIntoView(); });
  }],
};

const site = await start();
await mkdir(FOLDER, { recursive: true });
for (const [name, [address, options, prepare = () => {}]] of Object.entries(PICTURES)) {
  const page = await visit(site, address, options);
  await prepare(page);
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  spawnSync('pngquant', ['--quality', '40-95', '--speed', '1', '--strip', '--force', '--ext', '.png', '128', `${FOLDER}${name}.png`]);
  await page.context().close();
}
await site.stop();

// The server and the browser of all tests.

import { after } from 'node:test';
import { start } from './browser.mjs';

export const site = await start();
after(() => site.stop());

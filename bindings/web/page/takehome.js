// Downloads of the network, and the digest of its weights.

import { $ } from './form.js';

export function offerDownloads(app) {
  for (const button of document.querySelectorAll('[data-format]')) button.onclick = () => app.inTurn(() => download(app, button.dataset.format));
}

/** The digest: the same on every machine for the same settings. */
export async function showDigest(app) {
  const { theta, bits } = await app.client.ask({ do: 'digest' });
  $('digest').textContent = theta;
  $('bits').textContent = bits;
}

async function download(app, format) {
  try {
    const { answer, file } = await app.client.call({ do: 'export', format });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([file]));
    link.download = answer.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    app.say(`Saved ${answer.file}, ${answer.bytes} bytes.`);
  } catch (error) {
    app.failed(error);
  }
}

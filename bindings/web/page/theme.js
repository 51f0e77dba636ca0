// Light or dark: as the system says, or as the user chooses.

import { readColours } from './colour.js';
import { $ } from './form.js';

const KEY = 'ann-theme';

/** `changed` is called when everything must be drawn in other colours. */
export function offerThemes(changed) {
  const apply = theme => { document.documentElement.dataset.theme = $('theme').value = theme; readColours(); };
  apply(stored());
  $('theme').onchange = () => { apply($('theme').value); store($('theme').value); changed(); };
  matchMedia('(prefers-color-scheme: dark)').onchange = () => { readColours(); changed(); };
}

// A browser may forbid storage: the choice is then forgotten.
function stored() { try { return localStorage.getItem(KEY) ?? ''; } catch { return ''; } }
function store(theme) { try { localStorage.setItem(KEY, theme); } catch { /* forgotten */ } }

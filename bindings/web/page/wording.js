// Messages of the engine in the words of the page. The library speaks to programmers, too: some messages name calls of Rust, which nobody can make on a page.

/** A message as a sentence in the words of the page, about a file if there is one. */
export function worded(message, file) {
  const text = inPageWords(message);
  return closed(file ? `${file}: ${text}` : `${text.charAt(0).toUpperCase()}${text.slice(1)}`);
}

function closed(text) { return /[.!?…]$/.test(text) ? text : `${text}.`; }

// A column of numbers or dates with a few cells that are something else: which lines and cells, and what to do.
function oddCells(_, count, of, kind, cells) {
  const isOne = count === '1', places = cells.replaceAll('at line ', 'line ').replaceAll(/(line \d+): /g, '$1 '), more = Number(count) > places.match(/line \d+ "/g).length;
  const form = kind === 'date' ? '2024-02-29 or 2024-02-29 13:45' : '1234.5 or 1234,5';
  const mend = isOne ? `Write it as ${form}, or empty the cell: it is then missing.` : `Write them as ${form}, or empty these cells: they are then missing.`;
  return `: ${count} of ${of} cells ${isOne ? `is no ${kind}` : `are no ${kind}s`}: ${places}${more ? ', …' : '.'} ${mend}`;
}

// [what the library says, what the page says]
const WORDS = [
  [/: (\d+) of (\d+) cells are no (number|date)s.*?, the first (at line .*); mend them, .* holds (?:words|classes)$/s, oddCells],
  [/a share of ([\d.]+) of each class is no row to validate on, of (\d+) rows: hold out a larger share/g,
    (_, share, rows) => `${Math.round(100 * share)}% of ${rows} rows are no row to test on: choose more rows for the test, or none`],
  [/validation (rows?|loss)/g, 'test $1'],
  [/\(as asked\)/g, '(left out)'],
  ['; a column whose kind is given is used all the same', ''],
  [/`Scaling::\w+`/g, 'the scaling of ann train'],
  [/, or leave such rows out with `[^`]*`/g, ', or remove the row'],
  // Other hints for programs.
  [/; [^;]*`[A-Z]\w*(?:::| \{)[^`]*`[^;]*/g, ''],
  [/ \([^()]*`[A-Z]\w*::[^`]*`\)/g, ''],
  // A list of nothing.
  [/: $/, ''],
];

function inPageWords(message) { return WORDS.reduce((text, [from, to]) => text.replace(from, to), message); }

// Dates along an axis: round ones, and their text. Numbers are seconds since 1970, UTC.

const DAY = 86400;
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000];
const SECONDS = [1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 14 * DAY];

/** Round dates from `low` to `high`, at most about `count`: numbers, and the texts of those. */
export function dateTicks(low, high, count) {
  const rough = (high - low) / count, step = SECONDS.find(seconds => seconds >= rough);
  return step ? everySeconds(low, high, step) : everyMonths(low, high, MONTHS.find(months => months * 31 * DAY >= rough) ?? MONTHS.at(-1));
}

function everySeconds(low, high, step) {
  const first = Math.ceil(low / step), ticks = [];
  for (let k = first; k * step <= high; k++) ticks.push(k * step);
  const [from, to] = step >= DAY ? [0, 10] : step >= 60 ? [5, 16] : [11, 19];
  return { ticks, texts: ticks.map(tick => iso(tick).slice(from, to)) };
}

function everyMonths(low, high, step) {
  const start = new Date(low * 1000), ticks = [];
  let month = Math.floor((12 * start.getUTCFullYear() + start.getUTCMonth()) / step) * step;
  for (; monthStart(month) <= high; month += step) if (monthStart(month) >= low) ticks.push(monthStart(month));
  return { ticks, texts: ticks.map(tick => iso(tick).slice(0, step % 12 ? 7 : 4)) };
}

// `month`: counted from January of the year 0.
function monthStart(month) { return new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1) / 1000; }

function iso(seconds) { return new Date(seconds * 1000).toISOString().replace('T', ' '); }

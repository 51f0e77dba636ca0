// Microseconds for an epoch in WebAssembly, for the labs of `examples/speed.rs`: the best of many short steps, so that other programs on the machine disturb it little.
import { ask, files, load } from './engine.mjs';

const layers = (units, activation) => units.map((units) => ({ units, activation }));
const labs = [
  ['doughnut', layers([3], 'sigmoid'), 200],
  ['iris', layers([5, 10, 5], 'sigmoid'), 100],
  ['doughnut', layers([64, 64], 'tanh'), 4],
];
const asked = process.argv.slice(2);
for (const kind of asked.length ? asked : ['ann-fused.wasm', 'ann-portable.wasm']) {
  const w = load(`${files}${kind}`);
  for (const [name, hidden, all] of labs) {
    const epochs = kind.includes('portable') ? Math.ceil(all / 20) : all;
    // The first steps are compiled while they run.
    ask(w, { do: 'open', data: { name }, network: { hidden } });
    ask(w, { do: 'step', epochs: 20 * epochs });
    let best = Infinity;
    for (let k = 0; k < 400; k++) {
      const begin = performance.now();
      ask(w, { do: 'step', epochs });
      best = Math.min(best, ((performance.now() - begin) * 1e3) / epochs);
    }
    console.log(`${kind} ${best.toFixed(2)} us`);
  }
}

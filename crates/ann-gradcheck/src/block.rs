//! Computes how a moved parameter changes the losses of eight rows at once, and reuses every value that does
//! not depend on it.
//!
//! Moving Wᵢⱼ of layer k by h changes nothing before layer k, and one unit in layer k: Δzᵢ = h aⱼ. The next
//! layer sees one changed input, Δz = W[:, i] Δaᵢ. From there on, whole layers change: Δz = W Δa. Only the
//! changes are computed. Adding them to z and a and subtracting two losses at the end would lose digits and
//! time. If there is no formula for a change, it is a difference of values, and digits are lost: see
//! [`change`](crate::change).

use std::{array, mem};

use ann_core::{ParameterId, ParameterKind};
use pulp::{Arch, NullaryFnOnce};

use crate::Result;
use crate::change::LossChange;
use crate::frozen::Frozen;
use crate::lanes::{LANES, Lanes, ROWS};
use crate::textbook::{Dense, Reference, Sample};

/// Rows of a problem at θ, whose parameters can be moved. `z[k][i]` and `a[k][i]` are those of unit i of
/// layer k in every lane.
pub(crate) struct Block<'n> {
    network: &'n Frozen<'n>,
    rows: [usize; ROWS],
    weights: [f64; ROWS],
    /// +h and −h; 0 in lanes without a row, where nothing changes.
    step: Lanes,
    z: Vec<Vec<Lanes>>,
    a: Vec<Vec<Lanes>>,
    /// Lower and upper end of the piece of each unit; empty for a layer without kinks.
    low: Vec<Vec<Lanes>>,
    high: Vec<Vec<Lanes>>,
    loss_change: LossChange,
}

/// w ℓ(θ + h) − w ℓ(θ − h), of the frozen and of the plain network, summed over rows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change {
    pub frozen: f64,
    pub plain: f64,
    pub kinked: bool,
}

/// Changes of two neighbouring layers, and the outputs of one lane: reused from call to call.
pub(crate) struct BlockBuffers {
    now: Vec<Lanes>,
    next: Vec<Lanes>,
    outputs: Vec<f64>,
}

impl<'n> Block<'n> {
    /// Up to [`ROWS`] rows, from `first` on.
    pub fn new(network: &'n Frozen<'n>, first: usize, step: f64) -> Result<Self> {
        let reference = network.reference;
        let last = reference.rows() - 1;
        let samples = (0..ROWS).map(|i| network.sample((first + i).min(last)));
        let samples: Vec<Sample> = samples.collect::<Result<_>>()?;
        let rows = array::from_fn(|i| samples[i].row);
        let weights = rows.map(|row| reference.weight(row));
        let step = array::from_fn(|lane| match lane {
            lane if first + lane % ROWS > last => 0.0,
            lane if lane < ROWS => step,
            _ => -step,
        });
        let layers = 0..=reference.depth();
        let z: Vec<_> = layers.clone().map(|k| side_by_side(&samples, |sample| &sample.z[k])).collect();
        let a = layers.clone().map(|k| side_by_side(&samples, |sample| &sample.a[k])).collect();
        let (low, high) = layers.map(|k| network.ends(k, &z[k])).unzip();
        let loss_change = LossChange::new(reference.truth(), &samples);
        Ok(Self { network, rows, weights, step, z, a, low, high, loss_change })
    }

    /// Adds to `sums` the changes of the losses when each of the parameters at `places` is moved.
    pub fn add_changes(&self, places: &[ParameterId], sums: &mut [Change], buffers: &mut BlockBuffers) {
        let work = AddChanges { block: self, places, sums, buffers };
        // WebAssembly has only the instructions of the build.
        if cfg!(target_family = "wasm") { work.call() } else { Arch::new().dispatch(work) }
    }

    /// Change of the losses when one parameter moves from −h to +h.
    #[inline(always)]
    fn change(&self, place: ParameterId, buffers: &mut BlockBuffers) -> Change {
        let mut change = Change::default();
        // A loop, so that the code of `moved` is there once.
        for is_frozen in [true, false] {
            let (moved, kinked) = self.moved(place, is_frozen, buffers);
            change.plain = moved;
            if is_frozen {
                (change.frozen, change.kinked) = (moved, kinked);
            }
            if !change.kinked {
                break;
            }
        }
        change
    }

    /// The same for the frozen or the plain network, and whether a unit has left its piece.
    #[inline(always)]
    fn moved(
        &self,
        ParameterId { layer, kind, unit, input, .. }: ParameterId,
        is_frozen: bool,
        buffers: &mut BlockBuffers,
    ) -> (f64, bool) {
        let (mut now, mut next) = (&mut buffers.now[..], &mut buffers.next[..]);
        let (reference, depth) = (self.network.reference, self.network.reference.depth());
        let width = |k: usize| self.a[k].len();
        // Δzᵢ = h aⱼ for a weight, h for a bias.
        let mut moved = [self.step];
        if kind == ParameterKind::Weight {
            times(&mut moved[0], &self.a[layer - 1][input]);
        }
        let mut kinked = self.activate(layer, unit, is_frozen, &mut moved);
        if layer == depth {
            now[..width(depth)].fill([0.0; LANES]);
            now[unit] = moved[0];
        } else {
            propagate_one(reference.layer(layer + 1), unit, &moved[0], now);
            kinked |= self.activate(layer + 1, 0, is_frozen, &mut now[..width(layer + 1)]);
        }
        for k in layer + 2..=depth {
            propagate(reference.layer(k), now, next);
            mem::swap(&mut now, &mut next);
            kinked |= self.activate(k, 0, is_frozen, &mut now[..width(k)]);
        }
        let d = &now[..width(depth)];
        kinked |= self.loss_change.leaves_piece(d);
        (self.loss_change(d, is_frozen, &mut buffers.outputs), kinked)
    }

    /// Overwrites Δz of some units of layer k, from unit `first` on, with Δa. Returns whether one of them has
    /// left its piece.
    #[inline(always)]
    fn activate(&self, k: usize, first: usize, is_frozen: bool, d: &mut [Lanes]) -> bool {
        let units = first..first + d.len();
        let (z, a) = (self.z[k][units.clone()].as_flattened(), self.a[k][units].as_flattened());
        let kinked = is_frozen && self.leaves_piece(k, first, d);
        let d = d.as_flattened_mut();
        match kinked {
            true => self.network.change(k, z, a, d),
            false => self.network.reference.layer(k).sigma.change(z, a, d),
        }
        kinked
    }

    #[inline(always)]
    fn leaves_piece(&self, k: usize, first: usize, d: &[Lanes]) -> bool {
        let mut leaves = false;
        // A layer without kinks has no ends.
        let ends = self.low[k].iter().zip(&self.high[k]).skip(first);
        for ((d, z), (low, high)) in d.iter().zip(&self.z[k][first..]).zip(ends) {
            for lane in 0..LANES {
                let moved = z[lane] + d[lane];
                leaves |= moved < low[lane];
                leaves |= moved > high[lane];
            }
        }
        leaves
    }

    /// Change of the losses, each times its weight, by moving up, minus their change by moving down, when the
    /// outputs change by `d`.
    #[inline(always)]
    fn loss_change(&self, d: &[Lanes], is_frozen: bool, outputs: &mut Vec<f64>) -> f64 {
        let changes = match self.loss_change.of(d, is_frozen) {
            Some(changes) => changes,
            None => self.losses(d, outputs),
        };
        let mut sum = 0.0;
        for row in 0..ROWS {
            sum += self.weights[row] * (changes[row] - changes[row + ROWS]);
        }
        sum
    }

    /// ℓ(o + d) in each lane; ℓ(o) is not subtracted, because it cancels between moving up and moving down.
    fn losses(&self, d: &[Lanes], outputs: &mut Vec<f64>) -> Lanes {
        let reference = self.network.reference;
        array::from_fn(|lane| {
            outputs.clear();
            outputs.extend(self.a[reference.depth()].iter().zip(d).map(|(a, d)| a[lane] + d[lane]));
            reference.loss(self.rows[lane % ROWS], outputs)
        })
    }
}

/// [`Block::add_changes`], as a type that can be compiled for several instruction sets. A closure would not
/// be inlined, and so would use only the smallest set.
struct AddChanges<'c, 'n> {
    block: &'c Block<'n>,
    places: &'c [ParameterId],
    sums: &'c mut [Change],
    buffers: &'c mut BlockBuffers,
}

impl NullaryFnOnce for AddChanges<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (sum, &place) in self.sums.iter_mut().zip(self.places) {
            sum.add(self.block.change(place, self.buffers));
        }
    }
}

impl Change {
    #[inline(always)]
    pub fn add(&mut self, other: Self) {
        self.frozen += other.frozen;
        self.plain += other.plain;
        self.kinked |= other.kinked;
    }
}

impl BlockBuffers {
    pub fn new(reference: &Reference) -> Self {
        let widest = (1..=reference.depth())
            .map(|k| reference.layer(k).bias.len())
            .max()
            .expect("a network has layers");
        Self { now: vec![[0.0; LANES]; widest], next: vec![[0.0; LANES]; widest], outputs: Vec::new() }
    }
}

/// Some values of each sample. Each sample fills two lanes.
fn side_by_side(samples: &[Sample], values: impl Fn(&Sample) -> &Vec<f64>) -> Vec<Lanes> {
    let value = |lane: usize, i: usize| values(&samples[lane % ROWS])[i];
    (0..values(&samples[0]).len()).map(|i| array::from_fn(|lane| value(lane, i))).collect()
}

/// Δz = W Δa.
#[inline(always)]
fn propagate(layer: &Dense, da: &[Lanes], dz: &mut [Lanes]) {
    for (dz, weights) in dz.iter_mut().zip(layer.weights.chunks_exact(layer.fan_in)) {
        let mut sum = [0.0; LANES];
        for (da, &weight) in da.iter().zip(weights) {
            for lane in 0..LANES {
                sum[lane] += weight * da[lane];
            }
        }
        *dz = sum;
    }
}

/// Δz = W[:, j] Δaⱼ.
#[inline(always)]
fn propagate_one(layer: &Dense, j: usize, da: &Lanes, dz: &mut [Lanes]) {
    for (dz, &weight) in dz.iter_mut().zip(layer.column(j)) {
        for lane in 0..LANES {
            dz[lane] = weight * da[lane];
        }
    }
}

#[inline(always)]
fn times(values: &mut Lanes, factors: &Lanes) {
    for lane in 0..LANES {
        values[lane] *= factors[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array2, Axis};
    use ann_core::{Activation, Architecture, Loss, Problem};

    const H: f64 = 0.125;

    #[test]
    fn relu_across_its_kink_by_hand() {
        // 1-1-1, a = ReLU(x), ŷ = a, y = 1, for x = h/2. b¹ + h: (3h/2 − 1)²; b¹ − h: (−h/2 − 1)² frozen on,
        // 1 plain. On, x = 1: (1 + h − 1)² − (1 − h − 1)² = 0. Off, x = −1: 0. With h = 1/8 every number is
        // exact in binary.
        let changes = changes(&[Activation::Relu], &[1.0, 0.0, 1.0, 0.0], &[H / 2.0, 1.0, -1.0]);
        let (up, frozen_down) = ((1.5 * H - 1.0).powi(2), (-0.5 * H - 1.0).powi(2));
        assert_eq!(changes[1], (up - frozen_down, up - 1.0, true));
        // W²: ŷ = (1 ± h) x, where x > 0; no unit leaves its piece.
        let of_row = |x: f64| (x * (1.0 + H) - 1.0).powi(2) - (x * (1.0 - H) - 1.0).powi(2);
        let of_rows = of_row(H / 2.0) + of_row(1.0);
        assert_eq!(changes[2], (of_rows, of_rows, false));
    }

    #[test]
    fn one_unit_of_many_may_leave_its_piece() {
        // Moving b¹ by h moves all pre-activations by h, which are x, x + b² and x + b² + b³.
        let kinked = |x: &[f64], [b2, b3]: [f64; 2]| {
            changes(&[RELU; 3], &[1.0, 0.0, 1.0, b2, 1.0, b3, 1.0, 0.0], x)[1].2
        };
        for biases in [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]] {
            // Upwards, downwards, in several rows, in the last one.
            for x in [&[-H / 2.0][..], &[H / 2.0], &[-H / 2.0; 2], &[H / 2.0; 2], &[5.0, 5.0, H / 2.0]] {
                assert!(kinked(x, biases), "{x:?} {biases:?}");
            }
        }
        // Reaching a kink is not crossing it.
        assert!(!kinked(&[-H], [0.0; 2]) && !kinked(&[H], [0.0; 2]) && !kinked(&[5.0], [0.0; 2]));
        // tanh moves from ½ up by 0.093 and down by 0.104: beyond 0.098 only downwards.
        let bent = |z: f64| {
            let at = [1.0, 0.0, 1.0, z - 0.5_f64.tanh(), 1.0, 0.0];
            changes(&[Activation::Tanh, RELU], &at, &[0.5])[1].2
        };
        assert!(bent(0.098) && !bent(-0.098));
        // Only the last unit: x + b² + b³ = h/2.
        assert!(kinked(&[5.0], [0.0, H / 2.0 - 5.0]));
    }

    #[test]
    fn changes_are_differences_of_losses() {
        // 2-3-4-2-1 in parts of 8: whole, one more, one fewer.
        let architecture = Architecture::inputs(2)
            .with_layers(Activation::Sigmoid.layers([3, 4, 2]))
            .dense(1, Activation::Identity);
        for rows in [1, 7, 8, 9, 17] {
            let x = Array2::from_shape_fn((rows, 2), |(n, i)| ((5 * n + 3 * i) as f64).sin());
            let y = x.map_axis(Axis(1), |row| row[0] + 0.3);
            let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
            let at: Vec<f64> = (0..problem.layout().len()).map(|i| (2.0 * i as f64).cos()).collect();
            let step = 2e-4;
            for (index, (_, plain, _)) in all_changes(&problem, &at, step).into_iter().enumerate() {
                let moved = |step: f64| {
                    let mut at = at.clone();
                    at[index] += step;
                    Reference::new(&problem, &at).unwrap().objective() * rows as f64
                };
                // J N < 50, rounded to about 2⁻⁵³ of it a few times.
                let direct = moved(step) - moved(-step);
                assert!((plain - direct).abs() < 5e-14, "{rows} rows, {index}: {plain} {direct}");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let architecture = Architecture::inputs(1).with_layers(Activation::Tanh.layers([3, 5, 2]));
        let (x, classes) = (Array2::from_shape_fn((8, 1), |(n, _)| n as f64 - 3.3), [0, 1, 0, 1, 1, 0, 1, 0]);
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
        let at: Vec<f64> = (0..problem.layout().len()).map(|i| (3.0 * i as f64).sin()).collect();
        let reference = Reference::new(&problem, &at).unwrap();
        let network = Frozen::new(&reference).unwrap();
        let block = Block::new(&network, 0, 1e-4).unwrap();
        let places: Vec<ParameterId> = (0..at.len()).map(|index| problem.layout().locate(index)).collect();
        let (mut chosen, mut least) = (vec![Change::default(); at.len()], vec![Change::default(); at.len()]);
        block.add_changes(&places, &mut chosen, &mut BlockBuffers::new(&reference));
        let buffers = &mut BlockBuffers::new(&reference);
        AddChanges { block: &block, places: &places, sums: &mut least, buffers }.call();
        let bits =
            |changes: Vec<Change>| changes.iter().map(|change| change.plain.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(chosen), bits(least));
    }

    const RELU: Activation = Activation::Relu;

    /// A chain of single units, then the identity; ŷ should be 1. Of each parameter: frozen, plain, and
    /// whether kinked.
    fn changes(hidden: &[Activation], at: &[f64], x: &[f64]) -> Vec<(f64, f64, bool)> {
        let start = Architecture::inputs(1);
        let chain = hidden.iter().fold(start, |chain, activation| chain.dense(1, activation.clone()));
        let architecture = chain.dense(1, Activation::Identity);
        let x = Array2::from_shape_fn((x.len(), 1), |(n, _)| x[n]);
        let y = ann_core::ndarray::Array1::ones(x.nrows());
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        all_changes(&problem, at, H)
    }

    fn all_changes(problem: &Problem<'_>, at: &[f64], step: f64) -> Vec<(f64, f64, bool)> {
        let reference = Reference::new(problem, at).unwrap();
        let network = Frozen::new(&reference).unwrap();
        let places: Vec<ParameterId> = (0..at.len()).map(|index| problem.layout().locate(index)).collect();
        let mut sums = vec![Change::default(); at.len()];
        for first in (0..reference.rows()).step_by(ROWS) {
            let block = Block::new(&network, first, step).unwrap();
            block.add_changes(&places, &mut sums, &mut BlockBuffers::new(&reference));
        }
        sums.iter().map(|sum| (sum.frozen, sum.plain, sum.kinked)).collect()
    }
}

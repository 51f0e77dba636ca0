//! Central differences of a [`Problem`], which reuse what a moved parameter cannot change.
//!
//! Moving Wᵢⱼ of layer k by h moves nothing before layer k, and in it one unit: zᵢ → zᵢ + h aⱼ.  The next layer sees one
//! changed input, z → z + W[:, i] Δaᵢ.  Only from there on whole layers are computed again.

use ann_core::{Activation, Kind, Place, Problem};

use crate::Result;
use crate::difference::{finite_derivative, neighbours};
use crate::frozen::{Piece, Pieces};
use crate::reference::{Reference, Sample};

/// The numerical derivative of J by one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Derivative {
    /// Of the mean loss, frozen.
    pub loss: f64,
    /// Of the mean loss, kinks and all, where some unit of some sample leaves its piece.
    pub plain_loss: Option<f64>,
    /// Of λ w²; 0 for a bias.
    pub penalty: f64,
}

/// The derivatives of J by the parameters at `indices`, and how many pre-activations stand exactly at a kink at θ.
pub(crate) fn derivatives(
    problem: &Problem<'_, f64>,
    at: &[f64],
    indices: impl Iterator<Item = usize> + Clone,
    step: f64,
) -> Result<(Vec<Derivative>, usize)> {
    let network = Frozen::new(problem, at)?;
    let places: Vec<Place> = indices.clone().map(|index| problem.layout().locate(index)).collect();
    let mut sums = vec![Change::default(); places.len()];
    let (mut at_kink, mut buffers) = (0, Buffers::default());
    for row in 0..problem.rows() {
        let sample = network.sample(row);
        at_kink += sample.at_kink;
        for (sum, &place) in sums.iter_mut().zip(&places) {
            sum.add(network.change(&sample, place, step, &mut buffers));
        }
    }
    let derivatives = sums.iter().zip(indices).map(|(sum, index)| network.derivative(sum, index, step));
    Ok((derivatives.collect::<Result<_>>()?, at_kink))
}

/// A network whose units keep the piece that each sample puts them on at θ.
struct Frozen<'p, 'a> {
    problem: &'p Problem<'a, f64>,
    at: &'p [f64],
    reference: Reference<'p, 'a>,
    /// `pieces[k]` belongs to layer k; `pieces[0]` to the input, which has none.
    pieces: Vec<Pieces<'p>>,
}

/// A sample with the piece that each unit is on: `pattern[k][i]`.
struct FrozenSample {
    sample: Sample,
    pattern: Vec<Vec<Piece>>,
    at_kink: usize,
}

/// ℓ(x + h) − ℓ(x − h), frozen and plain, summed over samples.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    frozen: f64,
    plain: f64,
    kinked: bool,
}

impl Change {
    fn add(&mut self, other: Self) {
        self.frozen += other.frozen;
        self.plain += other.plain;
        self.kinked |= other.kinked;
    }
}

/// Activations of two neighbouring layers, reused from call to call.
#[derive(Default)]
struct Buffers {
    now: Vec<f64>,
    next: Vec<f64>,
}

impl<'p, 'a> Frozen<'p, 'a> {
    fn new(problem: &'p Problem<'a, f64>, at: &'p [f64]) -> Result<Self> {
        let mut pieces = vec![Pieces::new(0, &Activation::Identity)?];
        for (index, layer) in problem.architecture().layers().iter().enumerate() {
            pieces.push(Pieces::new(index + 1, &layer.activation)?);
        }
        Ok(Self { problem, at, reference: Reference::new(problem, at)?, pieces })
    }

    fn sample(&self, row: usize) -> FrozenSample {
        let sample = self.reference.sample(row);
        let layers = || self.pieces.iter().zip(&sample.z);
        let pattern = layers().map(|(pieces, z)| z.iter().map(|&z| pieces.piece(z)).collect()).collect();
        let at_kink = layers().map(|(pieces, z)| z.iter().filter(|&&z| pieces.is_kink(z)).count()).sum();
        FrozenSample { sample, pattern, at_kink }
    }

    /// What moving one parameter from −h to +h changes in the loss of one sample.
    fn change(&self, of: &FrozenSample, place: Place, step: f64, buffers: &mut Buffers) -> Change {
        let FrozenSample { sample, pattern, .. } = of;
        // ∂zᵢ/∂Wᵢⱼ = aⱼ and ∂zᵢ/∂bᵢ = 1.
        let slope = if place.kind == Kind::Weight { sample.a[place.layer - 1][place.input] } else { 1.0 };
        let mut kinked = false;
        let mut frozen_loss = |shift| {
            self.moved_loss(sample, place, shift, buffers, |k, i, z| {
                let (a, beyond) = self.pieces[k].frozen_value(pattern[k][i], z);
                kinked |= beyond;
                a
            })
        };
        let frozen = frozen_loss(step * slope) - frozen_loss(-step * slope);
        if !kinked {
            return Change { frozen, plain: frozen, kinked };
        }
        let mut plain_loss =
            |shift| self.moved_loss(sample, place, shift, buffers, |k, _, z| self.pieces[k].plain_value(z));
        Change { frozen, plain: plain_loss(step * slope) - plain_loss(-step * slope), kinked }
    }

    /// ℓ of a sample after the z of one unit has moved by `shift`; `activate` is σ of unit i in layer k.
    fn moved_loss(
        &self,
        sample: &Sample,
        Place { layer, unit, .. }: Place,
        shift: f64,
        buffers: &mut Buffers,
        mut activate: impl FnMut(usize, usize, f64) -> f64,
    ) -> f64 {
        let moved = activate(layer, unit, sample.z[layer][unit] + shift);
        let change = moved - sample.a[layer][unit];
        if change == 0.0 {
            return sample.loss;
        }
        buffers.now.clear();
        if layer == self.reference.depth() {
            buffers.now.extend(&sample.a[layer]);
            buffers.now[unit] = moved;
            return self.reference.loss(sample.row, &buffers.now);
        }
        let next_layer = self.reference.layer(layer + 1);
        let column = next_layer.weights.chunks_exact(next_layer.fan_in).map(|row| row[unit]);
        let units = sample.z[layer + 1].iter().zip(column).enumerate();
        buffers.now.extend(units.map(|(i, (z, weight))| activate(layer + 1, i, z + weight * change)));
        self.loss_beyond(layer + 1, sample, buffers, activate)
    }

    /// ℓ of a sample whose layer k has the activations `now`: from there on whole layers.
    fn loss_beyond(
        &self,
        k: usize,
        sample: &Sample,
        Buffers { now, next }: &mut Buffers,
        mut activate: impl FnMut(usize, usize, f64) -> f64,
    ) -> f64 {
        for k in k + 1..=self.reference.depth() {
            // Units that are off may have swallowed the change.
            if *now == sample.a[k - 1] {
                return sample.loss;
            }
            next.clear();
            let units = self.reference.layer(k).pre_activations(now).enumerate();
            next.extend(units.map(|(i, z)| activate(k, i, z)));
            std::mem::swap(now, next);
        }
        self.reference.loss(sample.row, now)
    }

    /// (J(x + h) − J(x − h)) / 2h, loss and penalty apart.
    fn derivative(&self, sum: &Change, index: usize, step: f64) -> Result<Derivative> {
        let layout = Some(self.problem.layout());
        let [low, high] = neighbours(self.at, index, step, layout)?;
        let finite = |derivative| finite_derivative(derivative, index, step, layout);
        // zᵢ ± h aⱼ was moved itself, not θ: here 2h is the step that was made.
        let mean = |change: f64| finite(change / self.problem.rows() as f64 / (2.0 * step));
        let is_bias = self.problem.layout().locate(index).kind == Kind::Bias;
        let penalty = |weight| if is_bias { 0.0 } else { self.reference.penalty_of(weight) };
        Ok(Derivative {
            loss: mean(sum.frozen)?,
            plain_loss: sum.kinked.then(|| mean(sum.plain)).transpose()?,
            penalty: finite((penalty(high) - penalty(low)) / (high - low))?,
        })
    }
}

//! Losses of a group of tiles: their sum, and δ = ∂ℓ/∂output.

use std::mem;

use pulp::Simd;

use super::tiles::Group;
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::lanes::{Lanes, PAIR, Vector};
use crate::loss::{RowInF64, clamped, sign_or_zero};
use crate::pass::Tally;
use crate::{Loss, LossFn, Scalar, TargetKind};

/// Losses are summed in `f64`, whatever the number type of the rows. Row i of a tile is added to lane i mod
/// LANES.
const LANES: usize = f64::LANES;

/// Sums over the rows so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    loss: [f64; LANES],
    weight: [f64; LANES],
    /// The weight of the rows that are hits.
    hits: [f64; LANES],
    /// Product of numbers whose logarithms must still be added to the loss. ln a + ln b = ln (a b), so many
    /// numbers share one logarithm.
    product: [f64; LANES],
    /// Upper bound of the binary exponent of the product.
    exponent: f64,
}

impl Sums {
    pub const ZERO: Self = Self {
        loss: [0.0; LANES],
        weight: [0.0; LANES],
        hits: [0.0; LANES],
        product: [1.0; LANES],
        exponent: 0.0,
    };

    /// Adds up the lanes.
    #[inline(always)]
    pub fn tally<S: Simd>(mut self, simd: S) -> Tally {
        self.take_logarithms(simd);
        Tally { loss: folded(self.loss), weight: folded(self.weight), hits: folded(self.hits) }
    }

    /// Adds the logarithm of each number. The numbers are between 1 and `largest`.
    #[inline(always)]
    fn add_logarithms<S: Simd>(&mut self, simd: S, numbers: &Column<f64>, largest: usize) {
        // Each lane is multiplied by TILE / LANES numbers. If the product could overflow, its logarithm is
        // taken first.
        let exponent = (TILE / LANES) as f64 * f64::from(largest.ilog2() + 1);
        if self.exponent + exponent > f64::from(f64::MAX_EXP - 1) {
            self.take_logarithms(simd);
        }
        self.exponent += exponent;
        for numbers in numbers.0.chunks_exact(LANES) {
            for (product, number) in self.product.iter_mut().zip(numbers) {
                *product *= number;
            }
        }
    }

    /// Adds the logarithms of the products to the losses, and starts new products.
    #[inline(always)]
    fn take_logarithms<S: Simd>(&mut self, simd: S) {
        for register in f64::registers_mut::<S>(&mut self.product) {
            [*register] = Function::Ln.of(Lanes::<S, f64> { simd, registers: [*register] }).registers;
        }
        for (sum, logarithm) in self.loss.iter_mut().zip(self.product) {
            *sum += logarithm;
        }
        self.product = [1.0; LANES];
        self.exponent = 0.0;
    }

    /// Adds the loss of each row of a tile, times its weight if there are weights.
    #[inline(always)]
    fn add<F: Scalar>(&mut self, losses: &Column<f64>, weights: Option<&Column<F>>) {
        match weights {
            None => add_lanes(&mut self.loss, losses),
            Some(weights) => add_products(&mut self.loss, losses, weights),
        }
    }

    /// Adds the loss of each row of a tile, which is a sum over m outputs divided by m.
    #[inline(always)]
    fn add_mean<F: Scalar>(
        &mut self,
        mut losses: Column<f64>,
        m: f64,
        rows: usize,
        weights: Option<&Column<F>>,
    ) {
        for loss in &mut losses.0 {
            *loss /= m;
        }
        losses.0[rows..].fill(0.0);
        self.add(&losses, weights);
    }

    /// Adds the weight of each row of a tile: 1 if there are no weights.
    #[inline(always)]
    fn add_weights<F: Scalar>(&mut self, rows: usize, weights: Option<&Column<F>>) {
        match weights {
            None => self.weight[0] += rows as f64,
            Some(weights) => add_lanes(&mut self.weight, weights),
        }
    }

    /// Adds the weight of each row that is a hit. `hits` holds 1 for a hit, and 0 for the others.
    #[inline(always)]
    fn add_hits<S: Simd, F: Scalar>(&mut self, simd: S, hits: &Column<F>, weights: Option<&Column<F>>) {
        match weights {
            None => {
                // Hits are whole numbers, so the order of their additions does not matter.
                let mut sum = hits.lanes::<S, 1>(simd, 0);
                for part in 1..Column::<F>::parts::<S, 1>() {
                    sum = sum + hits.lanes(simd, part);
                }
                self.hits[0] += <F as Vector>::sum(simd, sum.registers[0]).as_f64();
            }
            // In the order of `add_weights`: if all rows are hits, both sums are equal.
            Some(weights) => add_products(&mut self.hits, hits, weights),
        }
    }
}

/// Adds each number of a column to its lane.
#[inline(always)]
fn add_lanes<F: Scalar>(sums: &mut [f64; LANES], column: &Column<F>) {
    for numbers in column.0.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            sums[lane] += numbers[lane].as_f64();
        }
    }
}

/// Adds each number of a column, times its weight, to its lane.
#[inline(always)]
fn add_products<F: Scalar, W: Scalar>(sums: &mut [f64; LANES], column: &Column<F>, weights: &Column<W>) {
    for (numbers, weights) in column.0.as_chunks::<LANES>().0.iter().zip(weights.0.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += numbers[lane].as_f64() * weights[lane].as_f64();
        }
    }
}

/// The sum of all lanes, added by halves as in all sums over lanes: the upper half to the lower half.
#[inline(always)]
fn folded(mut lanes: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Adds the losses of a group to `sums`, and overwrites `delta` with ∂ℓ/∂output. In `outputs` and `delta` the
/// column of a unit has index tile · width + unit.
#[expect(clippy::too_many_arguments, reason = "the buffers of a group are all different things")]
#[inline(always)]
pub(crate) fn add<S: Simd, F: Scalar>(
    simd: S,
    loss: &Loss,
    group: &Group<'_, F>,
    width: usize,
    outputs: &[Column<F>],
    delta: &mut [Column<F>],
    row: &mut RowInF64,
    sums: &mut Sums,
) {
    let tiles = outputs.chunks_exact(width).zip(delta.chunks_exact_mut(width));
    // One column of classes, or one column of values for each target column.
    let columns = group.targets.len() / group.rows.div_ceil(TILE);
    for ((index, targets), (outputs, delta)) in group.targets.chunks_exact(columns).enumerate().zip(tiles) {
        let rows = TILE.min(group.rows - index * TILE);
        let tile = Tile { targets, weights: group.weights.get(index), rows };
        match loss {
            Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } => {
                let smoothing = loss.smoothing().unwrap_or_default();
                cross_entropy(simd, outputs, tile, smoothing, delta, sums);
            }
            Loss::BinaryCrossEntropy => binary_cross_entropy(simd, outputs, tile, delta, sums),
            Loss::MeanSquaredError => squared_error(outputs, tile, delta, sums),
            Loss::AbsoluteError => absolute_error(outputs, tile, delta, sums),
            Loss::Huber { delta: limit } => huber(outputs, tile, *limit, delta, sums),
            Loss::Quantile { levels } => quantile(outputs, tile, levels, delta, sums),
            Loss::Poisson => poisson(simd, outputs, tile, delta, sums),
            Loss::Custom(function) => custom(simd, &**function, outputs, tile, delta, row, sums),
        }
        sums.add_weights(rows, tile.weights);
        if let Some(weights) = tile.weights {
            multiply(delta, weights);
        }
        // Lanes without a row must add nothing to the gradient.
        for delta in delta {
            delta.0[rows..].fill(F::ZERO);
        }
    }
}

/// The targets and weights of the rows of a tile.
#[derive(Clone, Copy)]
struct Tile<'a, F> {
    targets: &'a [Column<F>],
    weights: Option<&'a Column<F>>,
    rows: usize,
}

/// δ ∘= w: the gradient of w ℓ.
#[inline(always)]
fn multiply<F: Scalar>(delta: &mut [Column<F>], weights: &Column<F>) {
    for delta in delta {
        for (delta, &weight) in delta.0.iter_mut().zip(&weights.0) {
            *delta *= weight;
        }
    }
}

/// ℓ = ln Σⱼ exp(zⱼ) − Σⱼ tⱼ zⱼ and δⱼ = pⱼ − tⱼ for each row of a tile. The target t is
/// (1 − ε) [j = c] + ε/K for the class c of the row.
#[inline(always)]
fn cross_entropy<S: Simd, F: Scalar>(
    simd: S,
    logits: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    smoothing: f64,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let share = smoothing / logits.len() as f64;
    let mut terms = Terms { largest: Column::ZERO, of_class: Column::ZERO, total: Column::ZERO };
    let mut hits = Column::ZERO;
    for part in 0..rows.div_ceil(PAIR * F::width::<S>()) {
        let class = targets[0].lanes::<S, PAIR>(simd, part);
        let best = match (logits, &mut *delta) {
            ([first, second], [of_first, of_second]) if smoothing == 0.0 => {
                two_classes([first, second], class, part, [of_first, of_second], &mut terms)
            }
            (logits, delta) => {
                let target = [F::of(1.0 - smoothing + share), F::of(share)];
                many_classes(logits, class, target, part, delta, &mut terms)
            }
        };
        // A lane without a row has class −1, which is never predicted.
        hits.set(part, class.if_equal(best, class.all(F::ONE), class.all(F::ZERO)));
    }
    sums.add_hits(simd, &hits, weights);
    let Terms { largest, of_class, total } = terms;
    // ln Σⱼ exp(zⱼ) = max + ln Σⱼ exp(zⱼ − max). max − z_c is computed first, so that large logits lose no
    // digits. This is done in `f64`, because the difference may be too large for `f32`. The sum of
    // exponentials is between 1 and the number of classes.
    let mut margins = column_of(rows, 0.0, |i| largest.0[i].as_f64() - of_class.0[i].as_f64());
    if smoothing > 0.0 {
        smooth(&mut margins, smoothing, logits, &largest);
        margins.0[rows..].fill(0.0);
    }
    let mut totals = column_of(rows, 1.0, |i| total.0[i].as_f64());
    if weights.is_none() {
        sums.add(&margins, weights);
        return sums.add_logarithms(simd, &totals, logits.len());
    }
    // Logarithms with different factors cannot share one: ln is computed for each row.
    logarithms(simd, &mut totals);
    sums.add(&column_of(rows, 0.0, |i| margins.0[i] + totals.0[i]), weights);
}

/// From max − z_c to (1 − ε) (max − z_c) + (ε/K) Σⱼ (max − zⱼ).
#[inline(always)]
fn smooth<F: Scalar>(margins: &mut Column<f64>, smoothing: f64, logits: &[Column<F>], largest: &Column<F>) {
    let share = smoothing / logits.len() as f64;
    for margin in &mut margins.0 {
        *margin *= 1.0 - smoothing;
    }
    // Rows in the inner loop, so that the compiler computes several at once.
    for logit in logits {
        for i in 0..TILE {
            margins.0[i] += share * (largest.0[i].as_f64() - logit.0[i].as_f64());
        }
    }
}

/// Overwrites each number with its logarithm.
#[inline(always)]
fn logarithms<S: Simd>(simd: S, numbers: &mut Column<f64>) {
    for part in 0..Column::<f64>::parts::<S, 1>() {
        numbers.set(part, Function::Ln.of(numbers.lanes::<S, 1>(simd, part)));
    }
}

/// The terms of the losses of a tile: the largest logit, the logit of the true class, and Σⱼ exp(zⱼ − max).
struct Terms<F> {
    largest: Column<F>,
    of_class: Column<F>,
    total: Column<F>,
}

/// Terms and δ of one part of a tile, for two classes. Returns the class of the largest logit; of equal
/// logits, the first. With one infinite logit the loss is infinite or NaN although δ is finite, so it is the
/// loss that must be checked.
#[inline(always)]
fn two_classes<S: Simd, F: Scalar, const R: usize>(
    [first, second]: [&Column<F>; 2],
    class: Lanes<S, F, R>,
    part: usize,
    [of_first, of_second]: [&mut Column<F>; 2],
    terms: &mut Terms<F>,
) -> Lanes<S, F, R> {
    let (first, second) = (first.lanes(class.simd, part), second.lanes(class.simd, part));
    let (zero, one) = (class.all(F::ZERO), class.all(F::ONE));
    let of_class = class.if_equal(zero, first, second);
    let other = class.if_equal(zero, second, first);
    // s = z_other − z_c. Of the two numbers e^(z − max) one is e⁰ = 1 and the other is e^−|s|, so one
    // exponential serves both classes: p_other = σ(s) = 1 − p_c.
    let s = other - of_class;
    let e = Function::ExpOfNegative.of(-s.abs());
    let total = one + e;
    let p = s.if_less(zero, e, one) / total;
    of_first.set(part, class.if_equal(zero, -p, p));
    of_second.set(part, class.if_equal(zero, p, -p));
    terms.largest.set(part, s.if_less(zero, of_class, other));
    terms.of_class.set(part, of_class);
    terms.total.set(part, total);
    first.if_less(second, one, zero)
}

/// The same for any number of classes. The target is `of_true` for the true class and `of_others` for the
/// others.
#[inline(always)]
fn many_classes<S: Simd, F: Scalar, const R: usize>(
    logits: &[Column<F>],
    class: Lanes<S, F, R>,
    [of_true, of_others]: [F; 2],
    part: usize,
    delta: &mut [Column<F>],
    terms: &mut Terms<F>,
) -> Lanes<S, F, R> {
    let (simd, first) = (class.simd, logits[0].lanes(class.simd, part));
    // One pass finds the largest logit, its class, and the logit of the true class. `<` keeps the first of
    // equal logits.
    let (mut largest, mut of_class, mut best) = (first, first, first.all(F::ZERO));
    for (j, logit) in logits.iter().enumerate().skip(1) {
        let (logit, j) = (logit.lanes(simd, part), first.all(F::of(j as f64)));
        best = largest.if_less(logit, j, best);
        largest = largest.if_less(logit, logit, largest);
        of_class = class.if_equal(j, logit, of_class);
    }
    // Subtracting the largest logit leaves the softmax unchanged and keeps `exp` below overflow.
    // δ holds exp(zⱼ − max) until their sum is known.
    let mut total = largest.all(F::ZERO);
    for (logit, delta) in logits.iter().zip(&mut *delta) {
        let e = Function::ExpOfNegative.of(logit.lanes(simd, part) - largest);
        delta.set(part, e);
        total = total + e;
    }
    let inverse = total.all(F::ONE) / total;
    for (j, delta) in delta.iter_mut().enumerate() {
        let p = delta.lanes(simd, part) * inverse;
        delta.set(part, class.if_equal(class.all(F::of(j as f64)), p - of_true, p - of_others));
    }
    terms.largest.set(part, largest);
    terms.of_class.set(part, of_class);
    terms.total.set(part, total);
    best
}

/// One value for each row, and `filler` in the lanes without a row.
#[inline(always)]
fn column_of(rows: usize, filler: f64, value: impl Fn(usize) -> f64) -> Column<f64> {
    let mut column = Column([0.0; TILE]);
    for (i, place) in column.0.iter_mut().enumerate() {
        *place = value(i);
    }
    column.0[rows..].fill(filler);
    column
}

/// The mean over outputs of a value and its slope, for each row of a tile: ℓ = (1/m) Σⱼ f(ŷⱼ, yⱼ) and
/// δⱼ = (1/m) ∂f/∂ŷⱼ. `$slope` may use the difference ŷ − y and the number of the output; `$value` the slope
/// too. A macro and not a function that takes a closure, as for the activations.
///
/// The loop covers all lanes, also those without a row: with a constant length the compiler needs no extra loop
/// for the last rows. The numbers are `f64`, as in the textbook kernel.
macro_rules! mean_over_outputs {
    ($outputs:ident, $tile:ident, $delta:ident, $sums:ident, |$difference:ident, $j:ident|
        target $target:expr, slope $slope:expr, value |$s:ident| $value:expr) => {{
        let Tile { targets, weights, rows } = $tile;
        let m = $outputs.len() as f64;
        let mut losses = Column([0.0; TILE]);
        for ($j, (output, delta)) in $outputs.iter().zip($delta).enumerate() {
            let target = &targets[$target];
            for i in 0..TILE {
                let $difference = output.0[i].as_f64() - target.0[i].as_f64();
                let $s = $slope;
                losses.0[i] += $value;
                delta.0[i] = F::of($s / m);
            }
        }
        $sums.add_mean(losses, m, rows, weights);
    }};
}

/// f = (ŷ − y)².
#[inline(always)]
fn squared_error<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope 2.0 * difference, value |_slope| difference * difference);
}

/// f = |ŷ − y|.
#[inline(always)]
fn absolute_error<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope sign_or_zero(difference, -1.0, 1.0), value |slope| slope * difference);
}

/// f = c (e − ½ c) with e = ŷ − y and c = e between −δ and δ: ½ e² there, and δ (|e| − ½ δ) outside.
#[inline(always)]
fn huber<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    limit: f64,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope clamped(difference, limit), value |slope| slope * (difference - 0.5 * slope));
}

/// f = τ (y − ŷ) for ŷ below y, and (1 − τ) (ŷ − y) above. Output j has level j mod L of column j / L.
#[inline(always)]
fn quantile<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    levels: &[f64],
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let count = levels.len();
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j / count,
        slope sign_or_zero(difference, -levels[j % count], 1.0 - levels[j % count]),
        value |slope| slope * difference);
}

/// f = ln(1 + eᶻ) − y z = max(z, 0) − y z + ln(1 + e^−|z|) with slope σ(z) − y. One exponential serves both.
#[inline(always)]
fn binary_cross_entropy<S: Simd, F: Scalar>(
    simd: S,
    logits: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let m = logits.len() as f64;
    let (mut losses, mut product) = (Column([0.0; TILE]), Column([1.0; TILE]));
    let mut hits = Column([F::ONE; TILE]);
    for (j, ((logit, label), delta)) in logits.iter().zip(targets).zip(delta).enumerate() {
        let mut total = Column::ZERO;
        for part in 0..Column::<F>::parts::<S, PAIR>() {
            let (z, y) = (logit.lanes::<S, PAIR>(simd, part), label.lanes(simd, part));
            let (zero, one) = (z.all(F::ZERO), z.all(F::ONE));
            let e = Function::ExpOfNegative.of(-z.abs());
            let sum = one + e;
            total.set(part, sum);
            delta.set(part, (z.if_less(zero, e, one) / sum - y) * F::of(1.0 / m));
            // A row is a hit as long as z > 0 exactly where y > ½.
            let (is_positive, is_true) =
                (zero.if_less(z, one, zero), z.all(F::of(0.5)).if_less(y, one, zero));
            hits.set(part, is_positive.if_equal(is_true, hits.lanes(simd, part), zero));
        }
        for i in 0..TILE {
            let (z, y) = (logit.0[i].as_f64(), label.0[i].as_f64());
            losses.0[i] += z.max(0.0) - z * y;
            product.0[i] *= total.0[i].as_f64();
        }
        // Outputs share one logarithm. Each factor is at most 2, so the product of this number is finite.
        if (j + 1) % FACTORS == 0 || j + 1 == logits.len() {
            logarithms(simd, &mut product);
            for (loss, logarithm) in losses.0.iter_mut().zip(&mut product.0) {
                *loss += mem::replace(logarithm, 1.0);
            }
        }
    }
    hits.0[rows..].fill(F::ZERO);
    sums.add_hits(simd, &hits, weights);
    sums.add_mean(losses, m, rows, weights);
}

/// Number of factors up to 2 whose product is computed before its logarithm.
const FACTORS: usize = 512;

/// f = eᶻ − y z with slope eᶻ − y.
#[inline(always)]
fn poisson<S: Simd, F: Scalar>(
    simd: S,
    outputs: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let m = outputs.len() as f64;
    let mut losses = Column([0.0; TILE]);
    for ((output, count), delta) in outputs.iter().zip(targets).zip(delta) {
        let mut rate = Column::ZERO;
        for part in 0..Column::<F>::parts::<S, PAIR>() {
            rate.set(part, Function::Exp.of(output.lanes::<S, PAIR>(simd, part)));
            delta.set(part, (rate.lanes::<S, PAIR>(simd, part) - count.lanes(simd, part)) * F::of(1.0 / m));
        }
        for i in 0..TILE {
            losses.0[i] += rate.0[i].as_f64() - count.0[i].as_f64() * output.0[i].as_f64();
        }
    }
    sums.add_mean(losses, m, rows, weights);
}

/// A user-defined loss, row by row.
#[inline(always)]
fn custom<S: Simd, F: Scalar>(
    simd: S,
    loss: &dyn LossFn,
    outputs: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    row: &mut RowInF64,
    sums: &mut Sums,
) {
    let (mut losses, mut hits) = (Column([0.0; TILE]), Column::ZERO);
    for (i, value) in losses.0.iter_mut().enumerate().take(rows) {
        // The loss reads either the class or the values. The other one may be meaningless here, and is not
        // read.
        let class = targets[0].0[i].as_f64() as usize;
        *value = row.apply(loss, row_of(outputs, i), class, row_of(targets, i));
        for (delta, gradient) in delta.iter_mut().zip(row.gradient()) {
            delta.0[i] = F::of(gradient);
        }
        if loss.targets() == TargetKind::Classes && row.predicted() == class {
            hits.0[i] = F::ONE;
        }
    }
    sums.add(&losses, weights);
    sums.add_hits(simd, &hits, weights);
}

/// Row i of the given columns, in `f64`.
#[inline(always)]
fn row_of<F: Scalar>(columns: &[Column<F>], i: usize) -> impl Iterator<Item = f64> {
    columns.iter().map(move |column| column.0[i].as_f64())
}

//! Softmax and cross-entropy, also of smoothed targets.

use pulp::Simd;

use super::{Results, Sums, Tile, apply, column_of};
use crate::Scalar;
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::lanes::PAIR;

/// ℓ = ln Σⱼ exp(zⱼ) − Σⱼ tⱼ zⱼ and δⱼ = pⱼ − tⱼ for each row of a tile. The target t is
/// (1 − ε) [j = c] + ε/K for the class c of the row.
///
/// Without weights the losses lack the logarithms: `sums` takes them for many rows at once.
#[inline(always)]
pub(super) fn cross_entropy<S: Simd, F: Scalar>(
    simd: S,
    tile: Tile<'_, F>,
    smoothing: f64,
    delta: &mut [Column<F>],
    Results { losses, hits }: &mut Results<F>,
    sums: &mut Sums,
) {
    let (logits, rows) = (tile.outputs, tile.rows);
    let mut terms = Terms { largest: Column::ZERO, of_class: Column::ZERO, total: Column::ZERO };
    match delta {
        [first, second] if smoothing == 0.0 => two_classes(simd, tile, [first, second], &mut terms, hits),
        delta => {
            let share = smoothing / logits.len() as f64;
            let target = [1.0 - smoothing + share, share].map(F::of);
            many_classes(simd, tile, target, delta, &mut terms, hits);
        }
    }
    let Terms { largest, of_class, total } = terms;
    // ln Σⱼ exp(zⱼ) = max + ln Σⱼ exp(zⱼ − max). max − z_c is computed first, so that large logits lose no
    // digits. This is done in `f64`, because the difference may be too large for `f32`. The sum of
    // exponentials is between 1 and the number of classes.
    *losses = column_of(rows, 0.0, |i| largest.0[i].as_f64() - of_class.0[i].as_f64());
    if smoothing > 0.0 {
        smooth(losses, smoothing, logits, &largest);
    }
    let mut totals = column_of(rows, 1.0, |i| total.0[i].as_f64());
    if tile.weights.is_none() {
        sums.add_logarithms(simd, &totals, logits.len());
    } else {
        // Logarithms with different factors cannot share one: ln is computed for each row.
        apply(simd, Function::Ln, &mut totals, rows);
        for (loss, logarithm) in losses.0.iter_mut().zip(totals.0) {
            *loss += logarithm;
        }
    }
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

/// The terms of the losses of a tile: the largest logit, the logit of the true class, and Σⱼ exp(zⱼ − max).
struct Terms<F> {
    largest: Column<F>,
    of_class: Column<F>,
    total: Column<F>,
}

/// Terms, hits and δ for two classes. The predicted class is that of the largest logit; of equal logits, the
/// first. With one infinite logit the loss is infinite or NaN although δ is finite, so it is the loss that
/// must be checked.
#[inline(always)]
fn two_classes<S: Simd, F: Scalar>(
    simd: S,
    Tile { outputs, targets, rows, .. }: Tile<'_, F>,
    [of_first, of_second]: [&mut Column<F>; 2],
    terms: &mut Terms<F>,
    hits: &mut Column<F>,
) {
    for part in 0..rows.div_ceil(PAIR * F::width::<S>()) {
        let [first, second] = [&outputs[0], &outputs[1]].map(|z| z.lanes::<S, PAIR>(simd, part));
        let class = targets[0].lanes(simd, part);
        let (zero, one) = (class.all(F::ZERO), class.all(F::ONE));
        let of_class = class.if_equal(zero, first, second);
        let other = class.if_equal(zero, second, first);
        // s = z_other − z_c. Of the two numbers e^(z − max) one is e⁰ = 1 and the other is e^−|s|, so one
        // exponential serves both classes: p_other = σ(s) = 1 − p_c.
        let s = other - of_class;
        let e = (-s.abs()).exp_of_negative();
        let total = one + e;
        let p = s.if_less(zero, e, one) / total;
        of_first.set(part, class.if_equal(zero, -p, p));
        of_second.set(part, class.if_equal(zero, p, -p));
        terms.largest.set(part, s.if_less(zero, of_class, other));
        terms.of_class.set(part, of_class);
        terms.total.set(part, total);
        // A lane without a row has class −1, which is never predicted.
        hits.set(part, class.if_equal(first.if_less(second, one, zero), one, zero));
    }
}

/// The same for any number of classes. The target is `of_true` for the true class and `of_others` for the
/// others.
#[inline(always)]
fn many_classes<S: Simd, F: Scalar>(
    simd: S,
    Tile { outputs, targets, rows, .. }: Tile<'_, F>,
    [of_true, of_others]: [F; 2],
    delta: &mut [Column<F>],
    terms: &mut Terms<F>,
    hits: &mut Column<F>,
) {
    for part in 0..rows.div_ceil(PAIR * F::width::<S>()) {
        // One pass finds the largest logit, its class, and the logit of the true class. `<` keeps the first
        // of equal logits.
        let (first, class) = (outputs[0].lanes::<S, PAIR>(simd, part), targets[0].lanes(simd, part));
        let (mut largest, mut of_class, mut best) = (first, first, first.all(F::ZERO));
        for (j, logit) in outputs.iter().enumerate().skip(1) {
            let (logit, j) = (logit.lanes(simd, part), first.all(F::of(j as f64)));
            best = largest.if_less(logit, j, best);
            largest = largest.if_less(logit, logit, largest);
            of_class = class.if_equal(j, logit, of_class);
        }
        // Subtracting the largest logit leaves the softmax unchanged and keeps `exp` below overflow.
        // δ holds exp(zⱼ − max) until their sum is known.
        let mut total = largest.all(F::ZERO);
        for (logit, delta) in outputs.iter().zip(&mut *delta) {
            let e = (logit.lanes(simd, part) - largest).exp_of_negative();
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
        // A lane without a row has class −1, which is never predicted.
        hits.set(part, class.if_equal(best, best.all(F::ONE), best.all(F::ZERO)));
    }
}

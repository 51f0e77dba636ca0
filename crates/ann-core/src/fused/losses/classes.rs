//! Softmax and cross-entropy, also of smoothed targets.

use pulp::Simd;

use super::{Sums, Tile, column_of, logarithms};
use crate::Scalar;
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::lanes::{Lanes, PAIR};

/// ℓ = ln Σⱼ exp(zⱼ) − Σⱼ tⱼ zⱼ and δⱼ = pⱼ − tⱼ for each row of a tile. The target t is
/// (1 − ε) [j = c] + ε/K for the class c of the row.
#[inline(always)]
pub(super) fn cross_entropy<S: Simd, F: Scalar>(
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

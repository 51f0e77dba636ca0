//! Peak rates of this processor: multiply-adds on registers alone, and our own exponentials on numbers in the
//! first-level cache.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ann_core::{Scalar, elementary};
use anyhow::{Result, anyhow};
use pulp::{Arch, Simd, WithSimd};
use serde::Serialize;

/// Long enough for the clock's resolution, short enough to fall between two interruptions.
const WINDOW: Duration = Duration::from_millis(10);
const WINDOWS: usize = 20;
/// Enough independent sums to hide the time that one multiply-add takes, few enough for 16 registers.
const CHAINS: usize = 12;
const ROUNDS: usize = 10_000;
/// Length of an array; two such arrays fit into the first-level cache.
const NUMBERS: usize = 1024;

/// Rates per second, of all threads together.
#[derive(Debug, Serialize)]
pub struct Peak {
    /// 10⁹ additions and multiplications; a multiply-add counts as two.
    gflops: f64,
    /// Exponentials.
    exps: f64,
}

/// Measures both rates, on `threads` threads at the same time. Each thread takes the best of several short
/// windows. No more threads are used than the processor runs at once; otherwise rates from different times
/// would be added.
pub fn measure<F: Chains>(threads: usize) -> Result<Peak> {
    let threads = threads.min(std::thread::available_parallelism().map_or(1, usize::from));
    let together = |rate: fn() -> f64| {
        std::thread::scope(|scope| {
            let started: Vec<_> = (0..threads).map(|_| scope.spawn(rate)).collect();
            let rates = started.into_iter().map(std::thread::ScopedJoinHandle::join);
            rates.sum::<Result<f64, _>>().map_err(|_| anyhow!("a thread that measures the peak panicked"))
        })
    };
    let gflops = 2e-9 * together(|| best_rate(F::multiply_adds))?;
    Ok(Peak { gflops, exps: together(best_rate_of_exp::<F>)? })
}

fn best_rate_of_exp<F: Scalar>() -> f64 {
    let arguments: Vec<F> = (0..NUMBERS).map(|i| F::of(i as f64 / NUMBERS as f64 - 0.5)).collect();
    let mut numbers = arguments.clone();
    // The copy takes a few percent of the time. A kernel with its numbers in registers does not have this
    // cost.
    best_rate(|| {
        numbers.copy_from_slice(black_box(&arguments));
        elementary::exp(&mut numbers);
        black_box(&numbers);
        NUMBERS
    })
}

/// The best rate of `work`, which returns its number of operations.
fn best_rate(mut work: impl FnMut() -> usize) -> f64 {
    let mut window = || {
        let (begin, mut count) = (Instant::now(), 0);
        while begin.elapsed() < WINDOW {
            // Reading the clock takes as long as about ten exponentials.
            count += (0..16).map(|_| work()).sum::<usize>();
        }
        count as f64 / begin.elapsed().as_secs_f64()
    };
    (0..WINDOWS).map(|_| window()).fold(0.0, f64::max)
}

/// A number type whose multiply-adds can be counted.
pub trait Chains: Scalar {
    /// Does some multiply-adds and returns their number.
    fn multiply_adds() -> usize;
}

/// x ← factor · x + summand, for many x at once.
struct Work<F> {
    factor: F,
    summand: F,
}

macro_rules! chains {
    ($number:ident, $splat:ident, $mul_add:ident, $sum:ident, $lanes:ident) => {
        impl Chains for $number {
            fn multiply_adds() -> usize {
                Arch::new().dispatch(black_box(Work::<$number> { factor: 0.5, summand: 1.0 }))
            }
        }

        impl WithSimd for Work<$number> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> usize {
                let (factor, summand) = (simd.$splat(self.factor), simd.$splat(self.summand));
                let mut sums = [summand; CHAINS];
                for _ in 0..ROUNDS {
                    for sum in &mut sums {
                        *sum = simd.$mul_add(*sum, factor, summand);
                    }
                }
                black_box(sums.map(|sum| simd.$sum(sum)));
                ROUNDS * CHAINS * S::$lanes
            }
        }
    };
}
chains!(f64, splat_f64s, mul_add_f64s, reduce_sum_f64s, F64_LANES);
chains!(f32, splat_f32s, mul_add_f32s, reduce_sum_f32s, F32_LANES);

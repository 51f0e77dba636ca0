//! The entry points of the kernels. They are compiled with this crate, once for each number type: a generic
//! entry point would be compiled again in every crate that trains a network.

use crate::elementary::{Apply, ApplyWithSlopes};
use crate::fused::FusedPass;
use crate::instructions::dispatch;
use crate::lanes::Vector;
use crate::pass::Tally;
use crate::predictor::Sample;
use crate::vector::{Dot, ScaleAdd};
use crate::wide::WidePass;

/// The entry points for one number type. Users cannot name this trait, so they cannot implement `Scalar` for
/// other types.
pub trait Kernels: Vector {
    /// Computes a pass through the fused kernel.
    fn run_fused(pass: FusedPass<'_, Self>) -> Tally;
    /// Computes a pass through the wide kernel.
    fn run_wide(pass: WidePass<'_, Self>) -> Tally;
    /// Computes the outputs for one sample.
    fn predict(sample: Sample<'_, Self>);
    /// Scales a vector, or adds a multiple of another one to it.
    fn scale_add(work: ScaleAdd<'_, Self>);
    /// Multiplies two vectors and sums the products.
    fn dot(work: Dot<'_, Self>) -> f64;
    /// Applies an elementary function to a vector.
    fn apply(work: Apply<'_, Self>);
    /// Applies an elementary function to a vector, and computes its derivatives.
    fn apply_with_slopes(work: ApplyWithSlopes<'_, Self>);
}

macro_rules! kernels {
    ($($number:ident),*) => {$(
        // The number type is concrete here. So the code for all instruction sets is compiled now, and not
        // again in each crate that calls it.
        impl Kernels for $number {
            fn run_fused(pass: FusedPass<'_, Self>) -> Tally { dispatch(pass) }
            fn run_wide(pass: WidePass<'_, Self>) -> Tally { dispatch(pass) }
            fn predict(sample: Sample<'_, Self>) { dispatch(sample) }
            fn scale_add(work: ScaleAdd<'_, Self>) { dispatch(work) }
            fn dot(work: Dot<'_, Self>) -> f64 { dispatch(work) }
            fn apply(work: Apply<'_, Self>) { dispatch(work) }
            fn apply_with_slopes(work: ApplyWithSlopes<'_, Self>) { dispatch(work) }
        }
    )*};
}

kernels!(f32, f64);

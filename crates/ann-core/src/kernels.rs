//! The entry points of the kernels, compiled once for each number type and with this crate: a generic entry point would be compiled
//! again in every crate that trains a network.

use crate::elementary::Apply;
use crate::fused::FusedPass;
use crate::instructions::dispatch;
use crate::lanes::Vector;
use crate::pass::Tally;
use crate::predictor::Sample;
use crate::vector::ScaleAdd;
use crate::wide::WidePass;

/// The entry points for one number type.  Users cannot name this trait, so they cannot implement `Scalar`.
pub trait Kernels: Vector {
    /// Sends rows through the fused kernel.
    fn run_fused(pass: FusedPass<'_, Self>) -> Tally;
    /// Sends rows through the wide kernel.
    fn run_wide(pass: WidePass<'_, Self>) -> Tally;
    /// Computes the outputs for one sample.
    fn predict(sample: Sample<'_, Self>);
    /// Adds or multiplies whole vectors.
    fn scale_add(work: ScaleAdd<'_, Self>);
    /// Applies an elementary function to a vector.
    fn apply(work: Apply<'_, Self>);
}

macro_rules! kernels {
    ($($number:ident),*) => {$(
        impl Kernels for $number {
            fn run_fused(pass: FusedPass<'_, Self>) -> Tally { dispatch(pass) }
            fn run_wide(pass: WidePass<'_, Self>) -> Tally { dispatch(pass) }
            fn predict(sample: Sample<'_, Self>) { dispatch(sample) }
            fn scale_add(work: ScaleAdd<'_, Self>) { dispatch(work) }
            fn apply(work: Apply<'_, Self>) { dispatch(work) }
        }
    )*};
}

kernels!(f32, f64);

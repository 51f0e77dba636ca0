//! The work that is compiled once for each number type, with this crate: none of it is generic for its caller.

use crate::elementary::Apply;
use crate::fused::FusedPass;
use crate::instructions::dispatch;
use crate::lanes::Vector;
use crate::pass::Tally;
use crate::predictor::Sample;
use crate::vector::ScaleAdd;
use crate::wide::WidePass;

/// The entry points of one number type.  Unreachable from outside: it seals `Scalar`.
pub trait Kernels: Vector {
    fn run(pass: FusedPass<'_, Self>) -> Tally;
    fn run_wide(pass: WidePass<'_, Self>) -> Tally;
    fn predict(sample: Sample<'_, Self>);
    fn combine(work: ScaleAdd<'_, Self>);
    fn apply(work: Apply<'_, Self>);
}

macro_rules! kernels {
    ($($number:ident),*) => {$(
        impl Kernels for $number {
            fn run(pass: FusedPass<'_, Self>) -> Tally { dispatch(pass) }
            fn run_wide(pass: WidePass<'_, Self>) -> Tally { dispatch(pass) }
            fn predict(sample: Sample<'_, Self>) { dispatch(sample) }
            fn combine(work: ScaleAdd<'_, Self>) { dispatch(work) }
            fn apply(work: Apply<'_, Self>) { dispatch(work) }
        }
    )*};
}
kernels!(f32, f64);

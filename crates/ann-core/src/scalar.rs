//! The two number types a network can have.

use std::fmt::{Debug, Display};
use std::iter::Sum;

use ndarray::{LinalgScalar, ScalarOperand};
use num_traits::{Float, NumAssign};

use crate::kernels::Kernels;

/// `f32` or `f64`: the type of data and parameters. Settings (η, λ, gain) and losses are always `f64`.
pub trait Scalar:
    Float + NumAssign + LinalgScalar + ScalarOperand + Sum + Default + Debug + Display + Send + Sync + Kernels
{
    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    /// The same value as `f64`, exactly.
    fn as_f64(self) -> f64;
}

impl Scalar for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn as_f64(self) -> f64 {
        self
    }
}

impl Scalar for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
}

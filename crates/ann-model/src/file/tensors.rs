//! Numbers that are written one after another into tensors, and read in the same order.

use std::collections::BTreeMap;

use ann_core::Scalar;

use super::container::{Container, Numbers, Tensor, malformed};
use super::text::Precision;
use crate::Result;

/// Collects numbers by the name of their tensor.
#[derive(Default)]
pub(crate) struct Writer {
    vectors: BTreeMap<String, Vec<f64>>,
    tensors: BTreeMap<String, Tensor>,
}

impl Writer {
    pub fn push(&mut self, name: &str, number: f64) {
        self.vectors.entry(name.to_owned()).or_default().push(number);
    }

    pub fn insert(&mut self, name: String, tensor: Tensor) {
        self.tensors.insert(name, tensor);
    }

    pub fn into_tensors(mut self) -> BTreeMap<String, Tensor> {
        self.tensors.extend(self.vectors.into_iter().map(|(name, numbers)| (name, Tensor::vector(numbers))));
        self.tensors
    }
}

/// Reads the numbers of tensors one after another.
pub(crate) struct Reader<'c> {
    container: &'c Container,
    read: BTreeMap<&'static str, usize>,
}

impl<'c> Reader<'c> {
    pub fn new(container: &'c Container) -> Self {
        Self { container, read: BTreeMap::new() }
    }

    /// The next number of a vector, which must be finite.
    pub fn next(&mut self, name: &'static str) -> Result<f64> {
        let place = self.read.entry(name).or_default();
        let Some(Tensor { numbers: Numbers::F64(numbers), .. }) = self.container.tensors.get(name) else {
            return Err(malformed(format!("there is no tensor {name:?} in double precision")));
        };
        let number = numbers.get(*place).copied().filter(|number| number.is_finite());
        *place += 1;
        number.ok_or_else(|| {
            malformed(format!("the tensor {name:?} is too short, or holds a number that is not finite"))
        })
    }

    /// The next number, which must be above 0.
    pub fn next_positive(&mut self, name: &'static str) -> Result<f64> {
        let number = self.next(name)?;
        if number > 0.0 {
            Ok(number)
        } else {
            Err(malformed(format!("the tensor {name:?} holds {number}, expected above 0")))
        }
    }

    pub fn next_many(&mut self, name: &'static str, count: usize) -> Result<Vec<f64>> {
        (0..count).map(|_| self.next(name)).collect()
    }
}

/// A number of a network that can be in a file: `f32` or `f64`.
pub trait Element: Scalar {
    /// The precision of this type.
    const PRECISION: Precision;
    /// Numbers of this type, as they are in a file.
    fn into_numbers(numbers: Vec<Self>) -> Numbers;
    /// The numbers of a file, if they are of this type.
    fn from_numbers(numbers: &Numbers) -> Option<&[Self]>;
}

impl Element for f32 {
    const PRECISION: Precision = Precision::F32;

    fn into_numbers(numbers: Vec<Self>) -> Numbers {
        Numbers::F32(numbers)
    }

    fn from_numbers(numbers: &Numbers) -> Option<&[Self]> {
        if let Numbers::F32(numbers) = numbers { Some(numbers) } else { None }
    }
}

impl Element for f64 {
    const PRECISION: Precision = Precision::F64;

    fn into_numbers(numbers: Vec<Self>) -> Numbers {
        Numbers::F64(numbers)
    }

    fn from_numbers(numbers: &Numbers) -> Option<&[Self]> {
        if let Numbers::F64(numbers) = numbers { Some(numbers) } else { None }
    }
}

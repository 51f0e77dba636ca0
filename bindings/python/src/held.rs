//! Arrays of NumPy whose memory stays where it is while they are read.
//!
//! Training and prediction read arrays in another thread, without the lock of the interpreter. Meanwhile a
//! callback, or another thread of Python, can call `X.resize(…, refcheck=False)`, which frees the memory. And
//! the crate `numpy` aborts the process: when the borrow ends, it looks for the borrow under the array's new
//! address, where there is none.

use std::ops::Deref;

use numpy::ndarray::Dimension;
use numpy::{Element, Ix1, Ix2, PyReadonlyArray, PyUntypedArray};
use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

/// A borrowed array that cannot be resized: `resize` raises a `ValueError`, whatever its `refcheck` is.
pub struct HeldArray<'py, T: Element, D: Dimension> {
    /// A view that only we know, so nobody changes its address, its shape or its strides.
    view: PyReadonlyArray<'py, T, D>,
    /// NumPy resizes no array that has a weak reference. These are the array and those whose memory it shows.
    _unresizable: Vec<Bound<'py, PyWeakrefReference>>,
}

pub type HeldArray1<'py, T> = HeldArray<'py, T, Ix1>;
pub type HeldArray2<'py, T> = HeldArray<'py, T, Ix2>;

impl<'py, T: Element, D: Dimension> FromPyObject<'_, 'py> for HeldArray<'py, T, D> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let array = object.cast::<PyUntypedArray>()?;
        let view = array.call_method0("view")?.extract()?;
        let mut unresizable = vec![];
        let mut owner = array.to_owned().into_any();
        while owner.is_instance_of::<PyUntypedArray>() {
            unresizable.push(PyWeakrefReference::new(&owner)?);
            owner = owner.getattr("base")?;
        }
        Ok(Self { view, _unresizable: unresizable })
    }
}

impl<'py, T: Element, D: Dimension> Deref for HeldArray<'py, T, D> {
    type Target = PyReadonlyArray<'py, T, D>;

    fn deref(&self) -> &Self::Target {
        &self.view
    }
}

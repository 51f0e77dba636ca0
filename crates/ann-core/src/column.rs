//! Storage that vector registers load directly: columns of 32 rows, and aligned vectors.

use std::array;
use std::ops::{Deref, DerefMut, Range};

use pulp::Simd;

use crate::lanes::{Lanes, Vector};

/// Number of rows in a tile: they pass through a network together.
pub(crate) const TILE: usize = 32;
/// Size in bytes of the widest vector registers, and of a line of the processor's caches.
pub(crate) const LINE: usize = 64;

/// One quantity of the rows of a tile, for example the activations of one unit. Aligned for the widest vector
/// registers.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Column<F>(pub [F; TILE]);

impl<F: Vector> Column<F> {
    pub(crate) const ZERO: Self = Self([F::ZERO; TILE]);

    /// The numbers as vector registers.
    #[inline(always)]
    pub(crate) fn registers<S: Simd>(&self) -> &[F::Register<S>] {
        F::registers::<S>(&self.0)
    }

    #[inline(always)]
    pub(crate) fn registers_mut<S: Simd>(&mut self) -> &mut [F::Register<S>] {
        F::registers_mut::<S>(&mut self.0)
    }

    /// Number of parts of R registers in a column.
    #[inline(always)]
    pub(crate) fn parts<S: Simd, const R: usize>() -> usize {
        TILE / F::width::<S>() / R
    }

    /// Part number `part`: R registers, the first of which is register `part` · R.
    #[inline(always)]
    pub(crate) fn part<S: Simd, const R: usize>(&self, part: usize) -> &[F::Register<S>; R] {
        &self.registers::<S>().as_chunks().0[part]
    }

    #[inline(always)]
    pub(crate) fn part_mut<S: Simd, const R: usize>(&mut self, part: usize) -> &mut [F::Register<S>; R] {
        &mut self.registers_mut::<S>().as_chunks_mut().0[part]
    }

    /// The numbers of a part, ready for arithmetic.
    #[inline(always)]
    pub(crate) fn lanes<S: Simd, const R: usize>(&self, simd: S, part: usize) -> Lanes<S, F, R> {
        Lanes { simd, registers: *self.part::<S, R>(part) }
    }

    /// Overwrites the numbers of a part.
    #[inline(always)]
    pub(crate) fn set<S: Simd, const R: usize>(&mut self, part: usize, lanes: Lanes<S, F, R>) {
        *self.part_mut::<S, R>(part) = lanes.registers;
    }
}

/// Side of the square blocks that are transposed in registers: 4 neighbouring numbers are read and written at
/// a time.
pub(crate) const SQUARE: usize = 4;

/// The transpose of a square block.
#[inline(always)]
pub(crate) fn transpose_square<F: Copy>(square: [[F; SQUARE]; SQUARE]) -> [[F; SQUARE]; SQUARE] {
    array::from_fn(|column| array::from_fn(|row| square[row][column]))
}

/// A vector of numbers that begins at a multiple of [`LINE`] bytes.
#[derive(Debug)]
pub(crate) struct Aligned<F> {
    numbers: Vec<F>,
    start: usize,
}

impl<F: Vector> Aligned<F> {
    pub fn zeros(count: usize) -> Self {
        // Safe code cannot choose the alignment of a `Vec`. So it has some spare numbers, and the first
        // aligned number is the start.
        let numbers = vec![F::ZERO; count + Self::SPARE];
        let start = Self::first_aligned(&numbers);
        Self { numbers, start }
    }
}

impl<F> Aligned<F> {
    /// Number of spare numbers: enough for an aligned start to exist.
    const SPARE: usize = LINE / size_of::<F>();

    fn first_aligned(numbers: &[F]) -> usize {
        // `align_offset` may return `usize::MAX` for no answer. Then the numbers are not aligned: slower, but
        // correct.
        numbers.as_ptr().align_offset(LINE).min(Self::SPARE)
    }

    #[inline(always)]
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.numbers.len() - Self::SPARE
    }
}

impl<F: Clone> Clone for Aligned<F> {
    /// The copy has another address, so its start may be at another index.
    fn clone(&self) -> Self {
        let mut numbers = self.numbers.clone();
        let start = Self::first_aligned(&numbers);
        numbers.rotate_left(self.start);
        numbers.rotate_right(start);
        Self { numbers, start }
    }
}

impl<F> Deref for Aligned<F> {
    type Target = [F];
    #[inline(always)]
    fn deref(&self) -> &[F] {
        &self.numbers[self.range()]
    }
}

impl<F> DerefMut for Aligned<F> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [F] {
        let range = self.range();
        &mut self.numbers[range]
    }
}

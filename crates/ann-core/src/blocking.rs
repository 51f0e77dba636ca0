//! Block sizes of the kernels' loops for each instruction set, chosen when the crate is compiled.
//!
//! A kernel function is generic over its block size. It computes N sums, one for each of N units, rows or
//! inputs. Each sum stays in R vector registers while the function reads the operand that is common to all
//! sums; it is read only once. So N · R registers for the sums, and a few for operands, must not exceed the
//! processor's registers. At the end of a layer fewer than N units may be left, and a block of that size
//! needs its own instance of the function. The macros below choose the instance: by the instruction set `S`
//! and the number type `F` at compile time, and by the number of units left at run time.
//!
//! ```text
//!                        AVX-512             AVX2        NEON        portable
//! registers              32 of 64 bytes      16 of 32    32 of 16    slow in any case
//! registers of a column  f64 4, f32 2        8, 4        16, 8       16, 8
//! registers of a line    1                   2           4           4
//!
//! in_tile_blocks!  N ≤   f64 4, f32 8        4           4           1
//!                  R     f64 4, f32 2        2           2           2
//! in_strip_blocks! N ≤   8                   4           4           1
//!                  R     2 (1 for a line)    2           2           2
//!                  P     1                   lines       2 · lines   2 · lines
//! in_line_registers! R   lines               2 · lines   4 · lines   4 · lines
//! ```
//!
//! A column is one unit of the 32 rows of a tile, a line is 64 bytes, and a strip of a panel is one or two
//! lines. One row of a strip takes P · R registers. The result has the same bits for every choice: each sum
//! is a chain of fused multiply-adds in the order of its formula.
//!
//! These are macros and not functions that take a closure: a closure that is not inlined is compiled without
//! the instruction set, and was measured to be 15 times slower.

use pulp::Simd;

use crate::column::{LINE, TILE};
use crate::lanes::Vector;

/// Calls `$kernel::<S, F, N, R>` for one block of a tile. Evaluates to N, the number of units in the block,
/// at most `$left`.
macro_rules! in_tile_blocks {
    ($S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        if const { $crate::instructions::is_portable::<$S>() } {
            in_tile_blocks!(@call 1, 2, $S, $F, $kernel $arguments)
        } else {
            in_tile_blocks!(@wide $S, $F, $left, $kernel $arguments)
        }
    };
    // AVX-512 has 32 registers: 16 sums fit beside the operands. AVX2 and NEON keep 8 sums. Portable code is
    // slow in any case: larger blocks would only take longer to compile.
    (@wide $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match const { (<$S>::REGISTER_COUNT >= 32, $crate::blocking::registers_of_a_tile::<$S, $F>()) } {
            (true, 4) => in_tile_blocks!(@at_most 4, 4, $S, $F, $left, $kernel $arguments),
            (true, 2) => in_tile_blocks!(@at_most 8, 2, $S, $F, $left, $kernel $arguments),
            _ => in_tile_blocks!(@at_most 4, 2, $S, $F, $left, $kernel $arguments),
        }
    };
    // N is a constant parameter of the function, so each of the sizes 1 to 4 needs its own instance. The
    // match picks one at run time.
    (@at_most 4, $r:literal, $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match $left {
            1 => in_tile_blocks!(@call 1, $r, $S, $F, $kernel $arguments),
            2 => in_tile_blocks!(@call 2, $r, $S, $F, $kernel $arguments),
            3 => in_tile_blocks!(@call 3, $r, $S, $F, $kernel $arguments),
            _ => in_tile_blocks!(@call 4, $r, $S, $F, $kernel $arguments),
        }
    };
    (@at_most 8, $r:literal, $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match $left {
            8.. => in_tile_blocks!(@call 8, $r, $S, $F, $kernel $arguments),
            left => in_tile_blocks!(@at_most 4, $r, $S, $F, left, $kernel $arguments),
        }
    };
    (@call $n:literal, $r:literal, $S:ty, $F:ty, $kernel:ident ($($argument:expr),*)) => {{
        $kernel::<$S, $F, $n, $r>($($argument),*);
        $n
    }};
}

/// Calls `$kernel::<S, F, N, R, P>` for one block of a strip. Evaluates to N, at most `$left`.
macro_rules! in_strip_blocks {
    ($S:ty, $F:ty, $strip:expr, $left:expr, $kernel:ident $arguments:tt) => {
        match const { $crate::blocking::registers_of_a_line::<$S, $F>() } {
            // One register per line is AVX-512, two are AVX2, four are NEON or portable code. The tuples are
            // (N, R, P), first for a strip of two lines, then for a strip of one.
            1 => in_strip_blocks!(@strip (8, 2, 1), (8, 1, 1), $S, $F, $strip, $left, $kernel $arguments),
            2 => in_strip_blocks!(@strip (4, 2, 2), (4, 2, 1), $S, $F, $strip, $left, $kernel $arguments),
            _ if const { $crate::instructions::is_portable::<$S>() } => {
                in_strip_blocks!(@strip (1, 2, 4), (1, 2, 2), $S, $F, $strip, $left, $kernel $arguments)
            }
            _ => in_strip_blocks!(@strip (4, 2, 4), (4, 2, 2), $S, $F, $strip, $left, $kernel $arguments),
        }
    };
    (@strip $two_lines:tt, $one_line:tt, $S:ty, $F:ty, $strip:expr, $left:expr, $kernel:ident $arguments:tt) => {
        if $strip.width > <$F>::LANES {
            in_strip_blocks!(@at_most $two_lines, $S, $F, $left, $kernel $arguments)
        } else {
            in_strip_blocks!(@at_most $one_line, $S, $F, $left, $kernel $arguments)
        }
    };
    (@at_most (1, $r:literal, $p:literal), $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        in_strip_blocks!(@call 1, $r, $p, $S, $F, $kernel $arguments)
    };
    (@at_most (8, $r:literal, $p:literal), $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match $left {
            8.. => in_strip_blocks!(@call 8, $r, $p, $S, $F, $kernel $arguments),
            left => in_strip_blocks!(@at_most (4, $r, $p), $S, $F, left, $kernel $arguments),
        }
    };
    (@at_most (4, $r:literal, $p:literal), $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match $left {
            1 => in_strip_blocks!(@call 1, $r, $p, $S, $F, $kernel $arguments),
            2 => in_strip_blocks!(@call 2, $r, $p, $S, $F, $kernel $arguments),
            3 => in_strip_blocks!(@call 3, $r, $p, $S, $F, $kernel $arguments),
            _ => in_strip_blocks!(@call 4, $r, $p, $S, $F, $kernel $arguments),
        }
    };
    (@call $n:literal, $r:literal, $p:literal, $S:ty, $F:ty, $kernel:ident ($($argument:expr),*)) => {{
        $kernel::<$S, $F, $n, $r, $p>($($argument),*);
        $n
    }};
}

/// Calls `$kernel::<S, F, …, R>` with R = the number of registers in 1, 2 or 4 lines.
macro_rules! in_line_registers {
    ($S:ty, $F:ty, $lines:tt, $kernel:ident $arguments:tt) => {
        in_line_registers!($S, $F, $lines, $kernel () $arguments)
    };
    ($S:ty, $F:ty, 1, $kernel:ident ($($n:literal),*) $arguments:tt) => {
        in_line_registers!(@choose (1, 2, 4), $kernel, ($S, $F $(, $n)*), $S, $F, $arguments)
    };
    ($S:ty, $F:ty, 2, $kernel:ident ($($n:literal),*) $arguments:tt) => {
        in_line_registers!(@choose (2, 4, 8), $kernel, ($S, $F $(, $n)*), $S, $F, $arguments)
    };
    ($S:ty, $F:ty, 4, $kernel:ident ($($n:literal),*) $arguments:tt) => {
        in_line_registers!(@choose (4, 8, 16), $kernel, ($S, $F $(, $n)*), $S, $F, $arguments)
    };
    (@choose ($a:literal, $b:literal, $c:literal), $kernel:ident, $types:tt, $S:ty, $F:ty, $arguments:tt) => {
        match const { $crate::blocking::registers_of_a_line::<$S, $F>() } {
            1 => in_line_registers!(@call $kernel, $types, $a, $arguments),
            2 => in_line_registers!(@call $kernel, $types, $b, $arguments),
            _ => in_line_registers!(@call $kernel, $types, $c, $arguments),
        }
    };
    (@call $kernel:ident, ($($type:tt),*), $r:literal, ($($argument:expr),*)) => {
        $kernel::<$($type,)* $r>($($argument),*)
    };
}

pub(crate) use {in_line_registers, in_strip_blocks, in_tile_blocks};

/// Number of registers that hold a column: one unit of the rows of a tile.
pub(crate) const fn registers_of_a_tile<S: Simd, F: Vector>() -> usize {
    TILE * size_of::<F>() / size_of::<F::Register<S>>()
}

/// Number of registers that hold a line.
pub(crate) const fn registers_of_a_line<S: Simd, F: Vector>() -> usize {
    LINE / size_of::<F::Register<S>>()
}

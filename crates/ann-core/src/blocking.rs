//! How the loops of the kernels are cut: block sizes for each instruction set, chosen when the crate is compiled.
//!
//! A kernel function is generic over the size of its block: N sums (of units, rows or inputs), each R registers long, stay in
//! registers while the other operand passes by once.  N · R sums, and a few registers for operands, must fit the processor's
//! registers; and a block of fewer than N units at the end of a layer needs a function of its own.  The macros below choose the
//! function by the instruction set `S` and the number type `F` at compile time, and by what is left of the layer at run time.
//!
//! ```text
//!                        AVX-512             AVX2        NEON        portable
//! registers              32 of 64 bytes      16 of 32    32 of 16    slow in any case
//! registers of a tile    f64 4, f32 2        8, 4        16, 8       16, 8
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
//! A tile is 32 rows of one unit, a line 64 bytes, and a strip of a panel one or two lines.  P: how often R registers pass until a
//! strip is through.  No choice changes a bit of the result: every sum is made of fused multiply-adds in the order of its formula.
//!
//! These are macros, because a closure that is not inlined is compiled without the instruction set, and was 15 times slower.

use pulp::Simd;

use crate::column::{LINE, TILE};
use crate::lanes::Vector;

/// Calls `$kernel::<S, F, N, R>` for a block of a tile, N at most `$left`, and evaluates to N.
macro_rules! in_tile_blocks {
    ($S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        if const { $crate::instructions::is_portable::<$S>() } {
            in_tile_blocks!(@call 1, 2, $S, $F, $kernel $arguments)
        } else {
            in_tile_blocks!(@wide $S, $F, $left, $kernel $arguments)
        }
    };
    (@wide $S:ty, $F:ty, $left:expr, $kernel:ident $arguments:tt) => {
        match const { (<$S>::REGISTER_COUNT >= 32, $crate::blocking::registers_of_a_tile::<$S, $F>()) } {
            (true, 4) => in_tile_blocks!(@at_most 4, 4, $S, $F, $left, $kernel $arguments),
            (true, 2) => in_tile_blocks!(@at_most 8, 2, $S, $F, $left, $kernel $arguments),
            _ => in_tile_blocks!(@at_most 4, 2, $S, $F, $left, $kernel $arguments),
        }
    };
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

/// Calls `$kernel::<S, F, N, R, P>` for a strip of a panel, N at most `$left`, and evaluates to N.
macro_rules! in_strip_blocks {
    ($S:ty, $F:ty, $strip:expr, $left:expr, $kernel:ident $arguments:tt) => {
        match const { $crate::blocking::registers_of_a_line::<$S, $F>() } {
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

/// Calls `$kernel::<S, F, …, R>` with R = registers of 1, 2 or 4 lines.
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

/// Registers that hold one unit of the rows of a tile.
pub(crate) const fn registers_of_a_tile<S: Simd, F: Vector>() -> usize {
    TILE * size_of::<F>() / size_of::<F::Register<S>>()
}

/// Registers that hold a line.
pub(crate) const fn registers_of_a_line<S: Simd, F: Vector>() -> usize {
    LINE / size_of::<F::Register<S>>()
}

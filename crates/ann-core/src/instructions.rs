//! The instruction set that the kernels use: by default the best one that the processor has. It is determined
//! once, when it is first needed.

use std::fmt::{self, Display};
use std::sync::OnceLock;

use pulp::{Arch, Scalar128b, Simd, WithSimd};

use crate::{Error, Result};

static CHOSEN: OnceLock<Arch> = OnceLock::new();

/// An instruction set for the fast kernels. All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// No vector instructions: works on any processor. Fused multiply-adds are computed by a library
    /// function, so it takes 36 to 180 times as long as AVX-512.
    Scalar,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512.
    Avx512,
    /// NEON, on 64-bit ARM.
    Neon,
    /// SIMD of WebAssembly, with library functions for fused multiply-adds.
    Simd128,
    /// Relaxed SIMD of WebAssembly. It gives the bits of the others only where the host adds a product in one
    /// rounding, as processors with fused multiply-add do; the host has to find out.
    RelaxedSimd,
}

impl InstructionSet {
    /// From the slowest to the fastest.
    const ALL: [Self; 6] =
        [Self::Scalar, Self::Simd128, Self::RelaxedSimd, Self::Neon, Self::Avx2, Self::Avx512];

    /// The instruction sets that this processor has, slowest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|instructions| instructions.arch().is_some()).collect()
    }

    /// The instruction set that this program uses. After this call it cannot be changed any more.
    pub fn used() -> Self {
        match arch() {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => Self::Avx512,
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => Self::Avx2,
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(_) => Self::Neon,
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Arch::RelaxedSimd(_) => Self::RelaxedSimd,
            #[cfg(all(
                target_arch = "wasm32",
                target_feature = "simd128",
                not(target_feature = "relaxed-simd")
            ))]
            Arch::Simd128(_) => Self::Simd128,
            _ => Self::Scalar,
        }
    }

    /// Makes this program use this instruction set, for a comparison or a measurement. Call it before
    /// anything is computed, and before [`used`](Self::used).
    ///
    /// # Errors
    /// This processor does not have it, or another one has been used already.
    pub fn choose(self) -> Result<()> {
        let available =
            || Self::available().into_iter().map(|instructions| instructions.to_string()).collect();
        let asked = self.to_string();
        let Some(arch) = self.arch() else {
            return Err(Error::InstructionsUnavailable { asked, available: available() });
        };
        CHOSEN.get_or_init(|| arch);
        let used = Self::used();
        if used == self { Ok(()) } else { Err(Error::InstructionsInUse { asked, used: used.to_string() }) }
    }

    fn arch(self) -> Option<Arch> {
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::RelaxedSimd => pulp::wasm::RelaxedSimd::try_new().map(Arch::RelaxedSimd),
            #[cfg(all(
                target_arch = "wasm32",
                target_feature = "simd128",
                not(target_feature = "relaxed-simd")
            ))]
            Self::Simd128 => pulp::wasm::Simd128::try_new().map(Arch::Simd128),
            _ => None,
        }
    }
}

impl Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::RelaxedSimd => "relaxed simd",
        })
    }
}

/// Runs `work`, compiled for the chosen instruction set.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) fn dispatch<Work: WithSimd>(work: Work) -> Work::Output {
    match arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => Simd::vectorize(simd, work),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => Simd::vectorize(simd, work),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => Simd::vectorize(simd, work),
        // A portable register holds 2 `f64` or 4 `f32`. One number would not do: some functions treat an
        // `f64` as two `u32`, so registers of both must have the same size.
        _ => call_portable(Scalar128b, work),
    }
}

/// Runs `work` with the instruction set of the build: WebAssembly cannot ask what the host has, and a second
/// set of kernels would double what is loaded.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) fn dispatch<Work: WithSimd>(work: Work) -> Work::Output {
    match arch() {
        #[cfg(target_feature = "relaxed-simd")]
        Arch::RelaxedSimd(simd) => Simd::vectorize(simd, work),
        #[cfg(not(target_feature = "relaxed-simd"))]
        Arch::Simd128(simd) => Simd::vectorize(simd, work),
        _ => unreachable!("no other instruction set is available in this build"),
    }
}

/// Runs `work` as a function that is compiled for the instruction set of `simd`, once for all callers.
#[inline(always)]
pub(crate) fn call<S: Simd, Work: WithSimd>(simd: S, work: Work) -> Work::Output {
    // `vectorize` of portable code is inlined.
    if const { is_portable::<S>() } { call_portable(simd, work) } else { simd.vectorize(work) }
}

#[inline(never)]
fn call_portable<S: Simd, Work: WithSimd>(simd: S, work: Work) -> Work::Output {
    work.with_simd(simd)
}

/// Whether S is `Scalar128b`, which differs from the others in [`dispatch`] by lanes and number of registers.
/// It is slow in any case, so the kernels use small blocks for it: large ones would take half of the compile
/// time.
pub(crate) const fn is_portable<S: Simd>() -> bool {
    S::F64_LANES == Scalar128b::F64_LANES && S::REGISTER_COUNT == Scalar128b::REGISTER_COUNT
}

/// The instruction set in use, determined at the first call.
fn arch() -> Arch {
    *CHOSEN.get_or_init(Arch::new)
}

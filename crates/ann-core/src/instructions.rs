//! Which instructions the kernels use: the best that this processor has, found out once.

use std::fmt::{self, Display};
use std::sync::OnceLock;

use pulp::{Arch, Scalar128b, Simd, WithSimd};

use crate::{Error, Result};

static CHOSEN: OnceLock<Arch> = OnceLock::new();

/// An instruction set that the fast kernels can be run with.  All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// Without vector instructions, on any processor.  Fused multiply-adds are computed in a function, 36 to 180 times
    /// as slow as AVX-512.
    Scalar,
    /// AVX2 and fused multiply-add.
    Avx2,
    /// AVX-512.
    Avx512,
    /// NEON, of 64-bit ARM.
    Neon,
}

impl InstructionSet {
    /// In the order of their speed.
    const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// Those that this processor has, slowest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|instructions| instructions.arch().is_some()).collect()
    }

    /// Those that are used by this program: from this question on at the latest, the answer stays.
    pub fn used() -> Self {
        match arch() {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => Self::Avx512,
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => Self::Avx2,
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(_) => Self::Neon,
            _ => Self::Scalar,
        }
    }

    /// Makes this program use these instructions from here on, for a comparison or a measurement: to be called before anything has
    /// been computed, and before [`used`](Self::used) has been asked.
    ///
    /// # Errors
    /// This processor does not have them, or others have been used already.
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
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
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
        })
    }
}

/// Runs with the instructions to use.
pub(crate) fn dispatch<Work: WithSimd>(work: Work) -> Work::Output {
    match arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => Simd::vectorize(simd, work),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => Simd::vectorize(simd, work),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => Simd::vectorize(simd, work),
        // Two numbers or four stand for a register: functions take numbers apart in halves, so one would not do.
        _ => Scalar128b.vectorize(work),
    }
}

/// Whether S is `Scalar128b`, told from the others of [`dispatch`] by lanes and registers.  What runs there is slow in any case, so the
/// kernels are kept small for it: they would take half of the time to compile.
pub(crate) const fn is_portable<S: Simd>() -> bool {
    S::F64_LANES == Scalar128b::F64_LANES && S::REGISTER_COUNT == Scalar128b::REGISTER_COUNT
}

fn arch() -> Arch {
    *CHOSEN.get_or_init(Arch::new)
}

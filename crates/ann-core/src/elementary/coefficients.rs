//! The constants of the elementary functions, for each number type.
//!
//! The polynomials are Chebyshev approximations, made for this crate, of the functions that are named beside
//! them. `coefficients.py` in this folder prints `mills`.

/// Constants of one number type.
#[derive(Debug)]
pub struct Coefficients<F: 'static> {
    pub(super) log2_e: F,
    /// ln 2 as the sum of two numbers. The first has few bits, so that its product with an exponent is exact.
    pub(super) ln_2: [F; 2],
    /// (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, highest power first.
    pub(super) exp: &'static [F],
    /// (2 artanh s − 2s) / s³ as a polynomial in s² for |s| ≤ (√2 − 1) / (√2 + 1), highest power first.
    pub(super) ln: &'static [F],
    /// √2 − 1.
    pub(super) root_2_minus_1: F,
    /// eˣ rounds to 0 below the first number, and to ∞ above the second.
    pub(super) exp_range: [F; 2],
    /// eˣ − 1 rounds to −1 below the first number, and to ∞ above the second.
    pub(super) exp_m1_range: [F; 2],
    /// [shift, 2^−shift, 2^shift]. 2ᵏ may be subnormal or overflow. But 2^(k + shift) is a normal number for
    /// negative k, and so is 2^(k − shift) for the others.
    pub(super) shift: [F; 3],
    /// σ(x) and tanh(x/2) round to 1 above this number. Below it, the power 2^(k − shift) that σ uses is a
    /// normal number.
    pub(super) saturated: F,
    /// [smallest normal number, 2ⁿ, n]. A subnormal number times 2ⁿ is normal.
    pub(super) normal: [F; 3],
    /// Below the first number SiLU and Mish round to 0. Above the second one they are z, with slope 1.
    pub(super) smooth_range: [F; 2],
    /// Below the first number GELU and Φ round to 0. Above the second one GELU is z and Φ is 1.
    pub(super) normal_range: [F; 2],
    /// K of [`mills`](Self::mills).
    pub(super) mills_centre: F,
    /// (x + K) e^(x²/2) Φ(−x) for x ≥ 0 within `normal_range`, as a polynomial in (x − K) / (x + K), highest
    /// power first. K is such a number that the lowest coefficients are almost exact.
    pub(super) mills: &'static [F],
    /// 1 / √(2π).
    pub(super) density_at_0: F,
    pub(super) infinity: F,
    pub(super) nan: F,
    pub(super) half: F,
    pub(super) two: F,
}

impl Coefficients<f64> {
    pub(crate) const F64: Self = Self {
        log2_e: std::f64::consts::LOG2_E,
        ln_2: [0.693_147_180_485_539_1, 7.440_617_110_012_397e-11],
        // Largest error 1.3e-17, relative to eʳ.
        exp: &[
            2.510_042_415_700_506_7e-8,
            2.762_013_871_973_399_4e-7,
            2.755_726_837_868_419_2e-6,
            2.480_152_119_021_773e-5,
            0.000_198_412_698_631_059_68,
            0.001_388_888_891_728_179_4,
            0.008_333_333_333_330_051,
            0.041_666_666_666_623_99,
            0.166_666_666_666_666_69,
            0.500_000_000_000_000_1,
        ],
        // Largest error 9.2e-18.
        ln: &[
            0.146_178_074_928_038_47,
            0.153_316_116_945_700_85,
            0.181_828_924_333_645_64,
            0.222_222_110_893_681_24,
            0.285_714_286_262_539_1,
            0.399_999_999_998_988_9,
            0.666_666_666_666_667,
        ],
        root_2_minus_1: std::f64::consts::SQRT_2 - 1.0,
        exp_range: [-746.0, 710.0],
        exp_m1_range: [-40.0, 710.0],
        shift: [100.0, 1.0 / (1_u128 << 100) as f64, (1_u128 << 100) as f64],
        saturated: 40.0,
        normal: [f64::MIN_POSITIVE, (1_u64 << 54) as f64, 54.0],
        smooth_range: [-760.0, 42.0],
        normal_range: [-38.7, 38.7],
        mills_centre: 3.804_687_5,
        // Largest error 3.0e-17, relative to the function.
        mills: &[
            -5.840_401_156_788_292e-10,
            -1.493_558_306_194_056e-10,
            7.940_024_520_051_182e-9,
            1.073_496_272_673_513_5e-8,
            -3.749_588_257_583_661e-8,
            -9.795_792_956_467_777e-8,
            7.692_627_102_406_323e-8,
            5.496_239_446_624_022e-7,
            1.911_124_412_739_692_7e-7,
            -2.540_475_180_012_933_6e-6,
            -3.103_433_568_126_101e-6,
            1.140_668_400_733_106_2e-5,
            2.345_918_253_420_766e-5,
            -5.915_840_059_796_162e-5,
            -0.000_152_022_940_128_110_2,
            0.000_421_919_075_556_191_4,
            0.000_852_638_292_403_903_8,
            -0.004_172_226_853_998_612_5,
            -0.000_453_473_683_743_910_75,
            0.042_290_348_329_240_876,
            -0.159_236_140_305_796_22,
            0.360_697_519_705_701_24,
            -0.592_732_329_806_678_8,
            0.751_455_284_887_486,
        ],
        density_at_0: 0.398_942_280_401_432_7,
        infinity: f64::INFINITY,
        nan: f64::NAN,
        half: 0.5,
        two: 2.0,
    };
}

impl Coefficients<f32> {
    pub(crate) const F32: Self = Self {
        log2_e: std::f32::consts::LOG2_E,
        ln_2: [0.693_145_75, 1.428_606_8e-6],
        // Largest error 7.8e-9, relative to eʳ.
        exp: &[0.001_392_621_3, 0.008_363_203, 0.041_666_554, 0.166_665_77, 0.5],
        // Largest error 5.6e-9.
        ln: &[0.295_809_87, 0.399_887_6, 0.666_666_87],
        root_2_minus_1: std::f32::consts::SQRT_2 - 1.0,
        exp_range: [-104.0, 89.0],
        exp_m1_range: [-20.0, 89.0],
        shift: [60.0, 1.0 / (1_u64 << 60) as f32, (1_u64 << 60) as f32],
        saturated: 20.0,
        normal: [f32::MIN_POSITIVE, (1_u64 << 25) as f32, 25.0],
        smooth_range: [-115.0, 21.0],
        normal_range: [-14.6, 14.6],
        mills_centre: 3.205_078_1,
        // Largest error 6.6e-9.
        mills: &[
            3.613_673e-5,
            0.000_179_081_47,
            6.337_988_5e-5,
            -0.001_142_055_5,
            -0.000_761_976_6,
            0.008_297_021,
            -0.001_354_657_6,
            -0.074_731_65,
            0.266_721_76,
            -0.534_388_9,
            0.736_047_9,
        ],
        density_at_0: 0.398_942_3,
        infinity: f32::INFINITY,
        nan: f32::NAN,
        half: 0.5,
        two: 2.0,
    };
}

//! What a model computes with: `core` has no functions such as exp in single precision.

/// A number, or what replaces it if it is missing.
pub fn filled(number: f32, fill: f32) -> f32 {
    if number.is_finite() { number } else { fill }
}

/// The distance from a number that has more digits than single precision: high + low.
pub fn distance(number: f32, [high, low]: [f32; 2]) -> f32 {
    (number - high) - low
}

/// z = distance / scale, then z / √(1 + (z / limit)²), which is at most the limit.
pub fn scaled(distance: f32, scale: f32, limit: f32) -> f32 {
    // The square of the largest z is still a number.
    let z = (distance / scale).clamp(-1e15, 1e15);
    let share = z / limit;
    z / sqrt(1.0 + share * share)
}

/// Piecewise-linear inputs. Each piece is an edge (high and low), a width and a mean.
pub fn piecewise(number: f32, pieces: &[[f32; 4]], scale: f32, x: &mut [f32]) {
    for (x, &[high, low, width, mean]) in x.iter_mut().zip(pieces) {
        *x = ((distance(number, [high, low]) / width).clamp(0.0, 1.0) - mean) / scale;
    }
}

/// Parts of a date.
#[derive(Clone, Copy, Debug)]
pub struct Date {
    /// 1 to 12.
    pub month: f32,
    /// 1 to 31.
    pub day: f32,
    /// 1 (Monday) to 7.
    pub weekday: f32,
    /// Hours since midnight, with fractions.
    pub hour: f32,
}

/// The parts of a date in seconds since 1970-01-01. Years begin in March, so that the leap day is the last
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
pub fn date_of(seconds: i64) -> Date {
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let day_of_era = (days + 719_468).rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    Date {
        month: (if month < 10 { month + 3 } else { month - 9 }) as f32,
        day: (day_of_year - (153 * month + 2) / 5 + 1) as f32,
        weekday: ((days + 3).rem_euclid(7) + 1) as f32,
        hour: second_of_day as f32 / 3600.0,
    }
}

/// W x + b.
pub fn dense<const UNITS: usize>(x: &[f32], weights: &[f32], bias: &[f32; UNITS]) -> [f32; UNITS] {
    let mut z = *bias;
    for (z, weights) in z.iter_mut().zip(weights.chunks_exact(x.len())) {
        for (weight, x) in weights.iter().zip(x) {
            *z += weight * x;
        }
    }
    z
}

/// Probabilities of classes.
pub fn softmax<const N: usize>(z: [f32; N]) -> [f32; N] {
    let largest = z.iter().fold(f32::NEG_INFINITY, |largest, &z| largest.max(z));
    let powers = z.map(|z| exp(z - largest));
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// √x for x ≥ 1, by Newton's method.
pub fn sqrt(x: f32) -> f32 {
    // Half of the exponent; the error is below 4 %.
    let mut root = f32::from_bits((x.to_bits() >> 1) + 0x1fbd_1df5);
    for _ in 0..3 {
        root = 0.5 * (root + x / root);
    }
    root
}

/// eˣ = 2ᵏ eʳ with |r| ≤ ½ ln 2.
pub fn exp(x: f32) -> f32 {
    if x > 88.7 {
        return f32::INFINITY;
    }
    if x < -87.0 {
        return 0.0;
    }
    let half = if x < 0.0 { -0.5 } else { 0.5 };
    let k = (x * core::f32::consts::LOG2_E + half) as i32;
    // ln 2 in two parts, of which k times the first is exact.
    let r = (x - k as f32 * 0.693_145_75) - k as f32 * 1.428_606_8e-6;
    let p = polynomial(&[0.001_392_621_3, 0.008_363_203, 0.041_666_554, 0.166_665_77, 0.5], r);
    // 2ᵏ in two factors, because 2¹²⁸ is no number of single precision.
    let power = |k: i32| f32::from_bits(((k + 127) as u32) << 23);
    (1.0 + r * (1.0 + r * p)) * power(k / 2) * power(k - k / 2)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

pub fn tanh(x: f32) -> f32 {
    let power = exp(-2.0 * x.abs());
    let size = (1.0 - power) / (1.0 + power);
    if x < 0.0 { -size } else { size }
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), with ln(1 + y) = 2 artanh(y / (2 + y)).
pub fn softplus(x: f32) -> f32 {
    let y = exp(-x.abs());
    let s = y / (2.0 + y);
    let series = polynomial(&[1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0], s * s);
    x.max(0.0) + 2.0 * s * series
}

/// x tanh(ln(1 + eˣ)), where tanh(ln(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1).
pub fn mish(x: f32) -> f32 {
    let power = exp(x.min(20.0));
    let n = power * (power + 2.0);
    x * (n / (n + 2.0))
}

/// x Φ(x) = max(x, 0) − |x| Φ(−|x|), where (x + K) e^(x²/2) Φ(−x) is a polynomial in (x − K) / (x + K).
pub fn gelu(x: f32) -> f32 {
    const K: f32 = 3.205_078_1;
    const P: [f32; 11] = [
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
    ];
    let size = x.abs().min(14.6);
    let tail = polynomial(&P, (size - K) / (size + K)) / (size + K) * exp(-0.5 * size * size);
    x.max(0.0) - size * tail
}

/// The polynomial with these coefficients, highest power first.
fn polynomial(coefficients: &[f32], x: f32) -> f32 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

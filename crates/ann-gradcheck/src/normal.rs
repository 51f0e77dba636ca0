//! The standard normal distribution, by series: no formula of `ann-core` is used.

use std::f64::consts::PI;

use crate::number::Number;

/// Below this number Φ is a continued fraction. The series would lose digits there, because it adds up ½ − Φ.
const TAIL: f64 = -1.5;
/// From this number on Φ is 1 to the last bit.
const ONE: f64 = 8.5;
/// Terms that are enough for all digits: of the fraction at [`TAIL`], and of the series at [`ONE`].
const TERMS: u32 = 200;

/// Φ(x).
pub(crate) fn cdf<N: Number>(x: N) -> N {
    let value = match x.real() {
        x if x < TAIL => density(x) / fraction(-x),
        x if x > ONE => 1.0,
        x => 0.5 + density(x) * series(x),
    };
    x.chain(value, || density(x.real()))
}

/// φ(x) = e^(−x²/2) / √(2π).
pub(crate) fn density(x: f64) -> f64 {
    if x.abs() > 40.0 {
        return 0.0;
    }
    // x² is split, because an error of x² would become one of e^(−x²/2).
    let square = x * x;
    let rest = x.mul_add(x, -square);
    (-square / 2.0).exp() * (1.0 - rest / 2.0) / (2.0 * PI).sqrt()
}

/// x + x³/3 + x⁵/(3·5) + x⁷/(3·5·7) + … = (Φ(x) − ½) / φ(x).
fn series(x: f64) -> f64 {
    let (mut sum, mut term) = (x, x);
    for n in 1..=TERMS {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    sum
}

/// x + 1/(x + 2/(x + 3/(x + …))) = φ(x) / Φ(−x) (P.-S. Laplace).
fn fraction(x: f64) -> f64 {
    (1..=TERMS).rev().fold(x, |below, n| x + f64::from(n) / below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_dual::Dual64;

    #[test]
    fn values_of_a_table() {
        // mpmath.ncdf with 30 digits.
        for (x, expected) in [
            (-37.0, 5.725_571_222_524_577e-300),
            (-10.0, 7.619_853_024_160_527e-24),
            (-3.0, 1.349_898_031_630_094_5e-3),
            (-1.499, 0.066_936_816_029_697_45),
            (-2.0, 0.022_750_131_948_179_21),
            (-1.0, 0.158_655_253_931_457_05),
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (3.0, 0.998_650_101_968_369_9),
            (8.0, 0.999_999_999_999_999_4),
            (40.0, 1.0),
        ] {
            // Some ten operations. The series loses most just above −1.5, where ½ − Φ is 6 times Φ.
            assert!((cdf(x) - expected).abs() <= 4e-15 * expected, "Φ({x}) = {}", cdf(x));
        }
        assert!(cdf(f64::NAN).is_nan());
    }

    #[test]
    fn its_slope_is_the_density() {
        for x in [-30.0, -2.0, 0.0, 1.0, 9.0] {
            let phi = (-x * x / 2.0_f64).exp() / (2.0 * PI).sqrt();
            let found = cdf(Dual64::new(x, 2.0));
            assert_eq!(found.re, cdf(x));
            // x² / 2 = 450 rounds by 6e-14 at most.
            assert!((found.eps - 2.0 * phi).abs() <= 1e-13 * phi, "φ({x})");
        }
    }
}

//! The generator of rows and weights. It is one line in any language, so every library starts from the same
//! numbers.

/// Seed of features and targets.
pub const SEED_OF_ROWS: u64 = 1;
/// Seed of the initial weights.
pub const SEED_OF_WEIGHTS: u64 = 2;
/// Seed of the weights of rows.
pub const SEED_OF_ROW_WEIGHTS: u64 = 3;

/// s ← 6364136223846793005 s + 1442695040888963407 mod 2⁶⁴, from s = seed on; each number is ⌊s / 2³³⌋ / 2³¹
/// ∈ [0, 1).
#[derive(Clone, Debug)]
pub struct Uniform {
    state: u64,
}

impl Uniform {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn draw(&mut self) -> f64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// A class from 0 to `classes` − 1.
    pub fn class(&mut self, classes: usize) -> usize {
        (self.draw() * classes as f64) as usize
    }

    /// The weight of a row, w = ½ + u.
    pub fn row_weight(&mut self) -> f64 {
        0.5 + self.draw()
    }

    /// Xavier uniform: w = (2u − 1) √(6 / (fan_in + fan_out)).
    pub fn weight(&mut self, fan_in: usize, fan_out: usize) -> f64 {
        (2.0 * self.draw() - 1.0) * (6.0 / (fan_in + fan_out) as f64).sqrt()
    }
}

/// y = 1 / (1 + Σⱼ (2 xⱼ − 1)²), a bell whose top is in the middle of the features: a smooth target with the
/// same bits in every language.
pub fn bell(x: &[f64]) -> f64 {
    1.0 / (1.0 + x.iter().map(|x| (2.0 * x - 1.0) * (2.0 * x - 1.0)).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_what_its_formula_says() {
        // s₁ = 1 · a + c = 7806831264735756412, and ⌊s₁ / 2³³⌋ / 2³¹ = 908834774 / 2147483648 ≈ 0.4232.
        assert_eq!(Uniform::new(1).draw(), 908_834_774.0 / 2_147_483_648.0);
        // ⌊0.4232 · 10⌋ = 4
        assert_eq!(Uniform::new(1).class(10), 4);
    }

    #[test]
    fn the_bell_is_highest_in_the_middle() {
        // (2 · 0 − 1)² = 1 for each of two features.
        assert_eq!([bell(&[0.5, 0.5]), bell(&[0.0, 1.0])], [1.0, 1.0 / 3.0]);
    }
}

//! Data that are drawn: how many, where, and without noise exactly.

use ann_datasets::generate::{self, Pattern};
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng};
use ann_datasets::{Dataset, doughnut, iris};

const SEED: u64 = 1;

#[test]
fn any_number_of_points_can_be_drawn() {
    for pattern in [Pattern::Doughnut, Pattern::Squares, Pattern::Spirals] {
        for rows in [0, 1, 2, 101, 500] {
            let drawn = pattern.draw(rows, 0.0, &mut seeded());
            assert_eq!((drawn.len(), drawn.features.dim()), (rows, (rows, 2)), "{pattern:?}");
            assert!(drawn.features.iter().all(|x| (0.0..=1.0).contains(x)), "{pattern:?}");
        }
    }
}

/// Each point of class `C1`, rotated by 180°, is near a point of `C2`.
#[test]
fn spirals_are_one_turned_by_half_a_turn() {
    let drawn = Pattern::Spirals.draw(2000, 0.0, &mut seeded());
    let of = |class: &str| rows_of(&drawn, class);
    for [x, y] in of("C1") {
        let distance = |&[a, b]: &[f64; 2]| (1.0 - x - a).hypot(1.0 - y - b);
        // 1000 points on a band of length 1.5 and width 0.06: gaps of 0.05 are rare beyond belief.
        assert!(of("C2").iter().any(|other| distance(other) < 0.05), "{x} {y}");
    }
}

/// The mean of 4000 numbers of deviation 0.1 is within 5 · 0.1 / √4000 = 0.008 of 0, and the mean of their
/// squares within 5 √2 · 0.01 / √4000 = 0.0011 of 0.01.
#[test]
fn noise_has_its_deviation() {
    let (quiet, noisy) = [0.0, 0.1].map(|noise| generate::hills(4000, noise, &mut seeded())).into();
    assert_eq!(quiet.features, noisy.features);
    let noise: Vec<f64> = noisy.targets.iter().zip(&quiet.targets).map(|(a, b)| a - b).collect();
    let mean = |f: fn(f64) -> f64| noise.iter().map(|&x| f(x)).sum::<f64>() / 4000.0;
    assert!(mean(|x| x).abs() < 0.008, "{}", mean(|x| x));
    assert!((mean(|x| x * x) - 0.01).abs() < 0.0011, "{}", mean(|x| x * x));
    let moved = Pattern::Doughnut.draw(216, 0.1, &mut ChaCha8Rng::seed_from_u64(generate::DOUGHNUT_SEED));
    assert_ne!(moved.features, doughnut().features);
    assert_eq!(moved.targets, doughnut().targets);
}

/// T₅ = cos 5φ for u = cos φ.
#[test]
fn a_wave_is_a_polynomial() {
    let wave = generate::wave(100, 0.0, &mut seeded());
    for (x, y) in wave.features.iter().zip(&wave.targets) {
        let expected = (5.0 * (2.0 * x - 1.0).acos()).cos();
        // Six decimals.
        assert!((y - expected).abs() < 0.51e-6, "{x}: {y}, {expected}");
    }
}

#[test]
fn datasets_are_tables() {
    let table = iris().to_table().unwrap();
    assert_eq!((table.rows(), table.columns().len()), (150, 5));
    assert_eq!(table.columns()[4].word(149), Some("virginica"));
    assert_eq!(table.columns()[0].number(0), Some(5.1));
    let wave = generate::wave(3, 0.0, &mut seeded());
    assert_eq!(wave.to_table().unwrap().column("target").unwrap().number(2), Some(wave.targets[2]));
}

fn seeded() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(SEED)
}

fn rows_of(dataset: &Dataset, class: &str) -> Vec<[f64; 2]> {
    let rows = dataset.features.rows().into_iter().zip(&dataset.targets);
    rows.filter(|(_, target)| *target == class).map(|(x, _)| [x[0], x[1]]).collect()
}

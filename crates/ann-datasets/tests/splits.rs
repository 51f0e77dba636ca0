//! Splits: sizes, proportions and errors.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ann_datasets::ndarray::Array2;
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng};
use ann_datasets::{Dataset, Error, iris, stratified_split, train_test_split};
use proptest::prelude::*;

const SEED: u64 = 7;

#[test]
fn same_seed_same_split() {
    for split in [train_test_split, stratified_split] {
        let split = |seed| split(&iris(), 0.3, &mut seeded(seed)).unwrap();
        assert_eq!(split(SEED), split(SEED));
        assert_ne!(split(SEED), split(SEED + 1));
    }
}

#[test]
fn both_parts_are_shuffled() {
    let whole = of_classes(&[100, 100]);
    for split in [train_test_split, stratified_split] {
        let (train, test) = split(&whole, 0.4, &mut seeded(SEED)).unwrap();
        assert!(!train.targets.is_sorted() && !test.targets.is_sorted());
        // Each part is in the order of one shuffle: rows do not come class by class, nor in their own order.
        assert!(!train.features.iter().is_sorted() && !test.features.iter().is_sorted());
    }
}

#[test]
fn a_half_is_rounded_up() {
    for (rows, fraction, expected) in
        [(5, 0.5, 3), (9, 0.5, 5), (25, 0.1, 3), (101, 0.5, 51), (1001, 0.5, 501)]
    {
        let (_, test) = train_test_split(&of_classes(&[rows]), fraction, &mut seeded(SEED)).unwrap();
        assert_eq!(test.len(), expected);
        assert_eq!(test_counts(&[rows], fraction), [expected]);
    }
}

// Stratified.

#[test]
fn stratified_iris_has_equal_classes() {
    let (train, test) = stratified_split(&iris(), 0.2, &mut seeded(SEED)).unwrap();
    for class in iris().classes() {
        let count = |part: &Dataset| part.targets.iter().filter(|target| **target == class).count();
        assert_eq!((count(&train), count(&test)), (40, 10));
    }
}

/// Each comment gives the shares of the classes, and their sum if it is not whole.
#[test]
fn the_largest_remainders_are_rounded_up() {
    // 15, 15, 15.
    assert_eq!(test_counts(&[50, 50, 50], 0.3), [15, 15, 15]);
    // 20.8, 21.4, 22.2: 64.4, of which 63 are whole.
    assert_eq!(test_counts(&[104, 107, 111], 0.2), [21, 21, 22]);
    // 22.2, 20.8, 21.4.
    assert_eq!(test_counts(&[111, 104, 107], 0.2), [22, 21, 21]);
    // 45.3, 75.6, 300.6: 421.5 is rounded up to 422, two more than 45 + 75 + 300.
    assert_eq!(test_counts(&[151, 252, 1002], 0.3), [45, 76, 301]);
    // 180.75, 375.75, 600.25: 1156.75.
    assert_eq!(test_counts(&[241, 501, 801], 0.75)[..], [181, 376, 600]);
    // 1.5 and 8.5: 10, so one of the halves is rounded up, either of them.
    assert_eq!(test_counts(&[3, 17], 0.5).iter().sum::<usize>(), 10);
}

#[test]
fn the_share_is_right_in_sum() {
    for (classes, rows, fraction, expected) in [
        (20, 5, 0.3, 30),
        (50, 2, 0.1, 10),
        (50, 2, 0.9, 90),
        (3, 7, 0.1, 2),
        (12, 150, 0.335, 603),
        (1000, 3, 0.5, 1500),
        (2, 2, 1e-9, 1),
        (2, 2, 1.0 - 1e-9, 3),
    ] {
        let counts = test_counts(&vec![rows; classes], fraction);
        assert_eq!(counts.iter().sum::<usize>(), expected, "{classes} classes of {rows} rows, {fraction}");
        let share = rows as f64 * fraction;
        for count in counts {
            assert!((count as f64 - share).abs() < 1.0, "{count} rows of {rows}, {fraction}");
        }
    }
}

#[test]
fn chance_decides_between_equal_remainders() {
    let rounded_up: HashSet<usize> = (0..100)
        .map(|seed| {
            let (_, test) = stratified_split(&of_classes(&[5; 4]), 0.25, &mut seeded(seed)).unwrap();
            // 1.25 each, 5 in all: one class has two rows.
            (0..4).find(|class| test.targets.iter().filter(|target| *target == class).count() == 2).unwrap()
        })
        .collect();
    assert_eq!(rounded_up.len(), 4, "each of the four classes is rounded up with some seed");
}

#[test]
fn a_large_class_makes_room_for_small_ones() {
    // 0.6 of each small class and 300 of the large one, 312 in all: twenty small classes need one each.
    let mut sizes = vec![2; 20];
    sizes.push(1000);
    let expected: Vec<usize> = [1; 20].into_iter().chain([292]).collect();
    assert_eq!(test_counts(&sizes, 0.3), expected);
    // Mirrored: 1.4 and 700, 728 in all; one row of each small class stays in the training part.
    let expected: Vec<usize> = [1; 20].into_iter().chain([708]).collect();
    assert_eq!(test_counts(&sizes, 0.7), expected);
    // The number of test rows equals the number of classes: 3 of 30 rows.
    assert_eq!(test_counts(&[2, 26, 2], 0.1), [1, 1, 1]);
    // One row fewer than there are classes: the large class has its share of 1.9 first.
    let counts = test_counts(&[2, 26, 2], 2.0 / 30.0);
    assert_eq!((counts[1], counts.iter().sum::<usize>()), (2, 2));
    assert_eq!(test_counts(&[2, 26, 2], 27.0 / 30.0), [1, 25, 1]);
    // Two training rows for three classes: both are of the large one, whose test share is 24.3.
    assert_eq!(test_counts(&[2, 26, 2], 28.0 / 30.0), [2, 24, 2]);
}

proptest! {
    #[test]
    fn a_stratified_split_has_the_right_rows(
        sizes in proptest::collection::vec(2_usize..160, 1..7), fraction in 0.01..0.99, seed: u64,
    ) {
        let whole = of_classes(&sizes);
        let (train, test) = stratified_split(&whole, fraction, &mut seeded(seed)).unwrap();
        // Features are the numbers of the rows: each is in one part, with its target.
        let mut rows: Vec<(usize, usize)> = Vec::new();
        for part in [&train, &test] {
            rows.extend(part.features.iter().map(|&row| row as usize).zip(part.targets.iter().copied()));
        }
        rows.sort_unstable();
        prop_assert_eq!(rows, whole.targets.iter().copied().enumerate().collect::<Vec<_>>());

        let wanted = ((whole.len() as f64 * fraction).round() as usize).clamp(1, whole.len() - 1);
        prop_assert_eq!(test.len(), wanted);
        let counts = counts(&test, sizes.len());
        let has_room = |part: &Dataset<usize>| part.len() >= sizes.len();
        if has_room(&train) && has_room(&test) {
            for (count, size) in counts.iter().zip(&sizes) {
                prop_assert!((1..*size).contains(count), "{count} of {size}");
            }
        }
        // If every share leaves at least one row of its class in each part, each class has
        // its share, rounded down or up.
        let shares: Vec<f64> = sizes.iter().map(|&size| size as f64 * fraction).collect();
        if shares.iter().zip(&sizes).all(|(&share, &size)| share >= 1.0 && share <= (size - 1) as f64) {
            for (&count, &share) in counts.iter().zip(&shares) {
                prop_assert!((count as f64 - share).abs() < 1.0, "{count} for a share of {share}");
            }
            // No class that was rounded down has a larger remainder than one that was rounded up.
            let remainders = |up: bool| {
                let is_up = move |(count, share): &(&usize, &f64)| (**count as f64 > **share) == up;
                counts.iter().zip(&shares).filter(is_up).map(|(_, share)| share.fract())
            };
            let least_up = remainders(true).fold(1.0, f64::min);
            // Products are rounded: twice 300 · 2⁻⁵³ is below 1e-13.
            prop_assert!(remainders(false).all(|down| down <= least_up + 1e-13));
        }
    }

    #[test]
    fn the_size_of_a_test_part(rows in 2_usize..700, fraction in 0.001..0.999, seed: u64) {
        let whole = of_classes(&[rows]);
        let (train, test) = train_test_split(&whole, fraction, &mut seeded(seed)).unwrap();
        let wanted = ((rows as f64 * fraction).round() as usize).clamp(1, rows - 1);
        prop_assert_eq!((train.len(), test.len()), (rows - wanted, wanted));
        let found: HashSet<usize> = [&train, &test].into_iter().flat_map(|part| part.features.iter()).map(|&row| row as usize).collect();
        prop_assert_eq!(found.len(), rows);
    }
}

/// Counting each class with a separate pass through all rows would take a minute.
#[test]
fn many_classes_are_split_in_seconds() {
    let labels: Vec<String> = (0..400_000).map(|row| (row / 2).to_string()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let started = Instant::now();
    let (train, test) = stratified_split(&labelled(&labels), 0.5, &mut seeded(SEED)).unwrap();
    assert_eq!(train.classes(), test.classes());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

// Errors.

#[test]
fn both_parts_have_a_row() {
    for fraction in [1e-9, 0.5, 1.0 - 1e-9] {
        let (train, test) = train_test_split(&labelled(&["a", "b"]), fraction, &mut seeded(SEED)).unwrap();
        assert_eq!((train.len(), test.len()), (1, 1));
    }
}

#[test]
fn fraction_out_of_range() {
    for (found, shown) in [(0.0, "0.0"), (1.0, "1.0"), (-0.1, "-0.1"), (1e300, "1e300"), (f64::NAN, "NaN")] {
        let message = format!("the test fraction is {shown}, expected more than 0 and less than 1");
        check(train_test_split(&iris(), found, &mut seeded(SEED)), &message);
        check(stratified_split(&iris(), found, &mut seeded(SEED)), &message);
    }
}

#[test]
fn too_few_rows() {
    let message = |found| format!("a split needs at least 2 rows, found {found}");
    check(train_test_split(&labelled(&["a"]), 0.5, &mut seeded(SEED)), &message(1));
    check(train_test_split(&labelled(&[]), 0.5, &mut seeded(SEED)), &message(0));
    check(stratified_split(&labelled(&[]), 0.5, &mut seeded(SEED)), &message(0));
    check(stratified_split(&labelled(&["a"]), 0.5, &mut seeded(SEED)), &message(1));
}

#[test]
fn lonely_class() {
    let message = |class: &str| {
        format!(
            "class {class} has 1 row only, a stratified split needs at least 2 of each class; use `train_test_split`"
        )
    };
    for (labels, lonely) in [
        (&["b", "a", "a"][..], "\"b\""),
        (&["a", "b", "a"], "\"b\""),
        (&["b", "b", "a"], "\"a\""),
        (
            &[
                "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "a", "b", "c", "d", "e", "f", "g",
                "h", "i", "j",
            ],
            "\"k\"",
        ),
    ] {
        check(stratified_split(&labelled(labels), 0.5, &mut seeded(SEED)), &message(lonely));
    }
    // The message shows 40 characters of the quoted class, including the opening quote.
    let long = "c".repeat(100);
    check(
        stratified_split(&labelled(&[&long, "b", "b"]), 0.5, &mut seeded(SEED)),
        &message(&format!("\"{}…", "c".repeat(39))),
    );
}

#[test]
fn mismatched_rows() {
    let broken = Dataset { features: Array2::zeros((3, 1)), ..labelled(&["a", "b"]) };
    let message = "the dataset has 3 rows of features but 2 targets";
    check(train_test_split(&broken, 0.5, &mut seeded(SEED)), message);
    check(stratified_split(&broken, 0.5, &mut seeded(SEED)), message);
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}

/// The number of rows of each class that a stratified split puts into the test part.
#[track_caller]
fn test_counts(sizes: &[usize], fraction: f64) -> Vec<usize> {
    let (train, test) = stratified_split(&of_classes(sizes), fraction, &mut seeded(SEED)).unwrap();
    let (train, test) = (counts(&train, sizes.len()), counts(&test, sizes.len()));
    for (size, (train, test)) in sizes.iter().zip(train.iter().zip(&test)) {
        assert_eq!(train + test, *size);
    }
    test
}

fn counts(part: &Dataset<usize>, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &target in &part.targets {
        counts[target] += 1;
    }
    counts
}

/// `sizes[c]` rows of each class c, one class after the other; the feature is the number of the row.
fn of_classes(sizes: &[usize]) -> Dataset<usize> {
    let targets: Vec<usize> = sizes.iter().enumerate().flat_map(|(class, &size)| vec![class; size]).collect();
    Dataset {
        features: Array2::from_shape_fn((targets.len(), 1), |(row, _)| row as f64),
        targets,
        feature_names: vec!["x".to_owned()],
        target_name: "class".to_owned(),
    }
}

fn labelled(labels: &[&str]) -> Dataset {
    Dataset {
        features: Array2::zeros((labels.len(), 1)),
        targets: labels.iter().map(ToString::to_string).collect(),
        feature_names: vec!["x".to_owned()],
        target_name: "label".to_owned(),
    }
}

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

//! Folds: every row once, classes in proportion, groups whole, the same for the same seed.

use std::collections::{BTreeMap, BTreeSet};

use ann_train::ann_core::Error as CoreError;
use ann_train::splits::{KFold, Split, hold_out};
use ann_train::{Error, Result};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_row_is_tested_once_in_each_repetition(
        (rows, folds) in (2..60_usize).prop_flat_map(|rows| (Just(rows), 2..=rows)),
        repetitions in 1..4_usize,
        seed: u64,
    ) {
        let splits: Vec<Split> = KFold { folds, repetitions, seed }.split(rows).unwrap().collect();
        prop_assert_eq!(splits.len(), folds * repetitions);
        for splits in splits.chunks(folds) {
            check_partition(splits, rows)?;
            check_sizes(splits.iter().map(|split| split.test.len()), rows, folds)?;
        }
    }

    #[test]
    fn classes_keep_their_shares(
        labels in prop::collection::vec(prop_oneof![6 => Just('a'), 3 => Just('b'), 1 => Just('c')], 10..80),
        folds in 2..12_usize,
        seed: u64,
    ) {
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        labels.iter().for_each(|&label| *counts.entry(label).or_default() += 1);
        let found = KFold { folds, repetitions: 2, seed }.stratified(&labels);
        if folds > *counts.values().max().unwrap() {
            let is_refused = matches!(found, Err(Error::FoldCount { .. }));
            prop_assert!(is_refused);
            return Ok(());
        }
        let splits: Vec<Split> = found.unwrap().collect();
        for splits in splits.chunks(folds) {
            check_partition(splits, labels.len())?;
            check_sizes(splits.iter().map(|split| split.test.len()), labels.len(), folds)?;
            for (class, count) in &counts {
                let in_test = |split: &Split| split.test.iter().filter(|&&row| labels[row] == *class).count();
                check_sizes(splits.iter().map(in_test), *count, folds)?;
            }
        }
    }

    /// Each class its share, rounded down or up, and the sum its share, rounded. A class has at least two
    /// rows, and no more than half of it is held out, so that one row is left.
    #[test]
    fn a_held_out_share_is_right_in_each_class_and_in_sum(
        sizes in prop::collection::vec(2..30_usize, 1..8),
        share in 0.05..0.5_f64,
        seed: u64,
    ) {
        let labels: Vec<usize> =
            sizes.iter().enumerate().flat_map(|(class, &size)| vec![class; size]).collect();
        let wanted = (share * labels.len() as f64).round() as usize;
        prop_assume!(wanted > 0);
        let split = hold_out(&labels, share, seed).unwrap();
        prop_assert_eq!(split.test.len(), wanted);
        for (class, &size) in sizes.iter().enumerate() {
            let found = split.test.iter().filter(|&&row| labels[row] == class).count() as f64;
            let exact = share * size as f64;
            prop_assert!(found == exact.floor() || found == exact.ceil(), "{} of {}", found, size);
        }
        let mut all = [&split.train[..], &split.test[..]].concat();
        all.sort_unstable();
        prop_assert!(all.into_iter().eq(0..labels.len()));
        prop_assert!(split.train.is_sorted() && split.test.is_sorted());
    }

    #[test]
    fn groups_are_whole_and_folds_balanced(
        groups in prop::collection::vec((0..20_u32).prop_map(|n| n * n / 20), 20..90),
        folds in 2..7_usize,
        seed: u64,
    ) {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        groups.iter().for_each(|&group| *counts.entry(group).or_default() += 1);
        prop_assume!(folds <= counts.len());
        let splits: Vec<Split> = KFold { folds, repetitions: 2, seed }.grouped(&groups).unwrap().collect();
        for splits in splits.chunks(folds) {
            check_partition(splits, groups.len())?;
            for Split { train, test } in splits {
                let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<u32>>();
                prop_assert!(of(train).is_disjoint(&of(test)), "{train:?} {test:?}");
            }
            let sizes = splits.iter().map(|split| split.test.len());
            let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
            // The last group of the largest fold came when this fold had the fewest rows.
            let largest = *counts.values().max().unwrap();
            prop_assert!(least > 0 && most - least <= largest, "{least} to {most} rows");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_folds() {
    let labels: Vec<usize> = (0..30).map(|row| row % 3).collect();
    let groups: Vec<usize> = (0..30).map(|row| row / 2).collect();
    let all = |seed| {
        let folds = KFold { folds: 3, repetitions: 2, seed };
        [
            folds.split(30).unwrap().collect::<Vec<Split>>(),
            folds.stratified(&labels).unwrap().collect(),
            folds.grouped(&groups).unwrap().collect(),
        ]
    };
    assert_eq!(all(1), all(1));
    for (one, two) in all(1).iter().zip(&all(2)) {
        assert_ne!(one, two);
        // Another repetition, other folds.
        assert_ne!(one[..3], one[3..]);
    }
}

#[test]
fn folds_are_the_same_on_every_platform() {
    // As computed when the generator was chosen: ChaCha8 gives the same integers everywhere.
    let tests: Vec<Vec<usize>> =
        KFold { folds: 3, ..KFold::default() }.split(8).unwrap().map(|split| split.test).collect();
    assert_eq!(tests, [vec![1, 2, 7], vec![0, 3, 4], vec![5, 6]]);
}

#[test]
fn groups_of_different_sizes_are_not_always_together() {
    // Groups 0 to 7 of 1 to 8 rows: no two have the same size.
    let groups: Vec<usize> = (0..8).flat_map(|group| vec![group; group + 1]).collect();
    let folds = KFold { folds: 2, repetitions: 20, seed: 0 };
    let partners = |split: Split| split.test.iter().map(|&row| groups[row]).collect::<BTreeSet<usize>>();
    let different: BTreeSet<_> = folds.grouped(&groups).unwrap().map(partners).collect();
    assert!(different.len() > 10, "{different:?}");
}

#[test]
fn large_groups_come_first() {
    // One group of 50 rows and 50 groups of one row: two folds of 50.
    let groups: Vec<usize> = (0..100).map(|row| row.max(49)).collect();
    for seed in 0..20 {
        let sizes = KFold { folds: 2, repetitions: 1, seed }.grouped(&groups).unwrap().map(|s| s.test.len());
        assert_eq!(sizes.collect::<Vec<_>>(), [50, 50]);
    }
}

#[test]
fn a_class_smaller_than_the_folds_is_spread() {
    let labels = ["b", "a", "a", "a", "a", "a", "b", "a", "a"];
    let splits: Vec<Split> = KFold { folds: 4, ..KFold::default() }.stratified(&labels).unwrap().collect();
    let mut counts: Vec<usize> =
        splits.iter().map(|split| split.test.iter().filter(|&&row| labels[row] == "b").count()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 1, 1]);
}

/// 2 rows of each class, of which a tenth is held out: that of 10 classes among 50, chosen by chance.
#[test]
fn chance_decides_between_equal_remainders() {
    let labels: Vec<usize> = (0..100).map(|row| row / 2).collect();
    let classes = |seed| -> BTreeSet<usize> {
        hold_out(&labels, 0.1, seed).unwrap().test.into_iter().map(|row| labels[row]).collect()
    };
    assert_eq!((classes(1).len(), classes(2).len()), (10, 10));
    assert_ne!(classes(1), classes(2));
}

#[test]
fn the_last_row_of_a_class_is_not_held_out() {
    let held_out = |labels: &[&str], share| hold_out(labels, share, 0).map(|split| split.test);
    assert_eq!(held_out(&["a", "a", "b", "b", "c"], 0.9).unwrap().len(), 2);
    assert_error(
        held_out(&["a", "b", "c"], 0.9).map(|_| ()),
        "a share of 0.9 of each class is no row to validate on, of 3 rows: hold out a larger share",
    );
}

#[test]
fn errors() {
    let split = |folds, rows| KFold { folds, ..KFold::default() }.split(rows).map(|_| ());
    assert_error(split(2, 0), "there are no samples: expected at least 1 row");
    assert_error(split(1, 9), "1 folds were asked for; expected at least 2, and at most 9: there are 9 rows");
    assert_error(
        split(10, 9),
        "10 folds were asked for; expected at least 2, and at most 9: there are 9 rows",
    );
    assert!(matches!(split(2, usize::MAX), Err(Error::Core(CoreError::OutOfMemory { .. }))));
    assert_eq!(split(9, 9), Ok(()));
    let none = KFold { repetitions: 0, ..KFold::default() };
    assert_error(none.split(9).map(|_| ()), "repetitions is 0, expected at least 1");
    assert_error(
        KFold::default().stratified(&["a", "b", "b", "c", "d"]).map(|_| ()),
        r#"5 folds were asked for; expected at least 2, and at most 2: there are 2 rows of "b", the largest class"#,
    );
    assert_error(
        KFold::default().grouped(&[1, 2, 1, 2, 1, 3]).map(|_| ()),
        "5 folds were asked for; expected at least 2, and at most 3: there are 3 groups",
    );
    assert_error(
        KFold::default().stratified::<u8>(&[]).map(|_| ()),
        "there are no samples: expected at least 1 row",
    );
    assert_error(
        KFold::default().grouped::<u8>(&[]).map(|_| ()),
        "there are no samples: expected at least 1 row",
    );
}

// Helpers.

/// Each row is in one test set, and in the training sets of all other splits.
fn check_partition(splits: &[Split], rows: usize) -> Result<(), TestCaseError> {
    let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
    tested.sort_unstable();
    prop_assert_eq!(tested, (0..rows).collect::<Vec<_>>());
    for Split { train, test } in splits {
        prop_assert!(train.is_sorted() && test.is_sorted());
        let mut all = [&train[..], test].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
    }
    Ok(())
}

/// Each fold has its share of `whole`, rounded down or up.
fn check_sizes(
    mut sizes: impl Iterator<Item = usize>,
    whole: usize,
    folds: usize,
) -> Result<(), TestCaseError> {
    prop_assert!(sizes.all(|size| size == whole / folds || size == whole.div_ceil(folds)));
    Ok(())
}

#[track_caller]
fn assert_error(found: Result<()>, message: &str) {
    assert_eq!(found.unwrap_err().to_string(), message);
}

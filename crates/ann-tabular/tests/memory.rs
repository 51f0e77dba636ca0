//! A fit of a table of numbers needs at most three times the memory of its file.
//!
//! One test alone, because allocations are counted for the whole process.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ann_tabular::{Recipe, Table};
use dhat::{HeapStats, Profiler};

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

/// The file has 4 MB. The buffers that do not grow with the table take 1 MB.
const ROWS: usize = 40_000;
/// The file has 19 MB: the inputs of four fifths of the rows would take 35 MB, too many to keep them.
const MANY_ROWS: usize = 200_000;

#[test]
fn three_times_the_file() {
    let recipe = Recipe { epochs: 1, least_updates: 0, ..Recipe::default() };
    // A single network has no piecewise-linear inputs.
    check(ROWS, &Recipe { members: 1, ..recipe.clone() });
    // Of several networks, one has them. Units take no part in this, but time.
    check(MANY_ROWS, &Recipe { members: 2, hidden: vec![], ..recipe });
}

#[track_caller]
fn check(rows: usize, recipe: &Recipe) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.csv");
    let size = write(rows, &path);
    let counting = Profiler::builder().testing().build();
    let fit = recipe.fit(&Table::open(&path).unwrap(), "kind").unwrap();
    let most = HeapStats::get().max_bytes;
    drop(counting);
    assert!(fit.report.evaluation.is_ok(), "the score is a part of the fit");
    assert!(most <= 3 * size, "{most} bytes for a file of {size}");
}

/// Eleven columns of numbers with five decimals, and one of words.
fn write(rows: usize, path: &Path) -> usize {
    let mut text = String::from("kind");
    (0..11).for_each(|column| write!(text, ",x{column}").unwrap());
    // The numbers of a linear congruential generator (Knuth, MMIX).
    let mut state = 1_u64;
    for row in 0..rows {
        write!(text, "\n{}", ["yes", "no"][row * row % 7 % 2]).unwrap();
        for _ in 0..11 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(text, ",{:.5}", (state >> 33) as f64 / f64::from(1 << 28) - 4.0).unwrap();
        }
    }
    fs::write(path, &text).unwrap();
    text.len()
}

//! A fit of a table of numbers needs at most three times the memory of its file with one network, whose
//! inputs are plain, and five times with any number of networks.
//!
//! One test alone, because allocations are counted for the whole process.

use std::fmt::Write;
use std::fs;

use ann_tabular::{Recipe, Table};
use dhat::{HeapStats, Profiler};

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

/// So many that the buffers that do not grow with the table, about 2 MB, are a small part.
const ROWS: usize = 40_000;

#[test]
fn three_times_the_file_with_one_network_and_five_times_with_several() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.csv");
    let text = numbers();
    fs::write(&path, &text).unwrap();
    for (members, factor) in [(1, 3), (4, 5)] {
        // Each network at a time, and all of them together.
        for threads in [1, members] {
            let recipe = Recipe { members, threads, epochs: 1, least_updates: 0, ..Recipe::default() };
            let counting = Profiler::builder().testing().build();
            let fit = recipe.fit(&Table::open(&path).unwrap(), "kind").unwrap();
            let most = HeapStats::get().max_bytes;
            drop(counting);
            assert!(fit.report.evaluation.is_ok(), "the score belongs to a fit");
            let times = most as f64 / text.len() as f64;
            assert!(times <= f64::from(factor), "{members} networks, {threads} threads: {times:.2} times");
        }
    }
}

/// Eleven columns of numbers with five decimals, and one of words.
fn numbers() -> String {
    let mut text = String::from("kind");
    (0..11).for_each(|column| write!(text, ",x{column}").unwrap());
    // The numbers of a linear congruential generator (Knuth, MMIX).
    let mut state = 1_u64;
    for row in 0..ROWS {
        write!(text, "\n{}", ["yes", "no"][row * row % 7 % 2]).unwrap();
        for _ in 0..11 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(text, ",{:.5}", (state >> 33) as f64 / f64::from(1 << 28) - 4.0).unwrap();
        }
    }
    text
}

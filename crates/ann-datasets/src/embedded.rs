//! The datasets of the report, compiled into the program: no path, no working directory at run time.

use crate::{Column, Dataset, read_csv, read_tab};

const DOUGHNUT: &str = include_str!("../data/doughnut.tab");
const SQUARES: &str = include_str!("../data/squares.tab");
const EXAMPLE: &str = include_str!("../data/example.tab");
const IRIS: &str = include_str!("../data/iris.csv");

/// A disc (103 samples, class `C1`) inside a ring (113, `C2`): 216 × 2, in the unit square.
///
/// No straight line separates them. Made by [`generate::doughnut`](crate::generate::doughnut).
pub fn doughnut() -> Dataset {
    tab(DOUGHNUT)
}

/// The quarters of the unit square, coloured like a chessboard: 400 × 2, 194 `C1` and 206 `C2`.
///
/// The exclusive or, drawn as points. Made by [`generate::squares`](crate::generate::squares).
pub fn squares() -> Dataset {
    tab(SQUARES)
}

/// The 3 × 3 matrix with rows (1, 2, 3), (4, 5, 6), (7, 8, 9) and labels `0`,
/// `1`, `2`, for calculations by hand.
pub fn example() -> Dataset {
    tab(EXAMPLE)
}

/// Fisher's iris flowers: 150 × 4 (length and width of sepal and petal, in cm), 50 each of
/// `setosa`, `versicolor` and `virginica`.
///
/// This is scikit-learn's copy, which differs from that of the UCI repository in two samples.
pub fn iris() -> Dataset {
    csv(IRIS)
}

fn csv(text: &str) -> Dataset {
    read_csv(text.as_bytes(), Column::Last).expect(TESTED)
}

fn tab(text: &str) -> Dataset {
    read_tab(text.as_bytes(), Column::Class).expect(TESTED)
}

const TESTED: &str = "tests read every embedded file";

//! The workloads: their names, which of them are chosen, and how much arithmetic each is.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

/// What is measured together under one name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// `W9`, or `W9/narrow-one` where there are several.
    pub id: &'static str,
    /// For people.
    pub what: &'static str,
    /// `f32` or `f64`.
    pub dtype: &'static str,
    /// Whether more than one thread is measured too.
    pub is_threaded: bool,
    widths: &'static [usize],
    rows: usize,
    hidden: Hidden,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hidden {
    Relu,
    Sigmoid,
}

/// What a unit is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Loss, gradient and update for each row, with softmax.
    Classes,
    /// The same with squared error.
    Values,
    /// Two losses of all rows for each parameter.
    Differences,
    /// Raw outputs.
    Outputs,
}

const WIDE: &[usize] = &[784, 128, 10];
const IRIS: &[usize] = &[4, 5, 10, 5, 3];
const DIGITS: &[usize] = &[64, 100, 10];
const SQUARE: &[usize] = &[1024, 1024, 1024, 10];
const GROWING: &[usize] = &[10, 64, 64, 1];

const fn workload(
    id: &'static str,
    what: &'static str,
    dtype: &'static str,
    widths: &'static [usize],
    rows: usize,
    (hidden, kind): (Hidden, Kind),
) -> Workload {
    Workload { id, what, dtype, is_threaded: true, widths, rows, hidden, kind }
}

/// One that is too small for a second thread.
const fn small(workload: Workload) -> Workload {
    Workload { is_threaded: false, ..workload }
}

const SIGMOID_CLASSES: (Hidden, Kind) = (Hidden::Sigmoid, Kind::Classes);
const RELU_CLASSES: (Hidden, Kind) = (Hidden::Relu, Kind::Classes);
const SIGMOID_VALUES: (Hidden, Kind) = (Hidden::Sigmoid, Kind::Values);
const SIGMOID_OUTPUTS: (Hidden, Kind) = (Hidden::Sigmoid, Kind::Outputs);
const RELU_OUTPUTS: (Hidden, Kind) = (Hidden::Relu, Kind::Outputs);

/// All of them, in the order of the table.
pub const ALL: [Workload; 18] = [
    small(workload("W1", "doughnut, 2-3-2 sigmoid: epoch", "f64", &[2, 3, 2], 216, SIGMOID_CLASSES)),
    small(workload("W2", "squares, 2-5-2 sigmoid: epoch", "f64", &[2, 5, 2], 400, SIGMOID_CLASSES)),
    small(workload("W3", "Iris, 4-5-10-5-3 sigmoid, λ = 0.01: epoch", "f64", IRIS, 150, SIGMOID_CLASSES)),
    workload(
        "W4",
        "central differences for the 2 178 parameters of 2-[3,10,50,30,1,4]-2",
        "f64",
        &[2, 3, 10, 50, 30, 1, 4, 2],
        400,
        (Hidden::Sigmoid, Kind::Differences),
    ),
    workload("W5/f32", "1 797 rows, 64-100-10 ReLU, batch 64: epoch", "f32", DIGITS, 1797, RELU_CLASSES),
    workload("W5/f64", "the same in f64", "f64", DIGITS, 1797, RELU_CLASSES),
    workload("W6/f32", "20 000 rows, 784-128-10 ReLU, batch 128: epoch", "f32", WIDE, 20_000, RELU_CLASSES),
    workload(
        "W7/f32",
        "100 000 rows, 28-300-300-300-2 ReLU, batch 1 024: epoch",
        "f32",
        &[28, 300, 300, 300, 2],
        100_000,
        RELU_CLASSES,
    ),
    workload("W8/f32", "512 rows, 1024-1024-1024-10 ReLU: step", "f32", SQUARE, 512, RELU_CLASSES),
    workload("W8/f64", "the same in f64", "f64", SQUARE, 512, RELU_CLASSES),
    small(workload(
        "W9/narrow-one",
        "outputs of 4-5-10-5-3 sigmoid for 1 row",
        "f64",
        IRIS,
        1,
        SIGMOID_OUTPUTS,
    )),
    workload("W9/narrow-many", "for 10 000 rows at once", "f64", IRIS, 10_000, SIGMOID_OUTPUTS),
    small(workload("W9/wide-one", "outputs of 784-128-10 ReLU for 1 row", "f32", WIDE, 1, RELU_OUTPUTS)),
    workload("W9/wide-many", "for 10 000 rows at once", "f32", WIDE, 10_000, RELU_OUTPUTS),
    workload("W10/1000", "1 000 rows, 10-64-64-1 sigmoid: step", "f64", GROWING, 1000, SIGMOID_VALUES),
    workload("W10/10000", "10 000 rows", "f64", GROWING, 10_000, SIGMOID_VALUES),
    workload("W10/100000", "100 000 rows", "f64", GROWING, 100_000, SIGMOID_VALUES),
    workload("W10/1000000", "1 000 000 rows", "f64", GROWING, 1_000_000, SIGMOID_VALUES),
];

/// The arithmetic of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arithmetic {
    /// Multiplications whose product is added to something: of the matrix products alone.
    pub multiply_adds: f64,
    /// One for each sigmoid, and one for each class where there is a softmax.
    pub exponentials: f64,
}

impl Workload {
    /// `W9` of `W9/narrow-one`.
    pub fn family(&self) -> &'static str {
        self.id.split('/').next().unwrap_or(self.id)
    }

    /// Rows that go through the network in one unit.
    pub fn passes(&self) -> f64 {
        let times = if self.kind == Kind::Differences { 2 * self.parameters() } else { 1 };
        (times * self.rows) as f64
    }

    /// Counted from the shape, as if nothing were computed twice and nothing reused (a central difference is two losses of all
    /// rows; who reuses what a changed weight cannot change needs less).
    ///
    /// A row costs Σ fan_in · fan_out forward, as many for ∂J/∂W, and the same without the first layer for ∂J/∂a.
    pub fn arithmetic(&self) -> Arithmetic {
        let products =
            |skip: usize| self.widths.windows(2).skip(skip).map(|pair| pair[0] * pair[1]).sum::<usize>();
        let (forward, outputs) = (products(0), self.widths[self.widths.len() - 1]);
        let (multiply_adds, softmax) = match self.kind {
            Kind::Classes => (2 * forward + products(1), outputs),
            Kind::Values => (2 * forward + products(1), 0),
            Kind::Differences => (forward, outputs),
            Kind::Outputs => (forward, 0),
        };
        let sigmoids = match self.hidden {
            Hidden::Sigmoid => self.widths[1..self.widths.len() - 1].iter().sum(),
            Hidden::Relu => 0,
        };
        Arithmetic {
            multiply_adds: self.passes() * multiply_adds as f64,
            exponentials: self.passes() * (sigmoids + softmax) as f64,
        }
    }

    fn parameters(&self) -> usize {
        self.widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// How far the losses of two libraries may be apart, relative to the loss.
    pub fn agreement(&self) -> f64 {
        match self.dtype {
            "f32" => 1e-3,
            // FANN holds η in f32, which is 6e-8 of it, and the loss changes by a tenth of itself; differences of losses lose 1e-11.
            _ => 1e-7,
        }
    }
}

/// What a command measures.
#[derive(Debug, PartialEq)]
pub struct Selection {
    /// In the order of the table.
    pub workloads: Vec<&'static Workload>,
    /// Whether cost is measured against rows, width and depth.
    pub growth: bool,
}

/// The name of the growth benchmark in a filter.
const GROWTH: &str = "growth";

impl Selection {
    /// Reads `W1,W9/narrow-one,growth`: each part is a whole name, or the name of a family.  No filter chooses all.
    ///
    /// # Errors
    /// A part that is neither.
    pub fn parse(filter: Option<&str>) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(Self { workloads: ALL.iter().collect(), growth: true });
        };
        let parts: BTreeSet<&str> = filter.split(',').map(str::trim).collect();
        for part in &parts {
            let is_known = *part == GROWTH || ALL.iter().any(|workload| workload.is_called(part));
            ensure!(is_known, "no workload is called {part:?}; there are {}", known().join(", "));
        }
        let chosen = ALL.iter().filter(|workload| parts.iter().any(|part| workload.is_called(part)));
        Ok(Self { workloads: chosen.collect(), growth: parts.contains(GROWTH) })
    }
}

impl Workload {
    fn is_called(&self, name: &str) -> bool {
        self.id == name || self.family() == name
    }
}

/// Everything that a filter may say.
fn known() -> Vec<&'static str> {
    let mut names = Vec::new();
    for workload in &ALL {
        if !names.contains(&workload.family()) {
            names.push(workload.family());
        }
        if workload.id != workload.family() {
            names.push(workload.id);
        }
    }
    names.push(GROWTH);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_or_those_of_a_family() {
        check("W1", &["W1"]);
        check("W5", &["W5/f32", "W5/f64"]);
        check("W9/narrow-one", &["W9/narrow-one"]);
        check("W10/1000", &["W10/1000"]);
    }

    #[test]
    fn several_stand_in_the_order_of_the_table_and_once() {
        check("W3, W1,W8/f64,W1,W8", &["W1", "W3", "W8/f32", "W8/f64"]);
    }

    #[track_caller]
    fn check(filter: &str, expected: &[&str]) {
        let selection = Selection::parse(Some(filter)).unwrap();
        let ids: Vec<_> = selection.workloads.iter().map(|workload| workload.id).collect();
        assert_eq!((ids.as_slice(), selection.growth), (expected, false));
    }

    #[test]
    fn growth_is_a_name_too_and_no_filter_is_all() {
        let growth = Selection::parse(Some("growth")).unwrap();
        assert_eq!(growth, Selection { workloads: vec![], growth: true });
        let all = Selection::parse(None).unwrap();
        assert_eq!((all.workloads.len(), all.growth), (ALL.len(), true));
    }

    #[test]
    fn an_unknown_name_is_told_all_others() {
        for wrong in ["W11", "W1/f32", "W", "w1", "W1,", ""] {
            let error = Selection::parse(Some(wrong)).unwrap_err().to_string();
            let end = "; there are W1, W2, W3, W4, W5, W5/f32, W5/f64, W6, W6/f32, W7, W7/f32, W8, W8/f32, W8/f64, \
                       W9, W9/narrow-one, W9/narrow-many, W9/wide-one, W9/wide-many, \
                       W10, W10/1000, W10/10000, W10/100000, W10/1000000, growth";
            assert!(error.starts_with("no workload is called ") && error.ends_with(end), "{wrong}: {error}");
        }
    }

    #[test]
    fn arithmetic_is_that_of_a_pencil() {
        // 2-3-2, 216 rows: forward 6 + 6, as many for the weights, 6 for the activations; 3 sigmoids and 2 classes.
        count("W1", 216.0 * 30.0, 216.0 * 5.0);
        // 4-5-10-5-3: 20 + 50 + 50 + 15 = 135; 20 sigmoids, and no softmax for raw outputs.
        count("W9/narrow-one", 135.0, 20.0);
        // 10-64-64-1: 640 + 4096 + 64 = 4800, twice, and 4160 more; 128 sigmoids.
        count("W10/1000", 1000.0 * 13_760.0, 1000.0 * 128.0);
        // No sigmoid, 10 classes.
        count("W8/f32", 512.0 * (2.0 * 2_107_392.0 + 1_058_816.0), 512.0 * 10.0);
        // Two passes of 400 rows for each of 2 178 parameters: 6 + 30 + 500 + 1500 + 30 + 4 + 8; 98 sigmoids, 2 classes.
        count("W4", 2.0 * 2178.0 * 400.0 * 2078.0, 2.0 * 2178.0 * 400.0 * 100.0);
    }

    #[track_caller]
    fn count(id: &str, multiply_adds: f64, exponentials: f64) {
        let workload = ALL.iter().find(|workload| workload.id == id).unwrap();
        assert_eq!(workload.arithmetic(), Arithmetic { multiply_adds, exponentials });
    }
}

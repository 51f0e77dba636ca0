//! The report, "Gradient check": six hidden layers of widths 3, 10, 50, 30, 1, 4, all samples, h = 1e-4: no
//! difference above 1e-7. Here for every layer, the output layer too, for regression too, and for tanh.

use crate::common::{Data, HIDDEN, Task, check, point};
use ann_core::{Activation, Init};
use ann_datasets::{doughnut, example, squares};
use ann_gradcheck::Verdict;

const SEED: u64 = 1;

// A gradient of zero would be off by this in every layer and kind: 1000 times the tolerance.
const LIVELY: f64 = 1e-4;

// Sigmoid passes little on (σ′ ≤ 1/4): gain 3 keeps the first layer's gradient far above the tolerance.
const SIGMOID: (Activation, Init) = (Activation::Sigmoid, Init::XavierNormal { gain: 3.0 });
// With tanh a larger gain bends the function so much that h²/6 · f‴ exceeds 1e-7 where inputs reach 9.
const TANH: (Activation, Init) = (Activation::Tanh, Init::XavierNormal { gain: 1.0 });

#[test]
fn doughnut_sigmoid() {
    claim(&doughnut().into(), &SIGMOID);
}
#[test]
fn doughnut_tanh() {
    claim(&doughnut().into(), &TANH);
}
#[test]
fn squares_sigmoid() {
    claim(&squares().into(), &SIGMOID);
}
#[test]
fn squares_tanh() {
    claim(&squares().into(), &TANH);
}
#[test]
fn example_sigmoid() {
    claim(&example().into(), &SIGMOID);
}
#[test]
fn example_tanh() {
    claim(&example().into(), &TANH);
}

#[track_caller]
fn claim(data: &Data, (activation, init): &(Activation, Init)) {
    for task in [Task::Classification, Task::Regression] {
        let architecture = data.architecture(&HIDDEN, activation, task);
        let problem = data.problem(&architecture, task);
        let report = check(&problem, &point(&architecture, *init, SEED));
        assert_eq!(report.verdict(), Verdict::Pass, "{task:?}, {activation}: {report}");
        assert!(report.largest_from_central().is_some_and(|largest| largest <= 1e-7), "{report}");
        assert_eq!(report.entries().len(), problem.layout().len());
        assert_eq!(report.groups().len(), 2 * (HIDDEN.len() + 1));
        for group in report.groups() {
            assert!(group.largest > LIVELY, "{task:?} {}: {:.1e}", group.title(), group.largest);
        }
    }
}

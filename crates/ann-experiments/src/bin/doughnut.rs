//! Figure 1 of the report: one hidden layer of 3 sigmoid units encloses the doughnut's hole.

use ann_experiments::classification::{Experiment, run};
use ann_train::Activation;

fn main() -> anyhow::Result<()> {
    run(&Experiment {
        name: "doughnut",
        about: "Figure 1: the doughnut, fitted by one hidden layer of 3 sigmoid units",
        title: "Doughnut: three sigmoid units enclose the hole",
        data: ann_datasets::doughnut,
        activation: Activation::Sigmoid,
        hidden: &[3],
        gain: 5.0,
        learning_rate: 1.0,
        stop_below: 0.02,
        seed: 100,
        epochs: 10_000,
    })
}

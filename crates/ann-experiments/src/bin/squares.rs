//! Figure 2 of the report: one hidden layer of 5 sigmoid units separates the two classes.

use ann_experiments::classification::{Experiment, run};
use ann_train::Activation;

fn main() -> anyhow::Result<()> {
    run(&Experiment {
        name: "squares",
        about: "Figure 2: the squares, fitted by one hidden layer of 5 sigmoid units",
        title: "Squares: five sigmoid units separate opposite quarters",
        data: ann_datasets::squares,
        activation: Activation::Sigmoid,
        hidden: &[5],
        gain: 5.0,
        learning_rate: 1.0,
        stop_below: 0.01,
        seed: 100,
        epochs: 20_000,
    })
}

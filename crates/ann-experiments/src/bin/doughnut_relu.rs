//! The report's ReLU network: one hidden layer of 7 fits the doughnut completely too.

use ann_experiments::classification::{Experiment, run};
use ann_experiments::cli::Defaults;
use ann_train::Activation;

fn main() -> anyhow::Result<()> {
    run(&Experiment {
        name: "doughnut_relu",
        about: "The doughnut, fitted by one hidden layer of 7 ReLU units",
        title: "Doughnut with ReLU: seven units draw a polygon around the hole",
        data: ann_datasets::doughnut,
        hidden: Activation::Relu.layers([7]),
        // At the rate 1 of the sigmoid networks the loss jumps up and down; gain 5 leaves units dead.
        gain: 1.0,
        learning_rate: 0.3,
        stop_below: 0.02,
        defaults: Defaults { seed: 100, epochs: 10_000 },
    })
}

//! An ensemble: ten networks side by side, better together than most of them alone.
//!
//! ```text
//! cargo run --release --example ensemble
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::iris;
use ann_train::metrics::log_loss;
use ann_train::ndarray::Axis;
use ann_train::splits::{KFold, Split};
use ann_train::{
    Activation, Adam, Averaging, Classifier, Ensemble, Error, Loss, Scaling, TrainConfig, in_parallel,
};

const MEMBERS: u64 = 10;
const THREADS: usize = 2;

fn main() -> Result<(), Error> {
    let data = iris();
    let classes = data.class_indices();
    // One fold of five is kept for testing.
    let mut folds = KFold::default().stratified(&classes)?;
    let Split { train, test } = folds.next().expect("there are five folds");
    let (x, held_out) = (data.features.select(Axis(0), &train), data.features.select(Axis(0), &test));
    let labels = |rows: &[usize]| rows.iter().map(|&row| classes[row]).collect::<Vec<_>>();
    let (y, truth) = (labels(&train), labels(&test));

    let settings = Classifier {
        hidden: Activation::Tanh.layers([20]),
        scaling: Scaling::Standard,
        train: TrainConfig {
            optimizer: Adam::default().into(),
            learning_rate: 0.02.into(),
            epochs: 300,
            ..TrainConfig::default()
        },
        ..Classifier::default()
    };
    // One network a thread; the result does not depend on the number of threads.
    let members =
        in_parallel(THREADS, 0..MEMBERS, |seed| Classifier { seed, ..settings.clone() }.fit(&x, &y))?;
    let members = members.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (seed, member) in members.iter().enumerate() {
        let loss = log_loss(&truth, &member.predict_proba(&held_out)?, None)?;
        println!("seed {seed}: log loss {loss:.4}");
    }
    let networks: Vec<_> = members.into_iter().map(|member| member.into_parts().0).collect();
    let ensemble = Ensemble::new(networks.clone(), Loss::SoftmaxCrossEntropy, Averaging::Responses)?;
    let loss = log_loss(&truth, &ensemble.predict(&held_out, THREADS)?, None)?;
    println!("averaged probabilities: log loss {loss:.4}");

    // With averaged logits the ensemble is one network, which can be used like any other.
    let network = Ensemble::new(networks, Loss::SoftmaxCrossEntropy, Averaging::Outputs)?.to_network()?;
    let probabilities = Loss::SoftmaxCrossEntropy.respond(&network.forward(&held_out)?);
    println!(
        "averaged logits, {}: log loss {:.4}",
        network.architecture(),
        log_loss(&truth, &probabilities, None)?
    );
    Ok(())
}

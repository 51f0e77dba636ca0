//! A project that depends on `ann-train` alone. It trains with mini-batches on several threads in `f32`, then
//! computes outputs for many rows and for one.

use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Architecture, Batching, Error, Init, Loss, Network, Problem, TrainConfig, forward, seeded,
    train,
};

// Large enough that three threads share the work, in a batch and for the outputs: whether they do depends on
// rows · parameters.
const ROWS: usize = 1500;
const BATCH: usize = 400;
const WIDTHS: [usize; 2] = [40, 400];

fn main() -> Result<(), Error> {
    let x = Array2::from_shape_fn((ROWS, WIDTHS[0]), |(n, i)| ((n * n + 7 * i) as f32).sin());
    let classes: Vec<usize> = x.rows().into_iter().map(|row| usize::from(row[0] > row[1])).collect();
    let architecture =
        Architecture::inputs(WIDTHS[0]).dense(WIDTHS[1], Activation::Relu).dense(2, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes)?.with_l2(1e-4)?;

    let trained = |threads| -> Result<_, Error> {
        let mut network = Network::init(&architecture, Init::HeNormal, &mut seeded(1))?;
        let batching = Batching::shuffled(BATCH, 2);
        let config = TrainConfig { epochs: 1, batching, threads, ..TrainConfig::default() };
        let history = train(&mut network, &problem, &config)?;
        Ok((network, history))
    };
    let (network, history) = trained(1)?;
    let (with_three, history_of_three) = trained(3)?;
    assert!(bits(network.parameters()) == bits(with_three.parameters()), "three threads train other weights");
    assert_eq!(history, history_of_three);
    assert!(history.last().loss < history.records[0].loss);

    let outputs = forward(&network, &x, 1)?;
    assert!(bits(&forward(&network, &x, 3)?) == bits(&outputs), "three threads find other outputs");
    let (mut predictor, mut logits) = (network.predictor()?, [0.0; 2]);
    for (row, outputs) in x.rows().into_iter().zip(outputs.rows()) {
        predictor.predict_into(&row.to_vec(), &mut logits)?;
        assert_eq!(bits(&logits), bits(outputs));
    }
    println!("loss {:.3}, the same bits with one thread and with three", history.last().loss);
    Ok(())
}

fn bits<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<u32> {
    numbers.into_iter().map(|number| number.to_bits()).collect()
}

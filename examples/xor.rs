//! Exclusive or: the smallest problem that needs a hidden layer.
//!
//! ```text
//! cargo run --release --example xor
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_train::{Activation, Classifier, Error, ndarray::array};

fn main() -> Result<(), Error> {
    let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let y = ["same", "different", "different", "same"];

    let xor = Classifier { hidden: Activation::Sigmoid.layers([10]), ..Classifier::default() }.fit(&x, &y)?;

    println!("{}", xor.network().architecture());
    println!("columns: {:?}", xor.classes());
    println!("{:.3}", xor.predict_proba(&x)?);
    let last = xor.history().last();
    println!("loss {:.4} after {} epochs, accuracy {}", last.loss, last.epoch, xor.score(&x, &y)?);
    Ok(())
}

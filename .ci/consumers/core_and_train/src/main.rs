//! A project that depends on `ann-core` and `ann-train` alone.

use ann_core::ndarray::array;
use ann_train::{Activation, Classifier, Error};

fn main() -> Result<(), Error> {
    let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let labels = [false, true, true, false];
    let xor = Classifier { hidden: Activation::Tanh.layers([4]), ..Classifier::default() }.fit(&x, &labels)?;
    assert_eq!(xor.predict(&x)?, labels);
    let outputs: ann_core::ndarray::Array2<f64> = xor.network().forward(&x)?;
    println!("xor learned in {} epochs, logits {:?}", xor.history().last().epoch, outputs.dim());
    Ok(())
}

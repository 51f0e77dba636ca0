//! Loops over whole vectors: every length, both types, number by number.

use ann_core::Scalar;
use ann_core::vector::{add_scaled, scale};

#[test]
fn each_product_and_each_sum_is_rounded() {
    lengths::<f64>();
    lengths::<f32>();
}

fn lengths<F: Scalar>() {
    let of = |value: f64| F::of(value);
    for length in (0..70).chain([127, 128, 129, 1000]) {
        let numbers: Vec<F> = (0..length).map(|i| of(1.0 / (1.0 + f64::from(i)))).collect();
        let part: Vec<F> = (0..length).map(|i| of(0.3 * f64::from(i))).collect();
        let (mut sum, mut scaled) = (numbers.clone(), numbers.clone());
        add_scaled(&mut sum, of(-0.7), &part);
        scale(&mut scaled, of(0.7));
        for i in 0..numbers.len() {
            assert_eq!(sum[i], numbers[i] + of(-0.7) * part[i], "{i} of {length}");
            assert_eq!(scaled[i], of(0.7) * numbers[i], "{i} of {length}");
        }
    }
}

//! Checks the gradient of a custom function, Rosenbrock's valley: f(x, y) = (1 − x)² + 100 (y − x²)².
//!
//! One gradient is right, and one has a term missing. Run with `cargo run -p ann-gradcheck --example
//! closure_gradient`.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_gradcheck::{Config, Verdict, check_gradient};

fn value(p: &[f64]) -> f64 {
    let [x, y] = [p[0], p[1]];
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

/// ∂f/∂x = −2 (1 − x) − 400 x (y − x²), ∂f/∂y = 200 (y − x²)
fn gradient(p: &[f64], out: &mut [f64]) {
    let [x, y] = [p[0], p[1]];
    out[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
    out[1] = 200.0 * (y - x * x);
}

fn main() -> Result<(), ann_gradcheck::Error> {
    let at = [0.5, 0.75];
    let config = Config::default();

    let right = check_gradient(value, gradient, &at, &config)?;
    println!("As it should be:\n{right}");
    right.ensure_ok()?;

    let forgetful = |p: &[f64], out: &mut [f64]| {
        gradient(p, out);
        out[0] = -2.0 * (1.0 - p[0]); // the chain rule through x² is missing
    };
    let wrong = check_gradient(value, forgetful, &at, &config)?;
    println!("With a term forgotten:\n{wrong}");
    assert_eq!(wrong.verdict(), Verdict::Fail);
    assert_eq!(wrong.name_of(wrong.findings()[0].index), "θ[0]");
    Ok(())
}

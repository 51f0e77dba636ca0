//! A project that depends on `ann-gradcheck` alone and checks the gradient of a function.

use ann_gradcheck::{Config, Error, Verdict, check_gradient};

fn main() -> Result<(), Error> {
    let value = |x: &[f64]| x[0].sin() * x[1];
    let right = |x: &[f64], g: &mut [f64]| g.copy_from_slice(&[x[0].cos() * x[1], x[0].sin()]);
    let wrong = |x: &[f64], g: &mut [f64]| g.copy_from_slice(&[-x[0].cos() * x[1], x[0].sin()]);
    let config = Config::default();
    check_gradient(value, right, &[0.5, 2.0], &config)?.ensure_ok()?;
    let report = check_gradient(value, wrong, &[0.5, 2.0], &config)?;
    assert_eq!(report.verdict(), Verdict::Fail);
    println!("{report}");
    Ok(())
}

//! The error of derivatives that are computed from values, against the step h. The exact
//! derivatives come from dual numbers.

use ann_core::{LayerSpan, Problem};
use ann_figure::number::exact;
use ann_figure::{Axis, Mark, Panel};
use ann_gradcheck::{Config, reference, ridders};
use ann_train::{Accumulation, Objective};
use anyhow::Result;
use rayon::prelude::*;

use crate::verification::backpropagation;

/// A way to compute a derivative from values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// (f(x + h) − f(x − h)) / 2h: truncation h²/6 · f‴.
    Central,
    /// (8 f(x + h) − 8 f(x − h) − f(x + 2h) + f(x − 2h)) / 12h: truncation h⁴/30 · f⁽⁵⁾.
    FivePoint,
    /// Central differences from h downward, extrapolated to 0.
    Ridders,
}

/// The errors of derivatives, against the exact ones, for some parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Errors {
    /// Number of parameters.
    pub parameters: usize,
    /// For each kind of difference: (h, largest error) for each step.
    pub differences: Vec<(Difference, Vec<(f64, f64)>)>,
    /// The largest difference between backpropagation and dual numbers.
    pub backpropagation: f64,
}

/// Largest number of weights, and of biases, that are taken from each layer.
const OF_EACH: usize = 3;

/// The errors of derivatives of J(θ) at θ = `at`, for each of the steps.
///
/// # Errors
/// Those of [`reference::gradient`] for this problem and θ.
pub fn errors(problem: &Problem<'_>, at: &[f64], steps: &[f64]) -> Result<Errors> {
    let exact = reference::gradient(problem, at)?;
    let mut analytic = vec![f64::NAN; at.len()];
    backpropagation(problem, at, &mut analytic);
    let indices = spread(problem.layout().layers());
    let curve = |difference: Difference| {
        let error = |&h: &f64| (h, difference.largest_error(problem, at, h, &indices, &exact));
        let points: Vec<(f64, f64)> = steps.par_iter().map(error).collect();
        (difference, points)
    };
    Ok(Errors {
        parameters: indices.len(),
        differences: Difference::ALL.map(curve).into(),
        backpropagation: largest(indices.iter().map(|&index| analytic[index] - exact[index])),
    })
}

/// Indices of weights and biases of all layers, at equal distances.
fn spread(layers: &[LayerSpan]) -> Vec<usize> {
    let groups = layers.iter().flat_map(|span| [span.weights(), span.bias()]);
    groups.flat_map(|group| group.clone().step_by(group.len().div_ceil(OF_EACH))).collect()
}

impl Difference {
    /// All kinds, the simplest first.
    pub const ALL: [Self; 3] = [Self::Central, Self::FivePoint, Self::Ridders];

    /// Name and colour of its curve.
    fn look(self) -> (&'static str, usize) {
        match self {
            Self::Central => ("central difference", 1),
            Self::FivePoint => ("five-point formula", 4),
            Self::Ridders => ("Ridders, from h downward", 0),
        }
    }

    fn largest_error(
        self,
        problem: &Problem<'_>,
        at: &[f64],
        h: f64,
        indices: &[usize],
        exact: &[f64],
    ) -> f64 {
        let mut objective = Objective::new(problem, Accumulation::Batched).expect("the network is small");
        let errors = indices.iter().map(|&index| {
            let mut point = at.to_vec();
            let f = |x| {
                point[index] = x;
                objective.value(&point).total()
            };
            self.derivative(f, at[index], h) - exact[index]
        });
        largest(errors)
    }

    /// f′(x), or NaN where f is not finite or h is lost in rounding.
    fn derivative(self, mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> f64 {
        let mut central = |h: f64| {
            // x ± h is rounded, so the difference is divided by the realised step.
            let (low, high) = (x - h, x + h);
            (f(high) - f(low)) / (high - low)
        };
        match self {
            Self::Central => central(h),
            // This equals the five-point formula.
            Self::FivePoint => (4.0 * central(h) - central(2.0 * h)) / 3.0,
            Self::Ridders => ridders(f, x, h).map_or(f64::NAN, |estimate| estimate.derivative),
        }
    }
}

impl Errors {
    /// A curve for each difference, a line for dual numbers, and the step of the report.
    pub fn panel(&self) -> Panel {
        let line = |series: &str, colour, points| Mark::Line {
            series: series.into(),
            colour,
            dashed: false,
            points,
        };
        let curves = self.differences.iter().map(|(difference, points)| {
            let (name, colour) = difference.look();
            line(name, colour, points.clone())
        });
        let mut marks: Vec<Mark> = curves.collect();
        // Dual numbers have no step: their error is a horizontal line.
        let level = self.differences[0].1.iter().map(|&(h, _)| (h, self.backpropagation));
        marks.push(line("dual numbers", 2, level.collect()));
        let step = Config::default().step;
        marks.push(Mark::Vertical { label: format!("h = {}, the report's step", exact(step)), x: step });
        Panel {
            title: "Error of a derivative".into(),
            x: Axis::log10("step h"),
            y: Axis::log10("largest |error|"),
            equal_axes: false,
            marks,
        }
    }
}

/// The largest absolute value; NaN is ignored.
fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.map(f64::abs).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;
    use ann_core::{Activation, Architecture, Loss};

    #[test]
    fn truncation_is_what_theory_says() {
        // f = x⁵ at 1 has f′ = 5, f‴ = 60, f⁽⁵⁾ = 120. With h = 1/4:
        // central 5 + 10 h² + h⁴ = 5 + 161/256, five points 5 − 4 h⁴ = 5 − 4/256.
        let derivative = |difference: Difference| difference.derivative(|x| x.powi(5), 1.0, 0.25);
        assert_eq!(derivative(Difference::Central), 5.0 + 161.0 / 256.0);
        assert!((derivative(Difference::FivePoint) - (5.0 - 4.0 / 256.0)).abs() < 1e-14);
        assert!((derivative(Difference::Ridders) - 5.0).abs() < 1e-12);
        assert!(Difference::ALL.iter().all(|difference| difference.derivative(f64::ln, 0.0, 0.25).is_nan()));
    }

    #[test]
    fn each_is_better_than_the_one_before() {
        // One sigmoid unit between one input and one output, where every derivative has all orders.
        let architecture =
            Architecture::inputs(1).dense(1, Activation::Sigmoid).dense(1, Activation::Identity);
        let (x, y) = (array![[1.0], [-2.0]], array![1.0, 0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let errors = errors(&problem, &[1.0, 0.5, 2.0, -0.5], &[0.1, 0.01]).unwrap();
        assert_eq!(errors.parameters, 4);
        let [central, five_point, ridders] = [0, 1, 2].map(|i| &errors.differences[i].1);
        // With a tenth of h, the error is a hundredth (central) and a ten-thousandth (five-point).
        let ratio = |points: &[(f64, f64)]| points[0].1 / points[1].1;
        assert!((ratio(central) - 1e2).abs() < 5.0 && (ratio(five_point) - 1e4).abs() < 500.0, "{errors:?}");
        assert!(ridders[0].1 < 1e-12 && ridders[0].1 < five_point[1].1, "{errors:?}");
        assert!(errors.backpropagation < 1e-15, "{errors:?}");
    }
}

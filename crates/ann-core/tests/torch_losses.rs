//! ℓ and ∂ℓ/∂output are those of PyTorch in float64: the recorded table `torch_losses.txt`.

use ann_core::block::{Kernel, Scratch, accumulate};
use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Loss, Problem, Target, TargetKind};

const TABLE: &str = include_str!("torch_losses.txt");

/// Numbers of up to 1500, computed with some ten roundings of 1.1e-16 each.
const RELATIVE: f64 = 1e-14;
/// The fused kernel rounds 1 + e^−|z| before its logarithm, and so does a softmax with its sum.
const ABSOLUTE: f64 = 1e-15;

#[test]
fn single_rows() {
    for case in cases() {
        let (value, gradient) = match case.class {
            Some(class) => case.of_row(Target::Class(class)),
            None => case.of_row(Target::Values(&case.values)),
        };
        case.check("row", value, &gradient);
    }
}

#[test]
fn every_kernel() {
    for case in cases() {
        for kernel in [Kernel::Textbook, Kernel::Fused, Kernel::Wide] {
            // One input of 0: the biases are the outputs, and their gradient is δ.
            let m = case.outputs.len();
            let architecture = Architecture::inputs(1).dense(m, Activation::Identity);
            let (x, classes) = (Array2::zeros((1, 1)), [case.class.unwrap_or_default()]);
            let y = Array2::from_shape_vec((1, case.values.len()), case.values.clone()).unwrap();
            let problem = match case.loss.targets() {
                TargetKind::Classes => Problem::new(&architecture, case.loss.clone(), &x, &classes),
                TargetKind::Values => Problem::new(&architecture, case.loss.clone(), &x, &y),
            };
            let parameters = [vec![0.0; m], case.outputs.clone()].concat();
            let mut gradient = vec![0.0; 2 * m];
            let mut scratch = Scratch::with_kernel(&architecture, 1, kernel).unwrap();
            let tally = accumulate(&problem.unwrap(), &parameters, 0..1, &mut scratch, Some(&mut gradient));
            case.check(&format!("{kernel:?}"), tally.loss, &gradient[m..]);
        }
    }
}

#[test]
fn every_loss_is_in_the_table() {
    let names: Vec<&str> = TABLE.lines().filter_map(|line| line.split('\t').next()).collect();
    for name in ["cross_entropy", "squared", "absolute", "huber", "binary", "poisson", "quantile"] {
        assert!(names.iter().filter(|found| **found == name).count() >= 3, "{name}");
    }
}

struct Case {
    loss: Loss,
    outputs: Vec<f64>,
    class: Option<usize>,
    values: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Case {
    fn of_row(&self, target: Target<'_>) -> (f64, Vec<f64>) {
        let mut gradient = vec![f64::NAN; self.outputs.len()];
        self.loss.gradient(&self.outputs, target, &mut gradient);
        (self.loss.value(&self.outputs, target), gradient)
    }

    #[track_caller]
    fn check(&self, what: &str, value: f64, gradient: &[f64]) {
        let close = |a: f64, b: f64| (a - b).abs() <= RELATIVE * b.abs() + ABSOLUTE;
        let Self { loss, outputs, .. } = self;
        assert!(close(value, self.value), "{what}, {loss} of {outputs:?}: {value}, PyTorch {}", self.value);
        let pairs = || gradient.iter().zip(&self.gradient);
        assert!(
            gradient.len() == self.gradient.len() && pairs().all(|(&a, &b)| close(a, b)),
            "{what}, {loss} of {outputs:?}: {gradient:?}, PyTorch {:?}",
            self.gradient
        );
    }
}

fn cases() -> Vec<Case> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

fn case(line: &str) -> Case {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, settings, outputs, target, value, gradient] = fields[..] else { panic!("six fields: {line}") };
    let settings = numbers(settings);
    let loss = match name {
        "cross_entropy" if settings[0] == 0.0 => Loss::SoftmaxCrossEntropy,
        "cross_entropy" => Loss::SmoothedCrossEntropy { smoothing: settings[0] },
        "squared" => Loss::MeanSquaredError,
        "absolute" => Loss::AbsoluteError,
        "huber" => Loss::Huber { delta: settings[0] },
        "binary" => Loss::BinaryCrossEntropy,
        "poisson" => Loss::Poisson,
        "quantile" => Loss::Quantile { levels: settings },
        other => panic!("no such loss: {other}"),
    };
    let class = (loss.targets() == TargetKind::Classes).then(|| target.parse().unwrap());
    let values = if class.is_some() { Vec::new() } else { numbers(target) };
    let (outputs, gradient) = (numbers(outputs), numbers(gradient));
    Case { loss, outputs, class, values, value: value.parse().unwrap(), gradient }
}

fn numbers(field: &str) -> Vec<f64> {
    if field == "-" { Vec::new() } else { field.split(' ').map(|number| number.parse().unwrap()).collect() }
}

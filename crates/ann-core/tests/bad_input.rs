//! What a mistake looks like: every error a user of this crate can cause, by its full message.
//!
//! `ArchitectureMismatch` belongs to training and checking: its tests are in `ann-train` and `ann-gradcheck`.

use ann_core::ndarray::{Array1, Array2};
use ann_core::{
    Activation, Architecture, Error, Init, Loss, LossFn, Network, Problem, Target, TargetKind, seeded,
};

/// Values that are refused, and how they print.
const NOT_FINITE: [(f64, &str); 3] = [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")];

#[test]
fn no_layers() {
    let error = Architecture::inputs(2).layout().unwrap_err();
    check(
        &error,
        "the architecture has no layer: add at least the output layer with `.dense(width, activation)`",
    );
}

#[test]
fn no_inputs() {
    let error = Architecture::inputs(0).dense(1, Activation::Identity).layout().unwrap_err();
    check(&error, "there are 0 inputs (feature columns), expected at least 1");
}

#[test]
fn a_layer_of_width_0() {
    let architecture = Architecture::inputs(2).dense(0, Activation::Sigmoid).dense(1, Activation::Identity);
    let error = Network::<f64>::init(&architecture, Init::default(), &mut seeded(0)).unwrap_err();
    check(&error, "layer 1 has width 0, expected at least 1");
}

#[test]
fn a_slope_that_is_no_number() {
    for (slope, text) in NOT_FINITE {
        let leaky =
            Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::LeakyRelu { slope });
        let error = Network::<f64>::init(&leaky, Init::default(), &mut seeded(0)).unwrap_err();
        let message =
            format!("layer 2 is a leaky ReLU of slope {text}, expected a finite number such as 0.01");
        check(&error, &message);
    }
}

#[test]
fn an_alpha_that_is_no_number() {
    for (alpha, text) in NOT_FINITE {
        let elu = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Elu { alpha });
        let error = Network::<f64>::init(&elu, Init::default(), &mut seeded(0)).unwrap_err();
        check(&error, &format!("layer 2 is an ELU of α {text}, expected a finite number such as 1"));
    }
}

#[test]
fn more_parameters_than_memory() {
    let architecture = Architecture::inputs((1 << 40) - 1).dense(1 << 19, Activation::Identity);
    let error = Network::<f32>::init(&architecture, Init::default(), &mut seeded(0)).unwrap_err();
    // 2⁵⁹ numbers of 4 bytes.
    let message = "the parameters need 2305843009.2 GB of memory, more than the system gives: \
                   choose narrower layers, fewer classes or fewer rows at a time";
    check(&error, message);
}

#[test]
fn as_many_parameters_as_addresses_and_one_more() {
    // As many f64 as isize::MAX bytes hold: 2⁶⁰ − 1 where addresses have 64 bits.
    let most = isize::MAX as usize / size_of::<f64>();
    let half = most / 2 + 1;
    for (widths, too_large) in [
        (&[most - 1, 1][..], None),
        (&[most, 1], Some(1)),
        // half + 2 (half / 2 − 1) = most − 1, and two more.
        (&[half - 1, 1, half / 2 - 1], None),
        (&[half - 1, 1, half / 2], Some(2)),
        (&[2, 3, usize::MAX], Some(2)),
    ] {
        let layers = Activation::Tanh.layers(widths[1..].iter().copied());
        let layout = Architecture::inputs(widths[0]).with_layers(layers).layout();
        let expected = too_large.map(|layer| Error::TooManyParameters { layer });
        assert_eq!(layout.err(), expected, "{widths:?}");
    }
}

#[test]
fn more_parameters_than_addresses() {
    let architecture = Architecture::inputs(usize::MAX).dense(2, Activation::Identity);
    let error = Network::<f64>::from_parameters(&architecture, vec![]).unwrap_err();
    check(&error, "layer 1 makes the network too large: its parameters cannot be counted in a machine word");
}

#[test]
fn another_number_of_parameters() {
    for found in [0, 5, 7] {
        let error = Network::from_parameters(&two_two(), vec![0.0; found]).unwrap_err();
        check(&error, &format!("{found} parameters were given, the architecture has 6"));
    }
}

#[test]
fn a_nan_among_parameters() {
    // In the layout's order; of two the first is named.
    let names = ["W¹[0, 0]", "W¹[0, 1]", "W¹[1, 0]", "W¹[1, 1]", "b¹[0]", "b¹[1]"];
    for (index, name) in names.iter().enumerate() {
        for ((value, text), last) in NOT_FINITE.into_iter().zip([0.0, f64::NAN, 0.0]) {
            let mut parameters = vec![0.0; 6];
            (parameters[5], parameters[index]) = (last, value);
            let message = format!("parameter {name} is {text}, expected a finite number");
            check(&Network::from_parameters(&two_two(), parameters.clone()).unwrap_err(), &message);
            // Also where it appears later: forward and predictor blame the parameter, not the output.
            let mut network = Network::from_parameters(&two_two(), vec![0.0; 6]).unwrap();
            network.parameters_mut().copy_from_slice(&parameters);
            check(&network.ensure_finite().unwrap_err(), &message);
            check(&network.forward(&Array2::ones((1, 2))).unwrap_err(), &message);
            check(&network.predictor().unwrap_err(), &message);
        }
    }
}

#[test]
fn another_number_of_columns() {
    let network: Network = Network::init(&two_two(), Init::Zeros, &mut seeded(0)).unwrap();
    for found in [0, 1, 3] {
        let message = format!("input has {found} columns, the first layer expects 2");
        check(&network.forward(&Array2::zeros((4, found))).unwrap_err(), &message);
        check(
            &network.predictor().unwrap().predict_into(&vec![0.0; found], &mut [0.0; 2]).unwrap_err(),
            &message,
        );
        check(&classes(&Array2::zeros((1, found)), &[0]), &message);
    }
}

#[test]
fn room_for_another_number_of_outputs() {
    let mut predictor =
        Network::<f64>::init(&two_two(), Init::Zeros, &mut seeded(0)).unwrap().predictor().unwrap();
    for found in [0, 1, 3] {
        let error = predictor.predict_into(&[0.0; 2], &mut vec![0.0; found]).unwrap_err();
        check(&error, &format!("there is room for {found} outputs, the network has 2"));
    }
}

#[test]
fn a_feature_that_is_no_number() {
    // Narrow and wide, so that two kernels read them; rows of three blocks of 512.
    for inputs in [1, 2, 9, 17, 300] {
        let architecture = Architecture::inputs(inputs).dense(2, Activation::Sigmoid);
        let network = Network::<f64>::init(&architecture, Init::default(), &mut seeded(0)).unwrap();
        let mut predictor = network.predictor().unwrap();
        for column in (0..17).chain([255, 256, 298, 299]).filter(|&column| column < inputs) {
            // Each column in another row, so that many are tried in little time.
            let row = [0, 1, 31, 32, 511, 512, 1023, 1024, 1029][column % 9];
            for (value, text) in NOT_FINITE {
                let mut x = Array2::zeros((1030, inputs));
                x[[row, column]] = value;
                let message = |row| {
                    format!(
                        "features hold {text} at row {row}, column {column} (counted from 0), \
                         expected finite numbers: remove or replace it"
                    )
                };
                check(&network.forward(&x).unwrap_err(), &message(row));
                let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0; 1030]);
                check(&problem.unwrap_err(), &message(row));
                let one = predictor.predict_into(x.row(row).as_slice().unwrap(), &mut [0.0; 2]);
                check(&one.unwrap_err(), &message(0));
            }
        }
    }
}

#[test]
fn an_output_that_overflows() {
    // ŷ = (x, 1e10 x, 1e10 x): of two infinite outputs the first is named.
    let architecture = Architecture::inputs(1).dense(3, Activation::Identity);
    let network = Network::from_parameters(&architecture, vec![1.0, 1e10, 1e10, 0.0, 0.0, 0.0]).unwrap();
    let message = |row| {
        format!(
            "output 1 of row {row} (counted from 0) is inf: features or weights are too large, scale the features"
        )
    };
    for row in [0, 31, 32, 511, 512, 599] {
        let mut x = Array2::zeros((600, 1));
        x[[row, 0]] = 1e300;
        check(&network.forward(&x).unwrap_err(), &message(row));
    }
    check(&network.predictor().unwrap().predict_into(&[1e300], &mut [0.0; 3]).unwrap_err(), &message(0));
}

#[test]
fn no_samples() {
    check(&classes(&Array2::zeros((0, 2)), &[]), "there are no samples: expected at least 1 row");
}

#[test]
fn another_number_of_targets_than_rows() {
    for targets in [0, 1, 3] {
        let message =
            format!("there are 2 rows of features but {targets} targets, expected one target for each row");
        check(&classes(&Array2::zeros((2, 2)), &vec![0; targets]), &message);
        let (x, y) = (Array2::<f64>::zeros((2, 2)), Array2::zeros((targets, 2)));
        check(&Problem::new(&two_two(), Loss::MeanSquaredError, &x, &y).unwrap_err(), &message);
    }
}

#[test]
fn a_target_that_is_no_number() {
    for (row, column) in [(0, 0), (0, 1), (1, 0), (32, 1), (99, 0), (99, 1)] {
        for (value, text) in NOT_FINITE {
            let mut y = Array2::zeros((100, 2));
            y[[row, column]] = value;
            let message = format!(
                "targets hold {text} at row {row}, column {column} (counted from 0), expected finite numbers: \
                 remove or replace it"
            );
            check(&values(&y), &message);
        }
    }
}

#[test]
fn a_class_without_output() {
    for row in [0, 1, 9, 10, 11, 99] {
        for class in [2, 3, usize::MAX] {
            let mut targets = [1; 100];
            // Of two the first is named.
            (targets[99], targets[row]) = (7, class);
            let message = format!(
                "target of row {row} is class {class}, the network has 2 outputs: expected a class below 2"
            );
            check(&classes(&Array2::zeros((100, 2)), &targets), &message);
        }
    }
}

#[test]
fn features_are_checked_before_targets() {
    let x = Array2::from_elem((1, 2), f64::NAN);
    let message = classes(&x, &[7]).to_string();
    assert!(message.starts_with("features hold NaN at row 0"), "{message}");
}

#[test]
fn another_number_of_target_columns_than_outputs() {
    for found in [0, 1, 3] {
        let message = format!("targets have {found} columns, the network has 2 outputs");
        check(&values(&Array2::zeros((4, found))), &message);
    }
}

#[test]
fn values_for_a_loss_on_classes() {
    let (architecture, x, y) = (two_two(), Array2::zeros((1, 2)), Array1::<f64>::zeros(1));
    let error = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &y).unwrap_err();
    check(&error, "softmax cross-entropy needs class indices as targets, found values");
}

#[test]
fn classes_for_a_loss_on_values() {
    let (architecture, x) = (two_two(), Array2::<f64>::zeros((1, 2)));
    let error = Problem::new(&architecture, Loss::MeanSquaredError, &x, &[0]).unwrap_err();
    check(&error, "mean squared error needs values as targets, found class indices");
}

#[test]
fn targets_of_the_other_kind_for_a_loss_of_ones_own() {
    let (architecture, x) = (two_two(), Array2::<f64>::zeros((1, 2)));
    let error = Problem::new(&architecture, Absolute, &x, &[0]).unwrap_err();
    check(&error, "Absolute needs values as targets, found class indices");
}

#[test]
fn a_penalty_outside_its_range() {
    let (architecture, x) = (two_two(), Array2::<f64>::zeros((1, 2)));
    for (l2, text) in [(-0.1, "-0.1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
        check(&problem.with_l2(l2).unwrap_err(), &format!("l2 (λ) is {text}, expected a finite number ≥ 0"));
    }
    // The gradient has the factor 2λ.
    let half = f64::from(f32::MAX) / 2.0;
    for (l2, is_right) in [(half, true), (1.0001 * half, false), (1e39, false)] {
        let x = Array2::<f32>::zeros((1, 2));
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
        assert_eq!(problem.with_l2(l2).is_ok(), is_right, "{l2}");
    }
}

/// ℓ = Σⱼ |ŷⱼ − yⱼ|.
#[derive(Debug)]
struct Absolute;

impl LossFn for Absolute {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }

    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().zip(target.values()).map(|(output, y)| (output - y).abs()).sum()
    }

    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        for ((g, output), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
            *g = (output - y).signum();
        }
    }
}

#[test]
fn settings_of_losses_out_of_range() {
    let smoothing = |value| Loss::SmoothedCrossEntropy { smoothing: value };
    for (value, text) in [(-0.1, "-0.1"), (1.0, "1"), (f64::NAN, "NaN")] {
        let message = format!("smoothing (ε) is {text}, expected a number from 0 to below 1");
        check(&of_setting(smoothing(value)), &message);
    }
    for (value, text) in [(0.0, "0"), (-1.0, "-1"), (f64::INFINITY, "inf"), (f64::NAN, "NaN")] {
        let message = format!("delta (δ) of the Huber loss is {text}, expected a finite number above 0");
        check(&of_setting(Loss::Huber { delta: value }), &message);
    }
    for (value, text) in [(0.0, "0"), (1.0, "1"), (f64::NAN, "NaN")] {
        let message =
            format!("a level (τ) of the quantile loss is {text}, expected a number above 0 and below 1");
        check(&of_setting(Loss::Quantile { levels: vec![0.5, value] }), &message);
    }
    let message = "the number of levels (τ) of the quantile loss is 0, expected at least 1";
    check(&of_setting(Loss::Quantile { levels: vec![] }), message);
}

/// The error of a loss with these settings.
fn of_setting(loss: Loss) -> Error {
    let (architecture, x) = (two_two(), Array2::<f64>::zeros((1, 2)));
    match loss.targets() {
        TargetKind::Classes => Problem::new(&architecture, loss, &x, &[0]).unwrap_err(),
        TargetKind::Values => Problem::new(&architecture, loss, &x, &x).unwrap_err(),
    }
}

#[test]
fn outputs_and_columns_that_quantiles_do_not_fit() {
    let of = |levels: &[f64], columns| {
        let (architecture, x) = (two_two(), Array2::<f64>::zeros((1, 2)));
        let y = Array2::zeros((1, columns));
        let loss = Loss::Quantile { levels: levels.to_vec() };
        Problem::new(&architecture, loss, &x, &y).map(|_| ()).unwrap_err()
    };
    let message = "the network has 2 outputs for 3 quantile levels, expected at least one level and one output for \
                   each target column and level";
    check(&of(&[0.1, 0.5, 0.9], 1), message);
    check(&of(&[0.1, 0.9], 2), "targets have 2 columns, 2 outputs for 2 quantile levels need 1");
    check(&of(&[0.5], 1), "targets have 1 columns, 2 outputs for 1 quantile levels need 2");
}

#[test]
fn targets_out_of_the_range_of_their_loss() {
    let of = |loss: Loss, value: f64| {
        let (architecture, x) = (two_two(), Array2::zeros((2, 2)));
        let y = ann_core::ndarray::array![[0.5, 1.0], [0.0, value]];
        Problem::new(&architecture, loss, &x, &y).unwrap_err()
    };
    for (value, text) in [(-0.01, "-0.01"), (1.5, "1.5")] {
        let message = format!(
            "target of row 1, column 1 (counted from 0) is {text}, binary cross-entropy needs a number from 0 to 1"
        );
        check(&of(Loss::BinaryCrossEntropy, value), &message);
    }
    let message = "target of row 1, column 1 (counted from 0) is -1.0, Poisson loss needs a count ≥ 0";
    check(&of(Loss::Poisson, -1.0), message);
}

fn two_two() -> Architecture {
    Architecture::inputs(2).dense(2, Activation::Identity)
}

fn classes(x: &Array2<f64>, classes: &[usize]) -> Error {
    Problem::new(&two_two(), Loss::SoftmaxCrossEntropy, x, classes).unwrap_err()
}

/// The error of these targets for as many rows of features.
fn values(y: &Array2<f64>) -> Error {
    Problem::new(&two_two(), Loss::MeanSquaredError, &Array2::zeros((y.nrows(), 2)), y).unwrap_err()
}

#[track_caller]
fn check(error: &Error, message: &str) {
    assert_eq!(error.to_string(), message);
}

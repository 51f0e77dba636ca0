//! Networks side by side: ensembles, and pieces of work on several threads.

use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Architecture, Averaging, Classifier, Ensemble, Init, Loss, Network, Scalar, TrainConfig,
    in_parallel, seeded,
};

#[test]
fn responses_or_outputs_are_averaged() {
    let networks = members::<f64>(&[3, 5, 4], 4);
    let x = rows();
    let loss = Loss::SoftmaxCrossEntropy;
    let mean = |matrices: Vec<Array2<f64>>| {
        matrices.iter().fold(Array2::zeros((7, 4)), |sum, matrix| sum + matrix) / 4.0
    };
    let outputs: Vec<_> = networks.iter().map(|network| network.forward(&x).unwrap()).collect();
    let responses = mean(outputs.iter().map(|outputs| loss.respond(outputs)).collect());
    let averaged = Ensemble::new(networks.clone(), loss.clone(), Averaging::Responses).unwrap();
    close(&averaged.predict(&x, 1).unwrap(), &responses);
    let of_outputs = loss.respond(&mean(outputs));
    let averaged = Ensemble::new(networks, loss, Averaging::Outputs).unwrap();
    close(&averaged.predict(&x, 1).unwrap(), &of_outputs);
    assert!(
        (&responses - &of_outputs).iter().any(|difference| difference.abs() > 1e-3),
        "they are not the same"
    );
}

#[test]
fn averages_that_overflow_are_errors() {
    let of = |biases: &[f64], loss: Loss| {
        let architecture = Architecture::inputs(1).dense(biases.len(), Activation::Identity);
        let parameters = [vec![0.0; biases.len()], biases.to_vec()].concat();
        let network = Network::from_parameters(&architecture, parameters).unwrap();
        let ensemble = Ensemble::new(vec![network.clone(), network], loss, Averaging::Outputs).unwrap();
        ensemble.predict(&Array2::zeros((2, 1)), 1).unwrap_err().to_string()
    };
    for (biases, loss) in [
        (&[1.5e308, 1.2e308][..], Loss::SoftmaxCrossEntropy),
        (&[1.5e308], Loss::MeanSquaredError),
        (&[800.0], Loss::Poisson),
    ] {
        let error = of(biases, loss);
        assert!(error.contains("inf"), "{error}");
    }
    let network =
        Network::from_parameters(&Architecture::inputs(1).dense(1, Activation::Identity), vec![1.0, 0.0]);
    let empty = Loss::Quantile { levels: vec![] };
    assert!(Ensemble::new(vec![network.unwrap()], empty, Averaging::Outputs).is_err());
}

#[test]
fn averages_of_an_activation_are_no_network() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Tanh);
    let network = Network::from_parameters(&architecture, vec![1.0, 0.0]).unwrap();
    let networks = vec![network.clone(), network];
    let ensemble = Ensemble::new(networks, Loss::MeanSquaredError, Averaging::Outputs).unwrap();
    let message =
        "the output layer has the activation tanh, expected identity: averages of it are no dense layer";
    assert_eq!(ensemble.to_network().unwrap_err().to_string(), message);
}

#[test]
fn averaged_outputs_are_one_network() {
    for widths in [&[3, 2][..], &[3, 5, 2], &[3, 5, 4, 2]] {
        let networks = members::<f64>(widths, 3);
        let ensemble = Ensemble::new(networks, Loss::MeanSquaredError, Averaging::Outputs).unwrap();
        let network = ensemble.to_network().unwrap();
        close(&network.forward(&rows()).unwrap(), &ensemble.predict(&rows(), 1).unwrap());
        let hidden: Vec<usize> = network.architecture().layers().iter().map(|layer| layer.width).collect();
        let expected: Vec<usize> = widths[1..]
            .iter()
            .enumerate()
            .map(|(k, width)| if k + 2 < widths.len() { 3 * width } else { *width })
            .collect();
        assert_eq!(hidden, expected);
    }
}

#[test]
fn what_is_no_ensemble() {
    let error = Ensemble::<f64>::new(vec![], Loss::MeanSquaredError, Averaging::Outputs).unwrap_err();
    assert_eq!(error.to_string(), "an ensemble needs at least one network");
    let other = [members::<f64>(&[3, 5, 2], 1), members(&[3, 6, 2], 1)].concat();
    let error = Ensemble::new(other, Loss::MeanSquaredError, Averaging::Outputs).unwrap_err();
    let message = "the networks of an ensemble must be alike, found 3 → 6 tanh → 2 identity beside 3 → 5 tanh → 2 identity";
    assert_eq!(error.to_string(), message);
}

#[test]
fn results_come_in_order_and_do_not_depend_on_threads() {
    let x = rows();
    let labels: Vec<usize> = (0..7).map(|row| row % 3).collect();
    let fit = |seed| {
        // `threads` inside has no effect: each network has one thread.
        let train = TrainConfig { epochs: 50, threads: 2, ..TrainConfig::default() };
        Classifier { seed, train, ..Classifier::default() }
            .fit(&x, &labels)
            .unwrap()
            .into_parts()
            .0
            .into_parameters()
    };
    let one = in_parallel(1, 0..20, fit).unwrap();
    for threads in [2, 3, 64] {
        assert_eq!(in_parallel(threads, 0..20, fit).unwrap(), one);
    }
    assert_eq!(one[7], fit(7));
    assert_ne!(one[7], one[8]);
    assert_eq!(in_parallel(2, Vec::<u64>::new(), fit).unwrap(), Vec::<Vec<f64>>::new());
    // One inside the other.
    let nested = in_parallel(2, 0..3, |_| in_parallel(2, 0..20, fit).unwrap()).unwrap();
    assert_eq!(nested, [one.clone(), one.clone(), one]);
    for threads in [0, 1025] {
        let error = in_parallel(threads, 0..3, |_| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("threads is {threads}, expected 1 to 1024"));
    }
}

fn members<F: Scalar>(widths: &[usize], count: u64) -> Vec<Network<F>> {
    let (outputs, hidden) = widths[1..].split_last().unwrap();
    let hidden = Activation::Tanh.layers(hidden.iter().copied());
    let architecture =
        Architecture::inputs(widths[0]).with_layers(hidden).dense(*outputs, Activation::Identity);
    let member = |seed| {
        let mut network: Network<F> =
            Network::init(&architecture, Init::XavierNormal { gain: 3.0 }, &mut seeded(seed)).unwrap();
        // Biases, too.
        network.parameters_mut().iter_mut().for_each(|p| *p += F::of(0.1 * (seed + 1) as f64));
        network
    };
    (0..count).map(member).collect()
}

fn rows() -> Array2<f64> {
    Array2::from_shape_fn((7, 3), |(row, column)| (row as f64 - 3.0) / 2.0 + column as f64 / 5.0)
}

#[track_caller]
fn close(a: &Array2<f64>, b: &Array2<f64>) {
    // A few additions of numbers of size 10.
    assert!((a - b).iter().all(|difference| difference.abs() < 1e-13), "{a} {b}");
}

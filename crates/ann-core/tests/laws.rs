//! What holds for every network: proven on random shapes, activations, losses and data.

use ann_core::block::{self, Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::{Array2, ArrayRef2, Axis, Slice, concatenate};
use ann_core::{
    Activation, ActivationFn, Architecture, Init, Loss, LossFn, Network, ParameterKind, Problem, Scalar,
    Target, TargetKind, seeded,
};
use proptest::prelude::*;
use rand::RngExt;

use crate::own::every_activation;

/// A network and data for it; weights and inputs are of size 1, so that rounding errors are a few ε of the
/// largest number.
#[derive(Clone, Debug)]
struct Case {
    kernel: Kernel,
    architecture: Architecture,
    loss: Loss,
    parameters: Vec<f64>,
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
    /// A weight for each row, or none.
    weights: Option<Vec<f64>>,
}

/// One loss sum, its hits, and the summed gradient.
type Sums<F> = (Tally, Vec<F>);

proptest! {
    #[test]
    fn the_batch_gradient_is_the_sum_over_rows_for_any_chunking(
        case in cases(),
        cuts in prop::collection::vec(0_usize..40, 0..6),
    ) {
        let n = case.features.nrows();
        let mut bounds: Vec<usize> = cuts.iter().map(|cut| cut % (n + 1)).chain([0, n]).collect();
        bounds.sort_unstable();
        let single: Vec<usize> = (0..=n).collect();
        let expected = case.sums::<f64>(&single);
        assert_close(&case.sums(&bounds), &expected, n, f64::EPSILON)?;
    }

    #[test]
    fn the_order_of_samples_does_not_matter(case in cases(), seed in any::<u64>()) {
        let n = case.features.nrows();
        let shuffled = case.chosen(&random_order(n, seed));
        assert_close(&shuffled.sums(&[0, n]), &case.sums(&[0, n]), n, f64::EPSILON)?;
        let [found, expected] = [shuffled, case].map(|case| widened(case.sums::<f32>(&[0, n])));
        assert_close(&found, &expected, n, f64::from(f32::EPSILON))?;
    }

    #[test]
    fn classes_may_be_numbered_in_any_order(case in cases(), seed in any::<u64>()) {
        // The output units change places, and with them the labels or the columns of values.
        let n = case.features.nrows();
        let order = random_order(case.architecture.output_width(), seed);
        let renumbered = case.renumbered(&order);
        let (tally, gradient) = case.sums::<f64>(&[0, n]);
        let expected = (tally, case.with_outputs_in(&order, &gradient));
        assert_close(&renumbered.sums(&[0, n]), &expected, n, f64::EPSILON)?;
        let (tally, gradient) = widened(case.sums::<f32>(&[0, n]));
        let expected = (tally, case.with_outputs_in(&order, &gradient));
        assert_close(&widened(renumbered.sums::<f32>(&[0, n])), &expected, n, f64::from(f32::EPSILON))?;
    }

    #[test]
    fn f32_follows_f64(case in cases()) {
        // The f64 network starts from the values that the f32 network has, so that only its arithmetic is
        // compared.
        let case = case.rounded_to_f32();
        let n = case.features.nrows();
        let ((tally, gradient), expected) = (widened(case.sums::<f32>(&[0, n])), case.sums::<f64>(&[0, n]));
        // Two logits closer than rounding may change places: hits are compared by the other laws.
        let tally = Tally { hits: expected.0.hits, ..tally };
        assert_close(&(tally, gradient), &expected, n, f64::from(f32::EPSILON))?;
    }

    #[test]
    fn parameters_enter_and_leave_as_a_slice(case in cases()) {
        let mut network = case.network();
        prop_assert_eq!(network.parameters(), case.parameters.as_slice());
        network.parameters_mut().reverse();
        let reversed: Vec<f64> = case.parameters.into_iter().rev().collect();
        prop_assert_eq!(network.parameters(), reversed.as_slice());
        prop_assert_eq!(network.into_parameters(), reversed);
    }

    #[test]
    fn layers_are_views_at_the_places_of_the_layout(case in cases()) {
        let mut network = case.network();
        for (index, &parameter) in case.parameters.iter().enumerate() {
            let place = network.layout().locate(index);
            let layer = network.layer(place.layer).unwrap();
            let viewed = match place.kind {
                ParameterKind::Weight => layer.weights[[place.unit, place.input]],
                ParameterKind::Bias => layer.bias[place.unit],
            };
            prop_assert_eq!(viewed, parameter, "{}", place);

            let mut layer = network.layer_mut(place.layer).unwrap();
            match place.kind {
                ParameterKind::Weight => layer.weights[[place.unit, place.input]] = 7.0,
                ParameterKind::Bias => layer.bias[place.unit] = 7.0,
            }
            prop_assert_eq!(network.parameters()[index], 7.0, "{}", place);
        }
    }

    #[test]
    fn a_block_goes_forward_as_its_rows_do(case in cases(), copies in 1_usize..20) {
        // Up to 760 rows, more than one block of 512.
        let x = concatenate(Axis(0), &vec![case.features.view(); copies]).unwrap();
        let network = case.network();
        let outputs = network.forward(&x).unwrap();
        for (n, row) in x.outer_iter().enumerate() {
            let alone = network.forward(&row.insert_axis(Axis(0))).unwrap();
            for (a, b) in outputs.row(n).iter().zip(&alone) {
                prop_assert!((a - b).abs() <= ROUNDINGS * f64::EPSILON * a.abs().max(1.0), "row {n}: {a} {b}");
            }
        }
    }

    #[test]
    fn blocks_of_any_size_give_the_same_outputs(case in cases(), rows in 1_usize..50) {
        let network = case.network();
        let x = &case.features;
        let mut outputs = Array2::zeros((x.nrows(), case.architecture.output_width()));
        let mut scratch = Scratch::new(&case.architecture, rows).unwrap();
        let layout = network.layout();
        block::forward(&case.architecture, layout, network.parameters(), x, &mut scratch, &mut outputs);
        for (a, b) in outputs.iter().zip(&network.forward(x).unwrap()) {
            prop_assert!((a - b).abs() <= ROUNDINGS * f64::EPSILON * a.abs().max(1.0), "{a} {b}");
        }
    }

    #[test]
    fn rows_may_be_chosen_in_any_order_from_features_that_lie_in_any(case in cases(), seed in any::<u64>()) {
        // A transposed copy holds the same matrix column by column, a slice of a wider one has gaps.
        let n = case.features.nrows();
        let order = random_order(n, seed)[..n.div_ceil(2)].to_vec();
        let columns = case.features.t().as_standard_layout().reversed_axes().into_owned();
        prop_assert_eq!(&columns, &case.features);
        let mut wide = Array2::from_elem((n, case.features.ncols() * 2), f64::NAN);
        let every_second = Slice::new(0, None, 2);
        wide.slice_axis_mut(Axis(1), every_second).assign(&case.features);
        let expected = case.chosen(&order).sums::<f64>(&[0, order.len()]);
        for features in [case.features.view(), columns.view(), wide.slice_axis(Axis(1), every_second)] {
            prop_assert_eq!(&case.sums_over(&features, &order), &expected);
        }
    }

    #[test]
    fn evaluate_finds_what_accumulate_finds(case in cases()) {
        let n = case.features.nrows();
        let problem = case.problem();
        let mut scratch = Scratch::with_kernel(&case.architecture, n, case.kernel).unwrap();
        let tally = accumulate(&problem, &case.parameters, 0..n, &mut scratch, None);
        prop_assert_eq!(tally, case.sums::<f64>(&[0, n]).0);
    }

    #[test]
    fn all_kernels_give_the_same_sums(case in cases()) {
        assert_kernels_agree(&case, case.features.nrows())?;
    }

    #[test]
    fn a_custom_copy_of_a_built_in_activation_gives_the_same_bits(case in cases()) {
        let n = case.features.nrows();
        let case = Case { kernel: Kernel::Textbook, ..case };
        let copy = Case { architecture: with_copies(&case.architecture), ..case.clone() };
        prop_assert_eq!(copy.sums::<f64>(&[0, n]), case.sums::<f64>(&[0, n]));
    }

    #[test]
    fn a_custom_copy_of_a_built_in_loss_gives_the_same_sums(case in cases()) {
        let n = case.features.nrows();
        let copy = Case { loss: CopiedLoss(case.loss.clone()).into(), ..case.clone() };
        let (found, mut expected) = (copy.sums::<f64>(&[0, n]), case.sums::<f64>(&[0, n]));
        if copy.loss.targets() == TargetKind::Values {
            // A custom loss on values does not count hits; binary cross-entropy does.
            expected.0.hits = 0.0;
        }
        match case.kernel {
            Kernel::Textbook => prop_assert_eq!(found, expected),
            Kernel::Fused | Kernel::Wide => assert_close(&found, &expected, n, f64::EPSILON)?,
        }
    }
}

proptest! {
    // Few cases, because they are large: layers wider than a strip of 32 inputs, more rows than a group.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn all_kernels_give_the_same_sums_of_wide_layers(
        widths in prop::collection::vec(1_usize..140, 2..4),
        n in 1_usize..700,
        loss in prop::sample::select(losses()),
        seed in any::<u64>(),
    ) {
        let inputs = Architecture::inputs(widths[0]);
        let hidden = widths[1..].iter().fold(inputs, |sum, &width| sum.dense(width, Activation::Tanh));
        let case = Case::random(hidden.dense(3, Activation::Identity), loss, n, seed);
        // Sums over up to 140 inputs instead of 8.
        assert_kernels_agree(&case, n + 4 * 140)?;
    }
}

/// The fused and the wide kernel give what the textbook kernel gives, in `f64` and in `f32`.
fn assert_kernels_agree(case: &Case, roundings: usize) -> Result<(), TestCaseError> {
    let bounds = [0, case.features.nrows()];
    let of = |kernel| Case { kernel, ..case.clone() };
    let textbook = of(Kernel::Textbook);
    for found in [Kernel::Fused, Kernel::Wide].map(of) {
        assert_close(&found.sums(&bounds), &textbook.sums(&bounds), roundings, f64::EPSILON)?;
        let [found, expected] = [&found, &textbook].map(|case| widened(case.sums::<f32>(&bounds)));
        // Two logits closer than rounding may change places: hits are compared in f64.
        let found = (Tally { hits: expected.0.hits, ..found.0 }, found.1);
        assert_close(&found, &expected, roundings, f64::from(f32::EPSILON))?;
    }
    Ok(())
}

#[test]
fn all_kernels_agree_on_more_rows_than_two_groups() {
    // 512 rows go through the wide kernel together.
    let (n, hidden) = (2 * 512 + 33, Architecture::inputs(20).dense(7, Activation::Tanh));
    for loss in losses() {
        let case = Case::random(hidden.clone().dense(3, Activation::Identity), loss, n, 1);
        assert_kernels_agree(&case, n + 4 * 20).unwrap();
    }
}

#[test]
fn all_kernels_agree_on_every_slope_of_leaky_relu() {
    // Flat below 0, less steep there, straight, and steeper than above it.
    for slope in [0.0, 0.3, 1.0, 1.7] {
        for loss in losses() {
            let hidden = Architecture::inputs(3).with_layers(Activation::LeakyRelu { slope }.layers([7, 5]));
            let n = 40;
            assert_kernels_agree(&Case::random(hidden.dense(3, Activation::Identity), loss, n, 1), n)
                .unwrap();
        }
    }
}

/// How many roundings one number goes through on its way forward and back: at most 5 layers with sums of at
/// most 7 + 1 terms, one activation and one derivative each, there and back: 5 · (8 + 2) · 2.
const ROUNDINGS: f64 = 100.0;

/// Every entry within the rounding of n rows: each row contributes up to [`ROUNDINGS`] ε of its largest
/// number, and so does each of the n additions. Of 20 000 random cases none used more than 7% of the bound.
fn assert_close(
    found: &Sums<f64>,
    expected: &Sums<f64>,
    n: usize,
    epsilon: f64,
) -> Result<(), TestCaseError> {
    let largest = expected.1.iter().fold(expected.0.loss.max(1.0), |max, g| max.max(g.abs()));
    let bound = (ROUNDINGS + n as f64) * epsilon * largest;
    // Weights of up to 2 are added in an order that may differ.
    for (found, expected) in [(found.0.hits, expected.0.hits), (found.0.weight, expected.0.weight)] {
        prop_assert!((found - expected).abs() <= 2.0 * n as f64 * epsilon * expected, "{found} {expected}");
    }
    prop_assert!((found.0.loss - expected.0.loss).abs() <= bound, "{} {}", found.0.loss, expected.0.loss);
    for (index, (found, expected)) in found.1.iter().zip(&expected.1).enumerate() {
        prop_assert!((found - expected).abs() <= bound, "entry {index}: {found} {expected}, bound {bound}");
    }
    Ok(())
}

fn cases() -> impl Strategy<Value = Case> {
    let hidden = prop::collection::vec((1_usize..8, prop::sample::select(every_activation())), 0..5);
    let copies = losses().into_iter().map(|loss| CopiedLoss(loss).into());
    let loss = prop::sample::select(losses().into_iter().chain(copies).collect::<Vec<Loss>>());
    let kernel = prop::sample::select(vec![Kernel::Textbook, Kernel::Fused, Kernel::Wide]);
    (1_usize..6, hidden, 1_usize..5, loss, 1_usize..41, any::<u64>(), kernel).prop_map(
        |(inputs, hidden, outputs, loss, n, seed, kernel)| {
            let layers = hidden.into_iter().fold(Architecture::inputs(inputs), |sum, (w, a)| sum.dense(w, a));
            Case { kernel, ..Case::random(layers.dense(outputs, Activation::Identity), loss, n, seed) }
        },
    )
}

/// All built-in losses that take any number of outputs, with a target for each.
fn losses() -> Vec<Loss> {
    vec![
        Loss::SoftmaxCrossEntropy,
        Loss::SmoothedCrossEntropy { smoothing: 0.25 },
        Loss::BinaryCrossEntropy,
        Loss::MeanSquaredError,
        Loss::AbsoluteError,
        Loss::Huber { delta: 0.5 },
        Loss::Quantile { levels: vec![0.3] },
        Loss::Poisson,
    ]
}

impl Case {
    /// Xavier weights keep the size of what goes through a layer near 1; biases, inputs and values are drawn
    /// from ±1.
    fn random(architecture: Architecture, loss: Loss, n: usize, seed: u64) -> Self {
        let mut rng = seeded(seed);
        let mut network: Network = Network::init(&architecture, Init::default(), &mut rng).unwrap();
        for k in 1..=architecture.layers().len() {
            network.layer_mut(k).unwrap().bias.mapv_inplace(|_| rng.random_range(-1.0..1.0));
        }
        let mut uniform = |columns| Array2::from_shape_fn((n, columns), |_| rng.random_range(-1.0..1.0));
        let features = uniform(architecture.input_width());
        // From −1 to 1, or from 0 to 1 if the loss needs that; a copy of a built-in loss needs nothing.
        let mut values = uniform(architecture.output_width());
        if matches!(loss, Loss::BinaryCrossEntropy | Loss::Poisson) {
            values.mapv_inplace(f64::abs);
        }
        let classes = (0..n).map(|_| rng.random_range(0..architecture.output_width())).collect();
        // Every second problem has weights.
        let weights = rng.random::<bool>().then(|| (0..n).map(|_| rng.random_range(0.25..2.0)).collect());
        let (kernel, parameters) = (Kernel::Fused, network.into_parameters());
        Self { kernel, architecture, loss, parameters, features, classes, values, weights }
    }

    fn network(&self) -> Network {
        Network::from_parameters(&self.architecture, self.parameters.clone()).unwrap()
    }

    fn problem(&self) -> Problem<'_> {
        self.problem_of(&self.features, &self.values)
    }

    fn problem_of<'a, F: Scalar>(&'a self, x: &'a ArrayRef2<F>, values: &'a Array2<F>) -> Problem<'a, F> {
        let problem = match self.loss.targets() {
            TargetKind::Values => Problem::new(&self.architecture, self.loss.clone(), x, values),
            TargetKind::Classes => Problem::new(&self.architecture, self.loss.clone(), x, &self.classes),
        };
        let problem = problem.unwrap();
        match &self.weights {
            Some(weights) => {
                problem.with_weights(weights.iter().map(|&weight| F::of(weight)).collect::<Vec<F>>()).unwrap()
            }
            None => problem,
        }
    }

    /// Loss, hits and gradient in type `F`, accumulated over the row ranges between `bounds`, in their order.
    fn sums<F: Scalar>(&self, bounds: &[usize]) -> Sums<F> {
        self.sums_of(&self.features.mapv(F::of), &self.values.mapv(F::of), bounds)
    }

    fn sums_of<F: Scalar>(&self, x: &ArrayRef2<F>, values: &Array2<F>, bounds: &[usize]) -> Sums<F> {
        let problem = self.problem_of(x, values);
        let parameters: Vec<F> = self.parameters.iter().map(|&p| F::of(p)).collect();
        let mut gradient = vec![F::zero(); parameters.len()];
        let mut scratch = Scratch::with_kernel(&self.architecture, x.nrows(), self.kernel).unwrap();
        let mut sum = Tally::default();
        for pair in bounds.windows(2) {
            sum += accumulate(&problem, &parameters, pair[0]..pair[1], &mut scratch, Some(&mut gradient));
        }
        (sum, gradient)
    }

    /// Loss, hits and gradient of some rows of `x` in the given order.
    fn sums_over(&self, x: &ArrayRef2<f64>, order: &[usize]) -> Sums<f64> {
        let mut gradient = vec![0.0; self.parameters.len()];
        let mut scratch = Scratch::with_kernel(&self.architecture, order.len(), self.kernel).unwrap();
        let problem = self.problem_of(x, &self.values);
        (accumulate(&problem, &self.parameters, order, &mut scratch, Some(&mut gradient)), gradient)
    }

    /// Some of the samples, in the given order.
    fn chosen(&self, order: &[usize]) -> Self {
        Self {
            features: self.features.select(Axis(0), order),
            values: self.values.select(Axis(0), order),
            classes: order.iter().map(|&row| self.classes[row]).collect(),
            weights: self.weights.as_ref().map(|weights| order.iter().map(|&row| weights[row]).collect()),
            ..self.clone()
        }
    }

    /// The same samples for a network whose output j is the old output `order[j]`.
    fn renumbered(&self, order: &[usize]) -> Self {
        let place = |class: &usize| order.iter().position(|old| old == class).unwrap();
        Self {
            parameters: self.with_outputs_in(order, &self.parameters),
            values: self.values.select(Axis(1), order),
            classes: self.classes.iter().map(place).collect(),
            ..self.clone()
        }
    }

    /// θ or a gradient, with the rows of the last W and the entries of the last b in another order.
    fn with_outputs_in(&self, order: &[usize], vector: &[f64]) -> Vec<f64> {
        let layout = self.architecture.layout().unwrap();
        let mut moved = vector.to_vec();
        for (index, value) in moved.iter_mut().enumerate() {
            let mut place = layout.locate(index);
            if place.layer == layout.layers().len() {
                place.unit = order[place.unit];
                *value = vector[layout.index(place).unwrap()];
            }
        }
        moved
    }

    fn rounded_to_f32(mut self) -> Self {
        let round = |value: f64| f64::from(value as f32);
        self.parameters.iter_mut().for_each(|p| *p = round(*p));
        self.features.mapv_inplace(round);
        self.values.mapv_inplace(round);
        self.weights.iter_mut().flatten().for_each(|weight| *weight = round(*weight));
        self
    }
}

/// The numbers below `n`, each once.
fn random_order(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = seeded(seed);
    let mut keyed: Vec<(u64, usize)> = (0..n).map(|index| (rng.random(), index)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// The same numbers in the wider type.
fn widened<F: Scalar>((tally, gradient): Sums<F>) -> Sums<f64> {
    (tally, gradient.into_iter().map(F::as_f64).collect())
}

/// A built-in activation's formulas, written by a user.
#[derive(Debug)]
struct Copied(Activation);

impl ActivationFn for Copied {
    fn value(&self, z: f64) -> f64 {
        match self.0 {
            Activation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
            Activation::Tanh => z.tanh(),
            Activation::Relu => z.max(0.0),
            Activation::LeakyRelu { slope } if z <= 0.0 => slope * z,
            Activation::Identity | Activation::LeakyRelu { .. } => z,
            ref other => other.value(z),
        }
    }

    fn derivative(&self, z: f64, a: f64) -> f64 {
        match self.0 {
            Activation::Sigmoid => a * (1.0 - a),
            Activation::Tanh => 1.0 - a * a,
            Activation::Relu => f64::from(z > 0.0),
            Activation::LeakyRelu { slope } if z <= 0.0 => slope,
            Activation::Identity | Activation::LeakyRelu { .. } => 1.0,
            ref other => other.derivative(z),
        }
    }
}

/// A built-in loss that goes through the door for a user's own.
#[derive(Debug)]
struct CopiedLoss(Loss);

impl LossFn for CopiedLoss {
    fn targets(&self) -> TargetKind {
        self.0.targets()
    }

    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        self.0.value(outputs, target)
    }

    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        self.0.gradient(outputs, target, gradient);
    }
}

fn with_copies(architecture: &Architecture) -> Architecture {
    let layers = architecture.layers().iter();
    layers.fold(Architecture::inputs(architecture.input_width()), |sum, layer| {
        sum.dense(layer.width, Copied(layer.activation.clone()))
    })
}

//! The door to the kernels: who is chosen, what is refused, and who wins among equal outputs.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use ann_core::block::{Batch, Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Loss, Problem, Scalar};

use crate::own::{Softplus, SquaredHinge};

const KERNELS: [Kernel; 3] = [Kernel::Textbook, Kernel::Fused, Kernel::Wide];

// The choice of a kernel.

#[test]
fn more_outputs_than_f32_can_count_go_to_the_textbook_kernel() {
    let of = |outputs| Kernel::choose(&Architecture::inputs(1).dense(outputs, Activation::Identity));
    assert_eq!(
        [(1 << 24) - 1, 1 << 24, (1 << 24) + 1].map(of),
        [Kernel::Fused, Kernel::Fused, Kernel::Textbook]
    );
}

#[test]
fn one_layer_that_needs_the_textbook_kernel_decides_for_all() {
    let back = [Activation::LeakyRelu { slope: -0.5 }, Activation::Elu { alpha: -0.5 }];
    for special in back.into_iter().chain([Softplus.into()]) {
        for place in 0..3 {
            let mut layers = Activation::Tanh.layers([3, 4, 2]);
            layers[place].activation = special.clone();
            let architecture = Architecture::inputs(300).with_layers(layers);
            assert_eq!(Kernel::choose(&architecture), Kernel::Textbook, "{architecture}");
        }
    }
}

// Refusals.

#[test]
fn fast_kernels_refuse_what_they_cannot_compute() {
    let own = Architecture::inputs(2).dense(3, Softplus).dense(1, Activation::Identity);
    for kernel in [Kernel::Fused, Kernel::Wide] {
        let message = panic_message(|| Scratch::<f64>::with_kernel(&own, 1, kernel));
        assert_eq!(message, format!("only the textbook kernel can compute {own}"));
    }
}

#[test]
fn what_does_not_fit_is_refused_by_every_kernel() {
    for kernel in KERNELS {
        let sum = |rows: usize, block: usize, parameters: usize, gradient: usize| {
            panic_message(move || {
                with_problem(&wide(2), rows, |problem| {
                    let mut scratch = Scratch::with_kernel(problem.architecture(), block, kernel).unwrap();
                    let mut gradient = vec![0.0; gradient];
                    accumulate(problem, &vec![0.0; parameters], 0..rows, &mut scratch, Some(&mut gradient))
                })
            })
        };
        assert_eq!(sum(3, 2, 602, 602), "scratch was made for 2 rows, not 3", "{kernel:?}");
        for found in [601, 603] {
            let message = sum(2, 2, found, 602);
            assert!(message.contains("one parameter for each place of the layout"), "{kernel:?}: {message}");
            let message = sum(2, 2, 602, found);
            assert!(
                message.contains("one entry of the gradient for each parameter"),
                "{kernel:?}: {message}"
            );
        }
    }
}

#[test]
fn a_batch_of_another_kernel_or_of_other_inputs_is_refused() {
    for (of_batch, of_scratch) in
        [(Kernel::Textbook, Kernel::Fused), (Kernel::Fused, Kernel::Wide), (Kernel::Wide, Kernel::Textbook)]
    {
        let message = panic_message(|| evaluate_batch(&wide(2), of_batch, &wide(2), of_scratch));
        assert_eq!(message, "the batch was made for another kernel than the scratch");
    }
    for kernel in KERNELS {
        for inputs in [299, 301] {
            let other = Architecture::inputs(inputs).dense(2, Activation::Identity);
            let message = panic_message(move || evaluate_batch(&other, kernel, &wide(2), kernel));
            assert_eq!(message, "the batch was gathered from a problem of another shape", "{kernel:?}");
        }
    }
}

#[test]
fn a_batch_of_the_same_matrix_read_in_the_other_direction_is_refused() {
    let (architecture, x, classes) = (wide(2), Array2::<f64>::zeros((300, 300)), vec![0; 300]);
    let problem = |x| Problem::new(&architecture, Loss::SoftmaxCrossEntropy, x, &classes).unwrap();
    let (rows, columns) = (x.view(), x.t());
    for (gathered, read) in [(&rows, &columns), (&columns, &rows)] {
        let mut batch = Batch::new(Kernel::Wide);
        batch.gather(&problem(gathered), 0..3);
        let message = panic_message(|| {
            let mut scratch = Scratch::with_kernel(&architecture, 3, Kernel::Wide).unwrap();
            accumulate(&problem(read), &[0.0; 602], &batch, &mut scratch, None)
        });
        assert_eq!(message, "the batch was gathered from other features");
    }
}

#[test]
fn no_rows_are_no_loss_and_change_no_gradient() {
    for kernel in KERNELS {
        with_problem(&wide(2), 4, |problem| {
            let mut scratch = Scratch::with_kernel(problem.architecture(), 4, kernel).unwrap();
            let (parameters, mut gradient) = (vec![1.0; 602], vec![7.0; 602]);
            let tally = accumulate(problem, &parameters, 0..0, &mut scratch, Some(&mut gradient));
            assert_eq!((tally, gradient), (Tally::default(), vec![7.0; 602]), "{kernel:?}");
        });
    }
}

#[test]
fn the_difference_to_a_target_is_not_rounded_to_f32() {
    // The output is the bias, 1; the target is 10⁻⁸. In f32 their difference would be 1.
    let architecture = Architecture::inputs(300).dense(1, Activation::Identity);
    let (x, y) = (Array2::<f32>::zeros((1, 300)), Array2::from_elem((1, 1), 1e-8));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut parameters = vec![0.0; 301];
    parameters[300] = 1.0;
    for kernel in KERNELS {
        let mut scratch = Scratch::with_kernel(&architecture, 1, kernel).unwrap();
        let Tally { loss, .. } = accumulate(&problem, &parameters, 0..1, &mut scratch, None);
        assert_eq!(loss, (1.0 - f64::from(1e-8_f32)).powi(2), "{kernel:?}");
    }
}

#[test]
fn buffers_for_slopes_are_counted() {
    let bytes = |kernel, activation: Activation| {
        let hidden = Architecture::inputs(300).with_layers(activation.layers([24, 8]));
        Scratch::<f64>::bytes(&hidden.dense(1, Activation::Identity), 64, kernel)
    };
    // 64 rows of units, which the wide kernel rounds up to an odd number of lines of 8: 24 and 8.
    for kernel in [Kernel::Fused, Kernel::Wide] {
        let others = [Activation::Sigmoid, Activation::Selu].map(|activation| bytes(kernel, activation));
        assert_eq!(others[0], others[1], "{kernel:?}");
        for smooth in [Activation::Softplus, Activation::Silu, Activation::Mish, Activation::Gelu] {
            assert_eq!(bytes(kernel, smooth) - others[0], 64 * (24 + 8) * 8, "{kernel:?}");
        }
    }
}

// Hits.

#[test]
fn of_equal_outputs_the_first_is_the_predicted_class() {
    for classes in [2, 3, 4, 5, 8, 9, 10, 11, 12, 17, 33, 100, 257, 300] {
        let last = classes - 1;
        for largest in [vec![0], vec![last], vec![0, last], vec![last - 1, last], (0..classes).collect()] {
            hits::<f64>(classes, &largest);
            hits::<f32>(classes, &largest);
        }
    }
}

/// A network whose outputs are its biases: 1 for some classes, 0 for the others. Each class is the target of
/// one row, and the predicted one of 35 more, so that the last tile is not full.
#[track_caller]
fn hits<F: Scalar>(classes: usize, largest: &[usize]) {
    let architecture = Architecture::inputs(1).dense(classes, Activation::Identity);
    let mut parameters = vec![F::zero(); 2 * classes];
    largest.iter().for_each(|&class| parameters[classes + class] = F::one());
    let targets: Vec<usize> = (0..classes).chain([largest[0]; 35]).collect();
    let x = Array2::<F>::zeros((targets.len(), 1));
    for loss in [Loss::SoftmaxCrossEntropy, SquaredHinge.into()] {
        let problem = Problem::new(&architecture, loss.clone(), &x, &targets).unwrap();
        for kernel in KERNELS {
            let mut scratch = Scratch::with_kernel(&architecture, targets.len(), kernel).unwrap();
            let tally = accumulate(&problem, &parameters, 0..targets.len(), &mut scratch, None);
            assert_eq!(tally.hits, 36.0, "{kernel:?}, {loss}, {classes} classes, largest {largest:?}");
        }
    }
}

// Helpers.

/// 300 inputs, which suit every kernel.
fn wide(outputs: usize) -> Architecture {
    Architecture::inputs(300).dense(outputs, Activation::Identity)
}

/// Some rows of zeros, all of class 0.
fn with_problem<T>(architecture: &Architecture, rows: usize, work: impl FnOnce(&Problem<'_>) -> T) -> T {
    let (x, classes) = (Array2::zeros((rows, architecture.input_width())), vec![0; rows]);
    work(&Problem::new(architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap())
}

/// The losses of a batch gathered from one problem by the scratch of another.
fn evaluate_batch(
    of_batch: &Architecture,
    kernel: Kernel,
    of_scratch: &Architecture,
    other: Kernel,
) -> Tally {
    let mut batch = Batch::new(kernel);
    with_problem(of_batch, 2, |problem| batch.gather(problem, 0..2));
    with_problem(of_scratch, 2, |problem| {
        let mut scratch = Scratch::with_kernel(of_scratch, 2, other).unwrap();
        accumulate(problem, &vec![0.0; problem.layout().len()], &batch, &mut scratch, None)
    })
}

fn panic_message<T>(work: impl FnOnce() -> T) -> String {
    // Whatever the work leaves half done is not looked at again.
    let payload = panic::catch_unwind(AssertUnwindSafe(|| drop(work()))).expect_err("it must panic");
    text(&*payload)
}

fn text(payload: &dyn Any) -> String {
    let owned = payload.downcast_ref::<String>().cloned();
    owned
        .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .expect("a panic has a message")
}

//! Counts the arithmetic of a workload.

use ann_workloads::{Hidden, Loss, Unit, Workload};

/// The arithmetic of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arithmetic {
    /// Multiply-adds of the matrix products alone.
    pub multiply_adds: f64,
    /// One for each sigmoid, tanh or SiLU, and one for each class of a softmax.
    pub exponentials: f64,
}

/// Number of rows that go through a network in one unit; `None` if the optimizer decides that.
pub fn passes(workload: &Workload) -> Option<f64> {
    let times = match workload.unit {
        Unit::Differences => 2 * parameters(workload),
        Unit::Run if workload.below > 0.0 || workload.optimizer.searches() => return None,
        Unit::Run => workload.epochs * workload.networks,
        Unit::Epoch | Unit::Step | Unit::Outputs => 1,
    };
    Some((times * workload.rows) as f64)
}

/// Counts from the shape of the network, as if nothing were computed twice and nothing reused. A central
/// difference counts as two losses of all rows. `None` if the optimizer decides how many rows are computed.
///
/// For each row the forward pass has Σ fan_in · fan_out multiply-adds. ∂J/∂W has the same number, and ∂J/∂a
/// the same without the first layer.
pub fn arithmetic(workload: &Workload) -> Option<Arithmetic> {
    let products =
        |skip: usize| workload.widths.windows(2).skip(skip).map(|pair| pair[0] * pair[1]).sum::<usize>();
    let forward = products(0);
    let multiply_adds = if workload.unit.is_training() { 2 * forward + products(1) } else { forward };
    let has_softmax = workload.loss == Loss::CrossEntropy && workload.unit != Unit::Outputs;
    let softmax = if has_softmax { workload.outputs() } else { 0 };
    let sigmoids = match workload.hidden {
        Hidden::Sigmoid | Hidden::Tanh | Hidden::Silu => workload.hidden_widths().iter().sum(),
        Hidden::Relu => 0,
    };
    passes(workload).map(|passes| Arithmetic {
        multiply_adds: passes * multiply_adds as f64,
        exponentials: passes * (sigmoids + softmax) as f64,
    })
}

fn parameters(workload: &Workload) -> usize {
    workload.widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_that_of_a_pencil() {
        // 2-3-2, 216 rows: forward 6 + 6, the same for the weights, 6 for the activations; 3 sigmoids and 2
        // classes.
        count("W1", 216.0 * 30.0, 216.0 * 5.0);
        // 4-5-10-5-3: 20 + 50 + 50 + 15 = 135; 20 sigmoids, and no softmax for raw outputs.
        count("W9/narrow-one", 135.0, 20.0);
        // 10-64-64-1: 640 + 4096 + 64 = 4800, twice, and 4160 more; 128 sigmoids.
        count("W10/1000", 1000.0 * 13_760.0, 1000.0 * 128.0);
        // No sigmoid, 10 classes.
        count("W8/f32", 512.0 * (2.0 * 2_107_392.0 + 1_058_816.0), 512.0 * 10.0);
        // Two passes of 400 rows for each of 2 178 parameters: 6 + 30 + 500 + 1500 + 30 + 4 + 8; 98 sigmoids,
        // 2 classes.
        count("W4", 2.0 * 2178.0 * 400.0 * 2078.0, 2.0 * 2178.0 * 400.0 * 100.0);
    }

    #[test]
    fn a_run_is_counted_if_its_epochs_are_known() {
        // W1 for 100 networks and 2 000 epochs.
        count("W15", 2e5 * 216.0 * 30.0, 2e5 * 216.0 * 5.0);
        for unknown in ["W13", "W14/adam"] {
            assert_eq!(arithmetic(ann_workloads::find(unknown).unwrap()), None, "{unknown}");
        }
    }

    #[track_caller]
    fn count(name: &str, multiply_adds: f64, exponentials: f64) {
        let workload = ann_workloads::find(name).unwrap();
        assert_eq!(arithmetic(workload), Some(Arithmetic { multiply_adds, exponentials }));
    }
}

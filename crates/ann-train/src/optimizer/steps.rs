//! Steps of different size for different kinds of parameters.

use std::ops::Range;

use ann_core::{LayerSpan, Layout};

use super::check;
use crate::{Optimizer, Result};

/// Factors on the learning rate for each kind of parameter. With the defaults all parameters share one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepFactors {
    /// Whether the rate of a weight is divided by √fan_in of its layer, so that wide layers take smaller
    /// steps. With Adam this is the neural tangent parametrisation (Jacot et al. 2018), in which gradient
    /// descent would divide by fan_in. Weight decay uses η without these factors. Default false.
    pub by_fan_in: bool,
    /// Factor for biases, above 0. Default 1.
    pub biases: f64,
    /// Factor for trained factors of the input columns; 0: no such factors. Default 0.
    ///
    /// Each input column j then has a factor sⱼ, which starts at 1 and is trained like a parameter, and
    /// W⁽¹⁾ = W̃ diag(s). The network always contains the product W⁽¹⁾, so only dense layers leave training
    /// (RealMLP's "scaling layer", Holzmüller et al. 2024).
    pub input_factors: f64,
}

impl Default for StepFactors {
    fn default() -> Self {
        Self { by_fan_in: false, biases: 1.0, input_factors: 0.0 }
    }
}

impl StepFactors {
    pub(crate) fn has_input_factors(&self) -> bool {
        self.input_factors > 0.0
    }

    pub(crate) fn validate(self) -> Result<()> {
        let Self { biases, input_factors, .. } = self;
        check("steps.biases", biases, biases > 0.0 && biases.is_finite(), "a finite number above 0")?;
        let is_valid = input_factors >= 0.0 && input_factors.is_finite();
        check("steps.input_factors", input_factors, is_valid, "a finite number ≥ 0")
    }
}

/// Neighbouring parameters that share one rate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub range: Range<usize>,
    /// Factor on the learning rate.
    pub factor: f64,
    pub decays: bool,
}

/// The segments of θ, and of the input factors if they are trained: they follow after θ.
pub(crate) fn segments(layout: &Layout, steps: &StepFactors, optimizer: &Optimizer) -> Vec<Segment> {
    let decay = optimizer.decay();
    let [weights_decay, biases_decay] = [decay.is_some(), decay.is_some_and(|decay| decay.biases)];
    let of_layer = |span: &LayerSpan| {
        let factor = if steps.by_fan_in { 1.0 / (span.fan_in as f64).sqrt() } else { 1.0 };
        [
            Segment { range: span.weights(), factor, decays: weights_decay },
            Segment { range: span.bias(), factor: steps.biases, decays: biases_decay },
        ]
    };
    let mut all: Vec<Segment> = layout.layers().iter().flat_map(of_layer).collect();
    if steps.has_input_factors() {
        let range = layout.len()..layout.len() + layout.layers()[0].fan_in;
        all.push(Segment { range, factor: steps.input_factors, decays: weights_decay });
    }
    // One loop over all parameters is faster than many short ones.
    all.dedup_by(|next, last| {
        let joined = (last.factor, last.decays) == (next.factor, next.decays);
        if joined {
            last.range.end = next.range.end;
        }
        joined
    });
    all
}

#[cfg(test)]
mod tests {
    use ann_core::{Activation, Architecture};

    use super::*;
    use crate::{Adam, Decay};

    #[test]
    fn parameters_that_share_a_rate_are_one_segment() {
        let layout = layout();
        assert_eq!(
            segments(&layout, &StepFactors::default(), &Optimizer::Descent),
            [Segment { range: 0..layout.len(), factor: 1.0, decays: false }]
        );
    }

    #[test]
    fn weights_biases_and_input_factors_have_their_own() {
        // 4 inputs, 9 units: W⁽¹⁾ 36, b⁽¹⁾ 9; 2 outputs: W⁽²⁾ 18, b⁽²⁾ 2.
        let steps = StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 };
        let adam = Adam { decay: Decay { rate: 0.02, ..Decay::default() }, ..Adam::default() };
        let found = segments(&layout(), &steps, &adam.into());
        let expected = [
            (0..36, 0.5, true),
            (36..45, 0.1, false),
            (45..63, 1.0 / 3.0, true),
            (63..65, 0.1, false),
            (65..69, 6.0, true),
        ];
        let expected = expected.map(|(range, factor, decays)| Segment { range, factor, decays });
        assert_eq!(found, expected);
    }

    fn layout() -> Layout {
        Architecture::inputs(4)
            .dense(9, Activation::Tanh)
            .dense(2, Activation::Identity)
            .layout()
            .expect("a valid architecture")
    }
}

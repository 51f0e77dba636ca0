//! Everything that can be wrong with a check, in one enum. A wrong gradient is not an error but a
//! [`Verdict`].

use ann_core::ParameterKind;
use thiserror::Error;

use crate::Verdict;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong, where, what was found and what was expected. Layers count from 1, entries of θ from 0.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to check.
    #[error("there are no parameters: expected at least 1")]
    NoParameters,
    /// A point of another length than the layout.
    #[error("{found} parameters were given, the layout has {expected}")]
    ParameterCount {
        /// Length of the layout.
        expected: usize,
        /// Length of the point.
        found: usize,
    },
    /// The number of names differs from the number of parameters.
    #[error("{found} names were given for {expected} parameters: expected one for each, or none")]
    NameCount {
        /// Length of the point.
        expected: usize,
        /// Number of names.
        found: usize,
    },
    /// Both names and a layout were given.
    #[error(
        "parameters are named by `names` and by `layout`: expected one of them, because a layout has names already"
    )]
    NamedTwice,
    /// The number of ranges differs from the number of parameters.
    #[error(
        "the domain has {found} ranges for {expected} parameters: expected one for each, or none (f64::NEG_INFINITY..=f64::INFINITY allows every number)"
    )]
    DomainCount {
        /// Length of the point.
        expected: usize,
        /// Number of ranges.
        found: usize,
    },
    /// The point is not in the domain of the closures.
    #[error("parameter {name} is {value}, expected a number in its domain from {low} to {high}")]
    OutsideDomain {
        /// Such as `θ[17]`, or the name that was given.
        name: String,
        /// The value found.
        value: f64,
        /// Where its range begins.
        low: f64,
        /// Where its range ends.
        high: f64,
    },
    /// A NaN or an infinity in the point.
    #[error("parameter {name} is {value}, expected a finite number")]
    NonFiniteParameter {
        /// Such as `W²[0, 3]`, or `θ[17]` without a layout.
        name: String,
        /// The value found.
        value: f64,
    },
    /// A NaN or an infinity in the gradient under test.
    #[error(
        "the gradient by {name} is {value} ({place}), expected a finite number: does the closure write every entry? (it is handed a buffer of NaN)"
    )]
    NonFiniteGradient {
        /// Such as `W²[0, 3]`, or `θ[17]` without a layout.
        name: String,
        /// The value found.
        value: f64,
        /// The point and the number of rows, such as "weights enlarged, 6 rows".
        place: String,
    },
    /// The objective is NaN or infinite where it is needed.
    #[error("the objective is {value} {place}, expected a finite number")]
    NonFiniteObjective {
        /// Such as "with W²[0, 3] = 0.5001".
        place: String,
        /// The value found.
        value: f64,
    },
    /// The numerical derivative is NaN or infinite, because the loss is not finite within ±h or the
    /// difference overflows.
    #[error(
        "the numerical derivative by {name} is {value}, expected a finite number: within ±{step} the objective is not finite, or too steep"
    )]
    NonFiniteDerivative {
        /// Such as `W²[0, 3]`, or `θ[17]` without a layout.
        name: String,
        /// The value found.
        value: f64,
        /// h.
        step: f64,
    },
    /// A closure returns a different result when it is called again.
    #[error(
        "{what} is {first}, and {second} when asked again: does the closure keep a state or draw random numbers?"
    )]
    NotRepeatable {
        /// Such as "the objective (point given)" or "the gradient by W²[0, 3] (weights enlarged, 6 rows)".
        what: String,
        /// The value found first.
        first: f64,
        /// The value found later.
        second: f64,
        /// Layers and kinds in which a gradient differs, in the order of θ; empty for an objective, and
        /// without a layout.
        parts: Vec<(usize, ParameterKind)>,
    },
    /// The frozen value of a unit differs from its value, because an activation returns a different result
    /// when it is called again.
    #[error(
        "the frozen network differs from the network itself in layer {layer} at row {row}: does an activation keep a state?"
    )]
    FrozenValue {
        /// Which layer, counted from 1.
        layer: usize,
        /// Which row of the problem, from 0.
        row: usize,
    },
    /// An activation that the reference does not know.
    #[error(
        "the reference does not know the activation {activation}: update ann-gradcheck to the version of ann-core"
    )]
    UnknownActivation {
        /// The activation, as it is printed.
        activation: String,
    },
    /// An entry that the point does not have.
    #[error("there is no entry {index}: the point has {count}, counted from 0")]
    IndexOutOfRange {
        /// The entry asked for.
        index: usize,
        /// Length of the point.
        count: usize,
    },
    /// x ± h is x itself, or overflows.
    #[error("{name} = {value} cannot be moved by h = {step} in f64: choose a step that fits its size")]
    StepOutOfScale {
        /// Such as `W²[0, 3]`, or `θ[17]` without a layout.
        name: String,
        /// The parameter.
        value: f64,
        /// h.
        step: f64,
    },
    /// A setting outside its range.
    #[error("{name} is {value}, expected {expected}")]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The value found.
        value: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// A layer that the network does not have.
    #[error("there is no layer {layer}: expected 1 to {layers}")]
    LayerOutOfRange {
        /// The layer asked for.
        layer: usize,
        /// L, the number of layers.
        layers: usize,
    },
    /// A layer that was left out of the check.
    #[error("layer {layer} was not checked: choose it with `layers` in the config")]
    LayerNotChecked {
        /// The layer asked for.
        layer: usize,
    },
    /// A layer was asked for, but without a layout its position in θ is unknown.
    #[error("parameters have no layers without a layout: give one with `Config::with_layout`")]
    NoLayout,
    /// A loss that the reference does not know.
    #[error("the reference does not know the loss {loss}: update ann-gradcheck to the version of ann-core")]
    UnknownLoss {
        /// The loss, as it is printed.
        loss: String,
    },
    /// A custom activation declares kinks that cannot be used.
    #[error(
        "activation {activation} of layer {layer} declares the kinks {kinks:?}, expected finite numbers in rising order"
    )]
    InvalidKinks {
        /// Which layer, counted from 1.
        layer: usize,
        /// The activation, as it is printed.
        activation: String,
        /// The kinks it declares.
        kinks: Vec<f64>,
    },
    /// [`Report::ensure_ok`](crate::Report::ensure_ok) found a verdict other than pass.
    #[error("the gradient is not verified: {summary}")]
    NotVerified {
        /// The verdict, which is not pass.
        verdict: Verdict,
        /// [`Report::summary`](crate::Report::summary).
        summary: String,
    },
}

//! How things print, and which are equal.

use std::fmt::Display;

use ann_core::{Activation, Architecture, Loss, ParameterId, ParameterKind, TargetKind};

use crate::own::{Huber, Softplus, every_activation};

#[test]
fn slopes_print_all_their_digits_and_are_compared_by_them() {
    let leaky = |slope| Activation::LeakyRelu { slope };
    for (slope, text) in
        [(0.015, "0.015"), (1e-7, "0.0000001"), (0.1 + 0.2, "0.30000000000000004"), (-2.0, "-2")]
    {
        assert_eq!(leaky(slope).to_string(), format!("leaky ReLU {text}"));
    }
    assert_ne!(leaky(0.3), leaky(0.1 + 0.2));
    let elu = |alpha| Activation::Elu { alpha };
    assert_eq!([1.0, 0.015].map(|alpha| elu(alpha).to_string()), ["ELU 1", "ELU 0.015"]);
    assert_ne!(elu(0.3), elu(0.1 + 0.2));
}

#[test]
fn names_fill_a_column_of_a_table() {
    for activation in every_activation() {
        fills(&activation);
    }
    fills(&Loss::SoftmaxCrossEntropy);
    fills(&Loss::MeanSquaredError);
    fills(&TargetKind::Classes);
    fills(&TargetKind::Values);
    for kind in [ParameterKind::Weight, ParameterKind::Bias] {
        fills(&kind);
        fills(&ParameterId { layer: 1, kind, unit: 2, input: 3 });
    }
}

/// Padded on the left as its text is.
#[track_caller]
fn fills(name: &impl Display) {
    assert_eq!(format!("{name:>30}"), format!("{:>30}", name.to_string()));
}

#[test]
fn parameters_are_named_by_layer_unit_and_input() {
    for (layer, superscript) in [
        (1, "¹"),
        (2, "²"),
        (3, "³"),
        (4, "⁴"),
        (5, "⁵"),
        (6, "⁶"),
        (7, "⁷"),
        (8, "⁸"),
        (9, "⁹"),
        (10, "¹⁰"),
        (120, "¹²⁰"),
    ] {
        let id = |kind| ParameterId { layer, kind, unit: 12, input: 345 };
        assert_eq!(id(ParameterKind::Weight).to_string(), format!("W{superscript}[12, 345]"));
        assert_eq!(id(ParameterKind::Bias).to_string(), format!("b{superscript}[12]"));
    }
}

#[test]
fn an_architecture_names_every_layer() {
    let empty = Architecture::inputs(7);
    assert_eq!((empty.to_string(), empty.output_width()), ("7".to_owned(), 7));
    let all = Activation::Relu.layers(1..=12);
    let text: String = (1..=12).map(|width| format!(" → {width} ReLU")).collect();
    assert_eq!(Architecture::inputs(7).with_layers(all).to_string(), format!("7{text}"));
    // A user's own activation and loss print as they debug.
    assert_eq!(empty.dense(2, Softplus).to_string(), "7 → 2 Softplus");
    assert_eq!(Loss::from(Huber).to_string(), "Huber");
}

//! Pictures of a model: losses, calibration, importance of columns.

use ann_figure::{Axis, Figure, Mark, Panel};
use ann_tabular::ann_table::Target;
use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_train::metrics::ReliabilityBin;
use ann_tabular::{Curve, Importance};

use super::markup::{Html, picture};
use crate::show::count;

/// Curves of more networks are not drawn.
const MOST_NETWORKS: usize = 8;

/// The losses of each network, and the epoch that was kept.
pub fn losses(target: &Target, curves: &[Curve]) -> Html {
    let drawn = curves.iter().take(MOST_NETWORKS);
    let panels: Vec<Panel> = (1..).zip(drawn).filter_map(|(number, curve)| panel_of(number, curve)).collect();
    if panels.is_empty() {
        return Html::default();
    }
    let rule = match target {
        Target::Classes { .. } => {
            "The losses are those of smoothed classes; the epoch with the most hits among the other rows is kept."
        }
        Target::Numbers(_) => {
            "The losses are squared errors in standard deviations; the epoch with the least for the other rows is kept."
        }
        Target::Labels(_) => "The epoch with the least loss of the other rows is kept.",
    };
    picture(&Figure {
        title: "Loss of the rows that a network is trained on, and of other rows".into(),
        caption: format!("{rule}{}", only_the_first(MOST_NETWORKS, curves.len(), "networks")),
        columns: panels.len().min(2),
        panels,
    })
}

fn panel_of(number: usize, curve: &Curve) -> Option<Panel> {
    let kept = Mark::Vertical { label: "kept".into(), x: curve.best_epoch as f64 };
    let lines = [line("trained on", 0, &curve.training), line("other rows", 1, &curve.validation)];
    let lines: Vec<Mark> = lines.into_iter().flatten().collect();
    (!lines.is_empty()).then(|| Panel {
        title: format!("network {number}: epoch {} is kept", count(curve.best_epoch)),
        x: Axis::linear("epoch"),
        y: Axis::log10("mean loss"),
        equal_axes: false,
        marks: lines.into_iter().chain([kept]).collect(),
    })
}

/// Nothing if no loss has a place on a logarithmic axis.
fn line(name: &str, colour: usize, losses: &[f64]) -> Option<Mark> {
    let drawn = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite() && **loss > 0.0);
    let points: Vec<(f64, f64)> = drawn.map(|(epoch, &loss)| (epoch as f64, loss)).collect();
    (!points.is_empty()).then(|| Mark::Line { series: name.into(), colour, dashed: false, points })
}

/// A sentence if there are more than are shown.
pub fn only_the_first(most: usize, all: usize, what: &str) -> String {
    if all > most { format!(" Only the first {most} of {} {what}.", count(all)) } else { String::new() }
}

/// Predicted probabilities and what happened.
pub fn calibration(target: &Target, bins: &[ReliabilityBin]) -> Html {
    let Target::Classes { classes, .. } = target else { return Html::default() };
    if bins.is_empty() {
        return Html::default();
    }
    let (predicted, happened) = match &classes[..] {
        [_, second] => {
            let name = unquoted(second);
            (format!("predicted probability of {name}"), format!("share of {name}"))
        }
        _ => {
            ("probability of the most probable class".to_owned(), "share of rows where it is true".to_owned())
        }
    };
    let points = bins.iter().map(|bin| (bin.probability, bin.frequency)).collect();
    let right = vec![(0.0, 0.0), (1.0, 1.0)];
    picture(&Figure {
        title: "Predicted probabilities, and what happened".into(),
        caption: "Rows are divided by their probability into groups of about the same size.".into(),
        columns: 1,
        panels: vec![Panel {
            title: String::new(),
            x: Axis::linear(&predicted).within(-0.03, 1.03),
            y: Axis::linear(&happened).within(-0.03, 1.03),
            equal_axes: true,
            marks: vec![
                Mark::Line { series: "calibrated".into(), colour: 6, dashed: true, points: right },
                Mark::Points { series: "a group of rows".into(), class: 0, points },
            ],
        }],
    })
}

/// Less important columns are not drawn.
const MOST_BARS: usize = 20;

/// A bar for each column, the most important one at the top.
pub fn importance(target: &Target, importance: &[Importance]) -> Html {
    let shown = &importance[..importance.len().min(MOST_BARS)];
    if shown.is_empty() {
        return Html::default();
    }
    let metric = match target {
        Target::Numbers(_) => "R²",
        Target::Classes { .. } | Target::Labels(_) => "accuracy",
    };
    let more = only_the_first(MOST_BARS, importance.len(), "columns");
    let place = |index: usize| (shown.len() - 1 - index) as f64;
    let names = (0..).zip(shown).map(|(index, column)| (place(index), unquoted(&column.column)));
    let bars = (0..).zip(shown).map(|(index, column)| (column.drop, place(index))).collect();
    let whiskers = (0..).zip(shown).map(|(index, &Importance { drop, deviation, .. })| Mark::Line {
        series: "± a standard deviation over shuffles".into(),
        colour: 7,
        dashed: false,
        points: vec![(drop - deviation, place(index)), (drop + deviation, place(index))],
    });
    let bars = Mark::Bars { series: format!("fall of the {metric}"), colour: 5, points: bars };
    picture(&Figure {
        title: format!("How much lower the {metric} is if the cells of a column are shuffled"),
        caption: format!("Columns that say the same share their importance.{more}"),
        columns: 1,
        panels: vec![Panel {
            title: String::new(),
            x: Axis::linear(&format!("fall of the {metric}")),
            y: Axis::linear("").within(-0.6, shown.len() as f64 - 0.4).with_ticks(names.collect()),
            equal_axes: false,
            marks: std::iter::once(bars).chain(whiskers).collect(),
        }],
    })
}

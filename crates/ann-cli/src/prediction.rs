//! What is written of a prediction.

use std::borrow::Cow;
use std::fmt::Write;

use ann_tabular::Model;
use ann_tabular::ann_core::argmax;
use ann_tabular::ann_model::ndarray::Array2;
use ann_tabular::ann_model::{self, Predictions, is_present};
use ann_tabular::ann_table::message::quoted as quoted_name;
use ann_tabular::ann_table::{Dialect, LabelTarget, Target};
use clap::Args;

use crate::failure::{Failure, Result};
use crate::numbers::share;

/// What is written of each prediction.
#[derive(Args, Debug)]
pub struct Columns {
    /// A column for each class, named as the class, instead of `probability`
    #[arg(long)]
    probabilities: bool,
    /// Intervals of numbers, or sets of classes, that contain the truth this often, for example 0.9
    #[arg(long, value_name = "LEVEL", value_parser = share)]
    pub intervals: Option<f64>,
    /// Of two classes, predict the second one if it is at least this probable. Default: the more probable one
    #[arg(long, value_name = "PROBABILITY", value_parser = share)]
    threshold: Option<f64>,
}

impl Columns {
    /// Which class a threshold favours depends on the order of the classes, so it is said.
    pub fn note(&self, model: &Model) -> Option<String> {
        let (Some(threshold), Target::Classes { classes, .. }) = (self.threshold, &model.schema().target)
        else {
            return None;
        };
        let [other, favoured] = [0, 1].map(|place| quoted_name(&classes[place]));
        Some(format!("note: {favoured} is predicted from a probability of {threshold} on, otherwise {other}"))
    }

    /// Options that the model cannot fulfil are errors.
    pub fn check(&self, model: &Model) -> Result<()> {
        let target = &model.schema().target;
        let is_pair = matches!(target, Target::Classes { classes, .. } if classes.len() == 2);
        if self.probabilities && !matches!(target, Target::Classes { .. }) {
            return Err(Failure::arguments("--probabilities: only models of classes have a column for each"));
        }
        if self.threshold.is_some() && !is_pair {
            return Err(Failure::arguments("--threshold: only models of two classes have one"));
        }
        if self.intervals.is_some() && model.conformal().is_none() {
            return Err(Failure::arguments("--intervals: the model has none, because it predicts labels"));
        }
        Ok(())
    }

    /// Whether the columns, or what a threshold means, follow from the classes of a model.
    pub fn depend_on_classes(&self) -> bool {
        self.probabilities || self.threshold.is_some()
    }

    /// The names of the columns that are added.
    pub fn names(&self, model: &Model) -> Vec<String> {
        let target = &model.schema().target;
        let columns = target.names();
        let of_each = |prefix: &str| match &columns[..] {
            [_] => vec![prefix.to_owned()],
            columns => columns.iter().map(|column| format!("{prefix}_{column}")).collect(),
        };
        let mut names = of_each("prediction");
        match target {
            Target::Classes { classes, .. } if self.probabilities => names.extend(classes.iter().cloned()),
            Target::Classes { .. } | Target::Labels(_) => names.extend(of_each("probability")),
            Target::Numbers(_) => {}
        }
        match (self.intervals, target) {
            (Some(_), Target::Classes { .. }) => names.push("set".into()),
            (Some(_), Target::Numbers(_)) => names.extend(of_each("low").into_iter().chain(of_each("high"))),
            _ => {}
        }
        names
    }

    /// The fields of these predictions, written as the table is.
    pub fn fields<'p>(
        &self,
        model: &'p Model,
        predictions: &'p Predictions<'p>,
        dialect: Dialect,
    ) -> Result<Fields<'p>> {
        let target = &model.schema().target;
        let (mut sets, mut intervals) = (None, None);
        match (self.intervals, target) {
            (Some(level), Target::Classes { .. }) => sets = Some(self.sets(predictions, level)?),
            (Some(level), Target::Numbers(_)) => intervals = Some(predictions.intervals(level)?),
            _ => {}
        }
        let values = predictions.values();
        Ok(Fields {
            target,
            values,
            sets,
            intervals,
            dialect,
            threshold: self.threshold,
            has_all: self.probabilities,
        })
    }

    /// The sets of classes. The class that is predicted is in each, also if a threshold chooses it.
    pub fn sets(&self, predictions: &Predictions<'_>, level: f64) -> ann_model::Result<Array2<bool>> {
        let mut sets = predictions.sets(level)?;
        for (mut set, values) in sets.rows_mut().into_iter().zip(predictions.values().rows()) {
            set[self.best(values.as_slice().expect("rows are contiguous"))] = true;
        }
        Ok(sets)
    }

    /// The class that is predicted.
    pub fn best(&self, probabilities: &[f64]) -> usize {
        best(self.threshold, probabilities)
    }
}

/// The first of the most probable classes; of two, the second one from a threshold on.
fn best(threshold: Option<f64>, probabilities: &[f64]) -> usize {
    match threshold {
        Some(threshold) => usize::from(probabilities[1] >= threshold),
        None => argmax(probabilities),
    }
}

/// The word that is predicted for a label.
pub fn label_of(label: &LabelTarget, probability: f64) -> &str {
    if is_present(probability) { &label.present } else { &label.absent }
}

/// The fields of the predictions for some rows.
pub struct Fields<'p> {
    target: &'p Target,
    /// Shape (rows, classes, labels or numbers).
    values: &'p Array2<f64>,
    sets: Option<Array2<bool>>,
    /// The lower and the upper ends.
    intervals: Option<(Array2<f64>, Array2<f64>)>,
    dialect: Dialect,
    threshold: Option<f64>,
    /// Whether all probabilities are written.
    has_all: bool,
}

impl Fields<'_> {
    /// Adds the fields of a row, without a separator before the first.
    pub fn write(&self, row: usize, text: &mut String) {
        let values = self.values.row(row);
        match self.target {
            Target::Classes { classes, .. } => {
                let best = best(self.threshold, values.as_slice().expect("rows are contiguous"));
                text.push_str(&quoted(&classes[best], self.dialect.separator));
                if self.has_all {
                    values.iter().for_each(|&value| self.number(value, text));
                } else {
                    self.number(values[best], text);
                }
                if let Some(sets) = &self.sets {
                    let set = classes.iter().zip(sets.row(row)).filter(|(_, is_in)| **is_in);
                    let set: Vec<&str> = set.map(|(class, _)| class.as_str()).collect();
                    text.push(self.dialect.separator);
                    text.push_str(&quoted(&set.join("|"), self.dialect.separator));
                }
            }
            Target::Labels(labels) => {
                for (place, (label, &value)) in labels.iter().zip(values).enumerate() {
                    if place > 0 {
                        text.push(self.dialect.separator);
                    }
                    text.push_str(&quoted(label_of(label, value), self.dialect.separator));
                }
                values.iter().for_each(|&value| self.number(value, text));
            }
            Target::Numbers(_) => {
                let start = text.len();
                values.iter().for_each(|&value| self.number(value, text));
                if let Some((low, high)) = &self.intervals {
                    low.row(row).iter().chain(high.row(row)).for_each(|&value| self.number(value, text));
                }
                // The separator before the first one.
                text.remove(start);
            }
        }
    }

    /// Adds a separator and a number.
    fn number(&self, value: f64, text: &mut String) {
        text.push(self.dialect.separator);
        let start = text.len();
        push_number(value, text);
        if self.dialect.decimal_comma
            && let Some(point) = text[start..].find('.')
        {
            text.replace_range(start + point..=start + point, ",");
        }
        // The comma of a number, where it also separates cells.
        if text[start..].contains(self.dialect.separator) {
            text.insert(start, '"');
            text.push('"');
        }
    }
}

/// Adds a number in the fewest digits that have its bits, as `Display` does, but faster. Where two such
/// numbers are equally near, the last digit is even, as in JSON lines and in Python, and not rounded up.
fn push_number(value: f64, text: &mut String) {
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format(value);
    // Very large and very small numbers have an exponent there, which `Display` does not write.
    if digits.contains('e') {
        write!(text, "{value}").expect("a text takes all");
    } else {
        text.push_str(digits.strip_suffix(".0").unwrap_or(digits));
    }
}

/// A text as a cell: in quotes if it would end the cell or the line, or begin with a quote.
pub fn quoted(text: &str, separator: char) -> Cow<'_, str> {
    let needs_quotes = |c: char| c == separator || matches!(c, '"' | '\n' | '\r');
    if text.contains(needs_quotes) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use ann_tabular::ann_core::seeded;
    use rand::RngExt;

    use super::*;

    #[test]
    fn numbers_have_their_bits_and_the_length_that_display_gives_them() {
        let mut rng = seeded(1);
        let mut of_bits = || f64::from_bits(rng.random());
        let any: Vec<f64> = (0..10_000).map(|_| of_bits()).collect();
        let probabilities = any.iter().map(|value| value.abs().fract()).filter(|share| share.is_finite());
        let single = (0..10_000).map(|number| f64::from(1.0_f32 / (number as f32 + 0.7)));
        let hundredths = (-10_000..10_000).map(|number| f64::from(number) / 100.0);
        let special = [0.0, -0.0, 1e15, 1e16, 1e17, 123456789012345680.0, 1e-4, 1e-5, 1e-7, f64::MAX, 5e-324];
        let special = special.into_iter().chain([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        let all = any.iter().copied().chain(probabilities).chain(single).chain(hundredths).chain(special);
        for value in all {
            let mut text = String::from(",");
            push_number(value, &mut text);
            let (found, displayed) = (&text[1..], value.to_string());
            assert_eq!(found.len(), displayed.len(), "{found} for {displayed}");
            let bits = found.parse::<f64>().unwrap().to_bits();
            assert!(bits == value.to_bits() || value.is_nan() && found == "NaN", "{found} for {displayed}");
        }
    }
}

//! What `ann train --group-by` keeps of a group, also as bytes for the process that writes the file.

use ann_tabular::ann_table::Target;
use ann_tabular::{Error, Evaluation, GroupFit, Model, Result, Score};
use serde_json::{Value, json};

/// A group, and what was made of it.
#[derive(Debug, PartialEq)]
pub struct GroupRecord {
    pub key: String,
    /// Number of its rows.
    pub rows: usize,
    /// Whether it has no model because the interrupt key was pressed.
    pub was_ended: bool,
    /// Its model; or why there is none.
    pub made: Result<GroupModel, String>,
}

/// The model of a group.
#[derive(Debug, PartialEq)]
pub struct GroupModel {
    /// The bytes of its file.
    pub file: Vec<u8>,
    /// The networks in words.
    pub networks: String,
    pub epochs: usize,
    /// What the main number of its score is called, if it has a score.
    pub metric: Option<String>,
    /// `None` if the main number is not defined for the rows that were held out.
    pub score: Option<GroupScore>,
}

/// The main number of each kind of model on the rows of a group that were held out.
#[derive(Debug, PartialEq)]
pub struct GroupScore {
    pub model: f64,
    pub linear: Option<f64>,
    pub constant: f64,
}

impl GroupRecord {
    /// `reading` is how the table was read, which the file of the model says.
    pub fn new(group: GroupFit, reading: &Value) -> Result<Self> {
        let was_ended = matches!(group.fit, Err(Error::Interrupted));
        let made = match group.fit {
            Ok(mut fit) => {
                fit.model.provenance["reading"] = reading.clone();
                let evaluation = fit.report.evaluation.as_ref().ok();
                Ok(GroupModel {
                    file: fit.model.write()?,
                    networks: networks(&fit.model),
                    epochs: fit.report.epochs,
                    metric: evaluation.map(|_| metric(&fit.report.schema.target).to_owned()),
                    score: evaluation.and_then(GroupScore::new),
                })
            }
            Err(reason) => Err(reason.to_string()),
        };
        Ok(Self { key: group.key, rows: group.rows, was_ended, made })
    }

    /// A line of JSON, and the file of the model, if there is one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut line = json!({ "group": self.key, "rows": self.rows, "was_ended": self.was_ended });
        let file: &[u8] = match &self.made {
            Ok(GroupModel { file, networks, epochs, metric, score }) => {
                line["networks"] = networks.as_str().into();
                line["epochs"] = (*epochs).into();
                line["metric"] = metric.as_deref().into();
                line["score"] = score.as_ref().map(GroupScore::to_json).into();
                file
            }
            Err(reason) => {
                line["reason"] = reason.as_str().into();
                &[]
            }
        };
        [line.to_string().as_bytes(), b"\n", file].concat()
    }

    /// `None` if they are not those of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let line: Value = serde_json::from_slice(&bytes[..end]).ok()?;
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let number = |name: &str| usize::try_from(line[name].as_u64()?).ok();
        let made = match text("reason") {
            Some(reason) => Err(reason),
            None => Ok(GroupModel {
                file: bytes[end + 1..].to_vec(),
                networks: text("networks")?,
                epochs: number("epochs")?,
                metric: text("metric"),
                score: GroupScore::from_json(&line["score"]),
            }),
        };
        let was_ended = line["was_ended"].as_bool()?;
        Some(Self { key: text("group")?, rows: number("rows")?, was_ended, made })
    }
}

impl GroupScore {
    fn new(evaluation: &Evaluation) -> Option<Self> {
        Some(Self {
            model: main_number(&evaluation.model)?,
            linear: evaluation.linear.as_ref().and_then(main_number),
            constant: main_number(&evaluation.constant)?,
        })
    }

    /// The bits of the numbers: not every JSON reader keeps the last one.
    fn to_json(&self) -> Value {
        let Self { model, linear, constant } = self;
        json!([model.to_bits(), linear.map(f64::to_bits), constant.to_bits()])
    }

    fn from_json(value: &Value) -> Option<Self> {
        let number = |place: usize| value[place].as_u64().map(f64::from_bits);
        Some(Self { model: number(0)?, linear: number(1), constant: number(2)? })
    }
}

/// The name of the main number of a score.
fn metric(target: &Target) -> &'static str {
    match target {
        Target::Numbers(_) => "R²",
        Target::Classes { .. } | Target::Labels(_) => "accuracy",
    }
}

/// The accuracy, or R²; of several columns the mean.
fn main_number(score: &Score) -> Option<f64> {
    let numbers: Vec<f64> = match score {
        Score::Classes(score) => vec![score.accuracy.value],
        Score::Labels(scores) => scores.iter().map(|label| label.score.accuracy.value).collect(),
        Score::Numbers(scores) => {
            scores.iter().map(|score| Some(score.r_squared?.value)).collect::<Option<_>>()?
        }
    };
    Some(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// As for one model, without the number of inputs, which differs between groups.
fn networks(model: &Model) -> String {
    let text = crate::summary::networks(model);
    match text.split_once(" networks ").or_else(|| text.split_once(" network ")) {
        Some((number, shape)) => {
            let layers = shape.split_once('-').map_or(shape, |(_, layers)| layers);
            format!("{number} networks …-{layers}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_with_a_score() {
        // 0.1 + 0.2 has a last bit that its shortest text alone keeps.
        let score = GroupScore { model: 0.1 + 0.2, linear: None, constant: -1.5e-300 };
        let (metric, networks) = (Some("R²".to_owned()), "4 networks …-8-1".to_owned());
        let model =
            GroupModel { file: b"\n{}\n\0\xff".to_vec(), networks, epochs: 64, metric, score: Some(score) };
        check(GroupRecord { key: "a\nb\"".to_owned(), rows: 200, was_ended: false, made: Ok(model) });
    }

    #[test]
    fn a_group_without_a_model() {
        let made = Err("too few rows".to_owned());
        check(GroupRecord { key: String::new(), rows: 3, was_ended: true, made });
    }

    #[track_caller]
    fn check(record: GroupRecord) {
        assert_eq!(GroupRecord::from_bytes(&record.to_bytes()), Some(record));
    }
}

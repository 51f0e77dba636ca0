//! The JSON object of a training, and its parts.

use std::io::{self, Write};

use ann_tabular::ann_table::{ColumnSchema, IgnoredColumn, Schema, Target};
use ann_tabular::{Coverage, Estimate, Evaluation, Importance, Score};
use serde_json::{Map, Value, json};

use super::{OtherRows, Summary, networks};
use crate::data::{self, kind_name, shown};

impl Summary<'_> {
    pub fn write_json(&self, output: &mut impl Write) -> io::Result<()> {
        let (report, target) = (&self.fit.report, &self.fit.model.schema().target);
        let object = json!({
            "ann": 1,
            "command": "train",
            "data": shown(self.data),
            "targets": self.targets,
            "rows": { "used": report.rows.used, "left_out": report.rows.left_out },
            "columns": columns(&report.schema),
            "left_out": left_out(&report.schema),
            "networks": networks(&self.fit.model),
            "epochs": report.epochs,
            "seconds": self.elapsed.as_secs_f64(),
            "interrupted": self.was_ended,
            "score": match (&self.validation, &report.evaluation) {
                (Some(other), _) => other.json(target),
                (None, Ok(evaluation)) => evaluation_json(evaluation, target),
                (None, Err(reason)) => json!({ "none": reason.to_string() }),
            },
            "test": self.test.as_ref().map(|score| score_json(score, target)),
            "checkpoint_error": self.fit.checkpoint_error,
            "warnings": report.leaks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "remarks": self.table.remarks().iter().map(data::remark).collect::<Vec<_>>(),
            "findings": report.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "model": { "file": self.path.display().to_string(), "bytes": self.bytes, "digest": self.digest },
        });
        writeln!(output, "{object:#}")
    }
}

impl OtherRows<'_> {
    fn json(&self, target: &Target) -> Value {
        json!({
            "rows": self.rows,
            "rule": format!("rows of {}", shown(self.path)),
            "model": score_json(&self.model, target),
            "constant": score_json(&self.constant.1, target),
        })
    }
}

fn columns(schema: &Schema) -> Value {
    let column =
        |column: &ColumnSchema| json!({ "name": column.name, "kind": kind_name(column.encoding.kind()) });
    schema.columns.iter().map(column).collect()
}

fn left_out(schema: &Schema) -> Value {
    let column = |IgnoredColumn { name, reason }: &IgnoredColumn| json!({ "name": name, "reason": reason.to_string() });
    schema.ignored.iter().map(column).collect()
}

fn estimate(Estimate { value, standard_error }: Estimate) -> Value {
    json!({ "value": value, "standard_error": standard_error })
}

/// The numbers of a score by their names; null are those that its rows do not define.
pub fn score_json(score: &Score, target: &Target) -> Value {
    let defined = score.entries().into_iter().map(|(name, value)| (name, estimate(value)));
    let undefined = score.undefined(target).into_iter().map(|name| (name, Value::Null));
    defined.chain(undefined).collect::<Map<_, _>>().into()
}

pub fn importance_json(Importance { column, drop, deviation }: &Importance) -> Value {
    json!({ "column": column, "drop": drop, "deviation": deviation })
}

fn evaluation_json(evaluation: &Evaluation, target: &Target) -> Value {
    let score = |score| score_json(score, target);
    json!({
        "rows": evaluation.rows.len(),
        "rule": evaluation.rule.to_string(),
        "copies": evaluation.copies,
        "model": score(&evaluation.model),
        "linear": evaluation.linear.as_ref().map(score),
        "constant": score(&evaluation.constant),
        "coverage": evaluation.coverage.map(|Coverage { level, found, size }| {
            json!({ "level": level, "found": estimate(found), "size": size })
        }),
        "importance": evaluation.importance.iter().map(importance_json).collect::<Vec<_>>(),
    })
}

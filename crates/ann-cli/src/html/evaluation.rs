//! The page of `ann eval --report`.

use std::path::Path;

use ann_tabular::{Model, Table, calibration, permutation_importance};

use super::glossary::{Shown, glossary};
use super::judged::Judged;
use super::markup::{document, element, section};
use super::{made, notes, pictures, scores};
use crate::data::shown;
use crate::failure::Result;
use crate::show::{counted, listed};
use crate::summary::OtherRows;

/// A model, and rows that it was asked about.
pub struct Evaluated<'a> {
    pub model: &'a Model,
    /// The file of the model.
    pub path: &'a Path,
    pub table: &'a Table,
    /// The file of the table.
    pub data: &'a Path,
    pub scores: &'a OtherRows<'a>,
    /// What a reader must know first.
    pub warnings: Vec<String>,
}

impl Evaluated<'_> {
    /// The page of an evaluation.
    ///
    /// # Errors
    /// The table lacks a column, a target is missing, or a class is unknown.
    pub fn page(&self, command: &str) -> Result<String> {
        let Self { model, path, table, data, scores: found, warnings } = self;
        let schema = model.schema();
        let title = listed(&schema.target.names());
        let predictions = model.predict(table)?;
        let truth = schema.targets(table)?;
        let judged = Judged { target: &schema.target, truth, predicted: predictions.values() };
        let importance = permutation_importance(model, table)?;
        let calibration = calibration(model, table)?;
        let on_page = Shown {
            coverage: false,
            calibration: !calibration.is_empty(),
            importance: !importance.is_empty(),
        };
        let rows = counted(table.rows(), "row");
        let body = [
            element("h1", title.as_str()),
            element("p", format!("{rows} of {}, predicted by {}.", shown(data), path.display())),
            notes(warnings.clone()),
            section("Score", scores(&found.models())),
            section("Truth and prediction", judged.html()),
            section("Calibration", pictures::calibration(&schema.target, &calibration)),
            section("What matters", pictures::importance(&schema.target, &importance)),
            glossary(&found.models(), on_page),
            section("The model", made(model, path, &model.digest()?.to_string())),
            section("How to measure it again", element("pre", command)),
        ];
        Ok(document(&format!("{title}: an evaluation"), body))
    }
}

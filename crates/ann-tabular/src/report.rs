//! The report of a fit: what was used, and how good the model is.

use std::fmt;

use ann_model::Model;
use ann_table::{Schema, Table};
use ann_train::Finding;

use crate::leakage::{Leak, leaks};
use crate::members::Curve;
use crate::rows::Rows;
use crate::score::Estimate;
use crate::{Coverage, Evaluation, Recipe, Result, Score};

/// What was used, and how good the model is. `Display` prints a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How columns become inputs, which columns were left out and why, and what is predicted.
    pub schema: Schema,
    /// The rows.
    pub rows: RowsUsed,
    /// Number of epochs: those of the recipe, or fewer to stay in the budget.
    pub epochs: usize,
    /// How good the model is, or why nobody knows.
    pub evaluation: Result<Evaluation, String>,
    /// The losses of each network of the model.
    pub curves: Vec<Curve>,
    /// What is remarkable about the training, the first of each kind.
    pub findings: Vec<Finding>,
    /// Signs that the score is too good: the two most severe ones.
    pub leaks: Vec<Leak>,
}

/// The rows of a table that a model has learned from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsUsed {
    /// Number of rows that were used.
    pub used: usize,
    /// Number of rows that were left out, because their target is missing or their weight is 0.
    pub left_out: usize,
    /// The line of the first row that was left out.
    pub first_left_out: Option<u64>,
}

impl Report {
    pub(crate) fn new(
        recipe: &Recipe,
        table: &Table,
        rows: &Rows<'_>,
        model: &Model,
        evaluation: Result<Evaluation, String>,
        curves: Vec<Curve>,
        findings: Vec<Finding>,
    ) -> Result<Self> {
        let schema = model.schema().clone();
        let leaks = leaks(rows, &schema, &schema.targets(&rows.table)?);
        let used = rows.len();
        let left_out = (0..table.rows()).find(|&row| row >= used || table.line(row) != rows.table.line(row));
        let rows = RowsUsed {
            used,
            left_out: table.rows() - used,
            first_left_out: left_out.map(|row| table.line(row)),
        };
        Ok(Self { schema, rows, epochs: recipe.epochs, evaluation, curves, findings, leaks })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, rows) = (&self.schema, &self.rows);
        let target = schema.target.names().join(", ");
        writeln!(f, "{target} from {} columns and {} rows", schema.columns.len(), rows.used)?;
        if let Some(line) = rows.first_left_out {
            writeln!(f, "rows left out: {} without target or weight, first at line {line}", rows.left_out)?;
        }
        for column in &schema.ignored {
            writeln!(f, "left out: {} ({})", column.name, column.reason)?;
        }
        match &self.evaluation {
            Ok(evaluation) => evaluation.fmt(f)?,
            Err(reason) => writeln!(f, "no score: {reason}")?,
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "finding: {finding}"))?;
        self.leaks.iter().try_for_each(|leak| writeln!(f, "warning: {leak}"))
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} for the score: {} rows", self.rule, self.rows)?;
        if self.copies > 0 {
            writeln!(f, "rows that are copies of others: {}", self.copies)?;
        }
        self.write_scores(f)?;
        match self.beats_linear() {
            Some(false) => {
                writeln!(
                    f,
                    "The linear model is as good, within two standard errors: `hidden: vec![]` is simpler."
                )?;
            }
            Some(true) | None => {}
        }
        if let Some(coverage) = self.coverage {
            let (regions, size) = match &self.model {
                Score::Classes(_) => ("sets of classes", "classes in the mean"),
                Score::Numbers(_) => ("intervals", "standard deviations wide"),
            };
            let Coverage { level, found, size: mean } = coverage;
            writeln!(
                f,
                "{regions} for {:.0} %: right for {found} of the rows, {mean:.2} {size}",
                100.0 * level
            )?;
        }
        self.write_importance(f)
    }
}

impl Evaluation {
    /// A line for each model, and a column for each number.
    fn write_scores(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAME: usize = 14;
        const NUMBER: usize = 18;
        let models = [("this model", Some(&self.model)), ("linear model", self.linear.as_ref())];
        let models = models.into_iter().chain([("constant", Some(&self.constant))]);
        let names: Vec<String> = self.model.entries().into_iter().map(|(name, _)| name).collect();
        let cells = |f: &mut fmt::Formatter<'_>, name: &str, cells: &[String]| {
            write!(f, "{name:NAME$}")?;
            let (last, others) = cells.split_last().expect("a score has a number");
            others.iter().try_for_each(|cell| write!(f, "{cell:NUMBER$}"))?;
            writeln!(f, "{last}")
        };
        cells(f, "", &names)?;
        for (name, score) in models {
            let Some(score) = score else { continue };
            let numbers: Vec<String> = score.entries().iter().map(|(_, number)| number.to_string()).collect();
            cells(f, name, &numbers)?;
        }
        Ok(())
    }

    fn write_importance(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 5;
        let columns: Vec<String> = self
            .importance
            .iter()
            .take(MOST)
            .map(|column| {
                let drop = Estimate { value: column.drop, standard_error: column.deviation };
                format!("{} {drop}", column.column)
            })
            .collect();
        writeln!(f, "importance: {}", columns.join(", "))
    }
}

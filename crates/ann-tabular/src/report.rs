//! The report of a fit: what was used, and how good the model is.

use std::cmp::Ordering;
use std::fmt;

use ann_model::Model;
use ann_table::message::{list, quoted, unquoted};
use ann_table::{Schema, Table, Target, TargetValues};
use ann_train::Finding;

use crate::leakage::{Leak, leaks};
use crate::members::Curve;
use crate::rows::Rows;
use crate::score::Truth;
use crate::{Coverage, Evaluation, Importance, NoScore, Recipe, Result, Score, importance};

/// What was used, and how good the model is. `Display` prints a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How columns become inputs, which columns were left out and why, and what is predicted.
    pub schema: Schema,
    /// The rows.
    pub rows: RowsUsed,
    /// Number of epochs: those of the recipe, or fewer to stay in the budget. With [`Recipe::patience`] a
    /// network may have ended earlier.
    pub epochs: usize,
    /// How good the model is, or why there is no score.
    pub evaluation: Result<Evaluation, NoScore>,
    /// The losses of each network of the model.
    pub curves: Vec<Curve>,
    /// What is remarkable about the training, the first of each kind. Columns are counted as inputs.
    pub findings: Vec<Finding>,
    /// Signs that the score is too good, the most severe first.
    pub leaks: Vec<Leak>,
}

/// The rows of a table that a model was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsUsed {
    /// Number of rows that were used.
    pub used: usize,
    /// Number of rows that were left out, because their target is missing or their weight is 0.
    pub left_out: usize,
    /// The line of the first row that was left out.
    pub first_left_out: Option<u64>,
    /// Number of rows of each class that were used. Empty if numbers or labels are predicted.
    pub of_classes: Vec<usize>,
    /// The position of the class that constant predictions name: that of the largest sum of weights.
    pub largest_class: Option<usize>,
}

impl Report {
    pub(crate) fn new(
        recipe: &Recipe,
        table: &Table,
        rows: &Rows<'_>,
        model: &Model,
        evaluation: Result<Evaluation, NoScore>,
        curves: Vec<Curve>,
        findings: Vec<Finding>,
    ) -> Result<Self> {
        let schema = model.schema().clone();
        let targets = schema.targets(&rows.table)?;
        let leaks = leaks(rows, &schema, &targets);
        let weights = rows.weights.as_deref();
        let truth = Truth {
            target: &schema.target,
            values: &targets,
            weights,
            units: &rows.units,
            has_errors: false,
        };
        let left_out = (0..table.rows()).find(|row| rows.numbers.get(*row) != Some(row));
        let rows = RowsUsed {
            used: rows.len(),
            left_out: table.rows() - rows.len(),
            first_left_out: left_out.map(|row| table.line(row)),
            of_classes: of_classes(&schema.target, &targets),
            largest_class: truth.largest_class(),
        };
        Ok(Self { schema, rows, epochs: recipe.epochs, evaluation, curves, findings, leaks })
    }
}

/// The number of rows of each class.
fn of_classes(target: &Target, targets: &TargetValues) -> Vec<usize> {
    let (Target::Classes { classes, .. }, TargetValues::Classes(of_rows)) = (target, targets) else {
        return vec![];
    };
    let mut counts = vec![0; classes.len()];
    of_rows.iter().for_each(|&class| counts[class] += 1);
    counts
}

/// At most this number of warnings of leaks is printed: more are not read.
const MOST_LEAKS: usize = 2;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, rows) = (&self.schema, &self.rows);
        let targets: Vec<String> = schema.target.names().into_iter().map(unquoted).collect();
        let what = match &schema.target {
            Target::Classes { classes, .. } => format!("one of {} classes", classes.len()),
            Target::Numbers(_) => "a number".to_owned(),
            Target::Labels(_) => "labels".to_owned(),
        };
        let targets = targets.join(", ");
        writeln!(
            f,
            "{targets}: {what}, from {} of the columns and {} rows",
            schema.columns.len(),
            rows.used
        )?;
        if let Some(line) = rows.first_left_out {
            writeln!(f, "rows left out: {} without target or weight, first at line {line}", rows.left_out)?;
        }
        for column in &schema.ignored {
            writeln!(f, "column left out: {} ({})", unquoted(&column.name), column.reason)?;
        }
        match &self.evaluation {
            Ok(evaluation) => {
                evaluation.fmt(f)?;
                if evaluation.importance.is_empty() {
                    writeln!(
                        f,
                        "importance was not measured: {}",
                        importance::why_not(schema.columns.len())
                    )?;
                }
            }
            Err(reason) => writeln!(f, "no score: {reason}")?,
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "finding: {finding}"))?;
        self.leaks.iter().take(MOST_LEAKS).try_for_each(|leak| writeln!(f, "warning: {leak}"))
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "score of {} {}", self.rows.len(), self.rule)?;
        if self.copies > 0 {
            writeln!(f, "rows that are copies of others: {}", self.copies)?;
        }
        if !self.untested.is_empty() {
            let classes = list(&self.untested);
            writeln!(
                f,
                "no row of these classes was held out; the score says nothing about them: {classes}"
            )?;
        }
        self.write_scores(f)?;
        let constant = self.constant_columns();
        if !constant.is_empty() {
            writeln!(f, "R² is not defined, because all held-out numbers are equal: {}", list(&constant))?;
        }
        match self.against_linear() {
            Some(Ordering::Less) | None => {}
            Some(Ordering::Equal) => {
                writeln!(
                    f,
                    "The linear model is as good, within two standard errors; it is simpler: Recipe::linear."
                )?;
            }
            Some(Ordering::Greater) => writeln!(f, "The linear model is better: Recipe::linear.")?,
        }
        if let Some(Coverage { level, found, size }) = self.coverage {
            let (regions, unit) = match &self.model {
                Score::Classes(_) => ("sets of classes", "classes in the mean"),
                Score::Numbers(_) | Score::Labels(_) => ("intervals", "standard deviations wide"),
            };
            writeln!(
                f,
                "{regions} for {:.0} %: right for {found} of the rows, {size:.2} {unit}",
                100.0 * level
            )?;
        }
        self.write_importance(f)
    }
}

impl Evaluation {
    /// The columns of numbers to predict that are equal in all held-out rows.
    fn constant_columns(&self) -> Vec<String> {
        let Score::Numbers(scores) = &self.model else { return vec![] };
        scores.iter().filter(|score| score.r_squared.is_none()).map(|score| score.column.clone()).collect()
    }

    /// A line for each model, and a column for each number.
    fn write_scores(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = [("this model", Some(&self.model)), ("linear model", self.linear.as_ref())];
        let models = models.into_iter().chain([("constant", Some(&self.constant))]);
        let names = self.model.entries().into_iter().map(|(name, _)| unquoted(&name));
        let mut lines: Vec<Vec<String>> = vec![[String::new()].into_iter().chain(names).collect()];
        lines.extend(models.filter_map(|(name, score)| {
            let numbers = score?.entries().into_iter().map(|(_, number)| number.to_string());
            Some([name.to_owned()].into_iter().chain(numbers).collect())
        }));
        let width = |column: usize| {
            lines.iter().filter_map(|line| Some(line.get(column)?.chars().count())).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
        for line in &lines {
            let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }

    /// By how much the score falls without a column.
    fn write_importance(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 5;
        let columns = self.importance.iter().take(MOST);
        let columns: Vec<String> =
            columns.map(|Importance { column, drop, .. }| format!("{} {drop:.3}", quoted(column))).collect();
        if columns.is_empty() { Ok(()) } else { writeln!(f, "importance: {}", columns.join(", ")) }
    }
}

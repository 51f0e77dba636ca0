//! What a training has made: the lines that `ann train` prints, and its JSON object.

mod json;

use std::cmp::Ordering;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use ann_tabular::ann_core::{Architecture, Network};
use ann_tabular::ann_model::Networks;
use ann_tabular::ann_table::message::{list, quoted, unquoted};
use ann_tabular::ann_table::{Encoding, IgnoredColumn, Kind, Schema, Table, Target, finite_number};
use ann_tabular::{Coverage, Evaluation, Fit, Importance, Model, Recipe, Score, ScoreRule, largest_class};

use crate::again;
use crate::data::{self, kind_name, shown};
use crate::failure::{Failure, Result, in_quotes};
use crate::show::{aligned, count, counted, in_list, size};

pub use json::{importance_json, score_json};

/// The score of a model on the rows of a table, and that of a constant.
pub struct OtherRows<'a> {
    pub path: &'a Path,
    pub rows: usize,
    pub model: Score,
    /// What the constant predicts, and its score.
    pub constant: (String, Score),
}

impl<'a> OtherRows<'a> {
    /// `table` is the one at `path`.
    pub fn new(model: &Model, table: &Table, path: &'a Path) -> Result<Self> {
        let about = |error: ann_tabular::Error| Failure::from(error).about(shown(path));
        let constant = Score::of_constant(model, table).map_err(about)?;
        let largest = largest_class(model, table).map_err(about)?;
        Ok(Self {
            path,
            rows: table.rows(),
            model: Score::of(model, table).map_err(about)?,
            constant: (constant_of(&model.schema().target, largest, " of these rows"), constant),
        })
    }

    pub fn models(&self) -> Vec<(String, &Score)> {
        let (name, constant) = &self.constant;
        vec![("this model".to_owned(), &self.model), (name.clone(), constant)]
    }

    pub fn rule(&self) -> String {
        format!("score of {} of {}", counted(self.rows, "row"), shown(self.path))
    }
}

/// What constant predictions say: the largest class, or the mean or the shares of some rows.
fn constant_of(target: &Target, largest_class: Option<usize>, of_rows: &str) -> String {
    match (target, largest_class) {
        (Target::Classes { classes, .. }, Some(place)) => format!("always {}", quoted(&classes[place])),
        (Target::Numbers(_), _) => format!("always the mean{of_rows}"),
        (Target::Classes { .. } | Target::Labels(_), _) => format!("always the shares{of_rows}"),
    }
}

/// A fit, and what it was made from.
pub struct Summary<'a> {
    pub data: &'a Path,
    pub table: &'a Table,
    pub targets: &'a [String],
    pub recipe: &'a Recipe,
    pub fit: &'a Fit,
    /// The score of `--validation FILE`, in place of that of rows that were held out.
    pub validation: Option<OtherRows<'a>>,
    /// The score of `--test`.
    pub test: Option<Score>,
    pub path: &'a Path,
    /// Size of the file of the model.
    pub bytes: usize,
    pub digest: String,
    pub elapsed: Duration,
    /// Whether the interrupt key was pressed.
    pub was_ended: bool,
    /// The file of `--report`.
    pub page: Option<&'a Path>,
}

impl Summary<'_> {
    pub fn write(&self, output: &mut impl Write) -> io::Result<()> {
        self.write_rows(output)?;
        write_columns(output, &self.fit.report.schema)?;
        self.warnings().iter().try_for_each(|line| writeln!(output, "{line}"))?;
        let (networks, epochs) = (networks(&self.fit.model), self.fit.report.epochs);
        let may_be_fewer = self.was_ended || self.recipe.patience.is_some();
        let up_to = if may_be_fewer { "at most " } else { "" };
        let ending = if epochs == 1 { "" } else { "s" };
        writeln!(output, "{networks}, {up_to}{epochs} epoch{ending}, seed {}", self.recipe.seed)?;
        match (&self.validation, &self.fit.report.evaluation) {
            (Some(other), _) => {
                writeln!(output, "{}", other.rule())?;
                write_scores(output, &other.models())?;
            }
            (None, Ok(evaluation)) => self.write_evaluation(output, evaluation)?,
            (None, Err(reason)) => writeln!(output, "no score: {reason}")?,
        }
        if let Some(test) = &self.test {
            let entries = test.entries().into_iter().map(|(name, value)| format!("{name} {value}"));
            writeln!(output, "rows of --test: {}", entries.collect::<Vec<_>>().join(", "))?;
        }
        let path = self.path.display().to_string();
        let digest: String = self.digest.chars().take(12).collect();
        writeln!(output, "wrote {path} ({}, digest {digest}…)", size(self.bytes))?;
        if let Some(page) = self.page {
            writeln!(output, "wrote {}", page.display())?;
        }
        let next = format!("ann predict {} NEW.csv", in_quotes(&path));
        let evaluation = self.fit.report.evaluation.as_ref();
        match evaluation
            .ok()
            .filter(|evaluation| self.linear_is_better(evaluation))
            .and_then(|_| again::linear())
        {
            Some(linear) => writeln!(output, "next: {linear}\n      {next}"),
            None => writeln!(output, "next: {next}"),
        }
    }

    /// What is predicted, and from how many rows.
    fn write_rows(&self, output: &mut impl Write) -> io::Result<()> {
        let report = &self.fit.report;
        let what = match &report.schema.target {
            Target::Classes { name, classes } => {
                format!("{}: {}", in_list(name), shares(classes, &report.rows.of_classes))
            }
            Target::Numbers(columns) => columns
                .iter()
                .map(|column| format!("{}: a number", in_list(&column.name)))
                .collect::<Vec<_>>()
                .join(", "),
            Target::Labels(columns) => columns
                .iter()
                .map(|column| format!("{}: {} or {}", in_list(&column.name), column.absent, column.present))
                .collect::<Vec<_>>()
                .join(", "),
        };
        writeln!(output, "{what}; from {}", counted(report.rows.used, "row"))?;
        if let Some(line) = report.rows.first_left_out {
            let rows = counted(report.rows.left_out, "row");
            writeln!(output, "  {rows} without target or weight left out, first at line {line}")?;
        }
        Ok(())
    }

    /// What may be wrong, and what is good to know.
    pub fn warnings(&self) -> Vec<String> {
        const MOST: usize = 2;
        let report = &self.fit.report;
        let leaks = report.leaks.iter().take(MOST).map(|leak| format!("warning: {leak}"));
        let copies = match report.evaluation {
            Ok(Evaluation { copies: 1, .. }) => {
                Some("note: 1 row is a copy of others; it stays on one side of each split".to_owned())
            }
            Ok(Evaluation { copies: copies @ 2.., .. }) => {
                Some(format!("note: {copies} rows are copies of others; they stay on one side of each split"))
            }
            _ => None,
        };
        let remarks =
            self.table.remarks().into_iter().map(|remark| format!("note: {}", data::remark(&remark)));
        let ended = self.was_ended.then(|| {
            "note: ended by Ctrl-C: each network is that of its best epoch so far; --checkpoint and --resume go \
             on with a training"
                .to_owned()
        });
        let findings = report.findings.iter().map(|finding| format!("note: {finding}"));
        let notes = copies.into_iter().chain(self.numbers_as_classes()).chain(remarks).chain(findings);
        ended.into_iter().chain(leaks).chain(notes).collect()
    }

    /// Whole numbers may be classes or amounts.
    fn numbers_as_classes(&self) -> Option<String> {
        let Target::Classes { classes, .. } = &self.fit.report.schema.target else { return None };
        let are_numbers = classes.iter().all(|class| finite_number(class).is_some());
        let is_chosen = self.recipe.schema.task.is_none() && classes.len() > 2 && are_numbers;
        is_chosen.then(|| {
            let count = classes.len();
            format!("note: {count} whole numbers are taken for classes; --task regress predicts a number")
        })
    }

    fn write_evaluation(&self, output: &mut impl Write, evaluation: &Evaluation) -> io::Result<()> {
        writeln!(output, "{}", rule(evaluation))?;
        if !evaluation.untested.is_empty() {
            let classes = list(&evaluation.untested);
            writeln!(
                output,
                "no row of these classes was held out, so it says nothing about them: {classes}"
            )?;
        }
        write_scores(output, &self.models(evaluation))?;
        self.verdicts(evaluation).iter().try_for_each(|line| writeln!(output, "{line}"))?;
        write_importance(output, &evaluation.importance)
    }

    /// Whether a linear model would do, and how often intervals are right.
    pub fn verdicts(&self, evaluation: &Evaluation) -> Vec<String> {
        let linear = match evaluation.against_linear() {
            _ if !self.fit.report.leaks.is_empty() => Some("The score may be too good: see the warning."),
            _ if is_useless(evaluation) => {
                Some("No model is better than a constant: these columns do not predict the target.")
            }
            Some(Ordering::Greater) => Some("The linear model is better: use --hidden none."),
            Some(Ordering::Equal) => Some(
                "No clear difference to the linear model (loss, two standard errors): --hidden none is simpler.",
            ),
            Some(Ordering::Less) | None => None,
        };
        let coverage = evaluation.coverage.map(|Coverage { level, found, size }| {
            let (regions, unit) = match &evaluation.model {
                Score::Classes(_) => ("sets of classes", "classes in the mean"),
                Score::Numbers(_) | Score::Labels(_) => ("intervals", "standard deviations wide"),
            };
            format!("{regions} for {:.0} % contain {found} of the truth, {size:.2} {unit}", 100.0 * level)
        });
        linear.map(str::to_owned).into_iter().chain(coverage).collect()
    }

    /// Leaks may be why it is.
    fn linear_is_better(&self, evaluation: &Evaluation) -> bool {
        let is_better = evaluation.against_linear() == Some(Ordering::Greater);
        is_better && self.fit.report.leaks.is_empty() && !is_useless(evaluation)
    }

    /// The models that are compared.
    pub fn models<'e>(&self, evaluation: &'e Evaluation) -> Vec<(String, &'e Score)> {
        let report = &self.fit.report;
        let constant = constant_of(&report.schema.target, report.rows.largest_class, "");
        let linear = evaluation.linear.as_ref().map(|score| ("linear model".to_owned(), score));
        let this = ("this model".to_owned(), &evaluation.model);
        [this].into_iter().chain(linear).chain([(constant, &evaluation.constant)]).collect()
    }
}

/// Whether constant predictions have a loss that is as low as that of the model and of the linear model.
fn is_useless(evaluation: &Evaluation) -> bool {
    let models = [Some(&evaluation.model), evaluation.linear.as_ref()];
    let constant = loss(&evaluation.constant);
    models.into_iter().flatten().all(|score| loss(score) >= constant)
}

/// The sum of the losses of a score, and their name.
pub fn loss(score: &Score) -> (f64, &'static str) {
    let name = if matches!(score, Score::Numbers(_)) { "RMSE" } else { "log loss" };
    let losses = score.entries().into_iter().filter(|(entry, _)| entry.starts_with(name));
    (losses.map(|(_, found)| found.value).sum(), name)
}

/// A line for each model, and a column for each number.
pub fn write_scores(output: &mut impl Write, models: &[(String, &Score)]) -> io::Result<()> {
    let header = models.iter().take(1).flat_map(|(_, score)| score.entries()).map(|(name, _)| name);
    let header = std::iter::once(String::new()).chain(header).collect();
    let line = |(name, score): &(String, &Score)| {
        let values = score.entries().into_iter().map(|(_, value)| value.to_string());
        std::iter::once(name.clone()).chain(values).collect::<Vec<_>>()
    };
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(models.iter().map(line)).collect();
    aligned(&lines).iter().try_for_each(|line| writeln!(output, "{line}"))
}

/// Which rows the score is of.
pub fn rule(evaluation: &Evaluation) -> String {
    let rows = counted(evaluation.rows.len(), "row");
    match &evaluation.rule {
        ScoreRule::HoldOut(_) => format!("score of {rows}, which were held out at random"),
        ScoreRule::Folds(folds) => format!("score of {rows} in {folds} folds, each held out once"),
        ScoreRule::Latest { column, .. } => format!("score of the latest {rows} by {}", unquoted(column)),
    }
}

/// `4 networks 12-64-64-3 SiLU`
pub fn networks(model: &Model) -> String {
    let architectures: Vec<&Architecture> = match model.networks() {
        Networks::F32(networks) => networks.iter().map(Network::architecture).collect(),
        Networks::F64(networks) => networks.iter().map(Network::architecture).collect(),
    };
    let number = counted(architectures.len(), "network");
    let mut inputs: Vec<usize> =
        architectures.iter().map(|architecture| architecture.input_width()).collect();
    inputs.sort_unstable();
    inputs.dedup();
    let inputs = inputs.iter().map(usize::to_string).collect::<Vec<_>>().join("|");
    let widths = architectures[0].widths().skip(1).map(|width| width.to_string());
    let widths = std::iter::once(inputs).chain(widths).collect::<Vec<_>>().join("-");
    let activation = match architectures[0].layers() {
        [] | [_] => "linear".to_owned(),
        [first, ..] => first.activation.to_string(),
    };
    format!("{number} {widths} {activation}")
}

/// A line for each kind of column, and the columns that are left out.
pub fn write_columns(output: &mut impl Write, schema: &Schema) -> io::Result<()> {
    const MOST: usize = 12;
    for kind in [Kind::Number, Kind::Category, Kind::Date] {
        let of_kind = schema.columns.iter().filter(|column| column.encoding.kind() == kind);
        let mut shown: Vec<String> =
            of_kind.map(|column| format!("{}{}", in_list(&column.name), remark(&column.encoding))).collect();
        let all = shown.len();
        if all > MOST {
            shown.truncate(MOST);
            shown.push(format!("… ({} in all)", count(all)));
        }
        if all > 0 {
            writeln!(output, "  {:<9} {}", kind_name(kind), shown.join(", "))?;
        }
    }
    let mut shown: Vec<String> = schema
        .ignored
        .iter()
        .take(MOST)
        .map(|IgnoredColumn { name, reason }| format!("{} ({reason})", in_list(name)))
        .collect();
    if schema.ignored.len() > MOST {
        shown.push(format!("… ({} in all)", count(schema.ignored.len())));
    }
    if shown.is_empty() { Ok(()) } else { writeln!(output, "  left out  {}", shown.join(", ")) }
}

/// What is remarkable about a column.
fn remark(encoding: &Encoding) -> String {
    match encoding {
        Encoding::Category(category) if category.has_other => {
            format!(" ({}, the rest \"other\")", counted(category.categories.len(), "word"))
        }
        Encoding::Category(category) => format!(" ({})", counted(category.categories.len(), "word")),
        Encoding::Number(_) | Encoding::Date(_) => String::new(),
    }
}

fn write_importance(output: &mut impl Write, importance: &[Importance]) -> io::Result<()> {
    const MOST: usize = 5;
    let columns = importance.iter().take(MOST);
    let columns: Vec<String> = columns
        .map(|Importance { column, drop, deviation }| {
            format!("{} {drop:.3} ± {deviation:.3}", in_list(column))
        })
        .collect();
    if columns.is_empty() { Ok(()) } else { writeln!(output, "matters most: {}", columns.join(", ")) }
}

/// `no 5 174, yes 1 869`; only the first classes of many.
fn shares(classes: &[String], counts: &[usize]) -> String {
    const MOST: usize = 5;
    let shown = classes.iter().zip(counts).take(MOST);
    let mut shown: Vec<String> =
        shown.map(|(class, &rows)| format!("{} {}", in_list(class), count(rows))).collect();
    if classes.len() > MOST {
        shown.push(format!("… ({} classes)", classes.len()));
    }
    shown.join(", ")
}

//! `ann predict` with a file of many models: each row by the model of its group.

use std::collections::HashMap;
use std::io::Write;
use std::rc::Rc;
use std::time::Instant;

use ann_tabular::ann_model::ModelSet;
use ann_tabular::ann_model::file::SetEntry;
use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_table::{Dialect, Table, Target};
use ann_tabular::{Grouping, Model, rows_of_groups};
use serde_json::{Value, json};

use super::{Lines, Predict};
use crate::data;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::show::counted;
use crate::surprises::GroupSurprises;

/// Rows that are in memory at a time: more than for one model, because each model is read once for them.
const ROWS: usize = 1 << 16;
/// Models that are kept in memory between blocks of rows.
const MOST_MODELS: usize = 256;

pub fn predict(options: &Predict, set: &ModelSet, started: Instant) -> Result<Status> {
    if options.jsonl {
        return Err(Failure::arguments(
            "--jsonl answers with one model: take it out with ann inspect FILE --group NAME -o one.ann",
        ));
    }
    let grouping = Grouping::of(set)?;
    let first = set.first_model()?;
    options.columns.check(&first)?;
    options.begin(&first)?;
    let in_data = |error: Failure| error.about(data::shown(&options.data));
    let mut columns = grouping.columns.clone();
    columns.push((grouping.column.clone(), grouping.kind));
    let mut reader = options.reading.reader_of(&first);
    reader.only = columns.iter().map(|(name, _)| name.clone()).collect();
    let input = data::open(&options.data)?;
    let mut blocks = reader.blocks_of(input, &columns, ROWS).map_err(|error| in_data(error.into()))?;
    let mut lines = Lines::new(&options.keep, &blocks)?;
    let names = options.columns.names(&first);
    lines.header(&names)?;
    let mut predicting = Predicting {
        options,
        set,
        first: &first,
        column: &grouping.column,
        dialect: lines.dialect,
        nothing: lines.dialect.separator.to_string().repeat(names.len() - 1),
        known: HashMap::new(),
        surprises: GroupSurprises::default(),
        found: Without::default(),
    };
    // Opened when the first block is predicted, so that nothing is written about a wrong table.
    let mut output = None;
    while let Some(block) = blocks.next_with(|row| lines.push(row)) {
        let texts = predicting.block(&block.map_err(|error| in_data(error.into()))?).map_err(in_data)?;
        let output = match &mut output {
            Some(output) => output,
            none => none.insert(Output::open(options.output.as_deref(), options.force)?),
        };
        lines.write(output, |row, text| text.push_str(&texts[row]))?;
    }
    output.expect("an input without rows is an error").finish()?;
    predicting.report(started)
}

/// What is needed for the rows of all groups.
struct Predicting<'a> {
    options: &'a Predict,
    set: &'a ModelSet,
    /// The first model. Its target is that of all models, except for the classes.
    first: &'a Model,
    column: &'a str,
    dialect: Dialect,
    /// The fields of a row without a prediction.
    nothing: String,
    known: HashMap<String, Rc<Found>>,
    surprises: GroupSurprises,
    found: Without,
}

enum Found {
    Model(Box<Model>),
    /// Why there is no model.
    Nothing(String),
}

/// Rows without a prediction.
#[derive(Default)]
struct Without {
    rows: usize,
    without: usize,
    /// Line, group, and why.
    first: Option<(u64, String, String)>,
}

impl Predicting<'_> {
    /// The fields of each row of a block.
    fn block(&mut self, block: &Table) -> Result<Vec<String>> {
        let mut texts = vec![String::new(); block.rows()];
        self.found.rows += block.rows();
        let (groups, missing) = rows_of_groups(block.column(self.column)?);
        for (key, rows) in groups {
            match &*self.model(&key)? {
                Found::Model(model) => self.group(&key, model, block, &rows, &mut texts)?,
                Found::Nothing(reason) => self.without(&key, reason, block, &rows, &mut texts),
            }
        }
        self.without("", "the cell is missing", block, &missing, &mut texts);
        Ok(texts)
    }

    /// The model of a group, from memory or from the file.
    fn model(&mut self, key: &str) -> Result<Rc<Found>> {
        if let Some(found) = self.known.get(key) {
            return Ok(Rc::clone(found));
        }
        let found = Rc::new(match self.set.get(key)? {
            Some(SetEntry::Model(model)) => Found::Model(model),
            Some(SetEntry::NoModel(reason)) => Found::Nothing(reason),
            None => Found::Nothing("unknown".to_owned()),
        });
        if self.known.len() >= MOST_MODELS {
            self.known.clear();
        }
        self.known.insert(key.to_owned(), Rc::clone(&found));
        Ok(found)
    }

    /// Predicts rows of one group.
    fn group(
        &mut self,
        key: &str,
        model: &Model,
        block: &Table,
        rows: &[usize],
        texts: &mut [String],
    ) -> Result<()> {
        self.check_classes(key, model)?;
        let table = block.extract(rows);
        let predictions = model.predict(&table)?;
        let fields = self.options.columns.fields(model, &predictions, self.dialect)?;
        for (place, &row) in rows.iter().enumerate() {
            fields.write(place, &mut texts[row]);
        }
        self.surprises.add(model, &table, |place| block.line(rows[place]));
        Ok(())
    }

    /// A group in which a class does not occur has a model without it.
    fn check_classes(&self, key: &str, model: &Model) -> Result<()> {
        let (Target::Classes { classes: all, .. }, Target::Classes { classes, .. }) =
            (&self.first.schema().target, &model.schema().target)
        else {
            return Ok(());
        };
        if all == classes || !self.options.columns.depend_on_classes() {
            return Ok(());
        }
        Err(Failure::arguments(format_args!(
            "--probabilities and --threshold need the same classes in all groups, and {key:?} has {classes:?} \
             instead of {all:?}"
        )))
    }

    /// Leaves out the predictions of rows.
    fn without(&mut self, key: &str, reason: &str, block: &Table, rows: &[usize], texts: &mut [String]) {
        self.found.without += rows.len();
        rows.iter().for_each(|&row| texts[row].clone_from(&self.nothing));
        let Some(line) = rows.first().map(|&row| block.line(row)) else { return };
        if self.found.first.as_ref().is_none_or(|(first, ..)| line < *first) {
            self.found.first = Some((line, key.to_owned(), reason.to_owned()));
        }
    }

    /// Says what was surprising.
    fn report(&self, started: Instant) -> Result<Status> {
        let (options, found) = (self.options, &self.found);
        if options.json {
            let first = found.first.as_ref().map_or(
                Value::Null,
                |(line, group, reason)| json!({ "line": line, "group": group, "reason": reason }),
            );
            let object = json!({
                "ann": 1, "command": "predict", "model": data::shown(&options.model),
                "data": data::shown(&options.data), "output": options.output.as_deref().map(data::shown),
                "group_by": self.column, "rows": found.rows,
                "without_prediction": { "count": found.without, "first": first },
                "columns": self.surprises.json(), "seconds": started.elapsed().as_secs_f64(),
            });
            let mut output = Output::standard();
            writeln!(output, "{object:#}")?;
            output.finish()?;
        } else if !options.quiet {
            if let Some((line, group, reason)) = &found.first {
                anstream::eprintln!(
                    "note: {}: {} without a prediction, because there is no model of the group (first {:?}, line {line}: {reason})",
                    unquoted(self.column),
                    counted(found.without, "row"),
                    unquoted(group)
                );
            }
            self.surprises.print();
        }
        let is_surprising = found.without > 0 || self.surprises.any();
        Ok(if options.strict && is_surprising { Status::Below } else { Status::Done })
    }
}

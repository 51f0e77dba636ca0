//! The file of the models of all groups: which column divides the rows, and which columns the models read.

use std::collections::BTreeMap;
use std::io::Write;

use ann_model::file::{Digest, ModelSet, ModelSetWriter};
use ann_table::{Kind, Table};
use serde_json::{Value, json};

use crate::{Error, GroupFit, Result};

/// What a row needs for a prediction by the model of its group.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// The column that divides the rows into groups.
    pub column: String,
    /// Its kind.
    pub kind: Kind,
    /// The columns that at least one model reads, with their kinds, in ascending order.
    pub columns: Vec<(String, Kind)>,
}

impl Grouping {
    /// What a file of [`GroupsWriter`] says.
    ///
    /// # Errors
    /// The file was written by something else.
    pub fn of(set: &ModelSet) -> Result<Self> {
        Self::read(set.description()).ok_or(Error::NoGrouping)
    }

    fn read(description: &Value) -> Option<Self> {
        let columns = description["columns"].as_object()?.iter();
        let columns = columns.map(|(name, kind)| Some((name.clone(), kind_named(kind)?)));
        Some(Self {
            column: description["group"]["column"].as_str()?.to_owned(),
            kind: kind_named(&description["group"]["kind"])?,
            columns: columns.collect::<Option<_>>()?,
        })
    }
}

/// Writes the file of the models of all groups, as they come from
/// [`Recipe::fit_groups`](crate::Recipe::fit_groups).
///
/// ```no_run
/// use std::sync::atomic::AtomicBool;
///
/// use ann_tabular::ann_model::file::NewFile;
/// use ann_tabular::{Error, GroupsWriter, Recipe, Table};
///
/// let table = Table::open("sales.csv")?;
/// let mut file = NewFile::create("sales.ann".as_ref())?;
/// let mut writer = GroupsWriter::new(&mut file, &table, "store")?;
/// Recipe::for_groups().fit_groups(&table, "units", "store", &AtomicBool::new(false), |group| {
///     writer.add(&group)
/// })?;
/// writer.finish()?;
/// file.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GroupsWriter<W> {
    writer: ModelSetWriter<W>,
    column: String,
    kind: Kind,
    columns: BTreeMap<String, Kind>,
}

impl<W: Write> GroupsWriter<W> {
    /// Begins a file of the groups of a table, which its column `column` divides.
    ///
    /// # Errors
    /// There is no such column, or the output cannot be written.
    pub fn new(output: W, table: &Table, column: &str) -> Result<Self> {
        let kind = table.column(column)?.kind();
        let writer = ModelSetWriter::new(output)?;
        Ok(Self { writer, column: column.to_owned(), kind, columns: BTreeMap::new() })
    }

    /// Adds the model of a group, or the reason why it has none.
    ///
    /// # Errors
    /// The groups are not in ascending order, or the output cannot be written.
    pub fn add(&mut self, group: &GroupFit) -> Result<()> {
        match &group.fit {
            Ok(fit) => {
                self.columns.extend(fit.model.schema().kinds());
                Ok(self.writer.model(&group.key, &fit.model)?)
            }
            Err(reason) => self.add_reason(&group.key, &reason.to_string()),
        }
    }

    /// Adds the model of a group as the bytes of its file, which another process may have made.
    ///
    /// # Errors
    /// As [`add`](Self::add); or the bytes are not those of a model.
    pub fn add_file(&mut self, key: &str, bytes: &[u8]) -> Result<()> {
        let model = self.writer.file(key, bytes)?;
        self.columns.extend(model.schema().kinds());
        Ok(())
    }

    /// Adds a group that has no model, and why.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_reason(&mut self, key: &str, reason: &str) -> Result<()> {
        Ok(self.writer.no_model(key, reason)?)
    }

    /// Ends the file. Returns its number of bytes and its digest.
    ///
    /// # Errors
    /// There is no group, or the output cannot be written.
    pub fn finish(self) -> Result<(u64, Digest)> {
        let columns = self.columns.into_iter().map(|(name, kind)| (name, kind.to_string().into()));
        let description = json!({
            "readme": "Models of ann (https://docs.rs/ann-model), one for each group of rows.",
            "program": concat!("ann-tabular ", env!("CARGO_PKG_VERSION")),
            "group": { "column": self.column, "kind": self.kind.to_string() },
            "columns": columns.collect::<serde_json::Map<_, Value>>(),
        });
        Ok(self.writer.finish(&description)?)
    }
}

fn kind_named(name: &Value) -> Option<Kind> {
    [Kind::Number, Kind::Category, Kind::Date].into_iter().find(|kind| *name == kind.to_string())
}

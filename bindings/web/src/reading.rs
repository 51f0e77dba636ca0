//! How a table of the user is read: what a request says, and the words that it means.

use ann_table::{Kind, Reader, Table};

use crate::error::{Error, Result, check_limit};
use crate::fields::Fields;
use crate::limits;
use crate::source::{kind_name, kind_named, read_names};
use crate::value::Value;

/// What `ann train` calls `--missing-in`, `--as` and `--ignore`, and columns with many odd cells.
#[derive(Clone, Debug)]
pub struct Reading {
    reader: Reader,
    /// Columns in which every cell of another kind is missing.
    coerced: Vec<(String, Kind)>,
}

impl Reading {
    /// From a request.
    pub fn of(mut fields: Fields) -> Result<Self> {
        let missing_in = read_missing(fields.entries("missing")?)?;
        let kinds = read_kinds(fields.entries("as")?)?;
        let coerced = read_kinds(fields.entries("coerce")?)?;
        let ignore = read_names(fields.list("ignore")?)?;
        fields.finish()?;
        Ok(Self { reader: Reader { missing_in, kinds, ignore, ..Reader::default() }, coerced })
    }

    /// The table, and a reader that reads the same table of this text: with a word for each odd cell.
    pub fn read(self, text: &[u8]) -> Result<(Table, Reader)> {
        let mut reader = self.reader;
        for (column, kind) in &self.coerced {
            let words = odd_words(&reader, column, *kind, text)?;
            reader.missing_in.extend(words.into_iter().map(|word| (column.clone(), word)));
        }
        Ok((reader.read(text)?, reader))
    }
}

/// The different cells of a column that are not of this kind.
fn odd_words(reader: &Reader, column: &str, kind: Kind, text: &[u8]) -> Result<Vec<String>> {
    let kinds = vec![(column.to_owned(), Kind::Category)];
    let alone = Reader { kinds, only: vec![column.to_owned()], ignore: Vec::new(), ..reader.clone() };
    // A word that is missing in another column says nothing of this one.
    let missing_in = reader.missing_in.iter().filter(|(name, _)| name == column).cloned().collect();
    let table = Reader { missing_in, ..alone }.read(text)?;
    let has_decimal_comma = kind == Kind::Number && reader.dialect(text)?.decimal_comma;
    let is_odd = |word: &&str| match has_decimal_comma {
        true => word.contains('.') || kind.cell(&word.replace(',', ".")).is_none(),
        false => kind.cell(word).is_none(),
    };
    let words: Vec<String> = table.column(column)?.words().filter(is_odd).map(str::to_owned).collect();
    let what = format!("different cells of {column:?} that are no {}", kind_name(kind));
    check_limit(&what, words.len(), limits::WORDS)?;
    Ok(words)
}

/// Words for missing values: pairs of a column and a word.
fn read_missing(entries: Vec<(String, Value)>) -> Result<Vec<(String, String)>> {
    let mut missing = Vec::new();
    for (column, words) in entries {
        let Value::List(words) = words else {
            let message = format!("what is missing in {column:?} is {words}, expected a list of words");
            return Err(Error::request(message));
        };
        missing.extend(read_names(words)?.into_iter().map(|word| (column.clone(), word)));
    }
    Ok(missing)
}

fn read_kinds(entries: Vec<(String, Value)>) -> Result<Vec<(String, Kind)>> {
    let read = |(column, kind): (String, Value)| {
        let named = if let Value::Text(name) = &kind { kind_named(name) } else { None };
        let expected = "expected number, category or date";
        let wrong = || Error::request(format!("the kind of {column:?} is {kind}, {expected}"));
        named.map(|named| (column.clone(), named)).ok_or_else(wrong)
    };
    entries.into_iter().map(read).collect()
}

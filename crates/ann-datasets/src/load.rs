//! From a file, or from anything that can be read, to a dataset.

use std::{fs::File, io, path::Path};

use crate::columns::{Header, Role};
use crate::{Column, Dataset, Error, Result, Target, read_tab, table};

/// Reads the file at `path`: with [`read_csv`] when its name ends in `.csv`, with [`read_tab`] when it ends in `.tab` or `.tsv`.
///
/// ```no_run
/// use ann_datasets::{Dataset, load};
///
/// let flowers: Dataset = load("flowers.csv", "species")?; // labels
/// let houses: Dataset<f64> = load("houses.tab", "price")?; // numbers
/// # Ok::<(), ann_datasets::Error>(())
/// ```
///
/// # Errors
/// Those of the reader, and those of opening the file; each names `path`. Another ending of the name is an error too.
pub fn load<T: Target>(path: impl AsRef<Path>, target: impl Into<Column>) -> Result<Dataset<T>> {
    let path = path.as_ref();
    read_file(path, target.into())
        .map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
}

fn read_file<T: Target>(path: &Path, target: Column) -> Result<Dataset<T>> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let open = || File::open(path).map_err(|error| Error::Read { error });
    match extension.as_str() {
        "csv" => read_csv(open()?, target),
        "tab" | "tsv" => read_tab(open()?, target),
        _ => Err(Error::UnknownExtension { found: extension }),
    }
}

/// Reads comma-separated text: UTF-8 with or without byte order mark, any line ends, cells quoted where needed.
///
/// The first line names the columns. `target` becomes the targets, every other column a feature.
/// Blank lines and blanks around a cell are ignored.
///
/// # Errors
/// Every [`Error`] about text, header, columns and cells, with line and column.
pub fn read_csv<T: Target>(input: impl io::Read, target: impl Into<Column>) -> Result<Dataset<T>> {
    let rows = table::read_rows(input, b',')?;
    let (first, data) = rows.split_first().ok_or(Error::Empty)?;
    let columns = first.cells().map(|cell| (cell.to_owned(), Role::Feature)).collect();
    Header::new(columns, first.line)?.dataset(data, &target.into())
}

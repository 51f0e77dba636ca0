//! From a file, or from anything that can be read, to a dataset.

use std::{fs::File, io, path::Path};

use ann_table::rows::Rows;
use ann_table::{Error as TableError, Header};

use crate::{Column, Dataset, Error, Result, TargetCell, columns};

/// Reads the file at `path`: with [`read_csv`] if its name ends in `.csv`, with
/// [`read_tab`] if it ends in `.tab` or `.tsv`.
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
/// Errors of the reader and of opening the file; each names `path`. A name
/// with another ending is an error too.
pub fn load<T: TargetCell>(path: impl AsRef<Path>, target: impl Into<Column>) -> Result<Dataset<T>> {
    let path = path.as_ref();
    read_file(path, target.into())
        .map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
}

fn read_file<T: TargetCell>(path: &Path, target: Column) -> Result<Dataset<T>> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let open = || File::open(path).map_err(|error| TableError::Read { error });
    match extension.as_str() {
        "csv" => read_csv(open()?, target),
        "tab" | "tsv" => read_tab(open()?, target),
        _ => Err(Error::UnknownExtension { found: extension }),
    }
}

/// Reads comma-separated text: UTF-8 with or without byte order mark, any line ends.
///
/// The header names the columns. It has one of Orange's forms:
/// - one line of names: `x,y,species`;
/// - one line of names with prefixes: `C#x`, `cD#species`, `i#row`. A capital letter is the type
///   (`C` or `N` continuous, `D` discrete, `S` string, `T` time), small letters are flags
///   (`c` class, `m` meta, `i` ignore, `w` weight);
/// - three lines: names, then types (`continuous`, `discrete` or a list of values, `string`, `time`,
///   or their first letters), then flags (`class`, `meta`, `ignore`, `weight`, or their first
///   letters). The third line may be blank.
///
/// `target` becomes the targets. Every other column is a feature, except columns with a flag
/// (class, meta, ignore, weight) and columns of type string. So `i#` before a name leaves a column
/// out. Features must be numbers, whatever their type. So a discrete column of words is an error:
/// ignore it, or convert it to numbers.
///
/// Blank lines, and blanks around a cell, are ignored. A cell is put in quotes if it holds a comma, a line
/// break, or a quote at its beginning; quotes inside it are then written twice. A cell is missing when it is
/// empty or `?`. A label `NA` is an ordinary label.
///
/// A file without a header is an error, as far as this can be detected. The first line looks like data when
/// every feature has a number for a name, and the name of the target is also one of its labels or each number
/// is within a factor of ten of the numbers in its column. Numbers that increase are accepted as names:
/// `0,1,2,label`, years, wavelengths. A prefix, as in `C#5.1`, marks a name.
///
/// # Errors
/// Every [`Error`] about text, header, columns and cells, with line and column.
pub fn read_csv<T: TargetCell>(input: impl io::Read, target: impl Into<Column>) -> Result<Dataset<T>> {
    read(input, ',', &target.into())
}

/// Reads an Orange .tab file: tab-separated text, otherwise in the format that [`read_csv`] describes.
///
/// ```
/// use ann_datasets::{Column, Dataset, read_tab};
///
/// let three_lines = "x\tspecies\ncontinuous\tdiscrete\n\tclass\n1.5\toak\n2.5\telm\n";
/// let prefixes = "C#x\tcD#species\n1.5\toak\n2.5\telm\n";
/// let trees: Dataset = read_tab(three_lines.as_bytes(), Column::Class)?;
/// assert_eq!(trees, read_tab(prefixes.as_bytes(), "species")?);
/// # Ok::<(), ann_datasets::Error>(())
/// ```
///
/// # Errors
/// Every [`Error`] about text, header, columns and cells, with line and column.
pub fn read_tab<T: TargetCell>(input: impl io::Read, target: impl Into<Column>) -> Result<Dataset<T>> {
    read(input, '\t', &target.into())
}

fn read<T: TargetCell>(input: impl io::Read, separator: char, target: &Column) -> Result<Dataset<T>> {
    let mut rows = Rows::new(input, separator).map_err(with_functions)?;
    let header = Header::read(&mut rows)?;
    columns::dataset(&header, &mut rows, target)
}

/// Names the functions that read other separators.
fn with_functions(error: TableError) -> Error {
    match error {
        TableError::WrongSeparator { line, header, found, expected } => {
            Error::WrongSeparator { line, header, found, expected }
        }
        other => other.into(),
    }
}

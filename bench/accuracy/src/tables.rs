//! The tables: which ones a command names, what is in them, and which rows are trained on.

use std::path::{Path, PathBuf};

use ann_accuracy::exchange::Assignment;
use ann_table::{Kind, Schema, SchemaOptions, Table as Data, Target, TargetValues};
use ann_train::splits::{Split, hold_out};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// Share of the rows that are predicted.
const TEST: f64 = 0.3;
/// Number of splits, and of those of a table of more than [`LARGE`] rows.
const SPLITS: usize = 5;
const SPLITS_OF_LARGE: usize = 3;
const LARGE: usize = 10_000;

/// The files that the arguments name: tables of the folder `shipped` by their names, files, and all tables of
/// a folder. Without arguments, all shipped tables. The paths are absolute, because runners may be in other
/// folders.
///
/// # Errors
/// There is no such table, or a folder without tables.
pub fn find(arguments: &[String], shipped: &Path) -> Result<Vec<PathBuf>> {
    if arguments.is_empty() {
        return inside(shipped);
    }
    let found = arguments.iter().map(|argument| named(argument, shipped)).collect::<Result<Vec<_>>>()?;
    let absolute = |path: &PathBuf| path.canonicalize().with_context(|| path.display().to_string());
    found.iter().flatten().map(absolute).collect()
}

/// The tables that one argument names.
fn named(argument: &str, shipped: &Path) -> Result<Vec<PathBuf>> {
    let path = PathBuf::from(argument);
    if path.is_dir() {
        return inside(&path);
    }
    if path.exists() {
        return Ok(vec![path]);
    }
    let by_name = shipped.join(format!("{argument}.csv.gz"));
    if !by_name.exists() {
        let known: Vec<_> = inside(shipped)?.iter().map(|path| name(path)).collect();
        bail!("{argument:?} is no file and no folder; the shipped tables are {}", known.join(", "));
    }
    Ok(vec![by_name])
}

/// The tables of a folder, sorted.
fn inside(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("could not read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".csv") || name.ends_with(".csv.gz") {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "{} holds no .csv and no .csv.gz", folder.display());
    found.sort();
    Ok(found)
}

/// The name of a table: that of its file without endings.
fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.split(".csv").next().unwrap_or_default().to_owned()
}

/// A table whose last column is predicted.
#[derive(Debug)]
pub struct Table {
    pub description: Description,
    pub truth: Truth,
    path: PathBuf,
    data: Data,
    target: String,
    /// The rows whose target is known, by their number in the file.
    rows: Vec<usize>,
}

/// What a table is, for readers of the results.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Description {
    pub name: String,
    pub rows: usize,
    /// Columns of numbers, without the target.
    pub numbers: usize,
    /// Columns of words, without the target.
    pub words: usize,
    /// Number of classes; `None` if numbers are predicted.
    pub classes: Option<usize>,
    /// Whether it is a file of `bench/tables`.
    pub shipped: bool,
}

/// The targets of all rows in which they are known.
#[derive(Debug)]
pub enum Truth {
    Classes { names: Vec<String>, rows: Vec<usize> },
    Numbers(Vec<f64>),
}

impl Table {
    /// Reads a file. Those of the folder `shipped` are known to every reader of the results. Both paths are
    /// absolute.
    ///
    /// # Errors
    /// It is no table, or its last column is no target.
    pub fn open(path: &Path, shipped: &Path) -> Result<Self> {
        let place = || path.display().to_string();
        let data = Data::open(path).with_context(place)?;
        let last = data.columns().last().context("a table has columns")?;
        let target = last.name().to_owned();
        let rows: Vec<usize> = (0..data.rows()).filter(|&row| !last.is_missing(row)).collect();
        let truth = Truth::of(&data.select(&rows), &target).with_context(place)?;
        let of_kind = |kind: fn(Kind) -> bool| {
            data.columns().iter().filter(|column| column.name() != target && kind(column.kind())).count()
        };
        let description = Description {
            name: name(path),
            rows: rows.len(),
            numbers: of_kind(|kind| kind != Kind::Category),
            words: of_kind(|kind| kind == Kind::Category),
            classes: truth.classes().map(<[String]>::len),
            shipped: path.parent() == Some(shipped),
        };
        Ok(Self { description, truth, path: path.to_owned(), data, target, rows })
    }

    /// Number of splits, at most `most`.
    pub fn splits(&self, most: Option<usize>) -> usize {
        let usual = if self.rows.len() > LARGE { SPLITS_OF_LARGE } else { SPLITS };
        most.map_or(usual, |most| most.min(usual))
    }

    /// The split with this number, as positions in [`Truth`]: 30% of the rows are predicted, of each class
    /// the same share. The number is the seed of [`hold_out`].
    ///
    /// # Errors
    /// There are too few rows.
    pub fn split(&self, number: usize) -> Result<Split> {
        let split = match &self.truth {
            Truth::Classes { rows, .. } => hold_out(rows, TEST, number as u64),
            Truth::Numbers(numbers) => hold_out(&vec![(); numbers.len()], TEST, number as u64),
        };
        split.with_context(|| format!("{} cannot be split", self.description.name))
    }

    /// A split as all systems get it.
    pub fn assignment(&self, number: usize, split: &Split, copy: &Path) -> Assignment {
        let in_file = |positions: &[usize]| positions.iter().map(|&position| self.rows[position]).collect();
        let features = self.data.columns().iter().filter(|column| column.name() != self.target);
        let words = features.filter(|column| column.kind() == Kind::Category);
        Assignment {
            table: self.path.clone(),
            copy: copy.to_owned(),
            target: self.target.clone(),
            classes: self.description.classes.is_some(),
            words: words.map(|column| column.name().to_owned()).collect(),
            seed: number as u64,
            train: in_file(&split.train),
            test: in_file(&split.test),
        }
    }

    /// The cell of the target at a position in [`Truth`], as it is in the copy.
    pub fn target_cell(&self, position: usize) -> String {
        self.data.column(&self.target).map_or(String::new(), |column| cell(column, self.rows[position]))
    }

    /// Writes all rows as plain CSV.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let context = || format!("could not write {}", path.display());
        let mut file = csv::Writer::from_path(path).with_context(context)?;
        file.write_record(self.data.columns().iter().map(ann_table::Column::name)).with_context(context)?;
        for row in 0..self.data.rows() {
            file.write_record(self.data.columns().iter().map(|column| cell(column, row)))
                .with_context(context)?;
        }
        file.flush().with_context(context)
    }
}

/// A cell of the copy.
fn cell(column: &ann_table::Column, row: usize) -> String {
    match (column.kind(), column.number(row)) {
        (Kind::Date, Some(seconds)) => seconds.to_string(),
        _ => column.text(row),
    }
}

impl Truth {
    fn of(data: &Data, target: &str) -> Result<Self> {
        let options = SchemaOptions::default();
        let schema = Schema::learn(data, &[target], &options)?;
        match (schema.targets(data)?, schema.target) {
            (TargetValues::Classes(rows), Target::Classes { classes: names, .. }) => {
                Ok(Self::Classes { names, rows })
            }
            (TargetValues::Numbers(numbers), _) => Ok(Self::Numbers(numbers.iter().copied().collect())),
            _ => bail!("{target:?}, the last column, holds neither classes nor numbers"),
        }
    }

    /// The classes, if classes are predicted.
    pub fn classes(&self) -> Option<&[String]> {
        match self {
            Self::Classes { names, .. } => Some(names),
            Self::Numbers(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn tables_are_named_or_files_or_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let shipped = root.join("shipped");
        fs::create_dir(&shipped).unwrap();
        for file in ["shipped/b.csv.gz", "shipped/a.csv.gz", "shipped/README.md", "mine.csv"] {
            fs::write(root.join(file), "").unwrap();
        }
        let found = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
            find(&arguments, &shipped).map(|paths| paths.iter().map(|path| name(path)).collect::<Vec<_>>())
        };
        let [mine, all] = [root.join("mine.csv"), shipped.clone()].map(|path| path.display().to_string());
        assert_eq!(found(&[]).unwrap(), ["a", "b"]);
        assert_eq!(found(&["b", &mine]).unwrap(), ["b", "mine"]);
        assert_eq!(found(&[&all]).unwrap(), ["a", "b"]);
        let error = found(&["c"]).unwrap_err().to_string();
        assert_eq!(error, "\"c\" is no file and no folder; the shipped tables are a, b");
    }

    /// Ours reads the table, other systems read the copy. Both get the same numbers of rows.
    #[test]
    fn the_copy_has_the_rows_of_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let [path, copy] = ["own.csv", "copy.csv"].map(|name| folder.path().join(name));
        fs::write(&path, "city;size;sold;plan\nBonn;1,5;2024-01-01;a\n\"x, y\";?;;b\nBonn;2;;?\nNA;3;;b\n")
            .unwrap();
        let table = Table::open(&path, folder.path()).unwrap();
        let expected = Description {
            name: "own".into(),
            rows: 3,
            numbers: 2,
            words: 1,
            classes: Some(2),
            shipped: true,
        };
        assert_eq!(table.description, expected);

        table.copy_to(&copy).unwrap();
        let text = "city,size,sold,plan\nBonn,1.5,1704067200,a\n\"x, y\",,,b\nBonn,2,,\nNA,3,,b\n";
        assert_eq!(fs::read_to_string(&copy).unwrap(), text);

        // The row without a target belongs to no split.
        let assignment = table.assignment(4, &Split { train: vec![0, 2], test: vec![1] }, &copy);
        assert_eq!((assignment.train, assignment.test, assignment.seed), (vec![0, 3], vec![1], 4));
        assert_eq!((assignment.words, assignment.target.as_str()), (vec!["city".to_owned()], "plan"));
        assert_eq!([0, 1, 2].map(|position| table.target_cell(position)), ["a", "b", "b"]);
    }

    #[test]
    fn three_tenths_are_predicted_in_five_splits_or_three() {
        for (rows, splits) in [(100, 5), (10_000, 5), (10_001, 3)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("numbers.csv");
            let lines = (0..rows).map(|row| format!("{},{}.5\n", row % 7, row * row));
            fs::write(&path, "x,y\n".to_owned() + &lines.collect::<String>()).unwrap();
            let table = Table::open(&path, folder.path()).unwrap();
            assert_eq!(
                (table.splits(None), table.splits(Some(2)), table.splits(Some(9))),
                (splits, 2, splits)
            );
            let [first, again, second] = [0, 0, 1].map(|number| table.split(number).unwrap());
            assert_eq!(first.test.len(), (0.3 * f64::from(rows)).round() as usize);
            assert!(first == again && first != second);
        }
    }

    #[test]
    fn the_readme_of_the_shipped_tables_describes_each_of_them() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tables").canonicalize().unwrap();
        let readme = fs::read_to_string(shipped.join("README.md")).unwrap();
        let paths = find(&[], &shipped).unwrap();
        for path in &paths {
            let Description { name, rows, numbers, words, classes, .. } =
                Table::open(path, &shipped).unwrap().description;
            let target = classes.map_or_else(|| "number".to_owned(), |classes| format!("{classes} classes"));
            let thousands =
                if rows < 1000 { rows.to_string() } else { format!("{} {:03}", rows / 1000, rows % 1000) };
            let line = format!("\n| `{name}` | {thousands} | {} | {target} |", numbers + words);
            assert!(readme.contains(&line), "bench/tables/README.md has no line {line:?}");
            // Bytes 4 to 7 are the date of a gzip file.
            assert_eq!(fs::read(path).unwrap()[4..8], [0; 4], "{name} is not packed by gzip -n");
        }
        assert_eq!(readme.matches("\n| `").count(), paths.len());
    }
}

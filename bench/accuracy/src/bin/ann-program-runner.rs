//! The program `ann` as a runner of `cargo xtask accuracy`: for each assignment it writes the rows to train
//! on and the rows to predict as CSV, and runs `ann train` and `ann predict` as anybody would.

use std::env;
use std::path::Path;
use std::process::Command;

use ann_accuracy::exchange::{Answer, Assignment, serve};
use ann_tabular::Table;
use ann_tabular::ann_table::Column;
use anyhow::{Context, Result, ensure};
use csv::{Reader, StringRecord, Writer};

fn main() -> Result<()> {
    serve("ann-program", work)
}

/// Learns from the rows to train on, and predicts the others. All files are beside that of the assignment.
fn work(assignment: &Assignment, path: &Path) -> Result<Answer> {
    let table = Table::open(&assignment.table)?;
    let [train, test, model, predicted] =
        ["train.csv", "test.csv", "ann", "predicted.csv"].map(|ending| path.with_extension(ending));
    let target = &assignment.target;
    write(&table.select(&assignment.train), &train)?;
    let rows = table.select(&assignment.test);
    write(&rows, &test)?;
    let seed = assignment.seed.to_string();
    let learn = ["-t", target, "--seed", &seed, "--no-score", "--quiet", "--force", "-o"];
    run(ann()?.arg("train").arg(&train).args(learn).arg(&model))?;
    let all = if assignment.classes { &["--probabilities"][..] } else { &[] };
    let regions = ["--keep", "none", "--intervals", "0.9", "--quiet", "--force", "-o"];
    run(ann()?.arg("predict").arg(&model).arg(&test).args(all).args(regions).arg(&predicted))?;
    let target = rows.column(target)?;
    let truth = (0..rows.rows()).map(|row| target.text(row)).collect();
    read(&predicted, assignment.classes, truth)
}

/// Writes a table as CSV.
fn write(table: &Table, path: &Path) -> Result<()> {
    let mut writer =
        Writer::from_path(path).with_context(|| format!("could not write {}", path.display()))?;
    writer.write_record(table.columns().iter().map(Column::name))?;
    for row in 0..table.rows() {
        writer.write_record(table.columns().iter().map(|column| column.text(row)))?;
    }
    Ok(writer.flush()?)
}

/// The program, which cargo builds into the folder of this one.
fn ann() -> Result<Command> {
    let folder = env::current_exe().context("could not find the folder of this program")?;
    let program = folder.with_file_name(format!("ann{}", env::consts::EXE_SUFFIX));
    ensure!(program.exists(), "{} is missing; `cargo xtask accuracy` builds it", program.display());
    Ok(Command::new(program))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}

/// Reads predictions. Of classes, the first column is the predicted one, and the last one the set; of numbers
/// the ends of the interval follow.
fn read(path: &Path, has_classes: bool, truth: Vec<String>) -> Result<Answer> {
    let mut reader = Reader::from_path(path)?;
    let columns = reader.headers()?.len();
    let classes: Vec<String> = match has_classes {
        true => reader.headers()?.iter().skip(1).take(columns - 2).map(str::to_owned).collect(),
        false => vec![],
    };
    let records = reader.records().collect::<csv::Result<Vec<StringRecord>>>()?;
    let width = if has_classes { classes.len() } else { columns };
    let numbers = |record: &StringRecord| -> Result<Vec<f64>> {
        let cells = record.iter().skip(usize::from(has_classes)).take(width);
        cells.map(|cell| Ok(cell.parse()?)).collect()
    };
    let mut values = records.iter().map(numbers).collect::<Result<Vec<_>>>()?;
    let (mut sets, mut intervals) = (None, None);
    if has_classes {
        let set = |record: &StringRecord| -> Vec<bool> {
            let set: Vec<&str> = record[columns - 1].split('|').collect();
            classes.iter().map(|class| set.contains(&class.as_str())).collect()
        };
        sets = Some(records.iter().map(set).collect());
    } else {
        intervals = Some(values.iter().map(|row| [row[1], row[2]]).collect());
        values.iter_mut().for_each(|row| row.truncate(1));
    }
    Ok(Answer { truth, classes, values, intervals, sets })
}

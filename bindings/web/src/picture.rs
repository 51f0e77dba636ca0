//! Pictures as numbers: every unit and output over two columns, or over one.

use ann_table::{Cell, Encoding, Kind, Table};
use ann_train::ann_core::ndarray::{Array2, Axis, Slice};

use crate::error::{Code, Error, Result, check_limit, check_size};
use crate::lab::Lab;
use crate::limits;

/// Which units a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Hidden units, then outputs.
    All,
    /// Hidden units alone.
    Hidden,
    /// Outputs alone.
    Outputs,
}

/// Numbers of one picture after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// Points on a side.
    pub points: usize,
    /// From the lowest to the highest value of each axis.
    pub ranges: Vec<[f64; 2]>,
    /// Units of each hidden layer that is shown.
    pub hidden: Vec<usize>,
    /// Number of outputs that are shown.
    pub outputs: usize,
    /// points² or points numbers for each unit.
    pub numbers: Vec<f64>,
}

/// Points that are computed together, so that memory does not grow with the picture.
const BLOCK: usize = 4096;

/// The cell of a column outside the axes: the median or the most frequent word.
#[derive(Clone, Debug)]
enum Typical {
    Number(f64),
    Word(String),
    Missing,
}

impl Typical {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Number(number) => Cell::Number(*number),
            Self::Word(word) => Cell::Word(word),
            Self::Missing => Cell::Missing,
        }
    }
}

impl Lab {
    /// Maps over two columns: the first row of a picture has the highest value of the second axis.
    pub fn map(
        &self,
        axes: [usize; 2],
        points: usize,
        ranges: Option<[[f64; 2]; 2]>,
        shown: Shown,
    ) -> Result<Pictures> {
        check_size("points on a side of a map", points, limits::POINTS)?;
        let ranges = ranges.map_or_else(|| Ok([self.range(axes[0])?, self.range(axes[1])?]), check_ranges)?;
        let centre =
            |[low, high]: [f64; 2], cell: usize| low + (high - low) * (cell as f64 + 0.5) / points as f64;
        let cells = |point: usize| {
            let (row, column) = (point / points, point % points);
            [(axes[0], centre(ranges[0], column)), (axes[1], centre(ranges[1], points - 1 - row))]
        };
        self.pictures(points, points * points, ranges.to_vec(), cells, shown)
    }

    /// Curves over one column, from the lowest to the highest value.
    pub fn curve(
        &self,
        axis: usize,
        points: usize,
        range: Option<[f64; 2]>,
        shown: Shown,
    ) -> Result<Pictures> {
        check_size("points of a curve", points, limits::POINTS * limits::POINTS)?;
        let [low, high] = range.map_or_else(|| self.range(axis), |range| Ok(check_ranges([range])?[0]))?;
        let step = (high - low) / (points - 1).max(1) as f64;
        let cells = |point: usize| [(axis, low + step * point as f64)];
        self.pictures(points, points, vec![[low, high]], cells, shown)
    }

    fn pictures<const AXES: usize>(
        &self,
        points: usize,
        all: usize,
        ranges: Vec<[f64; 2]>,
        cells: impl Fn(usize) -> [(usize, f64); AXES],
        shown: Shown,
    ) -> Result<Pictures> {
        for (axis, _) in cells(0) {
            self.check_axis(axis)?;
        }
        let network = self.network();
        let layers = network.architecture().layers();
        let (hidden, outputs) = match shown {
            Shown::All => (&layers[..layers.len() - 1], layers[layers.len() - 1].width),
            Shown::Hidden => (&layers[..layers.len() - 1], 0),
            Shown::Outputs => (&layers[..0], layers[layers.len() - 1].width),
        };
        let hidden: Vec<usize> = hidden.iter().map(|layer| layer.width).collect();
        let pictures = hidden.iter().sum::<usize>() + outputs;
        check_limit("numbers of pictures", pictures * all, limits::PICTURES)?;
        let mut numbers = vec![0.0; pictures * all];
        let (typical, width) = (self.typical_cells()?, network.architecture().input_width());
        let mut inputs = vec![0.0; self.schema.inputs()];
        for start in (0..all).step_by(BLOCK) {
            let mut x = Array2::zeros((BLOCK.min(all - start), width));
            for (point, mut x) in (start..).zip(x.rows_mut()) {
                let mut row: Vec<Cell<'_>> = typical.iter().map(Typical::cell).collect();
                for (axis, value) in cells(point) {
                    row[axis] = Cell::Number(value);
                }
                self.schema.encode_row(&row, &mut inputs)?;
                x.iter_mut().zip(&inputs).for_each(|(x, input)| *x = *input);
            }
            let mut shown = Vec::new();
            if !hidden.is_empty() {
                shown = network.activations(&x)?;
                shown.truncate(hidden.len());
            }
            if outputs > 0 {
                shown.push(self.respond(&network.forward(&x)?));
            }
            let columns = shown.iter().flat_map(|activations| activations.columns());
            for (picture, column) in columns.enumerate() {
                let numbers = &mut numbers[picture * all + start..][..column.len()];
                numbers.iter_mut().zip(column).for_each(|(number, value)| *number = *value);
            }
        }
        Ok(Pictures { points, ranges, hidden, outputs, numbers })
    }

    /// An error unless the column holds numbers or dates.
    pub(crate) fn check_axis(&self, axis: usize) -> Result<()> {
        match self.schema.columns.get(axis) {
            Some(column) if column.encoding.kind() != Kind::Category => Ok(()),
            Some(column) => {
                let name = &column.name;
                Err(Error::request(format!(
                    "the column {name:?} holds words; an axis needs numbers or dates"
                )))
            }
            None => Err(Error::request(format!("there is no column {axis} for an axis"))),
        }
    }

    /// The columns that a picture should begin with: the first two of numbers or dates.
    pub(crate) fn axes(&self) -> Vec<usize> {
        let axes = (0..self.schema.columns.len()).filter(|&axis| self.check_axis(axis).is_ok());
        axes.take(2).collect()
    }

    /// From the lowest to the highest value of a column, 5% wider on both sides.
    pub(crate) fn range(&self, axis: usize) -> Result<[f64; 2]> {
        self.check_axis(axis)?;
        let column = &self.schema.columns[axis];
        let learned = match &column.encoding {
            Encoding::Number(number) => [number.minimum, number.maximum],
            // The unit of a date that no table is there for.
            _ => [0.0, 1.0],
        };
        let all = self.rows.as_ref().map(|rows| rows.table.column(&column.name)).transpose()?;
        let [low, high] = match all {
            Some(all) => {
                let numbers = (0..all.len()).filter_map(|row| all.number(row));
                let ends = numbers
                    .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
                if ends[0] <= ends[1] { ends } else { learned }
            }
            None => learned,
        };
        let wider = if low < high { 0.05 * (high - low) } else { 0.5 };
        Ok([low - wider, high + wider])
    }

    /// The median, or the most frequent word, of each column of the training rows.
    fn typical_cells(&self) -> Result<Vec<Typical>> {
        let train = self.rows.as_ref().map(|rows| {
            let train: Vec<usize> = (0..rows.table.rows()).filter(|&row| !rows.is_test[row]).collect();
            (&rows.table, train)
        });
        let typical = |column: &ann_table::ColumnSchema| -> Result<Typical> {
            Ok(match (&column.encoding, &train) {
                (Encoding::Number(number), _) => Typical::Number(number.fill),
                (Encoding::Category(_), Some((table, train))) => {
                    most_frequent(table, &column.name, train)?.map_or(Typical::Missing, Typical::Word)
                }
                (Encoding::Date(_), Some((table, train))) => {
                    median(table, &column.name, train)?.map_or(Typical::Missing, Typical::Number)
                }
                (_, None) => Typical::Missing,
            })
        };
        self.schema.columns.iter().map(typical).collect()
    }

    /// The median of a column of numbers or dates.
    pub(crate) fn median(&self, axis: usize) -> Option<f64> {
        match self.typical_cells().ok()?.get(axis)? {
            Typical::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The rows for a picture: both axes, target, and whether it is a test row; four numbers for each row.
    pub fn points(&self, axes: [Option<usize>; 2]) -> Result<Vec<f64>> {
        let rows = self.rows()?;
        let column = |axis: Option<usize>| -> Result<_> {
            let Some(axis) = axis else { return Ok(None) };
            self.check_axis(axis)?;
            Ok(Some(rows.table.column(&self.schema.columns[axis].name)?))
        };
        let columns = [column(axes[0])?, column(axes[1])?];
        let targets: Vec<f64> = match self.schema.targets(&rows.table)? {
            ann_table::TargetValues::Classes(classes) => {
                classes.into_iter().map(|class| class as f64).collect()
            }
            ann_table::TargetValues::Numbers(numbers) => numbers.column(0).to_vec(),
            ann_table::TargetValues::Labels(_) => {
                return Err(Error::new(Code::Refused, "labels have no picture"));
            }
        };
        let of_row = |row: usize| {
            let [x, y] =
                columns.map(|column| column.and_then(|column| column.number(row)).unwrap_or(f64::NAN));
            [x, y, targets[row], f64::from(u8::from(rows.is_test[row]))]
        };
        Ok((0..rows.table.rows()).flat_map(of_row).collect())
    }

    /// What the network says of each row: class, its probability and whether it is a hit; or the number, the
    /// residual, and the residual in standard deviations of the target. Three numbers for each row.
    pub fn predictions(&self) -> Result<Vec<f64>> {
        let rows = self.rows()?;
        let width = self.network().architecture().input_width();
        let x = self.schema.features::<f64>(&rows.table)?;
        let outputs = self.network().forward(&x.slice_axis(Axis(1), Slice::from(..width)))?;
        let responses = self.respond(&outputs);
        Ok(match (self.schema.targets(&rows.table)?, &self.schema.target) {
            (ann_table::TargetValues::Classes(classes), _) => {
                let of_row = |(row, class): (usize, usize)| {
                    let predicted = ann_train::argmax(outputs.row(row));
                    let probability = responses[[row, predicted]];
                    [predicted as f64, probability, f64::from(u8::from(predicted == class))]
                };
                classes.into_iter().enumerate().flat_map(of_row).collect()
            }
            (ann_table::TargetValues::Numbers(numbers), _) => {
                let truth = numbers.column(0);
                let deviation = truth.std(0.0);
                let of_row = |(truth, predicted): (&f64, &f64)| {
                    [*predicted, truth - predicted, (truth - predicted) / deviation]
                };
                truth.iter().zip(responses.column(0)).flat_map(of_row).collect()
            }
            _ => return Err(Error::new(Code::Refused, "labels have no picture")),
        })
    }
}

fn check_ranges<const N: usize>(ranges: [[f64; 2]; N]) -> Result<[[f64; 2]; N]> {
    match ranges.iter().find(|[low, high]| !(low < high && (high - low).is_finite())) {
        Some([low, high]) => {
            Err(Error::request(format!("a range is {low} to {high}, expected a rising one")))
        }
        None => Ok(ranges),
    }
}

fn most_frequent(table: &Table, name: &str, rows: &[usize]) -> Result<Option<String>> {
    let column = table.column(name)?;
    let words: Vec<&str> = column.words().collect();
    let mut counts = vec![0_usize; words.len()];
    rows.iter().filter_map(|&row| column.code(row)).for_each(|code| counts[code] += 1);
    // Of equally frequent words the one that occurs first.
    let most = (0..words.len()).rev().max_by_key(|&code| counts[code]);
    Ok(most.map(|code| words[code].to_owned()))
}

fn median(table: &Table, name: &str, rows: &[usize]) -> Result<Option<f64>> {
    let column = table.column(name)?;
    let mut numbers: Vec<f64> = rows.iter().filter_map(|&row| column.number(row)).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    Ok(numbers.get(numbers.len() / 2).copied())
}

//! Tables in Parquet files.

use std::fs::File;
use std::panic::catch_unwind;
use std::path::Path;

use ::parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::Result as ParquetResult;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::schema::printer::print_schema;
use ::parquet::schema::types::ColumnDescriptor;

use crate::categories::Categories;
use crate::cell::is_missing;
use crate::header::Role;
use crate::message::quoted;
use crate::numbers::Numbers;
use crate::table::{Column, Kind, Table, Values};
use crate::{Error, Result};

/// Number of values that are read at a time.
const BATCH: usize = 4096;
/// Whole numbers up to 2⁵³ are exact in `f64`.
const LARGEST_EXACT: u128 = 1 << 53;

impl Table {
    /// Reads a Parquet file whose columns are not nested; uncompressed, or compressed by Snappy or gzip.
    ///
    /// Numbers are numbers, and missing if they are not finite; decimals are the nearest numbers; dates and
    /// timestamps are dates, to the microsecond; truth values and texts are words, and missing if they are
    /// empty or `?`. A column with a whole number above 2⁵³ holds categories. The line of a cell is its row,
    /// counted from one.
    ///
    /// # Errors
    /// The file cannot be read, a column holds something else, or two have the same name. For some damaged
    /// files the parquet crate panics, which is an error here too; the message of the panic is printed by the
    /// panic hook, and a program that aborts on panics ends.
    pub fn open_parquet(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        // The parquet crate panics for some damaged files. Nothing that it has changed outlives this call.
        let damaged = |_| Err(Error::Parquet { reason: "the file is damaged".to_owned() });
        let table = catch_unwind(|| open(path)).unwrap_or_else(damaged);
        table.map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
    }
}

fn open(path: &Path) -> Result<Table> {
    let file = File::open(path).map_err(|error| Error::Read { error })?;
    let file =
        SerializedFileReader::new(file).map_err(|error| Error::Parquet { reason: error.to_string() })?;
    let columns = file.metadata().file_metadata().schema_descr().columns();
    let read = |(index, column): (usize, &_)| Source::new(&file, index, column)?.read();
    Table::from_columns(
        columns.iter().map(|column| &**column).enumerate().map(read).collect::<Result<Vec<_>>>()?,
    )
}

/// A column of a file.
struct Source<'f> {
    file: &'f SerializedFileReader<File>,
    index: usize,
    column: &'f ColumnDescriptor,
    meaning: Meaning,
}

/// What the numbers and bytes of a column mean.
#[derive(Clone, Copy)]
enum Meaning {
    Number,
    Unsigned,
    /// Whole numbers to divide by this power of ten.
    Decimal(i32),
    /// Days since 1970.
    Date,
    /// Time since 1970, in units of which a second has this number.
    Timestamp(f64),
    Text,
}

impl Meaning {
    /// `None` for what cannot be the cells of a table.
    fn of(column: &ColumnDescriptor) -> Option<Self> {
        let decimal = || Self::Decimal(column.type_scale());
        let plain = match column.physical_type() {
            Type::BOOLEAN | Type::BYTE_ARRAY => Self::Text,
            Type::INT96 => Self::Timestamp(1e6),
            _ => Self::Number,
        };
        Some(match column.logical_type_ref() {
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Timestamp(timestamp)) => Self::Timestamp(match timestamp.unit {
                TimeUnit::MILLIS => 1e3,
                TimeUnit::MICROS => 1e6,
                TimeUnit::NANOS => 1e9,
            }),
            Some(LogicalType::Decimal(_)) => decimal(),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => Self::Unsigned,
            Some(LogicalType::Integer(_) | LogicalType::Unknown) => plain,
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Self::Text,
            Some(_) => return None,
            // Older files have converted types alone.
            None => match column.converted_type() {
                ConvertedType::NONE if column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY => return None,
                ConvertedType::NONE => plain,
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
                ConvertedType::DATE => Self::Date,
                ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp(1e3),
                ConvertedType::TIMESTAMP_MICROS => Self::Timestamp(1e6),
                ConvertedType::DECIMAL => decimal(),
                ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64 => plain,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64 => Self::Unsigned,
                _ => return None,
            },
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Number | Self::Unsigned | Self::Decimal(_) => Kind::Number,
            Self::Date | Self::Timestamp(_) => Kind::Date,
            Self::Text => Kind::Category,
        }
    }

    /// A number, or seconds since 1970. `None` for bytes that are no number.
    fn value(self, raw: Raw<'_>) -> Option<f64> {
        let number = match (self, raw) {
            (Self::Decimal(scale), Raw::Whole(whole)) => return Some(decimal(whole, scale)),
            (Self::Decimal(scale), Raw::Bytes(bytes)) => return Some(decimal(big_endian(bytes)?, scale)),
            (_, Raw::Whole(whole)) => whole as f64,
            (_, Raw::Number(number)) => number,
            (_, Raw::Bytes(_)) => return None,
        };
        Some(match self {
            Self::Number | Self::Unsigned | Self::Text | Self::Decimal(_) => number,
            Self::Date => number * 86_400.0,
            Self::Timestamp(per_second) => number / per_second,
        })
    }

    /// Whether `f64` rounds a whole number that has to be exact, because it may be a name.
    fn rounds(self, raw: &Raw<'_>) -> bool {
        let is_large = matches!(raw, Raw::Whole(whole) if whole.unsigned_abs() > LARGEST_EXACT);
        is_large && matches!(self, Self::Number | Self::Unsigned)
    }
}

/// `whole` / 10^`scale`, rounded once.
fn decimal(whole: i128, scale: i32) -> f64 {
    /// Powers of ten up to this one are exact in `f64`.
    const LARGEST_POWER: i32 = 22;
    if whole.unsigned_abs() <= LARGEST_EXACT && (0..=LARGEST_POWER).contains(&scale) {
        return whole as f64 / 10_f64.powi(scale);
    }
    format!("{whole}e{}", -i64::from(scale)).parse().expect("these are digits and an exponent")
}

impl<'f> Source<'f> {
    /// Checks that the column is not nested, and is compressed in a known way.
    fn new(file: &'f SerializedFileReader<File>, index: usize, column: &'f ColumnDescriptor) -> Result<Self> {
        let name = column.path().parts()[0].as_str();
        let refused = |found: String| {
            let reason = format!("column {} holds {found}; write the file without it", quoted(name));
            Err(Error::Parquet { reason })
        };
        if column.path().parts().len() > 1 || column.max_rep_level() > 0 {
            return refused("lists or structs, expected single values".to_owned());
        }
        let Some(meaning) = Meaning::of(column) else {
            return refused(format!("`{}`, which is no number, date or text", declared(column)));
        };
        for group in file.metadata().row_groups() {
            let found = match group.column(index).compression() {
                Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) => continue,
                Compression::LZO => "LZO",
                Compression::BROTLI(_) => "Brotli",
                Compression::LZ4 | Compression::LZ4_RAW => "LZ4",
                Compression::ZSTD(_) => "Zstandard",
            };
            let column = quoted(name);
            let reason =
                format!("column {column} is compressed by {found}, expected Snappy, gzip or no compression");
            return Err(Error::Parquet { reason });
        }
        Ok(Self { file, index, column, meaning })
    }

    fn read(&self) -> Result<Column> {
        let name = self.column.name();
        let wrong = |reason: String| Error::Parquet { reason: format!("column {}: {reason}", quoted(name)) };
        let mut cells = Cells::new(self.meaning, self.meaning.kind());
        self.fill(&mut cells).map_err(|error| wrong(error.to_string()))?;
        if cells.is_rounded {
            cells = Cells::new(self.meaning, Kind::Category);
            self.fill(&mut cells).map_err(|error| wrong(error.to_string()))?;
        }
        match cells.refused {
            Some(refused) => Err(wrong(refused)),
            None => Ok(Column::new(name.to_owned(), Role::Feature, 0, cells.values)),
        }
    }

    /// Adds the values of all groups of rows.
    fn fill(&self, cells: &mut Cells) -> ParquetResult<()> {
        let level = self.column.max_def_level();
        let is_unsigned = matches!(self.meaning, Meaning::Unsigned);
        let whole32 = |&value: &i32| if is_unsigned { (value as u32).into() } else { value.into() };
        let whole64 = |&value: &i64| if is_unsigned { (value as u64).into() } else { value.into() };
        for group in 0..self.file.num_row_groups() {
            match self.file.get_row_group(group)?.get_column_reader(self.index)? {
                ColumnReader::BoolColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Bytes(if *value { b"true" } else { b"false" }))
                }
                ColumnReader::Int32ColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Whole(whole32(value)))
                }
                ColumnReader::Int64ColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Whole(whole64(value)))
                }
                ColumnReader::Int96ColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Whole(value.to_micros().into()))
                }
                ColumnReader::FloatColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Number(f64::from(*value)))
                }
                ColumnReader::DoubleColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Number(*value))
                }
                ColumnReader::ByteArrayColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Bytes(value.data()))
                }
                ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                    each(reader, level, cells, |value| Raw::Bytes(value.data()))
                }
            }?;
        }
        Ok(())
    }
}

/// A value as the file holds it.
enum Raw<'v> {
    Number(f64),
    Whole(i128),
    Bytes(&'v [u8]),
}

/// Adds each value to the cells; a value is missing if its level is below `level`.
fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    level: i16,
    cells: &mut Cells,
    raw: impl Fn(&T::T) -> Raw<'_>,
) -> ParquetResult<()> {
    let (mut levels, mut values) = (vec![], vec![]);
    loop {
        levels.clear();
        values.clear();
        let (rows, ..) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
        if rows == 0 {
            return Ok(());
        }
        // A column that cannot have missing values has no levels.
        levels.resize(rows, level);
        let mut values = values.iter();
        for found in &levels {
            cells.add(if *found == level { values.next().map(&raw) } else { None });
        }
    }
}

/// The cells of a column while they are read.
struct Cells {
    meaning: Meaning,
    values: Values,
    /// Whether `f64` rounds one of the whole numbers.
    is_rounded: bool,
    /// Why a value cannot be a cell.
    refused: Option<String>,
}

impl Cells {
    fn new(meaning: Meaning, kind: Kind) -> Self {
        let values = match kind {
            Kind::Number => Values::Numbers(Numbers::new()),
            Kind::Date => Values::Dates(Numbers::new()),
            Kind::Category => Values::Categories(Categories::new()),
        };
        Self { meaning, values, is_rounded: false, refused: None }
    }

    /// `None` is a missing value.
    fn add(&mut self, raw: Option<Raw<'_>>) {
        match &mut self.values {
            Values::Numbers(numbers) | Values::Dates(numbers) => {
                self.is_rounded |= raw.as_ref().is_some_and(|raw| self.meaning.rounds(raw));
                let value = raw.map(|raw| self.meaning.value(raw));
                if value == Some(None) {
                    self.refused = Some("found a number of more than 128 bits".to_owned());
                }
                numbers.push(value.flatten().filter(|value| value.is_finite()));
            }
            Values::Categories(categories) => match raw {
                Some(Raw::Bytes(bytes)) => match str::from_utf8(bytes) {
                    Ok(word) => categories.push(Some(word.trim()).filter(|word| !is_missing(word))),
                    Err(_) => self.refused = Some("found bytes that are no text in UTF-8".to_owned()),
                },
                Some(Raw::Whole(whole)) => categories.push(Some(&whole.to_string())),
                Some(Raw::Number(number)) => categories.push(Some(&number.to_string())),
                None => categories.push(None),
            },
        }
    }
}

/// A whole number in two's complement; `None` if it needs more than 128 bits.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    let (high, low) = bytes.split_at(bytes.len().saturating_sub(size_of::<i128>()));
    let number = low.iter().fold(sign, |number: i128, &byte| (number << 8) | i128::from(byte));
    // The bytes above may only repeat the sign.
    let fits = high.iter().all(|&byte| byte == sign as u8) && (number < 0) == (sign < 0);
    fits.then_some(number)
}

/// The declaration of a column in the words of the Parquet format: `OPTIONAL INT32 x (TIME(MILLIS,false))`.
fn declared(column: &ColumnDescriptor) -> String {
    let mut text = vec![];
    print_schema(&mut text, column.self_type());
    String::from_utf8_lossy(&text).trim_end().trim_end_matches(';').to_owned()
}

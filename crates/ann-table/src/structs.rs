//! Rows that are structs of Rust.

use std::collections::HashMap;
use std::fmt::{self, Display};

use serde_core::ser::{self, Impossible, SerializeMap, SerializeStruct};
use serde_core::{Serialize, Serializer};

use crate::header::Role;
use crate::table::{Column, Table, Values};
use crate::{Error, Result, date};

impl Table {
    /// A table of structs that serde can serialize, one for each row: a column for each field.
    ///
    /// Numbers are numbers, and missing if they are not finite. Texts, characters, `true` and `false`,
    /// variants of an enum without data, and whole numbers above 2⁵³ are words, and missing if they are
    /// empty. `None` is missing. A column with a word holds categories; or dates, if all its words are dates,
    /// as `2024-02-29`.
    ///
    /// ```
    /// use ann_table::{Kind, Table};
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Flower {
    ///     sepal: f64,
    ///     species: String,
    ///     age: Option<u32>,
    /// }
    ///
    /// let flowers = [Flower { sepal: 5.1, species: "setosa".into(), age: None }];
    /// let table = Table::from_rows(&flowers)?;
    /// assert_eq!(table.column("sepal")?.number(0), Some(5.1));
    /// assert_eq!(table.column("species")?.kind(), Kind::Category);
    /// assert!(table.column("age")?.is_missing(0));
    /// # Ok::<(), ann_table::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no row, a row is no struct (or map of texts), or a field holds several values.
    pub fn from_rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self> {
        let (mut fields, mut count) = (Fields::default(), 0);
        for row in rows {
            count += 1;
            let wrong = |reason: Refusal| Error::WrongRow { row: count, reason: reason.to_string() };
            let Value::Row(cells) = row.serialize(ValueSerializer).map_err(wrong)? else {
                return Err(wrong(Refusal::Found("a single value")));
            };
            for (name, value) in cells {
                fields.add(name, value, count).map_err(wrong)?;
            }
        }
        Self::from_columns(fields.columns.into_iter().map(|(name, values)| column(name, values, count)))
    }
}

/// The values of each field, in the order in which fields occur first.
#[derive(Default)]
struct Fields {
    columns: Vec<(String, Vec<Value>)>,
    positions: HashMap<String, usize>,
}

impl Fields {
    /// Adds a value of a row, counted from one. Rows that lack the field have missing values.
    fn add(&mut self, name: String, value: Value, row: usize) -> Result<(), Refusal> {
        if matches!(value, Value::Row(_)) {
            return Err(Refusal::Found("a struct").in_field(&name));
        }
        let position = *self.positions.entry(name).or_insert_with_key(|name| {
            self.columns.push((name.clone(), vec![]));
            self.columns.len() - 1
        });
        let values = &mut self.columns[position].1;
        values.resize(row - 1, Value::Missing);
        values.push(value);
        Ok(())
    }
}

/// A column of numbers; or of dates, if all words are dates; or of words.
fn column(name: String, mut values: Vec<Value>, rows: usize) -> Column {
    values.resize(rows, Value::Missing);
    let words = || values.iter().map(Value::word);
    let is_date = |word: &str| date::parse(word).is_some();
    if values.iter().all(|value| matches!(value, Value::Missing | Value::Number(_))) {
        let number = |value: &Value| if let Value::Number(number) = value { *number } else { f64::NAN };
        Column::of_numbers(name, values.iter().map(number))
    } else if words().any(|word| word.is_some()) && words().flatten().all(|word| is_date(&word)) {
        let dates = words().map(|word| date::parse(&word?));
        Column::new(name, Role::Feature, 0, Values::Dates(dates.collect()))
    } else {
        Column::of_words(name, words().map(Option::unwrap_or_default))
    }
}

/// What a row or a field holds.
#[derive(Clone, Debug)]
enum Value {
    Missing,
    Number(f64),
    Word(String),
    Row(Vec<(String, Value)>),
}

impl Value {
    /// Whole numbers above 2⁵³, which `f64` rounds, are names.
    fn whole(number: impl Copy + Display + TryInto<i64>) -> Self {
        const LARGEST_EXACT: u64 = 1 << 53;
        match number.try_into() {
            Ok(whole) if whole.unsigned_abs() <= LARGEST_EXACT => Self::Number(whole as f64),
            _ => Self::Word(number.to_string()),
        }
    }

    fn word(&self) -> Option<String> {
        match self {
            Self::Number(number) if number.is_finite() => Some(number.to_string()),
            Self::Word(word) if !word.is_empty() => Some(word.clone()),
            _ => None,
        }
    }
}

/// Why a row cannot be part of a table.
#[derive(Debug)]
enum Refusal {
    /// There is something that is neither one value nor a row.
    Found(&'static str),
    /// A field holds it.
    Field(String),
    /// What the type itself says.
    Custom(String),
}

impl Refusal {
    fn in_field(self, name: &str) -> Self {
        let found = match self {
            Self::Found(found) => found,
            Self::Field(_) => "a struct",
            Self::Custom(message) => return Self::Custom(format!("field {name:?}: {message}")),
        };
        Self::Field(format!(
            "field {name:?} holds {found}, expected a number, a text, true, false or nothing"
        ))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(found) => write!(f, "found {found}, expected a struct"),
            Self::Field(message) | Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

/// Collects the fields of a struct, or the entries of a map of texts.
#[derive(Default)]
struct RowSerializer {
    cells: Vec<(String, Value)>,
    key: String,
}

impl RowSerializer {
    fn add<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Refusal> {
        let value = value.serialize(ValueSerializer).map_err(|error| error.in_field(&name))?;
        self.cells.push((name, value));
        Ok(())
    }
}

impl SerializeStruct for RowSerializer {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.add(name.to_owned(), value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(Value::Row(self.cells))
    }
}

impl SerializeMap for RowSerializer {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = key.serialize(ValueSerializer)?.word().unwrap_or_default();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let name = std::mem::take(&mut self.key);
        self.add(name, value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(Value::Row(self.cells))
    }
}

/// Makes a [`Value`] of anything that is one value, or a row.
struct ValueSerializer;

/// `name: type => value` for types that are one value.
macro_rules! values {
    ($($name:ident: $type:ty => $value:expr;)*) => {
        $(fn $name(self, value: $type) -> Result<Value, Refusal> {
            let of: fn($type) -> Value = $value;
            Ok(of(value))
        })*
    };
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = Refusal;
    type SerializeSeq = Impossible<Value, Refusal>;
    type SerializeTuple = Impossible<Value, Refusal>;
    type SerializeTupleStruct = Impossible<Value, Refusal>;
    type SerializeTupleVariant = Impossible<Value, Refusal>;
    type SerializeMap = RowSerializer;
    type SerializeStruct = RowSerializer;
    type SerializeStructVariant = Impossible<Value, Refusal>;

    values! {
        serialize_bool: bool => |value| Value::Word(value.to_string());
        serialize_char: char => |value| Value::Word(value.to_string());
        serialize_str: &str => |value| Value::Word(value.trim().to_owned());
        serialize_f32: f32 => |value| Value::Number(value.into());
        serialize_f64: f64 => Value::Number;
        serialize_i8: i8 => Value::whole;
        serialize_i16: i16 => Value::whole;
        serialize_i32: i32 => Value::whole;
        serialize_i64: i64 => Value::whole;
        serialize_i128: i128 => Value::whole;
        serialize_u8: u8 => Value::whole;
        serialize_u16: u16 => Value::whole;
        serialize_u32: u32 => Value::whole;
        serialize_u64: u64 => Value::whole;
        serialize_u128: u128 => Value::whole;
        serialize_unit_struct: &'static str => |name| Value::Word(name.to_owned());
    }

    fn serialize_none(self) -> Result<Value, Refusal> {
        Ok(Value::Missing)
    }

    fn serialize_unit(self) -> Result<Value, Refusal> {
        Ok(Value::Missing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Refusal> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Refusal> {
        Ok(Value::Word(variant.to_owned()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<RowSerializer, Refusal> {
        Ok(RowSerializer::default())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<RowSerializer, Refusal> {
        Ok(RowSerializer::default())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Value, Refusal> {
        Err(Refusal::Found("bytes"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Refusal> {
        Err(Refusal::Found("a list"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Refusal> {
        Err(Refusal::Found("a tuple"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Refusal> {
        Err(Refusal::Found("a tuple"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Value, Refusal> {
        Err(Refusal::Found("a variant with data"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Refusal> {
        Err(Refusal::Found("a variant with data"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Refusal> {
        Err(Refusal::Found("a variant with data"))
    }
}

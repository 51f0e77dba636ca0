#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod table;

mod blocks;
#[cfg(feature = "disk")]
mod disk;
mod read;
mod remarks;
mod schema;

mod dialect;
mod gzip;
mod header;
pub mod headerless;
mod kinds;
mod orange;
#[cfg(feature = "parquet")]
mod parquet;
pub mod rows;
#[cfg(feature = "serde")]
mod structs;

mod categories;
mod cell;
mod date;
mod first_line;
mod notation;
mod numbers;
mod order;
mod text;

mod error;
pub mod message;

pub use blocks::Blocks;
pub use cell::finite_number;
pub use error::{CellLocation, Error, Result};
pub use header::{Header, HeaderColumn, Role};
pub use kinds::not_a_number;
pub use notation::OtherNotation;
pub use order::sort_naturally;
pub use read::{Dialect, Reader};
pub use remarks::Remark;
pub use schema::{
    CategoryEncoding, Cell, ColumnSchema, DateEncoding, DatePart, Encoding, Ignored, IgnoredColumn,
    InputRows, LabelTarget, NumberEncoding, NumberTarget, Pieces, Schema, SchemaOptions, Target,
    TargetValues, Task,
};
pub use table::{Column, Kind, Table};

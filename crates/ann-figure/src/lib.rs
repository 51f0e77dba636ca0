#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod figure;
pub mod number;

mod check;
mod table;
// The picture, from the whole to its parts.
mod draw;
mod image;
#[cfg(feature = "png")]
mod png;

mod axis;
mod layout;
mod legend;

mod field;
mod line;
mod marks;

mod canvas;
mod style;

mod error;

#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use figure::{Axis, Figure, Mark, Panel, Scale};
pub use image::font_faces;

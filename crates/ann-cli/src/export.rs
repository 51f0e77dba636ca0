//! `ann export`: a model as a file for other programs.

use std::path::{Path, PathBuf};

use ann_export::{CArithmetic, COptions, OnnxInputs, OnnxOptions, OnnxPrecision};
use ann_tabular::Model;
use clap::{Args, ValueEnum};

use crate::data::{self, Reading, is_dash};
use crate::failure::{Result, Status};
use crate::output;
use crate::show::{counted, size};

/// Write a model for other programs: an ONNX graph, a header of C99, a module of Rust without std, or JSON
#[derive(Args, Debug)]
pub struct Export {
    /// A file that `ann train` has written
    model: PathBuf,
    /// What is written
    #[arg(long = "to", value_name = "FORMAT")]
    format: Format,
    /// The file to write; - for the standard output. Default: the name of the model with .onnx, .h, .rs or
    /// .json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file
    #[arg(long)]
    force: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    /// ONNX: numbers are encoded in double precision, and networks compute in single precision (mixed); or
    /// all in one of both
    #[arg(long, value_name = "PRECISION", default_value = "mixed")]
    precision: Precision,
    /// ONNX: an input for each column, or one matrix, if all columns are numbers
    #[arg(long, value_name = "INPUTS", default_value = "columns")]
    inputs: Inputs,
    /// C: what the networks compute with
    #[arg(long, value_name = "ARITHMETIC", default_value = "f32", requires_if("int16", "data"))]
    arithmetic: Arithmetic,
    /// C: a table with rows such as those that will be predicted, by which int16 is set and judged
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// C: begins all names. Default: the name of the model
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Onnx,
    C,
    Rust,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Precision {
    Mixed,
    F32,
    F64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Inputs {
    Columns,
    Matrix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arithmetic {
    F32,
    Int16,
}

pub fn export(options: &Export) -> Result<Status> {
    let path = options.path();
    let inputs: Vec<&Path> = [&*options.model].into_iter().chain(options.data.as_deref()).collect();
    output::check(&[("-o", &path)], &inputs, options.force)?;
    let model = data::load(&options.model)?;
    let bytes = match options.format {
        Format::Onnx => ann_export::onnx(&model, &options.onnx_options())?,
        Format::C => options.c(&model)?.into_bytes(),
        Format::Rust => ann_export::rust(&model)?.into_bytes(),
        Format::Json => ann_export::json(&model)?.into_bytes(),
    };
    match options.format {
        Format::Onnx => output::write_binary(&path, &bytes, options.force)?,
        Format::C | Format::Rust | Format::Json => output::write(&path, &bytes, options.force)?,
    }
    if !options.quiet && !is_dash(&path) {
        let (path, size) = (path.display(), size(bytes.len()));
        let columns = counted(model.schema().columns.len(), "column");
        let targets = model.schema().target.names().join(", ");
        anstream::eprintln!("wrote {path} ({size}): {columns} by name, predicts {targets}");
    }
    Ok(Status::Done)
}

impl Export {
    fn path(&self) -> PathBuf {
        let extension = match self.format {
            Format::Onnx => "onnx",
            Format::C => "h",
            Format::Rust => "rs",
            Format::Json => "json",
        };
        self.output.clone().unwrap_or_else(|| self.model.with_extension(extension))
    }

    fn onnx_options(&self) -> OnnxOptions {
        OnnxOptions {
            precision: match self.precision {
                Precision::Mixed => OnnxPrecision::Mixed,
                Precision::F32 => OnnxPrecision::F32,
                Precision::F64 => OnnxPrecision::F64,
            },
            inputs: match self.inputs {
                Inputs::Columns => OnnxInputs::Columns,
                Inputs::Matrix => OnnxInputs::Matrix,
            },
        }
    }

    fn c(&self, model: &Model) -> Result<String> {
        let name = self.name.clone().unwrap_or_else(|| identifier(&self.model));
        let rows = match (self.arithmetic, &self.data) {
            (Arithmetic::Int16, Some(path)) => Some(data::read_for(&self.reading, model, path)?),
            _ => None,
        };
        let arithmetic = rows.as_ref().map_or(CArithmetic::F32, |rows| CArithmetic::Int16 { rows });
        Ok(ann_export::c(model, &COptions { name: &name, arithmetic })?)
    }
}

/// The name of a file as an identifier.
fn identifier(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = stem.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("model_{name}") }
}

//! `ann export`: a model as a file for other programs.

use std::io::Write;
use std::path::{Path, PathBuf};

use ann_export::{CArithmetic, COptions, OnnxInputs, OnnxOptions, OnnxPrecision};
use ann_tabular::Model;
use ann_tabular::ann_table::ColumnSchema;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::data::{self, Reading, is_dash, kind_name};
use crate::failure::{Failure, Result, Status};
use crate::output::{self, Output};
use crate::show::{counted, listed, size};

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
    /// Of a file of --group-by: the group whose model is exported
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Replace the file
    #[arg(long)]
    force: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    /// Print one JSON object about the file
    #[arg(long)]
    json: bool,
    /// ONNX: numbers are encoded in double precision, and networks compute in single precision (mixed); or
    /// all in one of both. Default: mixed
    #[arg(long, value_name = "PRECISION")]
    precision: Option<Precision>,
    /// ONNX: an input for each column, or one matrix, if all columns are numbers. Default: columns
    #[arg(long, value_name = "INPUTS")]
    inputs: Option<Inputs>,
    /// C: what the networks compute with. Default: f32
    #[arg(long, value_name = "ARITHMETIC", requires_if("int16", "data"))]
    arithmetic: Option<Arithmetic>,
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
    options.check()?;
    let path = options.path();
    let inputs: Vec<&Path> = [&*options.model].into_iter().chain(options.data.as_deref()).collect();
    output::check(&[("-o", &path)], &inputs, options.force)?;
    let model = data::load_of(&options.model, options.group.as_deref())?;
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
    if options.json {
        let mut output = Output::standard();
        writeln!(output, "{:#}", summary(&model, &path, &bytes, options.format))?;
        output.finish()?;
    } else if !options.quiet && !is_dash(&path) {
        let (path, size) = (path.display(), size(bytes.len()));
        let columns = counted(model.schema().columns.len(), "column");
        let targets = listed(&model.schema().target.names());
        anstream::eprintln!("wrote {path} ({size}): {columns} by name, predicts {targets}");
    }
    Ok(Status::Done)
}

/// What was written.
fn summary(model: &Model, path: &Path, bytes: &[u8], format: Format) -> Value {
    let schema = model.schema();
    let input =
        |column: &ColumnSchema| json!({ "name": column.name, "kind": kind_name(column.encoding.kind()) });
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let format = format.to_possible_value().map(|format| format.get_name().to_owned());
    json!({
        "ann": 1, "command": "export", "format": format, "file": path.display().to_string(),
        "bytes": bytes.len(), "sha256": digest,
        "inputs": schema.columns.iter().map(input).collect::<Vec<_>>(),
        "outputs": schema.target.names(),
    })
}

impl Export {
    /// An option that has no effect is an error.
    fn check(&self) -> Result<()> {
        let options = [
            ("--precision", self.precision.is_some(), Format::Onnx),
            ("--inputs", self.inputs.is_some(), Format::Onnx),
            ("--arithmetic", self.arithmetic.is_some(), Format::C),
            ("--data", self.data.is_some(), Format::C),
            ("--name", self.name.is_some(), Format::C),
        ];
        let other = options.into_iter().find(|(_, is_given, format)| *is_given && *format != self.format);
        if let Some((option, _, format)) = other {
            let format = format.to_possible_value().expect("no format is hidden");
            return Err(Failure::arguments(format_args!(
                "{option} is an option of --to {} alone",
                format.get_name()
            )));
        }
        if self.data.is_some() && self.arithmetic != Some(Arithmetic::Int16) {
            return Err(Failure::arguments("--data is an option of --arithmetic int16 alone"));
        }
        if self.json && is_dash(&self.path()) {
            return Err(Failure::arguments("--json: expected the name of a file after -o, found -"));
        }
        Ok(())
    }

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
            precision: match self.precision.unwrap_or(Precision::Mixed) {
                Precision::Mixed => OnnxPrecision::Mixed,
                Precision::F32 => OnnxPrecision::F32,
                Precision::F64 => OnnxPrecision::F64,
            },
            inputs: match self.inputs.unwrap_or(Inputs::Columns) {
                Inputs::Columns => OnnxInputs::Columns,
                Inputs::Matrix => OnnxInputs::Matrix,
            },
        }
    }

    fn c(&self, model: &Model) -> Result<String> {
        let name = self.name.clone().unwrap_or_else(|| identifier(&self.model));
        let rows = match (self.arithmetic, &self.data) {
            (Some(Arithmetic::Int16), Some(path)) => Some(data::read_for(&self.reading, model, path)?),
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

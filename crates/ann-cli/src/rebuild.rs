//! `ann rebuild`: makes a model again from its file and its table, and compares.

use std::io::Write;
use std::path::PathBuf;

use ann_tabular::Error;
use clap::Args;
use serde_json::json;

use crate::data;
use crate::failure::{Failure, Result, Status};
use crate::numbers::{all_cores, threads};
use crate::output::Output;

/// Make a model again from the settings in its file and the same table, and compare the digests of the files
#[derive(Args, Debug)]
pub struct Rebuild {
    /// A file that `ann train` has written
    model: PathBuf,
    /// The table that it was made from; - for the standard input
    data: PathBuf,
    /// Largest number of threads. Default: all cores. The result does not depend on it
    #[arg(long, value_name = "COUNT", value_parser = threads())]
    threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn rebuild(options: &Rebuild) -> Result<Status> {
    let model = data::load(&options.model)?;
    let reader = data::recorded(&model.provenance["reading"]);
    let table = data::read(&reader, &options.data)?;
    let threads = options.threads.unwrap_or_else(all_cores);
    let found = ann_tabular::rebuild(&model, &table, threads);
    let difference = match found {
        Ok(_) => None,
        Err(error @ (Error::OtherData { .. } | Error::OtherModel { .. } | Error::NoProvenance { .. })) => {
            Some(error.to_string())
        }
        Err(error) => return Err(Failure::from(error).about(data::shown(&options.data))),
    };
    let mut output = Output::standard();
    let digest = model.digest()?;
    if options.json {
        let same = difference.is_none();
        let object = json!({ "ann": 1, "command": "rebuild", "digest": digest, "same": same, "difference": difference });
        writeln!(output, "{object:#}")?;
    } else {
        match &difference {
            None => writeln!(output, "the same model: digest {digest}")?,
            Some(difference) => writeln!(output, "not the same: {difference}")?,
        }
    }
    output.finish()?;
    Ok(if difference.is_none() { Status::Done } else { Status::Below })
}

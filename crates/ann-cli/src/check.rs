//! `ann check`: whether the gradients of a model's networks are right, on rows of a table.

use std::io::Write;
use std::path::PathBuf;

use ann_gradcheck::{Config, Report, Verdict, check_problem};
use ann_tabular::ann_core::{Network, Problem, Scalar};
use ann_tabular::ann_model::Networks;
use ann_tabular::ann_train::{Accumulation, Objective};
use ann_tabular::{Model, Table};
use clap::Args;
use serde_json::{Value, json};

use crate::data::{self, Reading};
use crate::failure::{Failure, Result, Status};
use crate::numbers::count;
use crate::output::Output;
use crate::show::{counted, listed, spread};

/// Compare the gradient of each network of a model, on rows of a table, with the exact one; the exit code is
/// 4 if one is wrong, or if too little could be checked
#[derive(Args, Debug)]
pub struct Check {
    /// A file that `ann train` has written
    model: PathBuf,
    /// A table with the columns and the target of the model; - for the standard input
    data: PathBuf,
    /// Number of rows that are used, spread over the table
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = count(1))]
    rows: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

pub fn check(options: &Check) -> Result<Status> {
    let model = data::load(&options.model)?;
    let table = data::read_judged(&options.reading, &model, &options.data)?;
    let table = table.select(&spread(table.rows(), options.rows));
    let reports = match model.networks() {
        Networks::F32(networks) => reports(&model, networks, &table),
        Networks::F64(networks) => reports(&model, networks, &table),
    };
    let reports = reports.map_err(|failure| failure.about(data::shown(&options.data)))?;
    let mut output = Output::standard();
    let status = status(&reports);
    if options.json {
        let parsed = |report: &Report| serde_json::from_str(&report.to_json()).unwrap_or(Value::Null);
        let networks: Vec<Value> = reports.iter().map(parsed).collect();
        let object = json!({
            "ann": 1, "command": "check", "rows": table.rows(), "pass": status == Status::Done, "networks": networks,
        });
        writeln!(output, "{object:#}")?;
    } else {
        writeln!(
            output,
            "gradients of {}, on {}",
            listed(&model.schema().target.names()),
            counted(table.rows(), "row")
        )?;
        for (number, report) in (1..).zip(&reports) {
            writeln!(output, "network {number} of {}: {}", reports.len(), report.summary())?;
            if report.verdict() != Verdict::Pass {
                writeln!(output, "{report}")?;
            }
        }
    }
    output.finish()?;
    Ok(status)
}

/// Done only if all networks pass: what could not be checked is no certificate.
fn status(reports: &[Report]) -> Status {
    let is_right = reports.iter().all(|report| report.verdict() == Verdict::Pass);
    if is_right { Status::Done } else { Status::Below }
}

/// A report for each network.
fn reports<F: Scalar>(model: &Model, networks: &[Network<F>], table: &Table) -> Result<Vec<Report>> {
    let report = |network: &Network<F>, problem: &Problem<'_, F>| {
        check_problem(problem, network.parameters(), gradient, &Config::default()).map_err(Failure::data)
    };
    model.learned_problems(networks, table, report)?.into_iter().collect()
}

/// The gradient that training uses.
fn gradient<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F], gradient: &mut [F]) {
    let mut objective = Objective::new(problem, Accumulation::Batched).expect("the rows are few");
    objective.value_and_gradient(parameters, gradient);
}

#[cfg(test)]
mod tests {
    use ann_tabular::ann_core::{Activation, Architecture, Init, Loss, Targets, seeded};
    use ann_tabular::ann_model::ndarray::array;

    use super::*;

    #[test]
    fn one_wrong_network_is_enough() {
        let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(2, Activation::Identity);
        let network: Network =
            Network::init(&architecture, Init::XavierNormal { gain: 1.0 }, &mut seeded(1)).unwrap();
        let x = array![[0.1, -0.4], [0.7, 0.2], [-0.3, 0.9]];
        let targets = Targets::Classes(&[0, 1, 1]);
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, targets).unwrap();
        // The first entry of the gradient, times a factor.
        let report = |factor: f64| {
            let scaled = |problem: &Problem<'_>, parameters: &[f64], found: &mut [f64]| {
                gradient(problem, parameters, found);
                found[0] *= factor;
            };
            check_problem(&problem, network.parameters(), scaled, &Config::default()).unwrap()
        };
        assert_eq!(status(&[report(1.0), report(1.0)]), Status::Done);
        assert_eq!(status(&[report(1.0), report(1.01)]), Status::Below);
    }
}

//! Tasks of this workspace for which cargo has no command: `cargo xtask TASK`.
//!
//! It depends on no other crate of the workspace. Experiments and the benchmark run as processes. Experiments
//! are judged by the files that they write.

mod dist;
mod figures;
mod onnx;
mod reference;
mod wasm;
mod wheel;

mod bits;
mod faults;
mod mutants;
mod random;

mod bench;

mod check;
mod curves;
mod experiment;
mod output;
mod print;
mod python;
mod record;
mod survivors;
mod table;
mod workspace;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use workspace::Workspace;

/// Tasks of the ann workspace.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the experiments: every figure of the report, its numbers, and one table at the end
    Figures(figures::FigureOptions),
    /// Record PyTorch's curves and initial weights again (needs Python)
    Reference(reference::ReferenceOptions),
    /// Make mistakes in a copy of the engine, one at a time, and check that the tests find each of them
    Faults(faults::FaultOptions),
    /// Let cargo-mutants change the engine in every small way, and check that the tests notice, except for a
    /// reviewed list
    Mutants(mutants::MutantOptions),
    /// Compare random networks with an independent reference, or read changed headers, for some minutes
    Random(random::RandomOptions),
    /// Train the same networks in debug and release builds, with every instruction set and several numbers of
    /// threads, and compare bits
    Bits(bits::BitsOptions),
    /// Time the workloads W1 to W10 and the growth of cost, beside other libraries when asked (`cargo xtask
    /// bench --help`)
    Bench(bench::BenchOptions),
    /// Measure the accuracy of models of public tables, beside other libraries when asked (`cargo xtask
    /// accuracy --help`)
    Accuracy(bench::BenchOptions),
    /// Compare exported models in runtimes of ONNX and as C with the models themselves (needs Python and
    /// Node.js)
    Onnx(onnx::OnnxOptions),
    /// Build the Python package, install it into a private environment, and run its tests (needs Python)
    Wheel(wheel::WheelOptions),
    /// Compile the engine of the live page to WebAssembly, or check the files that are there (needs Node.js;
    /// compiling needs Debian or a system like it)
    Wasm(wasm::WasmOptions),
    /// Build the program `ann` as a small file, to be given to others
    Dist,
    /// Run `.ci/run`: everything that must pass before a change is accepted
    Ci,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be printed, the exit code is the only message.
            drop(print::progress(format_args!("error: {error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let workspace = Workspace::locate()?;
    match &cli.task {
        Task::Figures(options) => figures::figures(&workspace, options),
        Task::Reference(options) => reference::reference(&workspace, options),
        Task::Faults(options) => faults::faults(&workspace, options),
        Task::Mutants(options) => mutants::mutants(&workspace, options),
        Task::Random(options) => random::random(&workspace, options),
        Task::Bits(options) => bits::bits(&workspace, options),
        Task::Bench(options) => bench::bench(&workspace, options),
        Task::Accuracy(options) => bench::accuracy(&workspace, options),
        Task::Onnx(options) => onnx::onnx(&workspace, options),
        Task::Wheel(options) => wheel::wheel(&workspace, options),
        Task::Wasm(options) => wasm::wasm(&workspace, options),
        Task::Dist => dist::dist(&workspace),
        Task::Ci => ci(&workspace),
    }
}

fn ci(workspace: &Workspace) -> Result<()> {
    let status = Command::new("bash")
        .arg(".ci/run")
        .current_dir(&workspace.root)
        .status()
        .context("could not start bash, which runs .ci/run")?;
    ensure!(status.success(), ".ci/run failed ({status})");
    Ok(())
}

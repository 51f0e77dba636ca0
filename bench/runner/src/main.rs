//! The workloads of the benchmark on our engine. `cargo xtask bench` starts this program and sends it one
//! request per line, as it does with the programs of other libraries (`bench/peers/`, `bench/frameworks/`).
//! `bench/peers/README.md` describes the protocol.
//!
//! The only argument is the number of threads. The first line of output names this program. Each answer is a
//! JSON object on one line.
//!
//! | request | answer |
//! |---|---|
//! | `prepare W5/f32` | `{"loss":[2.39,2.38]}`: before and after a step with all rows; then it warms up |
//! | `run` | `{"us":12.4}`: microseconds per unit of a run of about 0.2 s; the next run continues |
//! | `peak f64` | `{"gflops":71.2,"exps":1.1e9}`: peak rates of the processor, per second |
//! | `growth` | `{"growth":[{"against":"rows","size":100,"us":35.1}, …]}`: time of J and its gradient |
//! | `memory` | `{"peak_kib":98304}`: the most memory this process has used so far |

use ann_workloads::Precision;
use anyhow::{Context, Result, bail};

mod talk;

mod data;
mod work;

mod growth;
mod memory;
mod peak;

use talk::Talk;

fn main() -> Result<()> {
    let threads = std::env::args().nth(1).and_then(|threads| threads.parse().ok());
    let threads = threads.context("expected the number of threads as the only argument")?;
    let mut talk = Talk::begin(threads)?;
    let mut request = talk.next()?;
    while let Some(words) = request {
        request = respond(&mut talk, &words)?;
    }
    Ok(())
}

/// Does what a request asks for and returns the next request.
fn respond(talk: &mut Talk, request: &str) -> Result<Option<String>> {
    match request.split_once(' ').unwrap_or((request, "")) {
        ("prepare", name) => return prepare(talk, name),
        ("peak", "f64") => talk.answer(peak::measure::<f64>(talk.threads)?)?,
        ("peak", "f32") => talk.answer(peak::measure::<f32>(talk.threads)?)?,
        ("growth", "") => talk.answer(growth::measure(talk.threads)?)?,
        ("memory", "") => talk.answer(memory::peak())?,
        _ => bail!("unknown request {request:?}"),
    }
    talk.next()
}

fn prepare(talk: &mut Talk, name: &str) -> Result<Option<String>> {
    let workload = ann_workloads::find(name).with_context(|| format!("no workload is called {name:?}"))?;
    match workload.precision {
        Precision::F32 => work::serve::<f32>(talk, workload),
        Precision::F64 => work::serve::<f64>(talk, workload),
    }
}

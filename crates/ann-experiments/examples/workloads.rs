//! The workloads of the benchmark on our engine.  `cargo xtask bench` starts this program and talks to it in lines, as it does
//! with the programs of other libraries (`bench/peers/`, `bench/frameworks/`).
//!
//! The argument is the number of threads, 1 when there is none.  Each answer is a JSON object on a line of its own, the first
//! one says who we are:
//!
//! | request | answer |
//! |---|---|
//! | `prepare W5/f32` | `{"loss":[2.39,2.38],"unit":"epoch"}`: before and after one step with all rows; then it warms up |
//! | `run` | `{"us":12.4}`: microseconds per unit of a run of about 0.2 s; the weights go on from run to run |
//! | `peak f64` | `{"gflops":71.2,"exps":1.1e9}`: what this processor can do at most, per second |
//! | `growth` | `{"growth":[{"against":"rows","size":100,"us":35.1}, …]}`: value and gradient of larger and larger problems |
//! | `memory` | `{"peak_kib":98304}`: the most memory this process has had |

use std::io::IsTerminal;

use anyhow::{Result, bail};

#[path = "workloads/catalogue.rs"]
mod catalogue;
#[path = "workloads/data.rs"]
mod data;
#[path = "workloads/growth.rs"]
mod growth;
#[path = "workloads/memory.rs"]
mod memory;
#[path = "workloads/peak.rs"]
mod peak;
#[path = "workloads/talk.rs"]
mod talk;
#[path = "workloads/work.rs"]
mod work;

use catalogue::Precision;
use talk::Talk;

fn main() -> Result<()> {
    let threads = std::env::args().nth(1).map_or(Ok(1), |threads| threads.parse())?;
    let mut talk = Talk::begin(threads)?;
    if std::io::stdin().is_terminal() {
        // Somebody looks at the examples: whoever wants to talk has a program for it.
        return Ok(());
    }
    let mut request = talk.next()?;
    while let Some(words) = request {
        request = respond(&mut talk, &words)?;
    }
    Ok(())
}

/// Does what a request asks for; gives back the next one.
fn respond(talk: &mut Talk, request: &str) -> Result<Option<String>> {
    match request.split_once(' ').unwrap_or((request, "")) {
        ("prepare", id) => return prepare(talk, id),
        ("peak", "f64") => talk.answer(peak::measure::<f64>(talk.threads)?)?,
        ("peak", "f32") => talk.answer(peak::measure::<f32>(talk.threads)?)?,
        ("growth", "") => talk.answer(growth::measure(talk.threads)?)?,
        ("memory", "") => talk.answer(memory::peak())?,
        _ => bail!("unknown request {request:?}"),
    }
    talk.next()
}

fn prepare(talk: &mut Talk, id: &str) -> Result<Option<String>> {
    match catalogue::find(id) {
        Some(workload) => match workload.precision {
            Precision::Single => work::serve::<f32>(talk, &workload),
            Precision::Double => work::serve::<f64>(talk, &workload),
        },
        None => {
            talk.answer(serde_json::json!({ "skip": format!("no workload is called {id:?}") }))?;
            talk.next()
        }
    }
}

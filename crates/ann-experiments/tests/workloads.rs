//! Each workload of the benchmark stands in four catalogues: of the harness, of our runner, of candle and Burn, of the Python
//! libraries.  A name that one of them lacks would be skipped, and its row missing from the table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;

#[allow(dead_code, reason = "only names and sizes are compared")]
#[path = "../../../bench/frameworks/common/src/workload.rs"]
mod frameworks;
#[allow(dead_code, reason = "only names and sizes are compared")]
#[path = "../../../xtask/src/bench/workload.rs"]
mod harness;
#[allow(dead_code, reason = "only names and sizes are compared")]
#[path = "../examples/workloads/catalogue.rs"]
mod runner;

#[test]
fn all_know_the_same_names() {
    for name in imaginable() {
        let is_known = harness::ALL.iter().any(|workload| workload.id == name);
        assert_eq!(runner::find(&name).is_some(), is_known, "our runner, {name}");
        assert_eq!(frameworks::Workload::named(&name).is_ok(), is_known, "candle and Burn, {name}");
    }
}

#[test]
fn python_knows_the_same_names() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/peers/workloads.py");
    let source = fs::read_to_string(path)?;
    let names: Vec<&str> = python_names(&source).collect();
    // What stands in braces is filled in by a loop, and not looked at.
    let fits = |name: &str, id: &str| match name.split_once('{') {
        Some((beginning, _)) => id.starts_with(beginning),
        None => id == name,
    };
    for workload in &harness::ALL {
        assert!(names.iter().any(|name| fits(name, workload.id)), "{} is not in {names:?}", workload.id);
    }
    for name in names {
        assert!(harness::ALL.iter().any(|workload| fits(name, workload.id)), "{name} is only Python's");
    }
    Ok(())
}

#[test]
fn the_same_name_is_the_same_work() -> Result<()> {
    for workload in &harness::ALL {
        let id = workload.id;
        let ours = runner::find(id).expect("`all_know_the_same_names`");
        let theirs = frameworks::Workload::named(id)?;
        assert_eq!(ours.widths, theirs.widths, "{id}");
        assert_eq!((ours.learning_rate, ours.l2), (theirs.rate, theirs.penalty), "{id}");
        let is_double = matches!(ours.precision, runner::Precision::Double);
        assert_eq!((is_double, workload.dtype == "f64"), (theirs.double, theirs.double), "{id}");
        let batch = match ours.task {
            runner::Task::Epochs { batch } => batch,
            _ => None,
        };
        assert_eq!(batch, theirs.batch, "{id}");
        let parameters: usize = ours.widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let (rows, times) = match ours.task {
            runner::Task::Differences => (rows(ours.data), 2 * parameters),
            runner::Task::Inference { all: false } => (1, 1),
            _ => (rows(ours.data), 1),
        };
        assert_eq!((rows, (rows * times) as f64), (theirs.rows, workload.passes()), "{id}");
    }
    Ok(())
}

fn rows(data: runner::Data) -> usize {
    match data {
        runner::Data::Doughnut => ann_datasets::doughnut().len(),
        runner::Data::Squares => ann_datasets::squares().len(),
        runner::Data::Iris => ann_datasets::iris().len(),
        runner::Data::Classes(rows) | runner::Data::Values(rows) => rows,
    }
}

/// Each family with each variant that the harness has anywhere, and families that nobody has yet.
fn imaginable() -> BTreeSet<String> {
    let variant = |id: &'static str| id.split_once('/').map(|(_, variant)| variant);
    let variants: BTreeSet<_> = harness::ALL.iter().map(|workload| variant(workload.id)).collect();
    let names = (0..=20).flat_map(|number| variants.iter().map(move |variant| (number, *variant)));
    let names = names.map(|(number, variant)| match variant {
        Some(variant) => format!("W{number}/{variant}"),
        None => format!("W{number}"),
    });
    names.collect()
}

/// The first argument of each `Workload("W1", …)` and `Workload(f"W5/{suffix}", …)`.
fn python_names(source: &str) -> impl Iterator<Item = &str> {
    let calls = source.split("Workload(").skip(1);
    calls.filter_map(|call| call.trim_start_matches('f').strip_prefix('"')?.split('"').next())
}

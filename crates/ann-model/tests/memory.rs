//! Reading needs at most three times the memory of the file, whatever its header claims.
//!
//! One test alone, because allocations are counted for the whole process.

mod sealed;

use std::fs;
use std::path::Path;

use ann_model::Model;
use ann_model::ann_core::{Activation, Architecture, Init, Network, seeded};
use ann_model::file::{Load, Save};
use dhat::{HeapStats, Profiler};

use sealed::sealed;

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

#[test]
fn three_times_the_file_and_twenty_times_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.ann");
    let architecture = Architecture::inputs(100).dense(300, Activation::Relu).dense(10, Activation::Identity);
    let network: Network = Network::init(&architecture, Init::default(), &mut seeded(1)).unwrap();
    network.save(&path).unwrap();
    check(&path, 0, |path| assert!(Network::<f64>::load(path).is_ok()));
    // Names and places of tensors are kept; shapes are short; a word of one letter is a `String`.
    for (header, factor) in [(many_tensors(), 7), (many_dimensions(), 0), (many_categories(), 20)] {
        fs::write(&path, sealed(header.as_bytes(), &[])).unwrap();
        check(&path, factor, |path| assert!(Model::load(path).is_err()));
    }
}

fn many_tensors() -> String {
    let entry = |number: usize| format!(r#","{number}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
    format!(r#""}}{}}}"#, (0..5_000).map(entry).collect::<String>())
}

fn many_dimensions() -> String {
    let zeros = "0,".repeat(100_000);
    format!(r#""}},"a":{{"dtype":"F32","shape":[{zeros}0],"data_offsets":[0,0]}}}}"#)
}

fn many_categories() -> String {
    let categories = "\"a\",".repeat(60_000);
    let column = format!(
        r#"{{"name":"x","kind":"category","categories":[{categories}"b"],"other":false,"missing":false}}"#
    );
    let target = r#"{"name":"y","classes":["a","b"]}"#;
    let model = format!(
        r#"{{"task":"classification","precision":"f32","loss":"softmax_cross_entropy","members":1,"layers":[],"columns":[{column}],"ignored":[],"target":{target},"inputs":1}}"#
    );
    let model = serde_json::to_string(&model).unwrap();
    format!(
        r#"","ann.format":"1","ann.kind":"model","ann.requires":"[]","ann.provenance":"{{}}","ann.model":{model}}}}}"#
    )
}

/// At most three times the file, and its header some times more.
#[track_caller]
fn check(path: &Path, factor: usize, read: impl Fn(&Path)) {
    let bytes = fs::read(path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let counting = Profiler::builder().testing().build();
    read(path);
    let most = HeapStats::get().max_bytes;
    drop(counting);
    assert!(
        most <= 3 * bytes.len() + factor * header,
        "{most} bytes for a file of {}, header {header}",
        bytes.len()
    );
}

//! The `.ann` file: what is written is read again, and nothing else is.

use std::fs;

use ann_model::ann_core::{Activation, ActivationFn, Loss, Network};
use ann_model::file::{Container, Numbers, Tensor};
use ann_model::{Error, Limits, Model, Networks};

use crate::models::{ACTIVATIONS, classifier, networks, regressor, schema, table};

#[test]
fn models_are_read_as_they_were_written() {
    for activation in ACTIVATIONS {
        check(&classifier(&activation));
    }
    check(&regressor());
    for loss in [Loss::AbsoluteError, Loss::Huber { delta: 0.3 }, Loss::Poisson, Loss::BinaryCrossEntropy] {
        let schema = schema("number");
        check(
            &Model::new(schema.clone(), Networks::F64(networks(&schema, &Activation::Tanh)), loss).unwrap(),
        );
    }
    let schema = schema("class");
    let loss = Loss::SmoothedCrossEntropy { smoothing: 0.1 };
    check(&Model::new(schema.clone(), Networks::F32(networks(&schema, &Activation::Tanh)), loss).unwrap());
}

#[test]
fn every_flipped_bit_is_damage() {
    let bytes = small().write().unwrap();
    let mut changed = bytes.clone();
    for bit in 0..8 * bytes.len() {
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = Model::read(&changed).unwrap_err();
        assert!(
            matches!(error, Error::Damaged | Error::NoModel | Error::TooLarge { .. }),
            "bit {bit}: {error}"
        );
        changed[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(changed, bytes);
}

#[test]
fn every_cut_and_every_addition_is_damage() {
    let bytes = small().write().unwrap();
    for length in 0..bytes.len() {
        let error = Model::read(&bytes[..length]).unwrap_err();
        assert!(matches!(error, Error::Damaged | Error::NoModel), "{length} bytes: {error}");
    }
    assert!(matches!(Model::read(&[&bytes[..], b"\0"].concat()), Err(Error::Damaged)));
}

#[test]
fn the_digest_is_where_the_documentation_says() {
    let model = small();
    let bytes = model.write().unwrap();
    assert_eq!(&bytes[8..39], br#"{"__metadata__":{"ann.sha256":""#);
    assert_eq!(&bytes[39..103], model.digest().unwrap().as_bytes());
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!((8 + length) % 64, 0);
}

#[test]
fn files_of_later_programs() {
    let with = |name: &str, text: &str| {
        let mut container = Container::read(&small().write().unwrap(), &Limits::default()).unwrap();
        let found = container.texts.iter_mut().find(|(known, _)| known == name).unwrap();
        found.1 = text.to_owned();
        Model::read(&container.write())
    };
    let error = with("ann.format", "2").unwrap_err().to_string();
    assert_eq!(
        error,
        "the file has format 2, this program reads formats up to 1: use a newer version of ann (a test wrote the file)"
    );
    let error = with("ann.requires", r#"["spline"]"#).unwrap_err().to_string();
    assert_eq!(
        error,
        r#"the file needs "spline", which this program does not know: use a newer version of ann"#
    );
    let error = with("ann.kind", "sculpture").unwrap_err().to_string();
    assert_eq!(error, "the file holds a sculpture, expected a model");
    // What is only more than this program knows is left out.
    let mut container = Container::read(&small().write().unwrap(), &Limits::default()).unwrap();
    container.texts.push(("ann.colour".into(), "blue".into()));
    container
        .tensors
        .insert("sparkle".into(), Tensor { shape: vec![2], numbers: Numbers::F32(vec![1.0, 2.0]) });
    same(&Model::read(&container.write()).unwrap(), &small());
}

#[test]
fn files_that_contradict_themselves() {
    let without = |name: &str| {
        let mut container = Container::read(&small().write().unwrap(), &Limits::default()).unwrap();
        container.tensors.remove(name).expect("there is such a tensor");
        Model::read(&container.write()).unwrap_err().to_string()
    };
    let names: Vec<String> =
        Container::read(&small().write().unwrap(), &Limits::default()).unwrap().tensors.into_keys().collect();
    for name in names {
        let error = without(&name);
        assert!(error.starts_with("the file is not valid: "), "without {name}: {error}");
    }
    let changed = |name: &str, number: f64| {
        let mut container = Container::read(&small().write().unwrap(), &Limits::default()).unwrap();
        let tensor = container.tensors.get_mut(name).expect("there is such a tensor");
        match &mut tensor.numbers {
            Numbers::F64(numbers) => numbers[0] = number,
            Numbers::F32(numbers) => numbers[0] = number as f32,
        }
        Model::read(&container.write()).map(|_| ())
    };
    assert!(changed("columns.scale", 0.0).is_err() && changed("columns.scale", -1.0).is_err());
    for name in ["columns.fill", "columns.edges", "members.1.layers.1.weight", "conformal.residuals"] {
        for number in [f64::NAN, f64::INFINITY] {
            assert!(changed(name, number).is_err(), "{name} = {number}");
        }
    }
    assert!(changed("columns.edges", 1e300).is_err());
}

#[test]
fn limits_are_kept() {
    let bytes = small().write().unwrap();
    for limits in [
        Limits { file: bytes.len() - 1, ..Limits::default() },
        Limits { header: 100, ..Limits::default() },
        Limits { layers: 2, ..Limits::default() },
        Limits { columns: 4, ..Limits::default() },
        Limits { categories: 1, ..Limits::default() },
    ] {
        assert!(matches!(Model::read_with(&bytes, &limits), Err(Error::TooLarge { .. })), "{limits:?}");
    }
}

#[test]
fn code_is_not_saved() {
    #[derive(Debug)]
    struct Softsign;
    impl ActivationFn for Softsign {
        fn value(&self, z: f64) -> f64 {
            z / (1.0 + z.abs())
        }
        fn derivative(&self, z: f64, _: f64) -> f64 {
            (1.0 + z.abs()).powi(-2)
        }
    }
    let error = classifier(&Softsign.into()).write().unwrap_err().to_string();
    assert_eq!(
        error,
        "layer 1 has the custom activation Softsign, which cannot be saved: only those of ann-core can"
    );
}

#[test]
fn files_are_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ann");
    small().save(&path).unwrap();
    same(&Model::load(&path).unwrap(), &small());
    regressor().save(&path).unwrap();
    same(&Model::load(&path).unwrap(), &regressor());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
    let error = Model::load(folder.path().join("none.ann")).unwrap_err().to_string();
    assert!(error.contains("none.ann: cannot read: "), "{error}");
    let error = small().save(folder.path().join("no/folder.ann")).unwrap_err().to_string();
    assert!(error.contains("folder.ann: cannot write: "), "{error}");
}

#[test]
fn threads_may_save_to_one_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ann");
    small().save(&path).unwrap();
    std::thread::scope(|scope| {
        for model in [small(), regressor(), small()] {
            let path = &path;
            scope.spawn(move || (0..50).for_each(|_| model.save(path).unwrap()));
        }
        (0..200).for_each(|_| drop(Model::load(&path).unwrap()));
    });
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_file_that_cannot_be_finished_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is not empty cannot be replaced: the last step fails.
    let path = folder.path().join("model.ann");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("old"), "old").unwrap();
    let error = small().save(&path).unwrap_err().to_string();
    assert!(error.contains("model.ann: cannot write: "), "{error}");
    assert_eq!(fs::read_to_string(path.join("old")).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
}

/// Other programs read files in Python, as the README shows.
#[test]
fn the_readme_shows_the_python_program() {
    let (readme, program) = (include_str!("../README.md"), include_str!("../examples/read_with_python.py"));
    assert!(readme.contains(program), "copy examples/read_with_python.py into README.md");
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("model.ann"), folder.path().join("link.ann"));
    small().save(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&path, &link).unwrap();
    regressor().save(&link).unwrap();
    assert!(link.is_symlink());
    same(&Model::load(&path).unwrap(), &regressor());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&path).unwrap();
    let error = small().save(&link).unwrap_err().to_string();
    assert!(error.contains("link.ann: cannot write: it is a link to "), "{error}");
    assert!(link.is_symlink() && !path.exists());
}

/// A new file in the place of a device would be the end of the device.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixListener;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let error = small().save(&path).unwrap_err().to_string();
    assert!(error.contains("it is a device or a pipe, expected a file"), "{error}");
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
}

/// Small, so that all its bits can be tried.
fn small() -> Model {
    classifier(&Activation::LeakyRelu { slope: 0.1 })
}

#[track_caller]
fn check(model: &Model) {
    let bytes = model.write().unwrap();
    let read = Model::read(&bytes).unwrap();
    same(&read, model);
    assert_eq!(read.write().unwrap(), bytes);
}

#[track_caller]
fn same(found: &Model, expected: &Model) {
    assert_eq!(found.schema(), expected.schema());
    assert_eq!(found.loss().to_string(), expected.loss().to_string());
    assert_eq!(found.conformal(), expected.conformal());
    assert_eq!(found.provenance, expected.provenance);
    let bits = |model: &Model| match model.networks() {
        Networks::F32(networks) => networks
            .iter()
            .flat_map(|network: &Network<f32>| network.parameters())
            .map(|p| u64::from(p.to_bits()))
            .collect::<Vec<_>>(),
        Networks::F64(networks) => {
            networks.iter().flat_map(|network: &Network| network.parameters()).map(|p| p.to_bits()).collect()
        }
    };
    assert_eq!(bits(found), bits(expected));
    assert_eq!(found.predict(&table()).unwrap().values(), expected.predict(&table()).unwrap().values());
}

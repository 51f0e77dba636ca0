//! Files of many models: what is written is found again, and damage is found before it is used.

use std::fs;

use ann_model::ann_core::Activation;
use ann_model::file::{ModelSet, ModelSetWriter, NewFile, SetEntry};
use ann_model::serde_json::json;
use ann_model::{Error, Model};

use crate::models::{classifier, regressor, table};

#[test]
fn every_group_is_found() {
    // One leaf, and three levels of the index.
    for groups in [1, 2, 64, 65, 64 * 64 + 1] {
        let set = ModelSet::read(sparse(groups)).unwrap();
        assert_eq!((set.len(), set.models()), (groups, 1));
        let keys: Vec<String> = set.keys().map(|key| key.unwrap().0).collect();
        assert_eq!(keys, (0..groups).map(key).collect::<Vec<_>>());
        for group in [0, 1, 63, 64, 65, groups / 2, groups - 1] {
            match set.get(&key(group)).unwrap() {
                Some(SetEntry::Model(model)) if group == 0 => same(&model, &small()),
                Some(SetEntry::NoModel(reason)) => assert_eq!(reason, format!("reason {group}")),
                None => assert!(group >= groups),
                other => panic!("group {group}: {other:?}"),
            }
        }
        for unknown in ["", "g", "g0000x", "z", "ä"] {
            assert!(set.get(unknown).unwrap().is_none(), "{unknown}");
        }
        same(&set.first_model().unwrap(), &small());
        assert_eq!(set.description(), &json!({ "group": "store" }));
        set.check().unwrap();
    }
}

#[test]
fn models_are_written_as_small_differences_and_read_as_they_were() {
    let models = [small(), classifier(&Activation::Tanh), regressor()];
    let mut bytes = vec![];
    let mut writer = ModelSetWriter::new(&mut bytes).unwrap();
    for (place, model) in models.iter().cycle().take(300).enumerate() {
        writer.model(&key(place), model).unwrap();
    }
    let (size, digest) = writer.finish(&json!({})).unwrap();
    assert_eq!(size, bytes.len() as u64);
    let alone: usize = models.iter().map(|model| model.write().unwrap().len()).sum();
    assert!(bytes.len() < 100 * alone / 2, "{} bytes, {alone} bytes for three alone", bytes.len());
    let set = ModelSet::read(bytes).unwrap();
    assert_eq!((set.digest(), set.size()), (digest, size));
    for (place, model) in models.iter().cycle().take(300).enumerate() {
        let Some(SetEntry::Model(found)) = set.get(&key(place)).unwrap() else { panic!("no model {place}") };
        same(&found, model);
        assert_eq!(found.predict(&table()).unwrap().values(), model.predict(&table()).unwrap().values());
    }
}

#[test]
fn every_flipped_bit_is_damage() {
    let bytes = sparse(70);
    let mut changed = bytes.clone();
    for bit in 0..8 * bytes.len() {
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = ModelSet::read(changed.clone()).and_then(|set| set.check()).unwrap_err();
        assert!(matches!(error, Error::Damaged | Error::NoModel), "bit {bit}: {error}");
        changed[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(changed, bytes);
}

#[test]
fn every_cut_and_every_addition_is_damage() {
    let bytes = sparse(70);
    for length in 0..bytes.len() {
        let error = ModelSet::read(bytes[..length].to_vec()).unwrap_err();
        assert!(matches!(error, Error::Damaged | Error::NoModel), "{length} bytes: {error}");
    }
    let longer = [&bytes[..], b"\0"].concat();
    assert!(matches!(ModelSet::read(longer), Err(Error::Damaged)));
    // An end that fits, at another place: the trailer says how long the file is.
    let twice = [&bytes[..], &bytes[..]].concat();
    assert!(matches!(ModelSet::read(twice), Err(Error::Damaged)));
}

/// A model that is not asked for is not read: its damage is that of its group alone.
#[test]
fn damage_of_one_group_leaves_the_others() {
    let mut bytes = vec![];
    let mut writer = ModelSetWriter::new(&mut bytes).unwrap();
    ["a", "b", "c"].into_iter().for_each(|key| writer.model(key, &small()).unwrap());
    writer.finish(&json!({})).unwrap();
    bytes[17] ^= 1;
    let set = ModelSet::read(bytes).unwrap();
    assert!(matches!(set.get("a"), Err(Error::Damaged)));
    assert!(matches!(set.get("c"), Ok(Some(SetEntry::Model(_)))));
    assert!(matches!(set.check(), Err(Error::Damaged)));
}

#[test]
fn files_of_one_model_and_of_many_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("one.ann"), folder.path().join("many.ann"));
    small().save(&one).unwrap();
    fs::write(&many, sparse(3)).unwrap();
    assert!(ModelSet::is_at(&many) && !ModelSet::is_at(&one) && !ModelSet::is_at(folder.path()));
    let error = Model::load(&many).unwrap_err().to_string();
    let expected = "the file holds many models, one for each group: open it with ModelSet and take the model of one group";
    assert!(error.ends_with(&format!("many.ann: {expected}")), "{error}");
    assert_eq!(Model::read(&sparse(3)).unwrap_err().to_string(), expected);
    let error = ModelSet::open(&one).unwrap_err().to_string();
    let expected = "the file holds one model, expected many, one for each group: open it with Model::load";
    assert!(error.ends_with(&format!("one.ann: {expected}")), "{error}");
    let error = ModelSet::read(b"store,units\n1,2\n".repeat(20)).unwrap_err();
    assert!(matches!(error, Error::NoModel));
    assert_eq!(ModelSet::open(&many).unwrap().len(), 3);
}

#[test]
fn groups_come_once_and_in_order() {
    let mut writer = ModelSetWriter::new(vec![]).unwrap();
    writer.no_model("b", "").unwrap();
    let error = writer.no_model("b", "").unwrap_err().to_string();
    assert_eq!(error, r#"the group "b" comes after "b", expected each key once, in ascending order"#);
    assert!(matches!(writer.no_model("a", ""), Err(Error::KeyOrder { .. })));
    let error = writer.no_model(&"x".repeat(4097), "").unwrap_err().to_string();
    assert_eq!(error, "the key of a group in bytes: found 4097, expected at most 4096");
    assert!(matches!(ModelSetWriter::new(vec![]).unwrap().finish(&json!({})), Err(Error::NoModelInSet)));
}

#[test]
fn a_file_that_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.ann");
    fs::write(&path, "old").unwrap();
    let mut file = NewFile::create(&path).unwrap();
    ModelSetWriter::new(&mut file).unwrap().model("a", &small()).unwrap();
    drop(file);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
}

/// A file with one model, so that all its bits can be tried; other groups have none.
fn sparse(groups: usize) -> Vec<u8> {
    let mut bytes = vec![];
    let mut writer = ModelSetWriter::new(&mut bytes).unwrap();
    writer.model(&key(0), &small()).unwrap();
    (1..groups).for_each(|group| writer.no_model(&key(group), &format!("reason {group}")).unwrap());
    writer.finish(&json!({ "group": "store" })).unwrap();
    bytes
}

fn key(group: usize) -> String {
    format!("g{group:05}")
}

fn small() -> Model {
    classifier(&Activation::LeakyRelu { slope: 0.1 })
}

#[track_caller]
fn same(found: &Model, expected: &Model) {
    assert_eq!(found.write().unwrap(), expected.write().unwrap());
}

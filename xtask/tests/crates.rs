//! Tests of the architecture: which crates may depend on which, what every manifest says, that licences are
//! files, that no test is ignored, and that the invariants in ARCHITECTURE.md name tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The crates that each crate may depend on, downward only (ARCHITECTURE.md has a drawing). A new crate needs
/// a line here.
const MAY_KNOW: [(&str, &[&str]); 18] = [
    ("ann-core", &[]),
    ("ann-table", &[]),
    ("ann-datasets", &["ann-table"]),
    ("ann-train", &["ann-core"]),
    ("ann-gradcheck", &["ann-core"]),
    // Outside of the workspace: it needs an MPI library.
    ("ann-mpi", &["ann-cli", "ann-train"]),
    // Who only predicts carries no optimizer and no thread pool: ann-train is optional.
    ("ann-model", &["ann-core", "ann-table", "ann-train"]),
    ("ann-export", &["ann-core", "ann-model", "ann-table"]),
    ("ann-tabular", &["ann-core", "ann-model", "ann-table", "ann-train"]),
    ("ann-figure", &[]),
    ("ann-cli", &["ann-export", "ann-figure", "ann-gradcheck", "ann-tabular"]),
    ("ann-experiments", &["ann-core", "ann-datasets", "ann-figure", "ann-gradcheck", "ann-train"]),
    ("ann-examples", &["ann-datasets", "ann-table", "ann-train"]),
    // What the benchmark measures is plain data; the harness runs the runners as processes.
    ("ann-workloads", &[]),
    ("ann-runner", &["ann-core", "ann-datasets", "ann-gradcheck", "ann-train", "ann-workloads"]),
    ("ann-bench", &["ann-figure", "ann-workloads"]),
    ("ann-accuracy", &["ann-bench", "ann-figure", "ann-table", "ann-tabular", "ann-train"]),
    // It runs the experiments and the benchmark as processes.
    ("xtask", &[]),
];

#[test]
fn dependencies_point_downward() {
    for (folder, manifest) in manifests() {
        let name = name_of(&manifest);
        let row = MAY_KNOW.iter().find(|(known, _)| *known == name);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{name} is not in the table of this test"));
        let found = upward(&manifest, allowed);
        assert!(found.is_empty(), "{}: {name} must not depend on {found:?}", folder.display());
    }
}

#[test]
fn a_dependency_upward_is_found_wherever_it_hides() {
    for (manifest, expected) in [
        ("[dependencies]\nann-core.workspace = true\nrand = '1'", &[][..]),
        ("[dependencies]\nann-train.workspace = true", &["ann-train"]),
        ("[build-dependencies]\nann-train = { path = '../ann-train' }", &["ann-train"]),
        ("[dependencies]\nother = { package = 'ann-train', path = '../ann-train' }", &["ann-train"]),
        ("[target.'cfg(unix)'.dependencies]\nxtask = { path = '../../xtask' }", &["xtask"]),
        ("[dev-dependencies]\nann-train.workspace = true", &[]),
    ] {
        assert_eq!(upward(&manifest.parse().expect("valid TOML"), &["ann-core"]), expected, "{manifest}");
    }
}

#[test]
fn who_only_predicts_carries_no_optimizer() {
    let manifests = manifests();
    let (_, manifest) =
        manifests.iter().find(|(_, manifest)| name_of(manifest) == "ann-model").expect("a member");
    assert_eq!(manifest["dependencies"]["ann-train"]["optional"].as_bool(), Some(true));
    assert!(manifest["features"].get("default").is_none(), "nothing is switched on by default");
}

/// `cargo package` packs a crate only after all crates that its manifest names, dev-dependencies included.
#[test]
fn crates_can_be_packed_one_after_another() {
    let manifests = manifests();
    let left = that_cannot_be_packed(manifests.iter().map(|(_, manifest)| manifest));
    assert!(
        left.is_empty(),
        "{left:?} depend on each other in a circle, or on such crates: move an example or a test to another crate"
    );
}

#[test]
fn a_circle_through_the_dependencies_of_tests_is_found() {
    let core = "package.name = 'ann-core'";
    let train = "package.name = 'ann-train'\ndependencies.ann-core.workspace = true";
    let tested = "package.name = 'ann-train'\ndev-dependencies.ann-gradcheck.workspace = true";
    let gradcheck = "package.name = 'ann-gradcheck'\ndev-dependencies.ann-train.workspace = true";
    for (manifests, expected) in [
        (&[core, train, gradcheck][..], &[][..]),
        (&[core, tested, gradcheck], &["ann-train", "ann-gradcheck"]),
    ] {
        let manifests: Vec<Table> = manifests.iter().map(|text| text.parse().expect("valid TOML")).collect();
        assert_eq!(that_cannot_be_packed(&manifests), expected);
    }
}

/// If ann-core had a dev-dependency on a crate that uses it, its tests would contain ann-core twice, with
/// different types.
#[test]
fn the_tests_of_ann_core_know_no_other_crate() {
    let (_, manifest) =
        manifests().into_iter().find(|(_, manifest)| name_of(manifest) == "ann-core").expect("a member");
    assert_eq!(of_the_workspace(dependencies(&manifest, "dev-dependencies")), [""; 0]);
}

#[test]
fn versions_lints_and_licence_come_from_the_workspace() {
    let licence = workspace_licence();
    // A crate outside of the workspace cannot inherit from it.
    let members = manifests().into_iter().filter(|(_, manifest)| manifest.get("workspace").is_none());
    for (folder, manifest) in members {
        let place = folder.display();
        // A crate that bundles work of others adds their licence to ours.
        let own = manifest["package"]["license"].as_str();
        let licensed =
            inherited(&manifest["package"]["license"]) || own.is_some_and(|own| own.contains(&licence));
        assert!(licensed, "{place}: package.license is not {licence:?}");
        for key in ["version", "edition", "rust-version", "authors"] {
            assert!(inherited(&manifest["package"][key]), "{place}: package.{key} is not the workspace's");
        }
        assert!(manifest.get("lints").is_some_and(inherited), "{place}: no [lints] workspace = true");
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, dependency) in dependencies(&manifest, section) {
                assert!(inherited(&dependency), "{place}: the version of {name} is not the workspace's");
            }
        }
    }
}

#[test]
fn a_public_crate_introduces_itself() {
    let public = manifests().into_iter().filter(|(_, manifest)| manifest["package"].get("publish").is_none());
    for (folder, manifest) in public {
        let package = &manifest["package"];
        let place = folder.display();
        for key in ["description", "readme", "documentation", "keywords", "categories"] {
            assert!(package.get(key).is_some(), "{place}: no package.{key}");
        }
        let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        assert!(
            readme.contains(name_of(&manifest)),
            "{place}: README.md is missing or does not name the crate"
        );
    }
}

/// A package contains only files of its folder. If git cannot create links, a link becomes a text file with
/// the path of its target, and the package would contain this path instead of the licence.
#[test]
fn every_crate_carries_the_licences_as_files() {
    for (folder, _) in manifests().into_iter().filter(|(folder, _)| folder.starts_with(root().join("crates")))
    {
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let copy = folder.join(name);
            let read = |path: &Path| {
                fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            };
            assert!(!copy.is_symlink(), "{} is a link, expected a copy", copy.display());
            assert!(read(&copy) == read(&root().join(name)), "{} is not a copy of {name}", copy.display());
        }
    }
}

#[test]
fn no_test_is_ignored() {
    let mut sources = Vec::new();
    collect_sources(&root(), &mut sources);
    assert!(sources.contains(&root().join("xtask/tests/crates.rs")), "the search finds at least this file");
    for source in sources {
        let text = fs::read_to_string(&source).expect("a source file is UTF-8");
        if let Some(line) = text.lines().position(ignores) {
            panic!("{}:{}: an ignored test guards nothing", source.display(), line + 1);
        }
    }
}

/// rustfmt wraps code, but not comments. Tables and long links may be wider.
#[test]
fn comments_are_as_wide_as_code() {
    const WIDTH: usize = 110;
    let mut sources = Vec::new();
    collect_sources(&root(), &mut sources);
    for source in sources {
        let text = fs::read_to_string(&source).expect("a source file is UTF-8");
        let is_too_wide = |line: &str| {
            let comment =
                line.trim_start().strip_prefix("//").map(|text| text.trim_start_matches(['/', '!', ' ']));
            line.chars().count() > WIDTH
                && comment.is_some_and(|text| !text.starts_with('|') && text.contains(' '))
        };
        if let Some(line) = text.lines().position(is_too_wide) {
            panic!("{}:{}: the comment is wider than {WIDTH} characters", source.display(), line + 1);
        }
    }
}

/// With `autotests = false`, cargo compiles only the test programs that the manifest names.
#[test]
fn every_file_of_tests_is_compiled() {
    for (folder, manifest) in manifests() {
        if manifest["package"].get("autotests").is_none() {
            continue;
        }
        let main = fs::read_to_string(folder.join("tests/main.rs")).expect("the program of tests");
        for entry in folder.join("tests").read_dir().expect("the tests folder") {
            let name = entry.expect("a readable entry").file_name().into_string().expect("a name in UTF-8");
            let Some(module) = name.strip_suffix(".rs") else { continue };
            let is_module = main.lines().any(|line| line == format!("mod {module};"));
            let is_program = programs_of_tests(&manifest).contains(&format!("tests/{name}"));
            assert!(is_module || is_program, "{}: nothing compiles tests/{name}", folder.display());
        }
    }
}

#[test]
fn an_ignored_test_is_recognised() {
    // The attribute is put together here, so that this file does not contain it.
    let attribute = concat!("#[", "ignore");
    for line in
        [format!("{attribute}]"), format!("#[test] {attribute} = \"slow\"] fn f() {{}}"), fence("rust,")]
    {
        assert!(ignores(&line), "{line}");
    }
    for line in [format!("// never {attribute}]"), "fn ignore() {}".into(), "/// ```text".into()] {
        assert!(!ignores(&line), "{line}");
    }
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md at the workspace root");
    let invariants = items(section(&text, "## Invariants"));
    assert!(!invariants.is_empty(), "ARCHITECTURE.md has no list under ## Invariants");
    for invariant in invariants {
        assert!(references(&invariant).next().is_some(), "names no `path/to/file.rs::test`: {invariant}");
    }
    for (file, test) in references(&text) {
        let source =
            fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}::{test}: {error}"));
        assert!(defines(&source, test), "{file} has no `fn {test}`");
    }
}

#[test]
fn invariants_and_references_are_read_as_written() {
    let text = "# A\n- no\n## Invariants\nThey hold.\n\n1. One, see\n   `a/b.rs::one`.\n2. Two: `c.rs` only\n## B\n- no\n";
    let items = items(section(text, "## Invariants"));
    assert_eq!(items, ["1. One, see `a/b.rs::one`.", "2. Two: `c.rs` only"]);
    assert_eq!(references(&items[0]).collect::<Vec<_>>(), [("a/b.rs", "one")]);
    assert_eq!(references(&items[1]).count(), 0);
    assert_eq!(
        references("`t.rs::tests::one`").next(),
        Some(("t.rs", "one")),
        "a path of modules is allowed"
    );
    assert!(defines("#[test] fn one() {}", "one") && defines("fn one<T>() {}", "one"));
    assert!(!defines("fn one_more() {}", "one") && !defines("one()", "one"));
}

// Manifests.

/// The folder and the manifest of every member of the workspace.
fn manifests() -> Vec<(PathBuf, Table)> {
    let inside = |folder: &str| {
        let entries = root().join(folder).read_dir().expect("a folder of crates");
        entries.map(|entry| entry.expect("a readable folder").path()).collect::<Vec<_>>()
    };
    let folders = inside("crates")
        .into_iter()
        .chain(inside("bench"))
        .chain(["examples", "xtask"].map(|folder| root().join(folder)));
    let read = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        let manifest: Table = text.parse().expect("cargo has read this manifest");
        // bench/frameworks is another workspace, which has no package at its root.
        manifest.contains_key("package").then_some((folder, manifest))
    };
    folders.filter_map(read).collect()
}

fn workspace_licence() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest");
    let manifest: Table = text.parse().expect("cargo has read this manifest");
    manifest["workspace"]["package"]["license"].as_str().expect("a licence is a string").to_owned()
}

fn name_of(manifest: &Table) -> &str {
    manifest["package"]["name"].as_str().expect("a package name is a string")
}

/// The sources that the `[[test]]` sections of a manifest name.
fn programs_of_tests(manifest: &Table) -> Vec<String> {
    let tests = manifest.get("test").and_then(Value::as_array).into_iter().flatten();
    tests.filter_map(|test| test.get("path")?.as_str()).map(str::to_owned).collect()
}

/// The workspace crates that a manifest depends on without being allowed to; dev-dependencies are not judged.
fn upward(manifest: &Table, allowed: &[&str]) -> Vec<String> {
    let sections = ["dependencies", "build-dependencies"].map(|section| dependencies(manifest, section));
    let mut found = of_the_workspace(sections.concat());
    found.retain(|name| !allowed.contains(&name.as_str()));
    found
}

/// Removes, again and again, the crates whose dependencies have all been removed. Returns the crates that are
/// left.
fn that_cannot_be_packed<'a>(manifests: impl IntoIterator<Item = &'a Table>) -> Vec<&'a str> {
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let needs = |manifest| of_the_workspace(sections.map(|name| dependencies(manifest, name)).concat());
    let mut left: Vec<_> =
        manifests.into_iter().map(|manifest| (name_of(manifest), needs(manifest))).collect();
    loop {
        let names: Vec<_> = left.iter().map(|(name, _)| *name).collect();
        left.retain(|(_, needs)| needs.iter().any(|need| names.contains(&need.as_str())));
        if left.len() == names.len() {
            return names;
        }
    }
}

/// The packages among `dependencies` that are members of the workspace.
fn of_the_workspace(dependencies: Vec<(String, Value)>) -> Vec<String> {
    let package = |(key, value): (String, Value)| match value.get("package").and_then(Value::as_str) {
        Some(renamed) => renamed.to_owned(),
        None => key,
    };
    let member = |name: &String| MAY_KNOW.iter().any(|(known, _)| known == name);
    dependencies.into_iter().map(package).filter(member).collect()
}

/// The entries of one kind of dependencies, including those for some platforms only.
fn dependencies(manifest: &Table, section: &str) -> Vec<(String, Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(|target| target.get(section));
    let tables = manifest.get(section).into_iter().chain(targets).filter_map(Value::as_table);
    tables.flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `key.workspace = true`
fn inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

// Sources.

/// Every Rust and Markdown file below `folder`, except in the folders of cargo and git.
fn collect_sources(folder: &Path, sources: &mut Vec<PathBuf>) {
    // Cargo marks its target folder with this file.
    if folder.ends_with(".git") || folder.join("CACHEDIR.TAG").exists() {
        return;
    }
    for entry in folder.read_dir().expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_symlink() {
            continue;
        } else if path.is_dir() {
            collect_sources(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "md") {
            sources.push(path);
        }
    }
}

/// Whether a line carries the attribute of an ignored test, or opens an example that the test run skips.
fn ignores(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let example = line.trim_start().trim_start_matches(['/', '!', ' ']);
    let skipped = example.strip_prefix("```").is_some_and(|info| info.contains("ignore"));
    code.contains(concat!("#[", "ignore")) || skipped
}

fn fence(language: &str) -> String {
    format!("/// ```{language}ignore")
}

// ARCHITECTURE.md.

/// The lines from a heading of second level to the next one.
fn section<'a>(text: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let from_heading = text.lines().skip_while(move |line| line.trim_end() != heading).skip(1);
    from_heading.take_while(|line| !line.starts_with("## "))
}

/// The items of the lists among `lines`, each on one line.
fn items<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut inside = false;
    for line in lines {
        let starts = line.starts_with(['-', '*']) || line.starts_with(|c: char| c.is_ascii_digit());
        if starts {
            items.push(line.to_owned());
        } else if let Some(item) = items.last_mut().filter(|_| inside && !line.trim().is_empty()) {
            item.push(' ');
            item.push_str(line.trim());
        }
        inside = starts || (inside && !line.trim().is_empty());
    }
    items
}

/// Every `file.rs::test` between backticks.
fn references(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let split = |quoted: &'_ str| quoted.find(".rs::").map(|end| (end + ".rs".len(), end + ".rs::".len()));
    text.split('`').skip(1).step_by(2).filter_map(move |quoted| {
        let (file, test) = split(quoted)?;
        Some((&quoted[..file], quoted[test..].rsplit("::").next()?))
    })
}

/// Whether the source defines a function of exactly this name.
fn defines(source: &str, name: &str) -> bool {
    let function = format!("fn {name}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    source.match_indices(&function).any(|(start, _)| ends(&source[start + function.len()..]))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

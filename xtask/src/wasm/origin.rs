//! What the compiled engine was made from, as one digest: `--check` notices an engine that is older than its
//! sources, without compiling it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{entries, hexadecimal};

/// The engine, in the root of the workspace.
const ENGINE: &str = "bindings/web";

/// The part of a lock file that is read.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    /// Where it was downloaded from; `None` for the crates of this repository.
    source: Option<String>,
}

/// SHA-256 of everything in the repository that the compiled files depend on: sources, embedded data and
/// manifests of the crates, the lock file, versions and features that the workspace sets, and `settings`, how
/// the compiler is called. Tests and documents beside the sources do not count.
pub fn digest(root: &Path, settings: &str) -> Result<String> {
    let mut digest = Sha256::new();
    let mut add = |name: &str, bytes: &[u8]| {
        // With the lengths, no byte can move from one part to the next.
        digest.update(format!("{name} {}\n", bytes.len()));
        digest.update(bytes);
    };
    add("settings", settings.as_bytes());
    add("workspace", inherited(&fs::read_to_string(root.join("Cargo.toml"))?)?.as_bytes());
    for path in files(root)? {
        let bytes = fs::read(root.join(&path)).with_context(|| format!("could not read {path}"))?;
        add(&path, &bytes);
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// What the crates inherit from the manifest of the workspace, in an order that does not depend on the text.
fn inherited(manifest: &str) -> Result<String> {
    let manifest: toml::Table = manifest.parse()?;
    let workspace = manifest.get("workspace").and_then(toml::Value::as_table);
    let workspace = workspace.context("the manifest describes no workspace")?;
    let part = |name: &str| workspace.get(name).map(toml::Value::to_string).unwrap_or_default();
    Ok([part("package"), part("dependencies")].join("\n"))
}

/// The files, as paths from the root with `/`, sorted.
fn files(root: &Path) -> Result<Vec<String>> {
    let lock = format!("{ENGINE}/Cargo.lock");
    let packages: Lock = toml::from_str(&fs::read_to_string(root.join(&lock))?)?;
    let own = packages.package.iter().filter(|package| package.source.is_none());
    let mut files = vec![lock];
    for Package { name, .. } in own {
        let folder = match name.as_str() {
            "ann-web" => ENGINE.to_owned(),
            "ann-web-module" => format!("{ENGINE}/module"),
            _ => format!("crates/{name}"),
        };
        files.push(format!("{folder}/Cargo.toml"));
        let mut folders = vec![format!("{folder}/src")];
        // What is embedded.
        folders.extend(Some(format!("{folder}/data")).filter(|data| root.join(data).is_dir()));
        while let Some(folder) = folders.pop() {
            for path in entries(&root.join(&folder))? {
                let name = path.file_name().and_then(|name| name.to_str());
                let name = format!("{folder}/{}", name.context("the name of a source is no text")?);
                match path.is_dir() {
                    true => folders.push(name),
                    false if name.ends_with(".md") => {}
                    false => files.push(name),
                }
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\
        [[package]]\nname = \"ann-core\"\nversion = \"0.1.0\"\n\
        [[package]]\nname = \"ann-web\"\nversion = \"0.1.0\"\n\
        [[package]]\nname = \"sha2\"\nversion = \"0.11.0\"\nsource = \"registry\"\n";
    const ROOT: &str = "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\nsha2 = \"0.11\"\n\
        [profile.dev]\nopt-level = 2\n";

    /// A workspace of two crates and some files, in a folder that is removed when it is dropped.
    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", ROOT);
        write("bindings/web/Cargo.lock", LOCK);
        for package in ["bindings/web", "crates/ann-core"] {
            for file in ["Cargo.toml", "README.md", "tests/main.rs", "src/a.rs", "src/a/b.rs", "src/c.rs"] {
                write(&format!("{package}/{file}"), file);
            }
        }
        write("crates/ann-core/data/numbers.csv", "1\n2\n");
        folder
    }

    #[test]
    fn everything_that_is_compiled_changes_the_digest_and_nothing_else_does() {
        let folder = workspace();
        let before = digest(folder.path(), "-O").unwrap();
        assert_eq!(digest(folder.path(), "-O").unwrap(), before);
        assert_ne!(digest(folder.path(), "-Os").unwrap(), before);
        for (path, counts) in [
            ("crates/ann-core/src/a/b.rs", true),
            ("crates/ann-core/src/new.rs", true),
            ("crates/ann-core/data/numbers.csv", true),
            ("crates/ann-core/Cargo.toml", true),
            ("bindings/web/src/c.rs", true),
            ("bindings/web/Cargo.toml", true),
            ("crates/ann-core/README.md", false),
            ("crates/ann-core/tests/main.rs", false),
            ("crates/ann-other/src/lib.rs", false),
        ] {
            let file = folder.path().join(path);
            let text = fs::read(&file).ok();
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "other").unwrap();
            assert_eq!(digest(folder.path(), "-O").unwrap() != before, counts, "{path}");
            text.map_or_else(|| fs::remove_file(&file), |text| fs::write(&file, text)).unwrap();
        }
        assert_eq!(digest(folder.path(), "-O").unwrap(), before);
    }

    #[test]
    fn of_the_workspace_only_what_is_inherited_counts() {
        let before = inherited(ROOT).unwrap();
        assert_eq!(inherited(&ROOT.replace("opt-level = 2", "opt-level = 3")).unwrap(), before);
        assert_eq!(inherited(&format!("# A comment.\n{ROOT}")).unwrap(), before);
        assert_ne!(inherited(&ROOT.replace("0.11", "0.12")).unwrap(), before);
    }
}

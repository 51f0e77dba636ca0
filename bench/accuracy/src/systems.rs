//! The systems that are compared, and how their runners are started.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use ann_bench::absence::Absence;
use ann_bench::folders::Folders;
use ann_bench::python;
use anyhow::{Context, Result, ensure};

/// The name of our recipe.
pub const OURS: &str = "ann";
/// The name of the program `ann`, which must have exactly the numbers of our recipe.
pub const PROGRAM: &str = "ann-program";
/// The name of the system that has intervals and sets as we have, and no place in the ranking.
pub const CONFORMAL: &str = "MAPIE";

/// A library that we are compared with.
#[derive(Clone, Copy, Debug)]
pub struct System {
    pub name: &'static str,
    /// The Python packages that it needs, beside pandas.
    packages: &'static [&'static str],
    class: Class,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    /// The best and the worst of these are 1 and 0 of the normalised score.
    Reference,
    /// Only measured when it is asked for by name.
    OnRequest,
    /// Only its intervals and sets are judged.
    Conformal,
    /// Ours in another form, measured when it is asked for. It needs no Python.
    Program,
}

const fn system(name: &'static str, packages: &'static [&'static str], class: Class) -> System {
    System { name, packages, class }
}

/// All systems but ours. The position decides the mark in the picture.
pub const SYSTEMS: [System; 9] = [
    system("linear", &["scikit-learn"], Class::Reference),
    system("MLP", &["scikit-learn"], Class::Reference),
    system("HistGradientBoosting", &["scikit-learn"], Class::Reference),
    system("LightGBM", &["scikit-learn", "lightgbm"], Class::Reference),
    system("CatBoost", &["scikit-learn", "catboost"], Class::OnRequest),
    system("RealMLP", &["scikit-learn", "pytabkit[models]"], Class::OnRequest),
    system("TabM", &["scikit-learn", "pytabkit[models]"], Class::OnRequest),
    system(CONFORMAL, &["scikit-learn", "mapie"], Class::Conformal),
    system(PROGRAM, &[], Class::Program),
];

/// Whether the best and the worst of the normalised score are taken from this system.
pub fn is_reference(name: &str) -> bool {
    SYSTEMS.iter().any(|system| system.name == name && system.class == Class::Reference)
}

/// The systems of a command: with `peers` all that need not be asked for, and those that `also` names.
///
/// # Errors
/// A name that is not known.
pub fn chosen(peers: bool, also: &[String]) -> Result<Vec<System>> {
    let same = |name: &str, system: &System| system.name.eq_ignore_ascii_case(name);
    for name in also {
        let known = SYSTEMS.map(|system| system.name).join(", ");
        let is_known = SYSTEMS.iter().any(|system| same(name, system));
        ensure!(is_known, "no system is called {name:?}; there are {known}");
    }
    let is_chosen = |system: &System| {
        let is_peer = !matches!(system.class, Class::OnRequest | Class::Program);
        (peers && is_peer) || also.iter().any(|name| same(name, system))
    };
    Ok(SYSTEMS.into_iter().filter(is_chosen).collect())
}

/// How a runner is started.
#[derive(Debug)]
pub struct Entrant {
    pub name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Entrant {
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// Our runner.
///
/// # Errors
/// It is missing.
pub fn ours() -> Result<Entrant> {
    built(OURS, "ann-tabular-runner")
}

/// A runner that cargo builds into the folder of this program.
fn built(name: &'static str, program: &str) -> Result<Entrant> {
    let folder = env::current_exe().context("could not find the folder of this program")?;
    let program = folder.with_file_name(format!("{program}{}", env::consts::EXE_SUFFIX));
    ensure!(program.exists(), "{} is missing; `cargo xtask accuracy` builds it", program.display());
    Ok(Entrant { name, program, arguments: Vec::new() })
}

/// The runners of systems other than our recipe. What Python needs is installed; what cannot be is added to
/// `missing`.
///
/// # Errors
/// There is no Python, or the runner of our program is missing.
pub fn prepare(folders: &Folders, systems: &[System], missing: &mut Vec<Absence>) -> Result<Vec<Entrant>> {
    let (programs, libraries): (Vec<System>, Vec<System>) =
        systems.iter().copied().partition(|system| system.class == Class::Program);
    let programs = programs.iter().map(|system| built(system.name, "ann-program-runner"));
    let mut entrants = programs.collect::<Result<Vec<_>>>()?;
    entrants.extend(in_python(folders, &libraries, missing)?);
    Ok(entrants)
}

fn in_python(folders: &Folders, systems: &[System], missing: &mut Vec<Absence>) -> Result<Vec<Entrant>> {
    if systems.is_empty() {
        return Ok(Vec::new());
    }
    let mut packages = BTreeSet::from(["numpy", "pandas"]);
    packages.extend(systems.iter().flat_map(|system| system.packages));
    let interpreter = python::environment(folders, &packages, missing)?;
    let script = folders.root.join("bench/peers/tables.py");
    let entrant = |system: &System| Entrant {
        name: system.name,
        program: interpreter.clone(),
        arguments: vec![script.clone(), Path::new(system.name).to_owned()],
    };
    Ok(systems.iter().map(entrant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_those_of_the_house_and_those_asked_for() {
        let names = |peers, also: &[&str]| {
            let also: Vec<String> = also.iter().map(|&name| name.to_owned()).collect();
            chosen(peers, &also).unwrap().iter().map(|system| system.name).collect::<Vec<_>>()
        };
        assert_eq!(names(false, &[]), [""; 0]);
        assert_eq!(names(true, &[]), ["linear", "MLP", "HistGradientBoosting", "LightGBM", "MAPIE"]);
        assert_eq!(names(false, &["catboost", "mlp"]), ["MLP", "CatBoost"]);
        assert_eq!(names(false, &["ann-program"]), ["ann-program"]);
        let error = chosen(true, &["xgboost".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("no system is called \"xgboost\"; there are linear, MLP, "), "{error}");
    }

    #[test]
    fn each_package_has_a_line_in_the_committed_requirements() {
        let text = include_str!("../../peers/requirements.txt");
        let packages: BTreeSet<&str> = SYSTEMS.iter().flat_map(|system| system.packages).copied().collect();
        assert_eq!(python::requirements(text, &packages).len(), packages.len(), "{packages:?}");
    }
}

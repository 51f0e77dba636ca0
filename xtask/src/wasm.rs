//! `cargo xtask wasm`: the engine of the live page as WebAssembly, made from this workspace.
//!
//! The standard library of wasm32 is compiled from the sources in Debian's package `rust-src`, with the
//! compiler that is installed. All paths that the compiler sees are the same on every machine, so the files
//! are, too.

mod origin;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::print;
use crate::python::run;
use crate::workspace::{Workspace, cargo};

/// What is done with the files.
#[derive(Debug, Args)]
pub struct WasmOptions {
    /// Compare with SHA256SUMS, and run the tests of the engine under Node.js; compile nothing
    #[arg(long)]
    check: bool,
    /// Compile, and compare with the files that are there instead of writing them
    #[arg(long, conflicts_with = "check")]
    compare: bool,
    /// Compile the networks of `cargo xtask bits`, and compare their weights under Node.js with native ones
    #[arg(long, conflicts_with_all = ["check", "compare"])]
    bits: bool,
}

/// The compiler, and the sources of its standard library.
const RUST: &str = "1.95.0";
const SOURCES: &str = "rust-src=1.95.0+dfsg1-2~bpo13+1";
const SOURCES_SHA256: &str = "7b76db5b880a77f9e52975d2baa6209d2f76d2c9c2789515c3088cb960e2c83b";
const SUITE: &str = "trixie-backports main";

/// The same on every machine, because cargo makes names of symbols from paths: links to the workspace and to
/// what is compiled.
const FIXED: &str = "/tmp/ann-wasm";

/// The files for the page, the instructions that each may use, and what is in it: the first one, which most
/// pages load, has no gradient check.
const FILES: [(&str, &str, &str); 3] = [
    ("ann-fused.wasm", "+simd128,+relaxed-simd", "--no-default-features"),
    (WHOLE, "+simd128,+relaxed-simd", "--features=check"),
    ("ann-portable.wasm", "+simd128", "--features=check"),
];
/// What a page loads for the gradient check; it trains as the first file does.
const WHOLE: &str = "ann-whole.wasm";
/// The arguments of cargo for each file.
const BUILD: [&str; 8] = [
    "build",
    "--release",
    "--lib",
    "--locked",
    "--target",
    "wasm32-unknown-unknown",
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
];
/// Panics trap at once: without their messages, and the code that prints them, the files are smaller; and so
/// they are with addresses of only as many bytes as each needs.
const FLAGS: &str = "-Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort \
    -Clink-arg=--compress-relocations";
const SUMS: &str = "SHA256SUMS";
/// The digest of what they were made from.
const ORIGIN: &str = "ORIGIN";
const STALE: &str = "the sources of the engine have changed since it was compiled: run `cargo xtask wasm`";

/// Makes the files, or checks them.
///
/// # Errors
/// A program is missing or fails, or a file is not what it should be.
pub fn wasm(workspace: &Workspace, options: &WasmOptions) -> Result<()> {
    let folder = workspace.root.join("bindings/web/page/wasm");
    if options.check {
        return check(workspace, &folder);
    }
    // Before the compiler reads them, so that a change in the meantime is noticed.
    let origin = origin::digest(&workspace.root, &settings())?;
    let compiler = Compiler::prepare(workspace)?;
    if options.bits {
        return compare_bits(workspace, &compiler);
    }
    let mut files = vec![("probe.wasm", probe())];
    for (name, instructions, contents) in FILES {
        files.push((name, compiler.engine(instructions, &[contents])?));
    }
    let mut sums = String::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        if options.compare {
            let committed = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
            ensure!(committed == bytes, "{name} is not what this workspace makes: run `cargo xtask wasm`");
        } else {
            fs::create_dir_all(&folder)?;
            fs::write(&path, &bytes).with_context(|| format!("could not write {}", path.display()))?;
        }
        sums += &format!("{}  {name}\n", sha256(&bytes));
        print::progress(format_args!("{name}: {} bytes", bytes.len()))?;
    }
    if options.compare {
        let committed =
            fs::read_to_string(folder.join(ORIGIN)).context("could not read the digest of the sources")?;
        ensure!(committed.trim() == origin, STALE);
        return print::result("the files are what this workspace makes");
    }
    fs::write(folder.join(SUMS), sums)?;
    fs::write(folder.join(ORIGIN), format!("{origin}\n"))?;
    check(workspace, &folder)
}

/// Compares the files with their sums and their sources with those they were made from, and runs the tests of
/// the engine under Node.js.
fn check(workspace: &Workspace, folder: &Path) -> Result<()> {
    let origin =
        fs::read_to_string(folder.join(ORIGIN)).context("could not read the digest of the sources")?;
    // No error, because compiling needs more than the Rust toolchain. Whether the bits are still the native
    // ones is tested below.
    if origin.trim() != origin::digest(&workspace.root, &settings())? {
        print::progress(format_args!("note: {STALE} before the next release"))?;
    }
    let sums = folder.join(SUMS);
    let sums = fs::read_to_string(&sums).with_context(|| format!("could not read {}", sums.display()))?;
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").context("a line of SHA256SUMS has no name")?;
        let bytes = fs::read(folder.join(name)).with_context(|| format!("could not read {name}"))?;
        ensure!(sha256(&bytes) == expected, "{name} has another SHA-256 than {SUMS} says");
    }
    run(Command::new("node").arg("tests/node.mjs").current_dir(workspace.root.join("bindings/web")))?;
    print::result("the engine gives the same bits under Node.js")
}

/// How the files are compiled: everything that is no source.
fn settings() -> String {
    format!("{RUST} {SOURCES} {FILES:?} {BUILD:?} {FLAGS}")
}

/// Trains the networks of `cargo xtask bits` natively and in both kinds of WebAssembly.
fn compare_bits(workspace: &Workspace, compiler: &Compiler) -> Result<()> {
    let folder = workspace.target.join("wasm/bits");
    fs::create_dir_all(&folder)?;
    for (name, instructions, contents) in FILES.into_iter().filter(|(name, ..)| *name != WHOLE) {
        fs::write(folder.join(name), compiler.engine(instructions, &[contents, "--features=bits"])?)?;
    }
    let bits = |arguments: &[&str]| {
        let mut native = Command::new(cargo());
        native.args(["run", "--quiet", "--locked", "--release", "--package", "ann-experiments"]);
        native.args(["--example", "bits", "--"]).args(arguments).current_dir(&workspace.root);
        output(&mut native)
    };
    let available = bits(&[])?;
    let fastest = available.lines().last().context("this processor has no instruction set")?;
    fs::write(folder.join("native.txt"), bits(&[fastest, "1"])?)?;
    run(Command::new("node")
        .arg("tests/bits.mjs")
        .arg(&folder)
        .current_dir(workspace.root.join("bindings/web")))
}

/// A compiler for wasm32.
struct Compiler {
    /// A copy of the toolchain, with the sources of the standard library.
    toolchain: PathBuf,
}

impl Compiler {
    /// Gets the sources, and links everything to its fixed place.
    fn prepare(workspace: &Workspace) -> Result<Self> {
        let version = output(Command::new("rustc").arg("--version"))?;
        let expected = format!("rustc {RUST} ");
        ensure!(version.starts_with(&expected), "found {}, expected {expected}", version.trim());
        let sources = sources(&workspace.target.join("wasm"))?;
        let fixed = Path::new(FIXED);
        ensure_own_folder(fixed)?;
        // No link, because the compiler asks where it really is.
        let toolchain = fixed.join("toolchain");
        if !toolchain.exists() {
            let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
            fs::create_dir_all(&toolchain)?;
            for part in ["bin", "lib"] {
                let part = Path::new(sysroot.trim()).join(part);
                // Hard links, where the file system allows.
                let linked = run(Command::new("cp").arg("-al").args([&part, &toolchain]));
                linked.or_else(|_| run(Command::new("cp").arg("-a").args([&part, &toolchain])))?;
            }
        }
        let library = toolchain.join("lib/rustlib/src/rust");
        fs::create_dir_all(&library)?;
        link(&sources.join("library"), &library.join("library"))?;
        link(&workspace.root, &fixed.join("source"))?;
        Ok(Self { toolchain })
    }

    /// The bytes of the engine for hosts with these instructions, with the features in these arguments of
    /// cargo.
    fn engine(&self, instructions: &str, features: &[&str]) -> Result<Vec<u8>> {
        let fixed = Path::new(FIXED);
        let home = env::var_os("CARGO_HOME")
            .map_or_else(|| env::home_dir().unwrap_or_default().join(".cargo"), PathBuf::from);
        // No path of a machine is in the files, and no name of a host from which it gets its crates.
        let registries = entries(&home.join("registry/src"))?;
        let remapped = [(fixed.join("source"), "ann"), (self.toolchain.clone(), "rust")];
        let remapped = remapped.into_iter().chain(registries.iter().map(|path| (path.clone(), "crates")));
        let remapped = remapped.map(|(from, to)| format!(" --remap-path-prefix={}={to}", from.display()));
        let target = fixed.join("source/target/wasm/build");
        let mut build = Command::new(self.toolchain.join("bin/cargo"));
        build
            .args(BUILD)
            .args(features)
            .arg("--manifest-path")
            .arg(fixed.join("source/bindings/web/module/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .current_dir(fixed)
            .env("RUSTC", self.toolchain.join("bin/rustc"))
            // The compiler is a stable one; compiling the standard library is not stable yet, nor are FLAGS.
            .env("RUSTC_BOOTSTRAP", "1")
            .env(
                "RUSTFLAGS",
                format!("-Ctarget-feature={instructions} {FLAGS}{}", remapped.collect::<String>()),
            )
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            // `cargo xtask` sets it, and a compiler looks for its library beside the one that it has loaded.
            .env_remove("LD_LIBRARY_PATH");
        run(&mut build)?;
        let made = target.join("wasm32-unknown-unknown/release/ann_web_module.wasm");
        let bytes = fs::read(&made).with_context(|| format!("could not read {}", made.display()))?;
        let home = home.to_string_lossy().into_owned();
        let names = registries.iter().filter_map(|path| path.file_name()?.to_str());
        for part in [FIXED, &home].into_iter().chain(names) {
            let has_part = bytes.windows(part.len()).any(|bytes| bytes == part.as_bytes());
            ensure!(!has_part, "the file contains {part}, a name of this machine");
        }
        Ok(bytes)
    }
}

/// The folder of Rust's sources, from Debian's package; nothing is installed.
fn sources(folder: &Path) -> Result<PathBuf> {
    let unpacked = folder.join("rust-src/usr/src").join(format!("rustc-{RUST}"));
    if unpacked.exists() {
        return Ok(unpacked);
    }
    let apt = folder.join("apt");
    for part in ["lists/partial", "cache/archives/partial", "deb"] {
        fs::create_dir_all(apt.join(part))?;
    }
    fs::write(apt.join("sources.list"), repository()?)?;
    let get = |arguments: &[&str]| {
        let own = |name: &str, part: &str| format!("-oDir::{name}={}", apt.join(part).display());
        run(Command::new("apt-get")
            .args(["-qq", &own("Etc::SourceList", "sources.list"), "-oDir::Etc::SourceParts=/dev/null"])
            .args([own("State::Lists", "lists"), own("Cache", "cache")])
            .args(arguments)
            .current_dir(apt.join("deb")))
    };
    get(&["update"])?;
    get(&["download", SOURCES])?;
    let packages: Vec<_> = fs::read_dir(apt.join("deb"))?.collect::<Result<_, _>>()?;
    let [package] = &packages[..] else { bail!("found {} packages, expected one", packages.len()) };
    let found = sha256(&fs::read(package.path())?);
    ensure!(found == SOURCES_SHA256, "{SOURCES} has the SHA-256 {found}, expected {SOURCES_SHA256}");
    run(Command::new("dpkg").arg("-x").arg(package.path()).arg(folder.join("rust-src")))?;
    Ok(unpacked)
}

/// The part of Debian's archive that has the sources, from where this machine gets its packages.
fn repository() -> Result<String> {
    const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let mut targets = Command::new("apt-get");
    targets.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    let archives =
        output(&mut targets).context("only this task needs apt-get, on Debian or a system like it")?;
    let archive = archives.lines().find(|uri| !uri.contains("security"));
    let archive = archive.context("apt-get has no archive of Debian")?;
    Ok(format!("deb [signed-by={KEYS}] {archive} {SUITE}\n"))
}

/// A module that finds out how the host adds a product: `fused` returns 1 if both precisions round once.
///
/// With a = 1 + 2⁻²⁷, a² is 1 + 2⁻²⁶ + 2⁻⁵⁴, whose last term is lost when a product is rounded; so
/// a · a − (1 + 2⁻²⁶) is 2⁻⁵⁴ in one rounding and 0 in two. The same in single precision, with 2⁻¹².
fn probe() -> Vec<u8> {
    const SPLAT: [u8; 2] = [0x14, 0x13];
    const RELAXED_MADD: [[u8; 2]; 2] = [[0x87, 0x02], [0x85, 0x02]];
    const EXTRACT: [u8; 2] = [0x21, 0x1f];
    const CONST: [u8; 2] = [0x44, 0x43];
    const EQUAL: [u8; 2] = [0x61, 0x5b];
    // No locals.
    let mut body = vec![0];
    for precision in [0, 1] {
        let bytes = |number: f64| match precision {
            0 => number.to_le_bytes().to_vec(),
            _ => (number as f32).to_le_bytes().to_vec(),
        };
        let half = if precision == 0 { 0.5_f64.powi(27) } else { 0.5_f64.powi(12) };
        let constant = |body: &mut Vec<u8>, number: f64| {
            body.push(CONST[precision]);
            body.extend(bytes(number));
        };
        for number in [1.0 + half, 1.0 + half, -(1.0 + 2.0 * half)] {
            constant(&mut body, number);
            body.extend([0xfd, SPLAT[precision]]);
        }
        body.push(0xfd);
        body.extend(RELAXED_MADD[precision]);
        body.extend([0xfd, EXTRACT[precision], 0]);
        constant(&mut body, half * half);
        body.push(EQUAL[precision]);
    }
    // i32.and, end
    body.extend([0x71, 0x0b]);
    let section = |number: u8, content: &[u8]| [&[number, content.len() as u8], content].concat();
    let code = [&[1, body.len() as u8], &body[..]].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        // One type: no parameters, an i32; one function of it; one export.
        section(1, &[1, 0x60, 0, 1, 0x7f]),
        section(3, &[1, 0]),
        section(7, &[&[1, 5], &b"fused"[..], &[0, 0]].concat()),
        section(10, &code),
    ]
    .concat()
}

/// Makes a folder that only this user can change, because the compiler in it will be run.
#[cfg(unix)]
fn ensure_own_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    match fs::DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error)?,
        _ => {}
    }
    // Not that of a link's target.
    let found = fs::symlink_metadata(folder)?;
    let me = fs::metadata("/proc/self").context("this task needs Debian or a system like it")?.uid();
    ensure!(
        found.is_dir() && found.uid() == me && found.mode() & 0o022 == 0,
        "{} is not a folder that only you can change: remove it, or ask its owner to do so",
        folder.display()
    );
    Ok(())
}

#[cfg(not(unix))]
fn ensure_own_folder(_: &Path) -> Result<()> {
    bail!("this task needs Debian or a system like it")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// A link, in place of one that leads elsewhere.
fn link(to: &Path, at: &Path) -> Result<()> {
    if fs::read_link(at).is_ok_and(|before| before == to) {
        return Ok(());
    }
    if fs::symlink_metadata(at).is_ok() {
        fs::remove_file(at).with_context(|| format!("could not remove the link {}", at.display()))?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(to, at).with_context(|| format!("could not link {}", at.display()))?;
    #[cfg(not(unix))]
    bail!("this task needs Debian or a system like it");
    #[cfg(unix)]
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("could not start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed ({})", output.status);
    String::from_utf8(output.stdout).context("a program printed something that is not text")
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_a_module_of_some_hundred_bytes() {
        let probe = probe();
        assert!(probe.len() < 500, "{}", probe.len());
        // Each section has a length of one byte.
        let mut at = 8;
        while at < probe.len() {
            at += 2 + usize::from(probe[at + 1]);
        }
        assert_eq!(at, probe.len());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let fixed = folder.path().join("fixed");
        ensure_own_folder(&fixed).unwrap();
        ensure_own_folder(&fixed).unwrap();
        symlink(&fixed, folder.path().join("link")).unwrap();
        assert!(ensure_own_folder(&folder.path().join("link")).is_err());
        fs::set_permissions(&fixed, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(ensure_own_folder(&fixed).is_err());
    }
}

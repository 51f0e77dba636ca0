//! Compresses the files of the live page, which `ann play` serves, to `page.lzma`: one after the other, in
//! the order of `page_files.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lzma_rust2::{LzmaOptions, LzmaWriter};

/// What is for people who look into the folder, not for a browser.
const OTHERS: [&str; 3] = ["wasm/ORIGIN", "wasm/README.md", "wasm/SHA256SUMS"];
/// The types of the other files, by the endings of their names.
const CONTENT_TYPES: [(&str, &str); 5] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
];
/// The smallest result.
const PRESET: u32 = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let page = page_folder()?;
    println!("cargo::rerun-if-changed={}", page.display());
    let mut files = vec![];
    find_files(&page, &mut files)?;
    files.sort();
    let (mut contents, mut list) = (vec![], "&[\n".to_owned());
    for file in files {
        let path =
            file.strip_prefix(&page)?.to_str().ok_or("the name of a file is no text")?.replace('\\', "/");
        if OTHERS.contains(&path.as_str()) {
            continue;
        }
        let content_type =
            content_type(&file).ok_or_else(|| format!("{path}: the build script knows no type for it"))?;
        let content = fs::read(&file)?;
        writeln!(
            list,
            "PageFile {{ path: {path:?}, content_type: {content_type:?}, bytes: {} }},",
            content.len()
        )?;
        contents.extend(content);
    }
    let made = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(made.join("page_files.rs"), list + "]")?;
    let (compressed, bytes) = (File::create(made.join("page.lzma"))?, contents.len() as u64);
    let mut writer = LzmaWriter::new_use_header(compressed, &LzmaOptions::with_preset(PRESET), Some(bytes))?;
    writer.write_all(&contents)?;
    writer.finish()?;
    Ok(())
}

/// The folder of the page, which `page` links to. On systems without symbolic links, git writes the
/// destination of the link into a file.
fn page_folder() -> Result<PathBuf, Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let link = package.join("page");
    Ok(if link.is_file() { package.join(fs::read_to_string(link)?.trim()) } else { link })
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn content_type(file: &Path) -> Option<&'static str> {
    let ending = file.extension()?;
    CONTENT_TYPES.iter().find(|(known, _)| ending == *known).map(|(_, content_type)| *content_type)
}

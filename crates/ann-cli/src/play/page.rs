//! The files of the page, in the program. A file of `bindings/web/page` that is not named here does not exist
//! for a browser, and a test finds it.

/// A file of the page.
#[derive(Debug)]
pub struct PageFile {
    /// Its path after the address.
    pub path: &'static str,
    /// What it is.
    pub content_type: &'static str,
    /// What is in it.
    pub content: &'static [u8],
}

macro_rules! files {
    ($($path:literal $content_type:ident)*) => {
        /// All files, `index.html` first.
        pub const FILES: &[PageFile] = &[$(PageFile {
            path: $path,
            content_type: $content_type,
            content: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/page/", $path)),
        }),*];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const IMAGE: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const WASM: &str = "application/wasm";

files! {
    "index.html" HTML
    "address.js" SCRIPT
    "canvas.js" SCRIPT
    "client.js" SCRIPT
    "colour.js" SCRIPT
    "curves.js" SCRIPT
    "data.js" SCRIPT
    "dates.js" SCRIPT
    "engine.js" SCRIPT
    "figures.js" SCRIPT
    "form.js" SCRIPT
    "gradient.js" SCRIPT
    "guide.js" SCRIPT
    "histogram.js" SCRIPT
    "icon.svg" IMAGE
    "lessons.js" SCRIPT
    "main.js" SCRIPT
    "network.js" SCRIPT
    "output.js" SCRIPT
    "player.js" SCRIPT
    "replay.js" SCRIPT
    "scene.js" SCRIPT
    "settings.js" SCRIPT
    "state.js" SCRIPT
    "style.css" STYLE
    "takehome.js" SCRIPT
    "theme.js" SCRIPT
    "wording.js" SCRIPT
    "worker.js" SCRIPT
    "wasm/ann-fused.wasm" WASM
    "wasm/ann-portable.wasm" WASM
    "wasm/probe.wasm" WASM
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What is for people who look into the folder, not for a browser.
    const OTHERS: [&str; 2] = ["wasm/README.md", "wasm/SHA256SUMS"];

    #[test]
    fn every_file_of_the_page_is_in_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut found = vec![];
        files_in(&folder, "", &mut found);
        found.retain(|path| !OTHERS.contains(&path.as_str()));
        let mut known: Vec<&str> = FILES.iter().map(|file| file.path).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
        assert_eq!(FILES[0].path, "index.html");
    }

    fn files_in(folder: &Path, before: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{before}{}", entry.file_name().display());
            if entry.path().is_dir() {
                files_in(&entry.path(), &format!("{path}/"), found);
            } else {
                found.push(path);
            }
        }
    }
}

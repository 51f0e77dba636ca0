//! The files of the live page. The build script has compressed them into one, because most of what is in the
//! three compiled engines is the same.

use std::io::{self, Read};

use lzma_rust2::LzmaReader;

/// A file of the page.
struct PageFile {
    /// Its path after the address.
    path: &'static str,
    /// Its type for a browser.
    content_type: &'static str,
    /// Its length.
    bytes: usize,
}

/// All files that a browser may ask for.
const FILES: &[PageFile] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));
/// Their contents, one after the other.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.lzma"));
/// The file that has no name in the address.
const FIRST: &str = "index.html";

/// The page, as a browser gets it.
pub struct Page {
    contents: Vec<u8>,
}

impl Page {
    pub fn unpack() -> io::Result<Self> {
        let mut contents = Vec::with_capacity(FILES.iter().map(|file| file.bytes).sum());
        LzmaReader::new_mem_limit(COMPRESSED, u32::MAX, None)?.read_to_end(&mut contents)?;
        Ok(Self { contents })
    }

    /// The type and the content of a file.
    pub fn file(&self, path: &str) -> Option<(&'static str, &[u8])> {
        let path = if path.is_empty() { FIRST } else { path };
        let mut begin = 0;
        for file in FILES {
            if file.path == path {
                return Some((file.content_type, &self.contents[begin..begin + file.bytes]));
            }
            begin += file.bytes;
        }
        None
    }
}

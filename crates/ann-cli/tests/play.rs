//! `ann play`: what is served, to whom, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::transcripts::folder;

/// The program, and its port. It ends with the test.
struct Page {
    child: Child,
    address: String,
    port: u16,
}

impl Page {
    fn open(arguments: &[&str]) -> Self {
        Self::open_in(&folder(), arguments)
    }

    /// Opens a table of this name.
    fn open_named(name: &str) -> Self {
        let folder = folder();
        fs::write(folder.path().join(name), "x,y\n1,2\n").unwrap();
        Self::open_in(&folder, &[name])
    }

    fn open_in(folder: &TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ann"))
            .arg("play")
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let port = address.strip_prefix("http://127.0.0.1:").unwrap().split('/').next().unwrap();
        Self { port: port.parse().unwrap(), address: address.trim().to_owned(), child }
    }

    /// Sends a request; returns its status, and what follows the header.
    fn ask(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let header = String::from_utf8(answer[..end].to_vec()).unwrap();
        (header, answer[end + 4..].to_vec())
    }

    fn get(&self, path: &str) -> (String, Vec<u8>) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port))
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_page_and_the_opened_file_are_served_and_nothing_else() {
    let page = Page::open(&["iris.csv"]);
    assert_eq!(page.address, format!("http://127.0.0.1:{}/?open=iris.csv", page.port));
    let (header, content) = page.get("/?open=iris.csv");
    assert!(header.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{header}");
    assert!(header.contains("default-src 'none'"), "{header}");
    assert!(content.starts_with(b"<!doctype html>"));
    let (header, content) = page.get("/wasm/ann-fused.wasm");
    assert!(header.contains("application/wasm") && content.starts_with(b"\0asm"), "{header}");
    let (header, content) = page.get("/open/iris.csv");
    assert!(header.starts_with("HTTP/1.1 200") && content.starts_with(b"sepal_length"), "{header}");
    for path in
        ["/iris.csv", "/open/", "/open/customers.csv", "/open/../iris.csv", "/../Cargo.toml", "/wasm", "//"]
    {
        let (header, _) = page.get(path);
        assert!(header.starts_with("HTTP/1.1 404"), "{path}: {header}");
    }
}

#[test]
fn files_arrive_as_they_are_in_the_folder() {
    let page = Page::open(&[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let files = |below: &str| {
        let entries = fs::read_dir(folder.join(below)).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| format!("{below}{}", entry.file_name().display())).collect::<Vec<_>>()
    };
    let is_for_people =
        |path: &String| ["wasm/ORIGIN", "wasm/README.md", "wasm/SHA256SUMS"].contains(&path.as_str());
    let (others, files): (Vec<String>, Vec<String>) =
        [files(""), files("wasm/")].concat().into_iter().partition(is_for_people);
    assert!(others.len() == 3 && files.len() > 20, "{others:?} {files:?}");
    for path in files {
        let (header, content) = page.get(&format!("/{path}"));
        assert!(header.starts_with("HTTP/1.1 200"), "{path}: {header}");
        assert!(content == fs::read(folder.join(&path)).unwrap(), "{path}");
    }
    for path in others {
        assert!(page.get(&format!("/{path}")).0.starts_with("HTTP/1.1 404"), "{path}");
    }
}

/// A browser leaves some signs of a name as they are.
#[test]
fn names_are_found_as_browsers_write_them() {
    for (name, encoded, others) in [
        ("data (1).csv", "data%20%281%29.csv", ["data%20(1).csv", "data%20%281%29.csv"]),
        ("täble?.csv", "t%C3%A4ble%3F.csv", ["t%C3%A4ble%3F.csv", "t%c3%a4ble%3f.csv"]),
    ] {
        let page = Page::open_named(name);
        assert_eq!(page.address, format!("http://127.0.0.1:{}/?open={encoded}", page.port));
        for other in others {
            let (header, content) = page.get(&format!("/open/{other}"));
            assert!(header.starts_with("HTTP/1.1 200") && content.starts_with(b"x,y"), "{other}: {header}");
        }
    }
}

/// Another name that leads to this machine is somebody else's page.
#[test]
fn other_hosts_are_refused() {
    let page = Page::open(&[]);
    let port = page.port;
    assert_eq!(page.address, format!("http://127.0.0.1:{port}/"));
    for (hosts, status) in [
        (format!("Host: 127.0.0.1:{port}\r\n"), 200),
        (format!("host:localhost:{port}\r\n"), 200),
        (format!("Host: evil.example:{port}\r\n"), 403),
        ("Host: 127.0.0.1\r\n".to_owned(), 403),
        (format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"), 403),
        (format!("Host: 127.0.0.1:{port}.evil.example\r\n"), 403),
        (String::new(), 403),
    ] {
        let (header, _) = page.ask(&format!("GET / HTTP/1.1\r\n{hosts}\r\n"));
        assert!(header.starts_with(&format!("HTTP/1.1 {status} ")), "{hosts:?}: {header}");
    }
}

#[test]
fn requests_that_are_wrong_are_refused() {
    let page = Page::open(&[]);
    let host = format!("Host: 127.0.0.1:{}\r\n", page.port);
    for (request, status) in [
        (format!("POST / HTTP/1.1\r\n{host}\r\n"), 405),
        (format!("GET / HTTP/2\r\n{host}\r\n"), 400),
        (format!("GET  / HTTP/1.1\r\n{host}\r\n"), 400),
        ("\r\n\r\n".to_owned(), 400),
        (format!("GET http://evil.example/ HTTP/1.1\r\n{host}\r\n"), 404),
    ] {
        let (header, _) = page.ask(&request);
        assert!(header.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {header}");
    }
    let (header, content) = page.ask(&format!("HEAD / HTTP/1.1\r\n{host}\r\n"));
    assert!(header.starts_with("HTTP/1.1 200") && content.is_empty(), "{header}");
    // After all this it still answers.
    assert!(page.get("/").0.starts_with("HTTP/1.1 200"));
}

#[cfg(unix)]
#[test]
fn the_interrupt_key_ends_it() {
    let mut page = Page::open(&[]);
    let signal = Command::new("kill").args(["-INT", &page.child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert_eq!(page.child.wait().unwrap().code(), Some(130));
}

#[test]
fn files_that_are_not_there_or_too_large_are_errors() {
    let folder = folder();
    fs::write(folder.path().join("large.csv"), vec![b'1'; (16 << 20) + 1]).unwrap();
    // A file of a terabyte without content: it is judged by its size, because it cannot be read in time.
    fs::File::create(folder.path().join("huge.csv")).unwrap().set_len(1 << 40).unwrap();
    for (path, part) in [
        ("nothing.csv", "nothing.csv"),
        ("large.csv", "large.csv: the file is too large: the page takes at most 16 MiB"),
        ("huge.csv", "at most 16 MiB"),
    ] {
        let output = crate::program::run(folder.path(), &["play", path]);
        assert!(!output.status.success());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains(part), "{message}");
    }
}

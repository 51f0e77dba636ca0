//! A server of a few files for one machine: HTTP/1.1, the methods GET and HEAD, one answer for each
//! connection.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::page::Page;

/// The most that a request may take, and the longest time that a browser may take for it; and for each part
/// of the answer.
const MOST_HEADER: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests at a time. A browser makes about six.
const MOST_CONNECTIONS: usize = 64;
/// What is not encoded in the printed address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Under this path the opened file is found.
const OPENED: &str = "open/";

/// What a browser may do on this page: load its own files and compute; nothing of others, nothing to others.
const HEADERS: &str = "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n";

/// Serves the page, and a file if one was opened.
pub struct Server {
    listener: TcpListener,
    port: u16,
    page: Page,
    opened: Option<(String, Vec<u8>)>,
}

/// A line of a status, and what follows it.
struct Answer<'a> {
    status: &'static str,
    content_type: &'static str,
    content: &'a [u8],
}

impl Server {
    /// `opened` is the name of a file and its content.
    pub fn new(listener: TcpListener, page: Page, opened: Option<(String, Vec<u8>)>) -> io::Result<Self> {
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port, page, opened })
    }

    /// The address of the page, which opens the file.
    pub fn address(&self) -> String {
        let encoded = |name: &str| utf8_percent_encode(name, PLAIN).to_string();
        let opened = self.opened.as_ref().map(|(name, _)| format!("?open={}", encoded(name)));
        format!("http://127.0.0.1:{}/{}", self.port, opened.unwrap_or_default())
    }

    /// Serves until the program ends.
    pub fn serve(self) -> ! {
        let server = Arc::new(self);
        loop {
            // A connection that fails concerns nobody but the browser, which will try again. One that is
            // too much is closed.
            let connection = server.listener.accept();
            let (Ok((stream, _)), true) = (connection, Arc::strong_count(&server) <= MOST_CONNECTIONS) else {
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            let server = Arc::clone(&server);
            drop(thread::Builder::new().spawn(move || drop(server.answer(stream))));
        }
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let header = read_header(&mut stream)?;
        let Answer { status, content_type, content } = self.answer_to(&header);
        let length = content.len();
        let begin = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{HEADERS}\r\n"
        );
        stream.write_all(begin.as_bytes())?;
        if !header.starts_with("HEAD ") {
            stream.write_all(content)?;
        }
        stream.flush()
    }

    fn answer_to(&self, header: &str) -> Answer<'_> {
        let refused = |status: &'static str| Answer {
            status,
            content_type: "text/plain; charset=utf-8",
            content: status.as_bytes(),
        };
        let mut lines = header.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
            (first.next(), first.next(), first.next(), first.next())
        else {
            return refused("400 Bad Request");
        };
        // A name of somebody else's that leads to this machine (DNS rebinding) must not read the page.
        let mut hosts = lines.filter_map(|line| line.split_once(':'));
        let mut hosts = hosts.by_ref().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = hosts.next().map(|(_, host)| host.trim());
        if hosts.next().is_some() || !host.is_some_and(|host| self.is_own(host)) {
            return refused("403 Forbidden");
        }
        if !["GET", "HEAD"].contains(&method) {
            return refused("405 Method Not Allowed");
        }
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let Some(path) = path.strip_prefix('/') else { return refused("404 Not Found") };
        if let (Some(name), Some((opened, content))) = (path.strip_prefix(OPENED), &self.opened)
            && percent_decode_str(name).eq(opened.bytes())
        {
            return Answer { status: "200 OK", content_type: "application/octet-stream", content };
        }
        match self.page.file(path) {
            Some((content_type, content)) => Answer { status: "200 OK", content_type, content },
            None => refused("404 Not Found"),
        }
    }

    /// Whether a browser was told one of the names of this machine for itself.
    fn is_own(&self, host: &str) -> bool {
        let port = format!(":{}", self.port);
        host.strip_suffix(&port).is_some_and(|name| ["127.0.0.1", "localhost"].contains(&name))
    }
}

/// The header of a request, without a body, which no answer needs.
fn read_header(stream: &mut TcpStream) -> io::Result<String> {
    let (mut header, mut part) = (Vec::new(), [0; 1024]);
    let begin = Instant::now();
    loop {
        let length = stream.read(&mut part)?;
        header.extend_from_slice(&part[..length]);
        let end = header.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end {
            header.truncate(end);
            return String::from_utf8(header).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        if length == 0 || header.len() > MOST_HEADER || begin.elapsed() > PATIENCE {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

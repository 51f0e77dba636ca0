//! `ann play`: the live page, served from this program to this machine alone.

mod page;
mod server;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::data;
use crate::failure::{Failure, Result, Status};
use crate::interrupt;
use crate::output::Output;
use crate::stored;
use page::Page;
use server::Server;

/// Open a page on which a network learns while you watch: of your own table, or of a model
#[derive(Args, Debug)]
pub struct Play {
    /// A table (CSV or Orange .tab, also compressed by gzip) or a model file to begin with
    data: Option<PathBuf>,
    /// The port of the address; 0 for any that is free
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    port: u16,
}

/// What the page takes at most; it says so itself, but the program should not wait for a browser to say it.
const MOST_BYTES: u64 = 16 << 20;

pub fn play(options: &Play) -> Result<Status> {
    let opened = options.data.as_deref().map(read).transpose()?;
    let damaged = |error| Failure::files(format_args!("the page in this program is damaged: {error}"));
    let page = Page::unpack().map_err(damaged)?;
    let failed = |error| Failure::files(format_args!("port {}: {error}", options.port));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(failed)?;
    let server = Server::new(listener, page, opened).map_err(failed)?;
    interrupt::clean_up(None)?;
    let mut output = Output::standard();
    writeln!(output, "{}", server.address())?;
    output.finish()?;
    anstream::eprintln!("The page is for this machine alone, and nothing leaves it. Ctrl-C ends it.");
    server.serve()
}

/// Name and content of the file to begin with. One that is too large is not read.
fn read(path: &Path) -> Result<(String, Vec<u8>)> {
    let too_large = || {
        let message = format!("the file is too large: the page takes at most {} MiB", MOST_BYTES >> 20);
        Failure::data(message).about(data::shown(path))
    };
    if stored::is_at(path) {
        let message = "a file of ann store; the page reads the table that it was made from";
        return Err(Failure::data(message).about(data::shown(path)));
    }
    let bytes = data::bytes_up_to(path, MOST_BYTES)?.ok_or_else(too_large)?;
    let name = path.file_name().map_or("table.csv".into(), |name| name.to_string_lossy());
    Ok((name.into_owned(), bytes))
}

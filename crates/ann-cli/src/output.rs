//! Where results go: the standard output, or a file that is written whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use tempfile::NamedTempFile;

use crate::data::is_dash;
use crate::failure::{Failure, Result, in_quotes};

/// An output that is opened before the work begins, so that no work is lost because it cannot be.
pub struct Output {
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    Standard(BufWriter<io::Stdout>),
    /// A new file, which takes the name of the old one when it is whole.
    New {
        file: BufWriter<NamedTempFile>,
        target: PathBuf,
        /// Whether a file that is there at the end is replaced.
        replaces: bool,
    },
    /// What is no file, such as a named pipe, is written in place.
    Device(BufWriter<File>),
}

impl Output {
    /// The standard output if there is no path, or `-`.
    pub fn open(path: Option<&Path>, force: bool) -> Result<Self> {
        match path {
            Some(path) if !is_dash(path) => {
                Ok(Self { path: path.to_owned(), sink: Sink::open(path, force)? })
            }
            _ => Ok(Self::standard()),
        }
    }

    /// The standard output.
    pub fn standard() -> Self {
        let sink = Sink::Standard(BufWriter::with_capacity(1 << 16, io::stdout()));
        Self { path: "standard output".into(), sink }
    }

    /// The new file, for what is written at any position. `None` for the standard output and devices.
    pub fn new_file(&self) -> Result<Option<File>> {
        match &self.sink {
            Sink::Standard(_) | Sink::Device(_) => Ok(None),
            Sink::New { file, .. } => file
                .get_ref()
                .as_file()
                .try_clone()
                .map(Some)
                .map_err(|error| cannot_write(&self.path, &error)),
        }
    }

    /// Writes to the end, and gives a new file its name. Without this nothing is left of it.
    pub fn finish(mut self) -> Result<()> {
        let finished = self.flush().and_then(|()| match self.sink {
            Sink::Standard(_) | Sink::Device(_) => Ok(()),
            Sink::New { file, target, replaces } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                give_name(file, &target, replaces)
            }
        });
        finished.map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.writer().flush()
    }
}

impl Sink {
    fn open(path: &Path, force: bool) -> Result<Self> {
        let failed = |error: io::Error| cannot_write(path, &error);
        let existing = fs::metadata(path);
        if existing.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(Failure::files(format_args!("{} is a folder, expected a file", path.display())));
        }
        if existing.as_ref().is_ok_and(|existing| !existing.is_file()) {
            return Ok(Self::Device(BufWriter::new(File::options().write(true).open(path).map_err(failed)?)));
        }
        if existing.is_ok() && !force {
            let path = path.display();
            return Err(Failure::files(format_args!(
                "{path} exists; --force replaces it, another name keeps it"
            )));
        }
        // The file that a symbolic link leads to is replaced, not the link.
        let target = fs::canonicalize(path);
        if let (Err(_), Ok(there)) = (&target, fs::read_link(path)) {
            let (path, there) = (path.display(), there.display());
            return Err(Failure::files(format_args!(
                "{path} is a link to {there}, where no file is; another name keeps the link"
            )));
        }
        let target = target.unwrap_or_else(|_| path.to_owned());
        Ok(Self::New { file: BufWriter::new(beside(&target).map_err(failed)?), target, replaces: force })
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Standard(output) => output,
            Self::New { file, .. } => file,
            Self::Device(file) => file,
        }
    }
}

/// Renames a file that is whole. Another program may have written one of this name meanwhile.
fn give_name(file: NamedTempFile, target: &Path, replaces: bool) -> io::Result<()> {
    let named = match replaces {
        true => file.persist(target),
        false => match file.persist_noclobber(target) {
            // Not all file systems can do this.
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => error.file.persist(target),
            named => named,
        },
    };
    named.map(drop).map_err(|error| error.error)
}

/// A file in the same folder, with the permissions of the old one, or those that a new one has.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // A program that is killed cannot remove the file, so its name says what it belongs to.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{}.", name.chars().take(60).collect::<String>());
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(target).map_or(0o666, |existing| existing.permissions().mode());
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut incomplete = incomplete();
    let file = builder.tempfile_in(folder_of(target))?;
    incomplete.push(file.path().to_owned());
    Ok(file)
}

/// The files that have been begun. Those that are complete have another name now.
static INCOMPLETE: Mutex<Vec<PathBuf>> = Mutex::new(vec![]);

fn incomplete() -> MutexGuard<'static, Vec<PathBuf>> {
    INCOMPLETE.lock().expect("nothing panics while it is locked")
}

/// Removes what the program would leave behind, because it ends now: no file can be begun any more.
pub fn remove_incomplete() {
    let incomplete = incomplete();
    for path in incomplete.iter() {
        // It may be complete, or removed already.
        let _ = fs::remove_file(path);
    }
    mem::forget(incomplete);
}

/// The folder of a file; of a name alone, the current one.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let folder = folder_of(path);
    let cause = match folder.exists() {
        // The error may name a temporary file, which tells nobody anything.
        true => error.to_string().split(" at path ").next().unwrap_or_default().to_owned(),
        false => {
            let folder = in_quotes(&folder.display().to_string());
            format!("there is no folder {folder}: mkdir -p {folder}")
        }
    };
    let message = format!("{}: cannot write: {cause}", path.display());
    let is_closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
    Failure { is_closed_pipe, ..Failure::files(message) }
}

/// Checks that all outputs can be written, and that none is an input or another output. The names are those
/// of the options.
pub fn check(outputs: &[(&str, &Path)], inputs: &[&Path], force: bool) -> Result<()> {
    for (place, (option, path)) in outputs.iter().enumerate() {
        if is_dash(path) {
            continue;
        }
        if inputs.iter().any(|input| is_same(input, path)) {
            let path = path.display();
            return Err(Failure::arguments(format_args!("{option}: {path} is read by this command")));
        }
        if let Some((other, _)) = outputs[..place].iter().find(|(_, other)| is_same(other, path)) {
            let path = path.display();
            return Err(Failure::arguments(format_args!("{option}: {path} is written by {other}, too")));
        }
        check_ending(path).map_err(|failure| failure.about(option))?;
        // A named pipe that is opened and closed would be at its end for its reader.
        if fs::metadata(path).is_ok_and(|existing| !existing.is_file() && !existing.is_dir()) {
            continue;
        }
        Sink::open(path, force).map_err(|failure| failure.about(option))?;
    }
    Ok(())
}

/// The end of a name that promises what no command writes is an error.
fn check_ending(path: &Path) -> Result<()> {
    const COMPRESSED: [&str; 5] = ["gz", "bz2", "xz", "zst", "zip"];
    const TABLES: [&str; 5] = ["xlsx", "xls", "ods", "parquet", "arrow"];
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let (shown, without) = (path.display(), path.with_extension(""));
    let advice = match &*ending {
        ending if COMPRESSED.contains(&ending) => format!("write {}, and compress it", without.display()),
        ending if TABLES.contains(&ending) => {
            format!("write {}, and convert it", without.with_extension("csv").display())
        }
        _ => return Ok(()),
    };
    Err(Failure::arguments(format_args!("{shown}: .{ending} is not written here; {advice}")))
}

/// Whether two paths lead to the same file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    !is_dash(one) && !is_dash(other) && place_of(one) == place_of(other)
}

/// Where a file is or will be, whatever the path looks like.
fn place_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = fs::canonicalize(folder_of(path)).unwrap_or_else(|_| folder_of(path).to_owned());
        folder.join(path.file_name().unwrap_or_default())
    })
}

/// Writes bytes to a file, whole, or to the standard output.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let mut output = Output::open(Some(path), force)?;
    output.write_all(bytes).map_err(|error| cannot_write(path, &error))?;
    output.finish()
}

/// As [`write()`]; but a terminal is no place for bytes that are no text.
pub fn write_binary(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    check_binary(path)?;
    write(path, bytes, force)
}

/// Whether bytes that are no text may be written there.
pub fn check_binary(path: &Path) -> Result<()> {
    if is_dash(path) && io::stdout().is_terminal() {
        return Err(Failure::arguments("this is no text for a terminal: give a file with -o, or redirect"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_appears_while_the_output_is_written_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        for (force, expected) in [(false, "theirs"), (true, "ours")] {
            let mut output = Output::open(Some(&path), force).unwrap();
            output.write_all(b"ours").unwrap();
            fs::write(&path, "theirs").unwrap();
            assert_eq!(output.finish().is_ok(), force);
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file is left");
            fs::remove_file(&path).unwrap();
        }
    }
}

//! Where results go: the standard output, or a file that is written whole.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::data::is_dash;
use crate::failure::{Failure, Result, in_quotes};

/// An output that is opened before the work begins, so that no work is lost because it cannot be.
pub enum Output {
    Standard(BufWriter<io::Stdout>),
    File { path: PathBuf, file: BufWriter<NamedTempFile> },
}

impl Output {
    /// The standard output if there is no path, or `-`.
    pub fn open(path: Option<&Path>, force: bool) -> Result<Self> {
        match path {
            None => Ok(Self::standard()),
            Some(path) if is_dash(path) => Ok(Self::standard()),
            Some(path) => {
                Ok(Self::File { path: path.to_owned(), file: BufWriter::new(beside(path, force)?) })
            }
        }
    }

    fn standard() -> Self {
        Self::Standard(BufWriter::with_capacity(1 << 16, io::stdout()))
    }

    /// Gives a file its name. Without this nothing is left of it.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Standard(mut output) => Ok(output.flush()?),
            Self::File { path, file } => {
                let failed = |error: io::Error| cannot_write(&path, &error);
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                file.as_file().sync_all().map_err(failed)?;
                file.persist(&path).map_err(|error| failed(error.error))?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(output) => output.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(output) => output.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

/// An error if a file may not be written, or cannot be.
pub fn check(path: &Path, force: bool) -> Result<()> {
    if is_dash(path) { Ok(()) } else { beside(path, force).map(drop) }
}

/// A file without a name that anybody looks for, in the folder of the path, with the permissions that a new
/// file has.
fn beside(path: &Path, force: bool) -> Result<NamedTempFile> {
    if path.is_dir() {
        return Err(Failure::files(format_args!("{} is a folder, expected a file", path.display())));
    }
    if path.exists() && !force {
        let path = path.display();
        return Err(Failure::files(format_args!(
            "{path} exists; --force replaces it, another name keeps it"
        )));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0o666, |existing| existing.permissions().mode());
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(folder).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let mut message = format!("{}: cannot write: {error}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        message = format!(
            "{message}; there is no folder {}: mkdir -p {0}",
            in_quotes(&folder.display().to_string())
        );
    }
    Failure::files(message)
}

/// Writes bytes to a file, whole, or to the standard output unless that is a terminal.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    if is_dash(path) && io::stdout().is_terminal() {
        return Err(Failure::arguments(
            "a model is no text for a terminal: give a file with -o, or redirect",
        ));
    }
    let mut output = Output::open(Some(path), force)?;
    output.write_all(bytes).map_err(|error| cannot_write(path, &error))?;
    output.finish()
}

//! Files are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file. If anything fails, a file that was there before is unchanged.
///
/// The bytes go to a new file beside it, which then takes its name. A symbolic link is followed, and the
/// permissions of an existing file are kept.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = temporary(&target)?;
    let written = write_new(&temporary, bytes, &target).and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_folder(&target))
}

/// `.name.process.tmp` in the folder of the file: a file can only take a name in the same file system.
fn temporary(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    let name = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
    Ok(target.with_file_name(name))
}

fn write_new(temporary: &Path, bytes: &[u8], target: &Path) -> io::Result<()> {
    // What is left of an interrupted process that had the same number.
    if temporary.exists() {
        fs::remove_file(temporary)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    if let Ok(existing) = fs::metadata(target) {
        file.set_permissions(existing.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// The new name is on the disk too. Only Unix can open a folder.
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

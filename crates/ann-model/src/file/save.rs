//! Files are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file. If anything fails, a file that was there before is unchanged.
///
/// The bytes go to a new file beside it, which then takes its name. So what is there and is no file, such as
/// a device, is an error. A symbolic link is followed, and an error if there is no file where it leads to;
/// the permissions of an existing file are kept. A process that is killed may leave the new file behind.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that is written piece by piece, and gets its name only when it is whole: see
/// [`finish`](Self::finish). If it is dropped before, nothing is left of it, and a file that was there before
/// is unchanged.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl NewFile {
    /// Begins a file. A symbolic link is followed, and an error if there is no file where it leads to.
    ///
    /// # Errors
    /// No file can be made there, or a device or a pipe is there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let target = target_of(path)?;
        if fs::metadata(&target).is_ok_and(|existing| !existing.is_file() && !existing.is_dir()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is a device or a pipe, expected a file",
            ));
        }
        let (temporary, file) = create_beside(&target)?;
        let new = Self { file, temporary, target, is_finished: false };
        if let Ok(existing) = fs::metadata(&new.target) {
            new.file.set_permissions(existing.permissions())?;
        }
        Ok(new)
    }

    /// Gives the file its name, once its bytes are on the disk.
    ///
    /// # Errors
    /// The file cannot be written to its end, or cannot get its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.is_finished = true;
        sync_folder(&self.target)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_finished {
            // An error that came before is the one to report.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// The file that a symbolic link leads to: the link is never replaced.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), fs::read_link(path)) {
        (Ok(target), _) => Ok(target),
        (Err(_), Ok(there)) => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("it is a link to {}, where no file is", there.display()),
        )),
        (Err(_), Err(_)) => Ok(path.to_owned()),
    }
}

/// Removes the new files that this process has begun to write beside `path` and not finished: for a process
/// that ends while another thread writes.
pub fn remove_unfinished(path: &Path) {
    let Ok(target) = target_of(path) else { return };
    let is_removed = |number: &u32| fs::remove_file(beside(&target, *number)).is_ok();
    (0..).take_while(is_removed).for_each(drop);
}

/// A new file in the folder of the target: a file can only take a name in the same file system. Its number is
/// the first that is free, because another thread may write the same target.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    if target.file_name().is_none() {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let mut number = 0;
    loop {
        let path = beside(target, number);
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// `.name.process.number.tmp` in the same folder.
fn beside(target: &Path, number: u32) -> PathBuf {
    let (name, process) = (target.file_name().unwrap_or_default(), std::process::id());
    target.with_file_name(format!(".{}.{process}.{number}.tmp", name.to_string_lossy()))
}

/// The new name is on the disk too. Only Unix can open a folder.
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_has_not_finished_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("m.ann");
        let other = folder.path().join(".m.ann.1.0.tmp");
        for path in [&target, &other] {
            fs::write(path, "whole").unwrap();
        }
        for _ in 0..2 {
            create_beside(&target).unwrap();
        }
        remove_unfinished(&target);
        let mut left: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        left.sort();
        assert_eq!(left, [other, target]);
    }
}

//! Files are written whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ann_figure::Figure;
use anyhow::{Context, Result};
use tempfile::{Builder, NamedTempFile};

/// Writes `NAME.csv`, `NAME.svg` and `NAME.png` and returns their paths in this order.
///
/// Creates `directory` where it is missing and replaces files of these names, each whole or not at all.
///
/// # Errors
/// The figure cannot be drawn (see [`Figure::svg`]), or a file cannot be written.
pub fn write_figure(figure: &Figure, directory: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let files = figure.files(name)?;
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let write = |(file, bytes): (String, Vec<u8>)| {
        let path = directory.join(file);
        write_whole(&path, bytes.as_slice())?;
        Ok(path)
    };
    files.into_iter().map(write).collect()
}

/// Writes all of `content` to the file at `path`, or changes nothing.
///
/// The bytes go to a temporary file in the same folder, which takes the name `path` once it is complete. When
/// that fails, or the process is killed before, a file that was at `path` is still there as it was.
///
/// # Errors
/// `content` cannot be read, or the folder of `path` cannot be written to.
pub fn write_whole(path: &Path, mut content: impl Read) -> Result<()> {
    let mut write = || -> io::Result<()> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let mut file = temporary_file(folder)?;
        io::copy(&mut content, &mut file)?;
        // Without it, a crash of the system could leave an empty file under the new name.
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// An empty file in `folder` that disappears unless it is given a name.
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    if let Some(permissions) = permissions() {
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder)
}

/// As other programs make files: for everybody, less what the user's mask takes away.
/// Temporary files are private otherwise.
#[cfg(unix)]
fn permissions() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

/// Elsewhere they are made like any other file.
#[cfg(not(unix))]
fn permissions() -> Option<Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails, as a full disk does, when it is asked for more than nothing.
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_file_is_made_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.svg");
        for content in ["a long first content", "short", ""] {
            write_whole(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(names(folder.path()), ["picture.svg"]);
    }

    #[test]
    fn an_output_that_cannot_be_finished_leaves_the_old_file_intact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.svg");
        fs::write(&path, "old").unwrap();
        let error = write_whole(&path, b"half of the new".chain(Broken)).unwrap_err();
        assert!(format!("{error:#}").starts_with(&format!("cannot write {}: ", path.display())), "{error:#}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["picture.svg"], "nothing else is left behind");
    }

    #[test]
    fn a_new_file_that_cannot_be_finished_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_whole(&folder.path().join("new.csv"), b"x,y\n".chain(Broken)).is_err());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = write_whole(Path::new("no/such/folder/new.csv"), io::empty()).unwrap_err();
        assert_eq!(error.to_string(), "cannot write no/such/folder/new.csv");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_permissions_of_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [usual, ours] = ["usual", "ours"].map(|name| folder.path().join(name));
        fs::write(&usual, "").unwrap();
        write_whole(&ours, io::empty()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&usual));
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

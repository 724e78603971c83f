//! Writing a file so that there is always a whole one: the old or the new.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{FileError, FileProblem};

/// Writes a file, replacing an old one only when the new one is whole and on the disk.
///
/// The bytes go to a temporary file in the same folder, which is synced and renamed. Whatever fails (no room, no
/// permission, a kill), an old file stays as it was, and unless the process was killed nothing is left behind. A
/// symbolic link is followed, not replaced. A new file gets the permissions of any new file (the umask's), a replaced
/// one keeps its own.
///
/// # Errors
/// A [`FileError`] with the path: it is a folder or a device, its folder is missing or not writable, an old file is not
/// writable, or the disk is full.
///
/// ```
/// use chainrule_nn::container::write_atomically;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("xor.chainrule");
/// write_atomically(&path, b"...")?;
/// assert_eq!(std::fs::read(&path)?, b"...");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), FileError> {
    let path = path.as_ref();
    Destination::of(path)
        .and_then(|destination| destination.write(bytes))
        .map_err(|problem| FileError::new(path, problem))?;
    written(path, bytes);
    Ok(())
}

/// [`write_atomically`] with a temporary file of a given name: for whoever writes the same file again and again, alone in
/// its folder, so that a kill leaves one temporary file at most, which the next write replaces.
///
/// `temporary` is the name of a file in the folder of `path`.
///
/// # Errors
/// Those of [`write_atomically`].
pub fn write_atomically_through(
    path: impl AsRef<Path>,
    temporary: &str,
    bytes: &[u8],
) -> Result<(), FileError> {
    let path = path.as_ref();
    Destination::of(path)
        .and_then(|destination| destination.write_through(temporary, bytes))
        .map_err(|problem| FileError::new(path, problem))?;
    written(path, bytes);
    Ok(())
}

fn written(path: &Path, bytes: &[u8]) {
    tracing::debug!(path = %path.display(), bytes = bytes.len(), "file written");
}

/// Finds out whether [`write_atomically`] will be able to write a file: to be asked before a training, not after it.
///
/// An existing file is neither changed nor emptied; in the folder a temporary file is made and removed at once.
///
/// # Errors
/// Those of [`write_atomically`], except for a full disk.
pub fn check_writable(path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    Destination::of(path)
        .and_then(|destination| destination.temporary().map(drop))
        .map_err(|problem| FileError::new(path, problem))
}

/// More links than this in a row are a circle (Linux has the same limit).
const MAX_LINKS: usize = 40;

/// Where a file will be, with links followed.
struct Destination {
    file: PathBuf,
    folder: PathBuf,
    /// The permissions of the file that is there now.
    replaces: Option<Permissions>,
}

impl Destination {
    fn of(path: &Path) -> Result<Destination, FileProblem> {
        let text = path.to_string_lossy();
        if text.ends_with(std::path::is_separator) {
            return Err(FileProblem::IsFolder);
        }
        let file = follow_links(path)?;
        let replaces = match fs::symlink_metadata(&file) {
            Ok(metadata) if metadata.is_dir() => return Err(FileProblem::IsFolder),
            Ok(metadata) if !metadata.is_file() => return Err(FileProblem::NotRegular),
            Ok(metadata) => {
                // A rename would replace a write-protected file without asking; an ordinary write would not.
                OpenOptions::new()
                    .append(true)
                    .open(&file)
                    .map_err(|source| FileProblem::Io {
                        action: "write to the existing file",
                        source,
                    })?;
                Some(metadata.permissions())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                return Err(FileProblem::Io {
                    action: "look at it",
                    source,
                });
            }
        };
        if file.file_name().is_none() {
            return Err(FileProblem::NotAFileName);
        }
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        match fs::metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => Ok(Destination {
                file,
                folder,
                replaces,
            }),
            Ok(_) => Err(FileProblem::NoFolder { folder }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(FileProblem::NoFolder { folder })
            }
            Err(source) => Err(FileProblem::Io {
                action: "look at its folder",
                source,
            }),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), FileProblem> {
        let mut temporary = self.temporary()?;
        let failed = |action| move |source| FileProblem::Io { action, source };
        temporary.write_all(bytes).map_err(failed("write it"))?;
        if let Some(permissions) = &self.replaces {
            temporary
                .as_file()
                .set_permissions(permissions.clone())
                .map_err(failed("keep its permissions"))?;
        }
        temporary
            .as_file()
            .sync_all()
            .map_err(failed("write it to the disk"))?;
        temporary
            .persist(&self.file)
            .map_err(|error| failed("move it into place")(error.error))?;
        sync_folder(&self.folder);
        Ok(())
    }

    fn write_through(&self, temporary: &str, bytes: &[u8]) -> Result<(), FileProblem> {
        let temporary = self.folder.join(temporary);
        let failed = |action| move |source| FileProblem::Io { action, source };
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove the temporary file before it")(error));
            }
            _ => {}
        }
        let written = File::create_new(&temporary)
            .map_err(failed("create a file in its folder"))
            .and_then(|mut file| {
                file.write_all(bytes).map_err(failed("write it"))?;
                file.sync_all().map_err(failed("write it to the disk"))
            })
            .and_then(|()| {
                fs::rename(&temporary, &self.file).map_err(failed("move it into place"))
            });
        if written.is_err() {
            // Half a file is of no use to anybody, and the disk may be full.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        sync_folder(&self.folder);
        Ok(())
    }

    /// A file in the folder of the destination, which is removed when it is dropped.
    fn temporary(&self) -> Result<NamedTempFile, FileProblem> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".chainrule-").suffix(".tmp");
        // As of any new file: the umask takes off what the user doesn't want (the default would be 0600).
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(&self.folder).map_err(|error| {
            // The library's error names the temporary file, which nobody asked for.
            FileProblem::Io {
                action: "create a file in its folder",
                source: error.kind().into(),
            }
        })
    }
}

/// The path with its last part followed while it is a symbolic link, whether or not there is a file at the end.
fn follow_links(path: &Path) -> Result<PathBuf, FileProblem> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        if !is_link {
            return Ok(path);
        }
        let target = fs::read_link(&path).map_err(|source| FileProblem::Io {
            action: "follow the link",
            source,
        })?;
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(FileProblem::LinkLoop)
}

/// Makes the rename survive a loss of power. Not every system can sync a folder, and the file is whole either way, so a
/// failure is not one of the write.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn problem(result: Result<(), FileError>) -> FileProblem {
        result.unwrap_err().problem
    }

    #[test]
    fn writes_and_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["m"]);
    }

    #[test]
    fn a_temporary_file_of_ones_own_is_replaced_and_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        fs::write(folder.path().join("m.tmp"), b"left by a kill").unwrap();
        write_atomically_through(&path, "m.tmp", b"old").unwrap();
        write_atomically_through(&path, "m.tmp", b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["m"]);

        // What stands in the way is named, and the old file stays.
        fs::create_dir(folder.path().join("m.tmp")).unwrap();
        let error = write_atomically_through(&path, "m.tmp", b"newer").unwrap_err();
        assert!(error.to_string().contains("temporary file"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn checking_touches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        check_writable(&path).unwrap();
        assert!(names(folder.path()).is_empty());

        fs::write(&path, b"old").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        check_writable(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert_eq!(names(folder.path()), ["m"]);
    }

    #[test]
    fn places_where_no_file_can_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"").unwrap();
        let writes: [fn(PathBuf) -> Result<(), FileError>; 2] = [
            |path| check_writable(path),
            |path| write_atomically(path, b"new"),
        ];
        for write in writes {
            assert!(matches!(
                problem(write(folder.path().to_owned())),
                FileProblem::IsFolder
            ));
            assert!(matches!(problem(write(at("new/"))), FileProblem::IsFolder));
            assert!(matches!(
                problem(write(at("none/m"))),
                FileProblem::NoFolder { .. }
            ));
            assert!(
                problem(write(at("file/m")))
                    .to_string()
                    .starts_with("cannot look at it")
            );
            assert!(
                problem(write(at(&"x".repeat(5000))))
                    .to_string()
                    .starts_with("cannot look at it")
            );
            assert!(matches!(
                problem(write(PathBuf::new())),
                FileProblem::NotAFileName
            ));
        }
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn unwritable_places_are_refused() {
        // These refuse even the superuser.
        assert!(matches!(
            problem(check_writable("/dev/null")),
            FileProblem::NotRegular
        ));
        assert!(matches!(
            problem(write_atomically("/dev/null", b"new")),
            FileProblem::NotRegular
        ));
        let text = problem(check_writable("/proc/m")).to_string();
        assert!(
            text.starts_with("cannot create a file in its folder"),
            "{text}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_an_ordinary_file() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let folder = tempfile::tempdir().unwrap();
        let (ordinary, ours) = (folder.path().join("ordinary"), folder.path().join("ours"));
        fs::write(&ordinary, b"").unwrap();
        write_atomically(&ours, b"").unwrap();
        assert_eq!(mode(&ours), mode(&ordinary));

        fs::set_permissions(&ours, Permissions::from_mode(0o640)).unwrap();
        write_atomically(&ours, b"new").unwrap();
        assert_eq!(mode(&ours), 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_stay_links() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("store")).unwrap();
        symlink("second", at("first")).unwrap();
        symlink("store/m", at("second")).unwrap();
        for bytes in [b"old", b"new"] {
            // The first time the link leads to no file yet.
            check_writable(at("first")).unwrap();
            write_atomically(at("first"), bytes).unwrap();
            assert_eq!(fs::read(at("store/m")).unwrap(), bytes);
        }
        assert!(fs::symlink_metadata(at("first")).unwrap().is_symlink());
        assert_eq!(names(&at("store")), ["m"]);

        symlink("circle", at("circle")).unwrap();
        assert!(matches!(
            problem(check_writable(at("circle"))),
            FileProblem::LinkLoop
        ));
        symlink("/dev/full", at("device")).unwrap();
        assert!(matches!(
            problem(check_writable(at("device"))),
            FileProblem::NotRegular
        ));
    }

    /// A limit on the size of files stands for the full disk. It needs a process of its own, which runs this same test.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_the_old_file() {
        const INSIDE: &str = "CHAINRULE_TEST_FULL_DISK";
        if let Some(path) = std::env::var_os(INSIDE) {
            let text = problem(write_atomically(PathBuf::from(path), &[7; 1 << 20])).to_string();
            assert!(text.starts_with("cannot write it"), "{text}");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        fs::write(&path, b"old").unwrap();
        let limited = std::process::Command::new("sh")
            // The signal is ignored, so that the write fails instead of the process.
            .args(["-c", "trap '' XFSZ && ulimit -f 8 && exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "container::atomic::tests::a_full_disk_leaves_the_old_file",
            ])
            .env(INSIDE, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&limited.stdout);
        assert!(
            limited.status.success() && said.contains("1 passed"),
            "{said}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["m"]);
    }
}

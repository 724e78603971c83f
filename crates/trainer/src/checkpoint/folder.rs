//! The folder in which a training keeps its checkpoints.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chainrule_nn::container::{Container, FileError, write_atomically_through};

use super::error::CheckpointError;

const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".chainrule";
/// What is being written: after a kill it may be half a file, which nobody reads and the next write replaces.
const TEMPORARY: &str = "checkpoint.tmp";
const LOCK: &str = "lock";
/// So many of the newest are left: the one before the last, should the last be damaged later.
const KEPT: usize = 2;

/// A folder that this process alone writes checkpoints to, as long as this value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Holds the system's lock, which ends with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it isn't there, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Folder, CheckpointError> {
        let failed = |action| {
            move |source| CheckpointError::Folder {
                folder: path.to_owned(),
                action,
                source,
            }
        };
        fs::create_dir_all(path).map_err(failed("make the folder"))?;
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let lock = options
            .open(path.join(LOCK))
            .map_err(failed("make a lock in it"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CheckpointError::Locked {
                    folder: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock it")(source)),
        }
        // Better now than after the first epoch.
        let probe = path.join(TEMPORARY);
        File::create(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .map_err(failed("write to it"))?;
        Ok(Folder {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The step of the newest checkpoint, if there is one.
    pub(crate) fn newest_step(&self) -> Result<Option<usize>, CheckpointError> {
        Ok(self.steps()?.last().copied())
    }

    /// The newest checkpoint, if there is one.
    pub(crate) fn newest(&self) -> Result<Option<(PathBuf, Container)>, CheckpointError> {
        let steps = self.steps()?;
        let Some(&newest) = steps.last() else {
            return Ok(None);
        };
        let path = self.file(newest);
        match Container::open(&path) {
            Ok(container) => Ok(Some((path, container))),
            Err(error) => {
                let older = steps.iter().rev().skip(1).map(|&step| self.file(step));
                let is_good = |path: &PathBuf| Container::open(path).is_ok();
                Err(CheckpointError::Damaged {
                    error: Box::new(error),
                    older: older.filter(is_good).take(1).next(),
                })
            }
        }
    }

    /// Writes the checkpoint of a step, and removes all but the newest.
    pub(crate) fn write(&self, step: usize, bytes: &[u8]) -> Result<PathBuf, CheckpointError> {
        let path = self.file(step);
        let written = write_atomically_through(&path, TEMPORARY, bytes);
        written.map_err(|error| self.unwritten(error))?;
        let steps = self.steps()?;
        for &old in steps.iter().rev().skip(KEPT) {
            // One file too many is no reason to end a training.
            let _ = fs::remove_file(self.file(old));
        }
        Ok(path)
    }

    fn unwritten(&self, error: FileError) -> CheckpointError {
        let last = self.newest_step().ok().flatten();
        CheckpointError::Write {
            error: Box::new(error),
            last: last.map(|step| self.file(step)),
        }
    }

    fn file(&self, step: usize) -> PathBuf {
        self.path.join(format!("{PREFIX}{step:010}{SUFFIX}"))
    }

    /// The steps of all checkpoints, ascending.
    fn steps(&self) -> Result<Vec<usize>, CheckpointError> {
        let failed = |source: io::Error| CheckpointError::Folder {
            folder: self.path.clone(),
            action: "list it",
            source,
        };
        let mut steps = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            steps.extend(name.to_str().and_then(step_of));
        }
        steps.sort_unstable();
        Ok(steps)
    }
}

/// Whether a file of this name is a training's own.
pub(super) fn is_own(name: &str) -> bool {
    name == LOCK || name == TEMPORARY || step_of(name).is_some()
}

/// The step of the checkpoint of this name, if it is one.
fn step_of(name: &str) -> Option<usize> {
    let step = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let is_plain = step.bytes().all(|byte| byte.is_ascii_digit());
    step.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_nn::container::ContainerWriter;

    fn bytes(text: &str) -> Vec<u8> {
        let writer = ContainerWriter::new().metadata("text", text);
        writer.unwrap().to_bytes()
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_two_are_kept_and_the_newest_is_found() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("deep/kept");
        let folder = Folder::lock(&path).unwrap();
        assert!(folder.newest().unwrap().is_none());
        for step in [9, 10, 100, 11_000_000_000] {
            folder.write(step, &bytes(&step.to_string())).unwrap();
        }
        assert_eq!(
            names(&path),
            [
                "checkpoint-0000000100.chainrule",
                "checkpoint-11000000000.chainrule",
                "lock"
            ]
        );
        let (_, container) = folder.newest().unwrap().unwrap();
        assert_eq!(container.metadata::<String>("text").unwrap(), "11000000000");
    }

    #[test]
    fn what_is_not_a_checkpoint_is_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::lock(temporary.path()).unwrap();
        for name in [
            "checkpoint-12.txt",
            "checkpoint-x.chainrule",
            "checkpoint-+5.chainrule",
            "model.chainrule",
            ".chainrule-ab.tmp",
        ] {
            fs::write(temporary.path().join(name), "notes").unwrap();
        }
        assert!(folder.newest().unwrap().is_none());
        for step in 1..=5 {
            folder.write(step, &bytes("")).unwrap();
        }
        assert_eq!(names(temporary.path()).len(), 5 + 2 + 1);
    }

    #[test]
    fn half_a_file_is_ignored_and_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let half = temporary.path().join(TEMPORARY);
        let folder = Folder::lock(temporary.path()).unwrap();
        folder.write(1, &bytes("one")).unwrap();
        drop(folder);
        fs::write(&half, &bytes("two")[..50]).unwrap();
        let folder = Folder::lock(temporary.path()).unwrap();
        assert_eq!(folder.newest_step().unwrap(), Some(1));
        fs::write(&half, &bytes("two")[..50]).unwrap();
        folder.write(2, &bytes("two")).unwrap();
        assert!(!half.exists());
        assert_eq!(folder.newest_step().unwrap(), Some(2));
    }

    #[test]
    fn one_training_at_a_time() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::lock(temporary.path()).unwrap();
        let error = Folder::lock(temporary.path()).unwrap_err();
        assert!(matches!(error, CheckpointError::Locked { .. }), "{error}");
        drop(folder);
        assert!(Folder::lock(temporary.path()).is_ok());
    }

    #[test]
    fn a_damaged_file_is_named_and_so_is_the_good_one_before_it() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::lock(temporary.path()).unwrap();
        folder.write(1, &bytes("one")).unwrap();
        folder.write(2, &bytes("two")).unwrap();
        let mut damaged = bytes("two");
        *damaged.last_mut().unwrap() ^= 1;
        fs::write(folder.file(2), damaged).unwrap();
        let error = folder.newest().unwrap_err().to_string();
        assert!(
            error.contains("checkpoint-0000000002.chainrule: ") && error.contains("damaged"),
            "{error}"
        );
        assert!(
            error.contains("checkpoint-0000000001.chainrule, is good"),
            "{error}"
        );
        fs::write(folder.file(1), "").unwrap();
        let error = folder.newest().unwrap_err().to_string();
        assert!(error.contains("there is no other checkpoint"), "{error}");
    }

    #[test]
    fn what_cannot_be_written_leaves_the_last_one() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::lock(temporary.path()).unwrap();
        folder.write(1, &bytes("one")).unwrap();
        // Stands in the way, for root too.
        fs::create_dir(temporary.path().join(TEMPORARY)).unwrap();
        let error = folder.write(2, &bytes("two")).unwrap_err().to_string();
        assert!(
            error.contains("checkpoint-0000000002.chainrule: cannot")
                && error.contains("checkpoint-0000000001.chainrule, is as it was"),
            "{error}"
        );
        assert_eq!(folder.newest_step().unwrap(), Some(1));
        let error = Folder::lock(&folder.file(1)).unwrap_err();
        assert!(matches!(error, CheckpointError::Folder { .. }), "{error}");
    }
}

//! Where predictions go.

use super::{Existing, refuse_inputs};
use crate::failure::Failure;
use crate::input::Source;
use crate::terminal::{Stdout, shown};
use chainrule_nn::container::check_writable;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A stream of rows. Call [`finish`](TableOutput::finish): without it a file stays as it was.
pub enum TableOutput {
    /// Standard output.
    Stdout(Stdout),
    /// A new file that will take the place of an old one.
    File(Box<Replacing>),
    /// A pipe or a device: there is nothing to replace.
    Device(BufWriter<File>, PathBuf),
}

/// A file in the making.
pub struct Replacing {
    temporary: BufWriter<NamedTempFile>,
    /// As it was given.
    path: PathBuf,
    /// With links followed.
    place: PathBuf,
    permissions: Option<Permissions>,
}

impl TableOutput {
    /// Opens a place for rows: standard output without a path or for `-`.
    ///
    /// # Errors
    /// Misuse if the path is an input or a model; otherwise if it can't be written.
    pub fn open(path: Option<&Path>, inputs: &[&Source]) -> Result<TableOutput, Failure> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(TableOutput::Stdout(Stdout::lock()));
        };
        refuse_inputs(path, inputs)?;
        match Existing::at(path) {
            Existing::Model => Err(Failure::misuse(format!(
                "{}: this file is a chainrule model, and predictions would replace it; choose another -o",
                shown(path)
            ))),
            Existing::NoFile if !path.is_dir() => {
                let device = File::options().write(true).open(path);
                let device = device.map_err(|error| cannot_write(path, &error))?;
                Ok(TableOutput::Device(BufWriter::new(device), path.to_owned()))
            }
            _ => {
                check_writable(path)?;
                let replacing = Replacing::new(path);
                let replacing = replacing.map_err(|error| cannot_write(path, &error))?;
                Ok(TableOutput::File(Box::new(replacing)))
            }
        }
    }

    /// Writes what is left and puts the file into its place.
    ///
    /// # Errors
    /// See [`error`](TableOutput::error).
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            TableOutput::Stdout(stdout) => stdout.finish(),
            TableOutput::Device(mut device, path) => {
                device.flush().map_err(|error| device_error(&path, &error))
            }
            TableOutput::File(file) => {
                let path = file.path.clone();
                file.persist().map_err(|error| cannot_write(&path, &error))
            }
        }
    }

    /// The failure for an error of writing here.
    pub fn error(&self, error: &io::Error) -> Failure {
        match self {
            TableOutput::Stdout(_) => Failure::stdout(error),
            TableOutput::Device(_, path) => device_error(path, error),
            TableOutput::File(file) => cannot_write(&file.path, error),
        }
    }
}

impl Write for TableOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            TableOutput::Stdout(out) => out.write(bytes),
            TableOutput::Device(out, _) => out.write(bytes),
            TableOutput::File(file) => file.temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            TableOutput::Stdout(out) => out.flush(),
            TableOutput::Device(out, _) => out.flush(),
            TableOutput::File(file) => file.temporary.flush(),
        }
    }
}

impl Replacing {
    fn new(path: &Path) -> io::Result<Replacing> {
        // A link stays a link.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".chainrule-").suffix(".tmp");
        // As of any new file: the umask takes off what the user doesn't want (the default would be 0600).
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Replacing {
            temporary: BufWriter::new(builder.tempfile_in(folder)?),
            path: path.to_owned(),
            permissions: fs::metadata(&place)
                .ok()
                .map(|metadata| metadata.permissions()),
            place,
        })
    }

    fn persist(self) -> io::Result<()> {
        let temporary = self
            .temporary
            .into_inner()
            .map_err(|error| error.into_error())?;
        if let Some(permissions) = self.permissions {
            temporary.as_file().set_permissions(permissions)?;
        }
        temporary.as_file().sync_all()?;
        temporary
            .persist(&self.place)
            .map_err(|error| error.error)?;
        Ok(())
    }
}

/// A named pipe may lose its reader as well as standard output.
fn device_error(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::stdout(error),
        _ => cannot_write(path, error),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::bad(format!("{}: cannot write it: {error}", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_it_was_until_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        fs::write(&path, "old").unwrap();
        for finish in [false, true] {
            let mut output = TableOutput::open(Some(&path), &[]).unwrap();
            output.write_all(b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"old");
            if finish {
                output.finish().unwrap();
            }
        }
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn inputs_models_and_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let code = |path: &Path, inputs: &[&Source]| {
            TableOutput::open(Some(path), inputs)
                .err()
                .map(|failure| failure.code())
        };
        fs::write(&path, "a,y\n").unwrap();
        assert_eq!(code(&path, &[&Source::Path(path.clone())]), Some(2));
        fs::write(
            &path,
            chainrule_nn::container::ContainerWriter::new().to_bytes(),
        )
        .unwrap();
        assert_eq!(code(&path, &[]), Some(2));
        assert_eq!(code(folder.path(), &[]), Some(1));
        assert_eq!(code(&folder.path().join("none/p.csv"), &[]), Some(1));
    }
}

//! Runs the binary in a folder of its own.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A temporary folder in which the binary runs.
pub struct Folder(tempfile::TempDir);

/// How a run ended.
pub struct Run {
    /// The exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// Standard output, as it is.
    pub bytes: Vec<u8>,
    /// Standard output as text.
    pub stdout: String,
    /// Standard error as text.
    pub stderr: String,
}

impl Folder {
    /// An empty one.
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// The path of a file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> &Folder {
        std::fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// Reads a file.
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    /// The binary, to be run here, without variables that change what it does.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("CHAINRULE_ISA")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs the binary with the words of a line as arguments.
    pub fn line(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Runs a line that must succeed.
    pub fn ok(&self, line: &str) -> Run {
        let run = self.line(line);
        assert_eq!(run.code, Some(0), "{line}: {}", run.stderr);
        run
    }

    /// Runs a line that must fail with a code, without anything on stdout, and gives what it said.
    pub fn fails(&self, code: i32, line: &str) -> String {
        let run = self.line(line);
        assert_eq!(run.code, Some(code), "{line}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "{line}");
        assert!(!run.stderr.is_empty(), "{line}: an error is said");
        assert!(!run.stderr.contains("panicked"), "{line}: {}", run.stderr);
        run.stderr
    }

    /// Runs a line that must succeed and print one JSON object.
    pub fn json(&self, line: &str) -> Value {
        self.ok(line).json()
    }

    /// Runs the binary with something on standard input.
    pub fn with_input(&self, line: &str, input: &[u8]) -> Run {
        let mut command = self.command(line.split_whitespace());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        Run::of(child.wait_with_output().unwrap())
    }
}

impl Run {
    /// How a process ended.
    pub fn of(output: Output) -> Run {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            bytes: output.stdout,
        }
    }

    /// Standard output as exactly one JSON object.
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object());
        value
    }

    /// Standard output as CSV: rows of fields, the header among them.
    pub fn csv(&self) -> Vec<Vec<String>> {
        csv(&self.bytes)
    }
}

/// CSV as rows of fields, the header among them.
pub fn csv(bytes: &[u8]) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes)
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// The breast cancer table: 569 rows, 30 features, target `diagnosis`.
pub fn wdbc() -> &'static [u8] {
    chainrule_data::embedded::wdbc().bytes
}

/// A table of two features and a target `y` that depends on them, with the labels given.
pub fn table(rows: usize, negative: &str, positive: &str) -> String {
    let mut csv = String::from("a,b,y\n");
    for i in 0..rows {
        let (a, b) = ((i * 7 % 19) as f64 / 19.0, (i * 11 % 23) as f64 / 23.0);
        let label = if a + b > 1.0 { positive } else { negative };
        csv += &format!("{a},{b},{label}\n");
    }
    csv
}

/// The tables that lie beside the checkout; nothing where they don't.
pub fn tables() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/csv");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// A number of a JSON object.
pub fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

//! What is written to stdout and stderr. Nothing here panics when the reader has gone or the disk is full, as `println!` does.

use crate::failure::Failure;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

/// Standard output for results, buffered. Call [`finish`](Stdout::finish): an error that is met when the buffer is dropped is lost.
pub struct Stdout(BufWriter<StdoutLock<'static>>);

impl Stdout {
    /// Takes standard output for this thread.
    pub fn lock() -> Stdout {
        Stdout(BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// See [`Failure::stdout`].
    pub fn finish(mut self) -> Result<(), Failure> {
        self.0.flush().map_err(|error| Failure::stdout(&error))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes a whole result to stdout.
///
/// # Errors
/// See [`Failure::stdout`].
pub fn print(bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut stdout = Stdout::lock();
    stdout
        .write_all(bytes.as_ref())
        .map_err(|error| Failure::stdout(&error))?;
    stdout.finish()
}

/// Writes an object as one line of JSON to stdout.
///
/// # Errors
/// See [`Failure::stdout`].
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value)
        .map_err(|error| Failure::bad(format!("cannot write JSON: {error}")))?;
    text.push('\n');
    print(text)
}

/// Writes help or version to stdout, in colours if it is a terminal that wants them.
///
/// # Errors
/// See [`Failure::stdout`].
pub fn print_help(help: &clap::Error) -> Result<(), Failure> {
    help.print()
        .and_then(|()| io::stdout().flush())
        .map_err(|error| Failure::stdout(&error))
}

/// Writes a line to stderr. If that is not possible there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes something that may surprise, and is no error, to stderr.
pub fn note(text: &str) {
    say(&format!("note: {text}"));
}

/// Writes what is not as it should be, and no error, to stderr.
pub fn warn(text: &str) {
    say(&format!("warning: {text}"));
}

/// A line on stderr that is drawn over, by going back to its start. It takes no more than that of a terminal.
#[derive(Debug, Default)]
pub struct Line {
    width: usize,
}

impl Line {
    /// Puts a text in the place of the one before.
    pub fn draw(&mut self, text: &str) {
        let width = text.chars().count();
        let blank = self.width.saturating_sub(width);
        // In one piece, so that it does not flicker. If that is not possible there is nobody to see it.
        let _ = io::stderr().write_all(format!("\r{text}{:blank$}", "").as_bytes());
        self.width = width;
    }

    /// Takes the text off, so that others can be written.
    pub fn clear(&mut self) {
        if self.width > 0 {
            self.draw("");
            let _ = io::stderr().write_all(b"\r");
        }
    }
}

/// How many characters of a line may be drawn over on stderr: the last column is left free, because some terminals begin another line
/// when it is written to.
pub fn stderr_width() -> usize {
    let width = terminal_size::terminal_size_of(io::stderr())
        .map(|(width, _)| usize::from(width.0))
        .filter(|&width| width > 0);
    width.unwrap_or(80).saturating_sub(1)
}

/// Whether stderr is a terminal on which a line can be drawn over.
pub fn stderr_can_draw() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether stdout is a terminal.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// A path for a message: with a name in it that drives a terminal, or none that can be shown, it is still one line.
pub fn shown(path: &Path) -> impl Display {
    chainrule_data::escape(&path.to_string_lossy())
}

/// [`chainrule_data::escape`] for a message of several lines.
pub fn escape_but_newlines(text: &str) -> String {
    text.split('\n')
        .map(chainrule_data::escape)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_message_stay_and_controls_do_not() {
        assert_eq!(escape_but_newlines("a\x1b[1m\nb\r"), "a\\u{1b}[1m\nb\\r");
    }

    #[test]
    fn a_path_is_one_line() {
        assert_eq!(shown(Path::new("a\nb.csv")).to_string(), "a\\nb.csv");
    }
}

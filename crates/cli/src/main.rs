//! `chainrule`: trains, explains and ships small sigmoid neural networks for binary classification.
//!
//! This file chooses a command and turns its result into an exit code. Each command, with its options, is a file in `commands/`.
//!
//! | what | file |
//! |---|---|
//! | the commands and their examples | `cli.rs` |
//! | a command: its options, what it does, what it prints | `commands/` |
//! | errors and exit codes | `failure.rs` |
//! | what is written to stdout and stderr | `terminal.rs` |
//! | files and stdin to read | `input.rs` |
//! | columns named on the command line | `columns.rs` |
//! | options that say how a table is written | `reading.rs` |
//! | models to read | `model.rs` |
//! | files to write, and which are refused | `output.rs` |
//! | Ctrl-C | `interrupt.rs` |
//! | numbers as text | `number.rs` |
//! | metrics as text and JSON | `scores.rs` |
//! | weights of rows and classes, and what they do | `weights.rs` |

mod cli;
mod columns;
mod commands;
mod failure;
mod input;
mod interrupt;
mod model;
mod number;
mod output;
mod reading;
mod scores;
mod terminal;
mod weights;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

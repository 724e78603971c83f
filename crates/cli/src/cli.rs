//! The commands, and which one was asked for.

use crate::commands::{completions, doctor, evaluate, inspect, man, predict, split, train, verify};
use crate::failure::Failure;
use crate::interrupt::tell_full_files;
use crate::terminal;
use chainrule_autodiff::Isa;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// Reads the command line and does what it says.
///
/// # Errors
/// Whatever went wrong, with its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let parsed = Cli::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| {
            let recorded = matches.subcommand_matches("train").map(train::recorded);
            let cli = Cli::from_arg_matches(&matches);
            let cli = cli.map_err(|error| error.format(&mut Cli::command()));
            Ok((cli?, recorded))
        });
    let (cli, recorded) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return answer(&error),
    };
    tell_full_files()?;
    match cli.command {
        Command::Train(mut arguments) => {
            arguments.recorded = recorded.unwrap_or_default();
            train::run(*arguments, isa()?)
        }
        Command::Predict(arguments) => predict::run(arguments, isa()?),
        Command::Evaluate(arguments) => evaluate::run(arguments, isa()?),
        Command::Inspect(arguments) => inspect::run(arguments, isa()?),
        Command::Verify(arguments) => verify::run(arguments, isa()?),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Split(arguments) => split::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}

/// Small sigmoid neural networks for binary classification: train, predict, evaluate, inspect, verify
///
/// A table in, calibrated probabilities and a portable model out, with the same bits on every machine and for any number of threads.
#[derive(Debug, Parser)]
#[command(
    name = "chainrule",
    version = env!("CHAINRULE_VERSION"),
    before_help = EXAMPLES,
    after_help = EXIT_CODES,
    // Of a flag that is given twice the last one counts, in every command.
    args_override_self = true,
    max_term_width = 100,
    help_expected = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(Box<train::Arguments>),
    Predict(predict::Arguments),
    Evaluate(evaluate::Arguments),
    Inspect(inspect::Arguments),
    Verify(verify::Arguments),
    Doctor(doctor::Arguments),
    Split(split::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  chainrule train                                   # on the embedded breast cancer data
  chainrule train patients.csv --target ill         # on your table; writes patients.chainrule";

const EXIT_CODES: &str = "\
Exit codes:
  0 done, 1 bad data, bad model or I/O error, 2 misuse, 3 training diverged, 130 interrupted

CHAINRULE_ISA=portable|avx2|avx512 in the environment chooses the instruction set. That changes the
speed, and not a bit of a result.";

/// The instruction set to compute with.
fn isa() -> Result<Isa, Failure> {
    Isa::from_env().map_err(|error| Failure::misuse(format!("CHAINRULE_ISA: {error}")))
}

/// What clap has to say: help and version are results, the rest is misuse.
fn answer(error: &clap::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => terminal::print_help(error),
        // The text repeats arguments, which may come from a script that took them from a file: no colours, nothing that a
        // terminal obeys.
        _ => Err(Failure::usage(error.render().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    /// A flattened group without a heading of its own gets that of the group before it.
    #[test]
    fn options_stand_under_the_heading_that_says_what_they_are() {
        let command = Cli::command();
        let train = command.find_subcommand("train").unwrap();
        let heading = |option: &str| {
            let found = train.get_arguments().find(|arg| arg.get_id() == option);
            let heading = found.unwrap().get_help_heading().unwrap_or("Options");
            heading.split(" [").next().unwrap().to_owned()
        };
        for (options, expected) in [
            (&["target", "json", "quiet", "force"][..], "Options"),
            (
                &["clip_norm", "l1", "l2", "schedule", "warmup"],
                "Penalties and steps",
            ),
            (
                &["early_stopping", "max_time"],
                "Ending before the epochs are over",
            ),
            (
                &["checkpoint", "resume"],
                "Keeping a training, to go on with it after a kill",
            ),
            (&["class_weight", "weight_column"], "Weights"),
            (&["log", "tensorboard"], "Watching"),
            (
                &[
                    "map_label",
                    "ignore",
                    "categorical",
                    "numeric",
                    "schema",
                    "print_schema",
                ],
                "What columns are",
            ),
            (
                &["delimiter", "missing", "on_bad"],
                "How tables are written",
            ),
        ] {
            for option in options {
                assert_eq!(heading(option), expected, "--{option}");
            }
        }
    }

    #[test]
    fn every_help_opens_with_two_examples() {
        let command = Cli::command();
        let all = std::iter::once(&command).chain(command.get_subcommands());
        for command in all.filter(|command| command.get_name() != "help") {
            let help = command.clone().render_long_help().to_string();
            let examples: Vec<&str> = help.lines().take(3).collect();
            assert_eq!(examples[0], "Examples:", "{}", command.get_name());
            assert!(
                examples[1..]
                    .iter()
                    .all(|line| line.starts_with("  chainrule")),
                "{help}"
            );
        }
    }
}

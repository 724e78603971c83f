//! The options of a training as its model keeps them, so that `verify` can train it again.
//!
//! Whatever was said on the command line is kept, in the order of the help, but for paths (a model tells nothing of the machine that it is
//! from) and for options that decide no bit.

use super::Arguments;
use super::arguments::Held;
use crate::failure::Failure;
use crate::input::Source;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::any::TypeId;
use std::path::PathBuf;

/// Options without a path in them that decide no bit.
const FREE: [&str; 8] = [
    "force",
    "json",
    "quiet",
    "print_schema",
    "threads",
    "checkpoint_every",
    "resume",
    "max_time",
];

/// The options that decide the bits, of what was said to `train`.
pub fn recorded(matches: &ArgMatches) -> Vec<String> {
    let command = command();
    let mut words = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let Some(long) = argument.get_long() else {
            continue;
        };
        let holds = argument.get_value_parser().type_id();
        let is_path = [TypeId::of::<PathBuf>(), TypeId::of::<Source>()]
            .iter()
            .any(|path| holds == *path)
            || matches
                .try_get_one::<Held>(id)
                .is_ok_and(|held| matches!(held, Some(Held::Table(_))));
        let is_said = matches.value_source(id) == Some(ValueSource::CommandLine);
        if !is_said || is_path || FREE.contains(&id) {
            continue;
        }
        let option = format!("--{long}");
        if matches!(argument.get_action(), ArgAction::SetTrue) {
            if matches.get_flag(id) {
                words.push(option);
            }
            continue;
        }
        for occurrence in matches.get_raw_occurrences(id).into_iter().flatten() {
            let values: Vec<String> = occurrence
                .map(|value| value.to_string_lossy().into_owned())
                .collect();
            match &values[..] {
                // In one word, so that a value may begin with a dash.
                [value] => words.push(format!("{option}={value}")),
                values => {
                    words.push(option.clone());
                    words.extend_from_slice(values);
                }
            }
        }
    }
    words
}

/// Reads what [`recorded`] wrote.
///
/// # Errors
/// If this version has no such options.
pub fn read(words: &[String]) -> Result<Arguments, Failure> {
    let matches = command().try_get_matches_from(words);
    let read = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    read.map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        Failure::bad(format!(
            "the model was trained with options that this version does not take: {}",
            first.trim_start_matches("error: ")
        ))
    })
}

fn command() -> Command {
    Arguments::augment_args(
        Command::new("train")
            .no_binary_name(true)
            .args_override_self(true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(line: &str) -> Vec<String> {
        let words = line.split_whitespace();
        recorded(&command().try_get_matches_from(words).unwrap())
    }

    #[test]
    fn what_decides_the_bits_is_kept_in_a_fixed_order() {
        let words = kept(
            "--seed 7 t.csv --epochs 3 --target y --map-label a -b --missing - --missing none --no-header --early-stopping --min-delta 0.1",
        );
        assert_eq!(
            words,
            [
                "--target=y",
                "--epochs=3",
                "--seed=7",
                "--early-stopping=log-loss",
                "--min-delta=0.1",
                "--map-label",
                "a",
                "-b",
                "--no-header",
                "--missing=-",
                "--missing=none",
            ]
        );
        let read = read(&words).unwrap();
        assert_eq!((read.epochs, read.seed), (Some(3), 7));
        let again = command().try_get_matches_from(&words).unwrap();
        assert_eq!(recorded(&again), words);
    }

    #[test]
    fn paths_and_what_decides_nothing_are_not_kept() {
        let line = "/secret/t.csv --threads 3 --json -o /secret/m --validation /secret/v.csv --test 0.1 --quiet --force \
                    --init /secret/i --schema /secret/s --checkpoint /secret/c --checkpoint-every 3steps --resume --max-time 1s";
        assert_eq!(kept(line), ["--test=0.1"]);
        // Of an option that is given twice the last one counts.
        assert_eq!(
            kept("--seed 1 --seed 2 --validation v.csv --validation 0.3"),
            ["--validation=0.3", "--seed=2"]
        );
        // No option with a path may be kept, whatever will be added.
        for argument in command().get_arguments() {
            let name = argument.get_id().as_str();
            let values = argument.get_value_names().unwrap_or_default();
            let is_path = values.iter().any(|value| {
                ["FILE", "DIR", "MODEL"]
                    .iter()
                    .any(|path| value.contains(path))
            });
            if is_path && argument.get_long().is_some() {
                let line = format!(
                    "--{} /secret/path --checkpoint c",
                    argument.get_long().unwrap()
                );
                assert!(kept(&line).is_empty(), "--{name} holds a path");
            }
        }
    }

    #[test]
    fn options_of_another_version_are_named() {
        let error = read(&["--no-such-thing=1".to_owned()]).unwrap_err();
        assert!(format!("{error:?}").contains("no-such-thing"));
    }
}

//! `chainrule man`: manual pages.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::terminal;
use clap::CommandFactory;
use clap_mangen::Man;

const EXAMPLES: &str = "\
Examples:
  chainrule man | man -l -
  chainrule man train > ~/.local/share/man/man1/chainrule-train.1";

/// Print a manual page, of chainrule or of one of its commands
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The command [default: the page of chainrule itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Writes the page to stdout as roff.
///
/// # Errors
/// Misuse if there is no such command; if stdout can't be written.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut root = Cli::command();
    root.build();
    let command = match &arguments.command {
        None => root,
        Some(name) => {
            let Some(command) = root.find_subcommand(name) else {
                let names: Vec<_> = root
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .collect();
                return Err(Failure::misuse(format!(
                    "no command {:?}; the commands are {}",
                    chainrule_data::escape(name),
                    names.join(", ")
                )));
            };
            command.clone()
        }
    };
    let mut text = Vec::new();
    Man::new(command.clone())
        .render(&mut text)
        .map_err(|error| Failure::bad(format!("cannot make the manual page: {error}")))?;
    text.extend(examples(&command).into_bytes());
    terminal::print(text)
}

/// The examples that open the help, as a section of the page, which clap leaves out.
fn examples(command: &clap::Command) -> String {
    let Some(examples) = command.get_before_help() else {
        return String::new();
    };
    let examples = examples.to_string();
    let lines = examples.lines().skip(1).map(|line| {
        let line = line.trim_start().replace('\\', "\\e").replace('-', "\\-");
        format!("{line}\n")
    });
    format!(".SH EXAMPLES\n.nf\n{}.fi\n", lines.collect::<String>())
}

//! The command line: flags and `--help` from an action's own table, through clap.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::action::{Action, Input, Kind};
use crate::input::Flags;

/// What the command line asks for.
pub(crate) struct Asked {
    /// Run what cleans up after the job, not the action.
    pub(crate) post: bool,
    pub(crate) flags: Flags,
}

/// A program with one action.
pub(crate) fn of_action(action: &'static Action) -> Command {
    let mut command = Command::new(action.name)
        .about(action.about)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(outputs(action))
        .arg(
            Arg::new("post")
                .long("post")
                .action(ArgAction::SetTrue)
                .help("Clean up after the job instead of running (what the runner does last)"),
        );
    for input in action.inputs {
        command = command.arg(flag(input));
        if let Some(word) = word(input) {
            command = command.arg(word);
        }
    }
    command
}

/// A program with several actions, each a subcommand.
pub(crate) fn of_actions(name: &'static str, about: &'static str, actions: &[&'static Action]) -> Command {
    Command::new(name)
        // Without it, the usage of a subcommand leaves the program's name out.
        .bin_name(name)
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(actions.iter().map(|action| of_action(action)))
}

/// Parses the arguments of a program with one action.
pub(crate) fn parse(
    command: Command,
    action: &'static Action,
    args: &[OsString],
) -> Result<Asked, clap::Error> {
    let matches = command.no_binary_name(true).try_get_matches_from(args)?;
    Ok(asked(action, &matches))
}

/// Parses the arguments of a program with several actions.
pub(crate) fn parse_many(
    command: Command,
    actions: &[&'static Action],
    args: &[OsString],
) -> Result<(&'static Action, Asked), clap::Error> {
    let mut with_usage = command.clone();
    let matches = command.no_binary_name(true).try_get_matches_from(args)?;
    let chosen = matches.subcommand().and_then(|(name, matches)| {
        actions.iter().find(|action| action.name == name).map(|action| (*action, asked(action, matches)))
    });
    chosen.ok_or_else(|| with_usage.error(clap::error::ErrorKind::MissingSubcommand, "an action is required"))
}

fn asked(action: &'static Action, matches: &ArgMatches) -> Asked {
    let flags = action.inputs.iter().filter_map(|input| {
        let flag = matches.get_many::<String>(input.name);
        let word = || if input.word { matches.get_many(WORD) } else { None };
        let values = flag.or_else(word)?.cloned().collect();
        Some((input.name, values))
    });
    Asked { post: matches.get_flag("post"), flags: flags.collect() }
}

/// The name under which clap keeps the first word: no input can have it.
const WORD: &str = "*word";

/// The first word that stands for an input's flag.
fn word(input: &'static Input) -> Option<Arg> {
    let arg = Arg::new(WORD).value_name(input.name).help(format!("The same as --{}", input.name));
    let arg = match input.kind {
        Kind::Choice(choices) => arg.value_parser(choices.to_vec()),
        _ => arg,
    };
    input.word.then(|| arg.conflicts_with(input.name))
}

fn flag(input: &'static Input) -> Arg {
    let arg = Arg::new(input.name)
        .long(input.name)
        .value_name(value_name(input.kind))
        .help(help(input))
        .action(ArgAction::Set);
    match input.kind {
        // `--flag` alone means true.
        Kind::Bool => arg.num_args(0..=1).default_missing_value("true"),
        Kind::List | Kind::Lines => arg.action(ArgAction::Append),
        _ => arg,
    }
}

const fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "TEXT",
        Kind::Path => "PATH",
        Kind::Bool => "true|false",
        Kind::Integer => "NUMBER",
        Kind::Duration => "DURATION",
        Kind::List => "VALUE,…",
        Kind::Lines => "LINE",
        Kind::Choice(_) => "CHOICE",
        Kind::Secret => "FILE",
    }
}

fn help(input: &Input) -> String {
    let mut text = input.help.to_owned();
    if let Kind::Choice(choices) = input.kind {
        text += &format!(" [{}]", choices.join(", "));
    }
    if let Some(default) = input.default.filter(|default| !default.is_empty()) {
        text += &format!(" [default: {}]", default.replace('\n', ", "));
    }
    if input.required {
        text += " [required]";
    }
    text + &format!(" [env: {}]", input.variable())
}

fn outputs(action: &Action) -> String {
    let mut text = String::new();
    if !action.outputs.is_empty() {
        let width = action.outputs.iter().map(|output| output.name.len()).max().unwrap_or(0);
        text += "Outputs:\n";
        for output in action.outputs {
            text += &format!("  {:width$}  {}\n", output.name, output.help);
        }
        text.push('\n');
    }
    text + "Exit codes:\n  0  done, or a person has to decide\n  1  decided against\n  2  could not decide"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Outcome, Output};

    static ACTION: Action = Action {
        name: "try",
        about: "Tries",
        inputs: &[
            Input::new("fail-on", Kind::Choice(&["low", "high"]), "From which severity").default("high"),
            Input::new("dry-run", Kind::Bool, "Change nothing"),
            Input::new("specs", Kind::List, "Specs").required(),
        ],
        outputs: &[Output { name: "passed", help: "How many" }],
        run: |_| Box::pin(async { Ok(Outcome::Done) }),
        post: None,
    };

    fn flags(args: &[&str]) -> Result<Asked, String> {
        let args: Vec<OsString> = args.iter().map(Into::into).collect();
        parse(of_action(&ACTION), &ACTION, &args).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_are_the_inputs() {
        let asked = flags(&["--fail-on", "low", "--dry-run", "--specs", "a", "--specs=b,c"]).unwrap();
        assert!(!asked.post);
        assert_eq!(asked.flags["fail-on"], ["low"]);
        assert_eq!(asked.flags["dry-run"], ["true"]);
        assert_eq!(asked.flags["specs"], ["a", "b,c"]);
        assert_eq!(flags(&["--dry-run", "false"]).unwrap().flags["dry-run"], ["false"]);
        assert!(flags(&["--post"]).unwrap().post);
    }

    #[test]
    fn an_unknown_flag_is_refused_with_a_suggestion() {
        let error = flags(&["--fail-onn", "low"]).err().unwrap();
        assert!(error.contains("--fail-onn") && error.contains("--fail-on"), "{error}");
        assert!(flags(&["stray"]).is_err());
        assert!(flags(&["--fail-on", "low", "--fail-on", "high"]).is_err());
    }

    #[test]
    fn a_first_word_stands_for_a_flag_where_the_table_says_so() {
        static WORDS: Action = Action {
            name: "words",
            inputs: &[Input::new("operation", Kind::Choice(&["list", "check"]), "What to do").word()],
            ..ACTION
        };
        let flags = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(Into::into).collect();
            parse(of_action(&WORDS), &WORDS, &args).map(|asked| asked.flags.get("operation").cloned())
        };
        let check = Some(vec!["check".to_owned()]);
        assert_eq!(flags(&["check"]).unwrap(), check);
        assert_eq!(flags(&["--operation", "check"]).unwrap(), check);
        assert_eq!(flags(&[]).unwrap(), None);
        for wrong in [&["chekc"][..], &["check", "list"], &["check", "--operation", "check"]] {
            assert!(flags(wrong).is_err(), "{wrong:?}");
        }
        static TEXTS: Action =
            Action { name: "texts", inputs: &[Input::new("image", Kind::Text, "Which").word()], ..ACTION };
        let args = ["anything at all".into()];
        let asked = parse(of_action(&TEXTS), &TEXTS, &args).unwrap();
        assert_eq!(asked.flags.get("image"), Some(&vec!["anything at all".to_owned()]));
        let said = flags(&["chekc"]).unwrap_err().to_string();
        assert!(said.contains("list, check") && said.contains("[operation]"), "{said}");
    }

    #[test]
    fn a_subcommand_is_shown_with_the_program_that_has_it() {
        let args: Vec<OsString> = ["try", "--help"].iter().map(Into::into).collect();
        let help =
            parse_many(of_actions("all", "All", &[&ACTION]), &[&ACTION], &args).err().unwrap().to_string();
        assert!(help.contains("Usage: all try "), "{help}");
    }

    #[test]
    fn help_tells_the_whole_table() {
        let help = flags(&["--help"]).err().unwrap();
        for part in [
            "Tries",
            "--fail-on <CHOICE>",
            "[low, high]",
            "[default: high]",
            "[env: INPUT_FAIL-ON]",
            "[required]",
            "Outputs:",
            "passed  How many",
            "2  could not decide",
        ] {
            assert!(help.contains(part), "{part} is missing in:\n{help}");
        }
    }
}

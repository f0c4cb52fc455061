//! The inputs: a flag beats `INPUT_*`, which beats the default; each is parsed once, at the start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::Result;
use crate::action::{Action, Input, Kind};
use crate::secret::Secret;
use crate::value::{self, Value};

/// What the command line gave, by input name; a list's flag may be given several times.
pub(crate) type Flags = BTreeMap<&'static str, Vec<String>>;

/// Every declared input: checked, absent, or wrong.
#[derive(Debug, Default)]
pub(crate) struct Inputs(BTreeMap<&'static str, Slot>);

#[derive(Debug)]
struct Slot {
    kind: Kind,
    /// What was given, for reading a value back as it was written. Empty for a secret.
    raw: String,
    value: Result<Option<Value>, String>,
}

/// Where a value comes from; a secret on the command line can only be a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Flag,
    Variable,
    Default,
}

/// Where inputs are taken from.
pub(crate) struct Given<'a> {
    pub(crate) flags: &'a Flags,
    pub(crate) env: &'a BTreeMap<String, String>,
    /// The names of variables that are not UTF-8.
    pub(crate) undecodable: &'a BTreeSet<String>,
    pub(crate) cwd: &'a Path,
}

impl Inputs {
    /// Resolves and parses every input of the action. Nothing fails here: see [`Inputs::problems`].
    pub(crate) fn resolve(action: &Action, given: &Given<'_>) -> Self {
        Self(action.inputs.iter().map(|input| (input.name, slot(input, given))).collect())
    }

    /// The same with secrets that are in hand already, and go through neither flags nor variables.
    pub(crate) fn resolve_with(
        action: &Action,
        given: &Given<'_>,
        secrets: &BTreeMap<&'static str, Secret>,
    ) -> Self {
        let mut inputs = Self::resolve(action, given);
        for (name, secret) in secrets {
            let value = Ok(Some(Value::Secret(secret.clone())));
            inputs.0.insert(name, Slot { kind: Kind::Secret, raw: String::new(), value });
        }
        inputs
    }

    /// Everything that is wrong, each naming the input, the value, and what is accepted.
    pub(crate) fn problems(&self) -> Vec<&str> {
        self.0.values().filter_map(|slot| slot.value.as_ref().err()).map(String::as_str).collect()
    }

    /// All secrets, to be masked.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.values().filter_map(|slot| match &slot.value {
            Ok(Some(Value::Secret(secret))) => Some(secret),
            _ => None,
        })
    }

    /// The checked value, if given.
    pub(crate) fn value(&self, name: &str) -> Result<Option<&Value>> {
        match &self.slot(name)?.value {
            Ok(value) => Ok(value.as_ref()),
            Err(problem) => Err(anyhow::anyhow!("{problem}")),
        }
    }

    /// What was given, as it was written, of any kind but a secret.
    pub(crate) fn raw(&self, name: &str) -> Result<Option<&str>> {
        let given = self.value(name)?.is_some();
        let slot = self.slot(name)?;
        if slot.kind == Kind::Secret {
            anyhow::bail!("input `{name}` is a secret: it cannot be read as text");
        }
        Ok(given.then_some(slot.raw.as_str()))
    }

    fn slot(&self, name: &str) -> Result<&Slot> {
        self.0
            .get(name)
            .ok_or_else(|| anyhow::anyhow!("input `{name}` is read, but the action does not declare it"))
    }
}

fn slot(input: &Input, given: &Given<'_>) -> Slot {
    if given.undecodable.contains(&input.variable()) && !given.flags.contains_key(input.name) {
        let value = Err(format!("input `{}`: the value is not UTF-8", input.name));
        return Slot { kind: input.kind, raw: String::new(), value };
    }
    let Some((text, source)) = find(input, given) else {
        let value = if input.required { Err(missing(input)) } else { Ok(None) };
        return Slot { kind: input.kind, raw: String::new(), value };
    };
    if input.kind == Kind::Secret {
        return Slot { kind: input.kind, raw: String::new(), value: secret(input, &text, source, given.cwd) };
    }
    let value = match value::parse(input.kind, &text, given.cwd) {
        Ok(Value::List(items)) if items.is_empty() && input.required => Err(missing(input)),
        Ok(value) => Ok(Some(value)),
        Err(accepted) => {
            Err(format!("input `{}`: {} is not accepted; give {accepted}", input.name, quoted(&text)))
        }
    };
    Slot { kind: input.kind, raw: text, value }
}

/// The first of flag, variable and default that is not empty, trimmed as the actions toolkit does.
fn find(input: &Input, given: &Given<'_>) -> Option<(String, Source)> {
    let flag = given.flags.get(input.name).map(|values| values.join("\n"));
    let variable = given.env.get(&input.variable()).cloned();
    let default = input.default.map(str::to_owned);
    [(flag, Source::Flag), (variable, Source::Variable), (default, Source::Default)]
        .into_iter()
        .filter_map(|(text, source)| text.map(|text| (text.trim().to_owned(), source)))
        .find(|(text, _)| !text.is_empty())
}

pub(crate) fn missing(input: &Input) -> String {
    format!(
        "input `{}` is required and was not given; set `{}:` under `with:`, or --{} ({})",
        input.name, input.name, input.name, input.help
    )
}

/// A secret from a variable is its text or a path; from the command line, which everybody on the
/// machine can read, only a path. No message repeats what was given: it may be the secret.
fn secret(input: &Input, text: &str, source: Source, cwd: &Path) -> Result<Option<Value>, String> {
    // Before any look at the disk: a file of that name in a checkout must not become the key.
    if input.is_name(text) {
        return Ok(Some(Value::Secret(Secret::name(text))));
    }
    let is_text = text.contains('\n') || text.starts_with("-----BEGIN");
    let file = cwd.join(text);
    if source == Source::Flag && (is_text || !file.is_file()) {
        return Err(format!(
            "input `{}`: on the command line a secret is given as the path of a readable file that holds it",
            input.name
        ));
    }
    if is_text || !file.is_file() {
        return Ok(Some(Value::Secret(Secret::new(text))));
    }
    let content = std::fs::read_to_string(&file)
        .map_err(|error| format!("input `{}`: the file it names cannot be read: {error}", input.name))?;
    if content.trim().is_empty() {
        return Err(format!("input `{}`: the file it names is empty", input.name));
    }
    Ok(Some(Value::Secret(Secret::new(content))))
}

/// A value in an error, on one line and of bearable length.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(100).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Outcome;

    static ACTION: Action = Action {
        name: "try",
        about: "",
        inputs: &[
            Input::new("fail-on", Kind::Choice(&["low", "high"]), "From which severity").default("high"),
            Input::new("specs", Kind::List, "Specs").required(),
            Input::new("signing-key", Kind::Secret, "Key"),
            Input::new("count", Kind::Integer, "Count"),
        ],
        outputs: &[],
        run: |_| Box::pin(async { Ok(Outcome::Done) }),
        post: None,
    };

    fn resolve(flags: &[(&'static str, &[&str])], env: &[(&str, &str)]) -> Inputs {
        let flags: Flags =
            flags.iter().map(|(k, v)| (*k, v.iter().map(|v| (*v).to_owned()).collect())).collect();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let undecodable = BTreeSet::new();
        Inputs::resolve(
            &ACTION,
            &Given { flags: &flags, env: &env, undecodable: &undecodable, cwd: Path::new("/nowhere") },
        )
    }

    #[test]
    fn a_flag_beats_the_variable_which_beats_the_default_and_empty_is_not_given() {
        for (flag, variable, expected) in [
            (None, None, "high"),
            (None, Some("low"), "low"),
            (None, Some(""), "high"),
            (None, Some("  \n"), "high"),
            (Some("low"), Some("high"), "low"),
            (Some(""), Some("low"), "low"),
        ] {
            let flags: Vec<(&'static str, Vec<&str>)> = flag.iter().map(|f| ("fail-on", vec![*f])).collect();
            let flags: Vec<(&'static str, &[&str])> = flags.iter().map(|(k, v)| (*k, v.as_slice())).collect();
            let env: Vec<_> = variable.iter().map(|v| ("INPUT_FAIL-ON", *v)).collect();
            let inputs = resolve(&flags, &env);
            assert_eq!(inputs.raw("fail-on").unwrap(), Some(expected), "{flag:?} {variable:?}");
        }
    }

    #[test]
    fn only_the_runners_own_spelling_is_read() {
        for alias in ["INPUT_FAIL_ON", "INPUT_fail-on", "input_FAIL-ON", "FAIL-ON"] {
            assert_eq!(resolve(&[], &[(alias, "low")]).raw("fail-on").unwrap(), Some("high"), "{alias}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let inputs = resolve(&[], &[("INPUT_FAIL-ON", "hgh"), ("INPUT_SPECS", ","), ("INPUT_COUNT", "-1")]);
        assert_eq!(
            inputs.problems(),
            [
                "input `count`: \"-1\" is not accepted; give a whole number from 0 to 18446744073709551615",
                "input `fail-on`: \"hgh\" is not accepted; give one of low, high",
                "input `specs` is required and was not given; set `specs:` under `with:`, or --specs (Specs)",
            ]
        );
    }

    #[test]
    fn a_secret_on_the_command_line_is_a_path_and_never_repeated() {
        let inputs = resolve(&[("signing-key", &["hunter2"])], &[]);
        let problem = inputs.value("signing-key").unwrap_err().to_string();
        assert!(problem.contains("path of a readable file") && !problem.contains("hunter2"), "{problem}");
        let inputs = resolve(&[], &[("INPUT_SIGNING-KEY", "hunter2")]);
        assert_eq!(inputs.value("signing-key").unwrap(), Some(&Value::Secret(Secret::new("hunter2"))));
        assert!(!format!("{inputs:?}").contains("hunter2"));
        assert!(inputs.raw("signing-key").is_err());
    }

    #[test]
    fn a_name_of_a_secret_is_no_path_and_no_secret() {
        let cwd = tempfile::tempdir().unwrap();
        std::fs::write(cwd.path().join("keyless"), "a key that somebody left here").unwrap();
        let input = Input::new("signing-key", Kind::Secret, "").names(&["keyless", "kms://"]);
        let secret = |text: &str, source| secret(&input, text, source, cwd.path());
        for text in ["keyless", "kms:///alias/x"] {
            for source in [Source::Flag, Source::Variable] {
                let name = Some(Value::Secret(Secret::name(text)));
                assert_eq!(secret(text, source), Ok(name), "{text}");
            }
        }
        for text in ["keyless2", "Keyless", "kms:", "x kms://", "kms://x\ny"] {
            assert_eq!(secret(text, Source::Variable), Ok(Some(Value::Secret(Secret::new(text)))), "{text}");
            assert!(secret(text, Source::Flag).is_err(), "{text}");
        }
    }

    #[test]
    fn a_flag_given_several_times_is_a_list() {
        let inputs = resolve(&[("specs", &["a,b", "c"])], &[]);
        assert_eq!(
            inputs.value("specs").unwrap(),
            Some(&Value::List(vec!["a".into(), "b".into(), "c".into()]))
        );
    }

    #[test]
    fn reading_an_undeclared_input_is_an_error() {
        assert!(resolve(&[], &[]).value("nope").unwrap_err().to_string().contains("does not declare"));
    }
}

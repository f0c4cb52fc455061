//! The parsers of the input kinds: text in, a checked value out, or what is accepted instead.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::action::Kind;
use crate::secret::Secret;

/// A checked input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Path(PathBuf),
    Bool(bool),
    Integer(u64),
    Duration(Duration),
    List(Vec<String>),
    Secret(Secret),
}

/// Parses what was given for a kind other than a secret. The error says what is accepted.
pub(crate) fn parse(kind: Kind, text: &str, cwd: &Path) -> Result<Value, String> {
    if text.contains('\0') {
        return Err("text without NUL bytes".to_owned());
    }
    match kind {
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Path => path(text, cwd).map(Value::Path),
        Kind::Bool => boolean(text).map(Value::Bool),
        Kind::Integer => integer(text).map(Value::Integer),
        Kind::Duration => duration(text).map(Value::Duration),
        Kind::List => Ok(Value::List(list(text))),
        Kind::Lines => Ok(Value::List(lines(text))),
        Kind::Choice(choices) => choice(text, choices).map(Value::Text),
        Kind::Secret => Ok(Value::Secret(Secret::new(text))),
    }
}

fn path(text: &str, cwd: &Path) -> Result<PathBuf, String> {
    if text.contains(['\n', '\r']) {
        return Err("one path, on one line".to_owned());
    }
    Ok(cwd.join(text))
}

/// The booleans of the YAML 1.2 core schema, as `core.getBooleanInput` reads them.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

fn integer(text: &str) -> Result<u64, String> {
    let accepted = || "a whole number from 0 to 18446744073709551615".to_owned();
    // `parse` would take a leading plus.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(accepted());
    }
    text.parse().map_err(|_| accepted())
}

/// The units of a duration in milliseconds, largest first: the order in which they may follow each other.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

fn duration(text: &str) -> Result<Duration, String> {
    let accepted =
        || "a number with a unit: 500ms, 90s, 15m, 24h, 7d, or several, largest first: 1h30m".to_owned();
    let (mut rest, mut total, mut allowed) = (text, 0_u64, &UNITS[..]);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let at = allowed.iter().position(|(name, _)| *name == unit).ok_or_else(accepted)?;
        let number: u64 = number.parse().map_err(|_| accepted())?;
        total = number
            .checked_mul(allowed[at].1)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| "a duration below 500 million years".to_owned())?;
        allowed = &allowed[at + 1..];
        rest = &rest[digits + letters..];
    }
    if text.is_empty() { Err(accepted()) } else { Ok(Duration::from_millis(total)) }
}

/// Values by line or comma, trimmed, without empty ones.
fn list(text: &str) -> Vec<String> {
    items(text, &['\n', ','])
}

/// Values by line, trimmed, without empty ones.
fn lines(text: &str) -> Vec<String> {
    items(text, &['\n'])
}

fn items(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn choice(text: &str, choices: &[&str]) -> Result<String, String> {
    if choices.contains(&text) {
        return Ok(text.to_owned());
    }
    let near = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text));
    let hint = near.map(|choice| format!(" (did you mean {choice}?)")).unwrap_or_default();
    Err(format!("one of {}{hint}", choices.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: Kind, text: &str) -> Result<Value, String> {
        parse(kind, text, Path::new("/here"))
    }

    #[test]
    fn booleans_are_those_of_the_yaml_core_schema() {
        for (text, expected) in [
            ("true", Some(true)),
            ("True", Some(true)),
            ("TRUE", Some(true)),
            ("false", Some(false)),
            ("False", Some(false)),
            ("FALSE", Some(false)),
            ("", None),
            ("tRue", None),
            ("yes", None),
            ("on", None),
            ("1", None),
            ("0", None),
            ("null", None),
            ("true ", None),
        ] {
            assert_eq!(boolean(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn integers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1.0", None),
            ("1e3", None),
            ("١", None),
        ] {
            assert_eq!(integer(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("90s", Some(90_000)),
            ("15m", Some(900_000)),
            ("24h", Some(86_400_000)),
            ("7d", Some(604_800_000)),
            ("1h30m", Some(5_400_000)),
            ("1d1h1m1s1ms", Some(90_061_001)),
            ("", None),
            ("90", None),
            ("s", None),
            ("-1s", None),
            ("1.5h", None),
            ("1 h", None),
            ("30m1h", None),
            ("1s1s", None),
            ("1w", None),
            ("1H", None),
            ("9999999999999999d", None),
            ("99999999999999999999s", None),
            ("1é", None),
        ] {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn lists_split_by_line_or_comma_and_lines_by_line_only() {
        for (text, by_both, by_line) in [
            ("", vec![], vec![]),
            (" , \n,", vec![], vec![",", ","]),
            ("a", vec!["a"], vec!["a"]),
            (" a , b\r\n c ", vec!["a", "b", "c"], vec!["a , b", "c"]),
            ("k=1,2\nl=3", vec!["k=1", "2", "l=3"], vec!["k=1,2", "l=3"]),
        ] {
            assert_eq!(list(text), by_both, "{text:?}");
            assert_eq!(lines(text), by_line, "{text:?}");
        }
    }

    #[test]
    fn choices_are_exact_and_suggest() {
        const COLOURS: Kind = Kind::Choice(&["red", "green"]);
        assert_eq!(parsed(COLOURS, "red"), Ok(Value::Text("red".into())));
        assert_eq!(parsed(COLOURS, "Red"), Err("one of red, green (did you mean red?)".into()));
        assert_eq!(parsed(COLOURS, "blue"), Err("one of red, green".into()));
        assert_eq!(parsed(Kind::Choice(&[]), "x"), Err("one of ".into()));
    }

    #[test]
    fn paths_are_relative_to_the_working_directory() {
        assert_eq!(parsed(Kind::Path, "a/b"), Ok(Value::Path("/here/a/b".into())));
        assert_eq!(parsed(Kind::Path, "/a"), Ok(Value::Path("/a".into())));
        assert!(parsed(Kind::Path, "a\nb").is_err());
        assert!(parsed(Kind::Path, "a\0b").is_err());
    }
}

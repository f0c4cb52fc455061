//! A tree as YAML again, in one line: it reads back as the same values.

use super::{Node, Value};
use crate::span;

/// A value in flow style.
pub(crate) fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Fraction(value) => fraction(*value),
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            format!("[{}]", items.iter().map(inside).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let each = entries.iter().map(|(key, value)| format!("{}: {}", inside(key), inside(value)));
            format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Nothing is written out where it stands among others.
fn inside(node: &Node) -> String {
    if matches!(node.value, Value::Null) { "null".to_owned() } else { flow(node) }
}

/// Text of several lines as a block under its key, if it is so plain that a block keeps it.
pub(crate) fn block(text: &str, indent: usize) -> Option<String> {
    let body = text.strip_suffix('\n')?;
    let plain = |line: &str| line.chars().all(is_plain) && !line.ends_with(' ');
    let good = body.contains('\n') && !body.starts_with([' ', '\n']) && !body.ends_with('\n');
    if !good || !body.lines().all(plain) || body.contains('\r') {
        return None;
    }
    let mut written = "|".to_owned();
    for line in body.lines() {
        written.push('\n');
        if !line.is_empty() {
            written.push_str(&format!("{:indent$}{line}", ""));
        }
    }
    Some(written)
}

/// With a point, so that it stays a fraction.
fn fraction(value: f64) -> String {
    let text = value.to_string();
    if text.contains('.') || !value.is_finite() { text } else { format!("{text}.0") }
}

/// Plain where no reader could take it for something else, in quotes otherwise.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 14] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "e", "none"];
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'*' | b'+');
    let word = begins && text.bytes().all(safe) && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if word || span::parse(text).is_some() { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if is_plain(c) => quoted.push(c),
            c if u32::from(c) <= 0xffff => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// What shows on a screen as what it is, and stays so in a file.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
        || c.is_alphanumeric()
        || matches!(c, '…' | '–' | '—' | '’' | '‘' | '“' | '”' | '→' | '×' | '≥' | '≤')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    fn same(a: &Node, b: &Node) -> bool {
        match (&a.value, &b.value) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
            }
            (Value::Fraction(a), Value::Fraction(b)) => a == b,
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => false,
        }
    }

    fn text_reads_back(text: &str) -> bool {
        let node = |value| Node { at: crate::At::default(), value };
        let list = node(Value::List(vec![node(Value::Text(text.to_owned()))]));
        let map = node(Value::Map(vec![(node(Value::Text("k".into())), list)]));
        let flat = parse(&format!("{}\n", flow(&map))).is_ok_and(|back| same(&back, &map));
        let deep = block(text, 2).is_none_or(|block| {
            parse(&format!("k:\n  {block}\nl: x\n"))
                .is_ok_and(|n| n.get("k").and_then(Node::text).as_deref() == Some(text))
        });
        flat && deep
    }

    #[test]
    fn texts_read_back() {
        for text in [
            "",
            "a",
            "true",
            "Yes",
            "~",
            "null",
            "1",
            "1.0",
            "1e5",
            "0x1f",
            "24h",
            "7d",
            "1_000",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#",
            "*",
            "db-*",
            "&a",
            "!a",
            "%",
            "@",
            "`",
            "'",
            "\"",
            "\\",
            " a ",
            "a\tb",
            "a\nb",
            "a\nb\n",
            "a\r\nb\r\n",
            "a\n\n",
            "\u{feff}a",
            "\u{2028}",
            "\u{85}",
            "\u{7f}",
            "\u{1b}[31m",
            "ü",
            "\u{1f600}",
            "2027-01-31",
            ".inf",
            "12:30:45",
            "package x\n\n# c\ndeny contains 1 if {\n  true\n}\n",
            "e",
            "=",
            "<<",
        ] {
            assert!(text_reads_back(text), "{text:?}: {}", scalar(text));
        }
    }

    #[test]
    fn values_read_back() {
        for text in ["{a: [1, -2, true, 0.5, 9.0, 0.00001], b: {c: null, \"1\": x}}", "[]", "{}", "[[], {}]"]
        {
            let node = parse(text).unwrap();
            assert!(same(&parse(&flow(&node)).unwrap(), &node), "{text}: {}", flow(&node));
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in "\\PC{0,12}|[ -~\n]{0,24}|.{0,8}") {
            prop_assert!(text_reads_back(&text), "{:?}: {}", text, scalar(&text));
        }
    }
}

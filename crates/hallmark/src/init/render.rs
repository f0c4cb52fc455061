//! Starter files with places to fill in: `<<name>>` in a line, and `#if name`, `#else`, `#end` around
//! lines. And text as a YAML scalar that GitHub does not take for an expression.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

/// What is filled in. A name with a value is also true for `#if`.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Option<String>>);

impl Values {
    /// A value that is always there.
    pub(super) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        self.maybe(name, Some(value.into()))
    }

    /// One that may be absent.
    pub(super) fn maybe(mut self, name: &'static str, value: Option<String>) -> Self {
        self.0.insert(name, value);
        self
    }

    /// Something that is so or not.
    pub(super) fn flag(self, name: &'static str, is: bool) -> Self {
        self.maybe(name, is.then(String::new))
    }

    fn get(&self, name: &str) -> Result<Option<&str>> {
        let value = self.0.get(name).with_context(|| format!("a starter file asks for `{name}`"))?;
        Ok(value.as_deref())
    }
}

/// Fills in a starter file.
pub(super) fn render(text: &str, values: &Values) -> Result<String> {
    let mut out = String::new();
    let mut shown: Option<bool> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("#if ") {
            ensure!(shown.is_none(), "`#if {name}` stands inside another");
            shown = Some(values.get(name)?.is_some());
        } else if line == "#else" {
            shown = Some(!shown.context("`#else` without `#if`")?);
        } else if line == "#end" {
            ensure!(shown.take().is_some(), "`#end` without `#if`");
        } else if shown != Some(false) {
            out += &filled(line, values)?;
            out.push('\n');
        }
    }
    ensure!(shown.is_none(), "`#if` without `#end`");
    Ok(out)
}

fn filled(line: &str, values: &Values) -> Result<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("<<") {
        let (name, after) = after.split_once(">>").context("`<<` without `>>`")?;
        out += before;
        out += values.get(name)?.with_context(|| format!("`{name}` has no value here"))?;
        rest = after;
    }
    Ok(out + rest)
}

/// Text as a scalar on one line of a workflow: plain where that is safe, quoted elsewhere.
pub(super) fn scalar(what: &str, text: &str) -> Result<String> {
    if text.contains("${{") {
        bail!("{what} {text:?} holds `${{{{`, which GitHub would take for an expression: rename it");
    }
    ensure!(
        !text.is_empty()
            && !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')),
        "{what} {text:?} holds what is no text on one line: rename it"
    );
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
        // What YAML, old or new, takes for something else than text.
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    Ok(if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values::default().with("a", "1").maybe("b", None).flag("yes", true).flag("no", false)
    }

    #[test]
    fn places_are_filled_and_lines_chosen() {
        for (text, expected) in [
            ("", ""),
            ("x", "x\n"),
            ("<<a>><<a>> << <", ""),
            ("a <<a>>, ${{ b }}", "a 1, ${{ b }}\n"),
            ("#if yes\nx\n#end\ny", "x\ny\n"),
            ("#if no\nx\n#end\ny", "y\n"),
            ("#if no\n<<b>>\n#else\nz\n#end", "z\n"),
            ("#if a\nx\n#else\n<<b>>\n#end", "x\n"),
        ] {
            if expected.is_empty() && !text.is_empty() {
                assert!(render(text, &values()).is_err(), "{text:?}");
            } else {
                assert_eq!(render(text, &values()).unwrap(), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_starter_file_with_a_mistake_is_told() {
        for text in ["<<c>>", "<<b>>", "#if c\n#end", "#if a", "#end", "#else", "#if a\n#if a\n#end\n#end"] {
            assert!(render(text, &values()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn scalars_are_text_whatever_they_look_like() {
        for (text, expected) in [
            ("web", "web"),
            ("packer/web-1.0_x", "packer/web-1.0_x"),
            ("1.0", "'1.0'"),
            ("0x1f", "'0x1f'"),
            ("true", "'true'"),
            ("No", "'No'"),
            ("nothing", "nothing"),
            (".", "'.'"),
            ("~", "'~'"),
            ("-x", "'-x'"),
            ("a b", "'a b'"),
            ("it's \"so\": #1", "'it''s \"so\": #1'"),
            ("${ {", "'${ {'"),
            ("bilder/größe", "'bilder/größe'"),
        ] {
            assert_eq!(scalar("x", text).unwrap(), expected, "{text:?}");
        }
        for text in ["", "a\nb", "a\r", "a\0", "a\u{85}b", "a\u{2028}b", "${{ secrets.x }}"] {
            assert!(scalar("x", text).is_err(), "{text:?}");
        }
    }
}

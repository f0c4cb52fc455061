//! Colour on a terminal: whether, and how.

use std::collections::BTreeMap;

/// Whether to colour a stream: `NO_COLOR` forbids, `CLICOLOR_FORCE` demands, else terminals have
/// it unless `CLICOLOR=0` or `TERM=dumb`.
pub(crate) fn colours(env: &BTreeMap<String, String>, is_terminal: bool) -> bool {
    let get = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    if get("NO_COLOR").is_some() {
        return false;
    }
    if get("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && get("CLICOLOR") != Some("0") && get("TERM") != Some("dumb")
}

/// A way to make text stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
    Cyan,
}

/// The text in a style, or as it is.
pub(crate) fn paint(on: bool, style: Style, text: &str) -> String {
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Red => "1;31",
        Style::Yellow => "1;33",
        Style::Cyan => "1;36",
    };
    if on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table_of_colour() {
        for (vars, on_terminal, on_pipe) in [
            (vec![], true, false),
            (vec![("NO_COLOR", "1")], false, false),
            (vec![("NO_COLOR", "")], true, false),
            (vec![("CLICOLOR", "0")], false, false),
            (vec![("CLICOLOR", "1")], true, false),
            (vec![("CLICOLOR_FORCE", "1")], true, true),
            (vec![("CLICOLOR_FORCE", "0")], true, false),
            (vec![("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
            (vec![("TERM", "dumb")], false, false),
        ] {
            let env = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(colours(&env, true), on_terminal, "{vars:?} on a terminal");
            assert_eq!(colours(&env, false), on_pipe, "{vars:?} on a pipe");
        }
    }

    #[test]
    fn painting() {
        assert_eq!(paint(true, Style::Red, "x"), "\u{1b}[1;31mx\u{1b}[0m");
        assert_eq!(paint(true, Style::Red, ""), "");
        assert_eq!(paint(false, Style::Red, "x"), "x");
    }
}

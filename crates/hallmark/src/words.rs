//! Expressions and words in the texts of workflows and scripts.

/// Whether GitHub puts something in before it runs.
pub(crate) fn is_expression(text: &str) -> bool {
    text.contains("${{")
}

/// What stands between `${{` and `}}`, each.
pub(crate) fn expressions(text: &str) -> impl Iterator<Item = &str> {
    text.split("${{").skip(1).map(|rest| rest.split_once("}}").map_or(rest, |(inner, _)| inner).trim())
}

/// Whether a word stands in it by itself: `secrets` in `secrets.KEY`, not in `my_secrets`.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, word, has) in [
            ("secrets.X", "secrets", true),
            ("my_secrets.X", "secrets", false),
            ("toJSON(secrets)", "secrets", true),
            ("mkfs.vfat x", "mkfs.vfat", true),
            ("sfdisk-like", "sfdisk", false),
            ("", "x", false),
        ] {
            assert_eq!(has_word(text, word), has, "{text}");
        }
    }

    #[test]
    fn what_github_puts_in() {
        for (text, inner) in [
            ("echo", vec![]),
            ("${{ a }}", vec!["a"]),
            ("x ${{a}}${{ b }} y", vec!["a", "b"]),
            ("${{ open", vec!["open"]),
        ] {
            assert_eq!(expressions(text).collect::<Vec<_>>(), inner, "{text}");
            assert_eq!(is_expression(text), !inner.is_empty(), "{text}");
        }
    }
}

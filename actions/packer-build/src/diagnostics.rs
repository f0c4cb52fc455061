//! Packer's own errors and warnings, pure: what it says of a template, with the file and line where
//! it gives them.
//!
//! ```text
//! Error: Missing newline after argument
//!
//!   on debian.pkr.hcl line 10, in source "null" "disk":
//!   10:   communicator = none {
//!
//! An argument definition must end with a newline.
//! ```

use runner::{Annotation, Level};

/// One complaint of Packer about a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// How bad it is.
    pub(crate) level: Level,
    /// What is wrong, in a few words.
    pub(crate) summary: String,
    /// The rest of it.
    pub(crate) detail: String,
    /// The file and, from 1, its line.
    pub(crate) place: Option<(String, u32)>,
}

/// All complaints in one message; none if it is something else, such as a guest's words.
pub(crate) fn parse(message: &str) -> Vec<Diagnostic> {
    let mut found: Vec<(Level, &str, Vec<&str>)> = Vec::new();
    for line in message.lines() {
        if let Some((level, summary)) = head(line) {
            found.push((level, summary, Vec::new()));
        } else if let Some((_, _, body)) = found.last_mut() {
            body.push(line);
        } else if !line.trim().is_empty() {
            return Vec::new();
        }
    }
    found.into_iter().map(|(level, summary, body)| diagnostic(level, summary, &body)).collect()
}

fn head(line: &str) -> Option<(Level, &str)> {
    let error = line.strip_prefix("Error: ").map(|summary| (Level::Error, summary));
    error.or_else(|| line.strip_prefix("Warning: ").map(|summary| (Level::Warning, summary)))
}

fn diagnostic(level: Level, summary: &str, body: &[&str]) -> Diagnostic {
    let place = body.iter().find_map(|line| place(line));
    // Indented lines show the source, which the annotation points at anyway.
    let detail: Vec<&str> = body.iter().copied().filter(|line| !line.starts_with(' ')).collect();
    Diagnostic {
        level,
        summary: summary.trim().to_owned(),
        detail: detail.join("\n").trim().to_owned(),
        place,
    }
}

/// `  on FILE line N, in …:`, `  on FILE line N:`.
fn place(line: &str) -> Option<(String, u32)> {
    let rest = line.strip_prefix("  on ")?.strip_suffix(':')?;
    // The last ` line ` that a number follows: a file's name may hold the word too.
    rest.rmatch_indices(" line ").find_map(|(at, word)| {
        let after = &rest[at + word.len()..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, end) = after.split_at(digits);
        let number = number.parse().ok()?;
        (end.is_empty() || end.starts_with(',')).then(|| (rest[..at].to_owned(), number))
    })
}

impl Diagnostic {
    /// As an annotation: on its line, or on nothing.
    pub(crate) fn annotation(&self) -> Annotation {
        let mut message = self.summary.clone();
        if !self.detail.is_empty() {
            message = format!("{message}\n{}", self.detail);
        }
        let annotation = Annotation::new(message).title("Packer");
        match &self.place {
            Some((file, line)) => annotation.file(file.clone()).line((*line).max(1)),
            None => annotation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(level: Level, summary: &str, detail: &str, place: Option<(&str, u32)>) -> Diagnostic {
        Diagnostic {
            level,
            summary: summary.to_owned(),
            detail: detail.to_owned(),
            place: place.map(|(file, line)| (file.to_owned(), line)),
        }
    }

    #[test]
    fn messages_to_diagnostics() {
        let newline = "Error: Missing newline after argument\n\n  on t/a.pkr.hcl line 10, in source \"null\" \"disk\":\n  \
            10:   communicator = none {\n\nAn argument definition must end with a newline.\n\n";
        let table = [
            ("", vec![]),
            ("\n\n", vec![]),
            ("==> null.x: oops", vec![]),
            ("a guest says\nError: not Packer's", vec![]),
            ("\"nowhere\": stat nowhere: no such file or directory", vec![]),
            ("Error: ", vec![one(Level::Error, "", "", None)]),
            (
                newline,
                vec![one(
                    Level::Error,
                    "Missing newline after argument",
                    "An argument definition must end with a newline.",
                    Some(("t/a.pkr.hcl", 10)),
                )],
            ),
            (
                "Warning: Undefined variable\n\nThe variable \"x\" was set\nbut is not declared.\n\nError: B\n\n  on a line 1.pkr.hcl line 2:\n  (source code not available)\n\n",
                vec![
                    one(
                        Level::Warning,
                        "Undefined variable",
                        "The variable \"x\" was set\nbut is not declared.",
                        None,
                    ),
                    one(Level::Error, "B", "", Some(("a line 1.pkr.hcl", 2))),
                ],
            ),
        ];
        for (message, expected) in table {
            assert_eq!(parse(message), expected, "{message:?}");
        }
    }

    #[test]
    fn places() {
        for (line, expected) in [
            ("  on a.pkr.hcl line 3:", Some(("a.pkr.hcl", 3))),
            ("  on a.pkr.hcl line 3, in variable \"x\":", Some(("a.pkr.hcl", 3))),
            ("  on /w/it's line 4 line 7, in build:", Some(("/w/it's line 4", 7))),
            ("  on a.pkr.hcl line 3", None),
            ("  on a.pkr.hcl line x:", None),
            ("  on a.pkr.hcl line :", None),
            ("  on a.pkr.hcl:", None),
            ("on a.pkr.hcl line 3:", None),
            ("  on a line 99999999999999999999:", None),
        ] {
            assert_eq!(place(line), expected.map(|(file, number)| (file.to_owned(), number)), "{line:?}");
        }
    }
}

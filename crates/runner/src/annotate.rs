//! Annotations: a message at a place in a file, as the runner or a terminal shows it.

use std::path::Path;

use crate::escape;

/// How serious an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Notice,
    /// Has to be looked at.
    Warning,
    /// Decided against, or could not be decided.
    Error,
}

impl Level {
    /// The workflow command's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A message, and where it belongs. Hostile text is welcome in every field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotation {
    /// What is to be said; may have several lines.
    pub message: String,
    /// A heading.
    pub title: Option<String>,
    /// The file, absolute or relative to the workspace.
    pub file: Option<String>,
    /// The first line, from 1.
    pub line: Option<u32>,
    /// The last line.
    pub end_line: Option<u32>,
    /// The first column, from 1.
    pub col: Option<u32>,
}

impl Annotation {
    /// A message without a place.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The same with a heading.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The same at a file.
    #[must_use]
    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same at a line of its file.
    #[must_use]
    pub const fn line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// The same at a column of its line.
    #[must_use]
    pub const fn col(mut self, col: u32) -> Self {
        self.col = Some(col);
        self
    }

    /// The same with the file relative to the workspace, which is how the runner finds it.
    pub(crate) fn relative_to(mut self, workspace: &Path) -> Self {
        let relative = self.file.as_deref().and_then(|file| Path::new(file).strip_prefix(workspace).ok());
        if let Some(relative) = relative {
            self.file = Some(relative.to_string_lossy().into_owned());
        }
        self
    }
}

impl From<String> for Annotation {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Annotation {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

/// GitHub's limit for a message, in characters.
const MAX_MESSAGE: usize = 4096;
/// Room for the note that something was cut.
const CUT: usize = 40;
const MAX_TITLE: usize = 200;

/// The workflow command, without its newline.
pub(crate) fn command(level: Level, annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &annotation.file {
        properties.push(format!("file={}", escape::command_property(&escape::plain(file))));
    }
    for (name, number) in
        [("line", annotation.line), ("endLine", annotation.end_line), ("col", annotation.col)]
    {
        properties.extend(number.map(|number| format!("{name}={number}")));
    }
    if let Some(title) = &annotation.title {
        let title = escape::plain(title).replace('\n', " ");
        properties.push(format!("title={}", escape::command_property(&escape::shortened(&title, MAX_TITLE))));
    }
    let properties = if properties.is_empty() { String::new() } else { format!(" {}", properties.join(",")) };
    format!("::{}{properties}::{}", level.as_str(), escape::command_data(&message(annotation)))
}

/// One or more lines for a log or a terminal: `file:line:col: title: message`.
pub(crate) fn text(annotation: &Annotation) -> String {
    let mut out = String::new();
    if let Some(file) = &annotation.file {
        out += &escape::plain(file).replace('\n', " ");
        for number in [annotation.line, annotation.col].into_iter().flatten() {
            out += &format!(":{number}");
        }
        out += ": ";
    }
    if let Some(title) = &annotation.title {
        out += &format!("{}: ", escape::plain(title).replace('\n', " "));
    }
    out + &message(annotation)
}

fn message(annotation: &Annotation) -> String {
    let message = escape::plain(&annotation.message.replace("\r\n", "\n").replace('\r', "\n"));
    let message = message.trim();
    if message.is_empty() {
        // The runner drops an annotation that says nothing.
        return annotation.title.as_deref().map_or_else(|| "(no message)".to_owned(), escape::plain);
    }
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    escape::shortened(message, MAX_MESSAGE - CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_exact_bytes() {
        let full = Annotation {
            message: "100%\nof it".into(),
            title: Some("a: b, c\nd".into()),
            file: Some("goss/a,b:c.yaml".into()),
            line: Some(3),
            end_line: Some(4),
            col: Some(5),
        };
        for (level, annotation, expected) in [
            (Level::Notice, Annotation::new("hi"), "::notice::hi"),
            (Level::Warning, Annotation::new("hi").title("t"), "::warning title=t::hi"),
            (
                Level::Error,
                full,
                "::error file=goss/a%2Cb%3Ac.yaml,line=3,endLine=4,col=5,title=a%3A b%2C c d::100%25%0Aof it",
            ),
            (Level::Error, Annotation::new("a%0Ab"), "::error::a%250Ab"),
            (Level::Error, Annotation::new("::set-output name=x::y"), "::error::::set-output name=x::y"),
            (Level::Error, Annotation::new("a\r::b\r\nc"), "::error::a%0A::b%0Ac"),
            (Level::Error, Annotation::new("\u{1b}[31mred\u{202e}"), "::error::red"),
            (
                Level::Error,
                Annotation::new("x").file("a\n::error::"),
                "::error file=a%0A%3A%3Aerror%3A%3A::x",
            ),
            (Level::Error, Annotation::new(""), "::error::(no message)"),
            (Level::Error, Annotation::new(" \n").title("t"), "::error title=t::t"),
        ] {
            assert_eq!(command(level, &annotation), expected);
        }
    }

    #[test]
    fn a_message_stays_below_the_limit() {
        for (length, shown) in [(4096, 4096), (4097, 4056), (100_000, 4056)] {
            let message = message(&Annotation::new("é".repeat(length)));
            assert_eq!(message.chars().filter(|char| *char == 'é').count(), shown);
            assert!(message.chars().count() <= MAX_MESSAGE);
        }
    }

    #[test]
    fn files_are_relative_to_the_workspace() {
        for (file, expected) in
            [("/w/a/b", "a/b"), ("a/b", "a/b"), ("/other/a", "/other/a"), ("/wx/a", "/wx/a")]
        {
            let annotation = Annotation::new("m").file(file).relative_to(Path::new("/w"));
            assert_eq!(annotation.file.as_deref(), Some(expected));
        }
    }

    #[test]
    fn as_text() {
        assert_eq!(text(&Annotation::new("m")), "m");
        assert_eq!(text(&Annotation::new("m").title("t").file("f").line(1).col(2)), "f:1:2: t: m");
    }
}

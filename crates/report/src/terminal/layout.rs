//! Lines of a terminal: wrapped, indented, plain.

use model::Verdict;
use runner::escape::log_line;

/// The column after `rests on`.
const LABEL: usize = 10;

/// How a piece of text stands out, where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Bold,
    Dim,
    Pass,
    Review,
    Fail,
}

impl Tone {
    pub(super) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Review => Self::Review,
            Verdict::Fail => Self::Fail,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Pass => "1;32",
            Self::Review => "1;33",
            Self::Fail => "1;31",
        }
    }
}

/// What has been written, and how wide it may be.
pub(super) struct Paper {
    out: String,
    width: usize,
    colour: bool,
}

impl Paper {
    pub(super) const fn new(width: usize, colour: bool) -> Self {
        Self { out: String::new(), width, colour }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// A heading, after a blank line.
    pub(super) fn title(&mut self, text: &str) {
        self.out.push('\n');
        self.text(0, Tone::Bold, text);
    }

    /// A paragraph; of nothing, nothing.
    pub(super) fn text(&mut self, indent: usize, tone: Tone, text: &str) {
        for line in wrap(&log_line(text), self.width.saturating_sub(indent)) {
            self.line(indent, "", tone, &line);
        }
    }

    /// A word in the margin and what belongs to it.
    pub(super) fn marked(&mut self, tone: Tone, mark: &str, text: &str) {
        for (at, line) in wrap(&log_line(text), self.width.saturating_sub(10)).iter().enumerate() {
            let mark = if at == 0 { self.paint(tone, &format!("{mark:<8}")) } else { " ".repeat(8) };
            self.line(2, &mark, Tone::Bold, line);
        }
    }

    /// A label and its value, further lines below the value.
    pub(super) fn entry(&mut self, indent: usize, label: &str, text: &str) {
        let room = self.width.saturating_sub(indent + LABEL);
        for (at, line) in wrap(&log_line(text), room).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let label = self.paint(Tone::Dim, &format!("{label:<LABEL$}"));
            self.line(indent, &label, Tone::Plain, line);
        }
    }

    fn line(&mut self, indent: usize, lead: &str, tone: Tone, text: &str) {
        // Wrapping may have brought to a line's beginning what a runner obeys there.
        let line = format!("{:indent$}{lead}{}", "", self.paint(tone, &log_line(text)));
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = tone.code();
        if self.colour && !code.is_empty() && !text.trim().is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Lines of at most `width` characters, cut at blanks where there are some.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let (mut lines, mut line, mut length) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let long = word.chars().count();
        if length > 0 && length + 1 + long > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length == width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            line.push(c);
            length += 1;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table_of_wrapping() {
        for (text, width, lines) in [
            ("", 5, vec![]),
            ("  ", 5, vec![]),
            ("one", 5, vec!["one"]),
            ("one two", 7, vec!["one two"]),
            ("one two", 6, vec!["one", "two"]),
            ("onetwothree", 5, vec!["onetw", "othre", "e"]),
            ("a onetwothree", 5, vec!["a", "onetw", "othre", "e"]),
            ("äöü éè", 3, vec!["äöü", "éè"]),
            ("ab", 0, vec!["a", "b"]),
        ] {
            assert_eq!(wrap(text, width), lines, "{text:?} in {width}");
        }
    }
}

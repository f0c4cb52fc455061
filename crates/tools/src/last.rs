//! What a program wrote at the end, for the error that it failed with.

use std::collections::VecDeque;

use process::Line;

/// The last lines that a program wrote.
pub(crate) struct Last {
    lines: VecDeque<String>,
    most: usize,
}

impl Last {
    /// At most this many.
    pub(crate) fn new(most: usize) -> Self {
        Self { lines: VecDeque::with_capacity(most), most }
    }

    /// Takes a line, and gives it back as text.
    pub(crate) fn hear(&mut self, line: &Line) -> String {
        let line = line.text().into_owned();
        if self.lines.len() == self.most {
            self.lines.pop_front();
        }
        self.lines.push_back(line.clone());
        line
    }

    /// All of them.
    pub(crate) fn text(self) -> String {
        Vec::from(self.lines).join("\n")
    }
}

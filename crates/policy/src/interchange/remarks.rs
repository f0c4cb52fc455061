//! What people wrote beside an entry: comments, which a reader of YAML forgets.

use crate::problem::At;

/// The lines of a source.
pub(super) struct Lines<'t>(Vec<&'t str>);

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self(text.lines().collect())
    }

    fn get(&self, line: u64) -> Option<&'t str> {
        usize::try_from(line).ok()?.checked_sub(1).and_then(|index| self.0.get(index)).copied()
    }

    /// The comments that stand directly above a list's item. One that is indented deeper than the item
    /// may be the text of the item before.
    pub(super) fn above(&self, item: At) -> Option<String> {
        let first = self.get(item.line)?;
        let indent = first.find('-')?;
        let mut found = vec![];
        for line in (1..item.line).rev().map_while(|line| self.get(line)) {
            let Some(comment) = line.trim_start().strip_prefix('#') else { break };
            if line.len() - line.trim_start().len() > indent {
                break;
            }
            found.push(comment.trim());
        }
        found.reverse();
        joined(&found)
    }

    /// The comment behind a plain scalar on its line.
    pub(super) fn beside(&self, at: At, scalar: &str) -> Option<String> {
        let from = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let rest: String = self.get(at.line)?.chars().skip(from).collect();
        let comment = rest.strip_prefix(scalar)?.strip_prefix([' ', '\t'])?.trim_start().strip_prefix('#')?;
        joined(&[comment.trim()])
    }
}

/// Lines of comment as one sentence; nothing of nothing.
pub(super) fn joined(lines: &[&str]) -> Option<String> {
    let said: Vec<&str> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_find_their_entry() {
        let lines = Lines::of(
            "x:\n  # one\n  #\n  # two\n  - id: A # three\n    s: |\n      # text\n  - id: B\n- id: C\n",
        );
        assert_eq!(lines.above(At::new(5, 5)).as_deref(), Some("one two"));
        assert_eq!(lines.beside(At::new(5, 9), "A").as_deref(), Some("three"));
        assert_eq!(lines.above(At::new(8, 5)), None);
        assert_eq!(lines.beside(At::new(8, 9), "B"), None);
        assert_eq!(lines.above(At::new(1, 1)), None);
        assert_eq!(lines.above(At::new(99, 1)), None);
        assert_eq!(lines.beside(At::default(), ""), None);
    }
}

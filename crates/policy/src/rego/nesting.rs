//! How deep brackets nest, looked at before the parser does: it tries two readings of each opening
//! bracket, and so takes twice as long for every one that stands in another.

use crate::problem::At;

/// Deeper than anybody writes.
pub(super) const MAX_NESTING: usize = 10;

/// The first bracket that is too deep.
pub(super) fn too_deep(text: &str) -> Option<At> {
    let (mut depth, mut line, mut column) = (0_usize, 1, 0);
    let mut within = Within::Code;
    for c in text.chars() {
        column += 1;
        within = match (within, c) {
            (Within::Code, '#') => Within::Comment,
            (Within::Code, '"') => Within::Text,
            (Within::Code, '`') => Within::Raw,
            (Within::Text, '\\') => Within::Escape,
            (Within::Text, '"') | (Within::Raw, '`') | (Within::Comment, '\n') => Within::Code,
            (Within::Escape, _) => Within::Text,
            (same, _) => same,
        };
        if within == Within::Code {
            match c {
                '[' | '{' | '(' => depth += 1,
                ']' | '}' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth > MAX_NESTING {
            return Some(At::new(line, column));
        }
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
    }
    None
}

/// What a character stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Text,
    Escape,
    Raw,
    Comment,
}

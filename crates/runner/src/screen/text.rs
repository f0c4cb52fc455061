//! Text in columns: some signs take two, some take none.

use unicode_width::UnicodeWidthChar as _;

use crate::escape;

/// So many marks on one sign are shown; more would grow over the lines around it.
const MOST_MARKS: usize = 4;

/// Hostile text on one line, which a terminal shows and does not obey.
#[must_use]
pub fn inert(text: &str) -> String {
    let mut marks = 0;
    let keep = |c: &char| {
        marks = if columns(*c) == 0 { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    };
    escape::plain(text).chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).filter(keep).collect()
}

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The beginning of a text that has room.
#[must_use]
pub fn cut(text: &str, room: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += columns(*c);
            used <= room
        })
        .collect()
}

/// Lines of at most so many columns, parted at blanks where there are some; of nothing, none.
#[must_use]
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    // A sign of two columns has to have a place.
    let room = room.max(2);
    let text = inert(text);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let long = width(word);
        if used > 0 && used + 1 + long > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            if used + columns(c) > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += columns(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table_of_wrapping() {
        for (text, room, lines) in [
            ("", 5, vec![]),
            (" \n ", 5, vec![]),
            ("one two", 7, vec!["one two"]),
            ("one two", 6, vec!["one", "two"]),
            ("onetwothree", 5, vec!["onetw", "othre", "e"]),
            ("日本語", 4, vec!["日本", "語"]),
            ("日本語", 5, vec!["日本", "語"]),
            ("a日本", 2, vec!["a", "日", "本"]),
            ("日", 0, vec!["日"]),
            ("e\u{301}e\u{301} x", 2, vec!["e\u{301}e\u{301}", "x"]),
            ("a\u{1b}[2Jb\nc", 9, vec!["ab c"]),
        ] {
            assert_eq!(wrap(text, room), lines, "{text:?} in {room}");
        }
    }

    #[test]
    fn what_takes_how_much_room() {
        for (text, room, head) in
            [("abc", 2, "ab"), ("日本", 3, "日"), ("", 3, ""), ("abc", 0, ""), ("e\u{301}x", 1, "e\u{301}")]
        {
            assert_eq!(cut(text, room), head, "{text:?} in {room}");
        }
        assert_eq!((width("日本e\u{301}"), width("")), (5, 0));
        assert_eq!(inert(&format!("e{}x", "\u{301}".repeat(50))), format!("e{}x", "\u{301}".repeat(4)));
        assert_eq!(inert("a\tb\r\nc\u{202e}"), "a b c");
    }
}

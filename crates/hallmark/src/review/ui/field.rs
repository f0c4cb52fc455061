//! A line that somebody writes.

use runner::screen::{Key, inert, width};

/// The longest line.
const MOST: usize = 400;

/// What is written, and where the cursor stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Field {
    text: Vec<char>,
    at: usize,
}

impl Field {
    pub(super) fn with(text: &str) -> Self {
        let text: Vec<char> = inert(text).chars().take(MOST).collect();
        Self { at: text.len(), text }
    }

    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// What a window of so many columns shows of it, and in which column the cursor is.
    pub(super) fn shown(&self, room: usize) -> (String, usize) {
        let mut from = 0;
        let before = |from: usize| -> String { self.text[from..self.at].iter().collect() };
        while width(&before(from)) >= room.max(1) && from < self.at {
            from += 1;
        }
        let text: String = self.text[from..].iter().collect();
        (runner::screen::cut(&text, room), width(&before(from)))
    }

    /// Puts text in at the cursor.
    pub(super) fn put(&mut self, text: &str) {
        for c in inert(text).chars() {
            if self.text.len() < MOST {
                self.text.insert(self.at, c);
                self.at += 1;
            }
        }
    }

    /// Whether the key was one for a field.
    pub(super) fn press(&mut self, key: Key) -> bool {
        match key {
            Key::Char(c) => self.put(&c.to_string()),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            Key::Backspace => {}
            Key::Delete if self.at < self.text.len() => drop(self.text.remove(self.at)),
            Key::Delete => {}
            Key::Left => self.at = self.at.saturating_sub(1),
            Key::Right => self.at = (self.at + 1).min(self.text.len()),
            Key::Home | Key::Control('a') => self.at = 0,
            Key::End | Key::Control('e') => self.at = self.text.len(),
            Key::Control('u') => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            Key::Control('w') => {
                let head: String = self.text[..self.at].iter().collect();
                let kept = head.trim_end().rfind(' ').map_or(0, |at| head[..=at].chars().count());
                self.text.drain(kept..self.at);
                self.at = kept;
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing() {
        let mut field = Field::with("one two");
        for (key, text) in [
            (Key::Char('!'), "one two!"),
            (Key::Backspace, "one two"),
            (Key::Control('w'), "one "),
            (Key::Left, "one "),
            (Key::Char('日'), "one日 "),
            (Key::Delete, "one日"),
            (Key::Home, "one日"),
            (Key::Backspace, "one日"),
            (Key::Delete, "ne日"),
            (Key::Char('\u{1b}'), "ne日"),
            (Key::End, "ne日"),
            (Key::Control('u'), ""),
            (Key::Control('w'), ""),
        ] {
            assert!(field.press(key), "{key:?}");
            assert_eq!(field.text(), text, "{key:?}");
        }
        assert!(!field.press(Key::Enter) && !field.press(Key::Up));
        field.put("a\u{1b}[31mb\nc");
        assert_eq!(field.text(), "ab c");
        field.put(&"x".repeat(1000));
        assert_eq!(field.text().len(), MOST);
    }

    #[test]
    fn the_cursor_stays_in_the_window() {
        assert_eq!(Field::with("abc").shown(10), ("abc".to_owned(), 3));
        assert_eq!(Field::with("abcdef").shown(4), ("def".to_owned(), 3));
        assert_eq!(Field::with("日本語").shown(4), ("語".to_owned(), 2));
        assert_eq!(Field::with("").shown(0), (String::new(), 0));
    }
}

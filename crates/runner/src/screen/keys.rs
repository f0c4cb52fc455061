//! What a person does at the keyboard, in few words.

use crossterm::event::{Event as Theirs, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Something happened at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A key.
    Key(Key),
    /// Text that was pasted, as it is. Hostile text.
    Pasted(String),
    /// The window has another size.
    Resized,
    /// The process is asked to end.
    Stop,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A letter, digit or sign.
    Char(char),
    /// A letter with the control key.
    Control(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// The tabulator.
    Tab,
    /// The tabulator with shift.
    BackTab,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Takes away what is before the cursor.
    Backspace,
    /// Takes away what is behind the cursor.
    Delete,
}

/// What is of interest here.
pub(super) fn event(event: Theirs) -> Option<Event> {
    match event {
        Theirs::Key(key) if key.kind != KeyEventKind::Release => self::key(key).map(Event::Key),
        Theirs::Paste(text) => Some(Event::Pasted(text)),
        Theirs::Resize(..) => Some(Event::Resized),
        _ => None,
    }
}

fn key(key: KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char(c) if control => Key::Control(c.to_ascii_lowercase()),
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    })
}

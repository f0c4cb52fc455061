//! The whole terminal, for a person who decides at one: lines out, keys in, and as it was before afterwards.
//!
//! What is drawn is plain lines: every text is made inert and cut to the window here, at the one place where it
//! reaches the terminal, and only a [`Tone`] becomes an escape sequence.

mod keys;
mod text;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

pub use keys::{Event, Key};
pub use text::{cut, inert, width, wrap};

/// How long the reader waits before it looks whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(100);

/// The window where the terminal does not say.
const USUAL: (u16, u16) = (80, 24);

/// Whether the terminal is ours: for who ends the process without an end to the screen.
static OPEN: AtomicBool = AtomicBool::new(false);

/// How a piece of text stands out. What it says never depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// More important.
    Bold,
    /// Less important.
    Dim,
    /// All is well: green.
    Good,
    /// Somebody has to look: yellow.
    Warn,
    /// It cannot be: red.
    Bad,
}

/// One line of a screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces, from the left. Hostile text is welcome.
    pub spans: Vec<(Tone, String)>,
    /// Whether it is the one that a key would act on: shown inverted, over the whole width.
    pub chosen: bool,
}

impl Line {
    /// A line with one piece.
    #[must_use]
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self { spans: vec![(tone, text.into())], chosen: false }
    }

    /// A line of plain text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// The same with one piece more.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.spans.push((tone, text.into()));
        self
    }
}

/// The terminal, while it is ours.
pub struct Screen {
    out: Box<dyn Write>,
    colour: bool,
    events: mpsc::UnboundedReceiver<Event>,
    wanted: Arc<AtomicBool>,
    signals: [Signal; 3],
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}

impl Screen {
    /// Takes the terminal: another screen than the one with the prompt, which comes back as it was.
    pub(crate) fn open(mut out: Box<dyn Write>, colour: bool) -> io::Result<Self> {
        let signals = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
        ];
        enable_raw_mode()?;
        OPEN.store(true, Ordering::SeqCst);
        let wanted = Arc::new(AtomicBool::new(true));
        let events = read_events(Arc::clone(&wanted));
        let begun = execute!(out, EnterAlternateScreen, Hide, EnableBracketedPaste);
        match (begun, events) {
            (Ok(()), Ok(events)) => Ok(Self { out, colour, events, wanted, signals }),
            (Err(error), _) | (_, Err(error)) => {
                wanted.store(false, Ordering::SeqCst);
                restore(&mut out);
                Err(error)
            }
        }
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (columns, rows) = crossterm::terminal::size().unwrap_or(USUAL);
        (usize::from(columns.max(1)), usize::from(rows.max(1)))
    }

    /// Draws lines from the top; what there is no room for is cut. The cursor is shown at a column and row, if at all.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, lines: &[Line], cursor: Option<(usize, usize)>) -> io::Result<()> {
        let (columns, rows) = self.size();
        let Self { out, colour, .. } = self;
        queue!(out, BeginSynchronizedUpdate, Hide)?;
        for row in 0..rows {
            let y = u16::try_from(row).unwrap_or(u16::MAX);
            let text = lines.get(row).map(|line| painted(line, columns, *colour)).unwrap_or_default();
            queue!(out, MoveTo(0, y), Print(text), Clear(ClearType::UntilNewLine))?;
        }
        if let Some((column, row)) = cursor {
            let (x, y) = (column.min(columns - 1), row.min(rows - 1));
            queue!(out, MoveTo(u16::try_from(x).unwrap_or(0), u16::try_from(y).unwrap_or(0)), Show)?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()
    }

    /// What the person does next; `Stop` when the process is asked to end, or the terminal is gone.
    pub async fn next(&mut self) -> Event {
        let [terminate, hangup, interrupt] = &mut self.signals;
        tokio::select! {
            event = self.events.recv() => event.unwrap_or(Event::Stop),
            _ = terminate.recv() => Event::Stop,
            _ = hangup.recv() => Event::Stop,
            _ = interrupt.recv() => Event::Stop,
        }
    }

    /// Does something that takes its time, unless somebody stops it by Ctrl-C, or the process is asked to end: then
    /// nothing comes of it. Other keys are for nothing meanwhile.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                event = self.next() => {
                    if matches!(event, Event::Stop | Event::Key(Key::Control('c'))) {
                        return None;
                    }
                }
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::SeqCst);
        restore(&mut self.out);
    }
}

/// Gives the terminal back, if it is ours: for a process that ends at once, too.
pub(crate) fn restore<W: Write>(out: &mut W) {
    if OPEN.swap(false, Ordering::SeqCst) {
        execute!(out, DisableBracketedPaste, Show, LeaveAlternateScreen).ok();
        disable_raw_mode().ok();
    }
}

/// Reading blocks, so it has a thread of its own, which ends soon after the screen does.
fn read_events(wanted: Arc<AtomicBool>) -> io::Result<mpsc::UnboundedReceiver<Event>> {
    let (send, events) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        while wanted.load(Ordering::SeqCst) {
            match event::poll(PATIENCE) {
                Ok(false) => continue,
                Ok(true) => {}
                Err(_) => return,
            }
            let Ok(read) = event::read() else { return };
            if let Some(event) = keys::event(read)
                && send.send(event).is_err()
            {
                return;
            }
        }
    })?;
    Ok(events)
}

/// A line as the terminal gets it.
fn painted(line: &Line, columns: usize, colour: bool) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for (tone, text) in &line.spans {
        let text = cut(&inert(text), columns - used);
        used += width(&text);
        let code = code(*tone, colour, line.chosen);
        if text.is_empty() || code.is_empty() {
            out += &text;
        } else {
            out += &format!("\u{1b}[{code}m{text}\u{1b}[0m");
        }
    }
    if line.chosen {
        let rest = " ".repeat(columns - used);
        out += &format!("\u{1b}[7m{rest}\u{1b}[0m");
    }
    out
}

/// Colours where they are wanted; what is bold, faint or inverted is none.
fn code(tone: Tone, colour: bool, chosen: bool) -> String {
    let code = match tone {
        Tone::Plain => "",
        Tone::Bold => "1",
        Tone::Dim => "2",
        Tone::Good if colour => "1;32",
        Tone::Warn if colour => "1;33",
        Tone::Bad if colour => "1;31",
        Tone::Good | Tone::Warn | Tone::Bad => "1",
    };
    match (chosen, code) {
        (true, "") => "7".to_owned(),
        (true, code) => format!("7;{code}"),
        (false, code) => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tones_become_escape_sequences() {
        let hostile = "a\u{1b}[31mb\u{1b}]0;t\u{7}\u{202e}c\nd\te";
        for (line, columns, colour, bytes) in [
            (Line::plain(hostile), 80, true, "abc d e"),
            (Line::plain(hostile), 3, true, "abc"),
            (Line::of(Tone::Bad, hostile), 80, true, "\u{1b}[1;31mabc d e\u{1b}[0m"),
            (Line::of(Tone::Bad, hostile), 80, false, "\u{1b}[1mabc d e\u{1b}[0m"),
            (Line::of(Tone::Plain, "日本").and(Tone::Dim, "語x"), 5, true, "日本"),
            (Line::of(Tone::Plain, "日本").and(Tone::Dim, "語x"), 6, true, "日本\u{1b}[2m語\u{1b}[0m"),
            (
                Line { chosen: true, ..Line::plain("ab") },
                4,
                false,
                "\u{1b}[7mab\u{1b}[0m\u{1b}[7m  \u{1b}[0m",
            ),
            (Line::default(), 4, false, ""),
        ] {
            assert_eq!(painted(&line, columns, colour), bytes, "{line:?} in {columns}");
        }
    }
}

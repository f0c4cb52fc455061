//! A fake that plays scripts instead of running programs, in the order they are given.

use crate::{Error, Exit, LocalBoxFuture, Processes, Spec, Stream};
use std::{cell::RefCell, collections::VecDeque, fmt, io, time::Duration};

/// Plays scripts instead of running programs, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Fake {
    scripts: RefCell<VecDeque<(String, Script)>>,
    calls: RefCell<Vec<Spec>>,
}

impl Fake {
    /// A fake that expects nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Next, `program` (its file name) is to be run, and does what `script` says.
    #[must_use]
    pub fn then(self, program: &str, script: Script) -> Self {
        self.scripts.borrow_mut().push_back((program.to_owned(), script));
        self
    }

    /// What it was asked to run.
    #[must_use]
    pub fn calls(&self) -> Vec<Spec> {
        self.calls.borrow().clone()
    }

    /// Nothing of the script is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.scripts.borrow().is_empty()
    }

    fn next(&self, spec: &Spec) -> Result<Script, Error> {
        let asked = spec.program().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut scripts = self.scripts.borrow_mut();
        match scripts.pop_front() {
            Some((program, script)) if program == asked => Ok(script),
            Some((next, _)) => Err(Error::Unscripted { asked, next }),
            None => Err(Error::Unscripted { asked, next: "nothing more".to_owned() }),
        }
    }
}

impl Processes for Fake {
    fn stream<'a>(
        &'a self,
        spec: Spec,
        on_bytes: &'a mut dyn FnMut(Stream, &[u8]),
    ) -> LocalBoxFuture<'a, Result<Exit, Error>> {
        Box::pin(async move {
            let script = self.next(&spec)?;
            let played = script.play(&spec, on_bytes);
            self.calls.borrow_mut().push(spec);
            played
        })
    }
}

type Effect = Box<dyn FnOnce(&Spec)>;

/// What a fake program does.
#[derive(Default)]
pub struct Script {
    pieces: Vec<(Stream, Vec<u8>)>,
    exit: Exit,
    takes: Duration,
    missing: bool,
    effect: Option<Effect>,
}

impl Script {
    /// Ends with this exit code.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        Self { exit: Exit { code: Some(code), ..Exit::default() }, ..Self::default() }
    }

    /// Is ended by this signal.
    #[must_use]
    pub fn dies_of(signal: i32) -> Self {
        Self { exit: Exit { signal: Some(signal), ..Exit::default() }, ..Self::default() }
    }

    /// Is stopped because we are told to stop.
    #[must_use]
    pub fn is_cancelled() -> Self {
        Self { exit: Exit { signal: Some(2), cancelled: true, ..Exit::default() }, ..Self::default() }
    }

    /// Cannot be started: there is no such program.
    #[must_use]
    pub fn is_missing() -> Self {
        Self { missing: true, ..Self::default() }
    }

    /// Writes these bytes (newlines are yours to give) to standard output.
    #[must_use]
    pub fn stdout(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.pieces.push((Stream::Stdout, bytes.into()));
        self
    }

    /// Writes these bytes to standard error.
    #[must_use]
    pub fn stderr(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.pieces.push((Stream::Stderr, bytes.into()));
        self
    }

    /// Would take so long: nobody waits, but a shorter time-out stops it, after what it writes.
    #[must_use]
    pub fn takes(mut self, duration: Duration) -> Self {
        self.takes = duration;
        self
    }

    /// Leaves its mark on the world: makes the file that the real program would make.
    #[must_use]
    pub fn effect(mut self, effect: impl FnOnce(&Spec) + 'static) -> Self {
        self.effect = Some(Box::new(effect));
        self
    }

    fn play(self, spec: &Spec, on_bytes: &mut dyn FnMut(Stream, &[u8])) -> Result<Exit, Error> {
        if self.missing {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(Error::Start { program: spec.program().to_owned(), source });
        }
        if let Some(effect) = self.effect {
            effect(spec);
        }
        for (stream, bytes) in &self.pieces {
            on_bytes(*stream, bytes);
        }
        match spec.time_limit() {
            Some(limit) if self.takes > limit => {
                Ok(Exit { signal: Some(2), timed_out: true, duration: limit, ..Exit::default() })
            }
            _ => Ok(Exit { duration: self.takes, ..self.exit }),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("pieces", &self.pieces.len())
            .field("exit", &self.exit)
            .finish_non_exhaustive()
    }
}

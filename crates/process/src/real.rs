//! The real thing: programs of the machine.

use crate::{
    Error, Exit, LocalBoxFuture, Note, Processes, Spec, Stream,
    group::{self, Group},
    signals,
};
use rustix::process::{Pid, Signal};
use std::{
    io,
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, sleep_until},
};

/// After the program and all that it left have ended, what is in the pipes is there at once; only a
/// process that got away, without our mark, could keep them open.
const DRAIN: Duration = Duration::from_secs(1);

/// A program that has just been written may be held open for writing by a process that another
/// thread is forking: that passes within milliseconds.
const BUSY_TRIES: u32 = 20;
const BUSY_WAIT: Duration = Duration::from_millis(10);

const PIECE: usize = 64 * 1024;

/// Runs the programs of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Real;

impl Processes for Real {
    fn stream<'a>(
        &'a self,
        spec: Spec,
        on_bytes: &'a mut dyn FnMut(Stream, &[u8]),
    ) -> LocalBoxFuture<'a, Result<Exit, Error>> {
        Box::pin(run(spec, on_bytes))
    }
}

async fn run(mut spec: Spec, on_bytes: &mut dyn FnMut(Stream, &[u8])) -> Result<Exit, Error> {
    let mut told = signals::listen()?;
    if told.to_stop() && !spec.runs_when_cancelled() {
        return Ok(Exit { cancelled: true, ..Exit::default() });
    }
    let started = Instant::now();
    let mark = group::new_mark();
    // Before the program starts: were it after, we could be killed in between.
    let note = spec.note_path().map(|path| Note::write(path, &mark)).transpose()?;
    let mut child = start(&spec, &mark).await?;
    let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let Some(leader) = leader else {
        return Err(lost(&spec)(io::Error::other("it has no process id")));
    };
    let mut group = Group::new(leader, mark);
    let stdin = spec.take_stdin();
    let mut pipes =
        Pipes { stdout: child.stdout.take().map(Pipe::new), stderr: child.stderr.take().map(Pipe::new) };
    let feeding = feed(child.stdin.take(), stdin);
    tokio::pin!(feeding);
    let mut fed = false;
    let mut stop = Stop::new(started, &spec);

    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(lost(&spec))?,
            piece = pipes.next(), if pipes.open() => pipes.give(piece, on_bytes),
            () = &mut feeding, if !fed => fed = true,
            () = stop.due() => group.signal(stop.time_is_up()),
            () = told.again() => group.signal(stop.told()),
        }
    };
    let left_behind = group.sweep(spec.grace(), told.again()).await;
    let drained = sleep(DRAIN);
    tokio::pin!(drained);
    while pipes.open() {
        tokio::select! {
            biased;
            piece = pipes.next() => pipes.give(piece, on_bytes),
            () = &mut drained => break,
        }
    }
    group.disarm();
    drop(note);
    Ok(stop.exit(status, left_behind, started.elapsed()))
}

fn lost(spec: &Spec) -> impl Fn(io::Error) -> Error {
    let program = spec.program().to_owned();
    move |source| Error::Io { program: program.clone(), source }
}

async fn start(spec: &Spec, mark: &str) -> Result<Child, Error> {
    if let Some(cwd) = spec.working_folder().filter(|cwd| !cwd.is_dir()) {
        return Err(Error::WorkingFolder { program: spec.program().to_owned(), cwd: cwd.to_owned() });
    }
    let mut command = command(spec, mark);
    let mut tries = 0;
    loop {
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                tries += 1;
                sleep(BUSY_WAIT).await;
            }
            Err(source) => return Err(Error::Start { program: spec.program().to_owned(), source }),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
fn command(spec: &Spec, mark: &str) -> Command {
    let mut command = Command::new(spec.program());
    command
        .args(spec.arguments())
        .env_clear()
        .envs(spec.environment())
        .env(Spec::MARK, mark)
        .stdin(if spec.standard_input().is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(cwd) = spec.working_folder() {
        command.current_dir(cwd);
    }
    command
}

async fn feed(pipe: Option<ChildStdin>, bytes: Option<Vec<u8>>) {
    if let (Some(mut pipe), Some(bytes)) = (pipe, bytes) {
        // A program need not read what it is offered.
        pipe.write_all(&bytes).await.ok();
    }
}

struct Pipe<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; PIECE] }
    }

    async fn read(&mut self) -> usize {
        // A pipe that cannot be read is at its end.
        self.reader.read(&mut self.buffer).await.unwrap_or(0)
    }
}

struct Pipes<O, E> {
    stdout: Option<Pipe<O>>,
    stderr: Option<Pipe<E>>,
}

impl<O: AsyncRead + Unpin, E: AsyncRead + Unpin> Pipes<O, E> {
    fn open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Whichever has something first; both in turn when both have.
    async fn next(&mut self) -> (Stream, usize) {
        tokio::select! {
            size = read(&mut self.stdout) => (Stream::Stdout, size),
            size = read(&mut self.stderr) => (Stream::Stderr, size),
        }
    }

    fn give(&mut self, (stream, size): (Stream, usize), on_bytes: &mut dyn FnMut(Stream, &[u8])) {
        let buffer = match stream {
            Stream::Stdout => self.stdout.as_ref().map(|pipe| &pipe.buffer),
            Stream::Stderr => self.stderr.as_ref().map(|pipe| &pipe.buffer),
        };
        match (buffer.and_then(|buffer| buffer.get(..size)), stream) {
            (Some(bytes), _) if size > 0 => on_bytes(stream, bytes),
            (_, Stream::Stdout) => self.stdout = None,
            (_, Stream::Stderr) => self.stderr = None,
        }
    }
}

async fn read<R: AsyncRead + Unpin>(pipe: &mut Option<Pipe<R>>) -> usize {
    match pipe {
        Some(pipe) => pipe.read().await,
        None => std::future::pending().await,
    }
}

/// Whether and how the program is being stopped: one signal after another, each worse.
struct Stop {
    next_at: Option<Instant>,
    next: Signal,
    grace: Duration,
    timed_out: bool,
    cancelled: bool,
}

impl Stop {
    fn new(started: Instant, spec: &Spec) -> Self {
        Self {
            next_at: spec.time_limit().map(|limit| started + limit),
            next: Signal::INT,
            grace: spec.grace(),
            timed_out: false,
            cancelled: false,
        }
    }

    /// When the next signal is due.
    async fn due(&self) {
        match self.next_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    fn time_is_up(&mut self) -> Signal {
        self.timed_out |= !self.cancelled;
        self.escalate()
    }

    fn told(&mut self) -> Signal {
        self.cancelled = true;
        self.escalate()
    }

    fn escalate(&mut self) -> Signal {
        let signal = self.next;
        self.next = if signal == Signal::INT { Signal::TERM } else { Signal::KILL };
        self.next_at = Some(Instant::now() + self.grace);
        signal
    }

    fn exit(&self, status: ExitStatus, left_behind: usize, duration: Duration) -> Exit {
        Exit {
            code: status.code(),
            signal: status.signal(),
            timed_out: self.timed_out && !self.cancelled,
            cancelled: self.cancelled,
            left_behind,
            duration,
        }
    }
}

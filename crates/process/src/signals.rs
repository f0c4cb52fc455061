//! Our own SIGINT, SIGTERM and SIGHUP. While a program runs they are for it; while none runs they
//! end us, as they would have had nobody listened.

use crate::Error;
use std::{
    io,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

struct Watch {
    state: Mutex<State>,
    count: watch::Sender<u32>,
}

#[derive(Default)]
struct State {
    running: usize,
    told: bool,
}

static WATCH: OnceLock<Watch> = OnceLock::new();

/// Held while a program runs.
pub(crate) struct Told {
    watch: &'static Watch,
    count: watch::Receiver<u32>,
}

/// From here until the value is dropped, signals are for the program that is about to run.
pub(crate) fn listen() -> Result<Told, Error> {
    let watch = WATCH.get_or_init(|| Watch { state: Mutex::default(), count: watch::Sender::new(0) });
    install(watch).map_err(Error::Signals)?;
    watch.lock().running += 1;
    Ok(Told { watch, count: watch.count.subscribe() })
}

impl Told {
    /// We have been told to stop, now or before.
    pub(crate) fn to_stop(&self) -> bool {
        self.watch.lock().told
    }

    /// Waits for the next signal.
    pub(crate) async fn again(&mut self) {
        if self.count.changed().await.is_err() {
            // The sender is static: it never goes away.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.watch.lock().running -= 1;
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn caught(&self, signal: SignalKind) {
        let mut state = self.lock();
        if state.running == 0 {
            end(signal);
        }
        state.told = true;
        self.count.send_modify(|count| *count += 1);
    }
}

#[expect(clippy::exit, clippy::disallowed_methods, reason = "a signal that no program is to get ends us")]
fn end(signal: SignalKind) -> ! {
    std::process::exit(128 + signal.as_raw_value())
}

/// Starts the thread that listens, once; it has a runtime of its own because signals come between
/// two runs, and while the caller's thread computes, too.
fn install(watch: &'static Watch) -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if *installed {
        return Ok(());
    }
    let (ready, wait) = mpsc::channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async {
            match signals() {
                Ok(signals) => {
                    drop(ready.send(Ok(())));
                    deliver(watch, signals).await;
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    })?;
    wait.recv().map_err(io::Error::other)??;
    *installed = true;
    Ok(())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

fn signals() -> io::Result<Signals> {
    Ok(Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: if hangup_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
    })
}

/// `nohup` asks us to live on without a terminal.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

async fn deliver(watch: &'static Watch, mut signals: Signals) {
    loop {
        let hangup = async {
            match &mut signals.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let caught = tokio::select! {
            Some(()) = signals.interrupt.recv() => SignalKind::interrupt(),
            Some(()) = signals.terminate.recv() => SignalKind::terminate(),
            Some(()) = hangup => SignalKind::hangup(),
            else => return,
        };
        watch.caught(caught);
    }
}

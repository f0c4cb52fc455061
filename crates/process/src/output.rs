//! A whole short output at once: for `git rev-parse`, `goss --version` and the like.

use crate::{Error, Exit, Processes, Spec, Stream};
use std::{cell::RefCell, future::poll_fn, task::Poll};

/// All that a program wrote, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its standard output, every byte.
    pub stdout: Vec<u8>,
    /// Its standard error, every byte.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub exit: Exit,
}

/// Runs a program and collects what it writes, at most `max_bytes` in all: one that writes more is
/// stopped, and that is an error, because a cut-off answer is no answer.
pub async fn output(processes: &dyn Processes, spec: Spec, max_bytes: usize) -> Result<Output, Error> {
    let program = spec.program().to_owned();
    let taken = RefCell::new((Vec::new(), Vec::new(), false));
    let mut on_bytes = |stream: Stream, bytes: &[u8]| {
        let (stdout, stderr, too_much) = &mut *taken.borrow_mut();
        if *too_much || stdout.len() + stderr.len() + bytes.len() > max_bytes {
            *too_much = true;
            return;
        }
        match stream {
            Stream::Stdout => stdout.extend_from_slice(bytes),
            Stream::Stderr => stderr.extend_from_slice(bytes),
        }
    };
    let exit = {
        let mut running = processes.stream(spec, &mut on_bytes);
        // Dropping the run when there is too much kills it: it may never end by itself.
        poll_fn(|context| {
            let polled = running.as_mut().poll(context);
            if taken.borrow().2 {
                return Poll::Ready(Err(Error::TooMuchOutput { program: program.clone(), max_bytes }));
            }
            polled
        })
        .await?
    };
    let (stdout, stderr, _) = taken.into_inner();
    Ok(Output { stdout, stderr, exit })
}

//! Running other programs: argv only (never a shell), an environment that starts empty, output
//! streamed as it arrives, time-outs, cancellation, and nothing left behind.
//!
//! Every program runs in a process group of its own. When we are told to stop (SIGINT or SIGTERM),
//! or its time is up, the whole group gets SIGINT at once, SIGTERM after a grace, SIGKILL after
//! another. When the program itself ends, whatever it left in its group, or that still carries the
//! run's mark in its environment, is ended too.
//!
//! Should we be killed ourselves, a later process of ours finds what ran by its note ([`end_left_behind`]);
//! should only the one that started us be, it finds us by our name ([`end_process`]).
//!
//! `Processes` is the seam: [`Real`] runs programs, [`Fake`] plays scripts in tests.

mod error;
mod exit;
mod fake;
mod group;
mod handed;
mod lines;
mod output;
mod own;
mod real;
mod signals;
mod spec;

pub use error::Error;
pub use exit::Exit;
pub use fake::{Fake, Script};
pub use group::{Note, end_left_behind};
pub use handed::hand_over;
pub use lines::{LINE_CAP, Line, Stream};
pub use output::{Output, output};
pub use own::{end_process, this_process};
pub use real::Real;
pub use spec::Spec;

use std::{future::Future, pin::Pin};

/// A boxed future that stays on its thread.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Something that runs programs.
pub trait Processes {
    /// Runs a program to its end and hands over its output in pieces, as they arrive.
    ///
    /// Dropping the future kills the program and everything it started.
    fn stream<'a>(
        &'a self,
        spec: Spec,
        on_bytes: &'a mut dyn FnMut(Stream, &[u8]),
    ) -> LocalBoxFuture<'a, Result<Exit, Error>>;

    /// Runs a program to its end and hands over its output line by line, as it arrives.
    ///
    /// A line holds at most [`LINE_CAP`] bytes; of a longer one the rest is dropped, and the line
    /// says so at its end. Invalid UTF-8 is kept as it is. The newline is not part of a line.
    fn run<'a>(
        &'a self,
        spec: Spec,
        on_line: &'a mut dyn FnMut(Line),
    ) -> LocalBoxFuture<'a, Result<Exit, Error>> {
        Box::pin(async move {
            let mut lines = lines::Merger::new(LINE_CAP);
            let exit = self.stream(spec, &mut |stream, bytes| lines.push(stream, bytes, &mut *on_line)).await;
            lines.finish(on_line);
            exit
        })
    }
}

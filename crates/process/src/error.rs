//! Why a program could not be run to its end.

use std::{io, path::PathBuf};

/// Why a program could not be run. That it failed is not an error: see [`crate::Exit`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program could not be started.
    #[error("cannot start {}: {source}{}", .program.display(), hint(.source))]
    Start {
        /// What was to be run.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The working folder is not there.
    #[error("cannot start {}: its working folder {} is not there", .program.display(), .cwd.display())]
    WorkingFolder {
        /// What was to be run.
        program: PathBuf,
        /// Where it was to be run.
        cwd: PathBuf,
    },
    /// The connection to a running program broke.
    #[error("lost hold of {}: {source}", .program.display())]
    Io {
        /// What was running.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Our own signals cannot be listened to, so a cancelled run could not be forwarded.
    #[error("cannot listen for SIGINT and SIGTERM: {0}")]
    Signals(io::Error),
    /// The note that lets a later run find this one could not be written or read.
    #[error("cannot keep the note {} of a running program: {source}", .path.display())]
    Note {
        /// The note's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program wrote more than was asked for; it was stopped.
    #[error("{} wrote more than {max_bytes} bytes; it was stopped", .program.display())]
    TooMuchOutput {
        /// What was running.
        program: PathBuf,
        /// How much would have been taken.
        max_bytes: usize,
    },
    /// A fake was asked for something that is not next in its script.
    #[error("the fake was asked to run {asked}, but its script says {next}")]
    Unscripted {
        /// What was asked.
        asked: String,
        /// What the script has next.
        next: String,
    },
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => " (is it installed, and its interpreter too?)",
        io::ErrorKind::PermissionDenied => " (is it executable, on a file system that allows it?)",
        _ => "",
    }
}

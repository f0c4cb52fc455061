//! The guest's serial console: into the log and a file, both bounded, since the guest decides how
//! much it says.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use process::Line;
use runner::Context;

const MAX_SHOWN: usize = 5_000;
const MAX_FILE: usize = 64 << 20;

/// How far a guest came, by what it said: for people only, since a guest can say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Silent,
    Kernel,
    Services,
    Goss,
    Ended,
}

impl Stage {
    /// Completes "the machine was stopped …".
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Silent => "before its kernel said anything",
            Self::Kernel => "while its kernel or its first services started",
            Self::Services => "while multi-user.target started",
            Self::Goss => "while Goss ran: a test may hang (give it a `timeout`)",
            Self::Ended => "after Goss had ended",
        }
    }

    fn of(line: &str) -> Self {
        for (marker, stage) in [
            ("hallmark: goss ended", Self::Ended),
            ("hallmark: running goss", Self::Goss),
            ("hallmark: starting multi-user.target", Self::Services),
        ] {
            if line.contains(marker) {
                return stage;
            }
        }
        if line.trim().is_empty() { Self::Silent } else { Self::Kernel }
    }
}

/// Where the console goes.
pub(crate) struct Console {
    file: Option<File>,
    written: usize,
    shown: usize,
    stage: Stage,
    /// What QEMU itself said last.
    complaint: Option<String>,
}

impl Console {
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
                .and_then(|()| File::create(path))
                .with_context(|| format!("cannot write the console's log to {}", path.display()))
        };
        Ok(Self {
            file: file.map(open).transpose()?,
            written: 0,
            shown: 0,
            stage: Stage::Silent,
            complaint: None,
        })
    }

    /// Takes a line of the guest's (standard output) or of QEMU's own (standard error).
    pub(crate) fn take(&mut self, line: &Line, ctx: &mut Context) {
        let bytes = match line {
            Line::Stdout(bytes) | Line::Stderr(bytes) => bytes,
        };
        let text = String::from_utf8_lossy(bytes);
        match line {
            Line::Stdout(_) => self.stage = self.stage.max(Stage::of(&text)),
            Line::Stderr(_) => self.complaint = Some(runner::escape::log_line(&text)),
        }
        self.keep(bytes);
        self.shown += 1;
        if self.shown <= MAX_SHOWN {
            ctx.info(text.trim_end_matches('\r'));
        } else if self.shown == MAX_SHOWN + 1 {
            ctx.info("… (the console said more than is shown here: `console-log` keeps it)");
        }
    }

    pub(crate) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(crate) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.written + bytes.len() < MAX_FILE {
            self.written += bytes.len() + 1;
            // The log is for people: one that cannot be written must not hide what Goss found.
            if let Some(file) = &mut self.file {
                file.write_all(bytes).and_then(|()| file.write_all(b"\n")).ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stage;

    #[test]
    fn stages() {
        for (line, stage) in [
            ("", Stage::Silent),
            ("\r", Stage::Silent),
            ("[    0.0] Linux version", Stage::Kernel),
            ("[   20.1] sh[300]: hallmark: starting multi-user.target", Stage::Services),
            ("hallmark: running goss\r", Stage::Goss),
            ("hallmark: goss ended with exit code 1", Stage::Ended),
        ] {
            assert_eq!(Stage::of(line), stage, "{line:?}");
        }
        assert!(Stage::Silent < Stage::Kernel && Stage::Goss < Stage::Ended);
    }
}

//! How a program ended.

use std::{fmt, time::Duration};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exit {
    /// Its exit code; none if a signal ended it or it was never started.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its time was up, and we stopped it.
    pub timed_out: bool,
    /// We were told to stop, and stopped it (or, told before, never started it).
    pub cancelled: bool,
    /// How many processes it left behind; we ended them.
    pub left_behind: usize,
    /// How long it ran.
    pub duration: Duration,
}

impl Exit {
    /// It ran to its end by itself and exited with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0) && !self.timed_out && !self.cancelled
    }
}

/// Completes "packer …": `ended with exit code 3`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cancelled {
            return write!(f, "was cancelled");
        }
        if self.timed_out {
            return write!(
                f,
                "was stopped after {:.1} s because its time was up",
                self.duration.as_secs_f64()
            );
        }
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "ended with exit code {code}"),
            (None, Some(signal)) => write!(f, "was ended by signal {signal}"),
            (None, None) => write!(f, "did not run"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_zero_of_its_own_is_success() {
        let zero = Exit { code: Some(0), ..Exit::default() };
        for (exit, success, text) in [
            (Exit::default(), false, "did not run"),
            (zero, true, "ended with exit code 0"),
            (Exit { code: Some(1), ..zero }, false, "ended with exit code 1"),
            (Exit { code: None, signal: Some(9), ..zero }, false, "was ended by signal 9"),
            (Exit { cancelled: true, ..zero }, false, "was cancelled"),
            (
                Exit { timed_out: true, duration: Duration::from_millis(1500), ..zero },
                false,
                "was stopped after 1.5 s because its time was up",
            ),
        ] {
            assert_eq!((exit.success(), exit.to_string()), (success, text.to_owned()), "{exit:?}");
        }
    }
}

//! How long, how much and how often: what keeps one question from taking for ever.

use std::time::Duration;

/// Bounds on one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// From the question to the answer's last byte; what is sent with it has a second more for each 64 KiB.
    pub whole: Duration,
    /// The most bytes of an answer.
    pub bytes: u64,
    /// How often a question is asked while the server is in trouble.
    pub attempts: u32,
    /// Between two attempts.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(20),
            bytes: 8 << 20,
            attempts: 2,
            pause: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// From the question to the answer's last byte, where this many bytes go with it: a slow line is not a silent server.
    pub(crate) fn whole_with(&self, sent: usize) -> Duration {
        self.whole + Duration::from_secs(u64::try_from(sent >> 16).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_may_take_long() {
        let limits = Limits::default();
        assert_eq!(limits.whole_with(65_535), limits.whole);
        // The longest upload to code scanning, in base64.
        assert_eq!(limits.whole_with(14 << 20), limits.whole + Duration::from_secs(224));
    }
}

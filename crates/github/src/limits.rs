//! How long, how much and how often: what keeps one question from taking for ever.

use std::time::Duration;

/// Bounds on one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// From the question to the answer's last byte.
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

//! How long a call may take. The SDK waits for an answer for ever by default.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

/// How long each part of a call may take, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the first byte of an answer.
    pub read: Duration,
    /// One attempt as a whole.
    pub attempt: Duration,
    /// All attempts together.
    pub operation: Duration,
    /// How often a call that can be repeated is tried, with growing pauses of random length between.
    pub attempts: u32,
    /// The longest that the first of these pauses is.
    pub pause: Duration,
}

/// What fits the control plane: its answers are small.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(30),
    attempt: Duration::from_secs(45),
    operation: Duration::from_secs(300),
    attempts: 8,
    pause: Duration::from_millis(250),
};

impl Limits {
    /// As the SDK wants the times.
    #[must_use]
    pub fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.read)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    /// As the SDK wants the attempts.
    #[must_use]
    pub fn retries(&self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts).with_initial_backoff(self.pause)
    }
}

//! Why a question was not answered.

use std::time::Duration;

use runner::escape;
use ureq::http::HeaderMap;

/// The longest message of GitHub's that is repeated.
const LONGEST: usize = 300;

/// A question, and why it was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{asked}: {why}{}", hint(.why, .needs))]
pub struct Error {
    /// What was asked: method and path.
    pub asked: String,
    /// What the token needs for it, as GitHub names it: `actions: read`.
    pub needs: &'static str,
    /// Why.
    pub why: Why,
}

/// How GitHub answered, if at all. The texts are GitHub's, cut and made plain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No connection.
    #[error("GitHub cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// 401.
    #[error("401, the token is not valid (expired, or of another server): {0}")]
    Unauthorized(String),
    /// 403.
    #[error("403, forbidden: {0}")]
    Forbidden(String),
    /// 404: GitHub does not tell what is not there from what the token may not see.
    #[error("404, not there, or hidden from this token")]
    NotFound,
    /// 429, or a 403 that means the same.
    #[error("the rate limit is reached{}", .0.map(|wait| format!("; again in {} s", wait.as_secs())).unwrap_or_default())]
    RateLimited(Option<Duration>),
    /// Any other status.
    #[error("the server answered {0}: {1}")]
    Status(u16, String),
    /// An answer that is not what GitHub's description says.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
}

fn hint(why: &Why, needs: &str) -> String {
    match why {
        Why::Unauthorized(_) | Why::Forbidden(_) | Why::NotFound => {
            format!(" (needs a token with `{needs}`)")
        }
        _ => String::new(),
    }
}

impl Why {
    /// Whether the same question may be answered in a moment.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Status(500..=599, _))
    }

    /// Whether a call that changes something may have been done in spite of it.
    #[must_use]
    pub const fn may_have_been_done(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Malformed(_) | Self::Status(500..=599, _)
        )
    }

    /// Whether the token may not, or may not see: nothing that trying again would mend.
    #[must_use]
    pub const fn is_not_allowed(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::NotFound)
    }

    /// From what octocrab says.
    pub(crate) fn of(error: &octocrab::Error) -> Self {
        match error {
            octocrab::Error::GitHub { source, .. } => Self::of_answer(source),
            octocrab::Error::Service { source, .. } => match source.downcast_ref::<Self>() {
                Some(why) => why.clone(),
                None => Self::Unreachable(plain(&source.to_string())),
            },
            octocrab::Error::Json { source, .. } => {
                let path = source.path().to_string();
                let named = path.contains(|c: char| c.is_ascii_alphanumeric());
                let place = if named { format!("{path}: ") } else { String::new() };
                Self::Malformed(plain(&format!("{place}{}", source.inner())))
            }
            other => Self::Malformed(plain(&other.to_string())),
        }
    }

    fn of_answer(answer: &octocrab::GitHubError) -> Self {
        Self::of_status(answer.status_code.as_u16(), answer.headers.as_ref(), &answer.message)
    }

    /// From an answer that is no success.
    pub(crate) fn of_status(status: u16, headers: Option<&HeaderMap>, message: &str) -> Self {
        let header = |name: &str| headers?.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let wait = header("retry-after").map(Duration::from_secs);
        let spent = header("x-ratelimit-remaining") == Some(0);
        let message = plain(message);
        // A secondary limit is a 403 that may say so by its words alone.
        let limited = wait.is_some() || spent || message.to_ascii_lowercase().contains("rate limit");
        match status {
            429 => Self::RateLimited(wait),
            403 if limited => Self::RateLimited(wait),
            401 => Self::Unauthorized(message),
            403 => Self::Forbidden(message),
            404 => Self::NotFound,
            status => Self::Status(status, message),
        }
    }
}

/// Someone else's words, on one line.
pub(crate) fn plain(text: &str) -> String {
    let line = escape::plain(text).replace(['\n', '\t'], " ");
    escape::shortened(line.trim(), LONGEST)
}

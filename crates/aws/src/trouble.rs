//! A call about blocks that failed, by what helps: fewer calls, the same call once more, or nothing.

use std::future::{Future, ready};

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;

use crate::failure::{Call, Failure, Fate, answer};

/// A call that failed, by what helps.
pub(crate) enum Trouble {
    /// Fewer calls.
    Throttled(Box<Failure>),
    /// The same call once more.
    Passing(Box<Failure>),
    /// Nothing.
    Refused(Box<Failure>),
}

/// Waits for a call, and tells apart what helps when it fails.
pub(crate) async fn ask<T, E>(
    call: Call<'_>,
    sent: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    SdkError<E>: RequestId,
{
    let sent = sent.await;
    let raw = sent.as_ref().err().and_then(|error| error.raw_response());
    let status = raw.map(|raw| raw.status().as_u16());
    answer(call, ready(sent)).await.map_err(|failure| match failure.fate {
        _ if is_throttling(&failure.code, status) => Trouble::Throttled(failure),
        Fate::Busy | Fate::Unknown => Trouble::Passing(failure),
        Fate::Refused => Trouble::Refused(failure),
    })
}

fn is_throttling(code: &str, status: Option<u16>) -> bool {
    const CODES: &[&str] = &[
        "BandwidthLimitExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ];
    matches!(status, Some(429 | 503)) || CODES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::is_throttling;

    #[test]
    fn throttling_by_code_or_by_status() {
        for (code, status, expected) in [
            ("RequestThrottledException", Some(400), true),
            ("ThrottlingException", Some(400), true),
            ("", Some(503), true),
            ("Anything", Some(429), true),
            ("ServiceUnavailable", Some(503), true),
            ("InternalServerException", Some(500), false),
            ("AccessDeniedException", Some(403), false),
            ("", None, false),
        ] {
            assert_eq!(is_throttling(code, status), expected, "{code} {status:?}");
        }
    }
}

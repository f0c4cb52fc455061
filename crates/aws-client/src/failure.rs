//! What a call to AWS said when it failed: which call, about what, where, and whether it may have taken effect.

use std::fmt;
use std::future::Future;

use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

/// The longest that is told of a failure, in characters: services put their answers into it.
const LONGEST: usize = 800;

/// A call, for errors: what is asked, where and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// The API's name of it: `CopyImage`.
    pub name: &'static str,
    /// The account that is asked.
    pub account: &'a str,
    /// The region that is asked.
    pub region: &'a str,
    /// What it is about: an image, a snapshot, a parameter. Empty if about nothing in particular.
    pub about: &'a str,
}

/// What became of a call that failed, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// AWS refused it: it has no effect, and would be refused again.
    Refused,
    /// AWS was busy or broken: it had no effect as far as AWS says, and can be tried again.
    Busy,
    /// Nobody knows: no answer came. Look before trying again.
    Unknown,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The API's name of the call.
    pub call: &'static str,
    /// What it was about; may be empty.
    pub about: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// AWS's code, such as `InvalidAMIID.NotFound`; empty if no answer came.
    pub code: String,
    /// What was said.
    pub message: String,
    /// AWS's id of the request, for its support.
    pub request_id: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.call)?;
        if !self.about.is_empty() {
            write!(f, " of {}", self.about)?;
        }
        write!(f, " in {} (account {}): ", self.region, self.account)?;
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        write!(f, "{}", self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// What comes of a call.
pub type Answered<T> = Result<T, Box<Failure>>;

/// Waits for a call and tells a failure apart.
pub async fn answer<T, E>(call: Call<'_>, sent: impl Future<Output = Result<T, SdkError<E>>>) -> Answered<T>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    SdkError<E>: RequestId,
{
    sent.await.map_err(|error| Box::new(failure(call, &error)))
}

fn failure<E>(call: Call<'_>, error: &SdkError<E>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    SdkError<E>: RequestId,
{
    let (fate, code, message) = match error {
        SdkError::ServiceError(said) => {
            let code = said.err().code().unwrap_or_default().to_owned();
            let status = said.raw().status().as_u16();
            let message = said.err().message().map_or_else(|| format!("HTTP {status}"), str::to_owned);
            (if passing(&code, status) { Fate::Busy } else { Fate::Refused }, code, message)
        }
        SdkError::ConstructionFailure(_) => (Fate::Refused, String::new(), told(error)),
        // Time-outs, cut connections, answers that make no sense.
        _ => (Fate::Unknown, String::new(), told(error)),
    };
    Failure {
        call: call.name,
        about: call.about.to_owned(),
        region: call.region.to_owned(),
        account: call.account.to_owned(),
        code,
        message: message.chars().take(LONGEST).collect(),
        request_id: error.request_id().map(str::to_owned),
        fate,
    }
}

fn told<E: std::error::Error>(error: E) -> String {
    // The SDK's own words hold the whole chain, the fired time-out among it.
    DisplayErrorContext(error).to_string()
}

/// Throttling, and faults on AWS's side.
fn passing(code: &str, status: u16) -> bool {
    const BUSY: &[&str] = &[
        "BandwidthLimitExceeded",
        "ConcurrentModification",
        "EC2ThrottledException",
        "IncorrectState.Busy",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",
        "Unavailable",
    ];
    status >= 500 || status == 429 || BUSY.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_call_thing_place_and_request() {
        let failure = Failure {
            call: "CopyImage",
            about: "ami-1".into(),
            region: "eu-west-1".into(),
            account: "123456789012".into(),
            code: "RequestLimitExceeded".into(),
            message: "Slow down".into(),
            request_id: Some("abc".into()),
            fate: Fate::Busy,
        };
        assert_eq!(
            failure.to_string(),
            "CopyImage of ami-1 in eu-west-1 (account 123456789012): RequestLimitExceeded: Slow down (request abc)"
        );
        let plain = Failure { about: String::new(), code: String::new(), request_id: None, ..failure };
        assert_eq!(plain.to_string(), "CopyImage in eu-west-1 (account 123456789012): Slow down");
    }

    #[test]
    fn what_passes_is_tried_again() {
        for (code, status, expected) in [
            ("RequestLimitExceeded", 503, true),
            ("ThrottlingException", 400, true),
            ("", 500, true),
            ("Anything", 429, true),
            ("InvalidAMIID.NotFound", 400, false),
            ("UnauthorizedOperation", 403, false),
            ("", 400, false),
        ] {
            assert_eq!(passing(code, status), expected, "{code} {status}");
        }
    }
}

//! What S3 says when it does not do what was asked, and what helps.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::primitives::ByteStreamError;

use crate::Error;

/// The longest that is said of a failure.
const MAX_SAID: usize = 600;

/// A call, by the permission that it needs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Get,
    Head,
    Put,
    List,
    Lockable,
    Lengthen,
}

impl Call {
    /// As S3 calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GetObject",
            Self::Head => "HeadObject",
            Self::Put => "PutObject",
            Self::List => "ListObjectsV2",
            Self::Lockable => "GetObjectLockConfiguration",
            Self::Lengthen => "PutObjectRetention",
        }
    }

    /// What a policy has to allow.
    const fn permission(self) -> &'static str {
        match self {
            Self::Get | Self::Head => {
                "s3:GetObject, and s3:ListBucket, without which S3 refuses to say that something is not there"
            }
            Self::Put => "s3:PutObject, and s3:PutObjectRetention where a lock is asked for",
            Self::List => "s3:ListBucket",
            Self::Lockable => "s3:GetBucketObjectLockConfiguration",
            Self::Lengthen => {
                "s3:PutObjectRetention and s3:GetObjectRetention, and s3:BypassGovernanceRetention where a lock of the mode \
                 governance becomes one of compliance"
            }
        }
    }
}

/// The answer's status, where there was one.
pub(super) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// Whether the answer says that a delete marker is in the object's place.
pub(super) fn deleted<E>(error: &SdkError<E>) -> bool {
    error.raw_response().and_then(|answer| answer.headers().get("x-amz-delete-marker")) == Some("true")
}

/// A failed call as an error that names everything.
pub(super) fn refused<E>(call: Call, place: String, bucket: &str, error: &SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + RequestId + 'static,
{
    let what = said(error).chars().take(MAX_SAID).collect();
    let request = error.request_id().map(|id| id.chars().take(100).collect());
    Error::Service { place, call: call.name(), what, request, next: next(call, bucket, error) }
}

/// A body that ended in the middle.
pub(super) fn broken(place: String, error: &ByteStreamError) -> Error {
    Error::Service {
        place,
        call: Call::Get.name(),
        what: format!("the answer broke off: {}", chain(error)).chars().take(MAX_SAID).collect(),
        request: None,
        next: "run it again".into(),
    }
}

fn said<E>(error: &SdkError<E>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match (status(error), error.code()) {
        (Some(status), Some(code)) => {
            format!("S3 says {status} {code}: {}", error.message().unwrap_or("without saying why"))
        }
        // Answers to HEAD have no body.
        (Some(status), None) if error.as_service_error().is_some() => format!("S3 says {status}"),
        _ => match error {
            SdkError::TimeoutError(_) => "S3 did not answer in time".to_owned(),
            // No request was sent without them; what each provider tried is many lines long.
            _ if without_credentials(error) => "there are no AWS credentials".to_owned(),
            _ if credentials(error).is_some() => {
                format!("the AWS credentials cannot be had: {}", chain(error))
            }
            SdkError::DispatchFailure(_) => format!("S3 cannot be reached: {}", chain(error)),
            _ => chain(error),
        },
    }
}

fn next<E>(call: Call, bucket: &str, error: &SdkError<E>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let by_code = match error.code().unwrap_or_default() {
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" => {
            Some("the credentials are not S3's: mend them")
        }
        "ExpiredToken" | "TokenRefreshRequired" => Some("the credentials are over: get new ones"),
        "RequestTimeTooSkewed" => Some("this machine's clock is wrong: set it"),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            Some("the bucket is in another region: set AWS_REGION to that one")
        }
        "NoSuchBucket" => Some("make the bucket, with versioning, or mend its name"),
        code if code.starts_with("KMS.") => Some("mend the KMS key's name, state or policy"),
        _ => None,
    };
    if let Some(known) = by_code {
        return known.to_owned();
    }
    match status(error) {
        Some(403) => format!(
            "whoever asks needs {}, for the bucket {bucket}; with a KMS key also kms:GenerateDataKey and kms:Decrypt",
            call.permission()
        ),
        Some(301 | 307) => "the bucket is in another region: set AWS_REGION to that one".into(),
        Some(404) => "it is not there: mend the bucket's name, or make it".into(),
        Some(409) => {
            "somebody else writes the same, or the bucket is being changed: run it again in a moment".into()
        }
        Some(412) => "somebody else changed it meanwhile: run it again".into(),
        Some(429 | 500 | 502 | 503 | 504) => "S3 is busy or not well: run it again later".into(),
        Some(501) => {
            "the server does not know what is asked of it (conditional writes, locks): use one that does"
                .into()
        }
        Some(_) => "see what it says".into(),
        None if without_credentials(error) => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a role by a web identity, or a profile".into()
        }
        None if credentials(error).is_some() => "mend what it says, or who may be whom".into(),
        None => "see whether the address is right and can be reached, and run it again".into(),
    }
}

/// Nobody has any.
fn without_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(credentials(error), Some(CredentialsError::CredentialsNotLoaded(_)))
}

/// What came of asking for credentials, where that is why it failed.
fn credentials<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e CredentialsError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// All causes, the last of which says most.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

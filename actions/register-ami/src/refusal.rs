//! What comes of an operation: a report, or reasons why not. A provider's refusals are told apart from its failures.

use std::collections::BTreeMap;

use admission::reason;
use jiff::Timestamp;
use model::Reason;
use provider::{Change, Error, ImageId, Intent};
use runner::Result;

/// What was decided: it was done (or a plan would be), or it was refused. That nothing could be decided is an error
/// around this.
pub(crate) type Decision<T = Report> = std::result::Result<T, Refusal>;

/// Why an operation was refused. There is at least one reason.
pub(crate) struct Refusal {
    pub(crate) reasons: Vec<Reason>,
    /// Whether the provider refused it, which may have taken steps before.
    pub(crate) by_provider: bool,
}

/// What was done, for outputs and summary.
#[derive(Default)]
pub(crate) struct Report {
    /// The verdict line.
    pub(crate) headline: String,
    pub(crate) name: String,
    pub(crate) image_id: String,
    pub(crate) release_id: String,
    pub(crate) content_digest: String,
    pub(crate) location: String,
    /// Its ids by region, where it has several.
    pub(crate) regions: BTreeMap<String, ImageId>,
    /// What would be changed.
    pub(crate) changes: Vec<Change>,
    pub(crate) channel: Option<String>,
    pub(crate) prior_image: Option<String>,
    pub(crate) adopted: bool,
    /// The evidence that allowed it, one row each: what, by whom, when.
    pub(crate) rests_on: Vec<(String, String, Timestamp)>,
    /// Where the release statement is.
    pub(crate) statement: Option<String>,
    /// What the journal still has to strike out, once everything has been told.
    pub(crate) intent: Option<Intent>,
}

impl Refusal {
    /// Before the provider was asked for anything.
    pub(crate) const fn at_once(reasons: Vec<Reason>) -> Self {
        Self { reasons, by_provider: false }
    }
}

/// Takes a provider's refusal for what it is; any other of its errors means that nothing could be decided.
pub(crate) fn refused<T>(answer: Result<T, Error>) -> Result<Decision<T>> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(refusal(error)?)),
    }
}

/// The refusal that an error stands for; the error itself if it stands for none.
pub(crate) fn refusal(error: Error) -> Result<Refusal> {
    let clears = match &error {
        Error::ContentDiffers { .. } => {
            "Find out who changed it. An image has to be tested, scanned and decided on as it is now; a copy in another region \
             can be deregistered, and publishing again makes another"
        }
        Error::Conflict { .. } => "Publish the image with the manifest that it is stored with",
        Error::Disabled(_) => "Bake, test and publish another image",
        Error::InUse { .. } => "Point the channel at another image first",
        Error::NoChannel(_) => "Name a channel that shows an image",
        Error::NoPrior(_) => "Publish another image to the channel",
        Error::PriorUnavailable { .. } => "Publish an image to the channel",
        Error::Superseded { .. } => {
            "Look at what the channel shows now, and run again if it still has to go back"
        }
        Error::Unfit { .. } => "Mend what is said, or publish another image",
        Error::Referred { .. } => "Point what is named at another image first",
        Error::Protected { .. } => "Run again when that is over",
        Error::Remote(_)
        | Error::Held { .. }
        | Error::Lost { .. }
        | Error::NotReady(_)
        | Error::TimedOut { .. }
        | Error::Name(_)
        | Error::Io { .. }
        | Error::Malformed { .. }
        | Error::NotAStore { .. }
        | Error::Locked { .. }
        | Error::Digest { .. }
        | Error::NoDisk(_)
        | Error::Damaged { .. }
        | Error::NoImage(_)
        | Error::Unsupported { .. } => return Err(error.into()),
    };
    let reasons = vec![reason(error.code(), error.to_string(), clears)];
    Ok(Refusal { reasons, by_provider: true })
}

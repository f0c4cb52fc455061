//! Whether evidence allows an image.
//!
//! Whoever publishes an image, and whoever is about to launch one, asks the same: is there a verdict that passes and
//! a summary that says so, by somebody whom *I* trust, about exactly this content, by a policy that *I* accept, and
//! fresh? What is asked is read here from a step's inputs ([`whom`]); the image is hashed and not believed
//! ([`Candidate`]); and each condition that leaves nothing is the reason why not ([`admit`]).

mod admit;
mod candidate;
mod closed;
mod dated;
mod statements;
mod whom;

pub use admit::{About, Admitted, Allowed, Demands, admit};
pub use candidate::{Candidate, DiskAt, manifest};
pub use closed::{closed, hidden};
pub use dated::{Misdated, SKEW, dated};
pub use statements::{Found, Signed, called, find};
pub use whom::{TRUSTED_ROOT, VERDICT_IDENTITY, VERDICT_SIGNER, Whom, trusted_root};

use model::{Reason, Weight};

/// A reason that nobody may waive here: what a person may waive is waived in the verdict.
#[must_use]
pub fn reason(code: impl Into<String>, message: impl Into<String>, clears: &str) -> Reason {
    Reason {
        weight: Weight::Fail,
        code: code.into(),
        message: message.into(),
        evidence: Vec::new(),
        clears: clears.to_owned(),
    }
}

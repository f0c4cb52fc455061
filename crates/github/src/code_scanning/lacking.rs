//! Why code scanning is not to be had, where a refusal says so.

use std::fmt;

use crate::{Error, Why};

/// What is missing. Anything else that GitHub refuses for is not among them, and stays an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The token's permission.
    Permission,
    /// The licence, or the switch in the repository's settings.
    Licence,
    /// Whatever 404 means here: GitHub tells a token that may not see code scanning, and a server that has none, the same.
    /// Whether the repository itself is seen, only [`Client::repository`](crate::Client::repository) tells.
    NotThere,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permission => {
                "the token may not: give the job `security-events: write`, and in a private repository `actions: read`"
            }
            Self::Licence => {
                "the repository has no code scanning: a private one needs GitHub Code Security, switched on in its settings"
            }
            Self::NotThere => {
                "there is no code scanning here, or the token may not see it: an Enterprise Server needs it switched on, and \
                 a token `security-events: write`"
            }
        })
    }
}

impl Lacking {
    /// By how GitHub answered a call to code scanning.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let said = match &error.why {
            Why::NotFound => return Some(Self::NotThere),
            Why::Forbidden(said) => said.to_ascii_lowercase(),
            _ => return None,
        };
        let has = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
        // "Advanced Security must be enabled …", "Code Security must be enabled …", "Code scanning is not enabled …"
        let is_off = has(&["must be enabled", "not enabled"]);
        if is_off && has(&["advanced security", "code security", "code scanning"]) {
            return Some(Self::Licence);
        }
        // "Resource not accessible by integration", or "… by personal access token"; "Must have …"
        has(&["resource not accessible by", "must have"]).then_some(Self::Permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_words() {
        let forbidden = |said: &str| Why::Forbidden(said.to_owned());
        for (why, lacking) in [
            (forbidden("Resource not accessible by integration"), Some(Lacking::Permission)),
            (forbidden("Resource not accessible by personal access token"), Some(Lacking::Permission)),
            (forbidden("Must have push access to repository"), Some(Lacking::Permission)),
            (
                forbidden("Advanced Security must be enabled for this repository to use code scanning."),
                Some(Lacking::Licence),
            ),
            (
                forbidden("Code Security must be enabled for this repository to use code scanning."),
                Some(Lacking::Licence),
            ),
            (
                forbidden("Code scanning is not enabled for this repository. Please enable code scanning."),
                Some(Lacking::Licence),
            ),
            (Why::NotFound, Some(Lacking::NotThere)),
            // These are for somebody to mend, and not to be passed over.
            (forbidden("Repository was archived so is read-only."), None),
            (forbidden("Although you appear to have the correct authorization, the IP allow list …"), None),
            (forbidden("Code security is kept from this actor by a rule of the enterprise"), None),
            (forbidden(""), None),
            (Why::Unauthorized("Bad credentials".to_owned()), None),
            (Why::RateLimited(None), None),
            (Why::Status(413, "too large".to_owned()), None),
        ] {
            let error = Error { asked: "POST /x".to_owned(), needs: super::super::NEEDS, why };
            assert_eq!(Lacking::of(&error), lacking, "{error}");
        }
    }
}

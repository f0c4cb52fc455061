//! Which identities are meant: exact, or by a pattern that has to match the whole.

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::Identity;

/// GitHub's token service, for github.com.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The fields of a rule and what each means, in the order in which a rule reads best: for readers of files,
/// schemas and documents.
pub const FIELDS: [(&str, &str); 11] = [
    ("issuer", "The OIDC issuer, exactly; GitHub's where `workflow` is given and this is not"),
    ("issuer-pattern", "A regular expression that the whole issuer has to match"),
    (
        "subject",
        "The certificate's subject alternative name, exactly: a workflow file with its ref as a URL, or an e-mail address",
    ),
    ("subject-pattern", "A regular expression that the whole subject has to match"),
    (
        "workflow",
        "The workflow file that signs, with its ref: `owner/repository/.github/workflows/FILE@refs/heads/main`, or as a URL",
    ),
    ("repository", "The repository that is built: `owner/repository`, or as a URL"),
    ("ref", "The ref that is built: `refs/heads/main`"),
    ("environment", "The deployment environment of the job that signs"),
    ("runner-environment", "`github-hosted` or `self-hosted`"),
    ("trigger", "What started the run: `push`, `workflow_dispatch` …"),
    ("waive", "What need not be there: `transparency-log`, `certificate-log`, `issuer`"),
];

/// A proof that is wanted unless it is waived by this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// The signature is in a transparency log (Rekor): an inclusion proof under a signed checkpoint.
    TransparencyLog,
    /// The certificate is in a certificate transparency log: it carries a signed certificate timestamp (RFC 6962).
    CertificateLog,
    /// The certificate says by whose word its subject is who it is. Those of GitHub's releases do not: there the trusted
    /// root alone vouches.
    Issuer,
}

impl Requirement {
    /// Every requirement.
    pub const ALL: [Self; 3] = [Self::TransparencyLog, Self::CertificateLog, Self::Issuer];

    /// As files spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TransparencyLog => "transparency-log",
            Self::CertificateLog => "certificate-log",
            Self::Issuer => "issuer",
        }
    }
}

/// A rule as files spell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RuleText {
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_pattern: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_pattern: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// See [`FIELDS`].
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_environment: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// See [`FIELDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waive: Vec<Requirement>,
}

/// A rule that says nothing, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {mend}")]
pub struct RuleError {
    /// The field of [`FIELDS`] that it is about, where it is about one.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub mend: String,
}

/// Which identities are meant. Everything that the rule says has to hold.
#[derive(Debug, Clone)]
pub struct IdentityRule {
    text: RuleText,
    issuer: Matcher,
    subject: Option<Matcher>,
}

#[derive(Debug, Clone)]
enum Matcher {
    Exact(String),
    Whole(Regex),
}

impl Matcher {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(wanted) => wanted == value,
            Self::Whole(pattern) => pattern.is_match(value),
        }
    }
}

impl PartialEq for IdentityRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for IdentityRule {}

impl IdentityRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// It names no issuer or nobody in particular, names one thing twice, has an empty value, or a pattern that
    /// does not read or would match anything.
    pub fn new(mut text: RuleText) -> Result<Self, RuleError> {
        text.waive.sort_unstable();
        text.waive.dedup();
        for (field, value) in text.values() {
            if value.trim().is_empty() || value.trim() != value {
                let what = format!("`{field}` is empty or has blanks around it");
                return Err(RuleError {
                    field: Some(field),
                    what,
                    mend: "write the value, or leave it out".into(),
                });
            }
        }
        if let Some(workflow) = &text.workflow
            && !is_workflow(workflow)
        {
            let what = format!("`{workflow}` is no workflow file with its ref");
            let mend = "write owner/repository/.github/workflows/FILE.yml@refs/heads/BRANCH; without the ref, a branch that anybody may push could sign"
                .to_owned();
            return Err(RuleError { field: Some("workflow"), what, mend });
        }
        if let Some(repository) = &text.repository
            && !repository.contains("://")
            && repository.split('/').filter(|part| !part.is_empty()).count() != 2
        {
            let what = format!("`{repository}` is no repository");
            let mend = "write owner/repository, or its URL".to_owned();
            return Err(RuleError { field: Some("repository"), what, mend });
        }
        let waived = text.waive.contains(&Requirement::Issuer);
        let issuer = match matcher(
            ("issuer", text.issuer.as_ref()),
            ("issuer-pattern", text.issuer_pattern.as_ref()),
        )? {
            Some(_) if waived => {
                let what = "`issuer` is both waived and named".to_owned();
                return Err(RuleError { field: Some("waive"), what, mend: "keep one of them".into() });
            }
            Some(issuer) => issuer,
            None if waived && text.subject.is_none() => {
                let what = "`issuer` is waived, and no `subject` is named exactly".to_owned();
                return Err(RuleError {
                    field: Some("waive"),
                    what,
                    mend: "write the `subject`, or an `issuer`".into(),
                });
            }
            // Of a certificate that has none, and of no other.
            None if waived => Matcher::Exact(String::new()),
            None if text.workflow.as_ref().is_some_and(|workflow| !workflow.contains("://")) => {
                Matcher::Exact(GITHUB_ISSUER.to_owned())
            }
            None => {
                let what = "no `issuer` is named: a subject is only as good as who vouches for it".to_owned();
                return Err(RuleError {
                    field: None,
                    what,
                    mend: format!("write issuer: {GITHUB_ISSUER}, or another"),
                });
            }
        };
        let subject =
            matcher(("subject", text.subject.as_ref()), ("subject-pattern", text.subject_pattern.as_ref()))?;
        if subject.is_none() && text.workflow.is_none() {
            let what = "nobody is named: everybody whom the issuer knows could sign".to_owned();
            return Err(RuleError {
                field: None,
                what,
                mend: "write subject, subject-pattern or workflow".into(),
            });
        }
        Ok(Self { text, issuer, subject })
    }

    /// The rule as it was written, with its waivers in order.
    #[must_use]
    pub const fn text(&self) -> &RuleText {
        &self.text
    }

    /// Whether a proof need not be there.
    #[must_use]
    pub fn waives(&self, requirement: Requirement) -> bool {
        self.text.waive.contains(&requirement)
    }

    /// Whether this identity is meant.
    #[must_use]
    pub fn matches(&self, identity: &Identity) -> bool {
        self.mismatch(identity).is_none()
    }

    /// The first field of the rule that this identity does not satisfy.
    #[must_use]
    pub fn mismatch(&self, identity: &Identity) -> Option<&'static str> {
        let claims = &identity.claims;
        let claimed = |wanted: &Option<String>, found: &Option<String>| match wanted {
            None => true,
            Some(wanted) => found.as_ref() == Some(wanted),
        };
        let at_github = |wanted: &Option<String>, found: &Option<String>| match wanted {
            Some(short) if !short.contains("://") => {
                found.as_deref().and_then(|url| url.strip_prefix("https://github.com/")) == Some(short)
            }
            wanted => claimed(wanted, found),
        };
        let checks = [
            ("issuer", self.issuer.matches(&identity.issuer)),
            ("subject", self.subject.as_ref().is_none_or(|subject| subject.matches(&identity.subject))),
            ("workflow", at_github(&self.text.workflow, &claims.workflow)),
            ("repository", at_github(&self.text.repository, &claims.repository)),
            ("ref", claimed(&self.text.git_ref, &claims.git_ref)),
            ("environment", claimed(&self.text.environment, &claims.environment)),
            ("runner-environment", claimed(&self.text.runner_environment, &claims.runner_environment)),
            ("trigger", claimed(&self.text.trigger, &claims.trigger)),
        ];
        checks.into_iter().find(|(_, holds)| !holds).map(|(field, _)| field)
    }
}

impl RuleText {
    fn values(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [
            ("issuer", &self.issuer),
            ("issuer-pattern", &self.issuer_pattern),
            ("subject", &self.subject),
            ("subject-pattern", &self.subject_pattern),
            ("workflow", &self.workflow),
            ("repository", &self.repository),
            ("ref", &self.git_ref),
            ("environment", &self.environment),
            ("runner-environment", &self.runner_environment),
            ("trigger", &self.trigger),
        ]
        .into_iter()
        .filter_map(|(field, value)| value.as_ref().map(|value| (field, value)))
    }
}

fn is_workflow(text: &str) -> bool {
    let Some((file, git_ref)) = text.split_once('@') else { return false };
    file.contains("/.github/workflows/") && !git_ref.is_empty()
}

/// At most one of the two; a pattern has to match the whole and must not match the empty text, as `.*` does.
fn matcher(
    (field, exact): (&'static str, Option<&String>),
    (pattern_field, pattern): (&'static str, Option<&String>),
) -> Result<Option<Matcher>, RuleError> {
    match (exact, pattern) {
        (None, None) => Ok(None),
        (Some(exact), None) => Ok(Some(Matcher::Exact(exact.clone()))),
        (Some(_), Some(_)) => Err(RuleError {
            field: Some(pattern_field),
            what: format!("`{field}` and `{pattern_field}` are both there"),
            mend: "keep one of them".into(),
        }),
        (None, Some(pattern)) => {
            let error = |what: String| RuleError {
                field: Some(pattern_field),
                what,
                mend: "write a regular expression of the whole text, such as https://github\\.com/acme/.*"
                    .into(),
            };
            // On its own first: what closes a group must not close ours.
            let whole = Regex::new(pattern)
                .and_then(|_| Regex::new(&format!("^(?:{pattern})$")))
                .map_err(|e| error(format!("`{pattern_field}` does not read: {}", in_one_line(&e))))?;
            if whole.is_match("") {
                return Err(error(format!("`{pattern_field}` matches anything")));
            }
            Ok(Some(Matcher::Whole(whole)))
        }
    }
}

/// What is wrong with a pattern; the library draws a picture around it.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests;

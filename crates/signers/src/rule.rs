//! Which identities are meant: exact, or by a pattern that has to match the whole.

use std::fmt;

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
    (
        "repository",
        "The repository that is built: `owner/repository`, or as a URL; that of a short `workflow` where nothing is said",
    ),
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
    /// The signature is in a transparency log (Rekor): an inclusion proof under a signed checkpoint, or, in bundles of
    /// version 0.1 and cosign's older ones, the log's signed promise.
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

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(wanted) if wanted.is_empty() => f.write_str("none"),
            Self::Exact(wanted) => f.write_str(wanted),
            Self::Whole(pattern) => write!(f, "what matches {pattern}"),
        }
    }
}

/// A field of a rule that an identity does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which of [`FIELDS`].
    pub field: &'static str,
    /// What the rule says.
    pub wanted: String,
    /// What the certificate says, where it says something.
    pub found: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, wanted, found } = self;
        match found {
            Some(found) => write!(f, "`{field}` is {found}, not {wanted}"),
            None => write!(f, "`{field}` is not in the certificate, and {wanted} is wanted"),
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
        if let Some((field, value)) = text.values().find(|(_, value)| value.chars().any(is_unseen)) {
            let what = format!("`{field}` has a character that cannot be seen: {}", seen(value));
            return Err(RuleError {
                field: Some(field),
                what,
                mend: "write it by hand, not from a page".into(),
            });
        }
        if let Some(git_ref) = text.git_ref.as_ref().filter(|git_ref| !git_ref.starts_with("refs/")) {
            let what = format!("`{git_ref}` is no whole ref");
            let mend = format!("write refs/heads/{git_ref} or refs/tags/{git_ref}");
            return Err(RuleError { field: Some("ref"), what, mend });
        }
        if let Some(workflow) = &text.workflow
            && !is_workflow(workflow)
        {
            let what = format!("`{workflow}` is no workflow file with its ref");
            let mend = "write owner/repository/.github/workflows/FILE.yml@refs/heads/BRANCH; without the ref, a branch that anybody may push could sign"
                .to_owned();
            return Err(RuleError { field: Some("workflow"), what, mend });
        }
        // A workflow file that others may call signs as itself for their repositories too: its own is meant, unless
        // another one is named.
        if let (Some(workflow), None) = (&text.workflow, &text.repository)
            && !workflow.contains("://")
        {
            text.repository = workflow.split_once("/.github/").map(|(repository, _)| repository.to_owned());
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
        self.mismatches(identity).first().map(|mismatch| mismatch.field)
    }

    /// Everything in which this identity is another one, in the order of [`FIELDS`].
    #[must_use]
    pub fn mismatches(&self, identity: &Identity) -> Vec<Mismatch> {
        let (text, claims) = (&self.text, &identity.claims);
        let issuer = [Some((&self.issuer, &identity.issuer, "issuer"))];
        let subject = [self.subject.as_ref().map(|subject| (subject, &identity.subject, "subject"))];
        let named =
            issuer.into_iter().chain(subject).flatten().filter(|(matcher, found, _)| !matcher.matches(found));
        let named = named.map(|(matcher, found, field)| Mismatch {
            field,
            wanted: matcher.to_string(),
            found: Some(found.clone()).filter(|found| !found.is_empty()),
        });
        // Short forms are github.com's.
        let whole = |wanted: &Option<String>| {
            wanted.as_ref().map(|wanted| match wanted.contains("://") {
                true => wanted.clone(),
                false => format!("https://github.com/{wanted}"),
            })
        };
        let claimed = [
            ("workflow", whole(&text.workflow), &claims.workflow),
            ("repository", whole(&text.repository), &claims.repository),
            ("ref", text.git_ref.clone(), &claims.git_ref),
            ("environment", text.environment.clone(), &claims.environment),
            ("runner-environment", text.runner_environment.clone(), &claims.runner_environment),
            ("trigger", text.trigger.clone(), &claims.trigger),
        ];
        let claimed = claimed.into_iter().filter_map(|(field, wanted, found)| {
            let wanted = wanted?;
            (found.as_ref() != Some(&wanted)).then(|| Mismatch { field, wanted, found: found.clone() })
        });
        named.chain(claimed).collect()
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
    // A workflow that is called by its commit signs by that.
    let commit = git_ref.len() == 40 && git_ref.bytes().all(|byte| byte.is_ascii_hexdigit());
    file.contains("/.github/workflows/") && (git_ref.starts_with("refs/") || commit)
}

/// Controls, marks of direction and widthless characters: what a page puts into a text that is copied from it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text with what cannot be seen in it spelled out.
fn seen(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// What no pattern for one owner, issuer or domain matches all of.
const PROBES: [&[&str]; 3] = [
    &[""],
    &[
        "https://github.com/somebody/x/.github/workflows/y.yml@refs/heads/z",
        "https://another.example/group/project//.gitlab-ci.yml@refs/tags/v1",
    ],
    &["somebody@one.example", "another.person@two.invalid"],
];

/// At most one of the two; a pattern has to match the whole, and must not match whatever there is, as `.*` does.
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
            if PROBES.iter().any(|probes| probes.iter().all(|probe| whole.is_match(probe))) {
                return Err(error(format!("`{pattern_field}` matches anything, or anybody")));
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

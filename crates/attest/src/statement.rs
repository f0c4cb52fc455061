//! The in-toto Statement v1: what something is (`subject`), and what is claimed about it
//! (`predicate`). <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>

use model::{CONTENT_DIGEST, ContentDigest, Sha256, Subject, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::{self, JsonError};
use crate::{Kind, Predicate};

/// The `_type` of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The DSSE payload type of a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The longest statement that is written or read: GitHub's limit for a predicate.
pub const MAX_STATEMENT: usize = 16 << 20;

/// The most subjects that a statement has: GitHub's limit for an attestation.
const MAX_SUBJECTS: usize = 1024;

/// A statement of any predicate type. What is read or written has been checked: there is a
/// subject, and every subject has a digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is about.
    pub subject: Vec<Subject>,
    /// The URI that says how the predicate is to be read.
    pub predicate_type: String,
    /// What it claims.
    pub predicate: Value,
}

/// A statement that cannot be written, or is not read.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, a member twice, too long, or a member missing or of the wrong type.
    #[error("this is not an in-toto statement: {0}")]
    Json(#[from] JsonError),
    /// The predicate cannot be written as JSON.
    #[error("the predicate cannot be written as JSON: {0}")]
    Serialize(serde_json::Error),
    /// Another `_type`.
    #[error("the statement's _type is {0:?}; only {STATEMENT_TYPE:?} is read")]
    Type(String),
    /// A statement about nothing.
    #[error("the statement has no subject: evidence has to say what it is about")]
    NoSubject,
    /// A statement about too much.
    #[error("the statement has {0} subjects; at most {MAX_SUBJECTS} are read")]
    TooManySubjects(usize),
    /// A subject that is not identified, or by a digest that is none.
    #[error("subject {index} of the statement {what}")]
    Subject {
        /// Which one, counted from 1.
        index: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A predicate that is no object.
    #[error("the statement's predicate is not a JSON object")]
    NoPredicate,
    /// A predicate type that no kind of evidence has.
    #[error("the predicate type {0:?} is no kind of evidence that is known")]
    UnknownPredicateType(String),
    /// A predicate of one kind where another was wanted.
    #[error("the statement is of the type {found:?}, but {wanted:?} is wanted")]
    OtherKind {
        /// The predicate type it has.
        found: String,
        /// The one that was wanted.
        wanted: &'static str,
    },
    /// A predicate that does not have the shape its type promises.
    #[error("the {kind} predicate is malformed: {source}")]
    Predicate {
        /// The kind it claims to be.
        kind: Kind,
        /// What serde says.
        source: serde_json::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Value,
}

impl Statement {
    /// A statement of a kind, with whatever predicate; [`Statement::of`] is the typed way.
    ///
    /// # Errors
    /// No subject, a subject without a digest, or a predicate that is no JSON object.
    pub fn new<P: Serialize + ?Sized>(
        kind: Kind,
        subject: Vec<Subject>,
        predicate: &P,
    ) -> Result<Self, StatementError> {
        let predicate = serde_json::to_value(predicate).map_err(StatementError::Serialize)?;
        let statement = Self { subject, predicate_type: kind.predicate_type().to_owned(), predicate };
        statement.check()?;
        Ok(statement)
    }

    /// A statement whose kind follows from its predicate.
    ///
    /// # Errors
    /// As [`Statement::new`].
    pub fn of<P: Predicate>(subject: Vec<Subject>, predicate: &P) -> Result<Self, StatementError> {
        Self::new(P::KIND, subject, predicate)
    }

    /// The bytes that are hashed and signed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// The statement breaks a rule of [`Statement::new`], or is longer than [`MAX_STATEMENT`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        self.check()?;
        let wire = Wire {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: self.subject.clone(),
            predicate_type: self.predicate_type.clone(),
            predicate: self.predicate.clone(),
        };
        let bytes = canonical_json(&wire).map_err(StatementError::Serialize)?;
        if bytes.len() > MAX_STATEMENT {
            return Err(JsonError::TooLong { found: bytes.len(), limit: MAX_STATEMENT }.into());
        }
        Ok(bytes)
    }

    /// Reads a statement that anybody wrote. As in-toto asks, members it does not know are passed
    /// over; repeated members, another `_type`, and subjects without digests are refused.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let wire: Wire = json::typed(bytes, MAX_STATEMENT)?;
        if wire.statement_type != STATEMENT_TYPE {
            return Err(StatementError::Type(shown(&wire.statement_type)));
        }
        let statement =
            Self { subject: wire.subject, predicate_type: wire.predicate_type, predicate: wire.predicate };
        statement.check()?;
        Ok(statement)
    }

    /// The kind that its predicate type names.
    ///
    /// # Errors
    /// The predicate type is none that is known.
    pub fn kind(&self) -> Result<Kind, StatementError> {
        Kind::from_predicate_type(&self.predicate_type)
            .ok_or_else(|| StatementError::UnknownPredicateType(shown(&self.predicate_type)))
    }

    /// The predicate as its type.
    ///
    /// # Errors
    /// The statement is of another kind, or the predicate is malformed.
    pub fn predicate<P: Predicate>(&self) -> Result<P, StatementError> {
        if self.predicate_type != P::KIND.predicate_type() {
            return Err(StatementError::OtherKind {
                found: shown(&self.predicate_type),
                wanted: P::KIND.predicate_type(),
            });
        }
        P::deserialize(&self.predicate).map_err(|source| StatementError::Predicate { kind: P::KIND, source })
    }

    /// The first content digest among its subjects: the image that it is about.
    #[must_use]
    pub fn content_digest(&self) -> Option<ContentDigest> {
        self.subject.iter().find_map(Subject::content_digest)
    }

    /// Whether one of its subjects is exactly this image.
    #[must_use]
    pub fn is_about(&self, image: &ContentDigest) -> bool {
        self.subject.iter().any(|subject| subject.content_digest().as_ref() == Some(image))
    }

    fn check(&self) -> Result<(), StatementError> {
        match self.subject.len() {
            0 => return Err(StatementError::NoSubject),
            1..=MAX_SUBJECTS => {}
            more => return Err(StatementError::TooManySubjects(more)),
        }
        for (index, subject) in self.subject.iter().enumerate() {
            check_subject(subject).map_err(|what| StatementError::Subject { index: index + 1, what })?;
        }
        if self.predicate.is_object() { Ok(()) } else { Err(StatementError::NoPredicate) }
    }
}

fn check_subject(subject: &Subject) -> Result<(), &'static str> {
    if subject.digest.is_empty() {
        return Err("has no digest");
    }
    if subject.digest.iter().any(|(algorithm, value)| algorithm.is_empty() || value.is_empty()) {
        return Err("has an empty digest");
    }
    // A digest that is decided on has one spelling; other algorithms are carried, never compared.
    let is_sha256 = |value: &String| value.parse::<Sha256>().is_ok();
    if subject.digest.get("sha256").is_some_and(|value| !is_sha256(value)) {
        return Err("has a sha256 that is not 64 lower-case hexadecimal digits");
    }
    if subject.digest.get(CONTENT_DIGEST).is_some_and(|value| !is_sha256(value)) {
        return Err("has a hallmarkBlocks1 digest that is not 64 lower-case hexadecimal digits");
    }
    Ok(())
}

/// What hostile bytes said, short enough for an error.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

/// A statement that nobody signed, as read from an `.intoto.json` file.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsigned {
    /// What it says.
    pub statement: Statement,
    /// What kind of evidence it would be.
    pub kind: Kind,
    /// The SHA-256 of its bytes.
    pub payload_digest: Sha256,
}

/// Reads a statement that nobody signed: as strictly as a signed one, and nothing vouches for it.
///
/// # Errors
/// See [`StatementError`].
pub fn read_unsigned(bytes: &[u8]) -> Result<Unsigned, StatementError> {
    let statement = Statement::from_bytes(bytes)?;
    let kind = statement.kind()?;
    Ok(Unsigned { statement, kind, payload_digest: Sha256::of(bytes) })
}

//! An account by its number: names change hands, numbers do not.

use serde::Deserialize;

use crate::error::plain;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Its number, which is never given to another.
    pub id: i64,
    /// Its name of today. Only for people to read.
    pub login: String,
}

/// Of GitHub's answer, what tells one account from another.
#[derive(Deserialize)]
pub(crate) struct TheirPerson {
    id: i64,
    #[serde(default)]
    login: String,
}

impl From<TheirPerson> for Person {
    fn from(answer: TheirPerson) -> Self {
        Self { id: answer.id, login: plain(&answer.login) }
    }
}

/// What GitHub writes where it knows an account, and where it knows none: `null`, or an object without members.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum TheirAccount {
    Known(TheirPerson),
    Unknown(Nobody),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nobody {}

/// The account, where there is one.
pub(crate) fn known(account: Option<TheirAccount>) -> Option<Person> {
    match account {
        Some(TheirAccount::Known(person)) => Some(person.into()),
        Some(TheirAccount::Unknown(Nobody {})) | None => None,
    }
}

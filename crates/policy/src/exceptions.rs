//! Exceptions: which findings someone has answered for, why, and until when.

mod check;
mod matching;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::code::Code;
use crate::policy::ExceptionLimits;
use crate::problem::{At, Problems};
use crate::yaml;

/// One exception, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Where it stands in the file.
    pub at: At,
    /// The vulnerability, by any of its ids.
    pub id: String,
    /// The package, by binary or source name.
    pub package: Option<String>,
    /// The package, by the beginning of its purl.
    pub purl: Option<String>,
    /// Exactly this installed version.
    pub version: Option<String>,
    /// The image families it holds for; empty: every family.
    pub images: Vec<String>,
    /// Why. Hostile text.
    pub reason: String,
    /// Who answers for it. Hostile text.
    pub owner: String,
    /// Where it is discussed. Hostile text.
    pub ticket: Option<String>,
    /// The day it begins.
    pub created: Date,
    /// The last day on which it holds (UTC).
    pub expires: Date,
    /// Holds only as long as no fix is known.
    pub until_fixed: bool,
}

/// A checked exceptions file.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    list: Vec<Exception>,
}

/// How an exception stands to one image at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExceptionState {
    /// It suppresses what it matches.
    Holds,
    /// It suppresses, and its end is near.
    Ending,
    /// Its last day is over.
    Expired,
    /// Its first day is still to come.
    NotYet,
    /// Every finding that it matches has a fix by now, and it holds only until there is one.
    Lapsed,
    /// It matches nothing here.
    Unused,
}

impl ExceptionState {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Ending => "ending",
            Self::Expired => "expired",
            Self::NotYet => "not-yet",
            Self::Lapsed => "lapsed",
            Self::Unused => "unused",
        }
    }

    /// The reason that tells of it, where there is something to tell.
    pub(crate) const fn code(self) -> Option<Code> {
        match self {
            Self::Holds => None,
            Self::Ending => Some(Code::ExceptionEnding),
            Self::Expired => Some(Code::ExceptionExpired),
            Self::NotYet => Some(Code::ExceptionNotYet),
            Self::Lapsed => Some(Code::ExceptionLapsed),
            Self::Unused => Some(Code::ExceptionUnused),
        }
    }
}

/// An exception, and what became of it in a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionUse {
    /// The exception.
    pub exception: Exception,
    /// How it stands.
    pub state: ExceptionState,
    /// Whether it covers every package in every image.
    pub broad: bool,
    /// How many findings it suppresses.
    pub suppressed: usize,
}

impl Exceptions {
    /// Reads and checks a file. `limits` come from the policy.
    ///
    /// # Errors
    /// Every mistake, each with its place and how to mend it.
    pub fn parse(file: &str, text: &str, limits: ExceptionLimits) -> Result<Self, Problems> {
        let tree = yaml::read(file, text)?;
        Ok(Self { list: check::check(file, &tree, limits)? })
    }

    /// Every exception, in the file's order.
    #[must_use]
    pub fn list(&self) -> &[Exception] {
        &self.list
    }

    /// Those that name an id, quickly: a scan has thousands of findings.
    pub(crate) fn by_id(&self) -> BTreeMap<String, Vec<usize>> {
        let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, exception) in self.list.iter().enumerate() {
            index.entry(exception.id.to_ascii_uppercase()).or_default().push(at);
        }
        index
    }
}

impl Exception {
    /// A name for messages: id, and package where it names one.
    #[must_use]
    pub fn label(&self) -> String {
        match self.package.as_ref().or(self.purl.as_ref()) {
            Some(package) => format!("{} in {package}", self.id),
            None => self.id.clone(),
        }
    }

    /// Whether it covers every package in every image.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        self.package.is_none() && self.purl.is_none() && self.images.is_empty()
    }

    /// How it stands by the calendar alone.
    pub(crate) fn by_date(&self, now: Timestamp, warn_before: SignedDuration) -> ExceptionState {
        // A date that no clock can show is no date on which an exception holds.
        let (Some(begins), Some(ends)) =
            (midnight(self.created), self.expires.tomorrow().ok().and_then(midnight))
        else {
            return ExceptionState::Expired;
        };
        if now >= ends {
            ExceptionState::Expired
        } else if now < begins {
            ExceptionState::NotYet
        } else if now.duration_until(ends) <= warn_before {
            ExceptionState::Ending
        } else {
            ExceptionState::Holds
        }
    }
}

/// The first moment of a day, in UTC: the same for everyone who replays.
fn midnight(date: Date) -> Option<Timestamp> {
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

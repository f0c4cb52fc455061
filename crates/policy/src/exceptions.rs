//! Exceptions: which findings someone has answered for, why, and until when.

mod breadth;
mod check;
mod index;
mod matching;
mod paths;
mod standing;
mod twins;
mod vex;

pub(crate) use check::KEYS;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::Class;
use versions::Range;

pub use breadth::Breadth;
pub use paths::Paths;
pub(crate) use standing::Standing;
pub use vex::{Justification, Vex, VexStatus};

use crate::code::Code;
use crate::policy::ExceptionLimits;
use crate::problem::{At, Problems};
use crate::yaml;

/// What stands for a file's number where an exception is of an approver's comment.
pub(crate) const COMMENT: u16 = u16::MAX;

/// One exception, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Where it stands in the file.
    pub at: At,
    /// What it is about.
    pub class: Class,
    /// The vulnerability by any of its ids, or the scanner's rule or check, or the licence; none: whatever is
    /// found there.
    pub id: Option<String>,
    /// Other ids of the same vulnerability, which it covers too.
    pub aliases: Vec<String>,
    /// The package, by binary or source name.
    pub package: Option<String>,
    /// The package, by the beginning of its purl.
    pub purl: Option<String>,
    /// Exactly this installed version.
    pub version: Option<String>,
    /// These installed versions.
    pub versions: Option<Range>,
    /// Where in the image.
    pub paths: Option<Paths>,
    /// The image families it holds for, `*` at the end allowed; empty: every family.
    pub images: Vec<String>,
    /// The environments it holds for, `*` at the end allowed; empty: every one, and none named.
    pub environments: Vec<String>,
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
    /// What it says in the words of VEX.
    pub vex: Option<Vex>,
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
    /// Whether it covers more than somebody can have looked at.
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

    /// These, and after them those that an approver made for one decision.
    #[must_use]
    pub(crate) fn and(&self, more: &[Exception]) -> Self {
        Self { list: self.list.iter().chain(more).cloned().collect() }
    }

    /// Every exception, in the file's order.
    #[must_use]
    pub fn list(&self) -> &[Exception] {
        &self.list
    }
}

impl Exception {
    /// A name for messages: what it is for, and where, as far as it says.
    #[must_use]
    pub fn label(&self) -> String {
        let what = match (&self.id, self.class) {
            (Some(id), _) => id.clone(),
            (None, Class::License) => "every licence".into(),
            (None, class) => format!("every {class}"),
        };
        let path = self.paths.as_ref().and_then(|paths| paths.patterns().first());
        match self.package.as_ref().or(self.purl.as_ref()).or(path) {
            Some(place) => format!("{what} in {place}"),
            None => what,
        }
    }

    /// Whether it is no part of the file: an approver's comment has it, for one decision.
    #[must_use]
    pub const fn is_of_a_comment(&self) -> bool {
        self.at.file == COMMENT
    }

    /// Whether it takes findings away: all do but those that say, in the words of VEX, that the image is
    /// affected or that nobody knows yet.
    #[must_use]
    pub fn suppresses(&self) -> bool {
        self.vex.as_ref().is_none_or(|vex| vex.status.suppresses())
    }

    /// Whether nothing but its paths says what it is for.
    fn names_nothing(&self) -> bool {
        self.id.is_none() && self.package.is_none() && self.purl.is_none()
    }

    /// What narrows it beyond its label, one condition each.
    #[must_use]
    pub fn scope(&self) -> Vec<String> {
        let listed =
            |name: &str, list: &[String]| (!list.is_empty()).then(|| format!("{name} {}", list.join(", ")));
        let once =
            self.is_of_a_comment().then(|| "this decision alone, by the approver's comment".to_owned());
        let class = (self.class != Class::Vulnerability).then(|| self.class.as_str().to_owned());
        let paths = self.paths.as_ref().map(Paths::patterns);
        [
            once,
            class,
            listed("also", &self.aliases),
            self.version.as_ref().map(|version| format!("version {version}")),
            self.versions.as_ref().map(ToString::to_string),
            paths.and_then(|paths| listed("paths", paths)),
            listed("images", &self.images),
            listed("environments", &self.environments),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How it stands by the calendar alone.
    #[must_use]
    pub fn by_date(&self, now: Timestamp, warn_before: SignedDuration) -> ExceptionState {
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

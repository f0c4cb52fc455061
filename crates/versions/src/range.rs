//! `vers:` ranges: `vers:deb/>=3.0.0|<3.0.13`, as the VERS specification has them.
//!
//! One range has one spelling: constraints are sorted, and none is there that says nothing. What a tool
//! could mend in silence is refused with what to write instead, since a person may have meant something else.

use std::cmp::Ordering;
use std::fmt;

use crate::{Ecosystem, Version, VersionError};

/// The longest range that is looked at, in bytes.
const MAX_LENGTH: usize = 4096;

/// What is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {mend}")]
pub struct RangeError {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// Which versions of one ecosystem.
#[derive(Debug, Clone)]
pub struct Range {
    ecosystem: Ecosystem,
    /// Sorted by version; none at all for `*`.
    constraints: Vec<Constraint>,
}

#[derive(Debug, Clone)]
struct Constraint {
    comparator: Comparator,
    text: String,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer ones first, because the shorter ones begin them.
const COMPARATORS: [(&str, Comparator); 6] = [
    (">=", Comparator::GreaterOrEqual),
    ("<=", Comparator::LessOrEqual),
    ("!=", Comparator::NotEqual),
    (">", Comparator::Greater),
    ("<", Comparator::Less),
    ("=", Comparator::Equal),
];

impl Comparator {
    const fn is_upper(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual)
    }

    const fn is_lower(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual)
    }

    /// An equal sign is understood where nothing is written.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Range {
    /// Reads one. Blanks do not count.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let wrong = |what: String, mend: &str| Err(RangeError { what, mend: mend.into() });
        if text.len() > MAX_LENGTH {
            return wrong("the range is too long".into(), "say it with fewer constraints");
        }
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '\t')).collect();
        let Some((scheme, list)) = text.strip_prefix("vers:").and_then(|rest| rest.split_once('/')) else {
            return wrong(format!("`{text}` is no range"), "write one such as `vers:deb/>=3.0.0|<3.0.13`");
        };
        let Some(ecosystem) = Ecosystem::from_vers_scheme(scheme) else {
            let known: Vec<_> = Ecosystem::ALL.iter().map(|one| format!("`{one}`")).collect();
            return wrong(
                format!("the versions of `{scheme}` have no order that is known here"),
                &format!("one of {} is wanted after `vers:`", known.join(", ")),
            );
        };
        if list == "*" {
            return Ok(Self { ecosystem, constraints: Vec::new() });
        }
        let mut constraints = Vec::new();
        for one in list.split('|') {
            constraints.push(constraint(ecosystem, one)?);
        }
        let range = Self { ecosystem, constraints };
        range.check()?;
        Ok(range)
    }

    /// Whose versions it is about.
    #[must_use]
    pub const fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// Whether it leaves out nothing.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.constraints.is_empty()
    }

    /// Whether a version lies in it.
    ///
    /// # Errors
    /// It is no version of the ecosystem, so that nobody can say.
    pub fn contains(&self, version: &str) -> Result<bool, VersionError> {
        let version = Version::parse(self.ecosystem, version)?;
        Ok(self.holds(&version))
    }

    /// The specification's algorithm: equal ones first, then the intervals.
    fn holds(&self, version: &Version) -> bool {
        for one in &self.constraints {
            if one.version.order(version) == Ordering::Equal {
                return matches!(
                    one.comparator,
                    Comparator::Equal | Comparator::LessOrEqual | Comparator::GreaterOrEqual
                );
            }
        }
        let mut bounds = self.bounds().peekable();
        if bounds.peek().is_none() {
            // Nothing but exclusions excludes nothing else.
            return self.constraints.iter().all(|one| one.comparator == Comparator::NotEqual);
        }
        // Lower and upper bounds take turns: the one just below the version, or else the one just above it,
        // says whether it lies within.
        let mut inside = bounds.peek().is_some_and(|one| one.comparator.is_upper());
        for one in bounds {
            if one.version.order(version) == Ordering::Greater {
                return inside;
            }
            inside = one.comparator.is_lower();
        }
        inside
    }

    fn bounds(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|one| one.comparator.is_lower() || one.comparator.is_upper())
    }

    fn check(&self) -> Result<(), RangeError> {
        for pair in self.constraints.windows(2) {
            let [a, b] = pair else { continue };
            match a.version.order(&b.version) {
                Ordering::Less => {}
                Ordering::Equal => {
                    return Err(RangeError {
                        what: format!("the range names the version `{}` twice", a.text),
                        mend: "keep one of its constraints".into(),
                    });
                }
                Ordering::Greater => {
                    let mut sorted = self.clone();
                    sorted.constraints.sort_by(|a, b| a.version.order(&b.version));
                    return Err(RangeError {
                        what: "the range is not sorted by version".into(),
                        mend: format!("write `{sorted}`, if that is what it should say"),
                    });
                }
            }
        }
        let bounds: Vec<&Constraint> = self.bounds().collect();
        for pair in bounds.windows(2) {
            let [a, b] = pair else { continue };
            if a.comparator.is_lower() == b.comparator.is_lower() {
                return Err(RangeError {
                    what: format!("`{a}` and `{b}` bound the range on the same side"),
                    mend: format!("keep `{}`", if a.comparator.is_lower() { a } else { b }),
                });
            }
        }
        Ok(())
    }
}

fn constraint(ecosystem: Ecosystem, text: &str) -> Result<Constraint, RangeError> {
    let found = COMPARATORS
        .iter()
        .find_map(|(sign, comparator)| text.strip_prefix(sign).map(|rest| (*comparator, rest)));
    let (comparator, rest) = found.unwrap_or((Comparator::Equal, text));
    if rest.is_empty() {
        return Err(RangeError {
            what: "a constraint of the range names no version".into(),
            mend: "write a version after the comparator, and `|` only between constraints".into(),
        });
    }
    if rest == "*" {
        return Err(RangeError {
            what: "`*` stands beside something else".into(),
            mend: format!("write `vers:{ecosystem}/*` for every version"),
        });
    }
    if rest.contains(['<', '>', '=', '!', '*', ',']) {
        return Err(RangeError {
            what: format!("`{text}` is no constraint"),
            mend:
                "write `>=1.0|<2.0` with `|` between the constraints; percent-encode these signs in a version"
                    .into(),
        });
    }
    let version = decode(rest).ok_or_else(|| RangeError {
        what: format!("`{rest}` is not percent-encoded as it should be"),
        mend: "write `%` and two hexadecimal digits, and `%25` for `%` itself".into(),
    })?;
    let parsed = Version::parse(ecosystem, &version).map_err(|error| RangeError {
        what: error.to_string(),
        mend: format!("write a version as {ecosystem} has them"),
    })?;
    Ok(Constraint { comparator, text: version, version: parsed })
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? * 16 + hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.comparator.as_str())?;
        for byte in self.text.bytes() {
            if byte.is_ascii_graphic() && !b"%<>=!*|,/@".contains(&byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vers:{}/", self.ecosystem)?;
        if self.constraints.is_empty() {
            return f.write_str("*");
        }
        for (at, one) in self.constraints.iter().enumerate() {
            write!(f, "{}{one}", if at > 0 { "|" } else { "" })?;
        }
        Ok(())
    }
}

/// Two ranges are the same when they are written the same.
impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Range {}

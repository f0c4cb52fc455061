//! One version, read.

use std::cmp::Ordering;

use rpm_version::Evr;

use crate::{Ecosystem, MAX_LENGTH, apk, deb, maven};

/// What is no version of its ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is no version of {ecosystem}: {why}")]
pub struct VersionError {
    /// The ecosystem that it should be of.
    pub ecosystem: Ecosystem,
    /// Its beginning. Hostile text.
    pub version: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A version of one ecosystem. Which of two is the newer is all that can be asked of it.
#[derive(Debug, Clone)]
pub struct Version(Parsed);

#[derive(Debug, Clone)]
enum Parsed {
    Deb(deb::Deb),
    Rpm(Evr<'static>),
    Apk(apk::Apk),
    Semver(semver::Version),
    Pypi(pep440_rs::Version),
    Maven(maven::Maven),
}

impl Version {
    /// Reads one.
    ///
    /// # Errors
    /// It is empty, too long, or not what the ecosystem takes for a version.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, VersionError> {
        let wrong = |why| VersionError { ecosystem, version: text.chars().take(60).collect(), why };
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        if text.len() > MAX_LENGTH {
            return Err(wrong("it is too long"));
        }
        let parsed = match ecosystem {
            Ecosystem::Deb => deb::parse(text).map(Parsed::Deb),
            Ecosystem::Rpm => rpm(text).map(Parsed::Rpm),
            Ecosystem::Apk => apk::parse(text).map(Parsed::Apk),
            Ecosystem::Semver | Ecosystem::Cargo => semantic(text).map(Parsed::Semver),
            Ecosystem::Npm => semantic(text.strip_prefix(['v', '=']).unwrap_or(text)).map(Parsed::Semver),
            Ecosystem::Golang => go(text).map(Parsed::Semver),
            Ecosystem::Pypi => pypi(text).map(Parsed::Pypi),
            Ecosystem::Maven => maven::parse(text).map(Parsed::Maven),
        };
        parsed.map(Self).map_err(wrong)
    }

    /// How it stands to another of the same ecosystem. Versions of different ecosystems have no order; that
    /// nobody asks for it is what [`crate::compare`] and [`crate::Range`] are there for.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Parsed::Deb(a), Parsed::Deb(b)) => a.cmp(b),
            (Parsed::Rpm(a), Parsed::Rpm(b)) => a.cmp(b),
            (Parsed::Apk(a), Parsed::Apk(b)) => a.cmp(b),
            (Parsed::Semver(a), Parsed::Semver(b)) => a.cmp_precedence(b),
            (Parsed::Pypi(a), Parsed::Pypi(b)) => a.cmp(b),
            (Parsed::Maven(a), Parsed::Maven(b)) => maven::compare(a, b),
            (a, b) => kind(a).cmp(&kind(b)),
        }
    }
}

const fn kind(parsed: &Parsed) -> u8 {
    match parsed {
        Parsed::Deb(_) => 0,
        Parsed::Rpm(_) => 1,
        Parsed::Apk(_) => 2,
        Parsed::Semver(_) => 3,
        Parsed::Pypi(_) => 4,
        Parsed::Maven(_) => 5,
    }
}

/// `[epoch:]version[-release]`. The crate takes anything and drops what it does not understand.
fn rpm(text: &str) -> Result<Evr<'static>, &'static str> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    if epoch.is_empty() || !epoch.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the epoch before `:` is no number");
    }
    let (version, release) = match rest.split_once('-') {
        Some((_, "")) => return Err("the release after `-` is empty"),
        Some(parts) => parts,
        None => (rest, ""),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+~^%{}".contains(&b);
    if version.is_empty() || !version.bytes().chain(release.bytes()).all(plain) {
        return Err("only letters, digits and `._+~^` make a version, and one `-` parts the release");
    }
    Ok(Evr::new(epoch.to_owned(), version.to_owned(), release.to_owned()))
}

fn semantic(text: &str) -> Result<semver::Version, &'static str> {
    semver::Version::parse(text).map_err(|_| "three numbers with dots are wanted, such as `1.2.3`")
}

/// `v1.2.3`, `v1.2` and `v1` alike, with or without the `v`: so Go reads them.
fn go(text: &str) -> Result<semver::Version, &'static str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return match text.bytes().filter(|b| *b == b'.').count() {
            0 => semantic(&format!("{text}.0.0")),
            1 => semantic(&format!("{text}.0")),
            _ => semantic(text),
        };
    }
    semantic(text)
}

fn pypi(text: &str) -> Result<pep440_rs::Version, &'static str> {
    text.parse().map_err(|_| "PEP 440 says how one is written")
}

//! Alpine's order (apk-package(5)): `digits(.digits)*letter?(_suffix digits?)*(~hash)?(-r digits)?`.
//!
//! A version is a row of pieces, and the kinds of pieces are ordered among themselves: `1.0_rc1` comes before
//! `1.0`, that before `1.0-r1`, that before `1.0_p1`, `1.0a` and `1.0.1`, in this order.

use crate::number::{Number, split_digits};

/// A version that orders as apk orders it.
pub(crate) type Apk = Vec<Piece>;

/// From the kind that sorts first to the one that sorts last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// `_alpha` to `_rc`: before the release itself.
    Before(u8),
    /// Nothing more comes.
    End,
    /// `-r1`.
    Revision(Number),
    /// `~0a1b`.
    Hash(String),
    /// The number of a suffix.
    SuffixNumber(Number),
    /// `_cvs` to `_p`: after the release.
    After(u8),
    /// `1.0a`.
    Letter(u8),
    /// A number after a dot that begins with a zero: a fraction, compared letter by letter.
    Fraction(String),
    /// A number.
    Whole(Number),
}

const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

pub(crate) fn parse(text: &str) -> Result<Apk, &'static str> {
    let (first, mut rest) = split_digits(text);
    if first.is_empty() {
        return Err("it does not begin with a number");
    }
    let mut pieces = vec![Piece::Whole(Number::new(first))];
    while let Some(after) = rest.strip_prefix('.') {
        let (digits, more) = split_digits(after);
        if digits.is_empty() {
            return Err("a dot without a number after it");
        }
        let fraction = digits.starts_with('0');
        pieces.push(if fraction {
            Piece::Fraction(digits.into())
        } else {
            Piece::Whole(Number::new(digits))
        });
        rest = more;
    }
    if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
        pieces.push(Piece::Letter(letter));
        rest = &rest[1..];
    }
    while let Some(after) = rest.strip_prefix('_') {
        let (word, more) = after.split_at(after.bytes().take_while(u8::is_ascii_lowercase).count());
        pieces.push(suffix(word).ok_or("an unknown suffix after `_`")?);
        let (digits, more) = split_digits(more);
        if !digits.is_empty() {
            pieces.push(Piece::SuffixNumber(Number::new(digits)));
        }
        rest = more;
    }
    if let Some(after) = rest.strip_prefix('~') {
        let hexadecimal = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let (hash, more) = after.split_at(after.bytes().take_while(hexadecimal).count());
        if hash.is_empty() {
            return Err("`~` without a commit's hash after it");
        }
        pieces.push(Piece::Hash(hash.into()));
        rest = more;
    }
    if let Some(after) = rest.strip_prefix("-r") {
        let (digits, more) = split_digits(after);
        if digits.is_empty() {
            return Err("`-r` without a number after it");
        }
        pieces.push(Piece::Revision(Number::new(digits)));
        rest = more;
    }
    if !rest.is_empty() {
        return Err("there is more than numbers, a letter, suffixes, a hash and a revision");
    }
    pieces.push(Piece::End);
    Ok(pieces)
}

fn suffix(word: &str) -> Option<Piece> {
    let rank =
        |list: &[&str]| list.iter().position(|known| *known == word).and_then(|at| u8::try_from(at).ok());
    rank(&BEFORE).map(Piece::Before).or_else(|| rank(&AFTER).map(Piece::After))
}

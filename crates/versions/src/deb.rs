//! Debian's order (Debian Policy, 5.6.12): epoch, upstream version, revision.
//!
//! Each part is a row of words without digits and numbers. A tilde sorts before the end of a word, letters
//! after it, everything else after the letters.

use crate::number::{Number, split_digits};

/// A version that orders as dpkg orders it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deb {
    epoch: Number,
    upstream: Vec<Part>,
    revision: Vec<Part>,
}

/// A word without digits, letter by letter with its end, and the number after it.
type Part = (Vec<u16>, Number);

const TILDE: u16 = 0;
const END: u16 = 1;

/// dpkg holds an epoch in a C `int`.
const MAX_EPOCH: u32 = i32::MAX.unsigned_abs();

pub(crate) fn parse(text: &str) -> Result<Deb, &'static str> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    if epoch.is_empty() || !epoch.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the epoch before `:` is no number");
    }
    if !epoch.parse::<u32>().is_ok_and(|epoch| epoch <= MAX_EPOCH) {
        return Err("the epoch is too great");
    }
    // The last dash parts them; without one, there is no revision, which equals the revision 0.
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    if upstream.is_empty() || revision.is_empty() {
        return Err("the version or the revision is empty");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".+~".contains(&b);
    if !upstream.bytes().all(|b| plain(b) || b":-".contains(&b)) || !revision.bytes().all(plain) {
        return Err("only letters, digits and `.+~-:` make a version");
    }
    Ok(Deb { epoch: Number::new(epoch), upstream: parts(upstream), revision: parts(revision) })
}

fn parts(mut text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (word, rest) = text.split_at(text.bytes().take_while(|b| !b.is_ascii_digit()).count());
        let (digits, rest) = split_digits(rest);
        parts.push((word.bytes().map(weight).chain([END]).collect(), Number::new(digits)));
        text = rest;
    }
    // What is over goes on as empty words and zeros for ever: one of them tells how a longer one stands.
    parts.push((vec![END], Number::default()));
    parts
}

fn weight(byte: u8) -> u16 {
    match byte {
        b'~' => TILDE,
        letter if letter.is_ascii_alphabetic() => u16::from(letter),
        other => u16::from(other) + 0x100,
    }
}

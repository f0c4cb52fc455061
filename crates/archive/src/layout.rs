//! Where everything is (LAYOUT.md), and which names are safe as a part of that.

use model::{ContentDigest, Sha256};

use crate::Error;

/// The object that makes a place an archive.
pub const MARKER: &str = "hallmark-archive.json";

/// The layout that this program writes and reads.
pub(crate) const VERSION: u32 = 1;

/// The longest file that is kept.
pub const MAX_FILE: u64 = 512 << 20;

/// The most files of one entry.
pub const MAX_FILES: usize = 4096;

/// The longest entry, pointer or marker that is read.
pub(crate) const MAX_RECORD: u64 = 4 << 20;

/// The most that is listed at once.
pub(crate) const MAX_LISTED: usize = 100_000;

/// The longest part of a name; a file's name has at most 255 bytes.
const LONGEST: usize = 200;

/// The most parts of a family, as a provider's channels have them.
const DEEPEST: usize = 8;

pub(crate) const IMAGES: &str = "images/";
pub(crate) const CHANNELS: &str = "channels/";

/// Where bytes are kept.
pub(crate) fn object(digest: &Sha256) -> String {
    let hex = digest.to_string();
    format!("objects/sha256/{}/{hex}", &hex[..2])
}

/// Where the entries about a content are.
pub(crate) fn entries(content: &ContentDigest) -> String {
    format!("{IMAGES}{}/", content.sha256())
}

/// Where an entry is.
pub(crate) fn entry(content: &ContentDigest, id: &Sha256) -> String {
    format!("{}{id}.json", entries(content))
}

/// Where the pointer of a channel is.
pub(crate) fn channel(family: &str, name: &str) -> String {
    format!("{CHANNELS}{family}/{name}.json")
}

/// Why one part of a name is not safe as a file's name and as a part of a key.
fn part(text: &str) -> Result<(), &'static str> {
    let Some(first) = text.bytes().next() else { return Err("a part of it is empty") };
    if text.len() > LONGEST {
        return Err("it is too long");
    }
    if first == b'.' {
        return Err("a part of it begins with `.`");
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'=' | b'@');
    if !text.bytes().all(known) {
        return Err("it has a character other than letters, digits and `._-+=@`");
    }
    Ok(())
}

fn parts(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    let refused = |why| Error::Name { what, shown: text.chars().take(100).collect(), why };
    if text.split('/').count() > most {
        return Err(refused("it has too many parts"));
    }
    text.split('/').try_for_each(part).map_err(refused)
}

/// The name of a file in an entry: one part, or one below a folder.
pub(crate) fn check_file_name(name: &str) -> Result<(), Error> {
    parts("file name", name, 2)
}

/// A channel's family and name.
pub(crate) fn check_channel(family: &str, name: &str) -> Result<(), Error> {
    parts("family", family, DEEPEST)?;
    if family.split('/').any(|part| part.ends_with(".json")) {
        let shown = family.chars().take(100).collect();
        return Err(Error::Name { what: "family", shown, why: "a part of it ends like a file's name" });
    }
    parts("channel", name, 1)
}

/// The prefix of an archive in a bucket.
pub(crate) fn is_prefix(text: &str) -> bool {
    text.split('/').count() <= 16 && text.split('/').all(|one| part(one).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for good in ["a", "verdict.0123456789ab.sigstore.json", "sha256/00", "A_b-c+d=e@f.1"] {
            assert!(check_file_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(LONGEST + 1);
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", ".", "../a", "a/..", "a/../b", ".hidden", "a/.b", "a/b/c",
            "a\\b", "a\0", "a b", "a\nb", "é", "c:", "~", &long,
        ] {
            let error = check_file_name(bad).unwrap_err().to_string();
            assert!(error.contains("file name") && error.contains("is refused"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_channel_is_never_another_s_file() {
        for (family, name) in [("debian-app", "stable"), ("golden/ubuntu-24.04", "edge")] {
            assert!(check_channel(family, name).is_ok());
        }
        for (family, name) in [
            ("", "a"),
            ("a", ""),
            ("a", "b/c"),
            ("a/../b", "c"),
            ("a.json", "c"),
            ("a/b.json/c", "d"),
            ("a/b/c/d/e/f/g/h/i", "j"),
        ] {
            assert!(check_channel(family, name).is_err(), "{family} {name}");
        }
    }
}

//! What a channel shows: the one thing in an archive that changes.

use model::{ContentDigest, Sha256, canonical_json};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::layout::{VERSION, check_channel};

/// How many entries are remembered that a channel showed before.
const REMEMBERED: usize = 64;

/// A pointer to the entry of the image that a channel shows. It is a note of whoever put the entry, and no evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channel {
    version: u32,
    /// The family.
    pub family: String,
    /// The channel's name in it.
    pub channel: String,
    /// The image's content.
    pub content_digest: ContentDigest,
    /// The entry.
    pub entry: Sha256,
    /// The entries that it showed before, the last one first.
    pub before: Vec<Sha256>,
}

/// What became of a channel's pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It shows the entry now.
    Moved,
    /// It showed it already.
    Already,
    /// It showed it before and shows a later one now, so it was left alone.
    Later,
}

/// A pointer to an entry, after another or as the first one; `None` where there is nothing to do.
pub(crate) fn after(
    shown: Option<&Channel>,
    family: &str,
    channel: &str,
    content: ContentDigest,
    entry: Sha256,
) -> Result<Channel, Moved> {
    let mut before = Vec::new();
    if let Some(shown) = shown {
        if shown.entry == entry {
            return Err(Moved::Already);
        }
        // Putting once more what was put long ago must not turn the channel back.
        if shown.before.contains(&entry) {
            return Err(Moved::Later);
        }
        before.push(shown.entry);
        before.extend(shown.before.iter().copied().take(REMEMBERED - 1));
    }
    let (family, channel) = (family.to_owned(), channel.to_owned());
    Ok(Channel { version: VERSION, family, channel, content_digest: content, entry, before })
}

impl Channel {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(canonical_json(self)?)
    }

    /// Reads the pointer of a channel, which has to be that channel's.
    pub(crate) fn parse(place: &str, family: &str, channel: &str, bytes: &[u8]) -> Result<Self, Error> {
        let malformed = |what: String| Error::malformed(place, what);
        let read: Self = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if read.version != VERSION {
            return Err(malformed(format!(
                "it has the version {}, and this program reads {VERSION}",
                read.version
            )));
        }
        check_channel(&read.family, &read.channel).map_err(|error| malformed(error.to_string()))?;
        if (read.family.as_str(), read.channel.as_str()) != (family, channel) {
            return Err(malformed(format!("it is of the channel {}/{}", read.family, read.channel)));
        }
        if read.before.len() > REMEMBERED {
            return Err(malformed(format!("it remembers more than {REMEMBERED} entries")));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_moves_forward_only() {
        let content = ContentDigest::new(Sha256::of(b"c"));
        let id = |n: u32| Sha256::of(&n.to_le_bytes());
        let next = |shown: Option<&Channel>, n| after(shown, "f", "stable", content, id(n));
        let first = next(None, 1).unwrap();
        assert_eq!((first.entry, first.before.len()), (id(1), 0));
        assert_eq!(next(Some(&first), 1), Err(Moved::Already));
        let second = next(Some(&first), 2).unwrap();
        assert_eq!((second.entry, second.before.as_slice()), (id(2), [id(1)].as_slice()));
        assert_eq!(next(Some(&second), 1), Err(Moved::Later));
        let mut shown = second;
        for n in 3..200 {
            shown = next(Some(&shown), n).unwrap();
        }
        assert_eq!((shown.before.len(), shown.before[0]), (REMEMBERED, id(198)));
        let bytes = shown.to_bytes().unwrap();
        assert_eq!(Channel::parse("p", "f", "stable", &bytes).unwrap(), shown);
        assert!(Channel::parse("p", "f", "edge", &bytes).is_err());
    }
}

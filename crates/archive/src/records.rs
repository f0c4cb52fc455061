//! Small JSON records that change, in a folder or in S3: what a journal and a lease are made of. Each write has a
//! condition (that nothing is there, or what was read), so that of two writers at once one is told.

use aws_client::Credentials;
use model::{Sha256, canonical_json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::layout::MAX_RECORD;
use crate::objects::{Content, Found, Media, Objects, Replaced};
use crate::{Env, Error, Keeping, Location};

/// A place for records.
pub struct Records {
    objects: Box<dyn Objects>,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// What it says.
    pub value: T,
    /// What tells this version from another.
    tag: String,
}

impl Records {
    /// Records at a place. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The place cannot keep things as it is asked to, or no region is known.
    pub async fn at(location: &Location, env: Env<'_>, keeping: Keeping) -> Result<Self, Error> {
        Self::by(location, env, keeping, None).await
    }

    /// The same by credentials that come from somewhere else than the environment, where some are given.
    ///
    /// # Errors
    /// As [`Records::at`].
    pub async fn by(
        location: &Location,
        env: Env<'_>,
        keeping: Keeping,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        Ok(Self { objects: location.objects(env, keeping, credentials).await? })
    }

    /// Where a record is, for people.
    #[must_use]
    pub fn place(&self, key: &str) -> String {
        self.objects.place(key)
    }

    /// A record, if it is there.
    ///
    /// # Errors
    /// It does not read, somebody deleted it, or the place does not answer.
    pub async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Record<T>>, Error> {
        let got = match self.objects.read(key, MAX_RECORD).await? {
            Found::Here(got) => got,
            Found::Absent => return Ok(None),
            Found::Deleted => return Err(Error::Deleted { place: self.place(key) }),
        };
        let value = serde_json::from_slice(&got.bytes)
            .map_err(|error| Error::malformed(self.place(key), error.to_string()))?;
        Ok(Some(Record { value, tag: got.tag }))
    }

    /// Writes a record in the place of the one that was read, or of none. `None`: another is there by now, and was left
    /// alone.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn write<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        value: &T,
        seen: Option<&Record<T>>,
    ) -> Result<Option<Record<T>>, Error> {
        let bytes = canonical_json(value)?;
        let content = Content { bytes: &bytes, sha256: Sha256::of(&bytes), media: Media::Json };
        let tag = match self.objects.replace(key, content, seen.map(|seen| seen.tag.as_str())).await? {
            Replaced::Done(tag) => tag,
            // An attempt that was cut after it took effect looks like another's to the next one.
            Replaced::Raced => match self.objects.read(key, MAX_RECORD).await? {
                Found::Here(got) if got.bytes == bytes => got.tag,
                _ => return Ok(None),
            },
        };
        Ok(Some(Record { value: serde_json::from_slice(&bytes)?, tag }))
    }

    /// Keeps bytes under a key, once: what is there already is left alone.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn keep(&self, key: &str, bytes: &[u8]) -> Result<(), Error> {
        let content = Content { bytes, sha256: Sha256::of(bytes), media: Media::Json };
        self.objects.put_new(key, content).await.map(drop)
    }

    /// The keys below a prefix that ends with `/`, sorted.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        self.objects.list(prefix, true).await
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Note {
        n: u32,
    }

    async fn records(folder: &std::path::Path) -> Records {
        Records::at(&Location::Folder(folder.to_owned()), &|_| None, Keeping::default()).await.unwrap()
    }

    #[tokio::test]
    async fn of_two_writers_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (records(folder.path()).await, records(folder.path()).await);
        assert_eq!(one.read::<Note>("a/b.json").await.unwrap(), None);
        let first = one.write("a/b.json", &Note { n: 1 }, None).await.unwrap().unwrap();
        assert_eq!(two.write("a/b.json", &Note { n: 2 }, None).await.unwrap(), None);
        assert_eq!(two.read("a/b.json").await.unwrap(), Some(first.clone()));
        let second = two.write("a/b.json", &Note { n: 2 }, Some(&first)).await.unwrap().unwrap();
        assert_eq!(one.write("a/b.json", &Note { n: 3 }, Some(&first)).await.unwrap(), None);
        assert_eq!(one.read("a/b.json").await.unwrap(), Some(second));
        assert_eq!(one.keys("a/").await.unwrap(), ["a/b.json"]);
    }

    #[tokio::test]
    async fn what_is_written_already_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let records = records(folder.path()).await;
        let first = records.write("x.json", &Note { n: 1 }, None).await.unwrap();
        assert_eq!(records.write("x.json", &Note { n: 1 }, None).await.unwrap(), first);
    }

    #[tokio::test]
    async fn what_does_not_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.json"), "{}").unwrap();
        let error = records(folder.path()).await.read::<Note>("x.json").await.unwrap_err().to_string();
        assert!(error.contains("x.json does not read"), "{error}");
    }
}

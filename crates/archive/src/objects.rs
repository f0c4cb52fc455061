//! The seam: the few operations that an archive needs of the place where it is kept. Everything else is the same
//! for every place.

use std::pin::Pin;

use model::Sha256;

use crate::Error;

/// What a place gives back, in its own time.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;

/// Whether an object is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<T> {
    Here(T),
    /// Nobody ever put it, as far as the place knows.
    Absent,
    /// It was there.
    Deleted,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) bytes: u64,
    /// Where the place keeps it, or has hashed it just now.
    pub(crate) sha256: Option<Sha256>,
}

/// An object as it was read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) bytes: Vec<u8>,
    /// What tells this version from another.
    pub(crate) tag: String,
}

/// What is written.
#[derive(Clone, Copy)]
pub(crate) struct Content<'c> {
    pub(crate) bytes: &'c [u8],
    pub(crate) sha256: Sha256,
    pub(crate) media: Media,
}

/// What somebody who looks into a bucket is told that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Html,
    Markdown,
    Bytes,
}

/// What came of writing a new object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    New,
    /// Something is there already, and was left alone.
    There,
}

/// What came of replacing an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// What tells the new version from another.
    Done(String),
    /// It is another by now, and was left alone.
    Raced,
}

/// A place that keeps objects by keys.
pub(crate) trait Objects {
    /// An object's place, for people.
    fn place(&self, key: &str) -> String;

    /// Whether everything that is asked of new objects can be had, before the first one is written.
    fn ready(&self) -> Answer<'_, ()>;

    /// Looks without reading.
    fn look<'a>(&'a self, key: &'a str) -> Answer<'a, Found<Standing>>;

    /// Reads an object of at most so many bytes.
    fn read<'a>(&'a self, key: &'a str, limit: u64) -> Answer<'a, Found<Got>>;

    /// Writes an object that is not there yet: whole, or not at all.
    fn put_new<'a>(&'a self, key: &'a str, content: Content<'a>) -> Answer<'a, Put>;

    /// Sees to it that an object which was there already is kept as long as a new one would be.
    fn keep<'a>(&'a self, key: &'a str) -> Answer<'a, ()>;

    /// Writes an object in the place of the one with a tag, or of none.
    fn replace<'a>(
        &'a self,
        key: &'a str,
        content: Content<'a>,
        seen: Option<&'a str>,
    ) -> Answer<'a, Replaced>;

    /// The keys that begin with a prefix that ends with `/` (or with nothing), sorted. Without `deep`, what lies
    /// further below is named by its folder, which ends with `/`.
    fn list<'a>(&'a self, prefix: &'a str, deep: bool) -> Answer<'a, Vec<String>>;
}

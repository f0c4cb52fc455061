//! An archive that is there: what is read of it, each thing checked by what names it.

use aws_client::Credentials;
use model::{ContentDigest, Sha256};
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::entry::{Entry, File};
use crate::layout::{self, CHANNELS, IMAGES, MARKER, MAX_LISTED, MAX_RECORD, VERSION};
use crate::objects::{Found, Got, Objects};
use crate::{Env, Error, Keeping, Location};

/// What the marker says that a place is.
const FORMAT: &str = "hallmark-archive";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    pub(crate) format: String,
    pub(crate) version: u32,
}

impl Marker {
    pub(crate) fn new() -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION }
    }
}

/// An archive.
pub struct Archive {
    pub(crate) objects: Box<dyn Objects>,
    pub(crate) location: String,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({})", self.location)
    }
}

impl Archive {
    /// Opens an archive that is there, to read it. Nothing is written.
    ///
    /// # Errors
    /// There is none, it is of a later layout, or its place does not answer.
    pub async fn open(location: &Location, env: Env<'_>) -> Result<Self, Error> {
        Self::open_by(location, env, None).await
    }

    /// The same by credentials that come from somewhere else than the environment, where some are given.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub async fn open_by(
        location: &Location,
        env: Env<'_>,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let archive = Self::at(location, env, Keeping::default(), credentials).await?;
        match archive.marked().await? {
            true => Ok(archive),
            false => Err(Error::NoArchive(archive.location)),
        }
    }

    /// Opens an archive to put something into it. Where there is none, the first put makes it. Nothing is written yet.
    ///
    /// # Errors
    /// Something else is there, the place cannot keep things as it is asked to (no lock, no key), or does not answer.
    pub async fn open_to_put(location: &Location, env: Env<'_>, keeping: Keeping) -> Result<Self, Error> {
        Self::open_to_put_by(location, env, keeping, None).await
    }

    /// The same by credentials that come from somewhere else than the environment, where some are given.
    ///
    /// # Errors
    /// As [`Archive::open_to_put`].
    pub async fn open_to_put_by(
        location: &Location,
        env: Env<'_>,
        keeping: Keeping,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let archive = Self::at(location, env, keeping, credentials).await?;
        archive.objects.ready().await?;
        // The marker comes first: where something is there without one, and still without one afterwards, it is no archive
        // that somebody else has just begun.
        if !archive.marked().await?
            && !archive.objects.list("", false).await?.is_empty()
            && !archive.marked().await?
        {
            return Err(Error::Occupied(archive.location));
        }
        Ok(archive)
    }

    async fn at(
        location: &Location,
        env: Env<'_>,
        keeping: Keeping,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let objects = location.objects(env, keeping, credentials).await?;
        Ok(Self { objects, location: location.to_string() })
    }

    /// Whether a folder is an archive, by its marker alone.
    #[must_use]
    pub fn is_folder(path: &std::path::Path) -> bool {
        std::fs::symlink_metadata(path.join(MARKER)).is_ok()
    }

    /// Where it is, for people.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Whether the marker is there, and of a layout that is read here.
    pub(crate) async fn marked(&self) -> Result<bool, Error> {
        let Some(bytes) = self.record(MARKER).await? else { return Ok(false) };
        let malformed = |what: String| Error::malformed(self.objects.place(MARKER), what);
        let marker: Marker = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        match marker {
            Marker { format, version: VERSION } if format == FORMAT => Ok(true),
            Marker { format, version } => Err(malformed(format!(
                "it says {format:?}, version {version}, and this program reads {FORMAT:?}, version {VERSION}"
            ))),
        }
    }

    /// A short object by its key.
    pub(crate) async fn record(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.objects.read(key, MAX_RECORD).await? {
            Found::Here(Got { bytes, .. }) => Ok(Some(bytes)),
            Found::Absent => Ok(None),
            Found::Deleted => Err(Error::Deleted { place: self.objects.place(key) }),
        }
    }

    async fn list(&self, prefix: &str, deep: bool) -> Result<Vec<String>, Error> {
        let keys = self.objects.list(prefix, deep).await?;
        if keys.len() > MAX_LISTED {
            return Err(Error::TooMany { place: self.objects.place(prefix), limit: MAX_LISTED });
        }
        Ok(keys)
    }

    /// The contents that there are entries of, sorted.
    ///
    /// # Errors
    /// The place does not answer, or holds what does not belong there.
    pub async fn images(&self) -> Result<Vec<ContentDigest>, Error> {
        let mut images = Vec::new();
        for key in self.list(IMAGES, false).await? {
            let digest = key.strip_prefix(IMAGES).and_then(|rest| rest.strip_suffix('/'));
            let digest = digest.and_then(|text| text.parse::<Sha256>().ok());
            let digest = digest.ok_or_else(|| Error::Stray(self.objects.place(&key)))?;
            images.push(ContentDigest::new(digest));
        }
        Ok(images)
    }

    /// All entries about a content, sorted by id; none where there are none. Nothing tells which one is newer but the
    /// evidence that they name, once it is verified.
    ///
    /// # Errors
    /// The place does not answer, or one of them is not what its name says.
    pub async fn entries_of(&self, content: &ContentDigest) -> Result<Vec<Entry>, Error> {
        let prefix = layout::entries(content);
        let mut entries = Vec::new();
        for key in self.list(&prefix, true).await? {
            let id = key.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".json"));
            let id = id.and_then(|text| text.parse::<Sha256>().ok());
            let id = id.ok_or_else(|| Error::Stray(self.objects.place(&key)))?;
            entries.push(self.entry(content, &id).await?);
        }
        Ok(entries)
    }

    /// One entry.
    ///
    /// # Errors
    /// It is not there, is not what its name says, or the place does not answer.
    pub async fn entry(&self, content: &ContentDigest, id: &Sha256) -> Result<Entry, Error> {
        let key = layout::entry(content, id);
        let place = || self.objects.place(&key);
        let Some(bytes) = self.record(&key).await? else {
            return Err(Error::Missing { place: place(), by: "the index".into() });
        };
        let found = Sha256::of(&bytes);
        if found != *id {
            return Err(Error::Damaged { place: place(), wanted: *id, found });
        }
        let entry = Entry::parse(&place(), *id, &bytes)?;
        if entry.image.content_digest != *content {
            let what = format!("it is about {}", entry.image.content_digest);
            return Err(Error::malformed(place(), what));
        }
        Ok(entry)
    }

    /// What every channel shows, sorted by family and name.
    ///
    /// # Errors
    /// The place does not answer, or a pointer does not read.
    pub async fn channels(&self) -> Result<Vec<Channel>, Error> {
        let mut channels = Vec::new();
        for key in self.list(CHANNELS, true).await? {
            let named = key.strip_prefix(CHANNELS).and_then(|rest| rest.strip_suffix(".json"));
            let named = named.and_then(|rest| rest.rsplit_once('/'));
            let (family, name) = named.ok_or_else(|| Error::Stray(self.objects.place(&key)))?;
            match self.channel(family, name).await? {
                Some(channel) => channels.push(channel),
                None => {
                    return Err(Error::Missing { place: self.objects.place(&key), by: "the list".into() });
                }
            }
        }
        Ok(channels)
    }

    /// What a channel shows, as whoever put it there says.
    ///
    /// # Errors
    /// The names are none, the pointer does not read, or the place does not answer.
    pub async fn channel(&self, family: &str, name: &str) -> Result<Option<Channel>, Error> {
        Ok(self.pointer(family, name).await?.map(|(channel, _)| channel))
    }

    /// The pointer with what tells it from a later one.
    pub(crate) async fn pointer(&self, family: &str, name: &str) -> Result<Option<(Channel, String)>, Error> {
        layout::check_channel(family, name)?;
        let key = layout::channel(family, name);
        match self.objects.read(&key, MAX_RECORD).await? {
            Found::Here(Got { bytes, tag }) => {
                Ok(Some((Channel::parse(&self.objects.place(&key), family, name, &bytes)?, tag)))
            }
            Found::Absent => Ok(None),
            Found::Deleted => Err(Error::Deleted { place: self.objects.place(&key) }),
        }
    }

    /// The bytes of a file, exactly those that were put.
    ///
    /// # Errors
    /// They are not there, or others are; the place does not answer.
    pub async fn read(&self, entry: &Entry, file: &File) -> Result<Vec<u8>, Error> {
        let key = layout::object(&file.sha256);
        let place = || self.objects.place(&key);
        let bytes = match self.objects.read(&key, file.bytes).await {
            Ok(Found::Here(Got { bytes, .. })) => bytes,
            Ok(Found::Absent) => {
                let by = format!("the entry {} of {}", entry.id.short(), entry.image.content_digest);
                return Err(Error::Missing { place: place(), by });
            }
            Ok(Found::Deleted) => return Err(Error::Deleted { place: place() }),
            Err(Error::TooLong { .. }) => return Err(Error::Length { place: place(), wanted: file.bytes }),
            Err(error) => return Err(error),
        };
        if bytes.len() as u64 != file.bytes {
            return Err(Error::Length { place: place(), wanted: file.bytes });
        }
        match Sha256::of(&bytes) {
            found if found == file.sha256 => Ok(bytes),
            found => Err(Error::Damaged { place: place(), wanted: file.sha256, found }),
        }
    }
}

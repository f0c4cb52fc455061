//! Putting: all is looked at first, then objects, then the entry, then what channels show. Broken off anywhere, it
//! can be run again, and leads to the same end: an entry is there only when all that it names is.

use std::path::{Path, PathBuf};

use model::{ImageManifest, Sha256, canonical_json};

use crate::archive::{Archive, Marker};
use crate::channel::{Moved, after};
use crate::entry::{Entry, File, IMAGE_JSON, Image, Role, Run};
use crate::layout::{self, MARKER, MAX_FILE};
use crate::objects::{Content, Found, Media, Put, Replaced, Standing};
use crate::{Error, plain};

/// How often a pointer is looked at anew when others change it meanwhile.
const TRIES: usize = 5;

/// What is to be put: nothing of it is in the archive yet, and all of it has been read once.
#[derive(Debug)]
pub struct Draft {
    image: Image,
    files: Vec<(File, PathBuf)>,
    run: Option<Run>,
    channels: Vec<(String, String)>,
}

impl Draft {
    /// About the image with this `image.json`.
    ///
    /// # Errors
    /// It cannot be read, or is no manifest.
    pub fn new(image_json: &Path, run: Option<Run>) -> Result<Self, Error> {
        let bytes = plain::read(image_json, MAX_FILE)?;
        let manifest = ImageManifest::parse(&bytes)
            .map_err(|source| Error::Manifest { place: image_json.display().to_string(), source })?;
        let digest = Sha256::of(&bytes);
        let file =
            File { role: Role::Image, name: IMAGE_JSON.into(), sha256: digest, bytes: bytes.len() as u64 };
        Ok(Self {
            image: Image::of(&manifest, digest),
            files: vec![(file, image_json.to_owned())],
            run,
            channels: Vec::new(),
        })
    }

    /// Which image it is about.
    #[must_use]
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Adds a file, which is read here and hashed, and read once more when it is put.
    ///
    /// # Errors
    /// Its name is not safe, it is no plain file, too long, or cannot be read.
    pub fn add(&mut self, role: Role, name: &str, path: &Path) -> Result<&File, Error> {
        layout::check_file_name(name)?;
        let bytes = plain::read(path, MAX_FILE)?;
        let file =
            File { role, name: name.to_owned(), sha256: Sha256::of(&bytes), bytes: bytes.len() as u64 };
        self.files.push((file, path.to_owned()));
        Ok(&self.files[self.files.len() - 1].0)
    }

    /// Lets a channel show this entry, once it is there.
    ///
    /// # Errors
    /// The names are not safe.
    pub fn show_in(&mut self, family: &str, channel: &str) -> Result<(), Error> {
        layout::check_channel(family, channel)?;
        let named = (family.to_owned(), channel.to_owned());
        if !self.channels.contains(&named) {
            self.channels.push(named);
        }
        Ok(())
    }
}

/// What was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// Whether it was not there before.
    pub entry_is_new: bool,
    /// How many objects were written; files with the same bytes are one object.
    pub uploaded: usize,
    /// How many objects there are.
    pub objects: usize,
    /// What became of the channels' pointers.
    pub channels: Vec<Pointed>,
}

/// A channel's pointer after a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointed {
    /// The family.
    pub family: String,
    /// The channel.
    pub channel: String,
    /// What became of it.
    pub moved: Moved,
}

impl Archive {
    /// Puts everything of a draft. What is there already is compared and left alone.
    ///
    /// # Errors
    /// A file changed since it was added, something else is in the archive in its place, or the place does not answer.
    pub async fn put(&self, draft: &Draft) -> Result<Stored, Error> {
        let files = draft.files.iter().map(|(file, _)| file.clone()).collect();
        let (entry, bytes) = Entry::new(draft.image.clone(), files, draft.run.clone())?;
        self.mark().await?;
        let mut uploaded = 0;
        let mut seen = std::collections::BTreeSet::new();
        for (file, path) in &draft.files {
            if seen.insert(file.sha256) && self.put_file(file, path).await? == Put::New {
                uploaded += 1;
            }
        }
        let key = layout::entry(&entry.image.content_digest, &entry.id);
        let put = self.put_checked(&key, &entry.id, &Source::Bytes(&bytes), Media::Json).await?;
        let mut channels = Vec::new();
        for (family, channel) in &draft.channels {
            let moved = self.point(family, channel, &entry).await?;
            channels.push(Pointed { family: family.clone(), channel: channel.clone(), moved });
        }
        Ok(Stored { entry, entry_is_new: put == Put::New, uploaded, objects: seen.len(), channels })
    }

    /// Makes the place an archive, unless it is one.
    async fn mark(&self) -> Result<(), Error> {
        if self.marked().await? {
            return Ok(());
        }
        let bytes = canonical_json(&Marker::new())?;
        let content = Content { bytes: &bytes, sha256: Sha256::of(&bytes), media: Media::Json };
        // Somebody else may have been faster: then theirs is looked at.
        if self.objects.put_new(MARKER, content).await? == Put::There && !self.marked().await? {
            return Err(Error::NoArchive(self.location.clone()));
        }
        Ok(())
    }

    async fn put_file(&self, file: &File, path: &Path) -> Result<Put, Error> {
        let key = layout::object(&file.sha256);
        self.put_checked(&key, &file.sha256, &Source::File(path), file.role.media()).await
    }

    /// Writes an object that its digest names, unless it is there, with these very bytes.
    async fn put_checked(
        &self,
        key: &str,
        digest: &Sha256,
        source: &Source<'_>,
        media: Media,
    ) -> Result<Put, Error> {
        if self.is_there(key, digest).await? {
            self.objects.keep(key).await?;
            return Ok(Put::There);
        }
        let bytes = source.bytes(digest)?;
        let content = Content { bytes: &bytes, sha256: *digest, media };
        match self.objects.put_new(key, content).await? {
            Put::New => Ok(Put::New),
            // Somebody else was faster.
            Put::There if self.is_there(key, digest).await? => {
                self.objects.keep(key).await?;
                Ok(Put::There)
            }
            Put::There => Err(Error::Raced { place: self.objects.place(key) }),
        }
    }

    /// Whether an object is there with the bytes that its digest names. Deleted counts as not there: it is put again.
    async fn is_there(&self, key: &str, digest: &Sha256) -> Result<bool, Error> {
        let found = match self.objects.look(key).await? {
            Found::Absent | Found::Deleted => return Ok(false),
            Found::Here(Standing { sha256: Some(sha256), .. }) => sha256,
            Found::Here(Standing { bytes, sha256: None }) => match self.objects.read(key, bytes).await? {
                Found::Here(got) => Sha256::of(&got.bytes),
                Found::Absent | Found::Deleted => return Ok(false),
            },
        };
        match found == *digest {
            true => Ok(true),
            false => Err(Error::Damaged { place: self.objects.place(key), wanted: *digest, found }),
        }
    }

    async fn point(&self, family: &str, channel: &str, entry: &Entry) -> Result<Moved, Error> {
        let key = layout::channel(family, channel);
        for _ in 0..TRIES {
            let shown = self.pointer(family, channel).await?;
            let content = entry.image.content_digest;
            let next = match after(shown.as_ref().map(|(one, _)| one), family, channel, content, entry.id) {
                Ok(next) => next,
                Err(moved) => return Ok(moved),
            };
            let bytes = next.to_bytes()?;
            let content = Content { bytes: &bytes, sha256: Sha256::of(&bytes), media: Media::Json };
            let tag = shown.as_ref().map(|(_, tag)| tag.as_str());
            match self.objects.replace(&key, content, tag).await? {
                Replaced::Done(_) => return Ok(Moved::Moved),
                Replaced::Raced => {}
            }
        }
        Err(Error::Raced { place: self.objects.place(&key) })
    }
}

/// Where the bytes of an object are until it is put.
enum Source<'s> {
    File(&'s Path),
    Bytes(&'s [u8]),
}

impl Source<'_> {
    fn bytes(&self, digest: &Sha256) -> Result<Vec<u8>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.to_vec()),
            Self::File(path) => {
                let bytes = plain::read(path, MAX_FILE)?;
                match Sha256::of(&bytes) == *digest {
                    true => Ok(bytes),
                    false => Err(Error::Changed(path.to_path_buf())),
                }
            }
        }
    }
}

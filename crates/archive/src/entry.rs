//! An entry: all that was kept of one decision about one image, by digest.

use std::collections::BTreeSet;
use std::fmt;

use model::{Architecture, ContentDigest, ImageManifest, Sha256, canonical_json};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::layout::{MAX_FILE, MAX_FILES, VERSION, check_file_name};
use crate::objects::Media;

/// The name of the manifest in an entry and in what is restored.
pub(crate) const IMAGE_JSON: &str = "image.json";

/// What a file is to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The image's manifest, `image.json`.
    Image,
    /// A statement.
    Evidence,
    /// A scanner's full report, an SBOM: what a statement refers to by digest.
    Report,
    /// The decision as people read it: Markdown.
    Brief,
    /// The decision as a page.
    Page,
    /// The decision for programs.
    Json,
    /// A file of the bundle that recomputes the verdict.
    Replay,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Image, Self::Evidence, Self::Report, Self::Brief, Self::Page, Self::Json, Self::Replay];

    /// As it is written in entries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Evidence => "evidence",
            Self::Report => "report",
            Self::Brief => "brief",
            Self::Page => "page",
            Self::Json => "json",
            Self::Replay => "replay",
        }
    }

    /// The folder that files of this role are restored into, as the actions look for them: empty, or ending with `/`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Image => "",
            Self::Evidence => "evidence/",
            Self::Report => "evidence/reports/",
            Self::Brief | Self::Page | Self::Json => "report/",
            Self::Replay => "replay/",
        }
    }

    pub(crate) const fn media(self) -> Media {
        match self {
            Self::Image | Self::Evidence | Self::Json => Media::Json,
            Self::Brief => Media::Markdown,
            Self::Page => Media::Html,
            // Reports are as their scanners wrote them.
            Self::Report | Self::Replay => Media::Bytes,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which image an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Image {
    /// Its name. Hostile text.
    pub name: String,
    /// Its family. Hostile text.
    pub family: String,
    /// The processor architecture.
    pub architecture: Architecture,
    /// What it is.
    pub content_digest: ContentDigest,
    /// The SHA-256 of its `image.json`.
    pub manifest: Sha256,
}

impl Image {
    pub(crate) fn of(manifest: &ImageManifest, digest: Sha256) -> Self {
        Self {
            name: manifest.name.clone(),
            family: manifest.family.clone(),
            architecture: manifest.architecture,
            content_digest: manifest.content_digest(),
            manifest: digest,
        }
    }
}

/// A file of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// What it is to the decision.
    pub role: Role,
    /// Its name among those of its role; of a replay it may lie in a folder. It never leads elsewhere.
    pub name: String,
    /// What it is.
    pub sha256: Sha256,
    /// How long it is.
    pub bytes: u64,
}

impl File {
    /// Where it is restored to, below the folder.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}{}", self.role.folder(), self.name)
    }
}

/// The run that an entry came from, by its own word. Hostile text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// `owner/name`.
    pub repository: String,
    /// The run's id.
    pub id: String,
    /// Which attempt of it.
    pub attempt: String,
}

/// All that was kept of one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The SHA-256 of its bytes, by which it is named.
    pub id: Sha256,
    /// The image.
    pub image: Image,
    /// The files, sorted by role and name.
    pub files: Vec<File>,
    /// The run, where one is known.
    pub run: Option<Run>,
}

/// As it is written. No time: the same put twice is the same entry.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    version: u32,
    image: Image,
    files: Vec<File>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
}

impl Entry {
    /// An entry of these files, and its bytes.
    pub(crate) fn new(
        image: Image,
        mut files: Vec<File>,
        run: Option<Run>,
    ) -> Result<(Self, Vec<u8>), Error> {
        files.sort_unstable();
        check(&image, &files).map_err(|problem| match problem {
            Problem::Twice(role, name) => Error::Twice { role, name },
            Problem::Other(error) => *error,
            Problem::Says(what) => Error::malformed("the new entry", what),
        })?;
        let written = Written { version: VERSION, image, files, run };
        let bytes = canonical_json(&written)?;
        let Written { image, files, run, .. } = written;
        Ok((Self { id: Sha256::of(&bytes), image, files, run }, bytes))
    }

    /// Reads an entry whose bytes have the digest that names it.
    pub(crate) fn parse(place: &str, id: Sha256, bytes: &[u8]) -> Result<Self, Error> {
        let malformed = |what: String| Error::malformed(place, what);
        let written: Written = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if written.version != VERSION {
            return Err(malformed(format!(
                "it has the version {}, and this program reads {VERSION}",
                written.version
            )));
        }
        // One spelling of one entry: else the same put would be another entry each time.
        if canonical_json(&written)? != bytes {
            return Err(malformed("it is not written canonically".into()));
        }
        let Written { image, files, run, .. } = written;
        if !files.is_sorted() {
            return Err(malformed("its files are not sorted".into()));
        }
        check(&image, &files).map_err(|problem| match problem {
            Problem::Twice(role, name) => {
                malformed(format!("two files of the kind {role} are named {name:?}"))
            }
            Problem::Other(error) => malformed(error.to_string()),
            Problem::Says(what) => malformed(what),
        })?;
        Ok(Self { id, image, files, run })
    }

    /// The files of a role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.role == role)
    }

    /// How long all files are together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}

enum Problem {
    Twice(Role, String),
    Other(Box<Error>),
    Says(String),
}

/// What has to hold of every entry, new or read.
fn check(image: &Image, files: &[File]) -> Result<(), Problem> {
    if files.len() > MAX_FILES {
        return Err(Problem::Says(format!("it has more than {MAX_FILES} files")));
    }
    let mut paths = BTreeSet::new();
    for file in files {
        check_file_name(&file.name).map_err(|error| Problem::Other(Box::new(error)))?;
        if file.role != Role::Replay && file.name.contains('/') {
            return Err(Problem::Says(format!(
                "{:?} lies in a folder, which only a replay's may",
                file.name
            )));
        }
        if file.bytes > MAX_FILE {
            return Err(Problem::Says(format!(
                "{:?} is longer than the {MAX_FILE} bytes that are kept",
                file.name
            )));
        }
        // Page, brief and JSON are restored side by side; a file in the place of `reports` would be in its way.
        let fresh = paths.insert(file.path());
        if !fresh || file.path() == "evidence/reports" {
            return Err(Problem::Twice(file.role, file.name.clone()));
        }
    }
    let mut manifests = files.iter().filter(|file| file.role == Role::Image);
    match (manifests.next(), manifests.next()) {
        (Some(one), None) if one.name == IMAGE_JSON && one.sha256 == image.manifest => Ok(()),
        (Some(_), None) => Err(Problem::Says("its image.json is another than it says itself".into())),
        _ => Err(Problem::Says("it has to have exactly one image.json".into())),
    }
}

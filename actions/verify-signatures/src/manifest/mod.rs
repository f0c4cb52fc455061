//! `signatures.yml`: which files there are, and whose signature each needs. Read once into a
//! checked type; every mistake is told with its line and column.

mod fields;
mod raw;
mod reader;
mod schema;

use std::collections::BTreeMap;

use attest::IdentityRule;
use model::Sha256;
use serde_saphyr::{Location, UserMessageFormatter};

use crate::path::{Beside, Pattern, RelPath};

pub use schema::schema;

/// The longest manifest that is read.
pub(crate) const MAX_MANIFEST: usize = 1 << 20;

/// Where in the manifest something stands, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) col: u32,
}

impl Place {
    /// A place, if there is one: YAML's end has none.
    fn of(location: Location) -> Option<Self> {
        let line = u32::try_from(location.line()).ok().filter(|line| *line > 0)?;
        Some(Self { line, col: u32::try_from(location.column()).ok()? })
    }
}

/// What has to be mended before anything can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) place: Option<Place>,
    pub(crate) message: String,
}

/// The checked manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Who vouches for identities, logs and timestamps where nothing else is said; the public instance's if `None`.
    pub(crate) root: Option<RootName>,
    /// Everybody who may be named.
    pub(crate) signers: BTreeMap<String, SignerEntry>,
    pub(crate) files: Vec<FileEntry>,
    pub(crate) checksums: Vec<ChecksumsEntry>,
    /// Where the lists of files stand.
    pub(crate) files_place: Option<Place>,
}

/// A trusted root as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RootName {
    pub(crate) source: RootSource,
    pub(crate) place: Option<Place>,
}

/// Where a trusted root is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RootSource {
    /// One that the program carries.
    Embedded(&'static str),
    File(RelPath),
}

/// A key or an identity.
#[derive(Debug)]
pub(crate) struct SignerEntry {
    pub(crate) source: SignerSource,
    pub(crate) place: Option<Place>,
}

/// Who it is.
#[derive(Debug)]
pub(crate) enum SignerSource {
    /// A key's file: PEM or JSON.
    File(RelPath),
    Pem(String),
    /// A JSON Web Key.
    Jwk(String),
    /// The URI of a key that a service keeps.
    Kms(String),
    Identity {
        rule: Box<IdentityRule>,
        root: Option<RootName>,
    },
}

impl SignerSource {
    /// What to call it.
    pub(crate) const fn noun(&self) -> &'static str {
        match self {
            Self::Identity { .. } => "identity",
            Self::File(_) | Self::Pem(_) | Self::Jwk(_) | Self::Kms(_) => "key",
        }
    }
}

/// One entry of `files`.
#[derive(Debug)]
pub(crate) struct FileEntry {
    pub(crate) path: Pattern,
    pub(crate) sha256: Option<Sha256>,
    pub(crate) wanted: Wanted,
    pub(crate) place: Option<Place>,
}

/// One entry of `checksums`.
#[derive(Debug)]
pub(crate) struct ChecksumsEntry {
    pub(crate) list: RelPath,
    /// Only what matches one of these is looked at; everything where there are none.
    pub(crate) only: Vec<Pattern>,
    pub(crate) sha256: Option<Sha256>,
    pub(crate) wanted: Wanted,
    pub(crate) place: Option<Place>,
}

/// Whose signatures a file needs, and what has to vouch for them.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Any `threshold` of these.
    pub(crate) signed_by: Vec<SignerName>,
    pub(crate) threshold: usize,
    /// Where detached signatures are.
    pub(crate) signatures: Vec<Beside>,
    /// Where bundles are.
    pub(crate) bundles: Vec<Beside>,
    pub(crate) transparency_log: bool,
    pub(crate) timestamp: bool,
    /// The attestations that count, beside SLSA provenance.
    pub(crate) predicate_types: Vec<String>,
    pub(crate) provenance: Option<Provenance>,
}

/// A signer as a file's entry names it.
#[derive(Debug)]
pub(crate) struct SignerName {
    pub(crate) name: String,
    pub(crate) place: Option<Place>,
}

/// What a file's provenance has to say: all that is named, exactly.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub(crate) builder: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) git_ref: Option<String>,
    pub(crate) workflow: Option<String>,
}

/// Reads a manifest.
pub(crate) fn parse(bytes: &[u8]) -> Result<Manifest, Vec<Mistake>> {
    if bytes.len() > MAX_MANIFEST {
        let message = format!("the manifest is longer than the {MAX_MANIFEST} bytes that are read");
        return Err(vec![Mistake { place: None, message }]);
    }
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let raw: raw::Manifest =
        serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| vec![yaml_mistake(&error)])?;
    reader::read(raw)
}

fn yaml_mistake(error: &serde_saphyr::Error) -> Mistake {
    let location = error.location();
    let message = error.without_snippet().render_with_formatter(&UserMessageFormatter);
    // The place is told once, by the annotation.
    let suffix = location.map(|at| format!(" at line {}, column {}", at.line(), at.column()));
    let message =
        suffix.and_then(|suffix| message.strip_suffix(&suffix).map(str::to_owned)).unwrap_or(message);
    Mistake { place: location.and_then(Place::of), message }
}

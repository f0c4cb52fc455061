//! A tool that was got, and what the lock knows its executables by.

use std::path::PathBuf;

use model::Sha256;
use serde::Serialize;

use crate::Error;
use crate::lock::{LockedTool, Pinned};

/// A tool that may be run: its bytes are the pinned ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version, as the lock has it.
    pub version: String,
    /// The executable.
    pub path: PathBuf,
    /// The executable's digest, for the evidence.
    pub sha256: Sha256,
    /// How it was got this time.
    pub source: Source,
    /// What it was made from: the release's address, or the purl of the Go module.
    pub uri: String,
}

/// How a tool was got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// It was on PATH.
    Path,
    /// It was in the cache.
    Cache,
    /// It was downloaded.
    Downloaded,
    /// Go built it.
    Built,
}

/// An executable that the lock knows by its digest.
pub(crate) struct Known {
    pub(crate) sha256: Sha256,
    pub(crate) uri: String,
}

/// Every executable of this tool that the lock has a digest of.
pub(crate) fn known(tool: &LockedTool, pinned: &Pinned) -> Vec<Known> {
    let release = pinned
        .asset
        .as_ref()
        .and_then(|asset| asset.executable().map(|sha256| Known { sha256, uri: asset.url.to_string() }));
    let built = pinned.built.map(|built| Known { sha256: built.sha256, uri: tool.purl() });
    release.into_iter().chain(built).collect()
}

pub(crate) fn made(tool: &LockedTool, path: PathBuf, known: &Known, source: Source) -> Tool {
    Tool {
        name: tool.name.clone(),
        version: tool.version.clone(),
        path,
        sha256: known.sha256,
        source,
        uri: known.uri.clone(),
    }
}

pub(crate) fn same(tool: &LockedTool, what: &str, expected: Sha256, found: Sha256) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Checksum { name: tool.name.clone(), what: what.to_owned(), expected, found })
}

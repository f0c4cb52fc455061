//! The dependency graph: what a build was made of, told by whoever looked.
//!
//! Of one detector and correlator the newest snapshot counts, so one that broke off is sent again.
//! <https://docs.github.com/en/rest/dependency-graph/dependency-submission>

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Why, plain};
use crate::{Client, Commit, Error, Repository};

/// What the call needs. Without the dependency graph GitHub answers 404, which reads as a token that may not.
const NEEDS: &str = "contents: write` in a repository that has its dependency graph `enabled";

/// One telling of all dependencies that one detector saw, as GitHub takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot<'a> {
    version: u8,
    job: Job<'a>,
    sha: &'a str,
    #[serde(rename = "ref")]
    reference: &'a str,
    detector: Detector<'a>,
    scanned: String,
    manifests: BTreeMap<&'a str, Manifest<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Job<'a> {
    id: &'a str,
    correlator: &'a str,
}

/// Who looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detector<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its home page.
    pub url: &'a str,
}

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built<'a> {
    /// The commit.
    pub commit: &'a Commit,
    /// Its ref, as `refs/heads/main`.
    pub reference: &'a str,
    /// The job's number.
    pub job: &'a str,
    /// What stays the same from run to run: a snapshot takes the place of the one before with the same.
    pub correlator: &'a str,
    /// Who looked.
    pub detector: Detector<'a>,
    /// When.
    pub scanned: Timestamp,
    /// What the list is called.
    pub name: &'a str,
    /// The file of the repository that it is shown at.
    pub location: Option<&'a str>,
}

/// One package, and what it needs itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// Its package URL.
    pub purl: &'a str,
    /// Whether it is only there because another needs it.
    pub indirect: bool,
    /// Whether it is only there to build or to test.
    pub development: bool,
    /// The package URLs of what it needs.
    pub needs: Vec<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Manifest<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<SourceFile<'a>>,
    resolved: BTreeMap<&'a str, Resolved<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SourceFile<'a> {
    source_location: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Resolved<'a> {
    package_url: &'a str,
    relationship: &'static str,
    scope: &'static str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    dependencies: BTreeSet<&'a str>,
}

impl<'a> Snapshot<'a> {
    /// The packages of an image, by their package URLs: all of them there for themselves.
    pub fn new(built: &Built<'a>, purls: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(built, purls.into_iter().map(|purl| Dependency { purl, ..Dependency::default() }))
    }

    /// Packages, and which needs which. One that is there twice is told once: as direct and as needed when it runs, if
    /// either says so.
    pub fn of(built: &Built<'a>, dependencies: impl IntoIterator<Item = Dependency<'a>>) -> Self {
        let mut resolved: BTreeMap<&str, Resolved<'_>> = BTreeMap::new();
        for one in dependencies {
            let known = resolved.entry(one.purl).or_insert_with(|| Resolved {
                package_url: one.purl,
                relationship: "indirect",
                scope: "development",
                dependencies: BTreeSet::new(),
            });
            if !one.indirect {
                known.relationship = "direct";
            }
            if !one.development {
                known.scope = "runtime";
            }
            known.dependencies.extend(one.needs);
        }
        let file = built.location.map(|source_location| SourceFile { source_location });
        Self {
            version: 0,
            job: Job { id: built.job, correlator: built.correlator },
            sha: built.commit.as_str(),
            reference: built.reference,
            detector: built.detector.clone(),
            scanned: built.scanned.to_string(),
            manifests: [(built.name, Manifest { name: built.name, file, resolved })].into(),
        }
    }
}

#[derive(Deserialize)]
struct TheirAnswer {
    result: String,
    #[serde(default)]
    message: String,
}

impl Client {
    /// Submits a snapshot, again while the server is in trouble. Gives back what GitHub says of it: `SUCCESS`, or
    /// `ACCEPTED` where it does not count yet, and a sentence.
    ///
    /// # Errors
    /// See [`Error`]; also where GitHub says `INVALID`, or a word that this program does not know.
    pub async fn submit_dependencies(
        &self,
        repository: &Repository,
        snapshot: &Snapshot<'_>,
    ) -> Result<(String, String), Error> {
        let path = format!("/repos/{repository}/dependency-graph/snapshots");
        let answer: TheirAnswer = self.replaced(&path, NEEDS, snapshot).await?;
        let (result, message) = (plain(&answer.result), plain(&answer.message));
        if matches!(result.as_str(), "SUCCESS" | "ACCEPTED") {
            return Ok((result, message));
        }
        let why = Why::Status(201, format!("{result}: {message}"));
        Err(Error { asked: format!("POST {path}"), needs: NEEDS, why })
    }
}

//! Scans of sources: they belong to the image if its provenance names the commit.

use std::collections::BTreeSet;

use attest::Statement;
use attest::predicate::ResourceDescriptor;
use policy::{Code, Seen};

use super::Gatherer;
use crate::exact::Genuine;

/// The digest of a commit in a digest set (in-toto's name for it).
const GIT_COMMIT: &str = "gitCommit";

/// The commit of a dependency, where its files are what is in the commit.
pub(super) fn clean_commit(dependency: &ResourceDescriptor) -> Option<String> {
    let clean = dependency.annotations.get("dirty").and_then(serde_json::Value::as_bool) == Some(false);
    dependency.digest.get(GIT_COMMIT).filter(|_| clean).cloned()
}

/// Whether a statement is about commits and nothing else.
pub(super) fn is_about_commits(statement: &Statement) -> bool {
    !statement.subject.is_empty()
        && statement.subject.iter().all(|subject| {
            let mut digests = subject.digest.iter();
            digests.next().is_some_and(|(name, _)| name == GIT_COMMIT) && digests.next().is_none()
        })
}

impl Gatherer<'_> {
    pub(super) fn take_source_scan(&mut self, one: &Genuine, baked_from: &BTreeSet<String>) {
        let stray = one.statement.subject.iter().find_map(|subject| {
            let (_, commit) = subject.digest.iter().next()?;
            (!baked_from.contains(commit)).then_some(commit)
        });
        if let Some(commit) = stray {
            let message = format!(
                "A scan is about the commit {}, which the provenance does not name, or not as it is committed.",
                runner::escape::shortened(commit, 64)
            );
            return self.object(Code::UnjoinedFiles, &one.file, message);
        }
        self.take_scan(one, Some(Seen::Source));
    }
}

//! The release statement: in-toto release v0.1. It holds no time and nothing else that differs when a killed run is
//! taken up again: the same release gives the same statement.

use std::collections::BTreeMap;
use std::path::PathBuf;

use admission::Allowed;
use attest::predicate::{ResourceDescriptor, release, verdict};
use attest::{EvidenceDir, Statement};
use model::ImageManifest;
use provider::{ChannelName, ImageId, Name, ReleaseId};
use runner::{Context, Result};

use crate::request::Request;

/// What was released.
pub(crate) struct Released<'a> {
    pub(crate) provider: &'a str,
    pub(crate) name: &'a Name,
    pub(crate) release_id: ReleaseId,
    pub(crate) manifest: &'a ImageManifest,
    pub(crate) location: &'a str,
    pub(crate) regions: &'a BTreeMap<String, ImageId>,
    pub(crate) channel: Option<&'a ChannelName>,
    pub(crate) prior_image: Option<&'a ImageId>,
    pub(crate) verdict: Option<&'a Allowed<verdict::Predicate>>,
}

/// Writes the statement and tells its path.
pub(crate) fn write(ctx: &mut Context, request: &Request, released: &Released<'_>) -> Result<PathBuf> {
    if request.signing_key.is_none() {
        ctx.warning("the release is not signed: no `signing-key` was given");
    }
    let statement = statement(released)?;
    Ok(EvidenceDir::new(&request.evidence).write(&statement, request.signing_key.as_deref())?)
}

fn statement(released: &Released<'_>) -> Result<Statement> {
    let release_id = released.release_id.to_string();
    let predicate = release::Predicate {
        purl: purl(released),
        release_id: Some(release_id.clone()),
        hallmark: Some(release::Extension {
            provider: released.provider.to_owned(),
            location: released.location.to_owned(),
            regions: released.regions.iter().map(|(region, id)| (region.clone(), id.to_string())).collect(),
            release_id,
            channel: released.channel.map(ToString::to_string),
            prior_image: released.prior_image.map(ToString::to_string),
            verdict: released
                .verdict
                .map(|verdict| ResourceDescriptor::file(verdict.file.clone(), verdict.payload_digest)),
        }),
    };
    Ok(Statement::of(released.manifest.subjects()?, &predicate)?)
}

/// The package URL: its version is the content, because nothing else stays true of an image. A checked name needs no escaping.
fn purl(released: &Released<'_>) -> String {
    format!(
        "pkg:generic/{}@{}?arch={}",
        released.name,
        released.manifest.content_digest().sha256(),
        released.manifest.architecture.as_str()
    )
}

//! The release: where and as what the image was published.

use admission::{About, Whom, find, reason};
use attest::EvidenceFile;
use attest::predicate::release::Predicate;
use model::Reason;
use serde::Serialize;

/// What a release statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Released {
    /// Its file's name.
    pub(crate) file: String,
    /// Who signed it.
    pub(crate) signer: String,
    /// The package URL.
    pub(crate) purl: String,
    /// The channel that showed it then.
    pub(crate) channel: Option<String>,
    /// Where it is kept.
    pub(crate) location: Option<String>,
}

/// The releases of an image by whoever may sign them: at least one.
pub(crate) fn released(
    files: &[EvidenceFile],
    about: &About,
    whom: &Whom,
) -> Result<Vec<Released>, Vec<Reason>> {
    let found = find::<Predicate>(files, &whom.trust);
    if !found.broken.is_empty() {
        return Err(found.broken);
    }
    let is_file =
        |subject: &model::Subject| about.manifest.is_none_or(|wanted| subject.sha256() == Some(wanted));
    let of_image: Vec<Released> = found
        .signed
        .into_iter()
        .filter(|one| one.statement.is_about(&about.content) && one.statement.subject.iter().any(is_file))
        .map(|one| {
            let more = one.predicate.hallmark;
            Released {
                file: one.file,
                signer: one.signer.to_string(),
                purl: one.predicate.purl,
                channel: more.as_ref().and_then(|more| more.channel.clone()),
                location: more.map(|more| more.location),
            }
        })
        .collect();
    if !of_image.is_empty() {
        return Ok(of_image);
    }
    let (code, what) = match (found.by_others.first(), found.unsigned.is_empty()) {
        (Some((_, why)), _) => {
            ("wrong-signer", format!("is signed by {}: of what there is, {why}", whom.name))
        }
        (None, false) => ("unsigned", "is signed: what there is could be anybody's".to_owned()),
        (None, true) => ("missing", format!("is about {}", about.content)),
    };
    let mut reason = reason(
        format!("release-{code}"),
        format!("no release {what}"),
        "Use an image that was published, with the evidence of that",
    );
    reason.evidence.extend(found.by_others.into_iter().map(|(file, _)| file).chain(found.unsigned));
    Err(vec![reason])
}

//! `verify-image`: whether an image may be used, and why not.
//!
//! For whoever is about to launch an image, and trusts nobody but those whom they name. The image's disks are hashed
//! here, an AMI's block by block from its snapshots. What decides is the same as before publishing (`admission`): a signed verdict that passes and its summary;
//! then what only time tells: the exceptions that it rests on, as they stand today. Nothing is written, and no
//! connection is made but to AWS for an AMI, and to the archive in S3 that the caller names.

mod ami;
mod answer;
mod approval;
mod ask;
mod evidence;
mod exceptions;
mod release;
mod subject;
mod tell;

use admission::{TRUSTED_ROOT, VERDICT_IDENTITY, VERDICT_SIGNER};
use aws::Caller;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

const APPROVAL_SIGNER: &str = "approval-signer";
const APPROVAL_IDENTITY: &str = "approval-identity";
const RELEASE_SIGNER: &str = "release-signer";
const RELEASE_IDENTITY: &str = "release-identity";

/// The action's table.
pub static ACTION: Action = Action {
    name: "verify-image",
    about: "Says whether an image may be used, by the evidence about it and the word of those who are trusted",
    inputs: &[
        Input::new("image", Kind::Text, "The image: its image.json or the folder with it, a raw disk, an AMI (ami-…), or a content digest (hallmarkBlocks1:…); with `store`, an image's id in it").word(),
        Input::new("store", Kind::Path, "The folder of a local image store, to take the image from"),
        Input::new("channel", Kind::Text, "With `store`: the channel whose image is meant, family/name"),
        aws::REGION,
        aws::ROLE,
        Input::new("manifest", Kind::Path, "With an AMI: the image.json that it has to be; by default what the archive has of it"),
        Input::new("disk", Kind::Lines, "Where the disks are, if not beside the manifest: a path, or device=path by line"),
        Input::new("evidence", Kind::Text, "The evidence: a folder of it, a gate's replay bundle (its folder, or one manifest in it), or an archive (its folder, or s3://BUCKET/PREFIX)").default(".hallmark/evidence"),
        VERDICT_SIGNER,
        VERDICT_IDENTITY,
        Input::new(APPROVAL_SIGNER, Kind::Path, "The public key (PEM) of whoever may approve; without it and `approval-identity`, an approval counts by the word of the gate that verified it"),
        Input::new(APPROVAL_IDENTITY, Kind::Text, "Who may approve without a key, as `verdict-identity` says it"),
        Input::new(RELEASE_SIGNER, Kind::Path, "The public key (PEM) that signs releases; with it or `release-identity` there has to be one"),
        Input::new(RELEASE_IDENTITY, Kind::Text, "Who signs releases without a key, as `verdict-identity` says it"),
        TRUSTED_ROOT,
        Input::new("verifier-id", Kind::Text, "The verifier that the verification summary must name; no default").required(),
        Input::new("policy-digest", Kind::Lines, "The SHA-256 of the resolved policy that must have decided; one a line, any of them; no default").required(),
        Input::new("max-age", Kind::Duration, "How old the verdict may be").default("30d"),
        Input::new("exceptions", Kind::Path, "Today's exceptions file: what an exception hid that is in it no longer speaks against the image"),
        Input::new("json", Kind::Bool, "Print the answer as JSON, and nothing else").default("false"),
    ],
    outputs: &[
        Output { name: "verified", help: "`true` or `false`" },
        Output { name: "reasons", help: "Why not, as JSON" },
        Output { name: "content-digest", help: "What the image is: hallmarkBlocks1:…" },
        Output { name: "policy", help: "The name of the policy that decided; this and the following are empty where nothing allows the image" },
        Output { name: "policy-digest", help: "The SHA-256 of that policy" },
        Output { name: "signer", help: "Who signed the verdict" },
        Output { name: "decided-on", help: "When it was decided" },
        Output { name: "approver", help: "Who approved; empty where nobody had to" },
        Output { name: "answer", help: "The whole answer, as JSON" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

/// The same by a short name, for a terminal: `hallmark verify IMAGE`.
pub static VERIFY: Action = Action { name: "verify", ..ACTION };

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let question = ask::Question::read(ctx)?;
    let caller = Caller::read(ctx, ACTION.name)?;
    let subject = subject::read(ctx, &question.place, &caller).await?;
    // Where the disk itself speaks against it, evidence cannot help.
    let files = match &subject {
        Ok(subject) => question.place.read(&subject.about.content, &caller).await?,
        Err(_) => Vec::new(),
    };
    let answer = answer::answer(&question, subject, &files, ctx.now());
    tell::tell(ctx, &answer)?;
    Ok(if answer.verified { Outcome::Done } else { Outcome::Against })
}

//! Keeps what a decision about an image rests on, brings it back, and lists what is kept.
//!
//! `put` looks at everything first: evidence that is about another image, a report that is not what its name says, a
//! stranger among them is refused before anything is written. What is written, and in which order, is the crate
//! `archive`'s.

mod ask;
mod evidence;
mod get;
mod list;
mod put;
mod replay;
mod report;

use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

/// See the crate.
pub static ACTION: Action = Action {
    name: "archive",
    about: "Keeps what a decision about an image rests on, in a folder or in S3, and brings it back",
    inputs: &[
        Input::new(
            "operation",
            Kind::Choice(&["put", "get", "list"]),
            "What to do: keep what belongs to an image (put), bring it back (get), or tell what is kept (list)",
        )
        .default("list")
        .word(),
        Input::new("archive", Kind::Text, "Where the archive is: a folder, or s3://BUCKET/PREFIX; the first put makes it").required(),
        caller::ARCHIVE_REGION,
        caller::ROLE,
        Input::new(
            "image",
            Kind::Text,
            "The image: its image.json; for get and list also a content digest (hallmarkBlocks1:…)",
        ),
        Input::new("channel", Kind::Text, "Get and list: the channel whose image is meant, family/name"),
        Input::new("family", Kind::Text, "List: the family whose images are meant"),
        Input::new("entry", Kind::Text, "Get: which entry of an image, where there are several: its id, or the first 12 digits of it or more"),
        Input::new("output", Kind::Path, "Get: the folder to bring it back into, which is empty or not there yet"),
        Input::new("evidence", Kind::Path, "Put: the folder of evidence").default(".hallmark/evidence"),
        Input::new("reports", Kind::Path, "Put: the folder of full reports; by default reports in the folder of evidence"),
        Input::new("report", Kind::Path, "Put: the folder with page, brief and JSON; by default .hallmark/report, where it is there"),
        Input::new("replay", Kind::Path, "Put: the folder with what a replay needs; by default .hallmark/replay, where it is there"),
        Input::new("kms-key", Kind::Text, "Put, S3: the KMS key to encrypt with (SSE-KMS): an id, an alias or an ARN; by default as the bucket is set up"),
        Input::new(
            "lock-mode",
            Kind::Choice(&["governance", "compliance"]),
            "Put, S3: lock what is put: a permission lifts the lock (governance), or nothing does (compliance); needs `lock-for`",
        ),
        Input::new("lock-for", Kind::Duration, "Put, S3: how long it is locked, from now; needs `lock-mode`"),
    ],
    outputs: &[
        Output { name: "location", help: "Where the archive is" },
        Output { name: "entry", help: "Put and get: the entry's id" },
        Output { name: "stored", help: "Put: how many objects the entry names" },
        Output { name: "uploaded", help: "Put: how many of them were new" },
        Output { name: "entries", help: "The entries, as JSON; of list, with the number of their files" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let operation = ctx.text("operation")?;
    ask::only(ctx, &operation)?;
    match operation.as_str() {
        "put" => put::run(ctx).await?,
        "get" => get::run(ctx).await?,
        _ => list::run(ctx).await?,
    }
    Ok(Outcome::Done)
}

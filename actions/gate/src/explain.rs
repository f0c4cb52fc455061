//! Showing the policy as it is in force, flat, and deciding nothing.

use anyhow::Result;
use runner::{Context, Outcome};

use crate::source::Reader;
use crate::{load, written};

pub(crate) async fn run(ctx: &mut Context) -> Result<Outcome> {
    let family = match (ctx.opt_text("family")?, ctx.opt_path("image")?) {
        (Some(family), _) => Some(family),
        (None, Some(_)) => Some(load::image(ctx)?.1.family),
        (None, None) => None,
    };
    let mut reader = Reader::new(ctx)?;
    let policy = written::scoped(ctx, &mut reader, family.as_deref()).await?;
    ctx.info(policy.explain().trim_end());
    Ok(Outcome::Done)
}

//! `hallmark exceptions export`: what the exceptions say of one product, as OpenVEX.

use anyhow::{Context as _, Result, anyhow, bail};
use policy::interchange::openvex::{self, Product, Publication};
use runner::{Context, Outcome};

use super::{files, tell};

pub(super) fn run(cx: &mut Context) -> Result<Outcome> {
    if let Some(format) = cx.opt_text("format")?.filter(|format| format != "openvex") {
        bail!("input `format`: exceptions are exported as openvex, and not as {format}");
    }
    let product = cx.opt_text("product")?.context("input `product` was not given: about which image?")?;
    let product = Product::parse(&product).map_err(|why| anyhow!("input `product`: {why}"))?;
    let author = author(cx)?;
    let images = cx.list("images")?;
    let (file, exceptions, _) = files::exceptions(cx)?;
    let publication = Publication { author: &author, product: &product, images: &images, now: cx.now() };
    let exported = openvex::export(exceptions.list(), &publication);
    let lost = tell::objections(cx, &file, "Not exported", &exported.left_out);
    let document = exported
        .document
        .with_context(|| format!("{file} says nothing of this product: no document was written"))?;
    let place = files::give(cx, &document.to_json())?;
    let entries = document.statements.len();
    cx.info(&format!("{} in {}, to {place}", tell::count(entries, "statement"), document.id));
    cx.output("entries", entries.to_string())?;
    cx.output("left-out", lost.to_string())?;
    let partial = cx.flag("partial")?;
    Ok(if lost == 0 || partial { Outcome::Done } else { Outcome::Against })
}

/// The format wants a person or an organisation: a repository's owner is one.
fn author(cx: &Context) -> Result<String> {
    if let Some(author) = cx.opt_text("author")? {
        return Ok(author);
    }
    let github = cx.github();
    let owner = github.repository_owner.as_deref().context("input `author` was not given: who says it?")?;
    let server = github.server_url.as_deref().unwrap_or("https://github.com");
    Ok(format!("{}/{owner}", server.trim_end_matches('/')))
}

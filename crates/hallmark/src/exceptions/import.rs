//! `hallmark exceptions import`: another tool's file, as one of ours.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::interchange::{self, Appended, Format, Given, Imported, Source};
use runner::{Context, Outcome};

use super::{files, tell};

pub(super) fn run(cx: &mut Context) -> Result<Outcome> {
    let path = cx.opt_path("from")?.context("input `from` was not given: which file is to be imported?")?;
    let (into, output) = (cx.opt_path("into")?, cx.opt_path("output")?);
    if into.is_some() && output.is_some() {
        bail!("`into` adds to a file and `output` writes a new one: give one of them");
    }
    let given = given(cx)?;
    let file = tell::shown(cx, &path);
    let format = format(cx, &file)?;
    let text = files::read(&path).context("input `from`")?;
    let product = cx.opt_text("product")?;
    if product.is_some() && given.images.is_empty() {
        bail!("`product` needs `images`: the image families that the product stands for");
    }
    let source = Source { file: &file, text: &text, today: given.created, product: product.as_deref() };
    let imported = format.read(&source).map_err(|problems| tell::problems(cx, &file, problems))?;
    let (place, added) = match into {
        Some(into) => add(cx, &into, &imported, &given, &file)?,
        None => {
            let place = files::give(cx, &interchange::new_file(&imported, &given, &file))?;
            (place, imported.active())
        }
    };
    let lost = tell::objections(cx, &file, "Not imported", imported.objections());
    cx.info(&format!("{} from {file} ({}), to {place}", tell::count(added, "exception"), format.name));
    let unfilled = given.unfilled(&imported);
    if unfilled > 0 {
        let what = tell::count(unfilled, "exception");
        cx.info(&format!(
            "The gate refuses {what} until what stands there as a comment is filled in: owner, reason, end."
        ));
    }
    cx.output("entries", added.to_string())?;
    cx.output("left-out", lost.to_string())?;
    let partial = cx.flag("partial")?;
    if lost > 0 && !partial {
        let what = tell::count(lost, "thing");
        cx.info(&format!("{what} could not be said in our format; `partial: true` if that is all right."));
    }
    Ok(if lost == 0 || partial { Outcome::Done } else { Outcome::Against })
}

fn given(cx: &Context) -> Result<Given> {
    let created = cx.now().to_zoned(TimeZone::UTC).date();
    let expires = cx.opt_text("expires")?.map(|text| end(&text, created)).transpose()?;
    Ok(Given {
        created,
        owner: cx.opt_text("owner")?,
        expires,
        ticket: cx.opt_text("ticket")?,
        reason: cx.opt_text("reason")?,
        images: cx.list("images")?,
    })
}

fn end(text: &str, today: Date) -> Result<Date> {
    let date: Date = text
        .parse()
        .ok()
        .filter(|_| text.len() == "2027-01-31".len())
        .with_context(|| format!("input `expires`: {text:?} is no date; give one such as 2027-01-31"))?;
    if date < today {
        bail!("input `expires`: {date} is over");
    }
    Ok(date)
}

fn format(cx: &Context, file: &str) -> Result<&'static Format> {
    if let Some(name) = cx.opt_text("format")? {
        return Format::named(&name).with_context(|| format!("input `format`: `{name}` is not known"));
    }
    Format::of_file(file)
        .with_context(|| format!("the name of {file} does not say what it is: give `format`"))
}

fn add(
    cx: &mut Context,
    into: &Path,
    imported: &Imported,
    given: &Given,
    origin: &str,
) -> Result<(String, usize)> {
    let place = tell::shown(cx, into);
    if !into.exists() {
        files::write(into, &interchange::new_file(imported, given, origin), false)?;
        return Ok((place, imported.active()));
    }
    let before = files::read(into).context("input `into`")?;
    let appended = interchange::append(&place, &before, imported, given, origin);
    let Appended { text, added, skipped } =
        appended.map_err(|problems| tell::problems(cx, &place, problems))?;
    for at in &skipped {
        let message = format!("{place} has an exception for the same already");
        cx.notice(tell::at(origin, *at, message).title("Already there"));
    }
    if text != before {
        files::write(into, &text, true)?;
    }
    Ok((place, added))
}

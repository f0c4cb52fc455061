//! The words around the brief, and how it is cut.

use anyhow::{Context as _, Result, ensure};
use runner::Context;
use runner::escape::{markdown_code, plain, shortened};
use url::Url;

use crate::read::Shown;

/// The most characters of a comment that GitHub takes.
const MAX_COMMENT: usize = 65_536;

const CUT: &str =
    "> **Cut:** the rest is over GitHub's limit. The job's summary and the page have all of it.\n";

/// What is said below the brief.
pub(crate) struct Facts {
    pub(crate) run_url: Option<String>,
    run: String,
    page: Option<Url>,
    alerts: Option<Url>,
}

impl Facts {
    pub(crate) fn of(ctx: &Context) -> Result<Self> {
        let github = ctx.github();
        let run = match (&github.run_id, &github.run_attempt) {
            (Some(run), Some(attempt)) => format!("{run}, attempt {attempt}"),
            _ => String::new(),
        };
        Ok(Self {
            run_url: github.run_url(),
            run,
            page: link(ctx, "page-url")?,
            alerts: link(ctx, "alerts-url")?,
        })
    }

    /// As Markdown.
    pub(crate) fn markdown(&self, shown: &Shown) -> String {
        let mut lines = Vec::new();
        if shown.asks() {
            lines.push(format!(
                "- **To approve** (Review deployments), comment {}",
                markdown_code(&shown.words())
            ));
        }
        lines.push(format!("- Brief {}", markdown_code(&shown.digest.to_string())));
        if !self.run.is_empty() {
            let run = runner::escape::markdown(&self.run);
            let link = self.run_url.as_deref().and_then(|url| Url::parse(url).ok());
            lines.push(match link {
                Some(url) => format!("- Run [{run}](<{url}>)"),
                None => format!("- Run {run}"),
            });
        }
        let links = [("Page", &self.page), ("Alerts", &self.alerts)];
        lines.extend(
            links.into_iter().filter_map(|(name, url)| Some(format!("- [{name}](<{}>)", url.as_ref()?))),
        );
        lines.join("\n") + "\n"
    }
}

fn link(ctx: &Context, input: &str) -> Result<Option<Url>> {
    let Some(text) = ctx.opt_text(input)? else { return Ok(None) };
    let url =
        Url::parse(&text).with_context(|| format!("input `{input}`: `{}` is no address", line(&text)))?;
    ensure!(url.scheme() == "https", "input `{input}`: `{}` is no https address", line(&text));
    Ok(Some(url))
}

/// What a comment begins with by which it is found again: hidden, and ended by nothing that an image is called.
pub(crate) fn marker(image: &str) -> String {
    let mut name = String::new();
    for byte in image.bytes() {
        // Two dashes in a row would end the hidden part.
        let plain =
            byte.is_ascii_alphanumeric() || b"._".contains(&byte) || (byte == b'-' && !name.ends_with('-'));
        if plain {
            name.push(char::from(byte));
        } else {
            name += &format!("%{byte:02X}");
        }
    }
    format!("<!-- hallmark:brief:{name} -->\n")
}

/// The whole comment.
pub(crate) fn comment(shown: &Shown, facts: &Facts) -> String {
    let marker = marker(&shown.image);
    let body = fit(&shown.brief, &facts.markdown(shown), MAX_COMMENT - marker.chars().count());
    format!("{marker}{body}")
}

/// As much of the brief as there is room for, and all of what is below it.
pub(crate) fn fit(brief: &str, below: &str, most: usize) -> String {
    let below = format!("\n---\n\n{below}");
    let room = most.saturating_sub(below.chars().count());
    if brief.chars().count() < room {
        return format!("{}\n{below}", brief.trim_end());
    }
    format!("{}{below}", cut(brief, room))
}

/// Whole lines, with what they leave open closed again.
fn cut(brief: &str, most: usize) -> String {
    let mut kept = String::new();
    let mut length = CUT.chars().count() + 1;
    let (mut depth, mut fence) = (0_usize, None::<String>);
    for line in brief.lines() {
        let mut after = (depth, fence.clone());
        follow(line, &mut after.0, &mut after.1);
        let closing = closing(after.0, after.1.as_deref());
        length += line.chars().count() + 1;
        if length + closing.chars().count() > most {
            break;
        }
        kept += line;
        kept.push('\n');
        (depth, fence) = after;
    }
    kept + &closing(depth, fence.as_deref()) + "\n" + CUT
}

/// What a line opens and closes.
fn follow(line: &str, depth: &mut usize, fence: &mut Option<String>) {
    let marks: String = line.trim_start().chars().take_while(|char| *char == '`').collect();
    match fence {
        Some(open) if marks.len() >= open.len() && line.trim() == marks => *fence = None,
        Some(_) => {}
        None if marks.len() >= 3 => *fence = Some(marks),
        None => {
            *depth += line.matches("<details").count();
            *depth = depth.saturating_sub(line.matches("</details>").count());
        }
    }
}

fn closing(depth: usize, fence: Option<&str>) -> String {
    let fence = fence.map(|marks| format!("{marks}\n")).unwrap_or_default();
    let details = if depth == 0 { String::new() } else { format!("\n{}\n", "</details>".repeat(depth)) };
    fence + &details
}

/// Someone else's text on one line.
pub(crate) fn line(text: &str) -> String {
    shortened(&plain(text).replace(['\n', '\t'], " "), 100)
}

#[cfg(test)]
mod tests;

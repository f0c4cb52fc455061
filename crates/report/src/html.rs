//! The page: one self-contained HTML file that makes no request.
//!
//! Style and script are in the file, and the Content Security Policy names each by its SHA-256, so
//! that nothing else can run or load. Findings travel as JSON in a block that no script engine
//! looks at; the script puts them into the page as text, never as markup. Without a script the
//! worst findings and everything else are there to read.

mod changes;
mod data;
mod escape;
mod findings;
mod head;
mod reasons;
mod tables;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Sha256;

use crate::view::View;
use escape::{inert_json, text};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Renders the page.
///
/// # Errors
/// A view that JSON cannot hold, which none is.
pub fn page(view: &View) -> Result<String, serde_json::Error> {
    let data = inert_json(&data::of(view))?;
    let verdict = view.verdict.as_str();
    let title = text(&format!("{}: {verdict}", view.image.name));
    let policy = policy();
    let body = body(view);
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\" data-verdict=\"{verdict}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

fn policy() -> String {
    let hash = |source: &str| format!("'sha256-{}'", BASE64.encode(Sha256::of(source.as_bytes()).as_bytes()));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The order in which one reads: what was decided, why, what is new, then everything else.
fn body(view: &View) -> String {
    let parts = [
        head::header(view),
        head::contents(view),
        "<main>\n".into(),
        reasons::all(view),
        changes::section(view),
        findings::section(view),
        tables::exceptions(view),
        tables::evidence(view),
        tables::layers(view),
        tables::packages(view),
        tables::policy(view),
        "</main>\n".into(),
    ];
    parts.concat()
}

#[cfg(test)]
mod tests;

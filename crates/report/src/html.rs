//! The page: one self-contained HTML file that makes no request.
//!
//! Style and script are in the file, and the Content Security Policy names each by its SHA-256, so
//! that nothing else can run or load. Findings travel as JSON in a block that no script engine
//! looks at; the script puts them into the page as text, never as markup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::{Reason, Severity, Sha256, Verdict};

use crate::view::{Finding, View};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Without a script, this many findings are shown: the worst ones.
const STATIC_ROWS: usize = 100;

/// Renders the page.
///
/// # Errors
/// A view that JSON cannot hold, which none is.
pub fn page(view: &View) -> Result<String, serde_json::Error> {
    let data = inert_json(&serde_json::json!({
        "findings": view.findings,
        "exceptions": view.exceptions,
        "packages": view.packages,
    }))?;
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

/// Text between tags and in quoted attributes. Control characters and those that reorder what a
/// reader sees become visible instead of working.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(' '),
            c if c.is_control() => safe.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
                safe.push('\u{fffd}');
            }
            c => safe.push(c),
        }
    }
    safe
}

/// JSON that cannot end the block it stands in: no `<`, `>` or `&` is left in it.
fn inert_json(value: &serde_json::Value) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    Ok(safe)
}

fn body(view: &View) -> String {
    let mut html = header(view);
    html.push_str("<main>\n");
    html.push_str(&reasons("Reasons", "Nothing speaks against this image.", &view.reasons));
    if let Some(waived) = &view.waived {
        let title = format!("Waived by {}", waived.approver);
        html.push_str(&reasons(&title, "The approval waives nothing.", &waived.reasons));
        if !waived.comment.is_empty() {
            html.push_str(&format!("<blockquote>{}</blockquote>\n", text(&waived.comment)));
        }
    }
    html.push_str(&findings(view));
    html.push_str(&exceptions(view));
    html.push_str(&evidence(view));
    html.push_str(&packages(view));
    html.push_str("</main>\n");
    html
}

fn header(view: &View) -> String {
    let mark = match view.verdict {
        Verdict::Pass => "Pass",
        Verdict::Review => "Review",
        Verdict::Fail => "Fail",
    };
    let image = &view.image;
    let facts = [
        ("Family", image.family.clone()),
        ("Architecture", image.architecture.clone()),
        ("System", image.os.clone()),
        ("Content", image.content_digest.clone()),
        ("Layers", image.layers.join(" → ")),
        ("Policy", format!("{} ({})", view.policy.name, view.policy.digest)),
        ("Decided", view.decided_on.clone()),
    ];
    let facts: String = facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", text(value)))
        .collect();
    let name = text(&image.name);
    format!(
        "<header>\n<p class=\"verdict\">{mark}</p>\n<h1>{name}</h1>\n<dl>\n{facts}</dl>\n{}</header>\n",
        tally(view)
    )
}

fn tally(view: &View) -> String {
    let cells: String = Severity::ALL
        .iter()
        .map(|severity| {
            let (stand, suppressed) = view.count(*severity);
            let more = if suppressed > 0 {
                format!("<small>+{suppressed} suppressed</small>")
            } else {
                String::new()
            };
            format!("<li class=\"{severity}\"><b>{stand}</b> {severity}{more}</li>\n")
        })
        .collect();
    format!("<ul class=\"tally\">\n{cells}</ul>\n")
}

fn reasons(title: &str, none: &str, reasons: &[Reason]) -> String {
    let list: String = reasons
        .iter()
        .map(|reason| {
            let weight = reason.weight.verdict();
            let class = if weight == Verdict::Pass { "note" } else { weight.as_str() };
            let rests: String =
                reason.evidence.iter().map(|e| format!("<code>{}</code> ", text(e))).collect();
            format!(
                "<li class=\"{class}\"><span class=\"badge\">{class}</span> <code>{}</code> {}\
                 <p class=\"clears\">{}</p><p class=\"rests\">{rests}</p></li>\n",
                text(&reason.code),
                text(&reason.message),
                text(&reason.clears)
            )
        })
        .collect();
    let title = text(title);
    if list.is_empty() {
        return format!("<section><h2>{title}</h2>\n<p>{none}</p></section>\n");
    }
    format!("<section><h2>{title}</h2>\n<ul class=\"reasons\">\n{list}</ul></section>\n")
}

fn findings(view: &View) -> String {
    let rows: String = view.findings.iter().take(STATIC_ROWS).map(finding).collect();
    let severities: String =
        Severity::ALL.iter().map(|s| format!("<option value=\"{s}\">{s}</option>")).collect();
    let outcomes: String = ["fail", "review", "note", "allowed", "suppressed"]
        .iter()
        .map(|o| format!("<option value=\"{o}\">{o}</option>"))
        .collect();
    format!(
        "<section id=\"findings\"><h2>Findings <span id=\"shown\">{}</span></h2>\n\
         <p class=\"tools\" hidden><input id=\"search\" type=\"search\" placeholder=\"Search id, package, title\" aria-label=\"Search findings\">\n\
         <select id=\"severity\" aria-label=\"Severity\"><option value=\"\">every severity</option>{severities}</select>\n\
         <select id=\"outcome\" aria-label=\"Outcome\"><option value=\"\">every outcome</option>{outcomes}</select>\n\
         <label><input id=\"fixable\" type=\"checkbox\"> with a fix</label></p>\n\
         <div class=\"scroll\"><table><thead><tr>{}</tr></thead>\n<tbody id=\"rows\">\n{rows}</tbody></table></div>\n\
         <button id=\"more\" type=\"button\" hidden>Show more</button></section>\n",
        view.findings.len(),
        FINDING_COLUMNS
            .iter()
            .map(|(key, name)| format!("<th scope=\"col\" data-key=\"{key}\">{name}</th>"))
            .collect::<String>()
    )
}

const FINDING_COLUMNS: [(&str, &str); 7] = [
    ("outcome", "Outcome"),
    ("severity", "Severity"),
    ("id", "Id"),
    ("package", "Package"),
    ("version", "Installed"),
    ("fixed", "Fixed in"),
    ("title", "Title"),
];

fn finding(finding: &Finding) -> String {
    format!(
        "<tr class=\"{0}\"><td><span class=\"badge\">{1}</span></td><td class=\"{0}\">{0}</td><td>{2}</td><td>{3}</td><td>{4}</td><td>{5}</td><td>{6}</td></tr>\n",
        finding.severity,
        text(&finding.outcome),
        text(&finding.id),
        text(&finding.package),
        text(&finding.version),
        text(finding.fixed.as_deref().unwrap_or("")),
        text(&finding.title)
    )
}

fn exceptions(view: &View) -> String {
    let rows: Vec<Vec<String>> = view
        .exceptions
        .iter()
        .map(|e| {
            let (covers, line) = (e.suppressed.to_string(), e.line.to_string());
            vec![
                e.label.clone(),
                e.state.clone(),
                covers,
                e.reason.clone(),
                e.owner.clone(),
                e.ticket.clone(),
                e.expires.clone(),
                line,
            ]
        })
        .collect();
    table(
        "Exceptions",
        &["For", "State", "Suppresses", "Reason", "Owner", "Ticket", "Last day", "Line"],
        &rows,
        true,
    )
}

fn evidence(view: &View) -> String {
    let rows: Vec<Vec<String>> = view
        .evidence
        .iter()
        .map(|e| vec![e.kind.clone(), e.state.clone(), e.signer.clone(), e.issued.clone(), e.file.clone()])
        .collect();
    table("Evidence", &["Kind", "", "Signed by", "Made", "File"], &rows, true)
}

fn packages(view: &View) -> String {
    let rows: Vec<Vec<String>> = view
        .packages
        .iter()
        .map(|p| vec![p.name.clone(), p.version.clone(), p.source.clone().unwrap_or_default()])
        .collect();
    table("Packages", &["Package", "Version", "Source"], &rows, false)
}

fn table(title: &str, header: &[&str], rows: &[Vec<String>], open: bool) -> String {
    let open = if open && !rows.is_empty() { " open" } else { "" };
    let head: String = header.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", text(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    format!(
        "<section><details{open}><summary><h2>{title} <span>{}</span></h2></summary>\n\
         <div class=\"scroll\"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody></table></div></details></section>\n",
        rows.len(),
        rows.iter().map(row).collect::<String>()
    )
}

#[cfg(test)]
mod tests;

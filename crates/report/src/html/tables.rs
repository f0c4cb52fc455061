//! Lists that are in the page as they are: exceptions, evidence, layers, packages, the policy.

use super::escape::text;
use crate::view::{Exception, View};
use crate::words;

/// A table that folds away under its title.
pub(super) fn fold(
    level: &str,
    title: &str,
    count: usize,
    open: bool,
    header: &[&str],
    rows: &str,
) -> String {
    let open = if open && count > 0 { " open" } else { "" };
    format!(
        "<details{open}><summary><{level}>{title} <span>{count}</span></{level}></summary>\n{}</details>\n",
        table(title, header, rows)
    )
}

fn table(title: &str, header: &[&str], rows: &str) -> String {
    let head: String = header.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    format!(
        "<div class=\"scroll\"><table aria-label=\"{title}\"><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    )
}

/// A row of plain cells.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", text(cell))).collect();
    format!("<tr>{cells}</tr>\n")
}

/// What a piece of evidence's row is called.
pub(super) fn evidence_id(place: usize) -> String {
    format!("evidence-{place}")
}

pub(super) fn exceptions(view: &View) -> String {
    const HEADER: [&str; 7] = ["State", "For", "Suppresses", "Reason", "Owner", "Last day", "Line"];
    let rows: String = view.exceptions.iter().map(exception).collect();
    let list = fold("h2", "Exceptions", view.exceptions.len(), true, &HEADER, &rows);
    format!("<section id=\"exceptions\">{list}</section>\n")
}

fn exception(e: &Exception) -> String {
    let mut scope = e.scope.clone();
    if e.until_fixed {
        scope.push("until there is a fix".into());
    }
    if e.broad {
        scope.push("very broad".into());
    }
    let small = |value: &str| {
        if value.is_empty() { String::new() } else { format!(" <small>{}</small>", text(value)) }
    };
    let vex = e.vex.iter().flat_map(|vex| {
        [Some(&vex.status), vex.justification.as_ref(), vex.impact.as_ref(), vex.action.as_ref()]
    });
    let vex: Vec<&str> = vex.flatten().map(String::as_str).collect();
    let vex = if vex.is_empty() { String::new() } else { small(&format!("VEX: {}", vex.join(" · "))) };
    let state = text(&e.state);
    format!(
        "<tr><td><span class=\"badge {state}\">{state}</span></td><td>{}{}</td><td>{}</td><td>{}{vex}{}</td>\
         <td>{}</td><td class=\"keep\">{}</td><td>{}</td></tr>\n",
        text(&e.label),
        small(&scope.join("; ")),
        e.suppressed,
        text(&e.reason),
        small(&e.ticket),
        text(&e.owner),
        text(&e.expires),
        e.line
    )
}

pub(super) fn evidence(view: &View) -> String {
    const HEADER: [&str; 6] = ["State", "Kind", "Signed by", "Seen", "Made", "File"];
    let rows: String = view
        .evidence
        .iter()
        .enumerate()
        .map(|(place, e)| {
            let state = text(&e.state);
            format!(
                "<tr id=\"{}\"><td><span class=\"badge {state}\">{state}</span></td><td>{}</td><td>{}</td><td>{}</td><td class=\"keep\">{}</td>\
                 <td>{}</td></tr>\n",
                evidence_id(place),
                text(&e.kind),
                text(&e.signer),
                text(&e.seen),
                text(&e.issued),
                text(&e.file)
            )
        })
        .collect();
    let list = fold("h2", "Evidence", view.evidence.len(), true, &HEADER, &rows);
    format!("<section id=\"evidence\">{list}</section>\n")
}

pub(super) fn layers(view: &View) -> String {
    let items: String = view
        .image
        .layers
        .iter()
        .map(|layer| {
            let of = |found: &Option<String>| usize::from(found.as_deref() == Some(layer.name.as_str()));
            let packages: usize = view.packages.iter().map(|package| of(&package.layer)).sum();
            let findings: usize = view.findings.iter().map(|finding| of(&finding.layer)).sum();
            let known = if packages + findings == 0 {
                String::new()
            } else {
                format!("{}, {}", words::count(packages, "package"), words::count(findings, "finding"))
            };
            format!(
                "<li><b>{}</b> <span>{known}</span> <code>{}</code></li>\n",
                text(&layer.name),
                text(&layer.bake_id)
            )
        })
        .collect();
    format!(
        "<section id=\"layers\"><h2>Layers <span>{}</span></h2>\n<p class=\"quiet\">Lowest first; the last one is the image itself.</p>\n\
         <ol class=\"layers\">\n{items}</ol></section>\n",
        view.image.layers.len()
    )
}

pub(super) fn packages(view: &View) -> String {
    const HEADER: [&str; 4] = ["Package", "Version", "Source", "Layer"];
    let rows: String = view
        .packages
        .iter()
        .map(|p| {
            let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
            let path = p.path.as_ref().map(|path| format!(" <small>{}</small>", text(path)));
            format!(
                "<tr><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                text(&p.name),
                path.unwrap_or_default(),
                text(&p.version),
                optional(&p.source),
                optional(&p.layer)
            )
        })
        .collect();
    format!(
        "<section id=\"packages\"><details><summary><h2>Packages <span>{}</span></h2></summary>\n\
         <p class=\"tools\" hidden><input id=\"package\" type=\"search\" placeholder=\"Search packages\" aria-label=\"Search packages\" autocomplete=\"off\" spellcheck=\"false\"></p>\n\
         {}</details></section>\n",
        view.packages.len(),
        table("Packages", &HEADER, &rows)
    )
}

pub(super) fn policy(view: &View) -> String {
    let environment = view.environment.as_deref().unwrap_or("none was named");
    let facts = [
        ("Name", view.policy.name.as_str()),
        ("Mode", words::mode(view)),
        ("Environment", environment),
        ("Digest", view.policy.digest.as_str()),
    ];
    let facts: String = facts
        .iter()
        .map(|(name, value)| {
            let long = if value.len() > 60 { " class=\"long\"" } else { "" };
            format!("<div{long}><dt>{name}</dt><dd>{}</dd></div>\n", text(value))
        })
        .collect();
    let rows: String = view.sources.iter().map(|s| row(&[&s.what, &s.place, &s.digest])).collect();
    let sources = if rows.is_empty() {
        String::new()
    } else {
        table("Where it comes from", &["What", "Where it comes from", "Digest"], &rows)
    };
    format!(
        "<section id=\"policy\"><h2>Policy</h2>\n<dl class=\"facts\">\n{facts}</dl>\n{sources}</section>\n"
    )
}

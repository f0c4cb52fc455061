//! Findings: the worst as they are, and what the script needs to show all of them.

use model::Severity;

use super::data::OUTCOMES;
use super::escape::text;
use crate::view::{Finding, View};

/// Without a script, this many findings are shown: the worst ones.
const STATIC_ROWS: usize = 100;

const COLUMNS: [&str; 8] =
    ["Outcome", "Severity", "Finding", "Package", "Installed", "Fixed in", "CVSS", "EPSS"];

pub(super) fn section(view: &View) -> String {
    let rows: String = view.findings.iter().take(STATIC_ROWS).map(row).collect();
    let head: String = COLUMNS.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    format!(
        "<section id=\"findings\"><h2>Findings <span id=\"shown\" role=\"status\">{}</span></h2>\n{}\
         <div class=\"scroll\"><table id=\"found\" class=\"cards\" aria-label=\"Findings\"><thead><tr>{head}</tr></thead>\n\
         <tbody id=\"rows\">\n{rows}</tbody></table></div>\n\
         <button id=\"more\" type=\"button\" hidden>Show more</button></section>\n",
        view.findings.len(),
        tools(view),
    )
}

fn tools(view: &View) -> String {
    let severities = Severity::ALL.map(|severity| severity.as_str().to_owned());
    format!(
        "<p class=\"tools\" hidden><input id=\"search\" type=\"search\" placeholder=\"Search   ( / )\" aria-label=\"Search findings\" autocomplete=\"off\" spellcheck=\"false\">\n\
         {}{}{}{}\
         {}{}{}\
         <select id=\"group\" aria-label=\"Group by\"><option value=\"\">not grouped</option><option value=\"package\">by package</option><option value=\"severity\">by severity</option><option value=\"id\">by id</option><option value=\"class\">by class</option><option value=\"layer\">by layer</option></select>\n\
         <button id=\"clear\" type=\"button\">Clear</button></p>\n",
        select("severity", "Severity", "every severity", &severities, true),
        select("outcome", "Outcome", "every outcome", &OUTCOMES.map(str::to_owned), true),
        // The script knows which there are, and whether there is anything to choose.
        select("class", "Class", "every class", &[], false),
        select("layer", "Layer", "every layer", &[], false),
        check("fixable", "with a fix", true),
        check("kev", "exploited", view.findings.iter().any(|finding| finding.kev)),
        check("new", "new", view.findings.iter().any(|finding| finding.new)),
    )
}

fn select(id: &str, name: &str, every: &str, values: &[String], offered: bool) -> String {
    let options: String =
        values.iter().map(|v| format!("<option value=\"{0}\">{0}</option>", text(v))).collect();
    let hidden = if offered { "" } else { " hidden" };
    format!(
        "<select id=\"{id}\" aria-label=\"{name}\"{hidden}><option value=\"\">{every}</option>{options}</select>\n"
    )
}

fn check(id: &str, name: &str, offered: bool) -> String {
    let hidden = if offered { "" } else { " hidden" };
    format!("<label{hidden}><input id=\"{id}\" type=\"checkbox\"> {name}</label>\n")
}

fn row(finding: &Finding) -> String {
    let path = finding.path.as_ref().map(|path| format!("<small>{}</small>", text(path))).unwrap_or_default();
    let score = |value: Option<f64>| value.map(|value| format!("{value:.1}")).unwrap_or_default();
    format!(
        "<tr><td><span class=\"badge {0}\">{0}</span></td><td class=\"{1}\">{1}</td><td><b>{2}</b><small>{3}</small></td>\
         <td>{4}{path}</td><td>{5}</td><td>{6}</td><td>{7}</td><td>{8}</td></tr>\n",
        text(&finding.outcome),
        finding.severity,
        text(&finding.id),
        text(&finding.title),
        text(&finding.package),
        text(&finding.version),
        text(finding.fixed.as_deref().unwrap_or_default()),
        score(finding.cvss),
        finding.epss.map(|value| format!("{:.1} %", value * 100.0)).unwrap_or_default(),
    )
}

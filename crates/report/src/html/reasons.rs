//! Why: each reason with its code, its sentence, what it rests on and what would clear it; then what was cleared.

use model::{Reason, Verdict};

use super::escape::text;
use super::tables::evidence_id;
use crate::view::View;
use crate::words;

pub(super) fn all(view: &View) -> String {
    let mut html = section("reasons", "Reasons", "Nothing speaks against this image.", &view.reasons, view);
    if let Some(waived) = &view.waived {
        let title = format!("Waived by {}", waived.approver);
        html.push_str(&section("waived", &title, words::WAIVES_NOTHING, &waived.reasons, view));
        if !waived.comment.is_empty() {
            html.push_str(&format!("<blockquote>{}</blockquote>\n", text(&waived.comment)));
        }
    }
    if !view.auto_approved.is_empty() {
        let items: String = view.auto_approved.iter().map(|one| item(&one.reason, &one.rule, view)).collect();
        html.push_str(&format!(
            "<section id=\"approved\"><h2>Approved by the policy itself <span>{}</span></h2>\n\
             <ul class=\"reasons\">\n{items}</ul></section>\n",
            view.auto_approved.len()
        ));
    }
    html
}

fn section(id: &str, title: &str, none: &str, reasons: &[Reason], view: &View) -> String {
    let title = text(title);
    if reasons.is_empty() {
        return format!("<section id=\"{id}\"><h2>{title}</h2>\n<p class=\"quiet\">{none}</p></section>\n");
    }
    let items: String = reasons.iter().map(|reason| item(reason, "", view)).collect();
    format!(
        "<section id=\"{id}\"><h2>{title} <span>{}</span></h2>\n<ul class=\"reasons\">\n{items}</ul></section>\n",
        reasons.len()
    )
}

fn item(reason: &Reason, rule: &str, view: &View) -> String {
    let weight = reason.weight.verdict();
    let class = if weight == Verdict::Pass { "note" } else { weight.as_str() };
    let rule = if rule.is_empty() {
        String::new()
    } else {
        format!("<p class=\"rests\"><b>Approved by</b> {}</p>", text(rule))
    };
    let rests: String = reason.evidence.iter().map(|one| rests_on(one, view)).collect();
    let rests =
        if rests.is_empty() { rests } else { format!("<p class=\"rests\"><b>Rests on</b> {rests}</p>") };
    format!(
        "<li class=\"{class}\"><span class=\"badge {class}\">{class}</span>\
         <p class=\"said\">{}</p><p class=\"code\"><code>{}</code></p>\
         <p class=\"clears\"><b>To clear it</b> {}</p>{rule}{rests}</li>\n",
        text(&reason.message),
        text(&reason.code),
        text(&reason.clears)
    )
}

/// A file of the evidence leads to its row, a set of findings to the findings.
fn rests_on(one: &str, view: &View) -> String {
    if let Some(place) = view.evidence.iter().position(|evidence| evidence.file == one) {
        return format!("<a href=\"#{}\"><code>{}</code></a> ", evidence_id(place), text(one));
    }
    match one.strip_prefix("findings:") {
        Some(digest) => format!(
            "<a href=\"#findings\">these findings</a> <code>{}</code> ",
            text(&digest.chars().take(19).collect::<String>())
        ),
        None => format!("<code>{}</code> ", text(one)),
    }
}

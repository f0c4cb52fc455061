//! What the script works on: each text once, and findings as rows of places in it. Twenty thousand
//! findings are a few megabytes, not a hundred.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::escape::shown;
use crate::view::{Exception, Finding, View};
use model::Severity;

/// What may become of a finding, heaviest first.
pub(super) const OUTCOMES: [&str; 5] = ["fail", "review", "note", "allowed", "suppressed"];

/// Characters of a text that is shown: who wants more has the report.
const TEXT: usize = 600;
const DESCRIPTION: usize = 3_000;
const LINKS: usize = 8;

/// Everything that the script reads. page.js names the places of a row in the same order.
pub(super) fn of(view: &View) -> Value {
    let mut texts = Texts::default();
    let mut about = About::default();
    let rows: Vec<Value> = view.findings.iter().map(|finding| row(finding, &mut texts, &mut about)).collect();
    json!({
        "severities": Severity::ALL.map(Severity::as_str),
        "outcomes": OUTCOMES,
        "texts": texts.list,
        "about": about.list,
        "rows": rows,
        "exceptions": view.exceptions.iter().map(exception).collect::<Vec<_>>(),
    })
}

fn row<'v>(f: &'v Finding, texts: &mut Texts<'v>, about: &mut About<'v>) -> Value {
    let outcome = OUTCOMES.iter().position(|o| *o == f.outcome);
    let severity = Severity::ALL.iter().position(|s| *s == f.severity);
    json!([
        // What nobody knows is not shown as harmless: the first is the heaviest.
        outcome.unwrap_or_default(),
        severity.unwrap_or_default(),
        texts.place(&f.class),
        texts.place(&f.id),
        texts.place(&f.package),
        texts.place(&f.version),
        texts.place(f.fixed.as_deref().unwrap_or_default()),
        texts.place(&f.title),
        texts.place(f.path.as_deref().unwrap_or_default()),
        texts.place(f.layer.as_deref().unwrap_or_default()),
        f.cvss,
        f.epss,
        u8::from(f.kev),
        u8::from(f.new),
        about.place(f),
        f.exceptions,
    ])
}

/// What many findings share: the same vulnerability in many packages.
fn advisory(f: &Finding) -> Value {
    let optional = |text: &Option<String>| shown(text.as_deref().unwrap_or_default(), TEXT);
    json!({
        "description": shown(&f.description, DESCRIPTION),
        "aliases": shown(&f.aliases.join(", "), TEXT),
        "links": f.links.iter().take(LINKS).map(|link| shown(link, TEXT)).collect::<Vec<_>>(),
        "published": optional(&f.published),
        "source": optional(&f.source),
        "scanner": shown(&f.scanner, TEXT),
    })
}

fn exception(e: &Exception) -> Value {
    let part = |text: &String| shown(text, DESCRIPTION);
    let vex = e.vex.as_ref().map(|vex| {
        json!({
            "status": part(&vex.status),
            "justification": vex.justification.as_ref().map(part),
            "impact": vex.impact.as_ref().map(part),
            "action": vex.action.as_ref().map(part),
        })
    });
    json!({
        "label": part(&e.label),
        "scope": e.scope.iter().map(part).collect::<Vec<_>>(),
        "line": e.line,
        "reason": part(&e.reason),
        "owner": part(&e.owner),
        "ticket": part(&e.ticket),
        "expires": part(&e.expires),
        "untilFixed": e.until_fixed,
        "vex": vex,
    })
}

/// What findings share, without doubles.
#[derive(Default)]
struct About<'v> {
    list: Vec<Value>,
    places: HashMap<Shared<'v>, usize>,
}

/// Description, aliases, links, publication, source package, scanner.
type Shared<'v> = (&'v str, &'v [String], &'v [String], Option<&'v str>, Option<&'v str>, &'v str);

impl<'v> About<'v> {
    fn place(&mut self, f: &'v Finding) -> usize {
        let Self { list, places } = self;
        let shared = (
            &*f.description,
            &*f.aliases,
            &*f.links,
            f.published.as_deref(),
            f.source.as_deref(),
            &*f.scanner,
        );
        *places.entry(shared).or_insert_with(|| {
            list.push(advisory(f));
            list.len() - 1
        })
    }
}

/// Texts without doubles. The empty one is the first, so that nothing is zero.
struct Texts<'v> {
    list: Vec<String>,
    places: HashMap<&'v str, usize>,
    shown: HashMap<String, usize>,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Self {
            list: vec![String::new()],
            places: HashMap::from([("", 0)]),
            shown: HashMap::from([(String::new(), 0)]),
        }
    }
}

impl<'v> Texts<'v> {
    fn place(&mut self, text: &'v str) -> usize {
        let Self { list, places, shown: known } = self;
        *places.entry(text).or_insert_with(|| {
            // On one line: as the menus have it, which are compared with it. What looks the same is the same.
            let shown = shown(text, TEXT).replace(['\n', '\t'], " ");
            *known.entry(shown).or_insert_with_key(|shown| {
                list.push(shown.clone());
                list.len() - 1
            })
        })
    }
}

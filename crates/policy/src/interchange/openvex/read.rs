//! A document, read into entries: one for each package that a statement is about.
//!
//! Each becomes an exception with the statement's status. With `affected` and `under_investigation` an
//! exception takes no finding away, as they make no scanner silent: it stands there as what is known.

use jiff::Timestamp;

use super::newest::{self, Claim};
use super::{CONTEXT, Component, Document, Statement, Status};
use crate::interchange::entry::{Effect, Entry, Imported, Objection, Vex};
use crate::interchange::ids::{self, Names};
use crate::interchange::trivyignore::advisory;
use crate::interchange::{Broken, Source, purls};
use crate::problem::At;
use crate::yaml;

/// A vulnerability has a handful of names; each is written with every package.
const MOST_ALIASES: usize = 50;

pub(in crate::interchange) fn read(source: &Source<'_>) -> Result<Imported, Broken> {
    let document: Document = serde_json::from_str(source.text).map_err(|error| broken(&error))?;
    if document.context != CONTEXT {
        let what = format!("`@context` is `{}`", document.context);
        return Err(Broken { at: At::default(), what, mend: format!("`{CONTEXT}` is read") });
    }
    // JSON is YAML, but for some escapes: where that reader gets through, places are known.
    let tree = yaml::parse(source.text).ok();
    let places = tree.as_ref().and_then(|tree| tree.get("statements"));
    let mut imported = Imported::default();
    let mut claims = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let at = places.and_then(|list| list.items().get(index)).map_or(At::default(), |node| node.at);
        let since = since(&document, statement, index, at)?;
        if statement.vulnerability.aliases.len() > MOST_ALIASES {
            let what = format!("statement {} has more than {MOST_ALIASES} aliases", index + 1);
            return Err(Broken { at, what, mend: "split the document".into() });
        }
        let mut about = About { source, document: &document, statement, index, at, since };
        about.all(&mut imported, &mut claims);
    }
    for (entry, newer) in imported.entries.iter_mut().zip(newest::superseded(&claims)) {
        if newer.is_some() {
            let at = entry.at;
            entry.idle(at, "a later statement of the document takes its place", "nothing has to be done");
        }
    }
    Ok(imported)
}

fn broken(error: &serde_json::Error) -> Broken {
    let count = |number: usize| u64::try_from(number).unwrap_or_default();
    let at = At::new(count(error.line()), count(error.column()));
    let what = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = format!("this is no OpenVEX document: {}", what.strip_suffix(&place).unwrap_or(&what));
    Broken { at, what, mend: "OpenVEX 0.2.0 is read".to_owned() }
}

fn since(document: &Document, statement: &Statement, index: usize, at: At) -> Result<Timestamp, Broken> {
    let text = statement.timestamp.as_ref().unwrap_or(&document.timestamp);
    text.parse().map_err(|_| Broken {
        at,
        what: format!("the timestamp of statement {}, `{text}`, is none", index + 1),
        mend: "write one such as `2026-01-02T03:04:05Z`".to_owned(),
    })
}

/// A statement on its way into entries.
struct About<'a> {
    source: &'a Source<'a>,
    document: &'a Document,
    statement: &'a Statement,
    index: usize,
    at: At,
    since: Timestamp,
}

impl About<'_> {
    fn all(&mut self, imported: &mut Imported, claims: &mut Vec<Claim>) {
        let base = self.base(imported);
        let mut push = |entry: Entry, product: Option<&Component>, part: Option<&str>| {
            claims.push(self.claim(product, part));
            imported.entries.push(entry);
        };
        if self.statement.products.is_empty() {
            let mut entry = base.clone();
            entry.lost(self.at, "the statement names no product", "name one");
            push(entry, None, None);
        }
        for product in &self.statement.products {
            let mut entry = base.clone();
            entry.comments.push(self.origin(product));
            let ours = product.names().any(|name| Some(name) == self.source.product);
            let purl = product.purl();
            if product.subcomponents.is_empty() && !ours && purl.is_some_and(purls::is_package) {
                self.part(&mut entry, product);
                push(entry, None, purl);
                continue;
            }
            if !ours {
                let name = product.names().next().unwrap_or("no name");
                let what = format!("it is about the product `{name}` only");
                entry.lost(self.at, what, "give that product and the image families that it stands for");
            }
            if product.subcomponents.is_empty() {
                push(entry, Some(product), None);
                continue;
            }
            for part in &product.subcomponents {
                let mut entry = entry.clone();
                self.part(&mut entry, part);
                push(entry, Some(product), part.purl());
            }
        }
    }

    /// What all entries of the statement have in common.
    fn base(&self, imported: &mut Imported) -> Entry {
        let statement = self.statement;
        let mut entry = Entry::at(self.at);
        let name = &statement.vulnerability.name;
        entry.terms.id = Some(name.clone());
        if !ids::is_plain(name, None) {
            entry.lost(
                self.at,
                format!("`{name}` cannot be an id here"),
                "write the id of one vulnerability",
            );
        } else if ids::names(name) == Names::Advisory {
            advisory(&mut entry, name);
        }
        for alias in statement.vulnerability.aliases.iter().filter(|alias| *alias != name) {
            if ids::is_plain(alias, None) && ids::names(alias) != Names::Advisory {
                entry.terms.aliases.push(alias.clone());
            } else {
                let what = format!(
                    "the alias `{alias}` of {name} is left out: it may stand for more than this vulnerability"
                );
                let mend = "name the vulnerability alone";
                imported.strays.push(Objection::new(Effect::Lost, self.at, what, mend));
            }
        }
        let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let impact = said(&statement.impact_statement);
        entry.reason = said(&statement.status_notes).or_else(|| impact.clone());
        let action = said(&statement.action_statement);
        let status = statement.status;
        let mut kept = |text: Option<String>, fits: bool| {
            let text = text?;
            if fits {
                return Some(text);
            }
            entry.comments.push(text);
            None
        };
        let impact = kept(impact, status == Status::NotAffected);
        let action = kept(action, status == Status::Affected);
        let word = statement.justification.map(|word| word.as_str().to_owned());
        let justification = kept(word, status == Status::NotAffected);
        entry.vex = Some(Vex { status: status.as_str().to_owned(), justification, impact, action });
        if let Some(description) = &statement.vulnerability.description {
            entry.comments.push(description.clone());
        }
        entry
    }

    fn origin(&self, product: &Component) -> String {
        let name = product.names().next().unwrap_or("no name");
        let supplier = self.statement.supplier.as_ref().map_or_else(String::new, |who| format!(" of {who}"));
        format!(
            "Statement {} by {}, {}, about {name}{supplier}",
            self.index + 1,
            self.document.author,
            self.since
        )
    }

    fn part(&self, entry: &mut Entry, part: &Component) {
        let two = part.id.as_deref().filter(|id| id.starts_with("pkg:") && part.purl() != Some(*id));
        match (part.purl(), two) {
            (None, _) => entry.lost(self.at, "a component has no package URL", "add its purl"),
            (Some(_), Some(id)) => {
                entry.lost(self.at, format!("a component has two package URLs, one is `{id}`"), "keep one");
            }
            (Some(purl), None) => match purls::cover(purl) {
                Ok(covered) => {
                    entry.terms.purl = Some(covered.purl);
                    entry.terms.package = covered.package;
                }
                Err(why) => {
                    entry.terms.purl = Some(purl.to_owned());
                    entry.lost(self.at, why, "name the package without them, or narrow it by `version`");
                }
            },
        }
    }

    fn claim(&self, product: Option<&Component>, part: Option<&str>) -> Claim {
        let vulnerability = &self.statement.vulnerability;
        let names = std::iter::once(&vulnerability.name).chain(&vulnerability.aliases);
        let mut names: Vec<String> = names.map(|name| name.to_ascii_uppercase()).collect();
        names.sort_unstable();
        names.dedup();
        let part = part.map(|purl| purls::base(purl).unwrap_or_else(|| (purl.to_owned(), None)));
        Claim {
            names,
            product: product.and_then(|product| product.names().next()).map(str::to_owned),
            part,
            since: self.since,
            suppresses: self.statement.status.suppresses(),
        }
    }
}

impl Component {
    /// Its package URL.
    fn purl(&self) -> Option<&str> {
        let own = self.identifiers.as_ref().and_then(|identifiers| identifiers.purl.as_deref());
        own.or_else(|| self.id.as_deref().filter(|id| id.starts_with("pkg:")))
    }

    /// Everything that it is called.
    fn names(&self) -> impl Iterator<Item = &str> {
        let identifiers = self.identifiers.as_ref();
        let others = identifiers.into_iter().flat_map(|i| [&i.purl, &i.cpe22, &i.cpe23]);
        self.id.as_deref().into_iter().chain(others.filter_map(|name| name.as_deref()))
    }
}

//! Exceptions as a document: what it says of one product, at one time.
//!
//! An exception that has a VEX status is published with it. One that has none is an accepted risk, and
//! the honest word for that is `affected`: the product has the vulnerability for all that anybody
//! says, and the statement of what to do tells until when it is lived with. `not_affected` would claim what nobody
//! has found out, and `under_investigation` would deny that a decision was made.

use jiff::Timestamp;
use model::{ContentDigest, Sha256};

use super::{CONTEXT, Component, Document, Identifiers, Statement, Status, Vulnerability};
use crate::interchange::entry::{Effect, Objection};
use crate::interchange::purls;

mod accepted;

use accepted::Accepted;

/// What is published, and how.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// Who says it: a person or an organisation.
    pub author: &'a str,
    /// About what.
    pub product: &'a Product,
    /// The image families that the product is of.
    pub images: &'a [String],
    /// When.
    pub now: Timestamp,
}

/// The product that a document is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product(Component);

/// A document, and what could not be said in it.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The document; none where there is nothing to say.
    pub document: Option<Document>,
    /// Exceptions that are not in it, each at its place.
    pub left_out: Vec<Objection>,
}

impl Product {
    /// A package URL, or an image's digest.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let named = |id: &str| Component { id: Some(id.to_owned()), ..Component::default() };
        if let Some(digits) = text.strip_prefix("sha256:")
            && let Ok(digest) = digits.parse::<Sha256>()
        {
            let hashes = [("sha-256".to_owned(), digest.to_string())].into();
            return Ok(Self(Component { hashes, ..named(text) }));
        }
        if text.parse::<ContentDigest>().is_ok() {
            return Ok(Self(named(text)));
        }
        let rest = text.strip_prefix("pkg:").and_then(|rest| rest.split_once('/'));
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte));
        if rest.is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) && printable {
            let identifiers = Some(Identifiers { purl: Some(text.to_owned()), ..Identifiers::default() });
            return Ok(Self(Component { identifiers, ..named(text) }));
        }
        Err(format!(
            "{text:?} is neither a package URL nor a digest: give `pkg:oci/…`, `sha256:…` or `hallmarkBlocks1:…`"
        ))
    }
}

/// The document that says of the product what the exceptions say. The same exceptions, product, author and
/// time give the same bytes and so the same `@id`.
#[must_use]
pub fn export(exceptions: &[crate::Exception], publication: &Publication<'_>) -> Exported {
    publish(exceptions.iter().map(Accepted::of), publication)
}

fn publish<'e>(accepted: impl Iterator<Item = Accepted<'e>>, publication: &Publication<'_>) -> Exported {
    let mut left_out = Vec::new();
    let mut statements: Vec<Statement> = Vec::new();
    for accepted in accepted {
        match statement(&accepted, publication) {
            Ok(statement) => statements.push(statement),
            Err((effect, what, mend)) => {
                left_out.push(Objection::new(effect, accepted.at, what, mend));
            }
        }
    }
    unique(&mut statements);
    let document = (!statements.is_empty()).then(|| document(statements, publication));
    Exported { document, left_out }
}

/// The format wants no statement twice.
fn unique(statements: &mut Vec<Statement>) {
    let mut seen = std::collections::BTreeSet::new();
    statements.retain(|statement| serde_json::to_string(statement).is_ok_and(|text| seen.insert(text)));
}

fn document(statements: Vec<Statement>, publication: &Publication<'_>) -> Document {
    let mut document = Document {
        context: CONTEXT.to_owned(),
        id: String::new(),
        author: publication.author.to_owned(),
        role: None,
        timestamp: publication.now.to_string(),
        last_updated: None,
        version: 1,
        tooling: Some(format!("hallmark {}", env!("CARGO_PKG_VERSION"))),
        statements,
    };
    let bytes = serde_json::to_vec(&document).unwrap_or_default();
    document.id = format!("https://openvex.dev/docs/public/vex-{}", Sha256::of(&bytes));
    document
}

type LeftOut = (Effect, String, &'static str);

fn statement(accepted: &Accepted<'_>, publication: &Publication<'_>) -> Result<Statement, LeftOut> {
    let idle = |what: &str, mend| (Effect::Idle, what.to_owned(), mend);
    if accepted.class != "vulnerability" {
        return Err(idle("VEX is about vulnerabilities only", "nothing has to be done"));
    }
    if !accepted.holds(publication.now) {
        return Err(idle("it does not hold today", "nothing has to be done"));
    }
    let about = |image: &String| {
        publication.images.iter().any(|family| match image.strip_suffix('*') {
            Some(prefix) => family.starts_with(prefix),
            None => family == image,
        })
    };
    if !accepted.images.is_empty() && !publication.images.is_empty() && !accepted.images.iter().any(about) {
        return Err(idle("it is for other images", "nothing has to be done"));
    }
    let (Some(id), None) = (accepted.id, unsayable(accepted, publication)) else {
        let (what, mend) = unsayable(accepted, publication).unwrap_or((
            "VEX cannot speak of a package without naming a vulnerability",
            "name each vulnerability by `id`",
        ));
        return Err((Effect::Lost, what.to_owned(), mend));
    };
    let mut product = publication.product.0.clone();
    if let Some(purl) = part(accepted).map_err(|(what, mend)| (Effect::Lost, what, mend))? {
        let identifiers = Some(Identifiers { purl: Some(purl.clone()), ..Identifiers::default() });
        product.subcomponents = vec![Component { id: Some(purl), identifiers, ..Component::default() }];
    }
    let mut statement = Statement {
        vulnerability: Vulnerability {
            name: id.to_owned(),
            aliases: accepted.aliases.to_vec(),
            ..Vulnerability::default()
        },
        products: vec![product],
        ..Statement::default()
    };
    say(&mut statement, accepted);
    Ok(statement)
}

/// A condition that a statement has no place for: without it, the statement would say more.
fn unsayable(accepted: &Accepted<'_>, publication: &Publication<'_>) -> Option<(&'static str, &'static str)> {
    if accepted.has_range {
        Some(("VEX has no ranges of versions", "name one by `version`"))
    } else if !accepted.paths.is_empty() {
        Some(("VEX has no paths", "leave `paths` out, if all of the package is meant"))
    } else if !accepted.environments.is_empty() {
        Some(("VEX has no environments", "write an exception for all of them, if that is meant"))
    } else if !accepted.images.is_empty() && publication.images.is_empty() {
        Some((
            "it is for some images, and nobody says whether the product is one",
            "give the product's families by `images`",
        ))
    } else {
        None
    }
}

/// The package, as a purl; none for the product as a whole.
fn part(accepted: &Accepted<'_>) -> Result<Option<String>, (String, &'static str)> {
    let Some(purl) = accepted.purl else {
        return match accepted.package {
            None => Ok(None),
            Some(package) => Err((
                format!("a package has to be named by its purl, and `{package}` is a name"),
                "add `purl: pkg:deb/…`",
            )),
        };
    };
    let mend = "write the purl of one package, without what follows `?` or `#`";
    let covered = purls::cover(purl).map_err(|why| (why, mend))?;
    let (base, own) = purls::base(purl).ok_or_else(|| (format!("`{purl}` is no package URL"), mend))?;
    let (kind, path) = base.split_once('/').unwrap_or(("", &base));
    let same = |package: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        [path, name].iter().any(|known| known.eq_ignore_ascii_case(package))
    };
    if let Some(package) = accepted.package.filter(|package| !same(package)) {
        return Err((format!("`{package}` is not the package of `{purl}`"), "leave `package` or `purl` out"));
    }
    // Reports name a module with its capitals, and its purl has none.
    let capitals = accepted.package.filter(|package| own.is_none() && package.eq_ignore_ascii_case(path));
    let spelt = capitals.map_or(covered.purl, |package| purls::spelt(kind, package));
    match (own, accepted.version) {
        (None, Some(version)) => Ok(Some(purls::with_version(&spelt, version))),
        (Some(own), Some(version)) if own != version => {
            Err((format!("`{purl}` and version `{version}` differ"), "leave one of them out"))
        }
        _ => Ok(Some(spelt)),
    }
}

/// The status, and what it has to be explained with.
fn say(statement: &mut Statement, accepted: &Accepted<'_>) {
    let reason = accepted.reason;
    let notes = |other: Option<&str>| (other != Some(reason)).then(|| reason.to_owned());
    let Some(vex) = accepted.vex else {
        let fix = if accepted.until_fixed {
            ", or until there is a fix, which is to be installed then"
        } else {
            ""
        };
        statement.status = Status::Affected;
        statement.action_statement =
            Some(format!("The risk is accepted until {}{fix}: {reason}", accepted.expires));
        return;
    };
    statement.status = vex.status;
    match statement.status {
        Status::NotAffected => {
            statement.justification = vex.justification;
            statement.impact_statement.clone_from(&vex.impact);
            if statement.justification.is_none() && vex.impact.is_none() {
                statement.impact_statement = Some(reason.to_owned());
            }
            statement.status_notes = notes(statement.impact_statement.as_deref());
        }
        Status::Affected => {
            let accepted = || format!("The risk is accepted until {}.", accepted.expires);
            statement.action_statement = Some(vex.action.clone().unwrap_or_else(accepted));
            statement.status_notes = notes(None);
        }
        Status::Fixed | Status::UnderInvestigation => statement.status_notes = notes(None),
    }
}

#[cfg(test)]
mod tests;

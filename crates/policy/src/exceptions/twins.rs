//! Exceptions about the very same: the second says nothing new, or contradicts the first.
//!
//! One after the other is no mistake: an exception that is over stays beside the one that renews it.

use std::collections::BTreeMap;

use model::Class;

use super::{Exception, Vex};
use crate::fields::Fields;

/// What an exception is about: everything that a finding, an image and an environment have to fit.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct About {
    class: Class,
    ids: Vec<String>,
    package: Option<String>,
    purl: Option<String>,
    version: Option<String>,
    versions: Option<String>,
    paths: Vec<String>,
    images: Vec<String>,
    environments: Vec<String>,
}

fn about(exception: &Exception) -> About {
    let mut ids: Vec<String> = exception.ids().map(|id| id.to_ascii_uppercase()).collect();
    let mut paths = exception.paths.as_ref().map(|paths| paths.patterns().to_vec()).unwrap_or_default();
    ids.sort_unstable();
    paths.sort_unstable();
    About {
        class: exception.class,
        ids,
        package: exception.package.clone(),
        purl: exception.purl.clone(),
        version: exception.version.clone(),
        versions: exception.versions.as_ref().map(ToString::to_string),
        paths,
        images: exception.images.clone(),
        environments: exception.environments.clone(),
    }
}

pub(super) fn check(fields: &mut Fields<'_>, list: &[Exception]) {
    let mut groups: BTreeMap<About, Vec<&Exception>> = BTreeMap::new();
    for exception in list {
        groups.entry(about(exception)).or_default().push(exception);
    }
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|exception| (exception.created, exception.at));
        let mut lasting = group[0];
        for exception in &group[1..] {
            // In the order of their beginnings, one overlaps with an earlier one if it does with the one that
            // lasts longest.
            if exception.created <= lasting.expires {
                tell(fields, exception, lasting);
            }
            if exception.expires > lasting.expires {
                lasting = exception;
            }
        }
    }
}

fn tell(fields: &mut Fields<'_>, one: &Exception, other: &Exception) {
    let (first, second) = if one.at < other.at { (one, other) } else { (other, one) };
    let status = |exception: &Exception| exception.vex.as_ref().map(|vex| vex.status);
    let line = first.at.line;
    if status(first) == status(second) {
        fields.problem(
            second.at,
            format!("it is about the same as the exception in line {line}, at the same time"),
            "keep one of them; to renew one, let the second begin when the first is over",
        );
    } else {
        let says = |vex: Option<&Vex>| vex.map_or("nothing", |vex| vex.status.as_str());
        fields.problem(
            second.at,
            format!(
                "it says `{}` under `vex`, and the exception in line {line} says `{}` about the same",
                says(second.vex.as_ref()),
                says(first.vex.as_ref())
            ),
            "only one of them can be true: remove the other",
        );
    }
}

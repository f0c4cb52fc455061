//! What an exception is about: two that are about the same are one, whatever else they say.

use std::collections::BTreeSet;

use super::entry::Terms;
use crate::yaml::Node;

/// The keys that say it, and what they say. Its ids count together, with or without capitals; when it
/// ends, and by `until` too, is nothing that it is about.
pub(super) type About = BTreeSet<(&'static str, String)>;

const KEYS: [&str; 10] =
    ["id", "aliases", "class", "package", "purl", "version", "versions", "paths", "images", "environments"];

/// Of an exception that is written.
pub(super) fn of_node(node: &Node) -> About {
    let mut about = About::new();
    for name in KEYS {
        for item in node.get(name).into_iter().flat_map(Node::items) {
            put(&mut about, name, &item.text().unwrap_or_default());
        }
    }
    about
}

/// Of one that is to be written for these images.
pub(super) fn of_terms(terms: &Terms, images: &[String]) -> About {
    let mut about = About::new();
    let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    for (name, values) in [
        ("id", one(&terms.id)),
        ("aliases", terms.aliases.clone()),
        ("class", terms.class.iter().map(|class| (*class).to_owned()).collect()),
        ("package", one(&terms.package)),
        ("purl", one(&terms.purl)),
        ("version", one(&terms.version)),
        ("paths", terms.paths.clone()),
        ("images", images.to_vec()),
    ] {
        for value in values {
            put(&mut about, name, &value);
        }
    }
    about
}

fn put(about: &mut About, name: &'static str, value: &str) {
    match name {
        "class" if value == "vulnerability" => {}
        "id" | "aliases" => drop(about.insert(("id", value.to_ascii_uppercase()))),
        _ => drop(about.insert((name, value.to_owned()))),
    }
}

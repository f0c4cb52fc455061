//! Which layer brought a component: the base, or this image. Nothing is listed twice: the list is of the whole image, and
//! a package that was upgraded is this image's.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use attest::predicate::sbom::{self, IMAGE, LAYER};
use model::Package;
use runner::{Context, Result};
use scan::read_report;
use serde_json::{Value, json};

use crate::normal::Document;
use crate::what::What;

/// What tells a component of one version.
type Key = (String, String, Option<String>);

/// How many components each layer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) base: usize,
    pub(crate) image: usize,
}

/// The components of the base; none of an image that is built on no other. `None` where nobody knows.
pub(crate) fn base(ctx: &mut Context, path: Option<&Path>, what: &What) -> Result<Option<BTreeSet<Key>>> {
    let Some(path) = path else {
        if let Some((name, _)) = &what.base {
            ctx.info(&format!("built on {name}: with its SBOM (`base-sbom`), each component says its layer"));
        }
        return Ok(what.from_nothing.then(BTreeSet::new));
    };
    let bytes = read_report(path).context("input `base-sbom`")?;
    let read =
        scanners::sbom::read(&bytes).with_context(|| format!("input `base-sbom`: {}", path.display()))?;
    let document: sbom::Predicate = serde_json::from_slice(&bytes)?;
    if what.from_nothing {
        bail!("input `base-sbom` was given, and image.json says that the image is built on no other");
    }
    match (document.said(IMAGE), &what.base) {
        (Some(said), Some((name, base))) if said != base.to_string() => {
            bail!("input `base-sbom` is of {said}, and image.json says that the base is {name}, {base}")
        }
        (None, Some((name, _))) => ctx.warning(format!(
            "{} does not say which image it is of: that this is {name} is the caller's word",
            path.display()
        )),
        _ => {}
    }
    Ok(Some(read.packages.into_iter().map(key).collect()))
}

fn key(package: Package) -> Key {
    let identity = package.identity().to_owned();
    (identity, package.version, package.path)
}

/// Marks each component, and counts them.
pub(crate) fn mark(document: &mut Document, base: &BTreeSet<Key>) -> Result<Brought> {
    let mut brought = Brought { base: 0, image: 0 };
    for component in document.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten() {
        // Read by the very code that reads inventories, one component at a time.
        let alone = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]});
        let read = scanners::sbom::read(&serde_json::to_vec(&alone)?)?;
        let Some(package) = read.packages.into_iter().next() else { continue };
        let of_base = base.contains(&key(package));
        *(if of_base { &mut brought.base } else { &mut brought.image }) += 1;
        let property = json!({"name": LAYER, "value": if of_base { "base" } else { "image" }});
        match component["properties"].as_array_mut() {
            Some(properties) => properties.push(property),
            None => component["properties"] = json!([property]),
        }
    }
    Ok(brought)
}

//! The decision as people and programs read it. One folder may hold those about several images: the JSON says whose
//! it is, and the page and the brief beside it have its name.

use std::path::Path;

use anyhow::{Context as _, ensure};
use archive::{Draft, Role};
use model::ContentDigest;
use runner::Result;
use serde::Deserialize;

use crate::evidence::names;

/// The longest JSON that is looked into.
const LONGEST: u64 = 256 << 20;

const ENDINGS: [(&str, Role); 3] = [(".json", Role::Json), (".md", Role::Brief), (".html", Role::Page)];

/// What other steps write beside them: renderings of full reports, which are kept with the evidence.
const RENDERINGS: [&str; 2] = [".sarif", ".junit.xml"];

#[derive(Deserialize)]
struct View {
    image: Image,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    content_digest: ContentDigest,
}

/// Adds the files about the draft's image; tells how many other images there are files about. With `given`, there has to be
/// at least one.
pub(crate) fn files(draft: &mut Draft, folder: &Path, given: bool) -> Result<usize> {
    let content = draft.image().content_digest;
    let names = names(folder)?;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for name in &names {
        let Some(stem) = name.strip_suffix(".json") else { continue };
        let path = folder.join(name);
        match about(&path)? == content {
            true => own.push(stem),
            false => others.push(stem),
        }
    }
    let is_rendering = |name: &String| RENDERINGS.iter().any(|ending| name.ends_with(ending));
    for name in names.iter().filter(|name| !is_rendering(name)) {
        let path = folder.join(name);
        let known = ENDINGS.iter().find_map(|(ending, role)| Some((name.strip_suffix(ending)?, *role)));
        let (stem, role) = known.with_context(|| {
            format!("{} is neither a page (.html), nor a brief (.md), nor JSON: take it out", path.display())
        })?;
        if own.contains(&stem) {
            draft.add(role, name, &path)?;
        } else {
            ensure!(
                others.contains(&stem),
                "{} belongs to no decision: there is no {stem}.json beside it, which would say whose it is",
                path.display()
            );
        }
    }
    ensure!(
        !given || !own.is_empty(),
        "{} has no decision about {}: give the folder of this image's",
        folder.display(),
        draft.image().content_digest
    );
    Ok(others.len())
}

fn about(path: &Path) -> Result<ContentDigest> {
    let read = || -> Result<ContentDigest> {
        let found = std::fs::symlink_metadata(path)?;
        ensure!(found.is_file(), "it is no plain file");
        ensure!(found.len() <= LONGEST, "it is too long");
        let view: View = serde_json::from_slice(&std::fs::read(path)?)?;
        Ok(view.image.content_digest)
    };
    read().with_context(|| format!("{} does not say whose decision it is", path.display()))
}

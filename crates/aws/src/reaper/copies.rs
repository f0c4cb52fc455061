//! Copies of a run's image in other regions of which not everything says yet whose it is: Packer's `ami_regions` asks for
//! them first, and tags their snapshots last of all; older ones the copies too. A copy says what it is a copy of, and has its
//! name; by that it is found for as long as that is there, or its snapshots, which say what they were made for. So these
//! stay until the copies are gone, and a copy until its snapshots can be deleted.

use std::collections::BTreeSet;
use std::rc::Rc;

use aws_sdk_ec2::types::{Filter, Image, ImageState, Snapshot, Tag};

use super::{EXPIRES, Kind, Left, Leftover, Pace, RELEASE, RUN, delete};
use crate::Place;
use crate::failure::{Answered, Failure, answer};

/// What all tags of ours begin with.
const OURS: &str = "hallmark:";

/// An image of a run, as its copies name it.
#[derive(Debug, Clone)]
struct Source {
    what: Leftover,
    /// Nobody knows that of one that is gone: Packer may have taken it back, and was killed before it came to its snapshots.
    name: Option<String>,
    snapshots: Vec<String>,
}

/// A copy of an image of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The copy. It is of the run that its source is of, and as long needed.
    pub what: Leftover,
    /// The image that it is a copy of.
    pub of: Leftover,
    snapshots: Vec<String>,
}

/// What a look for copies found.
#[derive(Debug, Default)]
pub struct Copies {
    /// The copies.
    pub found: Vec<Copy>,
    /// Where nothing could be looked for, and why.
    pub blind: Vec<Box<Failure>>,
    sources: Vec<Source>,
    /// What has to stay, or something might never be found.
    keep: BTreeSet<String>,
}

/// What is left after copies were deleted.
#[derive(Debug, Default)]
pub struct Ended {
    /// What could not be deleted.
    pub left: Vec<Left>,
    /// Images and snapshots that have to stay, or what is left might never be found.
    pub keep: BTreeSet<String>,
}

impl Copies {
    /// Looks in all of these places for copies of the images among these leftovers, which are of the same places.
    pub async fn find(places: &[Rc<Place>], leftovers: &[Leftover]) -> Self {
        let mut copies = Self::default();
        for place in places {
            let here: Vec<&Leftover> = leftovers.iter().filter(|one| one.region == place.region).collect();
            if let Err(failure) = copies.sources(place, &here).await {
                let kinds = [Kind::Image, Kind::Snapshot];
                let kept = here.iter().filter(|one| kinds.contains(&one.kind));
                copies.keep.extend(kept.map(|one| one.id.clone()));
                copies.blind.push(failure);
            }
        }
        for place in places {
            let away = copies.sources.iter().filter(|source| source.what.region != place.region);
            let away: Vec<Source> = away.cloned().collect();
            match look(place, &away).await {
                Ok(more) => {
                    let found = &copies.found;
                    let more: Vec<Copy> = more
                        .into_iter()
                        .filter(|copy| found.iter().all(|one| one.what.id != copy.what.id))
                        .collect();
                    copies.found.extend(more);
                }
                Err(failure) => {
                    copies.keep.extend(away.iter().flat_map(Source::ids));
                    copies.blind.push(failure);
                }
            }
        }
        copies
    }

    /// Deletes them with their snapshots. Each deletion is said to `on` when it is done.
    pub async fn delete(self, places: &[Rc<Place>], pace: Pace, on: &mut dyn FnMut(&Leftover)) -> Ended {
        let mut ended = Ended { left: Vec::new(), keep: self.keep };
        for copy in &self.found {
            let Some(place) = places.iter().find(|place| place.region == copy.what.region) else { continue };
            let left = delete_one(place, copy, pace, on).await;
            if !left.is_empty() {
                let source = self.sources.iter().find(|source| source.what.id == copy.of.id);
                ended.keep.extend(source.into_iter().flat_map(Source::ids));
                ended.keep.extend(copy.snapshots.iter().chain([&copy.what.id]).cloned());
                ended.left.extend(left);
            }
        }
        ended
    }

    /// The images among these that copies can be of, with what copies say of them; images that are gone, of which snapshots
    /// are left; and copies that have their tags.
    async fn sources(&mut self, place: &Place, leftovers: &[&Leftover]) -> Answered<()> {
        let of = |kind| leftovers.iter().copied().filter(move |leftover| leftover.kind == kind);
        let images: Vec<&Leftover> = of(Kind::Image).collect();
        let mut known = BTreeSet::new();
        for image in described(place, "image-id", images.iter().map(|one| one.id.clone())).await? {
            let what = images.iter().find(|one| image.image_id() == Some(one.id.as_str()));
            let (Some(what), Some(name)) = (what.map(|what| (*what).clone()), image.name()) else { continue };
            let snapshots = snapshots_of(&image);
            known.extend(snapshots.iter().cloned());
            match (image.source_image_id(), image.source_image_region()) {
                (Some(id), Some(region)) if region != place.region => {
                    let of = Leftover { id: id.to_owned(), region: region.to_owned(), ..what.clone() };
                    self.found.push(Copy { what, of, snapshots });
                }
                _ => self.sources.push(Source { what, name: Some(name.to_owned()), snapshots }),
            }
        }
        let alone: Vec<&Leftover> = of(Kind::Snapshot).filter(|one| !known.contains(&one.id)).collect();
        self.sources.extend(gone(place, &alone).await?);
        Ok(())
    }
}

impl Source {
    fn ids(&self) -> impl Iterator<Item = String> {
        self.snapshots.iter().chain([&self.what.id]).cloned()
    }
}

/// The images that these snapshots were made for, as far as they are gone. One that is there and does not expire is finished.
async fn gone(place: &Place, snapshots: &[&Leftover]) -> Answered<Vec<Source>> {
    let mut found: Vec<Source> = Vec::new();
    for snapshot in
        described_snapshots(place, "snapshot-id", snapshots.iter().map(|one| one.id.clone())).await?
    {
        let what = snapshots.iter().find(|one| snapshot.snapshot_id() == Some(one.id.as_str()));
        let (Some(what), Some(image)) = (what, snapshot.description().and_then(made_for)) else { continue };
        match found.iter_mut().find(|source| source.what.id == image) {
            Some(source) => source.snapshots.push(what.id.clone()),
            None => found.push(Source {
                what: Leftover { kind: Kind::Image, id: image.to_owned(), ..(*what).clone() },
                name: None,
                snapshots: vec![what.id.clone()],
            }),
        }
    }
    let there = described(place, "image-id", found.iter().map(|source| source.what.id.clone())).await?;
    found.retain(|source| there.iter().all(|image| image.image_id() != Some(source.what.id.as_str())));
    Ok(found)
}

/// The image that CreateImage made a snapshot for, as AWS says it there.
fn made_for(description: &str) -> Option<&str> {
    let (_, image) = description.strip_prefix("Created by CreateImage(")?.split_once(") for ")?;
    image.split(' ').next().filter(|image| image.starts_with("ami-"))
}

/// Copies of these in one region.
async fn look(place: &Place, sources: &[Source]) -> Answered<Vec<Copy>> {
    let mut found = Vec::new();
    for image in described(place, "source-image-id", sources.iter().map(|one| one.what.id.clone())).await? {
        let Some(source) = sources.iter().find(|source| is_copy(place, &image, source)) else { continue };
        let what = Leftover {
            id: image.image_id().unwrap_or_default().to_owned(),
            region: place.region.clone(),
            ..source.what.clone()
        };
        found.push(Copy { what, of: source.what.clone(), snapshots: snapshots_of(&image) });
    }
    Ok(found)
}

/// Whether an image is a copy that the run made and had not finished. Somebody may have copied the image as well; but gave
/// the copy no other name, shares it with nobody, and has not disabled it.
fn is_copy(place: &Place, image: &Image, source: &Source) -> bool {
    image.owner_id() == Some(place.account.as_str())
        && source.name.as_deref().is_none_or(|name| image.name() == Some(name))
        && image.source_image_id() == Some(source.what.id.as_str())
        && image.source_image_region() == Some(source.what.region.as_str())
        && image.public() != Some(true)
        && image.state() != Some(&ImageState::Disabled)
        && is_unfinished(image.tags(), &source.what)
}

/// Whether it has none of our tags, or those of the same run: its snapshots may have none yet.
fn is_unfinished(tags: &[Tag], of: &Leftover) -> bool {
    let value = |key: &str| tags.iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value());
    let ours = tags.iter().filter_map(|tag| tag.key()).filter(|key| key.starts_with(OURS)).count();
    ours == 0
        || (ours == 2 && value(RUN).is_some() && value(RUN) == of.run.as_deref() && value(EXPIRES).is_some())
}

async fn delete_one(place: &Place, copy: &Copy, pace: Pace, on: &mut dyn FnMut(&Leftover)) -> Vec<Left> {
    let left = |why: String| vec![Left { what: copy.what.clone(), why }];
    // Only the copy says whose these are: where they may not be deleted, it stays.
    match copied_snapshots(place, copy).await {
        Ok(ids) => {
            for id in ids {
                if let Some(failure) = may_not_delete(place, &id).await {
                    return left(format!("it stays, for its snapshot may not be deleted: {failure}"));
                }
            }
        }
        Err(failure) => return left(failure.to_string()),
    }
    let left_over = delete(place, std::slice::from_ref(&copy.what), pace, on).await;
    if !left_over.is_empty() {
        return left_over;
    }
    // Once more: AWS may have begun one meanwhile.
    match copied_snapshots(place, copy).await {
        Ok(ids) => {
            let snapshot = |id: String| Leftover { kind: Kind::Snapshot, id, ..copy.what.clone() };
            let snapshots: Vec<Leftover> = ids.into_iter().map(snapshot).collect();
            delete(place, &snapshots, pace, on).await
        }
        Err(failure) => {
            left(format!("it is deregistered, and its snapshots could not be looked for: {failure}"))
        }
    }
}

/// Why a snapshot may not be deleted, asked without deleting it: by whoever has the right to, this is answered otherwise.
async fn may_not_delete(place: &Place, id: &str) -> Option<Box<Failure>> {
    let call = place.ec2.delete_snapshot().snapshot_id(id).dry_run(true);
    let answered = answer(place.call("DeleteSnapshot", id), call.send()).await;
    answered.err().filter(|failure| failure.code == "UnauthorizedOperation")
}

/// The snapshots that AWS made for a copy. A copy that is not complete does not say which they are; they say so.
async fn copied_snapshots(place: &Place, copy: &Copy) -> Answered<BTreeSet<String>> {
    let said = format!("Copied for DestinationAmi {} from SourceAmi {} ", copy.what.id, copy.of.id);
    let found = described_snapshots(place, "description", [format!("{said}*")].into_iter()).await?;
    let exact = found.into_iter().filter(|snapshot| {
        let released = snapshot.tags().iter().any(|tag| tag.key() == Some(RELEASE));
        !released && snapshot.description().is_some_and(|text| text.starts_with(&said))
    });
    Ok(exact.filter_map(|snapshot| snapshot.snapshot_id).chain(copy.snapshots.iter().cloned()).collect())
}

/// How many values a filter takes.
const VALUES: usize = 200;

/// The images of this account for which something is one of these, whatever their state.
async fn described(place: &Place, what: &str, values: impl Iterator<Item = String>) -> Answered<Vec<Image>> {
    let values: Vec<String> = values.collect();
    let mut found = Vec::new();
    for some in values.chunks(VALUES) {
        let by = Filter::builder().name(what).set_values(Some(some.to_vec())).build();
        let call = place.ec2.describe_images().owners("self").filters(by);
        let mut pages = call.include_deprecated(true).include_disabled(true).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = answer(place.call("DescribeImages", ""), async { page }).await?;
            found.extend(page.images.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The same for snapshots.
async fn described_snapshots(
    place: &Place,
    what: &str,
    values: impl Iterator<Item = String>,
) -> Answered<Vec<Snapshot>> {
    let values: Vec<String> = values.collect();
    let mut found = Vec::new();
    for some in values.chunks(VALUES) {
        let by = Filter::builder().name(what).set_values(Some(some.to_vec())).build();
        let mut pages = place.ec2.describe_snapshots().owner_ids("self").filters(by).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = answer(place.call("DescribeSnapshots", ""), async { page }).await?;
            found.extend(page.snapshots.unwrap_or_default());
        }
    }
    Ok(found)
}

fn snapshots_of(image: &Image) -> Vec<String> {
    let disks = image.block_device_mappings().iter().filter_map(|disk| disk.ebs()?.snapshot_id());
    disks.map(str::to_owned).collect()
}

//! Copies to the other regions: asked for once each, waited for together, compared with their source.

use std::collections::BTreeMap;

use archive::Record;
use model::Sha256;
use provider::{Error, ImageId};

use super::adopt::is_broken;
use super::images::{self, Copying, FoundImage, FoundSnapshot, Tags};
use super::records::{Copied, Release};
use super::release::Work;
use super::steps::shown;
use super::{Aws, all, failed};
use crate::Place;

/// How many images that failed are replaced in one run, in each region.
const REPLACED: u32 = 3;

/// Images by region.
pub(super) type Found = BTreeMap<String, FoundImage>;

impl Copied {
    /// What is written down of an image that is gone: its token is used up.
    pub(super) const fn gone(&self) -> Self {
        Self { image: String::new(), generation: self.generation.saturating_add(1), proven: false }
    }
}

impl Aws {
    /// The images in all regions, available. What fails is deregistered and asked for again, a few times.
    pub(super) async fn copied(
        &self,
        work: &Work<'_>,
        home: &FoundImage,
        record: Record<Release>,
    ) -> Result<(Record<Release>, Found), Error> {
        let mut record = record;
        for round in 0.. {
            record = self.asked(work, home, record).await?;
            let broken = match self.waited(home, &record.value).await? {
                Waited::Available(found) => return Ok((record, found)),
                Waited::Broken(broken) => broken,
            };
            // Also the last one: a later run is to find nothing that failed.
            record = self.given_up(record, &broken).await?;
            let told = broken.iter().map(|(region, why)| format!("{region}: {why}"));
            let told = told.collect::<Vec<_>>().join("; ");
            if round >= REPLACED {
                let why = format!("its copies fail: {told}");
                return Err(Error::Unfit { image: work.source.clone(), why });
            }
            self.say(&format!("{told}; asking for another copy"));
        }
        Ok((record, Found::new()))
    }

    /// Asks for what is not there, and writes down which images that gives, before anything else is changed.
    async fn asked(
        &self,
        work: &Work<'_>,
        home: &FoundImage,
        record: Record<Release>,
    ) -> Result<Record<Release>, Error> {
        let images = &record.value.images;
        let away = self.regions().into_iter().skip(1);
        let asked = all(away.map(|place| async move {
            let written = images.get(&place.region);
            let generation = written.map_or(0, |written| written.generation);
            let image = match self.by_tag_or_id(work, &place, written).await? {
                Some(there) => there.id,
                None => self.asked_in(work, home, &place, generation).await?,
            };
            let proven = written.is_some_and(|written| written.proven && written.image == image);
            Ok((place.region.clone(), Copied { image, generation, proven }))
        }))
        .await?;
        // It was read before it was adopted.
        let own = Copied { image: home.id.clone(), generation: 0, proven: true };
        let mut images = images.clone();
        images.insert(self.to.home.clone(), own);
        images.extend(asked);
        let value = Release { images, ..record.value.clone() };
        self.rewritten(&record, value).await
    }

    async fn asked_in(
        &self,
        work: &Work<'_>,
        home: &FoundImage,
        place: &Place,
        generation: u32,
    ) -> Result<String, Error> {
        let (name, from, kms_key) = (work.image_name(), self.to.home.as_str(), self.key_name(place));
        // Whatever the request is made of is in its token, or a later one that differs would be refused.
        let about = (work.id, &place.region, generation, &home.id, from, &name, kms_key, &work.tags);
        let token = Sha256::of(format!("{about:?}").as_bytes()).to_string();
        let copying =
            Copying { source: &home.id, from, name: &name, token: &token, kms_key, tags: &work.tags };
        // One that a plan only speaks of has no id yet.
        let source = if home.id.is_empty() { name.as_str() } else { home.id.as_str() };
        self.say(&format!("{}: copying {source} there", place.region));
        let taken = work.steps.take(place, format!("copy {source} there"), || images::copy(place, &copying));
        Ok(taken.await?.unwrap_or_default())
    }

    /// What is there already, and what would be copied: for a plan.
    pub(super) async fn copies_there(
        &self,
        work: &Work<'_>,
        home: &FoundImage,
        images: &BTreeMap<String, Copied>,
    ) -> Result<Found, Error> {
        let away = self.regions().into_iter().skip(1);
        let there = all(away.map(|place| async move {
            let found = match self.by_tag_or_id(work, &place, images.get(&place.region)).await? {
                Some(found) => found,
                None => {
                    self.asked_in(work, home, &place, 0).await?;
                    FoundImage { tags: work.tags.clone(), ..FoundImage::default() }
                }
            };
            Ok((place.region.clone(), found))
        }))
        .await?;
        Ok(there.into_iter().chain([(self.to.home.clone(), home.clone())]).collect())
    }

    async fn waited(&self, home: &FoundImage, record: &Release) -> Result<Waited, Error> {
        let begun = tokio::time::Instant::now();
        let mut found = Found::from([(self.to.home.clone(), home.clone())]);
        let mut broken = BTreeMap::new();
        let mut pause = self.to.wait.poll.min(std::time::Duration::from_secs(1));
        loop {
            let rest: Vec<_> =
                self.regions().into_iter().filter(|place| !found.contains_key(&place.region)).collect();
            let looked = all(rest.iter().map(|place| async move {
                let id = record.images.get(&place.region).map(|copied| copied.image.as_str());
                let id = id.unwrap_or_default();
                Ok((place, id, images::image(place, id).await.map_err(failed)?))
            }))
            .await?;
            let mut pending = Vec::new();
            for (place, id, image) in looked {
                match image {
                    Some(image) if image.state == "available" => {
                        found.insert(place.region.clone(), image);
                    }
                    Some(image) if is_broken(&image) => {
                        let why = image.reason.clone().unwrap_or_else(|| "AWS does not say why".into());
                        broken.insert(place.region.clone(), format!("{id} is {}: {why}", image.state));
                    }
                    Some(image) if image.state == "disabled" => {
                        return Err(Error::Disabled(ImageId::new(image.id)));
                    }
                    // An image that was made a moment ago is not seen everywhere at once.
                    None if begun.elapsed() > self.to.wait.channel => {
                        broken.insert(place.region.clone(), format!("{id} is not there"));
                    }
                    _ => pending.push(format!("{} {id}", place.region)),
                }
            }
            if !broken.is_empty() {
                return Ok(Waited::Broken(broken));
            }
            if pending.is_empty() {
                return Ok(Waited::Available(found));
            }
            let waited = begun.elapsed();
            if waited > self.to.wait.images {
                let what = format!("copies are still pending ({})", pending.join(", "));
                return Err(Error::TimedOut { what, waited });
            }
            self.say(&format!(
                "{} of {} regions have the image; waiting for {}",
                found.len(),
                self.to.regions.len(),
                pending.join(", ")
            ));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.to.wait.poll);
            // Waiting takes hours; nobody else is to take over meanwhile.
            self.lease.hold().await?;
        }
    }

    /// Removes what failed, so that nothing is left of it, and writes down that its token is used up.
    async fn given_up(
        &self,
        record: Record<Release>,
        broken: &BTreeMap<String, String>,
    ) -> Result<Record<Release>, Error> {
        let mut images = record.value.images.clone();
        for region in broken.keys() {
            let Some(copied) = images.get_mut(region) else { continue };
            self.lease.hold().await?;
            let place = self.owner.place(region);
            images::deregister(&place, &copied.image).await.map_err(failed)?;
            *copied = copied.gone();
        }
        let value = Release { images, ..record.value.clone() };
        self.rewritten(&record, value).await
    }

    /// Compares each copy with its source, and sets the tags that images and their snapshots lack.
    pub(super) async fn marked(
        &self,
        work: &Work<'_>,
        home: &FoundImage,
        found: &Found,
    ) -> Result<(), Error> {
        all(found.iter().map(|(region, image)| async move {
            let place = self.owner.place(region);
            let snapshots = self.snapshots_of(&place, image).await?;
            // What is only planned is no machine yet.
            if !work.steps.only_planned() && *region != self.to.home {
                is_same_machine(&place, home, image)?;
                self.encrypted_as_wanted(&place, image, &snapshots).await?;
            }
            self.tagged(work, &place, image, &snapshots).await
        }))
        .await
        .map(drop)
    }

    async fn tagged(
        &self,
        work: &Work<'_>,
        place: &Place,
        image: &FoundImage,
        snapshots: &[FoundSnapshot],
    ) -> Result<(), Error> {
        let lacks = |tags: &Tags| work.tags.iter().any(|(key, value)| tags.get(key) != Some(value));
        let image_lacks = lacks(&image.tags).then(|| image.id.clone());
        let snapshots_lack =
            snapshots.iter().filter(|snapshot| lacks(&snapshot.tags)).map(|one| one.id.clone());
        let lacking: Vec<_> = image_lacks.into_iter().chain(snapshots_lack).collect();
        if !lacking.is_empty() {
            let what = format!("tag {} as the release {}", lacking.join(", "), work.id);
            work.steps.take(place, what, || images::tag(place, &lacking, &work.tags)).await?;
        }
        Ok(())
    }
}

/// Whether a copy is the machine that its source is.
fn is_same_machine(place: &Place, home: &FoundImage, image: &FoundImage) -> Result<(), Error> {
    if image.machine == home.machine {
        return Ok(());
    }
    Err(Error::Unfit {
        image: ImageId::new(image.id.clone()),
        why: format!(
            "in {} it is not what it was copied from: {:?} and not {:?}. It is not shared; deregister it and publish again",
            shown(place),
            image.machine,
            home.machine
        ),
    })
}

enum Waited {
    Available(Found),
    /// Why, by region.
    Broken(BTreeMap<String, String>),
}

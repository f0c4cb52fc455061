//! The first step: the image that the build tool made, or that is made of disks on this machine, becomes this release's, if
//! it is what it is said to be.

use futures_util::future::join;
use provider::{Error, ImageId};

use super::images::{self, FoundImage, FoundSnapshot};
use super::records::Copied;
use super::release::Work;
use super::{Aws, REJECTED_TAG, RELEASE_TAG, failed};
use crate::Place;
use crate::snapshots::image_differs;

impl Aws {
    /// The release's image in the home region: the one that has its tag, else the one that was handed over or is made now.
    pub(super) async fn adopted(
        &self,
        work: &Work<'_>,
        written: Option<&Copied>,
    ) -> Result<FoundImage, Error> {
        let home = self.home();
        let handed_over = async {
            match work.disks {
                None => images::image(&home, work.source.as_str()).await.map_err(failed),
                Some(_) => Ok(None),
            }
        };
        let (found, handed_over) = join(self.by_tag_or_id(work, &home, written), handed_over).await;
        let image = match (found?, work.disks) {
            (Some(image), _) => image,
            (None, Some(disks)) => match self.made_of_disks(work, &home, disks).await? {
                Some(image) => image,
                None => return Ok(FoundImage { tags: work.tags.clone(), ..FoundImage::default() }),
            },
            (None, None) => handed_over?.ok_or_else(|| Error::NoImage(work.source.clone()))?,
        };
        if work.disks.is_none() && image.id != work.source.as_str() {
            self.say(&format!("{} is this release already; {} is left as it is", image.id, work.source));
        }
        let image = self.available_at_home(&home, image).await?;
        self.fit(work, &home, &image).await?;
        // Snapshots never change: what was compared once, and is written down, still is.
        let known = written.is_some_and(|written| written.image == image.id);
        if !known && (work.disks.is_none() || !self.made_of_proven(work, &image).await?) {
            self.same_content(work, &home, &image).await?;
        }
        Ok(image)
    }

    /// The one image with the release's tag, or the one that was written down. Two with the tag: somebody else made one.
    pub(super) async fn by_tag_or_id(
        &self,
        work: &Work<'_>,
        place: &Place,
        written: Option<&Copied>,
    ) -> Result<Option<FoundImage>, Error> {
        if let Some(written) = written.filter(|written| !written.image.is_empty()) {
            let there = images::image(place, &written.image).await.map_err(failed)?;
            if let Some(there) = there.filter(|image| !is_broken(image)) {
                return Ok(Some(there));
            }
        }
        let mut found = images::tagged(place, RELEASE_TAG, &work.id.to_string()).await.map_err(failed)?;
        found.retain(|image| !is_broken(image));
        if found.len() > 1 {
            let ids: Vec<_> = found.iter().map(|image| image.id.as_str()).collect();
            return Err(Error::Unfit {
                image: ImageId::new(ids.join(", ")),
                why: format!(
                    "{} has {} images with the tag {RELEASE_TAG}={}: find out who made the others, and deregister them",
                    super::steps::shown(place),
                    found.len(),
                    work.id
                ),
            });
        }
        Ok(found.pop())
    }

    async fn available_at_home(&self, home: &Place, image: FoundImage) -> Result<FoundImage, Error> {
        let begun = tokio::time::Instant::now();
        let mut image = image;
        while image.state == "pending" {
            let waited = begun.elapsed();
            if waited > self.to.wait.images {
                let what = format!("{} is still pending in {}", image.id, home.region);
                return Err(Error::TimedOut { what, waited });
            }
            self.say(&format!("{}: {} is pending", home.region, image.id));
            tokio::time::sleep(self.to.wait.poll).await;
            let again = images::image(home, &image.id).await.map_err(failed)?;
            image = again.ok_or_else(|| Error::NoImage(ImageId::new(image.id.clone())))?;
        }
        Ok(image)
    }

    /// Whether it is what the manifest and the distribution say.
    async fn fit(&self, work: &Work<'_>, home: &Place, image: &FoundImage) -> Result<(), Error> {
        let id = ImageId::new(image.id.clone());
        let unfit = |why: String| Err(Error::Unfit { image: id.clone(), why });
        if image.state == "disabled" {
            return Err(Error::Disabled(id));
        }
        if image.state != "available" {
            let reason = image.reason.as_deref().unwrap_or("AWS does not say why");
            return unfit(format!("it is {}: {reason}", image.state));
        }
        if image.owner != self.to.account {
            return unfit(format!("it is owned by the account {}", image.owner));
        }
        if let Some(why) = image.tags.get(REJECTED_TAG) {
            return unfit(format!("it was rejected: {why}"));
        }
        if let Some(other) = image.tags.get(RELEASE_TAG).filter(|tag| **tag != work.id.to_string()) {
            return unfit(format!(
                "it is published as the release {other} already: bake another, or copy it"
            ));
        }
        // The same snapshots can be registered as any machine.
        if let Some(difference) = image_differs(&image.described, &work.new.manifest) {
            return unfit(difference.what);
        }
        match self.key_name(home) {
            Some(_) => self.encrypted_as_wanted(home, image, &self.snapshots_of(home, image).await?).await,
            None => Ok(()),
        }
    }

    /// What the distribution calls the key of a region.
    pub(super) fn key_name(&self, place: &Place) -> Option<&str> {
        self.to.regions.get(&place.region)?.kms_key.as_deref()
    }

    /// Whether its snapshots are encrypted with the key that its region is to have.
    pub(super) async fn encrypted_as_wanted(
        &self,
        place: &Place,
        image: &FoundImage,
        snapshots: &[FoundSnapshot],
    ) -> Result<(), Error> {
        let Some(wanted) = self.key_name(place) else { return Ok(()) };
        let wanted = self.key(place, wanted).await.map_err(failed)?.arn;
        match snapshots.iter().find(|snapshot| snapshot.kms_key.as_ref() != Some(&wanted)) {
            None => Ok(()),
            Some(snapshot) => Err(Error::Unfit {
                image: ImageId::new(image.id.clone()),
                why: format!(
                    "its snapshot {} in {} is encrypted with {}, and the distribution wants {wanted}",
                    snapshot.id,
                    place.region,
                    snapshot.kms_key.as_deref().unwrap_or("no key")
                ),
            }),
        }
    }

    /// Marks an image that is not to be published. It is kept, and never published.
    pub(super) async fn mark_rejected(&self, image: &ImageId, why: &str) -> Result<(), Error> {
        let home = self.home();
        let found = images::image(&home, image.as_str()).await.map_err(failed)?;
        let found = found.ok_or_else(|| Error::NoImage(image.clone()))?;
        if let Some(release) = found.tags.get(RELEASE_TAG) {
            let why = format!("it is published as the release {release}: retire it instead");
            return Err(Error::Unfit { image: image.clone(), why });
        }
        self.lease.hold().await?;
        let ids: Vec<_> = std::iter::once(found.id.clone()).chain(snapshot_ids(&found)).collect();
        // A tag's value is at most 256 characters of these.
        let plain = |c: char| if c.is_alphanumeric() || " .:/=+-@_".contains(c) { c } else { ' ' };
        let why: String = why.chars().map(plain).take(256).collect();
        let tags = std::iter::once((REJECTED_TAG.to_owned(), why)).collect();
        images::tag(&home, &ids, &tags).await.map_err(failed)
    }
}

/// The snapshots of an image.
pub(super) fn snapshot_ids(image: &FoundImage) -> Vec<String> {
    image.disks.values().map(|disk| disk.snapshot.clone()).collect()
}

/// Whether nothing will come of an image any more.
pub(super) fn is_broken(image: &FoundImage) -> bool {
    !matches!(image.state.as_str(), "pending" | "available" | "disabled" | "transient")
}

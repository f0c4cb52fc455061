//! The end of a release: deprecated, disabled, deregistered with its snapshots, in every region, and each only when the
//! one before is done everywhere.

use std::time::Duration;

use archive::Record;
use jiff::Timestamp;
use provider::{Error, Image, ImageId};

use super::adopt::snapshot_ids;
use super::copies::Found;
use super::records::Release;
use super::{Aws, all, failed, images, parameters};

/// For how long protection with a cooldown still holds when it was taken away; and a while, for clocks that differ.
const COOLDOWN: Duration = Duration::from_secs(24 * 3600 + 300);

/// How far an image's life has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It should not be chosen any more.
    Deprecated,
    /// It cannot be launched any more.
    Disabled,
}

impl Aws {
    /// A release's images by region, those that are there.
    pub(super) async fn images_of(&self, record: &Release) -> Result<Found, Error> {
        let found = all(self.regions_of(record).map(|(region, image)| async move {
            let place = self.owner.place(region);
            Ok((region.clone(), images::image(&place, image).await.map_err(failed)?))
        }))
        .await?;
        Ok(found.into_iter().filter_map(|(region, image)| Some((region, image?))).collect())
    }

    /// Where its images are: also in regions that the distribution has no more.
    fn regions_of<'r>(&self, record: &'r Release) -> impl Iterator<Item = (&'r String, &'r str)> {
        let there = record.images.iter().filter(|(_, copied)| !copied.image.is_empty());
        there.map(|(region, copied)| (region, copied.image.as_str()))
    }

    /// Ends a release's life as far as a stage. Disabling asks first what refers to it.
    pub(super) async fn retire_to(
        &self,
        image: &ImageId,
        stage: Stage,
        at: Timestamp,
    ) -> Result<Image, Error> {
        self.lease.hold().await?;
        let record = self.kept_in_family(self.release_of(image).await?).await?.value;
        if stage >= Stage::Disabled {
            self.unreferenced(image, &record).await?;
        }
        let found = self.images_of(&record).await?;
        self.end_deprecated(&found, at).await?;
        if stage >= Stage::Disabled {
            self.end_disabled(&found).await?;
        }
        self.described(&record).await
    }

    /// Deregisters a release's images with their snapshots, and deletes its parameters.
    pub(super) async fn remove(&self, image: &ImageId, at: Timestamp) -> Result<bool, Error> {
        self.lease.hold().await?;
        let record = match self.release_of(image).await {
            Ok(record) => self.kept_in_family(record).await?,
            Err(Error::NoImage(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        self.unreferenced(image, &record.value).await?;
        let found = self.images_of(&record.value).await?;
        let record = self.unprotected(image, record, &found, at).await?.value;
        self.end_deprecated(&found, at).await?;
        self.end_disabled(&found).await?;
        let name = &self.release_parameter(&record.release_id);
        all(self.reach(&record).into_iter().map(|place| async move {
            self.lease.hold().await?;
            parameters::delete(&place, name).await.map_err(failed)
        }))
        .await?;
        // The home region's image has the tag by which a run that was killed finds the release: it goes last.
        let (home, away): (Vec<_>, Vec<_>) = found.iter().partition(|(region, _)| **region == self.to.home);
        all(away.into_iter().map(|(region, image)| self.end_deregistered(region, image))).await?;
        let id = record.release_id;
        if let Some(there) = self.release(&id).await? {
            let retired = Release { retired_on: Some(at), ..there.value.clone() };
            self.rewritten(&there, retired).await?;
        }
        all(home.into_iter().map(|(region, image)| self.end_deregistered(region, image))).await?;
        Ok(true)
    }

    async fn unreferenced(&self, image: &ImageId, record: &Release) -> Result<(), Error> {
        self.lease.hold().await?;
        let by = self.references(record).await?;
        match by.is_empty() {
            true => Ok(()),
            false => Err(Error::Referred { image: image.clone(), by }),
        }
    }

    /// Takes protection away everywhere, before anything else is changed. With a cooldown AWS holds to it for a day: what
    /// was half gone until then would be of no use to anybody, and look as if it were.
    async fn unprotected(
        &self,
        image: &ImageId,
        record: Record<Release>,
        found: &Found,
        at: Timestamp,
    ) -> Result<Record<Release>, Error> {
        // Written down first: afterwards AWS does not say it any more.
        let cools = found.values().any(|image| image.cooldown);
        let until = if cools { Some(at + COOLDOWN) } else { record.value.protected_until };
        let value = Release { protected_until: until, ..record.value.clone() };
        let record = self.rewritten(&record, value).await?;
        all(found.iter().filter(|(_, image)| image.protected).map(|(region, image)| async move {
            self.lease.hold().await?;
            images::unprotect(&self.owner.place(region), &image.id).await.map_err(failed)
        }))
        .await?;
        match until.filter(|until| *until > at) {
            Some(until) => Err(Error::Protected { image: image.clone(), until }),
            None => Ok(record),
        }
    }

    async fn end_deprecated(&self, found: &Found, at: Timestamp) -> Result<(), Error> {
        // AWS refuses a date that has passed when the call arrives.
        let at = at + Duration::from_secs(60);
        all(found.iter().filter(|(_, image)| image.deprecated_on.is_none_or(|on| on > at)).map(
            |(region, image)| async move {
                self.lease.hold().await?;
                images::deprecate(&self.owner.place(region), &image.id, at).await.map_err(failed)
            },
        ))
        .await
        .map(drop)
    }

    async fn end_disabled(&self, found: &Found) -> Result<(), Error> {
        all(found.iter().filter(|(_, image)| image.state != "disabled").map(|(region, image)| async move {
            self.lease.hold().await?;
            images::disable(&self.owner.place(region), &image.id).await.map_err(failed)
        }))
        .await
        .map(drop)
    }

    async fn end_deregistered(&self, region: &str, image: &images::FoundImage) -> Result<(), Error> {
        let place = self.owner.place(region);
        self.lease.hold().await?;
        images::deregister(&place, &image.id).await.map_err(failed)?;
        // Deregistering deletes them too; where it was killed in between, or AWS was busy, they are left.
        for snapshot in snapshot_ids(image) {
            match images::delete_snapshot(&place, &snapshot).await {
                Err(failure) if failure.code == "InvalidSnapshot.InUse" => {
                    self.say(&format!("{region}: {snapshot} is left: another image uses it"));
                }
                deleted => deleted.map_err(failed)?,
            }
        }
        Ok(())
    }
}

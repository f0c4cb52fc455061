//! What makes copies usable by others: the date of their end, permissions as a difference, the parameter of the release.

use std::time::Duration;

use jiff::Timestamp;
use provider::{Change, Error, ImageId, ReleaseId};

use super::adopt::snapshot_ids;
use super::copies::Found;
use super::images::{self, FoundImage, Permissions};
use super::keys::{self, Granted, Grants};
use super::release::Work;
use super::steps::Steps;
use super::{Aws, all, failed, parameters, steps};
use crate::Place;
use crate::distribution::Protection;

/// AWS keeps such dates by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// AWS takes no date of the past: one that is over by now is so far ahead.
const AHEAD: Duration = Duration::from_secs(5 * 60);

impl Aws {
    /// Sets from when on the images are called deprecated; soon, where that is over by now. An earlier date was set by somebody
    /// who wanted it.
    pub(super) async fn deprecated(
        &self,
        work: &Work<'_>,
        found: &Found,
        begun_on: Timestamp,
    ) -> Result<(), Error> {
        let Some(after) = self.to.deprecate_after else { return Ok(()) };
        let wanted = (begun_on + after).max(self.now() + AHEAD);
        all(found.iter().filter(|(_, image)| image.deprecated_on.is_none_or(|on| on > wanted + MINUTE)).map(
            |(region, image)| async move {
                let place = self.owner.place(region);
                let what = format!("call {} deprecated from {wanted:.0} on", named(image));
                work.steps.take(&place, what, || images::deprecate(&place, &image.id, wanted)).await
            },
        ))
        .await
        .map(drop)
    }

    /// Grants on keys, then permissions of snapshots, then of images: whoever may launch an image can. Grants of who may no
    /// longer are taken back after that.
    pub(super) async fn shared(&self, work: &Work<'_>, found: &Found) -> Result<(), Error> {
        all(found.iter().map(|(region, image)| async move {
            let place = self.owner.place(region);
            let ended = self.granted(work, &place).await?;
            for snapshot in snapshot_ids(image) {
                self.snapshot_shared(work, &place, &snapshot).await?;
            }
            self.image_shared(work, &place, image).await?;
            for (key, granted) in ended {
                let what = format!("no longer let {} use the key {key}", granted.account);
                work.steps.take(&place, what, || keys::revoke(&place, &key, &granted)).await?;
            }
            Ok(())
        }))
        .await
        .map(drop)
    }

    /// Gives the grants that are lacking, and gives back those that are to end, each with its key. Only grants of this family's
    /// own are looked at: others may be on the key as well.
    async fn granted(&self, work: &Work<'_>, place: &Place) -> Result<Vec<(String, Granted)>, Error> {
        let share = &self.to.share;
        let Some(key) = self.key_name(place) else { return Ok(Vec::new()) };
        let key = self.key(place, key).await.map_err(failed)?;
        // On one of AWS's own nobody can have a grant of ours.
        if !key.customer {
            return Ok(Vec::new());
        }
        let wanted = if share.grants { share.accounts.clone() } else { Default::default() };
        let grants = Grants::new(&self.to.channels.prefix, &self.settings.family);
        let there = grants.there(place, &key.arn).await.map_err(failed)?;
        for account in wanted.iter().filter(|account| there.iter().all(|one| one.account != **account)) {
            let what = format!("let {account} use the key {}", key.arn);
            let change = || grants.give(place, &key.arn, &self.to.partition, account);
            work.steps.take(place, what, change).await?;
        }
        let ended = there.into_iter().filter(|one| !wanted.contains(&one.account));
        Ok(ended.map(|one| (key.arn.clone(), one)).collect())
    }

    async fn snapshot_shared(&self, work: &Work<'_>, place: &Place, snapshot: &str) -> Result<(), Error> {
        let share = &self.to.share;
        let accounts = if share.snapshots { share.accounts.clone() } else { Default::default() };
        let wanted = Permissions { accounts, ..Permissions::default() };
        let there = images::volume_permissions(place, snapshot).await.map_err(failed)?;
        let (add, remove) = (wanted.without(&there), there.without(&wanted));
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let change = || images::share_snapshot(place, snapshot, &add, &remove);
        work.steps.take(place, sharing(snapshot, &add, &remove), change).await.map(drop)
    }

    async fn image_shared(&self, work: &Work<'_>, place: &Place, image: &FoundImage) -> Result<(), Error> {
        let share = &self.to.share;
        let wanted = Permissions {
            everybody: false,
            accounts: share.accounts.clone(),
            organizations: share.organizations.clone(),
            organizational_units: share.organizational_units.clone(),
        };
        let there = match image.id.as_str() {
            "" => Permissions::default(),
            id => images::launch_permissions(place, id).await.map_err(failed)?,
        };
        let (add, remove) = (wanted.without(&there), there.without(&wanted));
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let change = || images::share_image(place, &image.id, &add, &remove);
        work.steps.take(place, sharing(named(image), &add, &remove), change).await.map(drop)
    }

    /// The name of the parameter that shows a release for ever.
    pub(super) fn release_parameter(&self, id: &ReleaseId) -> String {
        release_parameter(&self.to.channels.prefix, &self.settings.family, id)
    }

    /// Writes the parameter of the release everywhere. One with another value is never overwritten.
    pub(super) async fn numbered(&self, work: &Work<'_>, found: &Found) -> Result<(), Error> {
        let name = &self.release_parameter(&work.id);
        all(self.shelves().into_iter().map(|place| async move {
            let Some(image) = found.get(&place.region) else { return Ok(()) };
            match parameters::get(&place, name).await.map_err(failed)? {
                Some(there) if there.value == image.id => return Ok(()),
                Some(there) => return Err(written_otherwise(&place, name, &there.value, &image.id)),
                None => {}
            }
            if work.steps.only_planned() {
                let what = format!("write {name} = {}", named(image));
                work.steps.tell(Change { place: steps::shown(&place), what });
                return Ok(());
            }
            self.written_once(&place, name, &image.id).await
        }))
        .await
        .map(drop)
    }

    async fn written_once(&self, place: &Place, name: &str, value: &str) -> Result<(), Error> {
        self.tried(place, name, value, async || {
            // There is one already, or one that is not seen yet: what it shows decides.
            parameters::create(place, name, value).await.map(drop)
        })
        .await?
        .map_or(Ok(()), |shows| Err(written_otherwise(place, name, &shows, value)))
    }

    /// Protects the images from being deregistered: the very last step, for it stands in the way of taking back.
    pub(super) async fn protect(&self, id: &ReleaseId) -> Result<(), Error> {
        let Some(record) = self.release(id).await? else { return Ok(()) };
        let found = self.images_of(&record.value).await?;
        self.sealed(&Steps::taken(self), &found).await
    }

    pub(super) async fn sealed(&self, steps: &Steps<'_>, found: &Found) -> Result<(), Error> {
        let cooldown = match self.to.protection {
            Protection::Off => return Ok(()),
            Protection::On => false,
            Protection::WithCooldown => true,
        };
        all(found.iter().filter(|(_, image)| !image.protected).map(|(region, image)| async move {
            let place = self.owner.place(region);
            let what = format!("protect {} from being deregistered", named(image));
            steps.take(&place, what, || images::protect(&place, &image.id, cooldown)).await
        }))
        .await
        .map(drop)
    }
}

/// The same, below a prefix and in a family.
pub(super) fn release_parameter(prefix: &str, family: &str, id: &ReleaseId) -> String {
    let digits: String = id.to_string().chars().take(16).collect();
    format!("{prefix}/{family}/releases/{digits}/image_id")
}

fn written_otherwise(place: &Place, name: &str, shows: &str, wanted: &str) -> Error {
    Error::Unfit {
        image: ImageId::new(wanted),
        why: format!(
            "the parameter {name} in {}, which is written once and for ever, shows {shows}: find out who wrote it",
            steps::shown(place)
        ),
    }
}

/// An image, for people; one that a plan only speaks of has no id yet.
pub(super) fn named(image: &FoundImage) -> &str {
    match image.id.as_str() {
        "" => "the copy",
        id => id,
    }
}

fn sharing(what: &str, add: &Permissions, remove: &Permissions) -> String {
    let mut parts = Vec::new();
    if !add.is_empty() {
        parts.push(format!("share {what} with {}", add.names().join(", ")));
    }
    if !remove.is_empty() {
        parts.push(format!("no longer share {what} with {}", remove.names().join(", ")));
    }
    parts.join("; ")
}

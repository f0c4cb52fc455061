//! A release from its first step to its last, and how it is described.

use std::collections::BTreeMap;

use archive::Record;
use futures_util::future::join;
use provider::{
    Change, ChannelName, Created, Error, Image, ImageId, Name, NewImage, Published, RawDisk, ReleaseId,
    Source, State,
};

use super::images::{self, FoundImage, Tags};
use super::records::{Release, release_key};
use super::steps::Steps;
use super::{Aws, CONTENT_TAG, RELEASE_TAG, failed, remote};

/// A release that is being made.
pub(super) struct Work<'a> {
    pub(super) new: &'a NewImage,
    pub(super) id: ReleaseId,
    /// The image that was handed over; what it will be called if it is made here, of disks.
    pub(super) source: ImageId,
    /// The disks that it is made of.
    pub(super) disks: Option<&'a [RawDisk]>,
    /// The tags of every image and snapshot of it.
    pub(super) tags: Tags,
    pub(super) steps: Steps<'a>,
}

impl<'a> Work<'a> {
    fn new(aws: &Aws, new: &'a NewImage, steps: Steps<'a>) -> Result<Self, Error> {
        let id = new.release.id().map_err(remote)?;
        let (source, disks) = match &new.source {
            Source::Adopt(source) => (source.clone(), None),
            Source::Raw(disks) => (ImageId::new(image_name(&new.release.name, &id)), Some(disks.as_slice())),
        };
        let mut tags = aws.to.tags.clone();
        tags.insert(RELEASE_TAG.to_owned(), id.to_string());
        tags.insert(CONTENT_TAG.to_owned(), new.release.content_digest.to_string());
        tags.insert("Name".to_owned(), new.release.name.to_string());
        Ok(Self { new, id, source, disks, tags, steps })
    }

    /// What copies are called, and what is made of disks: CopyImage lets two images have one name, RegisterImage does not.
    pub(super) fn image_name(&self) -> String {
        image_name(&self.new.release.name, &self.id)
    }
}

/// What the images of a release are called that publishing makes.
pub(super) fn image_name(name: &Name, id: &ReleaseId) -> String {
    let digits: String = id.to_string().chars().take(12).collect();
    let name: String = name.as_str().chars().take(115).collect();
    format!("{name}-{digits}")
}

impl Aws {
    /// Makes a release, or finds it made: each step looks first.
    pub(super) async fn publish(&self, new: &NewImage) -> Result<Created, Error> {
        let work = Work::new(self, new, Steps::taken(self))?;
        self.lease.hold().await?;
        let record = self.opened(&work).await?;
        let released_before = record.value.published_on.is_some();
        let record = self.made(&work, record).await?;
        let image = self.described(&record.value).await?;
        // What is made of disks is new, but for another run's.
        Ok(Created { image, adopted: work.disks.is_none() || released_before, released_before })
    }

    /// What publishing would change.
    pub(super) async fn planned(
        &self,
        new: &NewImage,
        channel: Option<&ChannelName>,
    ) -> Result<Vec<Change>, Error> {
        let work = Work::new(self, new, Steps::planned(self))?;
        let images = match self.release(&work.id).await? {
            Some(record) if record.value.retired_on.is_none() => {
                self.of_our_family(&record.value).await?;
                record.value.images
            }
            _ => BTreeMap::new(),
        };
        let home = self.adopted(&work, images.get(&self.to.home)).await?;
        let found = self.copies_there(&work, &home, &images).await?;
        self.marked(&work, &home, &found).await?;
        self.deprecated(&work, &found, new.at).await?;
        self.shared(&work, &found).await?;
        self.numbered(&work, &found).await?;
        if let Some(channel) = channel {
            self.would_point(&work, channel, &found).await?;
        }
        self.sealed(&work.steps, &found).await?;
        Ok(work.steps.told())
    }

    async fn made(&self, work: &Work<'_>, record: Record<Release>) -> Result<Record<Release>, Error> {
        let home = self.adopted(work, record.value.images.get(&self.to.home)).await?;
        let (record, found) = self.copied(work, &home, record).await?;
        // Nothing that differs from its source is ever shared.
        self.marked(work, &home, &found).await?;
        let record = self.proven(work, &found, record).await?;
        let begun_on = record.value.begun_on;
        let (deprecated, shared) =
            join(self.deprecated(work, &found, begun_on), self.shared(work, &found)).await;
        deprecated.and(shared)?;
        self.numbered(work, &found).await?;
        if record.value.published_on.is_some() {
            return Ok(record);
        }
        let done = Release { published_on: Some(work.new.at), ..record.value.clone() };
        self.rewritten(&record, done).await
    }

    /// The record of a release that is being made: begun now, or before.
    async fn opened(&self, work: &Work<'_>) -> Result<Record<Release>, Error> {
        let (new, there) = (work.new, self.release(&work.id).await?);
        let fresh = Release {
            release_id: work.id,
            name: new.release.name.clone(),
            family: Some(self.settings.family.clone()),
            content_digest: new.release.content_digest,
            manifest: new.manifest.clone(),
            begun_on: new.at,
            images: BTreeMap::new(),
            published_on: None,
            retired_on: None,
            protected_until: None,
        };
        match there {
            Some(there) if there.value.retired_on.is_none() => {
                if there.value.manifest != new.manifest {
                    return Err(Error::Conflict { image: work.source.clone(), what: "manifest" });
                }
                self.kept_in_family(there).await
            }
            Some(retired) => {
                // Its tokens are used up: they give the images that were deregistered.
                let images = retired.value.images.iter();
                let images = images.map(|(region, copied)| (region.clone(), copied.gone()));
                let fresh = Release { images: images.collect(), ..fresh };
                self.rewritten(&retired, fresh).await
            }
            None => match self.records.write(&release_key(&work.id), &fresh, None).await.map_err(remote)? {
                Some(record) => Ok(record),
                None => Err(Error::Lost { what: self.records.place(&release_key(&work.id)) }),
            },
        }
    }

    /// A release's record.
    pub(super) async fn release(&self, id: &ReleaseId) -> Result<Option<Record<Release>>, Error> {
        let record = self.records.read::<Release>(&release_key(id)).await.map_err(remote)?;
        match record {
            Some(record) if record.value.release_id != *id => Err(Error::Lost {
                what: format!("{}, which is of another release,", self.records.place(&release_key(id))),
            }),
            record => Ok(record),
        }
    }

    /// Writes a release's record anew.
    pub(super) async fn rewritten(
        &self,
        record: &Record<Release>,
        value: Release,
    ) -> Result<Record<Release>, Error> {
        if record.value == value {
            return Ok(record.clone());
        }
        self.lease.hold().await?;
        let key = release_key(&record.value.release_id);
        match self.records.write(&key, &value, Some(record)).await.map_err(remote)? {
            Some(record) => Ok(record),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }

    /// The release that an image of the home region is of: its tag says so, and the release's record.
    pub(super) async fn release_of(&self, image: &ImageId) -> Result<Record<Release>, Error> {
        let none = || Error::NoImage(image.clone());
        let found = images::image(&self.home(), image.as_str()).await.map_err(failed)?.ok_or_else(none)?;
        let id = found.tags.get(RELEASE_TAG).ok_or_else(|| Error::Unfit {
            image: image.clone(),
            why: format!("it has no tag {RELEASE_TAG}, so it was not published from here"),
        })?;
        let id: ReleaseId = id.parse().map_err(|_| Error::Unfit {
            image: image.clone(),
            why: format!("its tag {RELEASE_TAG} is no release id"),
        })?;
        let record = self.release(&id).await?.ok_or_else(|| Error::Unfit {
            image: image.clone(),
            why: format!("there is no {}", self.records.place(&release_key(&id))),
        })?;
        let home = record.value.images.get(&self.to.home).map(|copied| copied.image.as_str());
        if home != Some(image.as_str()) {
            let own = home.filter(|own| !own.is_empty()).unwrap_or("none yet");
            return Err(Error::Unfit {
                image: image.clone(),
                why: format!(
                    "its tag {RELEASE_TAG} names the release {id}, whose image is {own}: find out who set it"
                ),
            });
        }
        Ok(record)
    }

    /// A release's image as the provider's caller knows it: that of the home region.
    pub(super) async fn described(&self, record: &Release) -> Result<Image, Error> {
        let home = self.home();
        let id = record.images.get(&home.region).map(|copied| copied.image.clone()).unwrap_or_default();
        let found = images::image(&home, &id).await.map_err(failed)?;
        let found = found.ok_or_else(|| Error::NoImage(ImageId::new(id.clone())))?;
        Ok(Image {
            state: state(&found, self.now()),
            location: format!("arn:{}:ec2:{}::image/{id}", self.to.partition, home.region),
            regions: record
                .images
                .iter()
                .map(|(region, copied)| (region.clone(), ImageId::new(copied.image.as_str())))
                .collect(),
            id: ImageId::new(id),
            content_digest: record.content_digest,
            manifest: record.manifest.clone(),
            created_on: record.begun_on,
            releases: record
                .published_on
                .map(|on| Published { id: record.release_id, name: record.name.clone(), published_on: on })
                .into_iter()
                .collect(),
        })
    }
}

fn state(image: &FoundImage, now: jiff::Timestamp) -> State {
    match image.state.as_str() {
        "disabled" => State::Disabled,
        _ if image.deprecated_on.is_some_and(|on| on <= now) => State::Deprecated,
        _ => State::Available,
    }
}

//! Channels: one parameter in every region and account, moved together or not at all. The canary region goes first. What
//! each parameter showed is written down before the first one moves; if one cannot follow, all go back.

use std::collections::BTreeMap;
use std::rc::Rc;

use archive::Record;
use futures_util::future::join_all;
use jiff::Timestamp;
use provider::{Change, Channel, ChannelName, Entry, Error, ImageId, Move, ReleaseId, Repointed, Step};

use super::copies::Found;
use super::records::{Moving, Release, Shown, channel_key};
use super::release::Work;
use super::share::named;
use super::{Aws, all, failed, parameters, remote, steps};
use crate::{Failure, Fate, Place};

/// How far back a channel can be rolled. The history keeps the last steps.
const KEPT: usize = 50;
/// How many steps the history keeps.
const REMEMBERED: usize = 500;

impl Aws {
    /// A channel's record.
    pub(super) async fn shown(&self, channel: &ChannelName) -> Result<Option<Record<Shown>>, Error> {
        self.records.read::<Shown>(&channel_key(channel)).await.map_err(remote)
    }

    /// The name of a channel's parameter, the same everywhere.
    pub(super) fn parameter(&self, channel: &ChannelName) -> String {
        format!("{}/{}/{}", self.to.channels.prefix, channel.family(), channel.name())
    }

    /// Points a channel at a release, everywhere.
    pub(super) async fn point(
        &self,
        channel: &ChannelName,
        release: &ReleaseId,
        at: Timestamp,
    ) -> Result<Repointed, Error> {
        self.lease.hold().await?;
        let record = self.release(release).await?.map(|record| record.value);
        let record = record.filter(Release::is_out);
        let record =
            record.ok_or_else(|| Error::NoImage(ImageId::new(format!("of the release {release}"))))?;
        let to = self.entry(&record);
        if let Some(why) = self.speaks_against(&record).await? {
            return Err(Error::Unfit { image: to.image_id, why });
        }
        let shown = self.shown(channel).await?;
        let current = shown.as_ref().and_then(|shown| shown.value.channel.clone());
        let moving = shown.as_ref().is_some_and(|shown| shown.value.moving.is_some());
        if let Some(current) = current.as_ref().filter(|current| current.current == to && !moving)
            && self.shows(channel, &record).await?
        {
            return Ok(as_it_is(current.clone()));
        }
        let from = current.as_ref().map(|current| current.current.clone());
        let again = from.as_ref() == Some(&to);
        let next = match current {
            // Somebody changed a parameter by hand: it is set right, and that is no step of the channel.
            Some(current) if again => current,
            current => {
                let (mut prior, mut history) =
                    current.map(|current| (current.prior, current.history)).unwrap_or_default();
                prior.splice(0..0, from.clone());
                prior.truncate(KEPT);
                history.push(Move { at, step: Step::Set, from, to: to.clone() });
                Channel { channel: channel.clone(), current: to, prior, history }
            }
        };
        self.moved(channel, shown, &record, next, Step::Set).await
    }

    /// Points a channel back to what it showed before, everywhere.
    pub(super) async fn point_back(
        &self,
        channel: &ChannelName,
        leaving: &ReleaseId,
        at: Timestamp,
    ) -> Result<Repointed, Error> {
        self.lease.hold().await?;
        let shown = self.shown(channel).await?;
        let none = || Error::NoChannel(channel.clone());
        let current = shown.as_ref().and_then(|shown| shown.value.channel.clone()).ok_or_else(none)?;
        if current.current.release_id != *leaving {
            return match left(&current, leaving) {
                true => Ok(as_it_is(current)),
                false => Err(Error::Superseded { channel: channel.clone(), shows: current.current.image_id }),
            };
        }
        let mut prior = current.prior.into_iter();
        let to = prior.next().ok_or_else(|| Error::NoPrior(channel.clone()))?;
        let record = self.usable(channel, &to).await?;
        let mut history = current.history;
        history.push(Move { at, step: Step::Restore, from: Some(current.current), to: to.clone() });
        let next = Channel { channel: channel.clone(), current: to, prior: prior.collect(), history };
        self.moved(channel, shown, &record, next, Step::Restore).await
    }

    /// What a plan tells about a channel.
    pub(super) async fn would_point(
        &self,
        work: &Work<'_>,
        channel: &ChannelName,
        found: &Found,
    ) -> Result<(), Error> {
        let name = self.parameter(channel);
        let mut shown = self.values(&name).await?;
        for place in self.in_order().into_iter().flatten() {
            let there = shown.remove(&steps::shown(&place)).flatten();
            let wanted = found.get(&place.region).map(named).unwrap_or_default();
            if there.as_deref() != Some(wanted) {
                let before = there.map(|there| format!(" (now {there})")).unwrap_or_default();
                work.steps.tell(Change {
                    place: steps::shown(&place),
                    what: format!("point {name} at {wanted}{before}"),
                });
            }
        }
        Ok(())
    }

    /// Moves every parameter, the canary's first; writes down before and after.
    async fn moved(
        &self,
        channel: &ChannelName,
        shown: Option<Record<Shown>>,
        record: &Release,
        next: Channel,
        step: Step,
    ) -> Result<Repointed, Error> {
        let name = self.parameter(channel);
        // A step that was begun and killed has changed some of them already: what they showed before that counts.
        let before = match shown.as_ref().and_then(|shown| shown.value.moving.as_ref()) {
            Some(moving) => moving.before.clone(),
            None => self.values(&name).await?,
        };
        let moving = Moving { to: next.current.clone(), step, before: before.clone() };
        let value = Shown {
            channel: shown.as_ref().and_then(|shown| shown.value.channel.clone()),
            moving: Some(moving),
        };
        let shown = self.noted(channel, shown.as_ref(), value).await?;
        if let Err(error) = self.move_all(&name, record).await {
            // A failure of which nobody knows what it left is taken up by the next run; a refusal goes back now.
            if is_refusal(&error) {
                self.say(&format!("{name} cannot be moved everywhere: going back to what it showed"));
                self.back(&name, &before).await?;
                let value = Shown { channel: shown.value.channel.clone(), moving: None };
                self.noted(channel, Some(&shown), value).await?;
            }
            return Err(error);
        }
        let mut next = next;
        let surplus = next.history.len().saturating_sub(REMEMBERED);
        next.history.drain(..surplus);
        let value = Shown { channel: Some(next.clone()), moving: None };
        self.noted(channel, Some(&shown), value).await?;
        Ok(Repointed { changed: true, ..as_it_is(next) })
    }

    async fn move_all(&self, name: &str, record: &Release) -> Result<(), Error> {
        for shelves in self.in_order() {
            let moved = join_all(shelves.iter().map(|place| async move {
                let image = record.images.get(&place.region).map(|copied| copied.image.as_str());
                let Some(image) = image else {
                    return Err(Error::Unfit {
                        image: ImageId::new(record.name.as_str()),
                        why: format!("it has no image in {}: publish it there first", place.region),
                    });
                };
                self.shelved(place, name, image).await
            }));
            // One refusal among failures of which nobody knows what they left does not make them known.
            let (known, unknown): (Vec<_>, Vec<_>) =
                moved.await.into_iter().filter_map(Result::err).partition(is_refusal);
            if let Some(error) = unknown.into_iter().chain(known).next() {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn shelved(&self, place: &Place, name: &str, image: &str) -> Result<(), Error> {
        if parameters::get(place, name).await.map_err(failed)?.is_some_and(|there| there.value == image) {
            return Ok(());
        }
        self.say(&format!("{}: {name} is pointed at {image}", steps::shown(place)));
        match self.tried(place, name, image, async || parameters::overwrite(place, name, image).await).await?
        {
            None => Ok(()),
            Some(shows) => Err(Error::Unfit {
                image: ImageId::new(image),
                why: format!(
                    "{name} in {} still shows {shows}: the Systems Manager took it and did not accept it, as it does with an image that the account {} cannot use",
                    steps::shown(place),
                    place.account
                ),
            }),
        }
    }

    /// Sets parameters to what they showed; one that was not there is deleted.
    async fn back(&self, name: &str, before: &BTreeMap<String, Option<String>>) -> Result<(), Error> {
        all(self.shelves().into_iter().map(|place| async move {
            match before.get(&steps::shown(&place)) {
                Some(Some(value)) => self.shelved(&place, name, value).await,
                Some(None) => {
                    self.lease.hold().await?;
                    parameters::delete(&place, name).await.map_err(failed)
                }
                None => Ok(()),
            }
        }))
        .await
        .map(drop)
    }

    /// What a parameter shows everywhere.
    async fn values(&self, name: &str) -> Result<BTreeMap<String, Option<String>>, Error> {
        let values = all(self.shelves().into_iter().map(|place| async move {
            let there = parameters::get(&place, name).await.map_err(failed)?;
            Ok((steps::shown(&place), there.map(|there| there.value)))
        }))
        .await?;
        Ok(values.into_iter().collect())
    }

    /// Whether a channel's parameters show a release everywhere.
    async fn shows(&self, channel: &ChannelName, record: &Release) -> Result<bool, Error> {
        let values = self.values(&self.parameter(channel)).await?;
        Ok(self.shelves().iter().all(|place| {
            let image = record.images.get(&place.region).map(|copied| &copied.image);
            values.get(&steps::shown(place)).is_some_and(|value| value.as_ref() == image && image.is_some())
        }))
    }

    /// The canary region of every account, and then the others.
    fn in_order(&self) -> [Vec<Rc<Place>>; 2] {
        let (canary, others) =
            self.shelves().into_iter().partition(|place| place.region == self.to.channels.canary);
        [canary, others]
    }

    async fn noted(
        &self,
        channel: &ChannelName,
        seen: Option<&Record<Shown>>,
        value: Shown,
    ) -> Result<Record<Shown>, Error> {
        if let Some(seen) = seen.filter(|seen| seen.value == value) {
            return Ok(seen.clone());
        }
        self.lease.hold().await?;
        let key = channel_key(channel);
        match self.records.write(&key, &value, seen).await.map_err(remote)? {
            Some(record) => Ok(record),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }

    fn entry(&self, record: &Release) -> Entry {
        let image = record.images.get(&self.to.home).map(|copied| copied.image.clone());
        Entry {
            release_id: record.release_id,
            image_id: ImageId::new(image.unwrap_or_default()),
            content_digest: record.content_digest,
            name: record.name.clone(),
        }
    }

    /// A channel must not go back to an image that is gone, disabled or something else anywhere.
    async fn usable(&self, channel: &ChannelName, entry: &Entry) -> Result<Release, Error> {
        let unavailable = |why: String| Error::PriorUnavailable {
            channel: channel.clone(),
            image: entry.image_id.clone(),
            why,
        };
        let record = self.release(&entry.release_id).await?.map(|record| record.value);
        let record = record.ok_or_else(|| unavailable("nothing is written down of its release".into()))?;
        if record.retired_on.is_some() {
            return Err(unavailable("it was retired".into()));
        }
        if let Some(family) = record.family.as_ref().filter(|family| *family != channel.family()) {
            return Err(unavailable(format!("it is of the family {family}")));
        }
        match self.speaks_against(&record).await? {
            Some(why) => Err(unavailable(why)),
            None => Ok(record),
        }
    }
}

/// Whether a step was refused, so that it is known what it left: nothing.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::PriorUnavailable { .. } | Error::Unfit { .. } | Error::TimedOut { .. } => true,
        Error::Remote(source) => {
            source.downcast_ref::<Failure>().is_some_and(|failure| failure.fate == Fate::Refused)
        }
        _ => false,
    }
}

/// Whether the channel's last step was the rollback from this release.
fn left(shown: &Channel, release: &ReleaseId) -> bool {
    shown.history.last().is_some_and(|last| {
        last.step == Step::Restore && last.from.as_ref().is_some_and(|from| from.release_id == *release)
    })
}

fn as_it_is(channel: Channel) -> Repointed {
    let from = channel.history.last().and_then(|last| last.from.clone());
    Repointed { channel, from, changed: false }
}

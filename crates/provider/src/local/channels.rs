//! Channels: pointed at a release, and back. One file holds what is shown, what was, and every step, so that they
//! cannot disagree; replacing it is the one step.

use jiff::Timestamp;

use super::records::Change;
use super::write::Held;
use crate::{Channel, ChannelName, Entry, Error, ImageId, Move, ReleaseId, Repointed, State, Step};

/// How far back a channel can be rolled. The history keeps every step.
const KEPT: usize = 50;

impl Held<'_> {
    /// Points a channel at a release that was published.
    pub(super) fn set(
        &self,
        channel: &ChannelName,
        release: &ReleaseId,
        at: Timestamp,
    ) -> Result<Repointed, Error> {
        let to = self.entry(release)?;
        let shown = self.store.shown_by(channel)?;
        if let Some(shown) = &shown
            && shown.current == to
        {
            return Ok(as_it_is(shown.clone()));
        }
        if self.store.image(&to.image_id, false)?.state == State::Disabled {
            return Err(Error::Disabled(to.image_id));
        }
        let from = shown.as_ref().map(|shown| shown.current.clone());
        let (mut prior, mut history) = shown.map(|shown| (shown.prior, shown.history)).unwrap_or_default();
        prior.splice(0..0, from.clone());
        prior.truncate(KEPT);
        history.push(Move { at, step: Step::Set, from, to: to.clone() });
        self.repoint(Channel { channel: channel.clone(), current: to, prior, history })
    }

    /// Points a channel back to what it showed before the release that it is to leave.
    pub(super) fn restore(
        &self,
        channel: &ChannelName,
        leaving: &ReleaseId,
        at: Timestamp,
    ) -> Result<Repointed, Error> {
        let shown = self.store.shown_by(channel)?.ok_or_else(|| Error::NoChannel(channel.clone()))?;
        if shown.current.release_id != *leaving {
            return if left(&shown, leaving) {
                Ok(as_it_is(shown))
            } else {
                Err(Error::Superseded { channel: channel.clone(), shows: shown.current.image_id })
            };
        }
        let mut prior = shown.prior.into_iter();
        let to = prior.next().ok_or_else(|| Error::NoPrior(channel.clone()))?;
        self.check_prior(channel, &to.image_id)?;
        let mut history = shown.history;
        history.push(Move { at, step: Step::Restore, from: Some(shown.current), to: to.clone() });
        self.repoint(Channel { channel: channel.clone(), current: to, prior: prior.collect(), history })
    }

    fn repoint(&self, channel: Channel) -> Result<Repointed, Error> {
        self.about_to(&Change::Repoint { channel: channel.channel.clone() })?;
        self.put(&self.store.layout.channel(&channel.channel), &channel)?;
        self.done()?;
        Ok(Repointed { changed: true, ..as_it_is(channel) })
    }

    fn entry(&self, release: &ReleaseId) -> Result<Entry, Error> {
        let record = self
            .store
            .release(release)?
            .ok_or_else(|| Error::NoImage(ImageId::new(format!("of the release {release}"))))?;
        Ok(Entry {
            release_id: record.release_id,
            image_id: record.image_id,
            content_digest: record.content_digest,
            name: record.name,
        })
    }

    /// A channel must not go back to an image that is gone, disabled, or no longer what it was.
    fn check_prior(&self, channel: &ChannelName, image: &ImageId) -> Result<(), Error> {
        let why = match self.store.image(image, true) {
            Ok(found) if found.state != State::Disabled => return Ok(()),
            Ok(_) => "it is disabled".into(),
            Err(error @ (Error::NoImage(_) | Error::Damaged { .. } | Error::Digest { .. })) => {
                error.to_string()
            }
            Err(error) => return Err(error),
        };
        Err(Error::PriorUnavailable { channel: channel.clone(), image: image.clone(), why })
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

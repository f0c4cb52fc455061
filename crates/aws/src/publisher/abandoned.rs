//! Publishes that were begun, killed, and never run again: what they have left, and ending it.
//!
//! The tag of a release is on what was published and on what was to be. Which of the two, its record in the journal says and
//! nothing else; so what has no record here is another journal's, and stays. What a publish made goes, if nothing whatever
//! refers to it: copies, images of disks, snapshots. The image that it was handed over was there before, and stays.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use archive::Records;
use jiff::Timestamp;
use provider::{Error, Name, ReleaseId};

use super::adopt::snapshot_ids;
use super::images::{self, FoundImage, FoundSnapshot, Permissions};
use super::lease::{Clock, Holder, Lease};
use super::records::{CHANNELS, RELEASES, Release, Shown};
use super::release::image_name;
use super::share::release_parameter;
use super::{RELEASE_TAG, all, failed, parameters, ready, references, remote};
use crate::distribution::Distribution;
use crate::reaper::{self, Kind, Leftover, Pace};
use crate::{Account, Place};

/// How long a snapshot is tried whose image went a moment ago. The lease is held for longer.
const PACE: Pace = Pace { pause: Duration::from_secs(5), tries: 12 };

/// How many records are read beside each other.
const BESIDE: usize = 32;

/// Something in AWS that has the tag of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// What, and where.
    pub what: Leftover,
    /// When it was made, if AWS says so.
    pub created_on: Option<Timestamp>,
}

/// A release that was begun and never published, and what is there of it in the regions that were looked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Which.
    pub release: ReleaseId,
    /// Under which name it was to be published.
    pub name: Name,
    /// When it was begun.
    pub begun_on: Timestamp,
    /// What the publish made, in the order in which it can be deleted.
    pub made: Vec<Thing>,
    /// What was there before, or cannot be told from that.
    pub kept: Vec<Thing>,
    /// Why nothing of it is to be deleted. Empty: nothing speaks against it but its age.
    pub stays: Vec<String>,
}

impl Unfinished {
    /// Whether everything that the publish made is as old as that. What nobody knows the age of is not.
    #[must_use]
    pub fn is_of_before(&self, moment: Timestamp) -> bool {
        self.made.iter().all(|thing| thing.created_on.is_some_and(|on| on <= moment))
    }
}

/// What a look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Releases that were begun and never published.
    pub unfinished: Vec<Unfinished>,
    /// Releases that this journal has no record of: another one's, or nobody knows.
    pub elsewhere: BTreeSet<ReleaseId>,
    /// Tags that are no release's.
    pub unclear: Vec<String>,
}

type Written = BTreeMap<ReleaseId, Release>;

/// The publishes of a journal, as they are to be seen in some regions of the owner's account.
pub struct Publishes<'a> {
    to: &'a Distribution,
    records: Rc<Records>,
    places: Vec<Rc<Place>>,
    holder: Holder,
    clock: Clock,
}

impl<'a> Publishes<'a> {
    /// Of the account that the distribution names, in these regions. Nothing is asked yet.
    ///
    /// # Errors
    /// The credentials are of another account or partition.
    pub fn new(
        owner: &Account,
        to: &'a Distribution,
        records: Records,
        regions: &[String],
        holder: Holder,
        clock: Clock,
    ) -> Result<Self, Error> {
        ready::is_owner(owner, to)?;
        let places = regions.iter().map(|region| owner.place(region)).collect();
        Ok(Self { to, records: Rc::new(records), places, holder, clock })
    }

    /// Looks. Nothing is changed.
    ///
    /// # Errors
    /// Something cannot be looked at, or a record does not read: then nothing is known of any release.
    pub async fn unfinished(&self) -> Result<Found, Error> {
        let written = self.written().await?;
        let mut ids = BTreeSet::new();
        for place in &self.places {
            let tagged = reaper::tagged(place, RELEASE_TAG).await.map_err(failed)?;
            ids.extend(tagged.into_values().map(|(_, id)| id));
        }
        let mut found = Found::default();
        for id in ids {
            let Ok(release) = id.parse::<ReleaseId>() else {
                found
                    .unclear
                    .push(format!("the tag {RELEASE_TAG}={id} is no release's: find out who set it"));
                continue;
            };
            match written.get(&release) {
                None => {
                    found.elsewhere.insert(release);
                }
                Some(record) if is_unfinished(record) => {
                    let mut judged = self.judged(record, &written).await?;
                    judged.stays.extend(self.is_held(record).await?);
                    found.unfinished.push(judged);
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }

    /// Ends one of these, if all of it is as old as that, under its family's lease: it is looked at once more, and nobody
    /// publishes meanwhile. Gives what is left, and why; each deletion is said to `on`.
    ///
    /// # Errors
    /// Something cannot be looked at; or the family is being published.
    pub async fn end(
        &self,
        release: &ReleaseId,
        before: Timestamp,
        on: &mut dyn FnMut(&Thing),
    ) -> Result<Vec<String>, Error> {
        let Some(record) = self.written().await?.remove(release) else { return Ok(Vec::new()) };
        let Some(family) = &record.family else { return Ok(vec![NO_FAMILY.to_owned()]) };
        let lease = self.lease(family);
        let ended = self.ended(&lease, release, before, on).await;
        lease.give_back().await?;
        ended
    }

    async fn ended(
        &self,
        lease: &Lease,
        release: &ReleaseId,
        before: Timestamp,
        on: &mut dyn FnMut(&Thing),
    ) -> Result<Vec<String>, Error> {
        lease.hold().await?;
        let written = self.written().await?;
        let Some(record) = written.get(release).filter(|record| is_unfinished(record)) else {
            return Ok(Vec::new());
        };
        let found = self.judged(record, &written).await?;
        if !found.stays.is_empty() {
            return Ok(found.stays);
        }
        if !found.is_of_before(before) {
            return Ok(vec!["something of it was made meanwhile".to_owned()]);
        }
        let mut left = Vec::new();
        for thing in &found.made {
            let Some(place) = self.places.iter().find(|place| place.region == thing.what.region) else {
                continue;
            };
            lease.hold().await?;
            let what = std::slice::from_ref(&thing.what);
            let remains = reaper::delete(place, what, PACE, &mut |_| on(thing)).await;
            left.extend(remains.into_iter().map(|left| format!("{}: {}", left.what, left.why)));
        }
        Ok(left)
    }

    /// All records of releases. One that does not read may be of anything.
    async fn written(&self) -> Result<Written, Error> {
        let mut written = Written::new();
        for keys in self.records.keys(RELEASES).await.map_err(remote)?.chunks(BESIDE) {
            let read = all(keys.iter().map(|key| async move {
                match self.records.read::<Release>(key).await.map_err(remote)? {
                    Some(record) if *key == super::records::release_key(&record.value.release_id) => {
                        Ok(Some(record.value))
                    }
                    Some(_) => Err(Error::Lost {
                        what: format!("{}, which is of another release,", self.records.place(key)),
                    }),
                    None => Ok(None),
                }
            }))
            .await?;
            written.extend(read.into_iter().flatten().map(|record| (record.release_id, record)));
        }
        Ok(written)
    }

    fn lease(&self, family: &str) -> Lease {
        let (records, clock) = (Rc::clone(&self.records), Rc::clone(&self.clock));
        Lease::new(records, family, self.holder.clone(), Duration::ZERO, clock)
    }

    /// Why a release is not to be touched now: somebody publishes its family, or nobody knows which that is.
    async fn is_held(&self, record: &Release) -> Result<Option<String>, Error> {
        let Some(family) = &record.family else { return Ok(Some(NO_FAMILY.to_owned())) };
        let held = self.lease(family).held_by().await?;
        Ok(held.map(|(by, until)| format!("{by} is publishing its family {family}, and has until {until}")))
    }

    /// What is there of a release, and what refers to any of it.
    async fn judged(&self, record: &Release, written: &Written) -> Result<Unfinished, Error> {
        let mut found = Unfinished {
            release: record.release_id,
            name: record.name.clone(),
            begun_on: record.begun_on,
            made: Vec::new(),
            kept: Vec::new(),
            stays: Vec::new(),
        };
        for place in &self.places {
            self.judged_in(place, record, written, &mut found).await?;
        }
        if !found.made.is_empty() {
            found.stays.extend(self.in_channels(record).await?);
        }
        found.made.sort_unstable();
        Ok(found)
    }

    async fn judged_in(
        &self,
        place: &Place,
        record: &Release,
        written: &Written,
        found: &mut Unfinished,
    ) -> Result<(), Error> {
        let id = record.release_id.to_string();
        let images = images::tagged(place, RELEASE_TAG, &id).await.map_err(failed)?;
        let snapshots = images::tagged_snapshots(place, RELEASE_TAG, &id).await.map_err(failed)?;
        let name = image_name(&record.name, &record.release_id);
        let (made, kept): (Vec<_>, Vec<_>) = images.into_iter().partition(|image| image.name == name);
        let disks = |images: &[FoundImage]| images.iter().flat_map(snapshot_ids).collect::<BTreeSet<_>>();
        let (of_made, of_kept) = (disks(&made), disks(&kept));
        let (ours, others): (Vec<_>, Vec<_>) = snapshots.into_iter().partition(|snapshot| {
            let alone = || is_of_publish(record, &name, snapshot);
            !of_kept.contains(&snapshot.id) && (of_made.contains(&snapshot.id) || alone())
        });
        for image in &made {
            found.stays.extend(against_image(place, image, record, written).await?);
        }
        for snapshot in &ours {
            found.stays.extend(against_snapshot(place, snapshot, &made).await?);
        }
        if !made.is_empty() {
            found.stays.extend(self.in_parameters(place, record, &made).await?);
        }
        let image = |image: &FoundImage| thing(place, Kind::Image, &image.id, image.created_on);
        let snapshot = |one: &FoundSnapshot| thing(place, Kind::Snapshot, &one.id, one.created_on);
        found.made.extend(made.iter().map(image).chain(ours.iter().map(snapshot)));
        found.kept.extend(kept.iter().map(image).chain(others.iter().map(snapshot)));
        Ok(())
    }

    /// Channels that have anything to do with a release, as their records say.
    async fn in_channels(&self, record: &Release) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for key in self.records.keys(CHANNELS).await.map_err(remote)? {
            let Some(shown) = self.records.read::<Shown>(&key).await.map_err(remote)? else { continue };
            let moving = shown.value.moving.into_iter().map(|moving| moving.to);
            let channel = shown.value.channel.into_iter();
            let named = channel.flat_map(|channel| channel.prior.into_iter().chain([channel.current]));
            if moving.chain(named).any(|entry| entry.release_id == record.release_id) {
                found.push(format!("{key} names it"));
            }
        }
        Ok(found)
    }

    /// Parameters of a region that show one of these images: the release's own, and each channel's.
    async fn in_parameters(
        &self,
        place: &Place,
        record: &Release,
        made: &[FoundImage],
    ) -> Result<Vec<String>, Error> {
        let prefix = &self.to.channels.prefix;
        let own = record.family.iter().map(|family| release_parameter(prefix, family, &record.release_id));
        let channels = self.records.keys(CHANNELS).await.map_err(remote)?;
        let channels = channels.iter().filter_map(|key| {
            Some(format!("{prefix}/{}", key.strip_prefix(CHANNELS)?.strip_suffix(".json")?))
        });
        let mut found = Vec::new();
        for name in own.chain(channels) {
            let shows = parameters::get(place, &name).await.map_err(failed)?.map(|there| there.value);
            if let Some(shows) = shows.filter(|shows| made.iter().any(|image| image.id == *shows)) {
                found.push(format!("the parameter {name} in {} shows {shows}", place.region));
            }
        }
        Ok(found)
    }
}

const NO_FAMILY: &str = "its record says no family, so nobody knows whether it is being published";

const fn is_unfinished(record: &Release) -> bool {
    record.published_on.is_none() && record.retired_on.is_none()
}

fn thing(place: &Place, kind: Kind, id: &str, created_on: Option<Timestamp>) -> Thing {
    let region = place.region.clone();
    Thing { what: Leftover { kind, id: id.to_owned(), region, run: None, expires: None }, created_on }
}

/// Whether a snapshot that no image is made of comes from a publish: it was begun for one of the release's disks, or AWS
/// copied it with the release's image.
fn is_of_publish(record: &Release, name: &str, snapshot: &FoundSnapshot) -> bool {
    let description = &snapshot.description;
    let written = description.strip_prefix(name).is_some_and(|device| device.starts_with(' '));
    let copied = record.images.values().filter(|copied| !copied.image.is_empty()).any(|copied| {
        let source = format!(" from SourceAmi {} ", copied.image);
        description.starts_with("Copied for DestinationAmi ") && description.contains(&source)
    });
    written || copied
}

/// What speaks against deregistering an image that a publish made.
async fn against_image(
    place: &Place,
    image: &FoundImage,
    record: &Release,
    written: &Written,
) -> Result<Vec<String>, Error> {
    let FoundImage { id, state, .. } = image;
    let mut found = Vec::new();
    if !matches!(state.as_str(), "available" | "failed" | "error" | "invalid") {
        found.push(format!("{id} in {} is {state}", place.region));
    }
    if image.protected {
        found.push(format!("{id} in {} is protected from being deregistered", place.region));
    }
    let permissions = images::launch_permissions(place, id).await.map_err(failed)?;
    found.extend(shared(place, id, &permissions));
    found.extend(references::machines(place, id).await.map_err(failed)?);
    found.extend(references::templates(place, id).await.map_err(failed)?);
    let others = written.values().filter(|other| other.release_id != record.release_id);
    let naming =
        others.filter(|other| other.images.get(&place.region).is_some_and(|copied| copied.image == *id));
    found.extend(naming.map(|other| format!("the release {} names {id} as its own", other.release_id)));
    Ok(found)
}

/// What speaks against deleting a snapshot that a publish made.
async fn against_snapshot(
    place: &Place,
    snapshot: &FoundSnapshot,
    made: &[FoundImage],
) -> Result<Vec<String>, Error> {
    let id = &snapshot.id;
    let permissions = images::volume_permissions(place, id).await.map_err(failed)?;
    let mut found: Vec<String> = shared(place, id, &permissions).into_iter().collect();
    let users = images::made_of(place, id).await.map_err(failed)?.into_iter();
    let others = users.filter(|user| made.iter().all(|image| image.id != user.id));
    found.extend(others.map(|user| format!("the image {} in {} is made of {id}", user.id, place.region)));
    Ok(found)
}

fn shared(place: &Place, id: &str, with: &Permissions) -> Option<String> {
    let named = || format!("{id} in {} is shared with {}", place.region, with.names().join(", "));
    (!with.is_empty()).then(named)
}

//! What bakes that were cancelled or killed have left in an account: found by tags alone, and deleted in an order that
//! works. What has no tag of ours is never looked at, but for [`copies`] of what has.

pub mod copies;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use aws_sdk_ec2::types::{Filter, ResourceType};
use jiff::Timestamp;

use crate::Place;
use crate::failure::{Answered, Failure, Fate, answer};

/// The tag that says which run of a bake made a thing.
pub const RUN: &str = "hallmark:run";
/// The tag that says until when the run may need it: RFC 3339. It is taken away when the image is finished.
pub const EXPIRES: &str = "hallmark:expires";
/// The tag of what was published, by its release. Nothing here deletes that.
pub const RELEASE: &str = "hallmark:release";

/// What kind of thing was left, in the order in which they can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A machine.
    Instance,
    /// What machines are started by.
    LaunchTemplate,
    /// A network interface.
    NetworkInterface,
    /// A disk.
    Volume,
    /// An image.
    Image,
    /// A snapshot of a disk.
    Snapshot,
    /// A security group.
    SecurityGroup,
    /// A key pair.
    KeyPair,
    /// Something that nothing here can delete.
    Other,
}

impl Kind {
    fn of(kind: Option<&ResourceType>) -> Self {
        match kind {
            Some(ResourceType::Instance) => Self::Instance,
            Some(ResourceType::LaunchTemplate) => Self::LaunchTemplate,
            Some(ResourceType::NetworkInterface) => Self::NetworkInterface,
            Some(ResourceType::Volume) => Self::Volume,
            Some(ResourceType::Image) => Self::Image,
            Some(ResourceType::Snapshot) => Self::Snapshot,
            Some(ResourceType::SecurityGroup) => Self::SecurityGroup,
            Some(ResourceType::KeyPair) => Self::KeyPair,
            _ => Self::Other,
        }
    }

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::LaunchTemplate => "launch template",
            Self::NetworkInterface => "network interface",
            Self::Volume => "volume",
            Self::Image => "image",
            Self::Snapshot => "snapshot",
            Self::SecurityGroup => "security group",
            Self::KeyPair => "key pair",
            Self::Other => "other resource",
        }
    }
}

/// One thing that was left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The region that it is in.
    pub region: String,
    /// The run that made it, if it says so.
    pub run: Option<String>,
    /// Until when it was needed, as its tag says.
    pub expires: Option<String>,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.kind.as_str(), self.id, self.region)
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// All that one run made and has not finished: what still says when it expires.
    Run(&'a str),
    /// All whose time was over at this moment.
    ExpiredAt(Timestamp),
}

/// How long to try.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two tries.
    pub pause: Duration,
    /// How often: instances take minutes to end, and what they use is held until then.
    pub tries: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { pause: Duration::from_secs(5), tries: 60 }
    }
}

/// Something that could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What.
    pub what: Leftover,
    /// Why not.
    pub why: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What can go, in the order in which it can.
    pub leftovers: Vec<Leftover>,
    /// What says when it expires in words that nobody understands: it stays, and somebody has to look.
    pub unclear: Vec<Left>,
}

/// Looks in one region. What is gone is left out, whatever its tags, as is everything that belongs to a release.
///
/// # Errors
/// A call fails.
pub async fn find(place: &Place, wanted: Wanted<'_>) -> Answered<Found> {
    let runs = tagged(place, RUN).await?;
    let expires = tagged(place, EXPIRES).await?;
    let released = tagged(place, RELEASE).await?;
    let mut found = Found::default();
    for (id, (kind, until)) in expires {
        if released.contains_key(&id) {
            continue;
        }
        let run = runs.get(&id).map(|(_, run)| run.clone());
        let leftover = Leftover { kind, id, region: place.region.clone(), run, expires: Some(until.clone()) };
        match wanted {
            Wanted::Run(wanted) if leftover.run.as_deref() == Some(wanted) => found.leftovers.push(leftover),
            Wanted::Run(_) => {}
            Wanted::ExpiredAt(now) => match until.parse::<Timestamp>() {
                Ok(until) if until < now => found.leftovers.push(leftover),
                Ok(_) => {}
                Err(_) => {
                    let why = format!("its tag {EXPIRES} is no time: {until:?}");
                    found.unclear.push(Left { what: leftover, why });
                }
            },
        }
    }
    found.leftovers.sort_unstable();
    let mut are_there = BTreeSet::new();
    for leftovers in found.leftovers.chunk_by(|a, b| a.kind == b.kind) {
        // As many as a filter takes.
        for some in leftovers.chunks(200) {
            let ids: Vec<String> = some.iter().map(|leftover| leftover.id.clone()).collect();
            are_there.extend(there(place, some[0].kind, &ids).await?);
        }
    }
    found.leftovers.retain(|leftover| are_there.contains(&leftover.id));
    Ok(found)
}

/// What has this tag: kind and value by id.
pub(crate) async fn tagged(place: &Place, key: &'static str) -> Answered<BTreeMap<String, (Kind, String)>> {
    let filter = Filter::builder().name("key").values(key).build();
    let mut pages = place.ec2.describe_tags().filters(filter).into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for tag in answer(place.call("DescribeTags", key), async { page }).await?.tags.unwrap_or_default() {
            // A filter of AWS knows wildcards; what is acted on is equal.
            if tag.key.as_deref() != Some(key) {
                continue;
            }
            if let Some(id) = tag.resource_id {
                found.insert(id, (Kind::of(tag.resource_type.as_ref()), tag.value.unwrap_or_default()));
            }
        }
    }
    Ok(found)
}

/// Those of these that are there: tags can outlive what they are on, those of an instance by an hour.
async fn there(place: &Place, kind: Kind, ids: &[String]) -> Answered<BTreeSet<String>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ec2 = &place.ec2;
    // By a filter: an id that is not known any more is no error then.
    let among = |name: &str| Filter::builder().name(name).set_values(Some(ids.to_vec())).build();
    let mut found = BTreeSet::new();
    match kind {
        Kind::Instance => {
            let mut pages = ec2.describe_instances().filters(among("instance-id")).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = answer(place.call("DescribeInstances", ""), async { page }).await?;
                for instance in page.reservations().iter().flat_map(|reservation| reservation.instances()) {
                    let state = instance.state().and_then(|state| state.name());
                    if state.is_none_or(|state| state.as_str() != "terminated") {
                        found.extend(instance.instance_id.clone());
                    }
                }
            }
        }
        Kind::NetworkInterface => {
            let call = ec2.describe_network_interfaces().filters(among("network-interface-id"));
            let answered = answer(place.call("DescribeNetworkInterfaces", ""), call.send()).await?;
            found.extend(
                answered.network_interfaces().iter().filter_map(|one| one.network_interface_id.clone()),
            );
        }
        Kind::Volume => {
            let call = ec2.describe_volumes().filters(among("volume-id"));
            let answered = answer(place.call("DescribeVolumes", ""), call.send()).await?;
            found.extend(answered.volumes().iter().filter_map(|one| one.volume_id.clone()));
        }
        Kind::Image => {
            let call = ec2.describe_images().filters(among("image-id")).include_disabled(true);
            let answered = answer(place.call("DescribeImages", ""), call.send()).await?;
            found.extend(answered.images().iter().filter_map(|one| one.image_id.clone()));
        }
        Kind::Snapshot => {
            let call = ec2.describe_snapshots().owner_ids("self").filters(among("snapshot-id"));
            let answered = answer(place.call("DescribeSnapshots", ""), call.send()).await?;
            found.extend(answered.snapshots().iter().filter_map(|one| one.snapshot_id.clone()));
        }
        Kind::SecurityGroup => {
            let call = ec2.describe_security_groups().filters(among("group-id"));
            let answered = answer(place.call("DescribeSecurityGroups", ""), call.send()).await?;
            found.extend(answered.security_groups().iter().filter_map(|one| one.group_id.clone()));
        }
        Kind::KeyPair => {
            let call = ec2.describe_key_pairs().filters(among("key-pair-id"));
            let answered = answer(place.call("DescribeKeyPairs", ""), call.send()).await?;
            found.extend(answered.key_pairs().iter().filter_map(|one| one.key_pair_id.clone()));
        }
        // They cannot be asked for like that: what is not there any more says so when it is deleted.
        Kind::LaunchTemplate | Kind::Other => found.extend(ids.iter().cloned()),
    }
    Ok(found)
}

/// Deletes these, in their order, and says what is left. Each deletion is said to `on` when it is done.
pub async fn delete(
    place: &Place,
    leftovers: &[Leftover],
    pace: Pace,
    on: &mut dyn FnMut(&Leftover),
) -> Vec<Left> {
    let mut sorted: Vec<&Leftover> = leftovers.iter().collect();
    sorted.sort_unstable();
    let mut left = Vec::new();
    // Ending takes long, and they can end side by side.
    for instance in sorted.iter().filter(|leftover| leftover.kind == Kind::Instance) {
        terminate(place, instance).await.ok();
    }
    for leftover in sorted {
        match delete_one(place, leftover, pace).await {
            Ok(()) => on(leftover),
            Err(why) => left.push(Left { what: leftover.clone(), why }),
        }
    }
    left
}

/// Finds and deletes until a look finds nothing more: what AWS was still making when it was looked for the first time is
/// there the next. What `spared` says stays.
///
/// # Errors
/// A call of the looking fails.
pub async fn sweep(
    place: &Place,
    wanted: Wanted<'_>,
    spared: &dyn Fn(&Leftover) -> bool,
    pace: Pace,
    on: &mut dyn FnMut(&Leftover),
) -> Answered<Vec<Left>> {
    const LOOKS: u32 = 4;
    let mut left = Vec::new();
    for _ in 0..LOOKS {
        let mut found = find(place, wanted).await?;
        found.leftovers.retain(|leftover| !spared(leftover));
        if found.leftovers.is_empty() {
            return Ok(found.unclear);
        }
        left = delete(place, &found.leftovers, pace, on).await;
        left.extend(found.unclear);
        if !left.is_empty() {
            break;
        }
    }
    Ok(left)
}

async fn delete_one(place: &Place, leftover: &Leftover, pace: Pace) -> Result<(), String> {
    let mut tries = 0;
    loop {
        tries += 1;
        let why = match step(place, leftover).await {
            Ok(true) => return Ok(()),
            Ok(false) => "it has not ended yet".to_owned(),
            Err(failure) if is_gone(&failure) => return Ok(()),
            Err(failure) if !passes(&failure) => return Err(failure.to_string()),
            Err(failure) => failure.to_string(),
        };
        if tries >= pace.tries {
            return Err(why);
        }
        tokio::time::sleep(pace.pause).await;
    }
}

/// One try; false if it is under way.
async fn step(place: &Place, leftover: &Leftover) -> Answered<bool> {
    let id = leftover.id.as_str();
    let ec2 = &place.ec2;
    match leftover.kind {
        Kind::Instance => {
            terminate(place, leftover).await?;
            return Ok(!there(place, Kind::Instance, &[id.to_owned()]).await?.contains(id));
        }
        Kind::LaunchTemplate => {
            let call = ec2.delete_launch_template().launch_template_id(id);
            answer(place.call("DeleteLaunchTemplate", id), call.send()).await?;
        }
        Kind::NetworkInterface => {
            let call = ec2.delete_network_interface().network_interface_id(id);
            answer(place.call("DeleteNetworkInterface", id), call.send()).await?;
        }
        Kind::Volume => {
            answer(place.call("DeleteVolume", id), ec2.delete_volume().volume_id(id).send()).await?;
        }
        Kind::Image => {
            answer(place.call("DeregisterImage", id), ec2.deregister_image().image_id(id).send()).await?;
        }
        Kind::Snapshot => {
            answer(place.call("DeleteSnapshot", id), ec2.delete_snapshot().snapshot_id(id).send()).await?;
        }
        Kind::SecurityGroup => {
            answer(place.call("DeleteSecurityGroup", id), ec2.delete_security_group().group_id(id).send())
                .await?;
        }
        Kind::KeyPair => {
            answer(place.call("DeleteKeyPair", id), ec2.delete_key_pair().key_pair_id(id).send()).await?;
        }
        Kind::Other => {
            let call = place.call("delete", id);
            return Err(Box::new(Failure {
                call: call.name,
                about: id.to_owned(),
                region: place.region.clone(),
                account: place.account.clone(),
                code: String::new(),
                message: "nothing here knows how to delete this kind of resource: delete it by hand"
                    .to_owned(),
                request_id: None,
                fate: Fate::Refused,
            }));
        }
    }
    Ok(true)
}

async fn terminate(place: &Place, instance: &Leftover) -> Answered<()> {
    let call = place.ec2.terminate_instances().instance_ids(&instance.id);
    answer(place.call("TerminateInstances", &instance.id), call.send()).await.map(drop)
}

/// Somebody, or an earlier try whose answer was lost, has deleted it.
fn is_gone(failure: &Failure) -> bool {
    failure.code.ends_with(".NotFound") || failure.code == "InvalidAMIID.Unavailable"
}

/// What may be over in a moment: something else still uses it, or AWS is busy.
fn passes(failure: &Failure) -> bool {
    const HELD: &[&str] = &[
        "DependencyViolation",
        "IncorrectInstanceState",
        "IncorrectState",
        "InvalidGroup.InUse",
        "InvalidNetworkInterface.InUse",
        "InvalidSnapshot.InUse",
        "VolumeInUse",
    ];
    failure.fate != Fate::Refused || HELD.contains(&failure.code.as_str())
}

/// Takes from these things what says that they expire: they are finished. `add` is what they are tagged with instead, first.
///
/// # Errors
/// A call fails.
pub async fn finished(place: &Place, ids: &[String], add: &[(&str, &str)]) -> Answered<()> {
    use aws_sdk_ec2::types::Tag;
    let tags = add.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    let about = ids.join(" ");
    let call = place.ec2.create_tags().set_resources(Some(ids.to_vec())).set_tags(Some(tags.collect()));
    answer(place.call("CreateTags", &about), call.send()).await?;
    let call =
        place.ec2.delete_tags().set_resources(Some(ids.to_vec())).tags(Tag::builder().key(EXPIRES).build());
    answer(place.call("DeleteTags", &about), call.send()).await.map(drop)
}

/// Takes one tag from an image.
///
/// # Errors
/// The call fails.
pub async fn untag(place: &Place, id: &str, key: &str) -> Answered<()> {
    let tag = aws_sdk_ec2::types::Tag::builder().key(key).build();
    answer(place.call("DeleteTags", id), place.ec2.delete_tags().resources(id).tags(tag).send())
        .await
        .map(drop)
}

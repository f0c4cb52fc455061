//! The calls about images and snapshots, in plain types. Each is safe to repeat: it has a token, or sets what is to be.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{
    ArchitectureValues, BlockDeviceMapping, BootModeValues, CreateVolumePermission,
    CreateVolumePermissionModifications, EbsBlockDevice, Filter, ImageAttributeName, ImdsSupportValues,
    LaunchPermission, LaunchPermissionModifications, PermissionGroup, ResourceType, SnapshotAttributeName,
    Tag, TagSpecification, TpmSupportValues, VolumeType,
};
use jiff::Timestamp;
use model::{Architecture, BootMode, ImageManifest};

use crate::failure::{Answered, answer};
use crate::{Failure, MachineImage, Place};

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// An image as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FoundImage {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    /// `pending`, `available`, `failed`, `disabled` …
    pub(crate) state: String,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) created_on: Option<Timestamp>,
    /// The snapshots of its disks, by device. None while it is pending.
    pub(crate) disks: BTreeMap<String, FoundDisk>,
    pub(crate) deprecated_on: Option<Timestamp>,
    pub(crate) protected: bool,
    /// It is protected for a day longer when protection is taken away.
    pub(crate) cooldown: bool,
    /// What has to be the same in every copy.
    pub(crate) machine: Machine,
    /// What a manifest is held against.
    pub(crate) described: MachineImage,
}

/// What a copy has to have from its source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) architecture: String,
    pub(crate) boot_mode: String,
    pub(crate) root_device: String,
    pub(crate) imds: String,
    pub(crate) tpm: String,
    pub(crate) ena: bool,
    /// The size of each disk, in GiB, by device.
    pub(crate) sizes: BTreeMap<String, i32>,
}

/// One disk of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FoundDisk {
    pub(crate) snapshot: String,
    pub(crate) encrypted: bool,
}

/// A snapshot as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FoundSnapshot {
    pub(crate) id: String,
    pub(crate) tags: Tags,
    /// What it was called by whoever made it.
    pub(crate) description: String,
    pub(crate) created_on: Option<Timestamp>,
    /// The ARN of its key, if it is encrypted.
    pub(crate) kms_key: Option<String>,
}

/// Who may use an image or a snapshot besides its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    pub(crate) everybody: bool,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) organizations: BTreeSet<String>,
    pub(crate) organizational_units: BTreeSet<String>,
}

impl Permissions {
    /// What is in this and not in the other.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let minus =
            |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
        Self {
            everybody: self.everybody && !other.everybody,
            accounts: minus(&self.accounts, &other.accounts),
            organizations: minus(&self.organizations, &other.organizations),
            organizational_units: minus(&self.organizational_units, &other.organizational_units),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Everybody who is in it, for people.
    pub(crate) fn names(&self) -> Vec<String> {
        let everybody = self.everybody.then(|| "everybody".to_owned());
        let named = self.accounts.iter().chain(&self.organizations).chain(&self.organizational_units);
        everybody.into_iter().chain(named.cloned()).collect()
    }

    fn launch(&self) -> Vec<LaunchPermission> {
        let one = LaunchPermission::builder;
        let everybody = self.everybody.then(|| one().group(PermissionGroup::All).build());
        let accounts = self.accounts.iter().map(|id| one().user_id(id).build());
        let organizations = self.organizations.iter().map(|arn| one().organization_arn(arn).build());
        let units = self.organizational_units.iter().map(|arn| one().organizational_unit_arn(arn).build());
        everybody.into_iter().chain(accounts).chain(organizations).chain(units).collect()
    }

    fn volume(&self) -> Vec<CreateVolumePermission> {
        let one = CreateVolumePermission::builder;
        let everybody = self.everybody.then(|| one().group(PermissionGroup::All).build());
        everybody.into_iter().chain(self.accounts.iter().map(|id| one().user_id(id).build())).collect()
    }
}

/// What a copy is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copying<'a> {
    pub(crate) source: &'a str,
    pub(crate) from: &'a str,
    pub(crate) name: &'a str,
    pub(crate) token: &'a str,
    pub(crate) kms_key: Option<&'a str>,
    pub(crate) tags: &'a Tags,
}

/// The images of this account that have a tag, whatever their state.
pub(crate) async fn tagged(place: &Place, key: &str, value: &str) -> Answered<Vec<FoundImage>> {
    let filter = Filter::builder().name(format!("tag:{key}")).values(value).build();
    filtered(place, filter, value).await
}

/// The images of this account that a filter lets through. A page of them may be short or empty, and not be the last.
async fn filtered(place: &Place, filter: Filter, about: &str) -> Answered<Vec<FoundImage>> {
    let call = place.ec2.describe_images().owners("self").filters(filter);
    let mut pages = call.include_deprecated(true).include_disabled(true).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = answer(place.call("DescribeImages", about), async { page }).await?;
        found.extend(page.images().iter().map(|image| found_image(place, image)));
    }
    found.retain(|image| image.state != "deregistered");
    Ok(found)
}

/// An image by its id; `None` if there is none (yet, or any more).
pub(crate) async fn image(place: &Place, id: &str) -> Answered<Option<FoundImage>> {
    let call = place.ec2.describe_images().image_ids(id).include_deprecated(true).include_disabled(true);
    match answer(place.call("DescribeImages", id), call.send()).await {
        Ok(found) => {
            let image = found.images().first().map(|image| found_image(place, image));
            Ok(image.filter(|image| image.state != "deregistered"))
        }
        Err(failure) if gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Whether an image or a snapshot is said not to be there.
pub(crate) fn gone(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "InvalidAMIID.NotFound" | "InvalidAMIID.Unavailable" | "InvalidSnapshot.NotFound"
    )
}

fn found_image(place: &Place, image: &aws_sdk_ec2::types::Image) -> FoundImage {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let mut disks = BTreeMap::new();
    let mut sizes = BTreeMap::new();
    for mapping in image.block_device_mappings() {
        let (Some(device), Some(ebs)) = (mapping.device_name(), mapping.ebs()) else { continue };
        if let Some(size) = ebs.volume_size() {
            sizes.insert(device.to_owned(), size);
        }
        if let Some(snapshot) = ebs.snapshot_id() {
            let disk = FoundDisk { snapshot: snapshot.to_owned(), encrypted: ebs.encrypted() == Some(true) };
            disks.insert(device.to_owned(), disk);
        }
    }
    let protection = image.deregistration_protection().unwrap_or_default();
    FoundImage {
        id: text(image.image_id()),
        name: text(image.name()),
        owner: text(image.owner_id()),
        state: text(image.state().map(|state| state.as_str())),
        reason: image.state_reason().and_then(|reason| reason.message()).map(str::to_owned),
        tags: tags(image.tags()),
        created_on: image.creation_date().and_then(|time| time.parse().ok()),
        disks,
        deprecated_on: image.deprecation_time().and_then(|time| time.parse().ok()),
        protected: protection.starts_with("enabled"),
        cooldown: protection.starts_with("enabled") && protection != "enabled-without-cooldown",
        machine: Machine {
            architecture: text(image.architecture().map(|value| value.as_str())),
            boot_mode: text(image.boot_mode().map(|value| value.as_str())),
            root_device: text(image.root_device_name()),
            imds: text(image.imds_support().map(|value| value.as_str())),
            tpm: text(image.tpm_support().map(|value| value.as_str())),
            ena: image.ena_support() == Some(true),
            sizes,
        },
        described: MachineImage::of(image.clone(), &place.region),
    }
}

fn tags(tags: &[Tag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()))).collect()
}

/// Sets tags of images and snapshots.
pub(crate) async fn tag(place: &Place, ids: &[String], tags: &Tags) -> Answered<()> {
    let list = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let call = place.ec2.create_tags().set_resources(Some(ids.to_vec())).set_tags(Some(list.collect()));
    answer(place.call("CreateTags", &ids.join(", ")), call.send()).await.map(drop)
}

/// What an image of snapshots is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registering<'a> {
    pub(crate) name: &'a str,
    /// The machine: architecture, firmware, root.
    pub(crate) manifest: &'a ImageManifest,
    /// By device.
    pub(crate) snapshots: &'a BTreeMap<String, String>,
    pub(crate) tags: &'a Tags,
}

/// Registers an image of snapshots; gives its id. A second one of the same name is refused.
pub(crate) async fn register(place: &Place, registering: &Registering<'_>) -> Answered<String> {
    let Registering { name, manifest, snapshots, tags } = *registering;
    let disk = |(device, snapshot): (&String, &String)| {
        let ebs = EbsBlockDevice::builder()
            .snapshot_id(snapshot)
            .volume_type(VolumeType::Gp3)
            .delete_on_termination(true)
            .build();
        BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
    };
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tagged =
        TagSpecification::builder().resource_type(ResourceType::Image).set_tags(Some(tags.collect()));
    let call = place
        .ec2
        .register_image()
        .name(name)
        .architecture(match manifest.architecture {
            Architecture::Amd64 => ArchitectureValues::X8664,
            Architecture::Arm64 => ArchitectureValues::Arm64,
        })
        .boot_mode(match manifest.boot_mode {
            BootMode::Uefi => BootModeValues::Uefi,
            BootMode::LegacyBios => BootModeValues::LegacyBios,
            BootMode::UefiPreferred => BootModeValues::UefiPreferred,
        })
        // Only firmware that is UEFI for sure has a TPM.
        .set_tpm_support((manifest.boot_mode == BootMode::Uefi).then_some(TpmSupportValues::V20))
        .virtualization_type("hvm")
        .ena_support(true)
        .imds_support(ImdsSupportValues::V20)
        .root_device_name(&manifest.root_device)
        .set_block_device_mappings(Some(snapshots.iter().map(disk).collect()))
        .tag_specifications(tagged.build());
    let registered = answer(place.call("RegisterImage", name), call.send()).await?;
    Ok(registered.image_id.unwrap_or_default())
}

/// The images of this account that have a name, whatever their state.
pub(crate) async fn named(place: &Place, name: &str) -> Answered<Vec<FoundImage>> {
    let filter = Filter::builder().name("name").values(name).build();
    filtered(place, filter, name).await
}

/// The images of this account that are made of a snapshot, whatever their state.
pub(crate) async fn made_of(place: &Place, snapshot: &str) -> Answered<Vec<FoundImage>> {
    let filter = Filter::builder().name("block-device-mapping.snapshot-id").values(snapshot).build();
    filtered(place, filter, snapshot).await
}

/// The snapshots of this account that have a tag, and are pending or failed.
pub(crate) async fn unfinished_snapshots(place: &Place, key: &str, value: &str) -> Answered<Vec<String>> {
    let tag = Filter::builder().name(format!("tag:{key}")).values(value).build();
    let status = Filter::builder().name("status").values("pending").values("error").build();
    let call = place.ec2.describe_snapshots().owner_ids("self").filters(tag).filters(status);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = answer(place.call("DescribeSnapshots", value), async { page }).await?;
        let ids = page.snapshots().iter().filter_map(|snapshot| snapshot.snapshot_id());
        found.extend(ids.map(str::to_owned));
    }
    Ok(found)
}

/// Copies an image from another region to this one. The same token gives the same image.
pub(crate) async fn copy(place: &Place, copying: &Copying<'_>) -> Answered<String> {
    let tags: Vec<_> =
        copying.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let tagged = |kind| TagSpecification::builder().resource_type(kind).set_tags(Some(tags.clone())).build();
    let call = place
        .ec2
        .copy_image()
        .source_image_id(copying.source)
        .source_region(copying.from)
        .name(copying.name)
        .client_token(copying.token)
        .set_encrypted(copying.kms_key.map(|_| true))
        .set_kms_key_id(copying.kms_key.map(str::to_owned))
        .tag_specifications(tagged(ResourceType::Image))
        .tag_specifications(tagged(ResourceType::Snapshot));
    let copied = answer(place.call("CopyImage", copying.source), call.send()).await?;
    Ok(copied.image_id.unwrap_or_default())
}

/// Snapshots by their ids; `None` if one of them is not there (yet, or any more).
pub(crate) async fn snapshots(place: &Place, ids: &[String]) -> Answered<Option<Vec<FoundSnapshot>>> {
    if ids.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let call = place.ec2.describe_snapshots().set_snapshot_ids(Some(ids.to_vec()));
    let found = match answer(place.call("DescribeSnapshots", &ids.join(", ")), call.send()).await {
        Err(failure) if gone(&failure) => return Ok(None),
        found => found?,
    };
    let found = found.snapshots().iter().map(found_snapshot);
    Ok(Some(found.collect()).filter(|all: &Vec<_>| all.len() == ids.len()))
}

/// The snapshots of this account that have a tag, whatever their state.
pub(crate) async fn tagged_snapshots(place: &Place, key: &str, value: &str) -> Answered<Vec<FoundSnapshot>> {
    let tag = Filter::builder().name(format!("tag:{key}")).values(value).build();
    let mut pages = place.ec2.describe_snapshots().owner_ids("self").filters(tag).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = answer(place.call("DescribeSnapshots", value), async { page }).await?;
        found.extend(page.snapshots().iter().map(found_snapshot));
    }
    Ok(found)
}

fn found_snapshot(snapshot: &aws_sdk_ec2::types::Snapshot) -> FoundSnapshot {
    FoundSnapshot {
        id: snapshot.snapshot_id().unwrap_or_default().to_owned(),
        tags: tags(snapshot.tags()),
        description: snapshot.description().unwrap_or_default().to_owned(),
        created_on: snapshot.start_time().and_then(|time| Timestamp::from_second(time.secs()).ok()),
        kms_key: snapshot.kms_key_id().map(str::to_owned),
    }
}

/// Who may launch an image.
pub(crate) async fn launch_permissions(place: &Place, image: &str) -> Answered<Permissions> {
    let call =
        place.ec2.describe_image_attribute().image_id(image).attribute(ImageAttributeName::LaunchPermission);
    let found = answer(place.call("DescribeImageAttribute", image), call.send()).await?;
    let mut permissions = Permissions::default();
    for one in found.launch_permissions() {
        permissions.everybody |= one.group().is_some();
        permissions.accounts.extend(one.user_id().map(str::to_owned));
        permissions.organizations.extend(one.organization_arn().map(str::to_owned));
        permissions.organizational_units.extend(one.organizational_unit_arn().map(str::to_owned));
    }
    Ok(permissions)
}

/// Lets some launch an image and others no longer.
pub(crate) async fn share_image(
    place: &Place,
    image: &str,
    add: &Permissions,
    remove: &Permissions,
) -> Answered<()> {
    let changed = LaunchPermissionModifications::builder()
        .set_add(Some(add.launch()).filter(|list| !list.is_empty()))
        .set_remove(Some(remove.launch()).filter(|list| !list.is_empty()))
        .build();
    let call = place.ec2.modify_image_attribute().image_id(image).launch_permission(changed);
    answer(place.call("ModifyImageAttribute", image), call.send()).await.map(drop)
}

/// Who may use a snapshot.
pub(crate) async fn volume_permissions(place: &Place, snapshot: &str) -> Answered<Permissions> {
    let call = place
        .ec2
        .describe_snapshot_attribute()
        .snapshot_id(snapshot)
        .attribute(SnapshotAttributeName::CreateVolumePermission);
    let found = answer(place.call("DescribeSnapshotAttribute", snapshot), call.send()).await?;
    let mut permissions = Permissions::default();
    for one in found.create_volume_permissions() {
        permissions.everybody |= one.group().is_some();
        permissions.accounts.extend(one.user_id().map(str::to_owned));
    }
    Ok(permissions)
}

/// How many permissions of a snapshot one call may change.
const CHANGED_AT_ONCE: usize = 500;

/// Lets some use a snapshot and others no longer: no call does both, or too many.
pub(crate) async fn share_snapshot(
    place: &Place,
    snapshot: &str,
    add: &Permissions,
    remove: &Permissions,
) -> Answered<()> {
    let change = CreateVolumePermissionModifications::builder;
    let (remove, add) = (remove.volume(), add.volume());
    let removals = remove.chunks(CHANGED_AT_ONCE).map(|some| change().set_remove(Some(some.to_vec())));
    let additions = add.chunks(CHANGED_AT_ONCE).map(|some| change().set_add(Some(some.to_vec())));
    for changed in removals.chain(additions) {
        let call = place
            .ec2
            .modify_snapshot_attribute()
            .snapshot_id(snapshot)
            .attribute(SnapshotAttributeName::CreateVolumePermission)
            .create_volume_permission(changed.build());
        answer(place.call("ModifySnapshotAttribute", snapshot), call.send()).await?;
    }
    Ok(())
}

/// Says from when on an image should not be chosen any more.
pub(crate) async fn deprecate(place: &Place, image: &str, at: Timestamp) -> Answered<()> {
    let at = DateTime::from_secs(at.as_second());
    let call = place.ec2.enable_image_deprecation().image_id(image).deprecate_at(at);
    answer(place.call("EnableImageDeprecation", image), call.send()).await.map(drop)
}

/// Protects an image from being deregistered.
pub(crate) async fn protect(place: &Place, image: &str, cooldown: bool) -> Answered<()> {
    let call = place.ec2.enable_image_deregistration_protection().image_id(image).with_cooldown(cooldown);
    answer(place.call("EnableImageDeregistrationProtection", image), call.send()).await.map(drop)
}

/// Takes that protection away. With a cooldown, it still holds for 24 hours.
pub(crate) async fn unprotect(place: &Place, image: &str) -> Answered<()> {
    let call = place.ec2.disable_image_deregistration_protection().image_id(image);
    answer(place.call("DisableImageDeregistrationProtection", image), call.send()).await.map(drop)
}

/// Makes that nobody can launch an image any more, its owner included.
pub(crate) async fn disable(place: &Place, image: &str) -> Answered<()> {
    let call = place.ec2.disable_image().image_id(image);
    answer(place.call("DisableImage", image), call.send()).await.map(drop)
}

/// Deregisters an image and deletes its snapshots. Whether it was there is the answer.
pub(crate) async fn deregister(place: &Place, image: &str) -> Answered<bool> {
    let call = place.ec2.deregister_image().image_id(image).delete_associated_snapshots(true);
    match answer(place.call("DeregisterImage", image), call.send()).await {
        Ok(_) => Ok(true),
        Err(failure) if gone(&failure) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Deletes a snapshot; it may be gone.
pub(crate) async fn delete_snapshot(place: &Place, snapshot: &str) -> Answered<()> {
    let call = place.ec2.delete_snapshot().snapshot_id(snapshot);
    match answer(place.call("DeleteSnapshot", snapshot), call.send()).await {
        Ok(_) => Ok(()),
        Err(failure) if gone(&failure) => Ok(()),
        Err(failure) => Err(failure),
    }
}

//! A machine image as EC2 describes it, in plain types.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ArchitectureValues, BootModeValues, Filter, Image, ImageState};
use model::{Architecture, BootMode};

use crate::Place;
use crate::failure::{Failure, answer};

/// An image (AMI) in one region, with what a launch depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineImage {
    /// Its id: `ami-…`.
    pub id: String,
    /// The region that it is in.
    pub region: String,
    /// The account that owns it.
    pub owner: String,
    /// Its name; unique for an account and region.
    pub name: String,
    /// `available`, `pending`, `failed`, …: AWS's word.
    pub state: String,
    /// Why it is in that state, where AWS says so.
    pub state_reason: Option<String>,
    /// The processor architecture; none if it is one that no image here is for.
    pub architecture: Option<Architecture>,
    /// How firmware starts it; none if the image leaves that to the type of instance.
    pub boot_mode: Option<BootMode>,
    /// The device that holds the root file system; empty if AWS names none.
    pub root_device: String,
    /// Whether it is for enhanced networking (ENA).
    pub ena: bool,
    /// Whether instances demand version 2 of the instance metadata service.
    pub imds_v2: bool,
    /// The version of the TPM: `v2.0`.
    pub tpm: Option<String>,
    /// Its volumes that have a snapshot, by device. Empty while the image is pending.
    pub volumes: Vec<Volume>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One volume of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Volume {
    /// The device that it appears as.
    pub device: String,
    /// The snapshot that it is made of.
    pub snapshot: String,
    /// Its size in GiB, where the image says so.
    pub gib: Option<u64>,
    /// Whether its snapshot is encrypted.
    pub encrypted: bool,
}

/// An image that cannot be used as it is wanted.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] Box<Failure>),
    /// No such image.
    #[error("there is no image {image} in {region} (account {account}) that these credentials may see")]
    NotThere {
        /// The image that was asked for.
        image: String,
        /// Where.
        region: String,
        /// Whose credentials.
        account: String,
    },
    /// What was asked for is there, and is not as it has to be.
    #[error("{what} in {region}: {why}")]
    Unusable {
        /// An image, a snapshot, a block of one.
        what: String,
        /// Where.
        region: String,
        /// What is wrong with it.
        why: String,
    },
}

impl ImageError {
    pub(crate) fn unusable(place: &Place, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unusable { what: what.into(), region: place.region.clone(), why: why.into() }
    }
}

/// What comes of asking about an image.
pub type Described<T> = Result<T, ImageError>;

/// Describes one image; disabled and deprecated ones too.
///
/// # Errors
/// The call fails, or there is no such image.
pub async fn describe(place: &Place, image: &str) -> Described<MachineImage> {
    let call = place.ec2.describe_images().image_ids(image).include_deprecated(true).include_disabled(true);
    let not_there = || ImageError::NotThere {
        image: image.to_owned(),
        region: place.region.clone(),
        account: place.account.clone(),
    };
    let found = match answer(place.call("DescribeImages", image), call.send()).await {
        Err(failure) if failure.code == "InvalidAMIID.NotFound" => return Err(not_there()),
        other => other?,
    };
    let mut images = found.images.unwrap_or_default().into_iter();
    let first =
        images.next().filter(|found| found.image_id.as_deref() == Some(image)).ok_or_else(not_there)?;
    Ok(MachineImage::of(first, &place.region))
}

/// Every image of this account that has this tag with this value, by id; disabled and deprecated ones too.
///
/// # Errors
/// The call fails.
pub async fn tagged(place: &Place, tag: &str, value: &str) -> Described<Vec<MachineImage>> {
    let filter = Filter::builder().name(format!("tag:{tag}")).values(value).build();
    let mut pages = place
        .ec2
        .describe_images()
        .owners("self")
        .filters(filter)
        .include_deprecated(true)
        .include_disabled(true)
        .into_paginator()
        .send();
    let mut images = Vec::new();
    while let Some(page) = pages.next().await {
        let page = answer(place.call("DescribeImages", tag), async { page }).await?;
        images.extend(
            page.images.unwrap_or_default().into_iter().map(|image| MachineImage::of(image, &place.region)),
        );
    }
    images.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(images)
}

impl MachineImage {
    /// Whether it can be launched.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.state == ImageState::Available.as_str()
    }

    /// How firmware starts it: as the image says, else as AWS starts an image for this processor that does not say.
    #[must_use]
    pub fn boots_by(&self, architecture: Architecture) -> BootMode {
        let usual = match architecture {
            Architecture::Amd64 => BootMode::LegacyBios,
            Architecture::Arm64 => BootMode::Uefi,
        };
        self.boot_mode.unwrap_or(usual)
    }

    pub(crate) fn of(image: Image, region: &str) -> Self {
        let mut volumes: Vec<Volume> = image
            .block_device_mappings()
            .iter()
            .filter_map(|mapping| {
                let ebs = mapping.ebs.as_ref()?;
                Some(Volume {
                    device: mapping.device_name.clone()?,
                    snapshot: ebs.snapshot_id.clone().filter(|id| !id.is_empty())?,
                    gib: ebs.volume_size.and_then(|size| u64::try_from(size).ok()),
                    encrypted: ebs.encrypted.unwrap_or_default(),
                })
            })
            .collect();
        volumes.sort_unstable();
        Self {
            id: image.image_id.unwrap_or_default(),
            region: region.to_owned(),
            owner: image.owner_id.unwrap_or_default(),
            name: image.name.unwrap_or_default(),
            state: image.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
            state_reason: image.state_reason.and_then(|reason| reason.message),
            architecture: match image.architecture {
                Some(ArchitectureValues::X8664) => Some(Architecture::Amd64),
                Some(ArchitectureValues::Arm64) => Some(Architecture::Arm64),
                _ => None,
            },
            boot_mode: match image.boot_mode {
                Some(BootModeValues::Uefi) => Some(BootMode::Uefi),
                Some(BootModeValues::LegacyBios) => Some(BootMode::LegacyBios),
                Some(BootModeValues::UefiPreferred) => Some(BootMode::UefiPreferred),
                _ => None,
            },
            root_device: image.root_device_name.unwrap_or_default(),
            ena: image.ena_support.unwrap_or_default(),
            imds_v2: image.imds_support.is_some_and(|support| support.as_str() == "v2.0"),
            tpm: image.tpm_support.map(|support| support.as_str().to_owned()),
            volumes,
            tags: image
                .tags
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
                .collect(),
        }
    }
}

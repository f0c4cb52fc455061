//! Snapshots become an image. RegisterImage has no token: an image of that name is there from an earlier call, and is ours,
//! or it is somebody else's.

use std::collections::BTreeMap;

use provider::{Error, ImageId};

use super::images::{self, FoundImage, Registering};
use super::release::Work;
use super::{Aws, RELEASE_TAG, failed};
use crate::Place;
use crate::failure::Fate;

impl Aws {
    /// Registers the release's image, or finds it registered.
    pub(super) async fn registered(
        &self,
        work: &Work<'_>,
        home: &Place,
        snapshots: &BTreeMap<String, String>,
    ) -> Result<FoundImage, Error> {
        let name = work.image_name();
        let registering =
            Registering { name: &name, manifest: &work.new.manifest, snapshots, tags: &work.tags };
        self.say(&format!("{}: registering {name}", home.region));
        self.lease.hold().await?;
        match images::register(home, &registering).await {
            Ok(id) => self.seen_at_home(home, &id).await,
            // Nobody knows whether it was registered, or it was before.
            Err(failure) if failure.fate != Fate::Refused || failure.code == "InvalidAMIName.Duplicate" => {
                let look = async || {
                    let named = images::named(home, &name).await.map_err(failed)?;
                    Ok(named.into_iter().find(|image| is_ours(work, snapshots, image)))
                };
                if let Some(ours) = self.looked_for(look).await? {
                    return Ok(ours);
                }
                match images::named(home, &name).await.map_err(failed)?.pop() {
                    Some(other) => Err(taken(&name, other)),
                    None => Err(failed(failure)),
                }
            }
            Err(failure) => Err(failed(failure)),
        }
    }
}

/// Whether an image is of this release and made of these snapshots, which it does not show while it is pending.
fn is_ours(work: &Work<'_>, snapshots: &BTreeMap<String, String>, image: &FoundImage) -> bool {
    let release = image.tags.get(RELEASE_TAG).is_some_and(|tag| *tag == work.id.to_string());
    let disks = image.disks.iter().map(|(device, disk)| (device, &disk.snapshot));
    release && (image.state == "pending" || disks.eq(snapshots))
}

fn taken(name: &str, image: FoundImage) -> Error {
    Error::Unfit {
        image: ImageId::new(image.id),
        why: format!(
            "it has the name {name} and is not made of this release's snapshots: find out who registered it, and deregister it"
        ),
    }
}

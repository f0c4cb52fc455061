//! What refers to an image: channels, and in every region and account machines and launch templates.

use aws_sdk_ec2::types::Filter;
use provider::{Channel, Error, ReleaseId};

use super::records::{CHANNELS, Release, Shown};
use super::{Aws, all, failed, remote, steps};
use crate::Place;
use crate::failure::{Answered, answer};

/// States of a machine that is not gone.
const ALIVE: [&str; 5] = ["pending", "running", "shutting-down", "stopping", "stopped"];

impl Aws {
    /// Everything that refers to a release's images. Machines and launch templates of accounts whose credentials we have.
    pub(super) async fn references(&self, record: &Release) -> Result<Vec<String>, Error> {
        let mut references = Vec::new();
        for key in self.records.keys(CHANNELS).await.map_err(remote)? {
            let Some(shown) = self.records.read::<Shown>(&key).await.map_err(remote)? else { continue };
            if shown.value.moving.is_some_and(|moving| moving.to.release_id == record.release_id) {
                references.push(format!("{key} is being pointed at it"));
            }
            references
                .extend(shown.value.channel.and_then(|channel| by_channel(&channel, &record.release_id)));
        }
        // One that cannot be asked may have something: then nothing is known.
        let placed = all(self.reach(record).into_iter().map(|place| async move {
            let copied = record.images.get(&place.region).filter(|copied| !copied.image.is_empty());
            let Some(copied) = copied else { return Ok(Vec::new()) };
            let mut found = machines(&place, &copied.image).await.map_err(failed)?;
            found.extend(templates(&place, &copied.image).await.map_err(failed)?);
            Ok(found)
        }))
        .await?;
        references.extend(placed.into_iter().flatten());
        Ok(references)
    }
}

fn by_channel(channel: &Channel, release: &ReleaseId) -> Option<String> {
    if channel.current.release_id == *release {
        return Some(format!("the channel {} shows it", channel.channel));
    }
    let prior = channel.prior.first()?;
    (prior.release_id == *release)
        .then(|| format!("the channel {} is one rollback away from it", channel.channel))
}

/// Machines of this account that were launched from an image, and are not gone.
pub(super) async fn machines(place: &Place, image: &str) -> Answered<Vec<String>> {
    let filter = |name: &str, values: &[&str]| {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Filter::builder().name(name).set_values(Some(values)).build()
    };
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let call = place
            .ec2
            .describe_instances()
            .filters(filter("image-id", &[image]))
            .filters(filter("instance-state-name", &ALIVE))
            .set_next_token(token.take());
        let page = answer(place.call("DescribeInstances", image), call.send()).await?;
        let instances = page.reservations().iter().flat_map(|reservation| reservation.instances());
        found.extend(
            instances
                .filter_map(|instance| instance.instance_id())
                .map(|id| format!("the instance {id} in {} was launched from it", steps::shown(place))),
        );
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Launch templates whose default or latest version names the image.
pub(super) async fn templates(place: &Place, image: &str) -> Answered<Vec<String>> {
    let filter = Filter::builder().name("image-id").values(image).build();
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let call = place
            .ec2
            .describe_launch_template_versions()
            .versions("$Latest")
            .versions("$Default")
            .filters(filter.clone())
            .set_next_token(token.take());
        let page = answer(place.call("DescribeLaunchTemplateVersions", image), call.send()).await?;
        // Whatever the filter let through.
        let naming = page
            .launch_template_versions()
            .iter()
            .filter(|version| version.launch_template_data().and_then(|data| data.image_id()) == Some(image));
        found.extend(naming.map(|version| {
            format!(
                "the launch template {} in {} names it in its version {}",
                version.launch_template_name().unwrap_or_default(),
                steps::shown(place),
                version.version_number().unwrap_or_default()
            )
        }));
        token = page.next_token;
        if token.is_none() {
            found.sort_unstable();
            found.dedup();
            return Ok(found);
        }
    }
}

//! Looking for what was made a moment ago: AWS does not show it everywhere at once.

use std::time::Duration;

use provider::{Error, ImageId};

use super::adopt::snapshot_ids;
use super::images::{self, FoundImage, FoundSnapshot};
use super::{Aws, failed};
use crate::Place;

impl Aws {
    /// Looks until something is found, for as long as it may take AWS to show what was made.
    pub(super) async fn looked_for<T>(
        &self,
        look: impl AsyncFn() -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let begun = tokio::time::Instant::now();
        loop {
            let found = look().await?;
            if found.is_some() || begun.elapsed() >= self.to.wait.channel {
                return Ok(found);
            }
            tokio::time::sleep(self.to.wait.poll.min(Duration::from_secs(1))).await;
        }
    }

    /// An image that was made a moment ago.
    pub(super) async fn seen_at_home(&self, home: &Place, id: &str) -> Result<FoundImage, Error> {
        let look = async || images::image(home, id).await.map_err(failed);
        self.looked_for(look).await?.ok_or_else(|| Error::NoImage(ImageId::new(id)))
    }

    /// The snapshots of an image, which may be seen later than the image itself.
    pub(super) async fn snapshots_of(
        &self,
        place: &Place,
        image: &FoundImage,
    ) -> Result<Vec<FoundSnapshot>, Error> {
        let ids = snapshot_ids(image);
        let look = async || images::snapshots(place, &ids).await.map_err(failed);
        self.looked_for(look).await?.ok_or_else(|| Error::Unfit {
            image: ImageId::new(image.id.clone()),
            why: format!(
                "its snapshots ({}) are not all there in {}: look for who deleted one",
                ids.join(", "),
                place.region
            ),
        })
    }
}

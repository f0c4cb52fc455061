//! Whether the images of a release are still what was published, before a channel shows them: what is written down is
//! our word, and AWS is asked.

use provider::Error;

use super::images::{self, FoundImage};
use super::records::Release;
use super::{Aws, RELEASE_TAG, all, failed};
use crate::Place;
use crate::snapshots::image_differs;

impl Aws {
    /// What speaks against showing a release: in a region its image is missing, cannot be launched, is not of this account
    /// and this release, or is another machine. Blocks are not read again: snapshots never change.
    pub(super) async fn speaks_against(&self, record: &Release) -> Result<Option<String>, Error> {
        let asked = all(self.regions().into_iter().map(|place| async move {
            let why = self.speaks_against_in(&place, record).await?;
            Ok(why.map(|why| format!("{}: {why}", place.region)))
        }))
        .await?;
        Ok(asked.into_iter().flatten().next())
    }

    async fn speaks_against_in(&self, place: &Place, record: &Release) -> Result<Option<String>, Error> {
        let Some(copied) = record.images.get(&place.region) else {
            let why = "it was never published there: publish it once more, to another channel, and it is in every region";
            return Ok(Some(why.into()));
        };
        let id = &copied.image;
        let look = async || match images::image(place, id).await.map_err(failed)? {
            None => Ok(Some(Some(format!("{id} is gone")))),
            // A tag that was set a moment ago is not seen at once.
            Some(image) if self.is_usable(&image) && !image.tags.contains_key(RELEASE_TAG) => Ok(None),
            Some(image) => Ok(Some(self.is_not(record, &image))),
        };
        let untagged = || Some(format!("{id} has no tag {RELEASE_TAG}"));
        Ok(self.looked_for(look).await?.unwrap_or_else(untagged))
    }

    fn is_usable(&self, image: &FoundImage) -> bool {
        image.state == "available" && image.owner == self.to.account
    }

    /// In what an image that is there is not the release's.
    fn is_not(&self, record: &Release, image: &FoundImage) -> Option<String> {
        let FoundImage { id, state, owner, .. } = image;
        if state != "available" {
            return Some(format!("{id} is {state}"));
        }
        if *owner != self.to.account {
            return Some(format!("{id} is owned by the account {owner}"));
        }
        let tag = image.tags.get(RELEASE_TAG).map(String::as_str).unwrap_or_default();
        if tag != record.release_id.to_string() {
            return Some(format!("{id} has the tag {RELEASE_TAG}={tag}, and is not the release's"));
        }
        image_differs(&image.described, &record.manifest).map(|difference| difference.what)
    }
}

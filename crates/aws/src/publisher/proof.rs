//! The proof that an image is what was decided about, wherever it is: every block of every disk, read through EBS direct.
//! A copy that was not proven, or is something else, is never shared. What was proven once is written down: snapshots never
//! change.

use archive::Record;
use provider::{Error, ImageId};

use super::copies::Found;
use super::images::FoundImage;
use super::records::{Copied, Release};
use super::release::Work;
use super::{Aws, all};
use crate::Place;
use crate::snapshots::{Pace, Reader, SoFar, read_said};

impl Aws {
    /// Proves each copy that was not proven before, and writes down that it was.
    pub(super) async fn proven(
        &self,
        work: &Work<'_>,
        found: &Found,
        record: Record<Release>,
    ) -> Result<Record<Release>, Error> {
        let proven = |region: &String, image: &FoundImage| {
            let written = record.value.images.get(region);
            written.is_some_and(|written| written.proven && written.image == image.id)
        };
        let open = found.iter().filter(|(region, image)| !proven(region, image));
        let newly = all(open.map(|(region, image)| async move {
            let place = self.owner.place(region);
            self.same_content(work, &place, image).await?;
            Ok(region.clone())
        }))
        .await?;
        let mut images = record.value.images.clone();
        for region in newly {
            if let Some(copied) = images.get_mut(&region) {
                *copied = Copied { proven: true, ..copied.clone() };
            }
        }
        let value = Release { images, ..record.value.clone() };
        self.rewritten(&record, value).await
    }

    /// Reads every block of every disk, and compares it with the manifest. At home it is kept which blocks they are: so the
    /// next disk of the family can be sent as what differs.
    pub(super) async fn same_content(
        &self,
        work: &Work<'_>,
        place: &Place,
        image: &FoundImage,
    ) -> Result<(), Error> {
        self.say(&format!("{}: reading the blocks of {}", place.region, image.id));
        let (reader, so_far) = (Reader::new(place, Pace::default()), SoFar::default());
        let reading = async { reader.content_digest(&image.id, &so_far).await.map_err(super::remote) };
        let planned = work.steps.only_planned();
        // It takes minutes to hours.
        let read = self.while_told(!planned, || read_said(place, &image.id, &so_far), reading).await?;
        if read.disks.len() != work.new.manifest.disks.len() {
            return Err(Error::Unfit {
                image: ImageId::new(image.id.clone()),
                why: format!("in {} it has {} disks", place.region, read.disks.len()),
            });
        }
        for wanted in &work.new.manifest.disks {
            let disk = read.disks.iter().find(|disk| disk.device == wanted.device);
            let disk = disk.ok_or_else(|| Error::NoDisk(wanted.device.clone()))?;
            let found = disk.digested.content_digest;
            if found != wanted.content_digest {
                return Err(Error::ContentDiffers {
                    device: format!("{} of {} in {}", wanted.device, image.id, place.region),
                    expected: wanted.content_digest,
                    found,
                });
            }
        }
        // Only of an image that is what it should be, every disk of it.
        if !planned && place.region == self.to.home {
            for disk in &read.disks {
                self.map_kept(&disk.digested.content_digest, disk.map.as_ref()).await?;
            }
        }
        Ok(())
    }
}

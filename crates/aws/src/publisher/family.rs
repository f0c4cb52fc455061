//! A release is of one family. Its channels, its parameters and the lease are the family's: who works in the name of another
//! family neither waits for its publishers nor finds what is to go with it.

use archive::Record;
use provider::{Error, ImageId};

use super::records::Release;
use super::{Aws, failed, parameters, steps};

impl Aws {
    /// Refuses a release of another family than the one that this publisher works for.
    pub(super) async fn of_our_family(&self, record: &Release) -> Result<(), Error> {
        let ours = &self.settings.family;
        let why = match &record.family {
            Some(family) if family == ours => return Ok(()),
            Some(family) => {
                format!("it is of the family {family}, and the input `family` (or `image`) says {ours}")
            }
            None => match self.not_numbered(record).await? {
                None => return Ok(()),
                Some(why) => why,
            },
        };
        let image = record.images.get(&self.to.home).map(|copied| copied.image.as_str());
        Err(Error::Unfit { image: ImageId::new(image.unwrap_or(record.name.as_str())), why })
    }

    /// The record of a release of our family, which says so from now on.
    pub(super) async fn kept_in_family(&self, record: Record<Release>) -> Result<Record<Release>, Error> {
        self.of_our_family(&record.value).await?;
        let value = Release { family: Some(self.settings.family.clone()), ..record.value.clone() };
        self.rewritten(&record, value).await
    }

    /// Records of before families were written down: what was published has the family in the name of its parameter. Of
    /// what was not published yet, nobody has been shown anything.
    async fn not_numbered(&self, record: &Release) -> Result<Option<String>, Error> {
        if record.published_on.is_none() {
            return Ok(None);
        }
        let (home, name) = (self.home(), self.release_parameter(&record.release_id));
        let there = parameters::get(&home, &name).await.map_err(failed)?.map(|there| there.value);
        if there.is_some() && there.as_ref() == record.images.get(&home.region).map(|copied| &copied.image) {
            return Ok(None);
        }
        let place = steps::shown(&home);
        Ok(Some(format!(
            "its record says no family, and {name} in {place} does not show it: give the `family` that it was published in"
        )))
    }
}

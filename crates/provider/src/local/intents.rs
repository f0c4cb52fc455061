//! The journal of operations that take several steps, evidence included: what was begun and is not finished.

use super::read::record;
use super::write::Held;
use crate::{Begun, Error, Intent};

impl Held<'_> {
    /// Writes an intent down, unless the same was begun before.
    pub(super) fn begin(&self, intent: &Intent) -> Result<Begun, Error> {
        let path = self.store.layout.intent(intent);
        if let Some(before) = record(&path)? {
            return Ok(Begun::Before(before));
        }
        self.put(&path, intent)?;
        Ok(Begun::New)
    }

    /// Strikes an intent out.
    pub(super) fn finish(&self, intent: &Intent) -> Result<(), Error> {
        self.remove(&self.store.layout.intent(intent))
    }
}

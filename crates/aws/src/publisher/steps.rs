//! One step that something needs: carried out, or only told.

use std::cell::RefCell;
use std::future::Future;

use provider::{Change, Error};

use super::Aws;
use crate::{Failure, Place};

/// Whether changes are made, and those that were told.
pub(crate) struct Steps<'a> {
    aws: &'a Aws,
    /// Nothing is changed if there is a list.
    planned: Option<RefCell<Vec<Change>>>,
}

impl<'a> Steps<'a> {
    /// Steps that are carried out.
    pub(crate) const fn taken(aws: &'a Aws) -> Self {
        Self { aws, planned: None }
    }

    /// Steps that are only told.
    pub(crate) const fn planned(aws: &'a Aws) -> Self {
        Self { aws, planned: Some(RefCell::new(Vec::new())) }
    }

    /// Whether nothing is changed.
    pub(crate) const fn only_planned(&self) -> bool {
        self.planned.is_some()
    }

    /// What was told.
    pub(crate) fn told(self) -> Vec<Change> {
        self.planned.map(RefCell::into_inner).unwrap_or_default()
    }

    /// A change that a plan tells.
    pub(crate) fn tell(&self, change: Change) {
        if let Some(planned) = &self.planned {
            planned.borrow_mut().push(change);
        }
    }

    /// A change of something in a place: made while the lease is held, or told.
    pub(crate) async fn take<T, F>(
        &self,
        place: &Place,
        what: String,
        change: impl FnOnce() -> F,
    ) -> Result<Option<T>, Error>
    where
        F: Future<Output = Result<T, Box<Failure>>>,
    {
        if let Some(planned) = &self.planned {
            planned.borrow_mut().push(Change { place: shown(place), what });
            return Ok(None);
        }
        self.aws.lease.hold().await?;
        change().await.map(Some).map_err(super::failed)
    }
}

/// A place, for people.
pub(crate) fn shown(place: &Place) -> String {
    format!("{}/{}", place.account, place.region)
}

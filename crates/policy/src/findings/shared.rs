//! A finding without a copy of it: a record may be long, and a scan has tens of thousands.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use model::Finding;

/// One finding of a scan. It reads like the finding itself.
#[derive(Clone)]
pub struct SharedFinding {
    scan: Arc<Vec<Finding>>,
    at: usize,
}

impl SharedFinding {
    /// Every finding of a scan.
    pub(crate) fn all(scan: &Arc<Vec<Finding>>) -> impl Iterator<Item = Self> {
        (0..scan.len()).map(|at| Self { scan: Arc::clone(scan), at })
    }
}

impl Deref for SharedFinding {
    type Target = Finding;

    fn deref(&self) -> &Finding {
        &self.scan[self.at]
    }
}

impl fmt::Debug for SharedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for SharedFinding {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

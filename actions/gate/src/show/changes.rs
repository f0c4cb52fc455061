//! What changed, for the view.

use std::collections::HashSet;

use model::{Class, Finding};
use policy::{Changed, Changes, Decision};

/// For the view.
pub(super) fn of(changes: &Changes) -> report::Changes {
    report::Changes {
        since: changes.since.clone(),
        new: changes.new.iter().map(changed).collect(),
        fixed: changes.fixed.iter().map(changed).collect(),
        unchanged: changes.unchanged,
        added: changes.added.iter().map(super::package).collect(),
        removed: changes.removed.iter().map(super::package).collect(),
        upgraded: changes
            .upgraded
            .iter()
            .map(|(before, now)| report::Upgrade {
                name: now.name.clone(),
                before: before.version.clone(),
                now: now.version.clone(),
            })
            .collect(),
    }
}

fn changed(one: &Changed) -> report::Changed {
    report::Changed {
        class: one.class.as_str().to_owned(),
        id: one.id.clone(),
        severity: one.severity,
        package: one.package.clone(),
        version: one.version.clone(),
        path: one.path.clone(),
        fixed: one.fixed_version.clone(),
    }
}

/// What makes a finding the same one, whichever scanner or version of a package reports it.
type Print<'d> = (Class, &'d str, &'d str, Option<&'d str>);

/// The findings that the image before did not have; none where nothing was compared.
pub(super) struct New<'d>(HashSet<Print<'d>>);

pub(super) fn new(decision: &Decision) -> New<'_> {
    let changes = decision.changes.iter().flat_map(|changes| &changes.new);
    New(changes.map(|one| (one.class, &*one.id, &*one.package, one.path.as_deref())).collect())
}

impl New<'_> {
    pub(super) fn has(&self, finding: &Finding) -> bool {
        let package = &finding.package;
        self.0.contains(&(finding.class, &*finding.id, &*package.name, package.path.as_deref()))
    }
}

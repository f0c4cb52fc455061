//! The summary.

use std::collections::BTreeMap;

use runner::{Context, Summary};

use crate::Made;

/// How many files that could not be read are named.
const MANY: usize = 100;

pub(crate) fn summary(ctx: &mut Context, made: &Made, told: Option<&str>) {
    let Made { listed, what, inventory, brought, .. } = made;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &inventory.packages {
        let kind = package.ecosystem();
        *kinds.entry(if kind.is_empty() { "other" } else { kind }).or_default() += 1;
    }
    let rows: Vec<Vec<String>> =
        kinds.into_iter().map(|(kind, count)| vec![kind.to_owned(), count.to_string()]).collect();
    let system =
        inventory.os.as_ref().map_or_else(|| "none".to_owned(), |os| format!("{} {}", os.family, os.name));
    let summary = ctx.summary();
    summary.heading(2, &format!("{} packages in {}", inventory.packages.len(), what.name));
    summary.table(&["kind", "how many"], &rows);
    if let Some(brought) = brought {
        summary.table(
            &["brought by", "how many"],
            &[
                vec!["the base".to_owned(), brought.base.to_string()],
                vec!["this image".to_owned(), brought.image.to_string()],
            ],
        );
    }
    let mut how = vec![
        format!("Operating system: {system}"),
        format!("Listed by {} {}, which saw: {}", listed.tool, listed.version, listed.seen.as_str()),
    ];
    how.extend(told.map(|told| format!("GitHub's dependency graph: {told}")));
    summary.list(&how);
    if !listed.unread.is_empty() {
        let lines: Vec<String> =
            listed.unread.iter().take(MANY).map(|one| format!("{}: {}", one.path, one.why)).collect();
        let mut rest = Summary::default();
        rest.list(&lines);
        summary.details(&format!("{} files could not be read", listed.unread.len()), &rest.markdown());
    }
}

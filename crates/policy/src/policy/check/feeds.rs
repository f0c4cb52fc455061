//! `feeds`: how old what the world knows may be.

use crate::fields::{Fields, Map};
use crate::policy::FeedAges;

pub(super) fn feeds(fields: &mut Fields<'_>, top: &Map<'_>) -> FeedAges {
    let map = top.get("feeds").and_then(|node| fields.map(node, "feeds", &["epss", "kev"]));
    let mut age = |name: &str| {
        let node = map?.get(name)?;
        let feed = fields.map(node, &format!("the feed `{name}`"), &["max-age"])?;
        let node = fields.required(&feed, &format!("the feed `{name}`"), "max-age", "7d")?;
        fields.span(node, "max-age")
    };
    FeedAges { epss: age("epss"), kev: age("kev") }
}

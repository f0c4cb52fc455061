//! From when, and until when.

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::fields::{Fields, Map};
use crate::policy::ExceptionLimits;
use crate::span;

pub(super) fn read(fields: &mut Fields<'_>, map: &Map<'_>, limits: ExceptionLimits) -> Option<(Date, Date)> {
    let created = fields.required(map, "an exception", "created", "2026-11-22");
    let created = created.and_then(|node| fields.date(node, "created"));
    let node = fields.required(map, "an exception", "expires", "2027-01-31");
    let expires = node.and_then(|node| fields.date(node, "expires"));
    let (created, expires, node) = (created?, expires?, node?);
    let days = i64::from((expires - created).get_days());
    if days < 0 {
        fields.problem(node.at, "it expires before it was created", "mend one of the dates");
    } else if SignedDuration::from_hours(24 * days) > limits.max_lifetime {
        let longest = span::show(limits.max_lifetime);
        fields.problem(
            node.at,
            format!("it holds for {days} days"),
            format!("the policy allows at most {longest} from `created`"),
        );
    }
    Some((created, expires))
}

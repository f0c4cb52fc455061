//! The order of findings: worst first, and the same whatever order they came in.

use std::cmp::Reverse;

use model::{Class, Finding, Weight};

use super::Judged;

/// How many letters of an id decide without a look at the finding itself; a usual CVE id is no longer.
const LETTERS: usize = 16;

type Key = (Reverse<Option<Weight>>, Reverse<u8>, Class, u128);

/// Sorts by short keys that lie side by side; only findings of one key are looked at themselves.
pub(super) fn sort(judged: Vec<Judged>) -> Vec<Judged> {
    let mut keys: Vec<(Key, usize)> = judged.iter().map(key).zip(0..).collect();
    let whole = |at: &usize| judged.get(*at).map(whole);
    keys.sort_unstable_by(|(a, at_a), (b, at_b)| a.cmp(b).then_with(|| whole(at_a).cmp(&whole(at_b))));
    let order: Vec<usize> = keys.into_iter().map(|(_, at)| at).collect();
    let mut places: Vec<Option<Judged>> = judged.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| places.get_mut(at).and_then(Option::take)).collect()
}

fn key(judged: &Judged) -> Key {
    let finding = &judged.finding;
    let rank = finding.severity.rank_for_decision();
    (Reverse(judged.counts()), Reverse(rank), finding.class, beginning(&finding.id))
}

/// The first letters as one number, which sorts as they do.
fn beginning(text: &str) -> u128 {
    let mut first = [0; LETTERS];
    for (place, byte) in first.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from_be_bytes(first)
}

fn whole(judged: &Judged) -> impl Ord + '_ {
    let finding: &Finding = &judged.finding;
    (
        (&finding.id, &finding.package, &finding.scanner, &judged.file),
        (&finding.fixed_version, finding.severity, &finding.aliases, &finding.title),
        (&finding.published, finding.cvss.map(f64::to_bits), &judged.suppressed_by),
    )
}

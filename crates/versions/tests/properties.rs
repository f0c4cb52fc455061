//! What must hold for every version of every ecosystem, and for texts that are none.
#![allow(clippy::unwrap_used, reason = "properties, outside the test functions themselves")]

use std::cmp::Ordering;

use proptest::prelude::*;
use versions::{Ecosystem, MAX_LENGTH, Range, Version, compare};

fn ecosystem() -> impl Strategy<Value = Ecosystem> {
    prop::sample::select(Ecosystem::ALL.to_vec())
}

/// Much like versions, so that many of them read, and many are equal or nearly so.
fn version() -> impl Strategy<Value = String> {
    let begin =
        prop::sample::select(vec!["0", "1", "1.0", "1.0.0", "1.2.3", "0:1.0", "1:1", "v1.0.0", "10.0.0"]);
    let piece = prop::sample::select(vec![
        ".0",
        ".1",
        ".01",
        ".10",
        "-0",
        "-1",
        "-r1",
        "-01",
        "~",
        "~rc1",
        "^",
        "^git",
        "+",
        "+b1",
        "a",
        "b",
        "-alpha",
        "-alpha.1",
        "-beta",
        "_alpha",
        "_rc2",
        "_p1",
        ".dev0",
        ".post1",
        "rc1",
        "-SNAPSHOT",
        "-sp",
        ".x",
        "-x",
        "x1",
        "_",
        "-",
        ".",
        "~ab",
        "99999999999999999999999",
    ]);
    (begin, prop::collection::vec(piece, 0..4)).prop_map(|(begin, rest)| format!("{begin}{}", rest.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_stops_it(ecosystem in ecosystem(), a in "\\PC{0,40}|[0-9a-z.~^+:_-]{0,300}", b in version()) {
        let order = compare(ecosystem, &a, &b);
        prop_assert!(a.len() <= MAX_LENGTH || order.is_err());
        let range = format!("vers:{ecosystem}/>={b}|<{a}");
        if let Ok(range) = Range::parse(&range) {
            prop_assert!(range.contains(&a).is_ok());
        }
    }

    #[test]
    fn a_version_equals_itself_and_the_reverse_is_the_reverse(ecosystem in ecosystem(), a in version(), b in version()) {
        if Version::parse(ecosystem, &a).is_ok() {
            prop_assert_eq!(compare(ecosystem, &a, &a).unwrap(), Ordering::Equal);
        }
        match (compare(ecosystem, &a, &b), compare(ecosystem, &b, &a)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one, other.reverse()),
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
    }

    /// Maven's own does not: `v1.0.0` is before `0-alpha`, that is before `0`, and `0` is before `v1.0.0`, because a
    /// word sorts before a sub-list and after nothing. A range asks for the order of two at a time only.
    #[test]
    fn order_goes_on(ecosystem in ecosystem(), a in version(), b in version(), c in version()) {
        prop_assume!(ecosystem != Ecosystem::Maven);
        if let (Ok(ab), Ok(bc), Ok(ac)) = (compare(ecosystem, &a, &b), compare(ecosystem, &b, &c), compare(ecosystem, &a, &c)) {
            if ab == bc {
                prop_assert_eq!(ac, ab, "{} {} {} {}", ecosystem, a, b, c);
            }
            if ab == Ordering::Equal {
                prop_assert_eq!(ac, bc, "{} {} {} {}", ecosystem, a, b, c);
            }
        }
    }

    /// A range says of each version what its bounds say, and its own spelling reads as the same.
    #[test]
    fn a_range_is_what_its_bounds_are(ecosystem in ecosystem(), low in version(), high in version(), version in version()) {
        let encode = |text: &str| text.replace('%', "%25");
        let text = format!("vers:{ecosystem}/>={}|<{}", encode(&low), encode(&high));
        if let (Ok(range), Ok(from), Ok(to)) = (Range::parse(&text), compare(ecosystem, &version, &low), compare(ecosystem, &version, &high)) {
            prop_assert_eq!(range.contains(&version).unwrap(), from != Ordering::Less && to == Ordering::Less);
            let again = Range::parse(&range.to_string()).unwrap();
            prop_assert_eq!(again.contains(&version).unwrap(), range.contains(&version).unwrap());
            prop_assert_eq!(again, range);
        }
    }
}

/// The longest and most nested versions: bounded time, bounded depth.
#[test]
fn hostile_shapes() {
    let begun = std::time::Instant::now();
    for ecosystem in Ecosystem::ALL {
        for piece in ["-", ".", "1-", "a1", "~", "^", "_p", "1.", "9", ".0", "-a", "1a", "+", "é"] {
            for length in [MAX_LENGTH, MAX_LENGTH + 1, 1_000_000] {
                let text: String = format!("1{}", piece.repeat(length / piece.len()));
                let order = compare(ecosystem, &text, &format!("{text}2"));
                assert!(text.len() <= MAX_LENGTH || order.is_err(), "{ecosystem} {piece}");
            }
        }
    }
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

//! What is read: the defaults, every member, and every way to write the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::distribution::{Channels, Distribution, Protection, Region, Share, Wait};
use register_ami::distribution::parse;

/// As little as a file may say.
pub(super) const LEAST: &str =
    "version: 1\naccount: \"111122223333\"\nhome: eu-central-1\nregions: {eu-central-1: {}}\n";

/// Files that the reader accepts, for the schema as well.
pub(super) const ACCEPTED: &[&str] = &[
    LEAST,
    WHOLE,
    "version: 1\npartition: aws-us-gov\naccount: '012345678901'\nhome: us-gov-west-1\nregions:\n  us-gov-west-1: {kms-key: 'arn:aws-us-gov:kms:us-gov-west-1:444455556666:key/mrk-0123456789abcdef0123456789abcdef'}\n  us-gov-east-1: {kms-key: 'arn:aws-us-gov:kms:us-gov-east-1:444455556666:alias/golden'}\n",
    // AWS's own key is good as long as nobody else is to use the images.
    "version: 1\naccount: \"111122223333\"\nhome: eu-central-1\nregions: {eu-central-1: {kms-key: alias/aws/ebs}}\nshare: {accounts: []}\n",
    "version: 1\naccount: \"111122223333\"\nhome: eu-central-1\nregions: {eu-central-1: {}}\nshare: {accounts: '444455556666'}\ndeprecate-after: never\nprotection: on\n",
];

/// Everything that a file may say.
const WHOLE: &str = r#"
version: 1
partition: aws
account: "111122223333"
home: eu-central-1
regions:
  eu-central-1:
    kms-key: arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab
  us-east-1: {kms-key: alias/golden}
  ap-southeast-2: {}
share:
  accounts: ["444455556666", "012345678901"]
  organizations: arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5
  organizational-units: [arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-c3d4e5f6]
  snapshots: true
channels:
  prefix: /golden/images
  canary: us-east-1
  accounts:
    "777788889999": arn:aws:iam::777788889999:role/images/hallmark-channels
deprecate-after: 180d
protection: with-cooldown
tags: {team: images, "cost center": "4711", note: ""}
wait: {images: 2h, channel: 90s, poll: 5s}
"#;

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn pairs(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_least_has_every_default() {
    let wanted = Distribution {
        partition: "aws".into(),
        account: "111122223333".into(),
        home: "eu-central-1".into(),
        regions: BTreeMap::from([("eu-central-1".into(), Region::default())]),
        share: Share::default(),
        channels: Channels {
            prefix: "/hallmark".into(),
            canary: "eu-central-1".into(),
            accounts: BTreeMap::new(),
        },
        deprecate_after: None,
        protection: Protection::Off,
        tags: BTreeMap::new(),
        wait: Wait::default(),
    };
    assert_eq!(parse("f", LEAST).unwrap(), wanted);
    let nothing = "share: {}\nchannels: {}\ndeprecate-after: never\nprotection: off\ntags: {}\nwait: {}\n";
    assert_eq!(parse("f", &format!("{LEAST}{nothing}")).unwrap(), wanted);
    let null = "share:\nchannels: ~\ndeprecate-after:\nprotection:\ntags:\nwait:\npartition:\n";
    assert_eq!(parse("f", &format!("{LEAST}{null}")).unwrap(), wanted);
}

#[test]
fn everything_is_read() {
    let key = |key: &str| Region { kms_key: Some(key.to_owned()) };
    let wanted = Distribution {
        partition: "aws".into(),
        account: "111122223333".into(),
        home: "eu-central-1".into(),
        regions: BTreeMap::from([
            (
                "eu-central-1".into(),
                key("arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab"),
            ),
            ("us-east-1".into(), key("alias/golden")),
            ("ap-southeast-2".into(), Region::default()),
        ]),
        share: Share {
            accounts: set(&["012345678901", "444455556666"]),
            organizations: set(&["arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"]),
            organizational_units: set(&[
                "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-c3d4e5f6",
            ]),
            snapshots: true,
            grants: true,
        },
        channels: Channels {
            prefix: "/golden/images".into(),
            canary: "us-east-1".into(),
            accounts: pairs(&[("777788889999", "arn:aws:iam::777788889999:role/images/hallmark-channels")]),
        },
        deprecate_after: Some(Duration::from_secs(180 * 86_400)),
        protection: Protection::WithCooldown,
        tags: pairs(&[("team", "images"), ("cost center", "4711"), ("note", "")]),
        wait: Wait {
            images: Duration::from_secs(7200),
            channel: Duration::from_secs(90),
            poll: Duration::from_secs(5),
        },
    };
    assert_eq!(parse("f", WHOLE).unwrap(), wanted);
}

#[test]
fn protection_is_a_word_or_what_old_readers_make_of_it() {
    for (written, wanted) in [
        ("off", Protection::Off),
        ("'off'", Protection::Off),
        ("false", Protection::Off),
        ("on", Protection::On),
        ("\"on\"", Protection::On),
        ("true", Protection::On),
        ("with-cooldown", Protection::WithCooldown),
    ] {
        let text = format!("{LEAST}protection: {written}\n");
        assert_eq!(parse("f", &text).unwrap().protection, wanted, "{written}");
    }
}

#[test]
fn grants_follow_from_keys_and_accounts() {
    for (key, accounts, written, wanted) in [
        ("", "", "", false),
        ("kms-key: alias/a", "", "", false),
        ("", "'444455556666'", "", false),
        ("kms-key: alias/a", "'444455556666'", "", true),
        ("kms-key: alias/a", "'444455556666'", ", grants: true", true),
        ("kms-key: alias/a", "'444455556666'", ", grants: false", false),
        ("", "", ", grants: false", false),
    ] {
        let text = LEAST.replace("{}", &format!("{{{key}}}"))
            + &format!("share: {{accounts: [{accounts}]{written}}}\n");
        assert_eq!(parse("f", &text).unwrap().share.grants, wanted, "{text}");
    }
}

#[test]
fn the_borders_of_every_range_are_inside() {
    for more in [
        "deprecate-after: 1h",
        "deprecate-after: 60m",
        "deprecate-after: 3650d",
        "wait: {images: 5d}",
        "wait: {images: 1s, channel: 1s, poll: 1s}",
        "wait: {channel: 1h}",
        "wait: {poll: 5m}",
    ] {
        assert!(parse("f", &format!("{LEAST}{more}\n")).is_ok(), "{more}");
    }
    let accounts: Vec<String> = (0..1000).map(|n| format!("'{}'", 444_400_000_000_u64 + n)).collect();
    let shared = parse("f", &format!("{LEAST}share: {{accounts: [{}]}}\n", accounts.join(", "))).unwrap();
    assert_eq!(shared.share.accounts.len(), 1000);
    let tags: String = (0..40).map(|n| format!("  key-{n}: x\n")).collect();
    assert_eq!(parse("f", &format!("{LEAST}tags:\n{tags}")).unwrap().tags.len(), 40);
}

#[test]
fn what_ships_as_an_example_is_read() {
    let read = register_ami::distribution::read(&super::schema::example()).unwrap();
    assert_eq!(read.regions.len(), 2);
    assert!(read.share.grants && read.channels.accounts.len() == 1);
}

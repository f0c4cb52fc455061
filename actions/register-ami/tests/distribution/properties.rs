//! Whatever stands in a file, the reader answers; and what it accepts, it accepts for good reasons.

use proptest::prelude::*;
use register_ami::distribution::parse;

use super::accepted::ACCEPTED;

/// Text as it may stand in any place: from good files, and from what nobody would write.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "eu-central-1",
            "us-gov-west-1",
            "\"111122223333\"",
            "111122223333",
            "012345678901",
            "on",
            "off",
            "true",
            "never",
            "180d",
            "0s",
            "99999999999d",
            "9223372036854775807",
            "-1",
            "1.5",
            "~",
            "[]",
            "{}",
            "[[]]",
            "{a: {}}",
            "alias/aws/ebs",
            "alias/",
            "arn:aws:kms:eu-central-1:111122223333:key/",
            "arn:::::",
            "arn:aws:iam::444455556666:role/x",
            "arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5",
            "/hallmark",
            "/",
            "//",
            "\"\\e[31m\"",
            "'é'",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ]
}

const PATHS: &[&str] = &[
    "version: @",
    "partition: @",
    "account: @",
    "home: @",
    "regions: @",
    "regions: {@: {}}",
    "regions: {eu-central-1: {kms-key: @}, @: {}}",
    "share: @",
    "share: {accounts: [@]}",
    "share: {accounts: @, snapshots: @, grants: @}",
    "share: {organizations: @, organizational-units: @}",
    "channels: @",
    "channels: {prefix: @, canary: @}",
    "channels: {accounts: {@: @}}",
    "deprecate-after: @",
    "protection: @",
    "tags: @",
    "tags: {@: @}",
    "wait: @",
    "wait: {images: @, channel: @, poll: @}",
    "@: @",
];

proptest! {
    #[test]
    fn the_reader_never_panics_and_always_says_where(
        lines in prop::collection::vec((prop::sample::select(PATHS), prop::collection::vec(scalar(), 3)), 0..10),
        least in any::<bool>(),
    ) {
        let mut text = if least { super::accepted::LEAST.to_owned() } else { String::new() };
        for (path, values) in lines {
            let mut line = path.to_owned();
            for value in values {
                line = line.replacen('@', &value, 1);
            }
            text.push_str(&line);
            text.push('\n');
        }
        check(&text)?;
    }

    #[test]
    fn nor_at_changed_bytes(
        file in prop::sample::select(ACCEPTED), at in any::<prop::sample::Index>(), cut in 0..8usize, put in "\\PC{0,4}",
    ) {
        let mut chars: Vec<char> = file.chars().collect();
        let at = at.index(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, put.chars());
        check(&chars.into_iter().collect::<String>())?;
    }
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match parse("f.yml", text) {
        Ok(read) => {
            prop_assert!(read.account.len() == 12 && read.account.bytes().all(|b| b.is_ascii_digit()));
            prop_assert!(
                read.regions.contains_key(&read.home) && read.regions.contains_key(&read.channels.canary)
            );
            prop_assert!(!read.share.accounts.contains(&read.account));
            prop_assert!(read.channels.prefix.starts_with('/') && !read.channels.prefix.ends_with('/'));
            prop_assert!(!read.wait.poll.is_zero() && read.wait.poll <= read.wait.channel);
        }
        Err(problems) => {
            prop_assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                prop_assert!(!problem.what.is_empty() && !problem.mend.is_empty());
            }
        }
    }
    Ok(())
}

//! What AWS takes as an account, a region, a key, a role, an organisation, a parameter's name, a tag: told before
//! anything is asked, and with what to write instead.

/// A mistake, and how to mend it.
pub(super) type Mistake = (String, String);

/// A checked name, or what is wrong with it.
pub(super) type Checked<T = ()> = Result<T, Mistake>;

/// Text of the file's in a message: on one line, and without what a terminal would act on.
pub(super) fn shown(text: &str) -> String {
    runner::escape::shortened(&super::line(text), 100)
}

fn bad<T>(text: &str, what: &str, mend: impl Into<String>) -> Checked<T> {
    Err((format!("`{}` {what}", shown(text)), mend.into()))
}

/// The number of an account.
pub(super) fn account(text: &str) -> Checked {
    if is_account(text) {
        return Ok(());
    }
    let dashed = text.replace(['-', ' '], "");
    let mend = if is_account(&dashed) {
        format!("write \"{dashed}\"")
    } else {
        "12 digits in quotes are wanted, such as \"012345678901\"".to_owned()
    };
    bad(text, "is no account", mend)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A region's name by its shape: `eu-central-1`. AWS opens new ones, so none is looked up.
pub(super) fn region(text: &str) -> Checked {
    if is_region(text) {
        return Ok(());
    }
    let zone = text.strip_suffix(|c: char| c.is_ascii_lowercase()).filter(|rest| is_region(rest));
    let small = text.to_ascii_lowercase();
    match zone {
        Some(rest) => bad(text, "is an availability zone", format!("write the region, `{rest}`")),
        None if is_region(&small) => bad(text, "is no region", format!("write `{small}`")),
        None => bad(text, "is no region", "a name such as `eu-central-1` is wanted"),
    }
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let word = |word: &&str| (2..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
    (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0')
        && (2..=3).contains(&words.len())
        && words.iter().all(word)
}

/// What regions of other partitions than `aws` begin with.
pub(super) const PARTITIONS: [(&str, &str); 7] = [
    ("us-gov-", "aws-us-gov"),
    ("cn-", "aws-cn"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
];

/// The partition that a region belongs to.
pub(super) fn partition_of(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(head, _)| region.starts_with(head)).map_or("aws", |(_, partition)| partition)
}

/// A KMS key for a region: its ARN, or an alias of the owner's.
pub(super) fn key(text: &str, region: &str, partition: Option<&str>) -> Checked {
    if let Some(name) = text.strip_prefix("alias/") {
        return alias(text, name);
    }
    let wanted = format!(
        "the ARN of a key is wanted, `arn:{}:kms:{region}:ACCOUNT:key/ID`, or `alias/NAME`",
        partition.unwrap_or("aws")
    );
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "kms" && is_account(arn.account)) else {
        return bad(text, "is no key", wanted);
    };
    arn.is_of(text, partition)?;
    if arn.region != region {
        let what = format!("is a key of {}, not of {region}", shown(arn.region));
        return bad(text, &what, format!("name a key of {region}: a key is used in its own region only"));
    }
    match (arn.what.strip_prefix("key/"), arn.what.strip_prefix("alias/")) {
        (Some(id), _) if is_key_id(id) => Ok(()),
        (_, Some(name)) => alias(text, name),
        _ => bad(text, "is no key", wanted),
    }
}

fn alias(text: &str, name: &str) -> Checked {
    let good = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    if name.is_empty() || name.len() > 250 || !name.chars().all(good) {
        return bad(text, "is no alias of a key", "letters, digits, `/`, `_` and `-` are, after `alias/`");
    }
    if name.starts_with("aws/") && name != "aws/ebs" {
        return bad(text, "is AWS's key for another service", "name a key of your own");
    }
    Ok(())
}

/// A key's id: a UUID, or the id of a key that several regions have.
fn is_key_id(id: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if let Some(rest) = id.strip_prefix("mrk-") {
        return rest.len() == 32 && hex(rest);
    }
    let parts: Vec<&str> = id.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| hex(part))
}

/// Whether a key is the one that AWS manages for EBS: nobody else can be let use it.
pub(super) fn is_managed_key(text: &str) -> bool {
    text == "alias/aws/ebs" || text.ends_with(":alias/aws/ebs")
}

/// A role of this very account.
pub(super) fn role(text: &str, account: &str, partition: Option<&str>) -> Checked {
    let wanted = format!("write `arn:{}:iam::{account}:role/NAME`", partition.unwrap_or("aws"));
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.region.is_empty()) else {
        return bad(text, "is no ARN of a role", wanted);
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "/+=,.@_-".contains(c);
    let name = arn.what.strip_prefix("role/").unwrap_or_default();
    let parts_good = name.split('/').all(|part| !part.is_empty());
    if !is_account(arn.account) || name.len() > 576 || !name.chars().all(good) || !parts_good {
        return bad(text, "is no ARN of a role", wanted);
    }
    arn.is_of(text, partition)?;
    if arn.account != account {
        return bad(text, &format!("is a role of another account than {account}"), wanted);
    }
    Ok(())
}

/// The ARN of an organisation.
pub(super) fn organization(text: &str, partition: Option<&str>) -> Checked {
    let good = |what: &str| what.strip_prefix("organization/").is_some_and(is_organization);
    of_organizations(text, partition, good, "is no ARN of an organisation", "organization/o-ID")
}

/// The ARN of an organisational unit.
pub(super) fn organizational_unit(text: &str, partition: Option<&str>) -> Checked {
    let good = |what: &str| {
        let parts = what.strip_prefix("ou/").and_then(|rest| rest.split_once('/'));
        parts.is_some_and(|(organization, unit)| is_organization(organization) && is_unit(unit))
    };
    of_organizations(text, partition, good, "is no ARN of an organisational unit", "ou/o-ID/ou-ROOT-ID")
}

fn of_organizations(
    text: &str,
    partition: Option<&str>,
    good: impl Fn(&str) -> bool,
    what: &str,
    wanted: &str,
) -> Checked {
    let arn = Arn::parse(text).filter(|arn| {
        arn.service == "organizations" && arn.region.is_empty() && is_account(arn.account) && good(arn.what)
    });
    let Some(arn) = arn else {
        let partition = partition.unwrap_or("aws");
        let mend =
            format!("write `arn:{partition}:organizations::ACCOUNT:{wanted}`, as the console shows it");
        return bad(text, what, mend);
    };
    arn.is_of(text, partition)
}

fn is_organization(id: &str) -> bool {
    id.strip_prefix("o-").is_some_and(|id| is_id(id, 10))
}

fn is_unit(id: &str) -> bool {
    let parts = id.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| is_id(root, 4) && is_id(unit, 8))
}

fn is_id(id: &str, least: usize) -> bool {
    (least..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The parts of an ARN that mean something here.
struct Arn<'t> {
    partition: &'t str,
    service: &'t str,
    region: &'t str,
    account: &'t str,
    what: &'t str,
}

impl<'t> Arn<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, what] = parts.as_slice() else { return None };
        (text.len() <= 2048).then_some(Self { partition, service, region, account, what })
    }

    /// Whether it is of the file's partition, where that is known.
    fn is_of(&self, text: &str, partition: Option<&str>) -> Checked {
        match partition {
            Some(partition) if partition != self.partition => {
                let what = format!("is of the partition `{}`, not of `{partition}`", shown(self.partition));
                bad(text, &what, format!("one that begins with `arn:{partition}:` is wanted"))
            }
            _ => Ok(()),
        }
    }
}

/// The longest prefix. AWS takes 1,011 bytes for a whole name; a family and a channel's name follow.
pub(super) const LONGEST_PREFIX: usize = 200;
/// The deepest prefix. AWS takes 15 levels for a whole name; a family has up to eight.
pub(super) const DEEPEST_PREFIX: usize = 5;

/// What every parameter's name begins with.
pub(super) fn prefix(text: &str) -> Checked {
    let Some(rest) = text.strip_prefix('/') else {
        return bad(text, "does not begin with `/`", "write `/NAME`, such as `/hallmark`");
    };
    if rest.is_empty() {
        return bad(text, "has no name in it", "write `/NAME`, such as `/hallmark`");
    }
    if let Some(without) = text.strip_suffix('/') {
        return bad(text, "ends with `/`", format!("write `{}`", shown(without)));
    }
    let small = rest.to_ascii_lowercase();
    if small.starts_with("aws") || small.starts_with("ssm") {
        return bad(
            text,
            "begins as AWS's own names do",
            "take a name that begins with neither `aws` nor `ssm`",
        );
    }
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !rest.split('/').all(part) {
        return bad(
            text,
            "is no name of a parameter",
            "letters, digits, `_`, `.` and `-` are, between single `/`",
        );
    }
    if text.len() > LONGEST_PREFIX || rest.split('/').count() > DEEPEST_PREFIX {
        let mend = format!(
            "at most {LONGEST_PREFIX} bytes in {DEEPEST_PREFIX} levels are wanted: families and channels follow"
        );
        return bad(text, "is too long", mend);
    }
    Ok(())
}

/// The longest key of a tag, in characters.
pub(super) const LONGEST_KEY: usize = 128;
/// The longest value of a tag, in characters.
pub(super) const LONGEST_VALUE: usize = 256;

/// A tag's key.
pub(super) fn tag_key(text: &str) -> Checked {
    let small = text.to_ascii_lowercase();
    if let Some(owner) = [("aws:", "AWS"), ("hallmark:", "Hallmark")]
        .into_iter()
        .find_map(|(head, owner)| small.starts_with(head).then_some(owner))
    {
        return bad(text, &format!("begins as {owner}'s own tags do"), "take another name");
    }
    if text == "Name" {
        return bad(text, "is where the image's own name is kept", "take another name");
    }
    let good = text.trim() == text && !text.is_empty() && !text.chars().any(char::is_control);
    if !good || text.chars().count() > LONGEST_KEY {
        return bad(
            text,
            "is no tag's key",
            format!("1 to {LONGEST_KEY} characters without blanks around them are"),
        );
    }
    Ok(())
}

/// A tag's value; it may be empty.
pub(super) fn tag_value(text: &str) -> Checked {
    if text.chars().any(char::is_control) || text.chars().count() > LONGEST_VALUE {
        return bad(text, "is no tag's value", format!("at most {LONGEST_VALUE} characters on one line are"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_where_they_belong() {
        for (good, partition) in [
            ("eu-central-1", "aws"),
            ("ap-southeast-12", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert!(region(good).is_ok(), "{good}");
            assert_eq!(partition_of(good), partition, "{good}");
        }
        for bad in [
            "",
            "-",
            "eu",
            "eu-1",
            "eu-central",
            "eu-central-",
            "eu-central-0",
            "eu-central-01",
            "eu-central-1 ",
            "EU-CENTRAL-1",
            "eu_central_1",
            "eu-central-1a",
            "eu--1",
            "a-b-1",
            "eu-central-100",
            "é-central-1",
        ] {
            assert!(region(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn keys() {
        let id = "0a1b2c3d-0000-4000-8000-0123456789ab";
        let mrk = format!("mrk-{}", "0a".repeat(16));
        let arn = |what: &str| format!("arn:aws:kms:eu-central-1:111122223333:{what}");
        for good in [
            arn(&format!("key/{id}")),
            arn(&format!("key/{mrk}")),
            arn("alias/golden"),
            "alias/golden/image_1".to_owned(),
            "alias/aws/ebs".to_owned(),
        ] {
            assert_eq!(key(&good, "eu-central-1", Some("aws")), Ok(()), "{good}");
        }
        for bad in [
            id.to_owned(),
            "alias/".to_owned(),
            "alias/a b".to_owned(),
            "alias/aws/s3".to_owned(),
            arn("key/"),
            arn("key/0A1B2C3D-0000-4000-8000-0123456789AB"),
            arn("key/mrk-1"),
            arn("alias/aws/s3"),
            arn(id),
            format!("arn:aws:kms:eu-central-1:1:key/{id}"),
            format!("arn:aws:kms:eu-west-1:111122223333:key/{id}"),
            format!("arn:aws-us-gov:kms:eu-central-1:111122223333:key/{id}"),
            format!("arn:aws:ec2:eu-central-1:111122223333:key/{id}"),
        ] {
            assert!(key(&bad, "eu-central-1", Some("aws")).is_err(), "{bad}");
        }
        assert!(is_managed_key(&arn("alias/aws/ebs")) && !is_managed_key("alias/aws/ebs2"));
    }

    #[test]
    fn accounts_roles_and_organisations() {
        for (good, bad, check) in [
            (
                &["012345678901"][..],
                &["", "12345678901", "0123-4567-8901", "0123456789012", "٠١٢٣٤٥"][..],
                account as fn(&str) -> Checked,
            ),
            (
                &["arn:aws:iam::444455556666:role/x", "arn:aws:iam::444455556666:role/a/b+=,.@_-"],
                &[
                    "x",
                    "arn:aws:iam::444455556666:role/",
                    "arn:aws:iam::444455556666:role//x",
                    "arn:aws:iam::444455556666:user/x",
                    "arn:aws:iam::111122223333:role/x",
                    "arn:aws-us-gov:iam::444455556666:role/x",
                    "arn:aws:iam:eu-central-1:444455556666:role/x",
                    "arn:aws:sts::444455556666:assumed-role/x/y",
                    "arn:aws:iam::444455556666:role/x\n",
                ],
                |text| role(text, "444455556666", Some("aws")),
            ),
            (
                &["arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"],
                &[
                    "o-a1b2c3d4e5",
                    "arn:aws:organizations::111122223333:organization/o-1",
                    "arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-abcd",
                ],
                |text| organization(text, Some("aws")),
            ),
            (
                &["arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-c3d4e5f6"],
                &[
                    "ou-ab12-c3d4e5f6",
                    "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5",
                    "arn:aws:organizations::1:ou/o-a1b2c3d4e5/ou-ab12-c3d4e5f6",
                ],
                |text| organizational_unit(text, Some("aws")),
            ),
            (
                &["/hallmark", "/a/b.c_d-E"],
                &[
                    "",
                    "/",
                    "hallmark",
                    "/hallmark/",
                    "/a//b",
                    "/aws/x",
                    "/AWSx",
                    "/ssm",
                    "/a b",
                    "/é",
                    "/a/b/c/d/e/f",
                ],
                prefix,
            ),
            (
                &["team", "ä b", "name"],
                &["", " a", "Name", "aws:x", "AWS:x", "hallmark:release", "Hallmark:x", "a\nb"],
                tag_key,
            ),
            (&["", "images", " x "], &["a\u{1b}b", "a\nb"], tag_value),
        ] {
            good.iter().for_each(|text| assert!(check(text).is_ok(), "{text:?}: {:?}", check(text)));
            bad.iter().for_each(|text| assert!(check(text).is_err(), "{text:?}"));
        }
        assert!(tag_key(&"ä".repeat(128)).is_ok() && tag_key(&"ä".repeat(129)).is_err());
        assert!(tag_value(&"ä".repeat(256)).is_ok() && tag_value(&"ä".repeat(257)).is_err());
        assert!(
            prefix(&format!("/{}", "a".repeat(199))).is_ok()
                && prefix(&format!("/{}", "a".repeat(200))).is_err()
        );
    }

    #[test]
    fn hostile_names_are_told_plainly() {
        let (what, _) = region("\u{1b}[31m\n::error::x").unwrap_err();
        assert!(!what.contains(['\u{1b}', '\n']), "{what:?}");
    }
}

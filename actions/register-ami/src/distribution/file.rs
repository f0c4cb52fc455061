//! The file as a whole, and its parts that stand for themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::distribution::{Distribution, Protection, Region, Wait};
use policy::fields::{Fields, Map};
use policy::yaml::{self, Node, Value};
use policy::{At, Problems};

use super::names::{self, Checked};
use super::sharing;

/// The keys of a file.
pub(super) const FILE: [&str; 11] = [
    "version",
    "partition",
    "account",
    "home",
    "regions",
    "share",
    "channels",
    "deprecate-after",
    "protection",
    "tags",
    "wait",
];
/// Those that have to be there.
pub(super) const REQUIRED: [&str; 4] = ["version", "account", "home", "regions"];
/// The keys of a region.
pub(super) const REGION: [&str; 1] = ["kms-key"];
/// The keys of `wait`.
pub(super) const WAIT: [&str; 3] = ["images", "channel", "poll"];

/// The partitions that are published to. The first is the default.
pub(super) const PARTITIONS: [(&str, &str); 2] = [("aws", "aws"), ("aws-us-gov", "aws-us-gov")];
/// Not to be deprecated at all.
pub(super) const NEVER: &str = "never";
/// How an image is kept from being deregistered. YAML's own `true` and `false` say `on` and `off` too: older readers
/// take the words for them.
pub(super) const PROTECTION: [(&str, Protection); 3] =
    [("off", Protection::Off), ("on", Protection::On), ("with-cooldown", Protection::WithCooldown)];
/// EC2 has room for 50 tags; the others are Hallmark's own.
pub(super) const MOST_TAGS: usize = 40;

/// A length of time has to be in such a range: the shortest, the longest, and how both are written.
struct Range(u64, u64, &'static str);

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// AWS takes ten years, and looks at whole minutes.
const DEPRECATION: Range = Range(HOUR, 3650 * DAY, "from `1h` to `3650d` is");
/// No job runs for longer than five days.
const IMAGES: Range = Range(1, 5 * DAY, "from `1s` to `5d` is");
const CHANNEL: Range = Range(1, HOUR, "from `1s` to `1h` is");
const POLL: Range = Range(1, HOUR / 12, "from `1s` to `5m` is");

/// Reads the text of a file.
pub(super) fn parse(file: &str, text: &str) -> Result<Distribution, Problems> {
    let node = yaml::read(file, text)?;
    let mut fields = Fields::new(file);
    let distribution = whole(&mut fields, &node);
    fields.finish(distribution)
}

fn whole(fields: &mut Fields<'_>, node: &Node) -> Option<Distribution> {
    let map = fields.map(node, "the file", &FILE)?;
    fields.version(&map, "the file");
    let partition = partition(fields, &map);
    let account = fields
        .required(&map, "the file", "account", "\"111122223333\"")
        .and_then(|node| number(fields, node, "account"));
    let home = fields.required(&map, "the file", "home", "eu-central-1");
    let home = home.and_then(|node| Some((fields.text(node, "home")?, node.at)));
    let regions = fields
        .required(&map, "the file", "regions", "{eu-central-1: {}}")
        .and_then(|node| regions(fields, node, partition));
    let home_is_good = match (&home, &regions) {
        (Some((home, at)), Some(regions)) => regions.has(fields, "home", home, *at),
        _ => false,
    };
    let about = sharing::About {
        partition,
        owner: account.as_deref(),
        home: home.as_ref().map(|(home, _)| home.as_str()).filter(|_| home_is_good),
        regions: regions.as_ref(),
    };
    let share = sharing::share(fields, map.get("share"), &about);
    let channels = sharing::channels(fields, map.get("channels"), &about, share.as_ref());
    let deprecate_after = map.get("deprecate-after").and_then(|node| deprecation(fields, node));
    let protection = match map.get("protection") {
        Some(node) => protection(fields, node),
        None => Some(Protection::default()),
    };
    let tags = map.get("tags").map(|node| tags(fields, node)).unwrap_or_default();
    let wait = match map.get("wait") {
        Some(node) => wait(fields, node),
        None => Some(Wait::default()),
    };
    Some(Distribution {
        partition: partition?.to_owned(),
        account: account?,
        home: home?.0,
        regions: regions?.all,
        share: share?,
        channels: channels?,
        deprecate_after,
        protection: protection?,
        tags,
        wait: wait?,
    })
}

/// Tells what is wrong with a name. Whether nothing is.
pub(super) fn told(fields: &mut Fields<'_>, at: At, checked: Checked) -> bool {
    let good = checked.is_ok();
    if let Err((what, mend)) = checked {
        fields.problem(at, what, mend);
    }
    good
}

/// An account's number, which YAML takes for a number where it has no quotes.
pub(super) fn number(fields: &mut Fields<'_>, node: &Node, name: &str) -> Option<String> {
    // With zeros at its beginning it is no whole number of YAML's.
    if matches!(node.value, Value::Integer(_) | Value::Fraction(_)) {
        let mend = match node.value {
            Value::Integer(100_000_000_000..=999_999_999_999) => "put it in quotes",
            _ => "put all 12 digits in quotes: without them, zeros at the beginning are lost",
        };
        fields.problem(node.at, format!("`{name}` reads as a number"), mend);
        return None;
    }
    let text = fields.text(node, name)?;
    told(fields, node.at, names::account(&text)).then_some(text)
}

fn partition(fields: &mut Fields<'_>, map: &Map<'_>) -> Option<&'static str> {
    let Some(node) = map.get("partition") else { return Some(PARTITIONS[0].1) };
    if matches!(&node.value, Value::Text(text) if text == "aws-cn") {
        let what = "publishing to `aws-cn` was never tried";
        fields.problem(node.at, what, "one of `aws`, `aws-us-gov` is wanted");
        return None;
    }
    fields.choice(node, "partition", &PARTITIONS)
}

/// The regions of a file.
pub(super) struct Regions {
    /// All that are named, the mistaken ones too.
    named: BTreeSet<String>,
    /// Those without a mistake.
    all: BTreeMap<String, Region>,
    /// Where keys stand that nobody else can be let use.
    pub(super) managed: Vec<At>,
}

impl Regions {
    /// Whether any has a key.
    pub(super) fn have_keys(&self) -> bool {
        self.all.values().any(|region| region.kms_key.is_some())
    }

    /// Whether a region is among them; told if it is not.
    pub(super) fn has(&self, fields: &mut Fields<'_>, name: &str, region: &str, at: At) -> bool {
        // That there are none is told already.
        let known = self.named.contains(region) || self.named.is_empty();
        if !known && told(fields, at, names::region(region)) {
            let what = format!("`{name}` is `{region}`, which is not in `regions`");
            let near = policy::nearest(region, self.named.iter().map(String::as_str));
            let mend = match near {
                Some(near) => format!("did you mean `{}`?", names::shown(near)),
                None => "add it there, or name one that is".to_owned(),
            };
            fields.problem(at, what, mend);
        }
        known
    }
}

fn regions(fields: &mut Fields<'_>, node: &Node, partition: Option<&str>) -> Option<Regions> {
    fields.entries(node, "regions")?;
    if node.entries().is_empty() {
        fields.problem(node.at, "`regions` is empty", "name at least the home region");
    }
    let mut regions = Regions { named: BTreeSet::new(), all: BTreeMap::new(), managed: Vec::new() };
    for (key, value) in node.entries() {
        let Value::Text(name) = &key.value else { continue };
        regions.named.insert(name.clone());
        let good = told(fields, key.at, names::region(name)) && belongs(fields, key.at, name, partition);
        let Some(map) = fields.map(value, &format!("the region `{}`", names::shown(name)), &REGION) else {
            continue;
        };
        let mut region = Region::default();
        if let Some(node) = map.get("kms-key")
            && let Some(text) = fields.text(node, "kms-key")
            && good
            && told(fields, node.at, names::key(&text, name, partition))
        {
            if names::is_managed_key(&text) {
                regions.managed.push(node.at);
            }
            region.kms_key = Some(text);
        }
        regions.all.insert(name.clone(), region);
    }
    Some(regions)
}

fn belongs(fields: &mut Fields<'_>, at: At, region: &str, partition: Option<&str>) -> bool {
    let its = names::partition_of(region);
    let Some(partition) = partition.filter(|partition| *partition != its) else { return true };
    let what = format!("`{region}` belongs to the partition `{its}`, not to `{partition}`");
    let known = PARTITIONS.iter().any(|(name, _)| *name == its);
    let mend = if known {
        format!("write `partition: {its}`, or take it out: a file is of one partition")
    } else {
        "take it out".to_owned()
    };
    fields.problem(at, what, mend);
    false
}

fn protection(fields: &mut Fields<'_>, node: &Node) -> Option<Protection> {
    match node.value {
        Value::Bool(true) => Some(Protection::On),
        Value::Bool(false) => Some(Protection::Off),
        _ => fields.choice(node, "protection", &PROTECTION),
    }
}

fn deprecation(fields: &mut Fields<'_>, node: &Node) -> Option<Duration> {
    match &node.value {
        Value::Text(text) if text == NEVER => None,
        Value::Bool(_) => {
            let mend = "write `never`, or a length of time such as `180d`";
            fields.problem(node.at, "`deprecate-after` is a boolean", mend);
            None
        }
        _ => span(fields, node, "deprecate-after", &DEPRECATION),
    }
}

fn span(fields: &mut Fields<'_>, node: &Node, name: &str, range: &Range) -> Option<Duration> {
    let span = fields.span(node, name)?.unsigned_abs();
    let Range(least, most, shown) = *range;
    let wrong = match span.as_secs() {
        seconds if seconds < least => "short",
        seconds if seconds > most => "long",
        _ => return Some(span),
    };
    fields.problem(node.at, format!("`{name}` is too {wrong}"), format!("{shown} wanted"));
    None
}

fn tags(fields: &mut Fields<'_>, node: &Node) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    fields.entries(node, "tags");
    if node.entries().len() > MOST_TAGS {
        let what = format!("`tags` has {} entries", node.entries().len());
        fields.problem(node.at, what, format!("there is room for {MOST_TAGS}"));
    }
    for (key, value) in node.entries() {
        let Value::Text(name) = &key.value else { continue };
        told(fields, key.at, names::tag_key(name));
        // A tag may be empty: other files' `text` refuses that.
        let text = match &value.value {
            Value::Text(text) => Some(text.clone()),
            Value::Null => {
                let what = format!("the tag `{}` has no value", names::shown(name));
                fields.problem(value.at, what, "write one, or `\"\"`");
                None
            }
            _ => fields.text(value, &names::shown(name)),
        };
        if let Some(text) = text
            && told(fields, value.at, names::tag_value(&text))
        {
            all.insert(name.clone(), text);
        }
    }
    all
}

fn wait(fields: &mut Fields<'_>, node: &Node) -> Option<Wait> {
    let map = fields.map(node, "wait", &WAIT)?;
    let usual = Wait::default();
    let mut one = |key, name, range, usual| match map.get(key) {
        Some(node) => span(fields, node, name, range),
        None => Some(usual),
    };
    let images = one("images", "wait.images", &IMAGES, usual.images);
    let channel = one("channel", "wait.channel", &CHANNEL, usual.channel);
    let poll = one("poll", "wait.poll", &POLL, usual.poll);
    let wait = Wait { images: images?, channel: channel?, poll: poll? };
    for (name, whole) in [("images", wait.images), ("channel", wait.channel)] {
        if wait.poll > whole {
            let at = map.get("poll").or_else(|| map.get(name)).map_or(map.at, |node| node.at);
            let what = format!("`wait.poll`, {} s, is longer than `wait.{name}`", wait.poll.as_secs());
            fields.problem(at, what, "make the pause between two looks the shorter one");
        }
    }
    Some(wait)
}

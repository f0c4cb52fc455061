//! What concerns other accounts: who may use the images, and who has the channels.

use std::collections::{BTreeMap, BTreeSet};

use aws::distribution::{Channels, Share};
use policy::fields::{Fields, Map};
use policy::yaml::{Node, Value};

use super::file::{Regions, number, told};
use super::names::{self, Checked};

/// The keys of `share`.
pub(super) const SHARE: [&str; 5] =
    ["accounts", "organizations", "organizational-units", "snapshots", "grants"];
/// The keys of `channels`.
pub(super) const CHANNELS: [&str; 3] = ["prefix", "canary", "accounts"];
/// Where channels are unless the file says otherwise.
pub(super) const PREFIX: &str = "/hallmark";

/// An image is shared with no more than this many accounts, organisations and units together.
const MOST_ENTITIES: usize = 1000;

/// What the rest of the file says; what is mistaken there is `None`.
pub(super) struct About<'a> {
    pub(super) partition: Option<&'a str>,
    pub(super) owner: Option<&'a str>,
    pub(super) home: Option<&'a str>,
    pub(super) regions: Option<&'a Regions>,
}

/// Whom images are shared with; nobody where nothing is said.
pub(super) fn share(fields: &mut Fields<'_>, node: Option<&Node>, about: &About<'_>) -> Option<Share> {
    let Some(node) = node else { return Some(Share::default()) };
    let map = fields.map(node, "share", &SHARE)?;
    let accounts = accounts(fields, map.get("accounts"), about.owner);
    let arns = |fields: &mut Fields<'_>, key, check: fn(&str, Option<&str>) -> Checked| {
        let texts = map.get(key).map(|node| fields.texts(node, key)).unwrap_or_default();
        let mut all = BTreeSet::new();
        for (text, at) in texts {
            if told(fields, at, check(&text, about.partition)) && !all.insert(text.clone()) {
                fields.problem(at, format!("`{text}` is in `{key}` twice"), "keep one of them");
            }
        }
        all
    };
    let organizations = arns(fields, "organizations", names::organization);
    let organizational_units = arns(fields, "organizational-units", names::organizational_unit);
    let named = ["accounts", "organizations", "organizational-units"]
        .iter()
        .filter_map(|key| map.get(key))
        .map(|node| node.items().len())
        .sum::<usize>();
    if named > MOST_ENTITIES {
        let what = format!("`share` names {named}");
        let mend = "AWS shares an image with at most 1,000: name an organisation or units of it";
        fields.problem(node.at, what, mend);
    }
    if named > 0 {
        for at in about.regions.iter().flat_map(|regions| &regions.managed) {
            let what = "images that are encrypted with AWS's own key, `alias/aws/ebs`, cannot be shared";
            fields.problem(*at, what, "name a key of your own here, or leave `share` out");
        }
    }
    let named_accounts = map.get("accounts").is_some_and(|node| !node.items().is_empty());
    let snapshots = snapshots(fields, &map, named_accounts);
    let grants = grants(fields, &map, named_accounts, about.regions);
    Some(Share { accounts, organizations, organizational_units, snapshots: snapshots?, grants: grants? })
}

fn accounts(fields: &mut Fields<'_>, node: Option<&Node>, owner: Option<&str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let Some(node) = node else { return all };
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let Some(account) = number(fields, item, "accounts") else { continue };
        if owner == Some(account.as_str()) {
            let what = format!("`{account}` owns the images");
            fields.problem(item.at, what, "take it out: images are shared with others");
        } else if !all.insert(account.clone()) {
            fields.problem(item.at, format!("`{account}` is in `accounts` twice"), "keep one of them");
        }
    }
    all
}

fn snapshots(fields: &mut Fields<'_>, map: &Map<'_>, accounts: bool) -> Option<bool> {
    let Some(node) = map.get("snapshots") else { return Some(false) };
    let value = fields.flag(node, "snapshots")?;
    if value && !accounts {
        let what = "`snapshots` is true where `share` names no accounts";
        fields.problem(node.at, what, "name accounts: AWS shares snapshots with no organisation");
    }
    Some(value)
}

fn grants(fields: &mut Fields<'_>, map: &Map<'_>, accounts: bool, regions: Option<&Regions>) -> Option<bool> {
    let keys = regions.is_some_and(Regions::have_keys);
    let Some(node) = map.get("grants") else { return Some(keys && accounts) };
    let value = fields.flag(node, "grants")?;
    if value && !accounts {
        let what = "`grants` is true where `share` names no accounts";
        let mend = "name accounts: organisations are let use a key by the key's own policy";
        fields.problem(node.at, what, mend);
    } else if value && !keys && regions.is_some() {
        let what = "`grants` is true where no region has a `kms-key`";
        fields.problem(node.at, what, "name the keys, or leave `grants` out");
    }
    Some(value)
}

/// Where channels are kept.
pub(super) fn channels(
    fields: &mut Fields<'_>,
    node: Option<&Node>,
    about: &About<'_>,
    share: Option<&Share>,
) -> Option<Channels> {
    let prefix = PREFIX.to_owned();
    let Some(node) = node else {
        return Some(Channels { prefix, canary: about.home?.to_owned(), accounts: BTreeMap::new() });
    };
    let map = fields.map(node, "channels", &CHANNELS)?;
    let prefix = match map.get("prefix") {
        Some(node) => fields.text(node, "prefix").filter(|text| told(fields, node.at, names::prefix(text))),
        None => Some(prefix),
    };
    let canary = match map.get("canary") {
        Some(node) => fields
            .text(node, "canary")
            .filter(|text| about.regions.is_some_and(|regions| regions.has(fields, "canary", text, node.at))),
        None => about.home.map(str::to_owned),
    };
    let accounts = map.get("accounts").map(|node| roles(fields, node, about, share)).unwrap_or_default();
    Some(Channels { prefix: prefix?, canary: canary?, accounts })
}

/// Other accounts that have the channels, each with the role that writes them.
fn roles(
    fields: &mut Fields<'_>,
    node: &Node,
    about: &About<'_>,
    share: Option<&Share>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if !matches!(node.value, Value::Map(_)) {
        fields.entries(node, "accounts");
    }
    for (key, value) in node.entries() {
        let Some(account) = number(fields, key, "accounts") else { continue };
        let Some(role) = fields.text(value, &account) else { continue };
        if about.owner == Some(account.as_str()) {
            let what = format!("`{account}` owns the images");
            fields.problem(key.at, what, "take it out: its channels are always written");
            continue;
        }
        let alone = share.is_some_and(|share| {
            share.organizations.is_empty()
                && share.organizational_units.is_empty()
                && !share.accounts.contains(&account)
        });
        if alone {
            let what = format!("`{account}` is to have channels, and no image is shared with it");
            fields.problem(key.at, what, "name it, or its organisation, in `share` as well");
        }
        if told(fields, value.at, names::role(&role, &account, about.partition)) {
            all.insert(account, role);
        }
    }
    all
}

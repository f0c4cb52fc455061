//! The JSON Schema of `distribution.yml`, for editors: made from the tables by which the reader goes. It says what
//! a file may be made of; what its parts mean together only the reader knows.

use serde_json::{Map, Value, json};

use super::file::{FILE, MOST_TAGS, NEVER, PARTITIONS, PROTECTION, REGION, REQUIRED, WAIT};
use super::names::{self, DEEPEST_PREFIX, LONGEST_KEY, LONGEST_PREFIX, LONGEST_VALUE};
use super::sharing::{CHANNELS, SHARE};

const PARTITION: &str = "arn:aws(-us-gov)?";
const ACCOUNT: &str = "[0-9]{12}";
const REGION_NAME: &str = "[a-z]{2,12}(-[a-z]{2,12}){1,2}-[1-9][0-9]?";
const ORGANIZATION: &str = "o-[a-z0-9]{10,32}";

/// The JSON Schema (draft 7) of a file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = map(&FILE, key);
    schema["required"] = json!(REQUIRED);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Hallmark distribution");
    schema["allOf"] = json!(of_partitions());
    about("Where images are published to on AWS.", schema)
}

/// What regions may be called in each partition.
fn of_partitions() -> Vec<Value> {
    let heads = |wanted: &str| {
        let all = names::PARTITIONS.iter().filter(|(_, partition)| wanted.is_empty() || *partition == wanted);
        all.map(|(head, _)| *head).collect::<Vec<_>>().join("|")
    };
    let of = |(name, _): &(&str, &str)| {
        let partition = json!({"properties": {"partition": {"const": name}}});
        let head = if heads(name).is_empty() {
            format!("^(?!{})", heads(""))
        } else {
            format!("^({})", heads(name))
        };
        // A file that says nothing is of the first one.
        let when = if *name == PARTITIONS[0].0 {
            partition
        } else {
            json!({"allOf": [partition, {"required": ["partition"]}]})
        };
        let regions = json!({"propertyNames": {"pattern": head}});
        json!({"if": when, "then": {"properties": {"regions": regions}}})
    };
    PARTITIONS.iter().map(of).collect()
}

fn about(text: &str, mut schema: Value) -> Value {
    schema["description"] = json!(text);
    schema
}

/// A mapping with these keys and no others.
fn map(keys: &[&str], of: impl Fn(&str) -> Value) -> Value {
    let members: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), of(key))).collect();
    json!({"type": "object", "properties": members, "additionalProperties": false})
}

/// A list of these, or one of them.
fn some(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one, "uniqueItems": true, "maxItems": 1000}]})
}

/// Text that is this from its beginning to its end.
fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": format!("^{pattern}$")})
}

fn key(key: &str) -> Value {
    match key {
        "version" => about("The version of this file's language.", json!({"const": 1})),
        "partition" => {
            about("The partition of AWS; by default aws.", json!({"enum": PARTITIONS.map(|(name, _)| name)}))
        }
        "account" => about("The account that owns the images: 12 digits in quotes.", text(ACCOUNT)),
        "home" => about("The region in which images are made: one of `regions`.", region_name()),
        "regions" => about("Every region in which an image is to be, by its name.", regions()),
        "share" => about(
            "Whom images are shared with, exactly: who is not named loses what they had. Left out: nobody.",
            sharing(),
        ),
        "channels" => {
            about("Where channels are kept: parameters of the Systems Manager.", map(&CHANNELS, channel))
        }
        "deprecate-after" => about(
            "How long after its publication an image is called deprecated: 1h to 3650d; by default never.",
            json!({"anyOf": [{"const": NEVER}, span()]}),
        ),
        "protection" => {
            let mut words: Vec<Value> = PROTECTION.iter().map(|(word, _)| json!(word)).collect();
            words.extend([json!(true), json!(false)]);
            about(
                "Whether a published image is kept from being deregistered, or even for 24 hours after that is taken back; by default off.",
                json!({"enum": words}),
            )
        }
        "tags" => about("More tags for images and snapshots.", tags()),
        _ => about("How long to wait for AWS.", map(&WAIT, wait)),
    }
}

fn region_name() -> Value {
    text(REGION_NAME)
}

fn regions() -> Value {
    let region = map(&REGION, |_| {
        let key = "key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})";
        let alias = "alias/(?!aws/(?!ebs$))[A-Za-z0-9/_-]{1,250}";
        about(
            "The KMS key that copies there are encrypted with: the ARN of a key of that region, or an alias.",
            text(&format!("({PARTITION}:kms:{REGION_NAME}:{ACCOUNT}:({key}|{alias})|{alias})")),
        )
    });
    json!({"type": "object", "minProperties": 1, "propertyNames": region_name(), "additionalProperties": region})
}

fn sharing() -> Value {
    let mut sharing = map(&SHARE, share);
    // Both are for accounts.
    let only_with_accounts = ["snapshots", "grants"].map(|key| {
        let set = json!({"properties": {key: {"const": true}}, "required": [key]});
        let accounts = json!({"properties": {"accounts": {"not": {"const": []}}}, "required": ["accounts"]});
        json!({"if": set, "then": accounts})
    });
    sharing["allOf"] = json!(only_with_accounts);
    sharing
}

fn share(key: &str) -> Value {
    let arn = |what: String| text(&format!("{PARTITION}:organizations::{ACCOUNT}:{what}"));
    match key {
        "accounts" => about("Accounts, in quotes.", some(&text(ACCOUNT))),
        "organizations" => {
            about("Organisations, by ARN.", some(&arn(format!("organization/{ORGANIZATION}"))))
        }
        "organizational-units" => about(
            "Organisational units, by ARN.",
            some(&arn(format!("ou/{ORGANIZATION}/ou-[a-z0-9]{{4,32}}-[a-z0-9]{{8,32}}"))),
        ),
        "snapshots" => about(
            "Whether the accounts may also use the snapshots, to copy images or to verify them; by default false.",
            json!({"type": "boolean"}),
        ),
        _ => about(
            "Whether the accounts are given grants on the keys; by default true where there are keys and accounts.",
            json!({"type": "boolean"}),
        ),
    }
}

fn channel(key: &str) -> Value {
    match key {
        "prefix" => {
            let part = "/[A-Za-z0-9_.-]+";
            let mut prefix = text(&format!("(?!/([Aa][Ww][Ss]|[Ss][Ss][Mm]))({part}){{1,{DEEPEST_PREFIX}}}"));
            prefix["maxLength"] = json!(LONGEST_PREFIX);
            about("What every parameter's name begins with; by default /hallmark.", prefix)
        }
        "canary" => about(
            "The region whose channel is pointed anew first: one of `regions`; by default the home region.",
            region_name(),
        ),
        _ => about(
            "Other accounts that have the channels, each with the role there that writes them.",
            json!({
                "type": "object",
                "propertyNames": text(ACCOUNT),
                "additionalProperties": text(&format!("{PARTITION}:iam::{ACCOUNT}:role(/[A-Za-z0-9+=,.@_-]+)+")),
            }),
        ),
    }
}

fn tags() -> Value {
    let own = "(?![Aa][Ww][Ss]:)(?![Hh][Aa][Ll][Ll][Mm][Aa][Rr][Kk]:)";
    let mut name = text(&format!("{own}(?!Name$)(?!\\s)[^\\x00-\\x1f\\x7f]+(?<!\\s)"));
    name["maxLength"] = json!(LONGEST_KEY);
    let mut value = text("[^\\x00-\\x1f\\x7f]*");
    value["maxLength"] = json!(LONGEST_VALUE);
    json!({"type": "object", "maxProperties": MOST_TAGS, "propertyNames": name, "additionalProperties": value})
}

fn span() -> Value {
    text("0*[1-9][0-9]*[smhdw]")
}

fn wait(key: &str) -> Value {
    match key {
        "images" => about("For all images to become available: 1s to 5d; by default 4h.", span()),
        "channel" => about("For a channel to show what it was set to: 1s to 1h; by default 5m.", span()),
        _ => about("The longest pause between two looks: 1s to 5m; by default 15s.", span()),
    }
}

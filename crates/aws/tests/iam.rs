//! The policies in `docs/iam` beside the code: what a job calls is allowed to it, what nothing calls is allowed to
//! nobody, and what destroys, shares or repoints is held to what is Hallmark's own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Which of a file's calls a job makes.
#[derive(Clone, Copy)]
enum Calls {
    All,
    But(&'static [&'static str]),
    Only(&'static [&'static str]),
}

use Calls::{All, But, Only};

impl Calls {
    fn has(self, call: &str) -> bool {
        match self {
            All => true,
            But(others) => !others.contains(&call),
            Only(these) => these.contains(&call),
        }
    }
}

/// What each job runs. A path that ends with `/` is a folder.
const JOBS: &[(&str, &str, Calls)] = &[
    ("publish", "crates/aws/src/publisher/", But(REGISTERING)),
    ("publish", "crates/aws/src/upload/", But(WRITING)),
    ("upload", "crates/aws/src/publisher/images.rs", Only(REGISTERING)),
    ("upload", "crates/aws/src/upload/", Only(WRITING)),
    ("publish", "crates/archive/src/s3/", Only(&["GetObject", "PutObject", "ListBucket"])),
    ("channels", "crates/aws/src/publisher/parameters.rs", All),
    ("channels", "crates/aws/src/publisher/references.rs", All),
    ("reap", "crates/aws/src/reaper.rs", But(FINISHING)),
    ("reap", "crates/aws/src/reaper/", All),
    ("reap-copies", "crates/aws/src/reaper.rs", Only(ENDING)),
    // Beside what `reap` may look at.
    ("reap-abandoned", "crates/aws/src/reaper.rs", Only(ENDING)),
    ("reap-abandoned", "crates/aws/src/publisher/images.rs", Only(SHARING)),
    ("reap-abandoned", "crates/aws/src/publisher/references.rs", Only(&["DescribeLaunchTemplateVersions"])),
    ("reap-abandoned", "crates/aws/src/publisher/parameters.rs", Only(&["GetParameter"])),
    ("reap-abandoned", "crates/archive/src/s3/", Only(&["GetObject", "PutObject", "ListBucket"])),
    // Who bakes cleans up after itself, and says of what is finished that it does not expire.
    ("bake", "crates/aws/src/reaper.rs", All),
    ("bake", "crates/aws/src/reaper/", All),
    ("read", "crates/aws/src/machine_image.rs", All),
    ("read", "crates/aws/src/snapshots/", All),
    ("verify", "crates/aws/src/machine_image.rs", All),
    ("verify", "crates/aws/src/snapshots/", All),
    ("verify", "crates/archive/src/s3/", Only(&["GetObject", "ListBucket"])),
    ("archive", "crates/archive/src/s3/", All),
    ("notify", "actions/notify/src/sns.rs", All),
];

const FINISHING: &[&str] = &["CreateTags", "DeleteTags"];
const ENDING: &[&str] = &["DeleteSnapshot", "DeregisterImage"];
const SHARING: &[&str] = &["DescribeImageAttribute", "DescribeSnapshotAttribute"];

/// What only who publishes disks needs.
const REGISTERING: &[&str] = &["RegisterImage"];
const WRITING: &[&str] = &["CompleteSnapshot", "PutSnapshotBlock", "StartSnapshot"];

/// Calls that no policy of an identity is asked about: everybody may make them, or the role's trust policy decides.
const FREE: &[&str] = &["AssumeRoleWithWebIdentity", "GetCallerIdentity"];

/// What a job needs though no code here names it: other programs' calls, and AWS's own on the job's behalf.
const BESIDE: &[(&str, &[&str])] = &[
    // The SDK assumes the role; EC2 uses the keys when it copies; the Systems Manager looks at an image as its caller.
    (
        "publish",
        &[
            "sts:AssumeRole",
            "kms:Decrypt",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
    ),
    // Tags that a call sets are asked about as well.
    (
        "upload",
        &[
            "ec2:CreateTags",
            "kms:Decrypt",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
    ),
    ("channels", &["ec2:DescribeImages"]),
    ("bake", PACKER),
    // EBS decrypts blocks as its caller.
    ("read", &["kms:Decrypt"]),
    ("verify", &["kms:Decrypt"]),
];

/// What Packer's builder `amazon-ebs` calls, of what the plugin's page asks for: nothing that shares an image, copies
/// one, or takes a password; and what EC2 does with the key of encrypted disks.
const PACKER: &[&str] = &[
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateImage",
    "ec2:CreateKeyPair",
    "ec2:CreateSecurityGroup",
    "ec2:DeleteKeyPair",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSnapshot",
    "ec2:DeleteVolume",
    "ec2:DeregisterImage",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
];

/// The action that a call needs.
fn action(call: &str) -> String {
    let service = match call {
        "CreateGrant" | "DescribeKey" | "ListGrants" | "RevokeGrant" => "kms",
        "DeleteParameter" | "GetParameter" | "PutParameter" => "ssm",
        "CompleteSnapshot" | "GetSnapshotBlock" | "ListSnapshotBlocks" | "PutSnapshotBlock"
        | "StartSnapshot" => "ebs",
        "Publish" => "sns",
        _ if METHODS.iter().any(|(_, known)| *known == call) => "s3",
        _ => "ec2",
    };
    format!("{service}:{call}")
}

/// Methods of clients whose calls have no name beside them, of S3 and of SNS, and the action that each is.
const METHODS: &[(&str, &str)] = &[
    ("get_object", "GetObject"),
    ("get_object_lock_configuration", "GetBucketObjectLockConfiguration"),
    ("head_object", "GetObject"),
    ("list_objects_v2", "ListBucket"),
    ("put_object", "PutObject"),
    ("put_object_retention", "PutObjectRetention"),
    ("publish", "Publish"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every source below a folder, by its path in the repository.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(sources(&name));
        } else if name.ends_with(".rs") {
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// What follows each of these beginnings, as far as it is a word.
fn words<'t>(text: &'t str, beginning: &str) -> Vec<&'t str> {
    let end = |rest: &str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    text.split(beginning).skip(1).map(|rest| &rest[..end(rest)]).collect()
}

/// The calls that the code names, by file.
fn calls() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources("crates/aws/src") {
        // An API's names begin with a capital letter.
        let named = words(&text, "call(\"").into_iter().chain(words(&text, "name: \""));
        for call in named.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())) {
            found.entry(file.clone()).or_default().insert(call.to_owned());
        }
    }
    let mut clients = sources("crates/archive/src/s3");
    clients.extend(sources("actions/notify/src").into_iter().filter(|(file, _)| file.ends_with("/sns.rs")));
    for (file, text) in clients {
        let together: String = text.split_whitespace().collect();
        let methods = words(&together, "client.").into_iter();
        for method in methods.filter(|method| together.contains(&format!("client.{method}()"))) {
            let known = METHODS.iter().find(|(name, _)| *name == method);
            let (_, call) =
                known.unwrap_or_else(|| panic!("{file}: what action is `{method}`? Name it in METHODS"));
            found.entry(file.clone()).or_default().insert((*call).to_owned());
        }
    }
    found
}

fn covers(path: &str, file: &str) -> bool {
    if path.ends_with('/') { file.starts_with(path) } else { file == path }
}

/// The calls of a job.
fn of(job: &str) -> BTreeSet<String> {
    let calls = calls();
    let rows = JOBS.iter().filter(|(name, _, _)| *name == job);
    let found = rows.flat_map(|(_, path, which)| {
        let files = calls.iter().filter(|(file, _)| covers(path, file));
        files.flat_map(|(_, calls)| calls.iter().filter(|call| which.has(call)))
    });
    found.cloned().collect()
}

/// The policies, by name.
fn policies() -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("docs/iam")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let policy: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(policy["Version"], "2012-10-17", "{}", path.display());
            let statements = policy["Statement"].as_array().unwrap().clone();
            found.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), statements);
        }
    }
    found
}

/// One text, or a list of them.
fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        _ => panic!("{value} is neither text nor a list"),
    }
}

fn actions(statements: &[Value]) -> BTreeSet<String> {
    statements.iter().flat_map(|one| list(&one["Action"])).map(str::to_owned).collect()
}

fn beside(job: &str) -> BTreeSet<String> {
    let rows = BESIDE.iter().filter(|(name, _)| *name == job);
    rows.flat_map(|(_, actions)| actions.iter().map(|action| (*action).to_owned())).collect()
}

#[test]
fn every_call_is_some_jobs() {
    let mut wrong = Vec::new();
    for (file, calls) in calls() {
        for call in calls.iter().filter(|call| !FREE.contains(&call.as_str())) {
            if !JOBS.iter().any(|(_, path, which)| covers(path, &file) && which.has(call)) {
                wrong.push(format!("{file} calls {call}: name it in JOBS, and allow it in docs/iam"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (job, path, which) in JOBS {
        let files: Vec<_> = calls().into_iter().filter(|(file, _)| covers(path, file)).collect();
        assert!(!files.is_empty(), "{job}: nothing below {path} calls anything");
        let (Only(words) | But(words)) = *which else { continue };
        for word in words {
            assert!(
                files.iter().any(|(_, calls)| calls.contains(*word)),
                "{job}: {path} does not call {word}"
            );
        }
    }
}

#[test]
fn what_a_job_calls_is_allowed_and_nothing_else() {
    let policies = policies();
    let named: BTreeSet<&str> =
        JOBS.iter().map(|(job, _, _)| *job).chain(BESIDE.iter().map(|(job, _)| *job)).collect();
    assert_eq!(policies.keys().map(String::as_str).collect::<BTreeSet<_>>(), named);
    for (job, statements) in &policies {
        let allowed = actions(statements);
        let called: BTreeSet<String> = of(job).iter().map(|call| action(call)).collect();
        let needed: BTreeSet<String> = called.union(&beside(job)).cloned().collect();
        let missing: Vec<_> = needed.difference(&allowed).collect();
        assert!(missing.is_empty(), "docs/iam/{job}.json does not allow {missing:?}");
        let idle: Vec<_> = allowed.difference(&needed).collect();
        assert!(idle.is_empty(), "docs/iam/{job}.json allows {idle:?}, which nothing calls");
    }
}

#[test]
fn nothing_is_wider_than_aws_makes_it() {
    for (job, statements) in policies() {
        let mut known = BTreeSet::new();
        for one in &statements {
            let place = format!("docs/iam/{job}.json: {}", one["Sid"]);
            assert!(known.insert(one["Sid"].as_str().unwrap().to_owned()), "{place} is there twice");
            assert_eq!(one["Effect"], "Allow", "{place}");
            let allowed = list(&one["Action"]);
            assert!(!allowed.iter().any(|action| action.contains('*')), "{place}: {allowed:?}");
            // What EC2 lists cannot be held to a resource.
            let looks = allowed
                .iter()
                .all(|action| action.starts_with("ec2:Describe") || action.starts_with("ec2:GetEbs"));
            if list(&one["Resource"]).contains(&"*") {
                assert!(looks && one["Condition"].is_object(), "{place}: every resource");
            }
            let below = |head: &str| list(&one["Resource"]).iter().all(|resource| resource.contains(head));
            if allowed.iter().any(|action| action.starts_with("ssm:")) {
                assert!(below(":parameter/hallmark/"), "{place}");
            }
            understood(one, &place);
            for key in ["Principal", "NotAction", "NotResource", "NotPrincipal"] {
                assert!(one.get(key).is_none(), "{place}: {key}");
            }
        }
        // The longest that a managed policy may be, without blanks.
        let whole = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        assert!(whole.len() <= 6144, "docs/iam/{job}.json has {} characters", whole.len());
    }
}

/// Whether AWS knows the members and the operators of a statement: of others it says so only when a policy is made.
fn understood(statement: &Value, place: &str) {
    const MEMBERS: &[&str] = &["Action", "Condition", "Effect", "Principal", "Resource", "Sid"];
    const OPERATORS: &[&str] = &[
        "ArnNotEquals",
        "ArnNotLike",
        "Bool",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringEquals",
        "ForAnyValue:StringLike",
        "Null",
        "StringEquals",
        "StringEqualsIfExists",
        "StringNotEquals",
    ];
    for member in statement.as_object().unwrap().keys() {
        assert!(MEMBERS.contains(&member.as_str()), "{place}: {member}");
    }
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        assert!(OPERATORS.contains(&operator.as_str()), "{place}: {operator}");
        assert!(keys.as_object().is_some_and(|keys| !keys.is_empty()), "{place}: {operator}");
        let only_two = |value: &Value| value == "true" || value == "false";
        if operator == "Null" || operator == "Bool" {
            assert!(keys.as_object().unwrap().values().all(only_two), "{place}: {operator}");
        }
    }
}

/// Whether a condition wants a tag to be there, `false`, or not to be, `true`.
fn tag<'s>(statement: &'s Value, key: &str) -> Option<&'s str> {
    statement["Condition"]["Null"][format!("aws:ResourceTag/hallmark:{key}")].as_str()
}

#[test]
fn what_ends_or_gives_away_is_held_to_hallmarks_own() {
    /// Of what has none of our tags, nothing is ever ended or given away.
    const HELD: &[&str] = &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteKeyPair",
        "ec2:DeleteLaunchTemplate",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSnapshot",
        "ec2:DeleteTags",
        "ec2:DeleteVolume",
        "ec2:DeregisterImage",
        "ec2:DisableImage",
        "ec2:DisableImageDeregistrationProtection",
        "ec2:EnableImageDeprecation",
        "ec2:EnableImageDeregistrationProtection",
        "ec2:ModifyImageAttribute",
        "ec2:ModifySnapshotAttribute",
        "ec2:StopInstances",
        "ec2:TerminateInstances",
    ];
    for (job, statements) in policies() {
        for one in &statements {
            let place = format!("docs/iam/{job}.json: {}", one["Sid"]);
            let allowed = list(&one["Action"]);
            if job == "reap-copies" {
                // What has none of our tags yet: the program finds out what it is. Whose it is, AWS knows.
                let untagged =
                    ["bake-id", "expires", "release", "run"].iter().all(|key| tag(one, key) == Some("true"));
                assert!(untagged && one["Condition"]["StringEquals"]["ec2:Owner"].is_string(), "{place}");
            } else if allowed.iter().any(|action| HELD.contains(action)) {
                let ours = ["run", "release"].iter().any(|key| tag(one, key) == Some("false"));
                assert!(ours, "{place}: no tag is asked for");
            }
            // Only who publishes ends what was published, or was to be.
            let ends = ["ec2:DeregisterImage", "ec2:DeleteSnapshot"];
            if allowed.iter().any(|action| ends.contains(action)) {
                let publishes = ["publish", "reap-abandoned"].contains(&job.as_str());
                let wanted = if publishes { "false" } else { "true" };
                assert_eq!(tag(one, "release"), Some(wanted), "{place}");
            }
            if allowed.contains(&"kms:CreateGrant") {
                let condition = &one["Condition"];
                let for_aws = condition["Bool"]["kms:GrantIsForAWSResource"] == "true";
                let for_some = condition["StringEquals"]["kms:GranteePrincipal"].is_array();
                assert!(for_aws || for_some, "{place}: a grant to anybody");
            }
            if allowed.contains(&"ec2:CreateTags") {
                let condition = &one["Condition"];
                let at_birth = condition["StringEquals"]["ec2:CreateAction"].is_string()
                    || condition["StringEquals"]["ec2:CreateAction"].is_array();
                let own =
                    condition["StringEquals"]["ec2:Owner"].is_string() || tag(one, "run") == Some("false");
                assert!(at_birth || own, "{place}: tags of anything");
            }
        }
    }
}

#[test]
fn only_who_publishes_says_that_something_is_a_release() {
    for (job, statements) in policies() {
        let tags = statements.iter().filter(|one| list(&one["Action"]).contains(&"ec2:CreateTags"));
        for one in tags.filter(|_| job != "publish" && job != "upload") {
            let not_asked = &one["Condition"]["Null"]["aws:RequestTag/hallmark:release"];
            assert_eq!(not_asked, "true", "docs/iam/{job}.json: {}", one["Sid"]);
        }
    }
}

#[test]
fn the_page_says_why_of_every_statement() {
    let page = fs::read_to_string(root().join("docs/iam/README.md")).unwrap();
    for (job, statements) in policies() {
        let title = format!("### [{job}.json]({job}.json)");
        let section = page.split(&title).nth(1).unwrap_or_else(|| panic!("docs/iam/README.md: no `{title}`"));
        let section = section.split("\n#").next().unwrap();
        let said: BTreeSet<&str> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let sids: BTreeSet<&str> = statements.iter().map(|one| one["Sid"].as_str().unwrap()).collect();
        assert_eq!(said, sids, "docs/iam/README.md: {title}");
    }
    let blocks: Vec<&str> =
        page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 5, "only {} policies in docs/iam/README.md", blocks.len());
    for block in blocks {
        let policy: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
        assert_eq!(policy["Version"], "2012-10-17", "{block}");
        for one in policy["Statement"].as_array().unwrap() {
            assert!(
                one["Sid"].is_string() && one["Effect"].is_string() && one["Action"] != Value::Null,
                "{one}"
            );
        }
    }
}

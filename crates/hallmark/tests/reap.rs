//! `hallmark reap` against the layer for tests: what it shows, what it deletes, what it does not touch.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use crate::oidc::Endpoint;
use crate::policies::{hold, needed};
use crate::world::{ACCOUNT, Proxy, REGION, SECRET, access_key, python_command};
use runner::Action;
use runner::testing::Harness;
use serde_json::{Value, json};

fn reap() -> &'static Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "reap").unwrap()
}

fn image(proxy: &Proxy, name: &str, region: &str, tags: &Value) -> String {
    proxy.make_image(
        &json!({"name": name, "region": region, "blocks": {"0": 1}, "tags": tags, "snapshot_tags": tags}),
    )
}

fn harness(proxy: &Proxy) -> Harness {
    let harness =
        Harness::new().now("2026-06-01T00:00:00Z".parse().unwrap()).input("regions", "us-east-1, eu-west-1");
    proxy.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value))
}

#[test]
fn what_expired_is_shown_then_deleted_and_nothing_else() {
    let proxy = Proxy::start();
    let tags = |expires: &str| json!({"hallmark:run": "r", "hallmark:expires": expires});
    let over = image(&proxy, "over", REGION, &tags("2026-05-31T00:00:00Z"));
    let there = image(&proxy, "there", "eu-west-1", &tags("2026-05-31T00:00:00Z"));
    let needed = image(&proxy, "needed", REGION, &tags("2026-06-02T00:00:00Z"));
    let mut released = tags("2026-05-31T00:00:00Z");
    released["hallmark:release"] = json!("x");
    let released = image(&proxy, "released", REGION, &released);
    let plain = image(&proxy, "plain", REGION, &json!({}));

    let shown = harness(&proxy).run(reap());
    assert_eq!(
        (shown.code, shown.outputs["found"].as_str(), shown.outputs["deleted"].as_str()),
        (0, "4", "0")
    );
    assert!(shown.stdout.contains(&over) && shown.stdout.contains(&there), "{}", shown.stdout);
    assert!(proxy.calls().iter().all(|call| call["mutating"] == false));

    // One that may not be deleted is named, and the others go.
    proxy.faults(&json!([
        {"kind": "error", "operation": "DeregisterImage", "code": "UnauthorizedOperation", "status": 403, "nth": 1},
        {"kind": "error", "operation": "DeleteSnapshot", "code": "UnauthorizedOperation", "status": 403, "nth": 1},
    ]));
    let refused = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((refused.code, refused.outputs["deleted"].as_str()), (2, "2"), "{}", refused.stdout);
    assert!(
        refused.stdout.contains(&format!("image {over} in us-east-1: DeregisterImage")),
        "{}",
        refused.stdout
    );
    proxy.faults(&json!([]));

    let done = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((done.code, done.outputs["deleted"].as_str()), (0, "2"), "{}", done.stdout);
    let images = proxy.state()["images"].to_string();
    for (id, is_there) in
        [(&over, false), (&there, false), (&needed, true), (&released, true), (&plain, true)]
    {
        assert_eq!(images.contains(id.as_str()), is_there, "{id}");
    }
    assert_eq!(harness(&proxy).run(reap()).outputs["found"], "0");
}

#[test]
fn what_cannot_be_understood_stays_and_is_named() {
    let proxy = Proxy::start();
    let id = image(&proxy, "unclear", REGION, &json!({"hallmark:expires": "soon"}));
    let run = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains(&id) && run.stdout.contains("is no time"), "{}", run.stdout);
    assert!(proxy.state()["images"].to_string().contains(&id));
}

#[test]
fn a_role_is_opened_by_the_jobs_own_token() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let over = image(
        &proxy,
        "over",
        REGION,
        &json!({"hallmark:expires": "2020-01-01T00:00:00Z", "hallmark:run": "a"}),
    );
    let as_role = |harness: Harness| harness.input("aws-role", format!("arn:aws:iam::{ACCOUNT}:role/reap"));
    let without = as_role(harness(&proxy)).run(reap());
    assert!(without.code == 2 && without.stdout.contains("id-token: write"), "{}", without.stdout);
    let harness = endpoint.env().into_iter().fold(harness(&proxy), |job, (name, value)| job.env(name, value));
    let run = as_role(harness.without_env("AWS_ACCESS_KEY_ID")).run(reap());
    // The image and its snapshot.
    assert_eq!((run.code, run.outputs["found"].as_str()), (0, "2"), "{}", run.stdout);
    assert!(run.stdout.contains(&over), "{}", run.stdout);
    assert!(proxy.operations().contains(&"sts:AssumeRoleWithWebIdentity".to_owned()));
}

/// What Packer was killed over before it had tagged it.
#[test]
fn copies_without_tags_go_with_what_they_are_copies_of() {
    let proxy = Proxy::start();
    let tags = json!({"hallmark:run": "r", "hallmark:expires": "2026-05-31T00:00:00Z"});
    let source = image(&proxy, "app", REGION, &tags);
    let copy = copied(&proxy, &source, "app");
    let other = copied(&proxy, &source, "other");
    let shown = harness(&proxy).run(reap());
    assert_eq!((shown.code, shown.outputs["found"].as_str()), (0, "3"), "{}", shown.stdout);
    assert!(
        shown.stdout.contains(&format!("image {copy} in eu-west-1, a copy of image {source}")),
        "{}",
        shown.stdout
    );
    // Where the role may not delete it, the image stays, or nobody would find the copy any more.
    proxy.faults(&json!([{
        "kind": "error", "operation": "DeregisterImage", "region": "eu-west-1", "count": null,
        "code": "UnauthorizedOperation", "status": 403,
    }]));
    let refused = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((refused.code, refused.outputs["deleted"].as_str()), (2, "0"), "{}", refused.stdout);
    for said in [
        format!("image {copy} in eu-west-1: DeregisterImage"),
        format!("image {source} in us-east-1: it stays"),
    ] {
        assert!(refused.stdout.contains(&said), "{said}: {}", refused.stdout);
    }
    proxy.faults(&json!([]));
    proxy.reset_calls();
    let done = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((done.code, done.outputs["deleted"].as_str()), (0, "4"), "{}", done.stdout);
    let state = proxy.state();
    let images: Vec<&Value> = state["images"].as_array().unwrap().iter().map(|image| &image["id"]).collect();
    assert!(!images.contains(&&json!(source)) && !images.contains(&&json!(copy)), "{images:?}");
    assert!(images.contains(&&json!(other)), "{images:?}");
    let needed = needed(&proxy.calls(), ACCOUNT);
    hold(&["reap-copies", "reap"], &needed, &[]);
}

/// A copy in eu-west-1 as Packer makes it.
fn copied(proxy: &Proxy, source: &str, name: &str) -> String {
    const SCRIPT: &str = r#"
import sys, boto3
endpoint, key, secret, region, source, name = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="eu-west-1")
print(ec2.copy_image(SourceImageId=source, SourceRegion=region, Name=name)["ImageId"])
"#;
    let args = [SCRIPT, &proxy.endpoint(), &access_key(ACCOUNT), SECRET, REGION, source, name];
    let output = python_command().arg("-c").args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const RELEASE: &str = "11111111111111111111111111111111111111111111111111111111111111aa";

/// A publish that was begun and never finished, as far as AWS and the journal tell; its copy in eu-west-1.
fn begun(proxy: &Proxy, journal: &str) -> String {
    let disk =
        json!({"device": "/dev/xvda", "file": "disk.raw", "sizeBytes": 1 << 30, "contentDigest": CONTENT});
    let manifest = json!({
        "schema": model::SCHEMA_VERSION, "name": "app", "family": "web", "architecture": "amd64", "bootMode": "uefi",
        "rootDevice": "/dev/xvda", "disks": [disk], "layers": [],
    });
    let record = json!({
        "releaseId": RELEASE, "name": "app", "family": "web", "contentDigest": CONTENT, "manifest": manifest,
        "begunOn": "2026-05-01T00:00:00Z", "images": {},
    });
    proxy.put_object(&format!("/{journal}/releases/{RELEASE}.json"), record.to_string().as_bytes());
    image(proxy, &format!("app-{}", &RELEASE[..12]), "eu-west-1", &json!({"hallmark:release": RELEASE}))
}

const CONTENT: &str = "hallmarkBlocks1:22222222222222222222222222222222222222222222222222222222222222bb";

/// With a journal, seen when its things are twenty days old.
fn of_publishes(proxy: &Proxy, folder: &std::path::Path) -> Harness {
    let distribution = json!({
        "version": 1, "account": ACCOUNT, "home": REGION, "regions": {REGION: {}, "eu-west-1": {}},
        "share": {}, "channels": {"prefix": "/golden"},
    });
    let file = folder.join("distribution.yml");
    std::fs::write(&file, distribution.to_string()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the proxy dates what it makes by its own clock")]
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(20 * 24);
    let harness = harness(proxy).now(now).input("journal", "s3://journal/images");
    harness.input("distribution", file.display().to_string())
}

#[test]
fn a_publish_that_was_never_finished_is_shown_and_deleted_only_where_an_age_is_given() {
    let (proxy, folder) = (Proxy::start(), tempfile::tempdir().unwrap());
    proxy.make_bucket("journal");
    let copy = begun(&proxy, "journal/images");
    let run = |more: &[(&str, &str)]| {
        let harness = of_publishes(&proxy, folder.path());
        let run = more.iter().fold(harness, |harness, (name, value)| harness.input(name, *value)).run(reap());
        (run.code, ["found", "abandoned", "deleted"].map(|name| run.outputs[name].clone()), run.stdout)
    };
    let counts = |counts: [&str; 3]| counts.map(str::to_owned);
    let (code, told, said) = run(&[("operation", "delete")]);
    assert_eq!((code, told), (0, counts(["0", "0", "0"])), "{said}");
    for text in [RELEASE, &copy, "never published", "publish it again to finish it"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let (_, told, said) = run(&[("operation", "delete"), ("abandoned-after", "30d")]);
    assert!(told == counts(["0", "0", "0"]) && said.contains("not as old as `abandoned-after`"), "{said}");
    let (_, told, said) = run(&[("abandoned-after", "14d")]);
    assert_eq!(told, counts(["0", "2", "0"]), "{said}");
    let deletes =
        |call: &Value| ["DeregisterImage", "DeleteSnapshot"].iter().any(|name| call["operation"] == *name);
    assert!(!proxy.calls().iter().any(deletes), "{:?}", proxy.operations());
    let (code, told, said) = run(&[("operation", "delete"), ("abandoned-after", "14d")]);
    assert_eq!((code, told), (0, counts(["0", "2", "2"])), "{said}");
    assert!(!proxy.state()["images"].to_string().contains(&copy));
    assert_eq!(proxy.state()["snapshots"], json!([]));
}

#[test]
fn what_cannot_be_told_of_publishes_stays_and_is_named() {
    let (proxy, folder) = (Proxy::start(), tempfile::tempdir().unwrap());
    proxy.make_bucket("journal");
    let copy = begun(&proxy, "journal/images");
    let ask =
        || of_publishes(&proxy, folder.path()).input("operation", "delete").input("abandoned-after", "14d");
    // Another journal's.
    let elsewhere = ask().input("journal", "s3://journal/others").run(reap());
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.stdout);
    assert!(
        elsewhere.stdout.contains("has no record of these releases") && elsewhere.stdout.contains(RELEASE)
    );
    // Something else cannot be read, and may be about it.
    proxy.put_object("/journal/images/channels/web/stable.json", b"{");
    let unclear = ask().run(reap());
    assert_eq!(unclear.code, 2, "{}", unclear.stdout);
    assert!(unclear.stdout.contains("channels/web/stable.json"), "{}", unclear.stdout);
    assert!(proxy.state()["images"].to_string().contains(&copy));
    for (name, value, said) in [
        ("abandoned-after", "1h", "shorter than a day"),
        ("distribution", "", "input `distribution` is required with `journal`"),
        ("journal", "", "give their `journal` as well"),
    ] {
        let refused = ask().input(name, value).run(reap());
        assert!(refused.code == 2 && refused.stdout.contains(said), "{name}: {}", refused.stdout);
    }
}

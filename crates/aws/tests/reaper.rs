//! What is left in an account: found by its tags, deleted in an order that works; nothing else is touched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "common/mod.rs"]
mod common;

use std::rc::Rc;
use std::time::Duration;

use aws::reaper::{EXPIRES, Kind, Pace, RELEASE, RUN, Wanted, find, finished, sweep};
use aws::{Account, LIMITS, Place};
use common::{Proxy, REGION};
use serde_json::{Value, json};

const PACE: Pace = Pace { pause: Duration::from_millis(20), tries: 20 };

async fn place(proxy: &Proxy) -> Rc<Place> {
    let env = proxy.env();
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    Account::open(&env, REGION, &LIMITS).await.unwrap().place(REGION)
}

/// A tag specification as boto3 is told it.
const PYTHON: &str = r#"
import json, sys, boto3
endpoint, key, secret, region, run, expires = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
tags = [{"Key": "hallmark:run", "Value": run}, {"Key": "hallmark:expires", "Value": expires}] if run else []
def spec(kind):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}
made = {}
made["key"] = ec2.create_key_pair(KeyName="packer_" + (run or "other"), **spec("key-pair"))["KeyPairId"]
made["group"] = ec2.create_security_group(GroupName="packer_" + (run or "other"), Description="x", **spec("security-group"))["GroupId"]
base = ec2.describe_images(Owners=["self"])["Images"][0]["ImageId"]
made["instance"] = ec2.run_instances(ImageId=base, MinCount=1, MaxCount=1, SecurityGroupIds=[made["group"]], **spec("instance"))["Instances"][0]["InstanceId"]
made["volume"] = ec2.create_volume(Size=1, AvailabilityZone=region + "a", **spec("volume"))["VolumeId"]
print(json.dumps(made))
"#;

/// What a bake makes on its way, with real clients: key pair, security group, instance, volume.
fn begun(proxy: &Proxy, run: &str, expires: &str) -> Value {
    let output = common::python_command()
        .args([
            "-c",
            PYTHON,
            &proxy.endpoint(),
            &common::access_key(common::ACCOUNT),
            common::SECRET,
            REGION,
            run,
            expires,
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn tags(run: &str, expires: &str) -> Value {
    json!({RUN: run, EXPIRES: expires})
}

fn image(proxy: &Proxy, name: &str, tags: &Value) -> String {
    proxy.make_image(&json!({"name": name, "blocks": {"0": 1}, "tags": tags, "snapshot_tags": tags}))
}

const PAST: &str = "2026-01-01T00:00:00Z";
const FUTURE: &str = "2036-01-01T00:00:00Z";

#[tokio::test]
async fn a_run_is_swept_and_nothing_else() {
    let proxy = Proxy::start();
    let place = place(&proxy).await;
    let other = image(&proxy, "another-run", &tags("b", FUTURE));
    let plain = image(&proxy, "no-tags", &json!({}));
    let mine = image(&proxy, "mine", &tags("a", FUTURE));
    let bystander = begun(&proxy, "", "");
    let made = begun(&proxy, "a", FUTURE);
    let before = find(&place, Wanted::Run("a")).await.unwrap();
    let kinds: Vec<Kind> = before.leftovers.iter().map(|leftover| leftover.kind).collect();
    for kind in
        [Kind::Instance, Kind::Volume, Kind::Image, Kind::Snapshot, Kind::SecurityGroup, Kind::KeyPair]
    {
        assert!(kinds.contains(&kind), "{kind:?} is not among {kinds:?}");
    }
    // A busy AWS, and one whose answers are lost.
    proxy.faults(&json!([
        {"kind": "throttle", "mutating": true, "every": 3},
        {"kind": "cut-after", "mutating": true, "every": 4},
    ]));
    let mut said = Vec::new();
    let left =
        sweep(&place, Wanted::Run("a"), PACE, &mut |leftover| said.push(leftover.id.clone())).await.unwrap();
    assert_eq!(left, []);
    proxy.faults(&json!([]));
    for id in [
        made["key"].as_str(),
        made["group"].as_str(),
        made["instance"].as_str(),
        made["volume"].as_str(),
        Some(&mine),
    ] {
        assert!(said.iter().any(|said| Some(said.as_str()) == id), "{id:?} is not among {said:?}");
    }
    assert_eq!(find(&place, Wanted::Run("a")).await.unwrap().leftovers, []);
    // The others are as they were.
    let images = proxy.state()["images"].to_string();
    assert!(images.contains(&other) && images.contains(&plain) && !images.contains(&mine), "{images}");
    assert_eq!(find(&place, Wanted::Run("b")).await.unwrap().leftovers.len(), 2);
    let instances =
        place.ec2.describe_instances().instance_ids(bystander["instance"].as_str().unwrap()).send().await;
    let instances = instances.unwrap();
    let state =
        instances.reservations()[0].instances()[0].state().unwrap().name().unwrap().as_str().to_owned();
    assert_eq!(state, "running");
    place
        .ec2
        .describe_security_groups()
        .group_ids(bystander["group"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    place.ec2.describe_key_pairs().key_pair_ids(bystander["key"].as_str().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn only_what_has_expired_goes_and_no_release() {
    let proxy = Proxy::start();
    let place = place(&proxy).await;
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let over = image(&proxy, "over", &tags("a", PAST));
    let needed = image(&proxy, "needed", &tags("b", FUTURE));
    let mut released = tags("c", PAST);
    released[RELEASE] = json!("r");
    let released = image(&proxy, "released", &released);
    let unclear = image(&proxy, "unclear", &tags("d", "tomorrow"));
    let found = find(&place, Wanted::ExpiredAt(now)).await.unwrap();
    let ids: Vec<&str> = found.leftovers.iter().map(|leftover| leftover.id.as_str()).collect();
    assert!(ids.len() == 2 && ids[0] == over, "{ids:?}");
    assert_eq!(found.unclear.len(), 2);
    let left = sweep(&place, Wanted::ExpiredAt(now), PACE, &mut |_| {}).await.unwrap();
    assert!(left.iter().all(|left| left.why.contains("is no time")) && left.len() == 2, "{left:?}");
    let images = proxy.state()["images"].to_string();
    for (id, there) in [(&over, false), (&needed, true), (&released, true), (&unclear, true)] {
        assert_eq!(images.contains(id.as_str()), there, "{id}");
    }
}

#[tokio::test]
async fn what_cannot_be_deleted_is_named_and_the_rest_goes() {
    let proxy = Proxy::start();
    let place = place(&proxy).await;
    let first = image(&proxy, "first", &tags("a", PAST));
    let second = image(&proxy, "second", &tags("a", PAST));
    proxy.faults(&json!([
        {"kind": "error", "operation": "DeregisterImage", "code": "UnauthorizedOperation", "status": 403, "nth": 1},
    ]));
    let left = sweep(&place, Wanted::Run("a"), PACE, &mut |_| {}).await.unwrap();
    let why: Vec<String> = left.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
    assert!(
        why.iter().any(|why| why.contains("image ami-") && why.contains("UnauthorizedOperation")),
        "{why:?}"
    );
    // Its snapshot is still in use.
    assert!(
        why.iter().any(|why| why.contains("snapshot snap-") && why.contains("InvalidSnapshot.InUse")),
        "{why:?}"
    );
    let images = proxy.state()["images"].to_string();
    assert!(images.contains(&first) != images.contains(&second), "{images}");
}

#[tokio::test]
async fn what_is_finished_is_not_found_any_more() {
    let proxy = Proxy::start();
    let place = place(&proxy).await;
    let id = image(&proxy, "mine", &tags("a", PAST));
    let ids: Vec<String> = find(&place, Wanted::Run("a"))
        .await
        .unwrap()
        .leftovers
        .into_iter()
        .map(|leftover| leftover.id)
        .collect();
    assert_eq!(ids.len(), 2);
    finished(&place, &ids, &[("hallmark:bake-id", "1")]).await.unwrap();
    assert_eq!(find(&place, Wanted::Run("a")).await.unwrap().leftovers, []);
    let tagged = aws::tagged(&place, "hallmark:bake-id", "1").await.unwrap();
    assert_eq!(tagged.into_iter().map(|image| image.id).collect::<Vec<_>>(), [id]);
}

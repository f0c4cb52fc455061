//! What is left in an account: found by its tags, deleted in an order that works; nothing else is touched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "common/mod.rs"]
mod common;

use std::rc::Rc;
use std::time::Duration;

use aws::reaper::copies::Copies;
use aws::reaper::{EXPIRES, Kind, Pace, RELEASE, RUN, Wanted, find, finished, sweep};
use aws::{Account, LIMITS, Place};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
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
        sweep(&place, Wanted::Run("a"), &|_| false, PACE, &mut |leftover| said.push(leftover.id.clone()))
            .await
            .unwrap();
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
    let left = sweep(&place, Wanted::ExpiredAt(now), &|_| false, PACE, &mut |_| {}).await.unwrap();
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
    let left = sweep(&place, Wanted::Run("a"), &|_| false, PACE, &mut |_| {}).await.unwrap();
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

const AWAY: &str = "eu-west-1";

/// The home region, and one that images are copied to.
async fn places(proxy: &Proxy) -> [Rc<Place>; 2] {
    let env = proxy.env();
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let account = Account::open(&env, REGION, &LIMITS).await.unwrap();
    [account.place(REGION), account.place(AWAY)]
}

/// Copies an image as Packer does, without tags.
async fn copied(away: &Place, source: &str, name: &str) -> String {
    let call = away.ec2.copy_image().source_image_id(source).source_region(REGION).name(name);
    call.send().await.unwrap().image_id.unwrap()
}

async fn tag(place: &Place, id: &str, tags: &[(&str, &str)]) {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
    place.ec2.create_tags().resources(id).set_tags(Some(tags)).send().await.unwrap();
}

fn ids_of(proxy: &Proxy, kind: &str, region: &str) -> Vec<String> {
    let state = proxy.state();
    let all = state[kind].as_array().unwrap().iter().filter(|one| one["region"] == region);
    all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn copies_that_have_no_tags_yet_are_found_by_what_they_are_copies_of() {
    let proxy = Proxy::start();
    let [home, away] = places(&proxy).await;
    let source = image(&proxy, "app", &tags("a", FUTURE));
    let other = image(&proxy, "other", &json!({}));
    let whole = copied(&away, &source, "app").await;
    let tagged = copied(&away, &source, "app").await;
    tag(&away, &tagged, &[(RUN, "a"), (EXPIRES, FUTURE)]).await;
    // Not complete yet: it does not say which its snapshots are.
    proxy.settings(&json!({"image_pending": {"looks": 1000, "ms": 0}}));
    let pending = copied(&away, &source, "app").await;
    proxy.settings(&json!({"image_pending": {"looks": 0, "ms": 0}}));
    // What only looks like it: another name, another source, a release, a finished one, another run's, one made there.
    let mut bystanders = vec![copied(&away, &source, "mine").await, copied(&away, &other, "app").await];
    for marks in
        [&[(RELEASE, "r")][..], &[(RUN, "a"), ("hallmark:bake-id", "1")], &[(RUN, "b"), (EXPIRES, FUTURE)]]
    {
        let copy = copied(&away, &source, "app").await;
        tag(&away, &copy, marks).await;
        bystanders.push(copy);
    }
    bystanders.push(proxy.make_image(&json!({"name": "app", "region": AWAY, "blocks": {"0": 1}})));
    let shown: Vec<Rc<Place>> = vec![Rc::clone(&home), Rc::clone(&away)];
    let leftovers = find(&home, Wanted::Run("a")).await.unwrap().leftovers;
    let copies = Copies::find(&shown, &leftovers).await;
    assert!(copies.blind.is_empty());
    let mut found: Vec<&str> = copies.found.iter().map(|copy| copy.what.id.as_str()).collect();
    found.sort_unstable();
    let mut expected = [whole.as_str(), tagged.as_str(), pending.as_str()];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(copies.found.iter().all(|copy| copy.of.id == source && copy.what.region == AWAY));
    let ended = copies.delete(&shown, PACE, &mut |_| {}).await;
    assert!(ended.left.is_empty() && ended.keep.is_empty(), "{ended:?}");
    let (mut images, snapshots) = (ids_of(&proxy, "images", AWAY), ids_of(&proxy, "snapshots", AWAY));
    images.sort_unstable();
    bystanders.sort_unstable();
    assert_eq!(images, bystanders);
    assert_eq!(snapshots.len(), bystanders.len(), "a snapshot is left without its image: {snapshots:?}");
    assert_eq!(ids_of(&proxy, "images", REGION).len(), 2);
}

/// Packer takes its image back when it is cancelled; killed over that, it leaves the snapshot.
#[tokio::test]
async fn of_an_image_that_is_gone_its_snapshot_says_what_its_copies_are_copies_of() {
    let proxy = Proxy::start();
    let [home, away] = places(&proxy).await;
    image(&proxy, "base", &json!({}));
    let instance = begun(&proxy, "", "")["instance"].as_str().unwrap().to_owned();
    let marks = |kind: ResourceType| {
        let tags =
            [(RUN, "a"), (EXPIRES, FUTURE)].map(|(key, value)| Tag::builder().key(key).value(value).build());
        TagSpecification::builder().resource_type(kind).set_tags(Some(tags.to_vec())).build()
    };
    let mut made = Vec::new();
    for name in ["gone", "finished"] {
        let call = home.ec2.create_image().instance_id(&instance).name(name);
        let call = call.tag_specifications(marks(ResourceType::Snapshot));
        let source = call.send().await.unwrap().image_id.unwrap();
        copied(&away, &source, name).await;
        made.push(source);
    }
    home.ec2.deregister_image().image_id(&made[0]).send().await.unwrap();
    let shown = vec![Rc::clone(&home), Rc::clone(&away)];
    let leftovers = find(&home, Wanted::Run("a")).await.unwrap().leftovers;
    assert!(leftovers.len() == 2 && leftovers.iter().all(|one| one.kind == Kind::Snapshot), "{leftovers:?}");
    let copies = Copies::find(&shown, &leftovers).await;
    assert_eq!(copies.found.iter().map(|copy| &copy.of.id).collect::<Vec<_>>(), [&made[0]]);
    let ended = copies.delete(&shown, PACE, &mut |_| {}).await;
    assert!(ended.left.is_empty() && ended.keep.is_empty(), "{ended:?}");
    assert_eq!(ids_of(&proxy, "images", AWAY).len(), 1);
    assert_eq!(ids_of(&proxy, "snapshots", AWAY).len(), 1);
}

#[tokio::test]
async fn what_has_copies_that_stay_or_cannot_be_seen_stays() {
    let proxy = Proxy::start();
    let [home, away] = places(&proxy).await;
    let source = image(&proxy, "app", &tags("a", FUTURE));
    copied(&away, &source, "app").await;
    let shown = vec![Rc::clone(&home), Rc::clone(&away)];
    let leftovers = find(&home, Wanted::Run("a")).await.unwrap().leftovers;
    for (operation, nth) in
        [("DeregisterImage", 1), ("DeleteSnapshot", 1), ("DescribeImages", 2), ("DescribeImages", 1)]
    {
        proxy.snapshot("copied");
        proxy.reset_calls();
        proxy.faults(&json!([
            {"kind": "error", "operation": operation, "nth": nth, "code": "UnauthorizedOperation", "status": 403},
        ]));
        let copies = Copies::find(&shown, &leftovers).await;
        assert_eq!(copies.blind.len(), usize::from(operation == "DescribeImages"), "{operation} {nth}");
        let ended = copies.delete(&shown, PACE, &mut |_| {}).await;
        proxy.faults(&json!([]));
        assert_eq!(
            ended.left.len(),
            usize::from(operation != "DescribeImages"),
            "{operation} {nth}: {ended:?}"
        );
        assert!(leftovers.iter().all(|one| ended.keep.contains(&one.id)), "{operation} {nth}: {ended:?}");
        assert_eq!(ids_of(&proxy, "images", AWAY).len(), 1, "{operation} {nth}");
        proxy.restore("copied");
    }
}

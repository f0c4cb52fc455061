//! Publishes that were killed and never run again: what they left is found, and ended where nothing refers to it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use archive::{Keeping, Location, Records};
use aws::abandoned::{Found, Publishes, Thing, Unfinished};
use aws::{Account, Holder, LIMITS};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::policies::{hold, needed};
use crate::proxy::{ACCOUNT, REGION};
use crate::world::{AWAY, OTHER, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Shared with nobody, and with no channels elsewhere.
const ALONE: &str = r#"{"share": {}, "channels": {"prefix": "/golden"}}"#;

/// Kills a publish at its n-th call of an operation.
fn killed(world: &World, name: &str, operation: &str, nth: usize) {
    world.proxy.faults(&json!([{"kind": "kill-after", "operation": operation, "nth": nth, "pid": "peer"}]));
    let run = world.run(name, 1, &[]);
    world.proxy.faults(&json!([]));
    assert_eq!(run.code, None, "{operation} {nth}: {}", run.said);
    world.forget_releases();
}

/// A reaper so long after now, with the owner's credentials.
fn reaper<T>(world: &World, later: Duration, act: impl AsyncFnOnce(Publishes<'_>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let env = world.proxy.env();
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let account = Account::open(&env, REGION, &LIMITS).await.unwrap();
        let to = register_ami::distribution::read(&world.place.path("distribution.yml")).unwrap();
        let journal = Location::parse("s3://journal/images", world.place.folder.path()).unwrap();
        let records = Records::at(&journal, &env, Keeping::default()).await.unwrap();
        let regions: Vec<String> = [REGION].iter().chain(&AWAY).map(|&region| region.to_owned()).collect();
        let holder = Holder { name: "the reaper".into(), attempt: 1 };
        let clock = Rc::new(move || Timestamp::now() + later);
        act(Publishes::new(&account, &to, records, &regions, holder, clock).unwrap()).await
    })
}

fn found(world: &World, later: Duration) -> Found {
    reaper(world, later, async |publishes| publishes.unfinished().await.unwrap())
}

/// The one publish that is unfinished.
fn unfinished(world: &World, later: Duration) -> Unfinished {
    let mut found = found(world, later);
    assert!(found.unclear.is_empty() && found.elsewhere.is_empty(), "{found:?}");
    assert_eq!(found.unfinished.len(), 1, "{found:?}");
    found.unfinished.remove(0)
}

/// Ends it, twenty days from now, if it is two weeks old. What went, and what is left.
fn ended(world: &World, unfinished: &Unfinished) -> (BTreeSet<String>, Vec<String>) {
    let before = Timestamp::now() + 6 * DAY;
    reaper(world, 20 * DAY, async |publishes| {
        let mut gone = BTreeSet::new();
        let mut on = |thing: &Thing| gone.extend([thing.what.id.clone()]);
        let left = publishes.end(&unfinished.release, before, &mut on).await;
        (gone, left.unwrap())
    })
}

/// Ids of images and snapshots that have the tag of a release.
fn released(world: &World) -> BTreeSet<String> {
    let state = world.proxy.state();
    let things = [&state["images"], &state["snapshots"]].into_iter().flat_map(|all| all.as_array().unwrap());
    let tagged = things.filter(|thing| thing["tags"]["hallmark:release"].is_string());
    tagged.map(|thing| thing["id"].as_str().unwrap().to_owned()).collect()
}

fn ids(things: &[Thing]) -> BTreeSet<String> {
    things.iter().map(|thing| thing.what.id.clone()).collect()
}

/// Killed there, what is left is found to the last snapshot and ended; run again, it is published as if nothing had been.
fn whatever(world: &World, name: &str, points: &[(&str, usize)]) {
    world.proxy.snapshot("before");
    world.done(name, &[]);
    world.forget_releases();
    let expected = world.state();
    assert_eq!(found(world, 20 * DAY), Found::default());
    for (operation, nth) in points {
        let point = format!("{name}: {operation} {nth}");
        world.proxy.restore("before");
        killed(world, name, operation, *nth);
        let tagged = released(world);
        assert!(!tagged.is_empty(), "{point}");
        let left = unfinished(world, 20 * DAY);
        assert!(left.stays.is_empty() && left.is_of_before(Timestamp::now()), "{point}: {left:?}");
        let (made, kept) = (ids(&left.made), ids(&left.kept));
        assert_eq!(&made | &kept, tagged, "{point}");
        assert_eq!(ended(world, &left), (made, vec![]), "{point}");
        // An image that was handed over was there before; what is left of it is all.
        assert_eq!(released(world), kept, "{point}");
        let handed_over = world.amis.get(name);
        assert!(
            kept.iter().all(|id| handed_over == Some(id) || id.starts_with("snap-")),
            "{point}: {kept:?}"
        );
        world.done(name, &[]);
        world.forget_releases();
        let (state, lost) = (world.state(), ["image", "snapshot"]);
        for kind in lost.map(|kind| format!("{kind}s")) {
            assert_eq!(state[&kind], expected[&kind], "{point}");
        }
    }
    world.proxy.restore("before");
}

#[test]
fn what_is_left_of_an_image_that_was_handed_over_is_ended_wherever_it_was_killed() {
    let world = World::new();
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    whatever(&world, "one", &[("CopyImage", 1), ("CopyImage", 2), ("CreateTags", 1)]);
}

#[test]
fn what_is_left_of_an_image_made_of_a_disk_is_ended_wherever_it_was_killed() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    let points = [
        ("StartSnapshot", 1),
        ("PutSnapshotBlock", 2),
        ("CompleteSnapshot", 1),
        ("RegisterImage", 1),
        ("CopyImage", 2),
    ];
    whatever(&world, "disk", &points);
}

#[test]
fn a_publish_that_runs_or_may_run_again_is_left_alone() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    killed(&world, "disk", "CopyImage", 2);
    let before = released(&world);
    // Nobody can tell yet that it does not run any more.
    let left = unfinished(&world, Duration::ZERO);
    assert!(left.stays.iter().any(|why| why.contains("is publishing its family debian-app")), "{left:?}");
    let (release, at) = (left.release, Timestamp::now() + 6 * DAY);
    let end = |later| reaper(&world, later, async |publishes| publishes.end(&release, at, &mut |_| {}).await);
    let error = end(Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("is publishing this image family"), "{error}");
    // It does not; and is not as old as is asked for.
    assert!(!left.is_of_before(Timestamp::now() - DAY));
    let young = reaper(&world, DAY, async |publishes| {
        publishes.end(&release, Timestamp::now() - DAY, &mut |_| {}).await.unwrap()
    });
    assert_eq!(young, ["something of it was made meanwhile"]);
    // It was finished after somebody looked.
    assert_eq!(released(&world), before);
    world.run("disk", 2, &[]);
    let published = released(&world);
    assert_eq!(end(20 * DAY).unwrap(), Vec::<String>::new());
    assert_eq!(released(&world), published);
    assert_eq!(found(&world, 20 * DAY), Found::default());
}

/// Somebody uses something of it, by boto3.
fn uses(world: &World, region: &str, how: &str, values: &[&str]) {
    const CLIENTS: &str = r#"
import sys, boto3
endpoint, key, secret, region, *values = sys.argv[1:]
def client(name):
    return boto3.client(name, endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
ec2, ssm = client("ec2"), client("ssm")
"#;
    let key = crate::proxy::access_key(ACCOUNT);
    let output = crate::proxy::python_command()
        .args(["-c", &format!("{CLIENTS}{how}"), &world.proxy.endpoint(), &key, crate::proxy::SECRET, region])
        .args(values)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_anything_refers_to_stays_with_all_that_belongs_to_it() {
    let mut world = World::new();
    world.bake("two");
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    world.done("two", &[]);
    killed(&world, "one", "CopyImage", 2);
    let left = unfinished(&world, 20 * DAY);
    assert!(left.stays.is_empty(), "{left:?}");
    let made = ids(&left.made);
    let of = |kind: &str| left.made.iter().find(|thing| thing.what.id.starts_with(kind)).unwrap();
    let (image, region) = (of("ami-").what.id.as_str(), of("ami-").what.region.as_str());
    let snapshot = left.made.iter().find(|one| one.what.id.starts_with("snap-") && one.what.region == region);
    let snapshot = snapshot.unwrap().what.id.as_str();
    world.proxy.snapshot("abandoned");
    for (how, said) in [
        (
            "ec2.modify_image_attribute(ImageId=values[0], LaunchPermission={'Add': [{'UserId': '222222222222'}]})",
            "is shared with 222222222222",
        ),
        (
            "ec2.modify_snapshot_attribute(SnapshotId=values[1], Attribute='createVolumePermission', OperationType='add', UserIds=['222222222222'])",
            "is shared with",
        ),
        ("ec2.run_instances(ImageId=values[0], MinCount=1, MaxCount=1)", "was launched from it"),
        (
            "ec2.create_launch_template(LaunchTemplateName='web', LaunchTemplateData={'ImageId': values[0]})",
            "the launch template web",
        ),
        (
            "ec2.register_image(Name='another', RootDeviceName='/dev/xvda', BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': values[1]}}])",
            "is made of snap-",
        ),
        ("ec2.enable_image_deregistration_protection(ImageId=values[0], WithCooldown=False)", "is protected"),
        ("ec2.disable_image(ImageId=values[0])", "is disabled"),
        (
            "ssm.put_parameter(Name='/golden/debian-app/stable', Value=values[0], Type='String', Overwrite=True)",
            "the parameter /golden/debian-app/stable",
        ),
        (
            "ssm.put_parameter(Name='/golden/debian-app/releases/' + values[2][:16] + '/image_id', Value=values[0], Type='String')",
            "/image_id in",
        ),
    ] {
        world.proxy.restore("abandoned");
        uses(&world, region, how, &[image, snapshot, &left.release.to_string()]);
        let stays = unfinished(&world, 20 * DAY).stays;
        assert!(stays.iter().any(|why| why.contains(said)), "{how}: {stays:?}");
        let (gone, why) = ended(&world, &left);
        assert_eq!((gone, &why), (BTreeSet::new(), &stays), "{how}");
        assert!(made.is_subset(&released(&world)), "{how}");
    }
    // Records: a channel that has its name, one that another release has its image by, and one that does not read.
    let key = |name: &str| format!("/journal/images/{name}");
    let of = |name: &str| serde_json::from_str::<Value>(&world.proxy.get_object(&key(name))).unwrap();
    let mut channel = of("channels/debian-app/stable.json");
    channel["channel"]["prior"] = json!([channel["channel"]["current"]]);
    channel["channel"]["prior"][0]["releaseId"] = json!(left.release.to_string());
    let other = channel["channel"]["current"]["releaseId"].as_str().unwrap().to_owned();
    let mut release = of(&format!("releases/{other}.json"));
    release["images"][region]["image"] = json!(image);
    for (name, body, said) in [
        ("channels/debian-app/stable.json".to_owned(), &channel, "stable.json names it"),
        (format!("releases/{other}.json"), &release, "names ami-"),
    ] {
        world.proxy.restore("abandoned");
        world.proxy.put_object(&key(&name), body.to_string().as_bytes());
        let stays = unfinished(&world, 20 * DAY).stays;
        assert!(stays.iter().any(|why| why.contains(said)), "{name}: {stays:?}");
        assert_eq!(ended(&world, &left), (BTreeSet::new(), stays), "{name}");
    }
    world.proxy.restore("abandoned");
    world.proxy.put_object(&key(&format!("releases/{other}.json")), b"{}");
    let error = reaper(&world, 20 * DAY, async |publishes| publishes.unfinished().await.unwrap_err());
    assert!(error.to_string().contains(&other), "{error}");
}

/// Killed after it was shared, consumers may have it: it is finished or retired, and not reaped.
#[test]
fn what_was_shared_or_numbered_already_stays() {
    let world = World::new();
    killed(&world, "one", "ModifyImageAttribute", 3);
    let left = unfinished(&world, 20 * DAY);
    assert!(left.stays.iter().any(|why| why.contains(&format!("is shared with {OTHER}"))), "{left:?}");
    assert_eq!(ended(&world, &left).0, BTreeSet::new());
    world.run("one", 2, &[]);
    assert_eq!(found(&world, 20 * DAY), Found::default());
}

#[test]
fn what_this_journal_knows_nothing_of_stays_and_is_named() {
    let world = World::new();
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    let run = world.done("one", &[]);
    let release = &run.outputs["release-id"];
    world.proxy.make_image(&json!({"name": "odd", "tags": {"hallmark:release": "soon"}}));
    world.proxy.delete_object(&format!("/journal/images/releases/{release}.json"));
    let found = found(&world, 20 * DAY);
    assert_eq!(found.unfinished, []);
    let elsewhere: Vec<String> = found.elsewhere.iter().map(ToString::to_string).collect();
    assert_eq!(elsewhere, std::slice::from_ref(release));
    assert!(found.unclear[0].contains("hallmark:release=soon"), "{:?}", found.unclear);
    let at = Timestamp::now() + 20 * DAY;
    let release = release.parse().unwrap();
    let left =
        reaper(&world, 20 * DAY, async |publishes| publishes.end(&release, at, &mut |_| {}).await.unwrap());
    assert_eq!(left, Vec::<String>::new());
    assert!(released(&world).len() > 6);
}

#[test]
fn who_reaps_may_do_what_was_called_and_nothing_else() {
    let world = World::new();
    world.distribution(&serde_json::from_str(ALONE).unwrap());
    killed(&world, "one", "CopyImage", 2);
    world.proxy.reset_calls();
    let left = unfinished(&world, 20 * DAY);
    let looked = needed(&world.proxy.calls(), ACCOUNT);
    assert!(
        looked
            .iter()
            .all(|call| !call.contains(":Put") && !call.contains(":De") || call.contains(":Describe"))
    );
    assert_eq!(ended(&world, &left).1, Vec::<String>::new());
    hold(&["reap-abandoned", "reap"], &needed(&world.proxy.calls(), ACCOUNT), &[]);
    // Leases, and nothing else, are written.
    let calls = world.proxy.calls();
    let puts = calls.iter().filter(|call| call["operation"] == "PutObject");
    assert!(
        puts.clone().count() > 0
            && puts.clone().all(|call| call["resources"].to_string().contains("/leases/"))
    );
}

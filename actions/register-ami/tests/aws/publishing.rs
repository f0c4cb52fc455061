//! What a publish does, that a second one does nothing, what a plan says, and what is refused.

use serde_json::{Value, json};

use crate::oidc::Endpoint;
use crate::proxy::{ACCOUNT, REGION, SECRET, access_key, python_command};
use crate::world::{AWAY, OTHER, World};

fn images(state: &Value) -> Vec<&Value> {
    let all = state["images"].as_array().unwrap();
    all.iter().filter(|image| image["tags"]["hallmark:release"].is_string()).collect()
}

fn parameter<'s>(state: &'s Value, account: &str, region: &str, name: &str) -> &'s Value {
    let all = state["parameters"].as_array().unwrap();
    let found =
        all.iter().find(|one| one["account"] == account && one["region"] == region && one["name"] == name);
    found.unwrap_or(&Value::Null)
}

const STABLE: &str = "/golden/debian-app/stable";

#[test]
fn an_image_is_copied_shared_and_shown_in_every_region_and_account() {
    let world = World::new();
    let run = world.done("one", &[]);
    let state = world.proxy.state();
    let released = images(&state);
    assert_eq!(released.len(), 3, "{}", run.said);
    for image in &released {
        assert_eq!(image["tags"]["team"], "images");
        assert_eq!(image["tags"]["hallmark:content-digest"], run.outputs["content-digest"].as_str());
        assert_eq!(image["launch_permissions"].as_array().unwrap().len(), 1, "{image}");
        assert!(image["deprecation"].is_string(), "{image}");
        assert!(image["protection"].as_str().unwrap().starts_with("enabled"), "{image}");
        assert_eq!(image["encrypted"], image["region"] != REGION, "{image}");
        for snapshot in image["snapshots"].as_array().unwrap() {
            let all = state["snapshots"].as_array().unwrap();
            let found = all.iter().find(|one| one["id"] == *snapshot).unwrap();
            assert_eq!(found["tags"]["hallmark:release"], run.outputs["release-id"].as_str(), "{found}");
            assert!(found["permissions"].to_string().contains(OTHER), "{found}");
        }
    }
    assert_eq!(state["grants"].as_array().unwrap().len(), 2, "{}", state["grants"]);
    let regions: Value = serde_json::from_str(&run.outputs["regions"]).unwrap();
    let digits = &run.outputs["release-id"][..16];
    for account in [ACCOUNT, OTHER] {
        for region in [REGION, AWAY[0], AWAY[1]] {
            let shown = parameter(&state, account, region, STABLE);
            assert_eq!(shown["value"], regions[region], "{account} {region}");
            assert_eq!(shown["versions"][0]["data_type"], "aws:ec2:image");
            let name = format!("/golden/debian-app/releases/{digits}/image_id");
            assert_eq!(parameter(&state, account, region, &name)["value"], regions[region]);
        }
    }
    assert_eq!(run.outputs["image-id"], world.amis["one"]);
    assert_eq!(world.place.releases().len(), 1);
    let objects = state["objects"].to_string();
    for key in [
        "releases/",
        "channels/debian-app/stable.json",
        "evidence/",
        "intents/publish-",
        "leases/debian-app.json",
    ] {
        assert!(objects.contains(&format!("images/{key}")), "{key}: {objects}");
    }
}

#[test]
fn a_second_publish_changes_nothing_and_a_plan_says_so() {
    let world = World::new();
    world.proxy.reset_calls();
    let plan = world.done("one", &[("operation", "plan")]);
    assert_eq!(images(&world.proxy.state()).len(), 0);
    for change in
        ["copy ", "share ", "point /golden/debian-app/stable at", "protect ", "let 222222222222 use the key"]
    {
        assert!(plan.said.contains(change), "{change}: {}", plan.said);
    }
    assert!(mutating(&world).is_empty(), "{:?}", mutating(&world));
    world.done("one", &[]);
    let before = world.state();
    world.proxy.reset_calls();
    let again = world.done("one", &[]);
    let changed = mutating(&world);
    assert!(changed.iter().all(|call| call == "s3:PutObject"), "{changed:?}\n{}", again.said);
    assert_eq!(world.state(), before);
    let plan = world.done("one", &[("operation", "plan")]);
    assert_eq!(plan.outputs["changes"], "0", "{}", plan.said);
}

/// The calls that change something.
fn mutating(world: &World) -> Vec<String> {
    let calls = world.proxy.calls();
    let calls = calls.iter().filter(|call| call["mutating"] == true && call["service"] != "sts");
    calls
        .map(|call| format!("{}:{}", call["service"].as_str().unwrap(), call["operation"].as_str().unwrap()))
        .collect()
}

#[test]
fn what_was_changed_by_hand_or_in_the_file_is_set_right() {
    let world = World::new();
    world.done("one", &[]);
    world.distribution(&json!({
        "share": {"accounts": ["333333333333"], "snapshots": false, "grants": true},
        "channels": {"prefix": "/golden"},
    }));
    let plan = world.done("one", &[("operation", "plan")]);
    assert!(plan.said.contains("no longer share"), "{}", plan.said);
    world.done("one", &[]);
    let state = world.proxy.state();
    for image in images(&state) {
        let permissions = image["launch_permissions"].to_string();
        assert!(permissions.contains("333333333333") && !permissions.contains(OTHER), "{permissions}");
    }
}

/// Grants, as an account's number and what the name ends with.
fn grants(world: &World) -> Vec<String> {
    let state = world.proxy.state();
    let mut told: Vec<_> = state["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| {
            let account = grant["grantee"].as_str().unwrap().split(':').nth(4).unwrap().to_owned();
            format!(
                "{} {account} {}",
                grant["region"].as_str().unwrap(),
                grant["name"].as_str().unwrap_or("-")
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn a_grant_ends_with_the_sharing_and_only_those_of_the_family_itself() {
    const THIRD: &str = "333333333333";
    let world = World::new();
    world.done("one", &[]);
    let ours = grants(&world);
    let [_, family] = ours[0].split("-share-222222222222-").collect::<Vec<_>>()[..] else {
        panic!("{ours:?}")
    };
    assert_eq!(ours.len(), 2, "{ours:?}");
    // Others have grants on the key as well: another family's, somebody's by hand, EBS's of a disk in use.
    let elsewhere = format!("hallmark-share-{OTHER}-000000000000");
    let by_hand = format!("hallmark-share-{OTHER}");
    let to_another = format!("hallmark-share-{OTHER}-{family}");
    for (name, account) in
        [(elsewhere, OTHER), (by_hand, OTHER), (String::new(), OTHER), (to_another, "555555555555")]
    {
        grant_by_hand(&world, &name, account);
    }
    let others: Vec<_> = grants(&world).into_iter().filter(|grant| !ours.contains(grant)).collect();
    assert_eq!(others.len(), 4, "{others:?}");

    let share = |accounts: &[&str], grants: bool| {
        world.distribution(&json!({
            "share": {"accounts": accounts, "snapshots": true, "grants": grants},
            "channels": {"prefix": "/golden"},
        }));
    };
    share(&[THIRD], true);
    let plan = world.done("one", &[("operation", "plan")]);
    for change in ["let 333333333333 use the key", "no longer let 222222222222 use the key"] {
        assert_eq!(plan.said.matches(change).count(), 2, "{change}: {}", plan.said);
    }
    assert_eq!(grants(&world).len(), 6);
    world.proxy.reset_calls();
    world.done("one", &[]);
    // In each region last, after nobody may launch it any more.
    let calls = world.proxy.calls();
    for region in AWAY {
        let here: Vec<_> = calls.iter().filter(|call| call["region"] == region).collect();
        let last = |call: &str| here.iter().rposition(|made| made["operation"] == call).unwrap();
        assert!(last("RevokeGrant") > last("ModifyImageAttribute"), "{region}");
    }
    let mut expected: Vec<_> =
        ours.iter().map(|grant| grant.replace(OTHER, THIRD)).chain(others.clone()).collect();
    expected.sort();
    assert_eq!(grants(&world), expected);
    assert_eq!(world.done("one", &[("operation", "plan")]).outputs["changes"], "0");

    share(&[THIRD], false);
    world.done("one", &[]);
    assert_eq!(grants(&world), others);
    assert_eq!(world.done("one", &[("operation", "plan")]).outputs["changes"], "0");
}

/// Somebody else's grant on the first region's key.
fn grant_by_hand(world: &World, name: &str, account: &str) {
    const SCRIPT: &str = r#"
import sys, boto3
endpoint, key, secret, region, name, account = sys.argv[1:]
kms = boto3.client("kms", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
named = {"Name": name} if name else {}
kms.create_grant(KeyId=kms.describe_key(KeyId="alias/golden")["KeyMetadata"]["Arn"], Operations=["Decrypt"],
                 GranteePrincipal=f"arn:aws:iam::{account}:root", **named)
"#;
    let status = python_command()
        .args(["-c", SCRIPT, &world.proxy.endpoint(), &access_key(ACCOUNT), SECRET, AWAY[0], name, account])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_rollback_and_a_second_release_go_everywhere() {
    let mut world = World::new();
    world.bake("two");
    let one = world.done("one", &[]);
    let two = world.done("two", &[]);
    assert_eq!(two.outputs["prior-image"], one.outputs["image-id"]);
    let regions = |run: &crate::world::Run| serde_json::from_str::<Value>(&run.outputs["regions"]).unwrap();
    let shows = |wanted: &Value| {
        let state = world.proxy.state();
        for account in [ACCOUNT, OTHER] {
            for region in [REGION, AWAY[0], AWAY[1]] {
                assert_eq!(parameter(&state, account, region, STABLE)["value"], wanted[region]);
            }
        }
    };
    shows(&regions(&two));
    world.done("two", &[("operation", "rollback")]);
    shows(&regions(&one));
    let run = world.run("two", 1, &[("operation", "rollback")]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("no prior image"), "{}", run.said);
}

#[test]
fn the_canary_region_is_moved_first_and_all_go_back_if_one_cannot_follow() {
    let mut world = World::new();
    world.bake("two");
    world.done("one", &[]);
    let before = world.proxy.state()["parameters"].clone();
    world.proxy.reset_calls();
    // The channel's parameter in another region is not accepted, though it was taken.
    world.proxy.faults(&json!([{"kind": "failed", "operation": "PutParameter", "nth": 9, "count": 1}]));
    let run = world.run("two", 1, &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("still shows"), "{}", run.said);
    let stable = |parameters: &Value| {
        let all = parameters.as_array().unwrap().iter();
        let mut shown: Vec<_> = all
            .filter(|one| one["name"] == STABLE)
            .map(|one| format!("{} {} {}", one["account"], one["region"], one["value"]))
            .collect();
        shown.sort();
        shown
    };
    assert_eq!(stable(&world.proxy.state()["parameters"]), stable(&before), "{}", run.said);
    let order: Vec<_> = world
        .proxy
        .calls()
        .iter()
        .filter(|call| call["operation"] == "PutParameter" && call.to_string().contains(STABLE))
        .map(|call| call["region"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(order[..2], [REGION, REGION], "{order:?}");
    assert!(order[2..].iter().take(2).all(|region| region != REGION), "{order:?}");
    // The next run has nothing to mend.
    world.done("two", &[]);
}

#[test]
fn bad_input_is_refused_before_anything_is_changed() {
    let mut world = World::new();
    let other = world.bake("two");
    let refused = |what: &str, code: i32, name: &str, extra: &[(&str, &str)]| {
        world.proxy.reset_calls();
        let run = world.run(name, 1, extra);
        assert_eq!(run.code, Some(code), "{what}: {}", run.said);
        assert!(run.said.contains(what), "{what}: {}", run.said);
        let changed: Vec<_> = mutating(&world).into_iter().filter(|call| call != "s3:PutObject").collect();
        assert_eq!(changed, Vec::<String>::new(), "{what}");
    };
    let two = world.amis["two"].clone();
    refused("`image-id` and `disk` are both given", 2, "one", &[("disk", "one/disk.raw")]);
    std::fs::rename(world.place.path("two").join("disk.raw"), world.place.path("two").join("hidden"))
        .unwrap();
    refused("input `image-id` is not given", 2, "two", &[("image-id", "")]);
    refused("input `distribution` is required", 2, "one", &[("distribution", "")]);
    refused("input `journal` is required", 2, "one", &[("journal", "")]);
    refused("there is no image ami-0123", 2, "one", &[("image-id", "ami-0123456789abcdef0")]);
    // Another disk than the one that was decided about.
    refused("it was changed after it was hashed", 1, "one", &[("image-id", &two)]);
    world.distribution(&json!({"account": "999999999999"}));
    refused("the credentials are of the account 123456789012", 2, "one", &[]);
    world.distribution(&json!({"regions": {REGION: {}, AWAY[0]: {"kms-key": "alias/nowhere"}}}));
    refused("there is no key alias/nowhere", 2, "one", &[]);
    world.distribution(&json!({"channels": {"prefix": "/golden", "accounts": {OTHER: format!("arn:aws:iam::{OTHER}:role/denied")}}}));
    refused("AccessDenied", 2, "one", &[]);
    drop(other);
}

#[test]
fn a_copy_that_fails_is_replaced_and_nothing_is_left_of_it() {
    let world = World::new();
    world
        .proxy
        .faults(&json!([{"kind": "failed", "operation": "CopyImage", "nth": 1, "reason": "Internal error"}]));
    let run = world.done("one", &[]);
    assert!(run.said.contains("Internal error"), "{}", run.said);
    let state = world.proxy.state();
    assert_eq!(images(&state).len(), 3);
    assert_eq!(state["images"].as_array().unwrap().len(), 3, "{}", state["images"]);
    assert_eq!(state["snapshots"].as_array().unwrap().len(), 3, "{}", state["snapshots"]);
}

#[test]
fn snapshots_of_copies_may_be_seen_later_than_the_copies() {
    let world = World::new();
    world.proxy.settings(&json!({"snapshot_unseen": {"looks": 2, "ms": 500}}));
    let run = world.done("one", &[]);
    let state = world.proxy.state();
    assert_eq!(images(&state).len(), 3, "{}", run.said);
    let snapshots = state["snapshots"].as_array().unwrap();
    let released = |snapshot: &&Value| snapshot["tags"]["hallmark:release"].is_string();
    assert_eq!(snapshots.iter().filter(released).count(), 3, "{snapshots:?}");
    let early = world.proxy.calls().into_iter().filter(|call| call["operation"] == "DescribeSnapshots");
    assert!(early.filter(|call| call["status"] == 400).count() >= 2, "{}", run.said);
}

#[test]
fn it_takes_its_time_and_is_not_seen_at_once() {
    let world = World::new();
    world.proxy.settings(&json!({
        "image_pending": {"looks": 2, "ms": 300},
        "image_unseen": {"looks": 1, "ms": 100},
        "snapshot_unseen": {"looks": 2, "ms": 100},
        "tag_unseen": {"looks": 1, "ms": 100},
        "parameter_unseen": {"looks": 1, "ms": 50},
        "ssm_validation": {"looks": 1, "ms": 200},
    }));
    // And every fifth call is one too many.
    world.proxy.faults(&json!([{"kind": "throttle", "every": 5, "count": null}]));
    let run = world.done("one", &[]);
    assert_eq!(images(&world.proxy.state()).len(), 3, "{}", run.said);
    assert!(run.said.contains("waiting for"), "{}", run.said);
}

#[test]
fn a_wait_outlives_credentials_which_are_minted_again_by_the_jobs_own_token() {
    let world = World::new();
    let endpoint = Endpoint::start(None);
    world.proxy.settings(&json!({"credential_seconds": 4, "image_pending": {"looks": 0, "ms": 9000}}));
    let role = format!("arn:aws:iam::{ACCOUNT}:role/publish");
    let (mut command, _) = world.program("one", 1, &[("aws-role", &role)]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").envs(endpoint.env());
    // No step before has said in which region: the journal is at home.
    let output = command.env_remove("AWS_REGION").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let minted =
        world.proxy.operations().iter().filter(|call| *call == "sts:AssumeRoleWithWebIdentity").count();
    assert!(minted >= 3, "{minted}");
    assert_eq!(images(&world.proxy.state()).len(), 3);
    // No token, no call: a job without the permission is told what it lacks.
    world.proxy.reset_calls();
    let run = world.run("one", 1, &[("aws-role", &role)]);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert!(run.said.contains("id-token: write"), "{}", run.said);
    assert!(world.proxy.calls().is_empty());
}

#[test]
fn a_call_that_is_never_answered_is_given_up_and_made_again() {
    let world = World::new();
    world.proxy.faults(&json!([{"kind": "hang-after", "operation": "ModifyImageAttribute", "nth": 1}]));
    let run = world.done("one", &[]);
    assert_eq!(images(&world.proxy.state()).len(), 3, "{}", run.said);
}

#[test]
fn a_copy_with_another_block_is_never_shared() {
    let world = World::new();
    // Somebody changes a block of a copy while it is being made.
    world.proxy.settings(&json!({"image_pending": {"looks": 0, "ms": 8000}}));
    let child = world.spawn("one", &[], "7");
    let copy = loop {
        let state = world.proxy.state();
        let found = images(&state).into_iter().find(|image| image["region"] == AWAY[0]).cloned();
        if let Some(copy) = found {
            break copy;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    world.proxy.alter_block(AWAY[0], copy["id"].as_str().unwrap(), 10, 99);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("content-changed") && said.contains(AWAY[0]), "{said}");
    let state = world.proxy.state();
    assert!(images(&state).iter().all(|image| image["launch_permissions"] == json!([])), "{said}");
    assert_eq!(state["parameters"], json!([]));
}

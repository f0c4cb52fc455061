//! The action against the layer for AWS: what comes into the folder, what does not, and what is left of one that was killed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]
#![expect(clippy::disallowed_methods, reason = "one of them is about the process itself")]

#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{BLOCK, Options, digest_file};
use fetch_image::ACTION;
use model::{Architecture, BootMode, ImageManifest};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use world::{ACCOUNT, Proxy, REGION, SECRET, access_key};

const OTHER: &str = "222222222222";

fn harness(proxy: &Proxy, id: &str) -> Harness {
    proxy
        .env()
        .iter()
        .fold(Harness::new(), |harness, (name, value)| harness.env(name, value))
        .input("image-id", id)
        .input("output", "fetched")
}

fn done(run: &Run) -> ImageManifest {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let path = Path::new(&run.outputs["image"]);
    let manifest = ImageManifest::parse(&fs::read(path).unwrap()).unwrap();
    assert_eq!(run.outputs["content-digest"], manifest.content_digest().to_string());
    for disk in &manifest.disks {
        let found = digest_file(&path.with_file_name(&disk.file), &Options::default()).unwrap();
        assert_eq!((found.content_digest, found.size_bytes), (disk.content_digest, disk.size_bytes));
    }
    assert!(!format!("{run:?}").contains(SECRET));
    manifest
}

/// Ends with a code and says this; and nothing is left.
fn failed(harness: &Harness, code: u8, says: &str) {
    let run = harness.run(&ACTION);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(i64::from(run.code), i64::from(code), "{says}: {said}");
    assert!(said.contains(says), "{says}: {said}");
    assert!(!run.outputs.contains_key("image"), "{:?}", run.outputs);
    assert!(
        !harness.workspace().join("fetched").exists(),
        "{says}: {:?}",
        names(&harness.workspace().join("fetched"))
    );
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Forty blocks that differ, the first and the last among them, one of them all zero.
fn blocks(salt: u8) -> Value {
    let mut blocks: serde_json::Map<String, Value> = (0..38_u8)
        .map(|index| ((u64::from(index) * 50).to_string(), json!(index.wrapping_add(salt) | 1)))
        .collect();
    blocks.insert("1999".to_owned(), json!(0));
    blocks.insert("2047".to_owned(), json!(STANDARD.encode([salt, 7])));
    blocks.into()
}

fn golden(proxy: &Proxy, more: Value) -> String {
    let mut image =
        json!({"name": "golden 2026/11 (x)", "size_gib": 1, "blocks": blocks(3), "boot_mode": "uefi"});
    image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    proxy.make_image(&image)
}

/// An image of these snapshots, registered by a client that is not ours.
fn register(proxy: &Proxy, name: &str, disks: &[(&str, &str)]) -> String {
    const PYTHON: &str = r#"
import json, sys, boto3
endpoint, key, secret, region, name, disks = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
disks = json.loads(disks)
print(ec2.register_image(Name=name, Architecture="arm64", RootDeviceName=disks[0][0], VirtualizationType="hvm",
    BlockDeviceMappings=[{"DeviceName": device, "Ebs": {"SnapshotId": snapshot}} for device, snapshot in disks])["ImageId"])
"#;
    let disks = json!(disks).to_string();
    let output = world::python_command()
        .args(["-c", PYTHON, &proxy.endpoint(), &access_key(ACCOUNT), SECRET, REGION, name, &disks])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn without_a_manifest_one_is_made_of_what_aws_says_and_of_what_was_read() {
    let proxy = Proxy::start();
    let id = golden(&proxy, json!({"tags": {"hallmark:release": "forged", "hallmark:content": "forged"}}));
    let harness = harness(&proxy, &id);
    let run = harness.run(&ACTION);
    let manifest = done(&run);
    assert_eq!(names(&harness.workspace().join("fetched")), ["disk.raw", "image.json"]);
    assert_eq!(
        (manifest.name.as_str(), manifest.family.as_str()),
        ("golden-2026-11--x-", "golden-2026-11--x-")
    );
    assert_eq!((manifest.architecture, manifest.boot_mode), (Architecture::Amd64, BootMode::Uefi));
    assert_eq!((manifest.root_device.as_str(), manifest.layers.len()), ("/dev/xvda", 0));
    assert!(!format!("{manifest:?}").contains("forged"), "a tag is not believed");
    assert!(run.summary.contains(&manifest.content_digest().to_string()), "{}", run.summary);
    let room = fs::metadata(harness.workspace().join("fetched/disk.raw")).unwrap().blocks() * 512;
    assert!(room <= 39 * BLOCK as u64 + (1 << 20), "{room}");

    // Once more, in its place, with a family; by AWS_REGION's elder and by the input.
    let harness = harness.without_env("AWS_REGION").input("region", REGION).input("family", "golden");
    let run = harness.run(&ACTION);
    assert_eq!(done(&run).family, "golden");
}

#[test]
fn every_disk_of_several_under_the_names_of_the_manifest() {
    let proxy = Proxy::start();
    let snapshots: Vec<String> = [blocks(1), json!({}), json!({"2047": 9})]
        .iter()
        .zip([1, 2, 1])
        .map(|(blocks, gib)| {
            let made = proxy.make("snapshot", &json!({"size_gib": gib, "blocks": blocks}));
            made["snapshot"].as_str().unwrap().to_owned()
        })
        .collect();
    let devices = ["/dev/sda1", "/dev/sdb", "/dev/sdf"];
    let disks: Vec<(&str, &str)> = devices.into_iter().zip(snapshots.iter().map(String::as_str)).collect();
    let id = register(&proxy, "several", &disks);
    let first = harness(&proxy, &id);
    let mut manifest = done(&first.run(&ACTION));
    assert_eq!(
        names(&first.workspace().join("fetched")),
        ["disk.raw", "disk2.raw", "disk3.raw", "image.json"]
    );
    assert_eq!((manifest.architecture, manifest.boot_mode), (Architecture::Arm64, BootMode::Uefi));
    assert_eq!(manifest.disks.iter().map(|disk| disk.size_bytes >> 30).collect::<Vec<_>>(), [1, 2, 1]);

    // The manifest is the one that was given, its order and its file names too.
    manifest.disks[1].file = "data of the app.img".into();
    manifest.disks.reverse();
    manifest.name = "the-name".into();
    let second = harness(&proxy, &id);
    let given = second.file("given/image.json", manifest.to_bytes().unwrap());
    let second = second.input_path("image", &given);
    let run = second.run(&ACTION);
    assert_eq!(done(&run), manifest);

    // The last of them is another: nothing is left of the first two.
    let other = proxy.make("snapshot", &json!({"size_gib": 1, "blocks": {"2047": 10}}));
    let changed = [disks[0], disks[1], (devices[2], other["snapshot"].as_str().unwrap())];
    let third = harness(&proxy, &register(&proxy, "changed", &changed));
    let given = third.file("given/image.json", manifest.to_bytes().unwrap());
    failed(&third.input_path("image", &given), 1, "the disk /dev/sdf");
}

#[test]
fn another_image_is_an_answer_and_leaves_nothing() {
    let proxy = Proxy::start();
    let manifest = done(&harness(&proxy, &golden(&proxy, json!({}))).run(&ACTION));
    let changed = |change: fn(&mut Value)| {
        let mut blocks = blocks(3);
        change(&mut blocks);
        json!({"name": "changed", "blocks": blocks})
    };
    let cases: Vec<(Value, &str, &str)> = vec![
        (changed(|blocks| blocks["50"] = json!(200)), "content-differs", "holds hallmarkBlocks1:"),
        (changed(|blocks| blocks["51"] = json!(1)), "content-differs", "holds hallmarkBlocks1:"),
        (
            changed(|blocks| {
                blocks.as_object_mut().unwrap().remove("2047");
            }),
            "content-differs",
            "holds hallmarkBlocks1:",
        ),
        (json!({"name": "longer", "size_gib": 2}), "content-differs", "holds hallmarkBlocks1:"),
        (
            json!({"name": "arm", "architecture": "arm64"}),
            "starts-differently",
            "is for arm64, not for amd64",
        ),
        (
            json!({"name": "bios", "boot_mode": "legacy-bios"}),
            "starts-differently",
            "boots by legacy-bios, not by uefi",
        ),
        // What AWS starts an image by that says nothing.
        (
            json!({"name": "open", "boot_mode": null}),
            "starts-differently",
            "boots by legacy-bios, not by uefi",
        ),
        (
            json!({"name": "device", "root_device_name": "/dev/sda1"}),
            "content-differs",
            "has the disks /dev/sda1, not /dev/xvda",
        ),
    ];
    for (more, code, says) in cases {
        let harness = harness(&proxy, &golden(&proxy, more.clone()));
        let given = harness.file("given/image.json", manifest.to_bytes().unwrap());
        let harness = harness.input_path("image", &given);
        failed(&harness, 1, says);
        failed(&harness, 1, &format!("title={code}"));
    }
    // A block of zeros that is listed or not is no difference.
    let same = changed(|blocks| {
        blocks.as_object_mut().unwrap().remove("1999");
        blocks["1997"] = json!(0);
    });
    let mut same = same;
    same["name"] = json!("same");
    let harness = harness(&proxy, &golden(&proxy, same));
    let given = harness.file("given/image.json", manifest.to_bytes().unwrap());
    assert_eq!(done(&harness.input_path("image", &given).run(&ACTION)), manifest);
}

#[test]
fn an_earlier_image_stays_until_the_next_is_whole() {
    let proxy = Proxy::start();
    let (one, two) = (golden(&proxy, json!({})), golden(&proxy, json!({"name": "two", "blocks": blocks(9)})));
    let harness = harness(&proxy, &one);
    let manifest = done(&harness.run(&ACTION));
    let folder = harness.workspace().join("fetched");
    let before = fs::metadata(folder.join("disk.raw")).unwrap().ino();
    let harness = harness.input("image-id", &two);
    proxy.faults(&json!([{"kind": "error", "operation": "GetSnapshotBlock", "nth": 30, "code": "AccessDeniedException", "status": 403}]));
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(names(&folder), ["disk.raw", "image.json"]);
    assert_eq!(fs::metadata(folder.join("disk.raw")).unwrap().ino(), before);
    assert_eq!(ImageManifest::parse(&fs::read(folder.join("image.json")).unwrap()).unwrap(), manifest);
    proxy.faults(&json!([]));
    assert_ne!(done(&harness.run(&ACTION)).content_digest(), manifest.content_digest());
}

#[test]
fn what_cannot_be_decided() {
    let proxy = Proxy::start();
    let id = golden(&proxy, json!({}));
    let at = |id: &str| harness(&proxy, id);
    failed(&at("i-0123456789abcdef0"), 2, "give the id of an AMI");
    failed(&at("ami-../x"), 2, "give the id of an AMI");
    failed(&at("ami-0123456789abcdef0"), 2, "there is no image ami-0123456789abcdef0 in us-east-1");
    failed(&at(&id).input("region", "eu central"), 2, "give a region");
    failed(&at(&id).without_env("AWS_REGION"), 2, "nobody says in which");
    failed(&at(&id).input("image", "/absent/image.json"), 2, "cannot read the manifest");
    failed(&at(&id).input("aws-role", "arn:aws:iam::123456789012:role/x"), 2, "id-token: write");
    let mut manifest = done(&at(&id).run(&ACTION));
    for file in ["image.json", ".disk"] {
        manifest.disks[0].file = file.into();
        let harness = at(&id);
        let given = harness.file("given/image.json", manifest.to_bytes().unwrap());
        failed(&harness.input_path("image", &given), 2, "which cannot be written");
    }
    // Launched, and not read: another account's image whose snapshot is not shared.
    let launch = json!({"name": "launch", "account": OTHER, "launch_permissions": [{"UserId": ACCOUNT}]});
    failed(&at(&golden(&proxy, launch)), 2, "docs/iam/verify.json");
}

#[test]
fn a_long_read_is_told_on_its_way() {
    let proxy = Proxy::start();
    let id = golden(&proxy, json!({}));
    // Sixteen blocks at once in the beginning, and twice as many as soon as these are there: twice as long as this.
    proxy.settings(&json!({"latency_ms": {"ebs:GetSnapshotBlock": 18000}}));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fetch-image"));
    command.env_clear().envs(proxy.env()).current_dir(folder.path()).args([&id, "--output", "fetched"]);
    let ended = command.output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}");
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("disk.raw: ")).collect();
    let [line] = lines.as_slice() else { panic!("{said}") };
    let mib: u64 = line["disk.raw: ".len()..].strip_suffix(" MiB are here").unwrap().parse().unwrap();
    assert!((8..=20).contains(&mib), "{line}");
}

/// By SIGKILL in the middle, and run again.
#[test]
fn killed_half_way_nothing_is_there_under_its_name() {
    let proxy = Proxy::start();
    let id = golden(&proxy, json!({}));
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("fetched");
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fetch-image"));
        command.env_clear().envs(proxy.env()).current_dir(folder.path());
        command.arg(&id).arg("--output").arg(&output);
        command
    };
    for nth in [1, 10, 39] {
        proxy.faults(
            &json!([{"kind": "kill-before", "operation": "GetSnapshotBlock", "nth": nth, "pid": "peer"}]),
        );
        let ended = program().output().unwrap();
        assert!(ended.status.code().is_none(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(names(&output), [".disk.raw.part"], "{nth}");
    }
    proxy.faults(&json!([]));
    // Of another run, whose image had more disks; of one that is at work; and of somebody else.
    for name in [".disk2.raw.part", ".disk3.raw.part", ".else.raw.part", ".disk4.part"] {
        fs::write(output.join(name), "half").unwrap();
    }
    let held = fs::File::open(output.join(".disk3.raw.part")).unwrap();
    held.try_lock().unwrap();
    let ended = program().output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(
        names(&output),
        [".disk3.raw.part", ".disk4.part", ".else.raw.part", "disk.raw", "image.json"]
    );
    let manifest = ImageManifest::parse(&fs::read(output.join("image.json")).unwrap()).unwrap();
    let disk: PathBuf = output.join("disk.raw");
    assert_eq!(digest_file(&disk, &Options::default()).unwrap().content_digest, manifest.content_digest());
}

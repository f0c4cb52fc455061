//! An AMI: every block of it is read, and what it is compared with is what was signed. The layer for AWS plays AWS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use crate::common::{Place, VERIFIER, tree};
use crate::world::{ACCOUNT, Proxy, REGION, SECRET};
use archive::{Archive, Draft, Keeping, Location, Role};
use attest::{EvidenceDir, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{BootMode, ImageManifest};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use verify_image::{ACTION, VERIFY};

/// The account that made the images; the one that asks is another.
const OWNER: &str = "222222222222";

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) proxy: Proxy,
    image: ImageManifest,
}

impl World {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        let image = place.image_of("one", 1 << 30, b"golden");
        place.pass(&image);
        Self { place, proxy: Proxy::start(), image }
    }

    /// The image in AWS, shared whole, with these members in the place of its own.
    pub(crate) fn ami(&self, more: Value) -> String {
        let mut image = json!({
            "name": "golden", "account": OWNER, "size_gib": 1, "blocks": {"10": STANDARD.encode("golden")},
            "boot_mode": "uefi", "launch_permissions": [{"UserId": ACCOUNT}], "snapshot_users": [ACCOUNT],
        });
        image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.proxy.make_image(&image)
    }

    pub(crate) fn ask(&self, id: &str) -> Harness {
        let harness = Harness::new()
            .now(self.place.now)
            .input("image", id)
            .input_path("evidence", self.place.evidence())
            .input_path("verdict-signer", self.place.path("assay.pub"))
            .input("verifier-id", VERIFIER)
            .input("policy-digest", Place::policy().to_string());
        self.proxy.env().iter().fold(harness, |harness, (name, value)| harness.env(name, value))
    }

    fn with_manifest(&self, id: &str) -> Harness {
        self.ask(id).input_path("manifest", self.place.path("one/image.json"))
    }

    /// Puts the evidence that lies about into an archive, with the image.json of this folder.
    fn keep(&self, folder: &str) {
        self.keep_at(folder, self.place.path("archive").to_str().unwrap());
    }

    pub(crate) fn keep_at(&self, folder: &str, archive: &str) {
        let mut draft = Draft::new(&self.place.path(folder).join("image.json"), None).unwrap();
        for file in EvidenceDir::new(self.place.evidence()).list().unwrap().files {
            draft.add(Role::Evidence, &file.name, &file.path).unwrap();
        }
        let location = Location::parse(archive, Path::new("/")).unwrap();
        let env = self.proxy.env();
        let env = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let archive = Archive::open_to_put(&location, &env, Keeping::default()).await.unwrap();
            archive.put(&draft).await.unwrap();
        });
        std::fs::remove_dir_all(self.place.evidence()).unwrap();
    }

    fn ask_archive(&self, id: &str) -> Harness {
        self.ask(id).input_path("evidence", self.place.path("archive"))
    }

    /// The same disk by another image.json.
    fn another(&self, folder: &str, change: impl FnOnce(&mut ImageManifest)) -> ImageManifest {
        let mut image = self.place.image_of(folder, 1 << 30, b"golden");
        change(&mut image);
        self.place.write_manifest(folder, &image);
        image
    }
}

pub(crate) fn yes(run: &Run) -> Value {
    assert_eq!(
        (run.code, run.outputs.get("verified").map(String::as_str)),
        (0, Some("true")),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert!(!format!("{run:?}").contains(SECRET));
    serde_json::from_str(&run.outputs["answer"]).unwrap()
}

fn refused(run: &Run, wanted: &[&str]) {
    assert_eq!(
        (run.code, run.outputs.get("verified").map(String::as_str)),
        (1, Some("false")),
        "{}{}",
        run.stdout,
        run.stderr
    );
    let reasons: Vec<Value> = serde_json::from_str(&run.outputs["reasons"]).unwrap();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect();
    assert_eq!(codes, wanted, "{}", run.stdout);
}

pub(crate) fn undecided(run: &Run, says: &[&str]) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, 2, "{said}");
    for says in says {
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[test]
fn yes_by_the_blocks_and_by_nothing_else() {
    let world = World::new();
    let id = world.ami(json!({}));
    let before = tree(world.place.folder.path());
    let answer = yes(&world.with_manifest(&id).run(&ACTION));
    assert_eq!(answer["contentDigest"], world.image.content_digest().to_string());
    assert_eq!(answer["image"], "debian-app");
    assert_eq!(answer["seen"], format!("the blocks of {id} in {REGION}, which the account {OWNER} owns"));
    assert_eq!(answer["notes"], json!([]));
    let mutating = world.proxy.calls().into_iter().filter(|call| call["mutating"] == true).count();
    assert_eq!((mutating, tree(world.place.folder.path()) == before), (0, true), "nothing is written");
    // By the evidence alone, and then it says what was not compared.
    let answer = yes(&world.ask(&id).run(&ACTION));
    assert!(answer["notes"].to_string().contains("give `manifest`"), "{answer}");
    // At a terminal.
    let run = world.with_manifest("").off_runner().arg(id).input("json", "true").run(&VERIFY);
    let said: Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    assert_eq!(said["verified"], true);
}

#[test]
fn a_tampered_one_is_refused_whatever_its_tags_say() {
    let world = World::new();
    let tags =
        json!({"hallmark:release": "true", "hallmark:content": world.image.content_digest().to_string()});
    let tampered = world.ami(json!({
        "name": "tampered", "tags": tags, "blocks": {"10": STANDARD.encode("golden"), "2047": STANDARD.encode([1])},
    }));
    refused(&world.with_manifest(&tampered).run(&ACTION), &["content-differs"]);
    refused(&world.ask(&tampered).run(&ACTION), &["verdict-of-another-image", "vsa-of-another-image"]);
    world.keep("one");
    refused(&world.ask_archive(&tampered).run(&ACTION), &["verdict-missing", "vsa-missing"]);
    // The same disks, and another machine.
    for (more, name) in
        [(json!({"boot_mode": "legacy-bios"}), "bios"), (json!({"architecture": "arm64"}), "arm")]
    {
        let mut more = more;
        more["name"] = json!(name);
        let id = world.ami(more);
        refused(
            &world.with_manifest(&id).input_path("evidence", world.place.path("archive")).run(&ACTION),
            &["starts-differently"],
        );
        refused(&world.ask_archive(&id).run(&ACTION), &["starts-differently"]);
    }
}

#[test]
fn the_manifest_comes_from_the_archive() {
    let world = World::new();
    let id = world.ami(json!({}));
    world.keep("one");
    let answer = yes(&world.ask_archive(&id).run(&ACTION));
    assert_eq!((answer["image"].as_str(), &answer["notes"]), (Some("debian-app"), &json!([])));
    // Another of the same content, which AWS does not start it by, changes nothing, unless it is decided about later.
    let bios = world.another("bios", |image| image.boot_mode = BootMode::LegacyBios);
    world.place.pass(&bios);
    world.keep("bios");
    yes(&world.ask_archive(&id).run(&ACTION));
    // One that fits as well, such as a rebuild to the byte: the newest decision has to be about one of the two.
    let rebuilt = world.another("rebuilt", |image| image.name = "debian-app-2".into());
    for (verdict, result, minutes) in [("pass", "PASSED", 50), ("fail", "FAILED", 40)] {
        world.place.put(&rebuilt, Kind::Verdict, &world.place.verdict(verdict, minutes), &world.place.assay);
        world.place.put(&rebuilt, Kind::Vsa, &world.place.summary(result, minutes), &world.place.assay);
        world.keep("rebuilt");
        let run = world.ask_archive(&id).run(&ACTION);
        match verdict {
            "pass" => drop(yes(&run)),
            _ => refused(&run, &["verdict-fail", "vsa-failed"]),
        }
    }
    // The newest is about none that fits.
    world.place.put(&bios, Kind::Verdict, &world.place.verdict("pass", 20), &world.place.assay);
    world.place.put(&bios, Kind::Vsa, &world.place.summary("PASSED", 20), &world.place.assay);
    world.keep("bios");
    refused(
        &world.ask_archive(&id).run(&ACTION),
        &["verdict-of-another-manifest", "vsa-of-another-manifest"],
    );
    // Said which one is meant, that is asked about.
    let run = world.with_manifest(&id).input_path("evidence", world.place.path("archive")).run(&ACTION);
    yes(&run);
}

#[test]
fn by_somebody_else_proves_nothing() {
    let world = World::new();
    let id = world.ami(json!({}));
    std::fs::remove_dir_all(world.place.evidence()).unwrap();
    world.place.put(&world.image, Kind::Verdict, &world.place.verdict("pass", 60), &world.place.bake);
    world.place.put(&world.image, Kind::Vsa, &world.place.summary("PASSED", 60), &world.place.bake);
    refused(&world.with_manifest(&id).run(&ACTION), &["verdict-wrong-signer", "vsa-wrong-signer"]);
}

#[test]
fn what_may_not_be_read_decides_nothing_and_says_what_is_needed() {
    let world = World::new();
    let needed = ["snapshots: true", "ebs:GetSnapshotBlock", "kms:Decrypt", "docs/iam/verify.json"];
    let launched = world.ami(json!({"name": "launch only", "snapshot_users": []}));
    undecided(&world.with_manifest(&launched).run(&ACTION), &needed);
    let key = world.proxy.make_key(&json!({"account": OWNER}));
    let encrypted = world.ami(json!({"name": "encrypted", "kms_key": key}));
    undecided(&world.with_manifest(&encrypted).run(&ACTION), &needed);
    let unshared = world.ami(json!({"name": "unshared", "launch_permissions": [], "snapshot_users": []}));
    let says = format!("there is no image {unshared} in {REGION} (account {ACCOUNT})");
    undecided(&world.with_manifest(&unshared).run(&ACTION), &[&says]);
    // A block that AWS damages on its way, always.
    let good = world.ami(json!({"name": "good"}));
    world.proxy.faults(&json!([{"kind": "http-500", "operation": "GetSnapshotBlock", "every": 1}]));
    undecided(&world.with_manifest(&good).run(&ACTION), &["GetSnapshotBlock"]);
    world.proxy.faults(&json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": 2}]));
    yes(&world.with_manifest(&good).run(&ACTION));
}

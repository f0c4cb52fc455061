//! Put, get and list with real signed evidence; and what is refused before anything is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Place, tree};
use crate::s3s::{self, S3s};
use archive_action::ACTION;
use attest::{EvidenceDir, Kind};
use model::{ImageManifest, Sha256, Subject};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

/// An image that passed and was released, with all that was written about it.
pub(crate) struct Desk {
    place: Place,
    image: ImageManifest,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        let image = place.image("one");
        place.pass(&image);
        let desk = Self { place, image };
        desk.release("debian-app/stable");
        EvidenceDir::new(desk.place.evidence()).put_report(b"{\"a\":\"report\"}").unwrap();
        desk.view("web", &desk.image);
        desk.replay("0123456789ab", &desk.image);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    fn release(&self, channel: &str) -> PathBuf {
        let predicate = json!({
            "purl": "pkg:generic/debian-app",
            "hallmark": {"provider": "local", "location": "store", "releaseId": "x", "channel": channel},
        });
        self.place.put(&self.image, Kind::Release, &predicate, &self.place.publish)
    }

    /// A decision as people read it.
    fn view(&self, stem: &str, image: &ImageManifest) {
        let folder = self.path("report");
        fs::create_dir_all(&folder).unwrap();
        let view = json!({"image": {"contentDigest": image.content_digest().to_string()}});
        for (ending, text) in
            [("json", view.to_string()), ("md", format!("# {stem}")), ("html", "<p>".into())]
        {
            fs::write(folder.join(format!("{stem}.{ending}")), text).unwrap();
        }
    }

    /// What a gate leaves for a replay.
    fn replay(&self, stem: &str, image: &ImageManifest) {
        let contents = self.path("replay/sha256");
        fs::create_dir_all(&contents).unwrap();
        let keep = |bytes: &[u8]| {
            let digest = Sha256::of(bytes);
            fs::write(contents.join(digest.to_string()), bytes).unwrap();
            digest.to_string()
        };
        let manifest = json!({
            "version": 1,
            "gate": {"executable": Sha256::of(b"elsewhere").to_string()},
            "policy": keep(b"policy"),
            "exceptions": null,
            "image": keep(&image.to_bytes().unwrap()),
            "evidence": [{"name": "verdict", "sha256": keep(stem.as_bytes())}],
        });
        fs::write(self.path(&format!("replay/{stem}.json")), manifest.to_string()).unwrap();
        fs::write(self.path(&format!("replay/{stem}.verdict.sigstore.json")), "{}").unwrap();
    }

    pub(crate) fn put(&self) -> Harness {
        Harness::new()
            .now(self.place.now)
            .input("operation", "put")
            .input_path("archive", self.path("archive"))
            .input_path("image", self.path("one/image.json"))
            .input_path("evidence", self.place.evidence())
            .input_path("report", self.path("report"))
            .input_path("replay", self.path("replay"))
    }

    pub(crate) fn ask(&self, operation: &str) -> Harness {
        Harness::new()
            .now(self.place.now)
            .input("operation", operation)
            .input_path("archive", self.path("archive"))
    }
}

pub(crate) fn done(run: &Run) {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

pub(crate) fn entries(run: &Run) -> Vec<Value> {
    serde_json::from_str(&run.outputs["entries"]).unwrap()
}

/// What was put is brought back as it was.
fn round(desk: &Desk, archive: &str, with: &dyn Fn(Harness) -> Harness) {
    let run = with(desk.put().input("archive", archive)).run(&ACTION);
    done(&run);
    // image.json is among the replay's contents too: files with the same bytes are one object.
    assert_eq!(
        (run.outputs["stored"].as_str(), run.outputs["uploaded"].as_str()),
        ("12", "12"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("The channel debian-app/stable shows this entry now"), "{}", run.stdout);
    assert!(run.summary.contains("Kept: debian-app"), "{}", run.summary);
    let entry = run.outputs["entry"].clone();

    let again = with(desk.put().input("archive", archive)).run(&ACTION);
    done(&again);
    assert_eq!((again.outputs["entry"].as_str(), again.outputs["uploaded"].as_str()), (entry.as_str(), "0"));
    assert!(again.summary.contains("Kept already: debian-app"), "{}", again.summary);

    let content = desk.image.content_digest().to_string();
    let image = desk.path("one").to_string_lossy().into_owned();
    for (number, (input, value)) in
        [("image", content.as_str()), ("image", &image), ("channel", "debian-app/stable")]
            .into_iter()
            .enumerate()
    {
        let back = desk.path(&format!("back-{number}"));
        let get = desk.ask("get").input("archive", archive).input(input, value).input_path("output", &back);
        let run = with(get).run(&ACTION);
        done(&run);
        assert_eq!(run.outputs["entry"], entry);
        for (found, wanted) in [
            ("evidence", "evidence"),
            ("report", "report"),
            ("replay", "replay"),
            ("image.json", "one/image.json"),
        ] {
            assert_eq!(all(&back.join(found)), all(&desk.path(wanted)), "{found}");
        }
        fs::remove_dir_all(back).unwrap();
    }

    let run = with(desk.ask("list").input("archive", archive)).run(&ACTION);
    done(&run);
    let listed = entries(&run);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], entry.as_str());
    assert_eq!(listed[0]["channels"], json!(["debian-app/stable"]));
    assert_eq!(listed[0]["run"], json!({"repository": "acme/images", "id": "1", "attempt": "1"}));
    assert!(
        run.summary.contains("debian-app/stable") && run.summary.contains(&entry[..12]),
        "{}",
        run.summary
    );
    for (input, value, count) in [
        ("image", content.as_str(), 1),
        ("channel", "debian-app/stable", 1),
        ("family", "debian-app", 1),
        ("family", "debian", 0),
        ("image", &format!("hallmarkBlocks1:{}", Sha256::of(b"other")), 0),
    ] {
        let run = with(desk.ask("list").input("archive", archive).input(input, value)).run(&ACTION);
        done(&run);
        assert_eq!(entries(&run).len(), count, "{input} {value}");
    }
}

/// A file, or every file of a folder.
fn all(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    if path.is_file() {
        return vec![(PathBuf::new(), fs::read(path).unwrap())];
    }
    let files = tree(path).into_iter().filter(|(_, digest)| digest.is_some());
    files.map(|(name, _)| (name.clone(), fs::read(path.join(name)).unwrap())).collect()
}

#[test]
fn a_folder_keeps_it() {
    let desk = Desk::new();
    let archive = desk.path("archive").to_string_lossy().into_owned();
    round(&desk, &archive, &|harness| harness);
}

#[test]
fn a_bucket_keeps_it() {
    let (desk, server) = (Desk::new(), S3s::start("golden"));
    let with = |harness: Harness| {
        server.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value))
    };
    round(&desk, "s3://golden/images", &with);
    let run = with(desk.ask("list").input("archive", "s3://golden/images")).run(&ACTION);
    assert!(!format!("{run:?}").contains(s3s::SECRET));
}

#[test]
fn what_belongs_to_other_images_is_left_out() {
    let desk = Desk::new();
    let other = desk.place.image("other");
    desk.view("other", &other);
    desk.replay("ba9876543210", &other);
    let run = desk.put().run(&ACTION);
    done(&run);
    assert!(run.stdout.contains("Left out of"), "{}", run.stdout);
    let files = entries(&run)[0]["files"].to_string();
    assert!(files.contains("web.html") && files.contains("0123456789ab.json"), "{files}");
    assert!(!files.contains("other.html") && !files.contains("ba9876543210"), "{files}");
}

/// SARIF and JUnit of other steps, in the folder that all of them write to.
#[test]
fn renderings_beside_a_page_are_left_where_they_are() {
    let desk = Desk::new();
    let without = desk.put().run(&ACTION);
    done(&without);
    fs::write(desk.path("report/web.sarif"), "{}").unwrap();
    fs::write(desk.path("report/web.junit.xml"), "<x/>").unwrap();
    let with = desk.put().run(&ACTION);
    done(&with);
    assert_eq!(with.outputs["entry"], without.outputs["entry"]);
}

#[test]
fn the_usual_folders_are_taken_where_they_are_there() {
    let desk = Desk::new();
    let workspace = desk.path("workspace");
    for (from, to) in [("evidence", ".hallmark/evidence"), ("report", ".hallmark/report")] {
        let to = workspace.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(desk.path(from), to).unwrap();
    }
    let run = Harness::new()
        .cwd(&workspace)
        .input("operation", "put")
        .input("archive", "kept")
        .input_path("image", desk.path("one"))
        .run(&ACTION);
    done(&run);
    let files = entries(&run)[0]["files"].to_string();
    assert!(files.contains("web.html") && files.contains("verdict.") && !files.contains("replay"), "{files}");
    assert!(workspace.join("kept/hallmark-archive.json").is_file());
}

/// What is made of a good desk, by which further inputs, and what is said.
type Case = (&'static str, fn(&Desk), &'static [(&'static str, &'static str)], &'static str);

#[test]
fn a_put_is_looked_at_first() {
    const NOTHING: fn(&Desk) = |_| {};
    let cases: &[Case] = &[
        ("no evidence", |d| fs::remove_dir_all(d.place.evidence()).unwrap(), &[], "holds no evidence"),
        (
            "a stranger",
            |d| fs::write(d.place.evidence().join("notes.txt"), "x").unwrap(),
            &[],
            "notes.txt is no evidence: its name is not",
        ),
        (
            "a link",
            |d| {
                std::os::unix::fs::symlink(
                    "/etc/hostname",
                    d.place.evidence().join("vsa.0123456789ab.sigstore.json"),
                )
                .unwrap()
            },
            &[],
            "it is a symbolic link",
        ),
        (
            "no statement",
            |d| fs::write(d.place.evidence().join("vsa.0123456789ab.sigstore.json"), "{}").unwrap(),
            &[],
            "vsa.0123456789ab.sigstore.json does not read",
        ),
        (
            "another image's",
            |d| d.place.pass(&d.place.image("other")),
            &[],
            "give the folder of this image's own evidence",
        ),
        (
            "a report that was changed",
            |d| {
                let path =
                    EvidenceDir::new(d.place.evidence()).report_path(&Sha256::of(b"{\"a\":\"report\"}"));
                fs::write(path, "{}").unwrap();
            },
            &[],
            "it was changed after it was recorded",
        ),
        (
            "a stranger among reports",
            |d| fs::write(d.place.evidence().join("reports/trivy.json"), "{}").unwrap(),
            &[],
            "trivy.json is no report",
        ),
        (
            "a stranger among pages",
            |d| fs::write(d.path("report/shell.sh"), "x").unwrap(),
            &[],
            "shell.sh is neither a page",
        ),
        (
            "a page of nobody",
            |d| fs::write(d.path("report/x.html"), "x").unwrap(),
            &[],
            "x.html belongs to no decision",
        ),
        (
            "JSON that does not say whose",
            |d| fs::write(d.path("report/x.json"), "{}").unwrap(),
            &[],
            "x.json does not say whose decision it is",
        ),
        (
            "no decision",
            |d| {
                fs::remove_dir_all(d.path("report")).unwrap();
                fs::create_dir(d.path("report")).unwrap();
            },
            &[],
            "has no decision about",
        ),
        (
            "a replay that lacks something",
            |d| fs::remove_file(d.path("replay/sha256").join(Sha256::of(b"policy").to_string())).unwrap(),
            &[],
            "which the replay would lack",
        ),
        (
            "a replay that was changed",
            |d| fs::write(d.path("replay/sha256").join(Sha256::of(b"policy").to_string()), "x").unwrap(),
            &[],
            "it was changed after it was recorded",
        ),
        (
            "a stranger in the replay",
            |d| fs::write(d.path("replay/core"), "x").unwrap(),
            &[],
            "core belongs to no replay",
        ),
        (
            "a channel that leads elsewhere",
            |d| drop(d.release("../../x/stable")),
            &[],
            "the family \"../../x\" is refused",
        ),
        ("no image", NOTHING, &[("image", "absent.json")], "input `image`"),
        ("a place that is none", NOTHING, &[("archive", "ftp://x/y")], "s3://BUCKET/PREFIX is wanted"),
        (
            "a lock on a folder",
            NOTHING,
            &[("lock-mode", "governance"), ("lock-for", "30d")],
            "is a folder, which neither",
        ),
        ("half a lock", NOTHING, &[("lock-mode", "compliance")], "say by `lock-for` how long"),
        ("the other half", NOTHING, &[("lock-for", "1d")], "say by `lock-mode`"),
        (
            "a lock for ever",
            NOTHING,
            &[("lock-mode", "compliance"), ("lock-for", "40000d")],
            "at most 30 years",
        ),
        (
            "another's input",
            NOTHING,
            &[("channel", "a/b")],
            "input `channel` has no meaning for `archive put`",
        ),
    ];
    for (name, change, inputs, says) in cases {
        let desk = Desk::new();
        change(&desk);
        let harness = inputs.iter().fold(desk.put(), |harness, (input, value)| harness.input(input, value));
        let run = harness.run(&ACTION);
        let said = run.stdout.clone() + &run.stderr;
        assert!(run.code == 2 && said.contains(says), "{name}: {said}");
        assert!(!desk.path("archive").exists(), "{name}: nothing was written");
    }
}

#[test]
fn statements_about_files_that_went_into_it_are_kept_too() {
    let desk = Desk::new();
    let subjects = vec![Subject::file("packer.zip", Sha256::of(b"packer"))];
    let predicate = json!({"files": [], "result": "PASSED"});
    desk.place.put_about(subjects, Kind::SignatureVerification, &predicate, Some(&desk.place.bake));
    done(&desk.put().run(&ACTION));
}

#[test]
fn which_entry_is_meant_has_to_be_clear() {
    let desk = Desk::new();
    done(&desk.put().run(&ACTION));
    done(&desk.put().env("GITHUB_RUN_ID", "2").run(&ACTION));
    let content = desk.image.content_digest().to_string();
    let get = || desk.ask("get").input_path("output", desk.path("back"));
    let listed = entries(&desk.ask("list").run(&ACTION));
    assert_eq!(listed.len(), 2);
    let id = listed[0]["id"].as_str().unwrap();
    let refused = |harness: Harness, says: &str| {
        let run = harness.run(&ACTION);
        let said = run.stdout.clone() + &run.stderr;
        assert!(run.code == 2 && said.contains(says), "{says}: {said}");
        assert!(!desk.path("back").exists());
    };
    refused(get().input("image", &content), "2 entries of this image are kept: say by `entry`");
    refused(get().input("image", &content).input("entry", "0123"), "at least the first 12 digits");
    refused(get().input("image", &content).input("entry", "../../x/../../y"), "at least the first 12 digits");
    refused(
        get().input("image", &content).input("entry", "0".repeat(12)),
        "no entry of this image begins with",
    );
    refused(get(), "wants one of `image` and `channel`");
    refused(get().input("channel", "debian-app/edge"), "knows no channel debian-app/edge");
    refused(get().input("channel", "stable"), "family/name is wanted");
    refused(get().input("channel", "../x/stable"), "is refused");
    refused(get().input("channel", "debian-app/stable").input("entry", id), "has no meaning with `channel`");
    refused(
        get().input("image", format!("hallmarkBlocks1:{}", Sha256::of(b"x"))),
        "nothing is kept of this image",
    );
    refused(get().input("image", "no-such.json"), "is neither a content digest nor an image.json");
    let nowhere = get().input("image", &content).input_path("archive", desk.path("evidence"));
    refused(nowhere, "there is no archive at");
    refused(desk.ask("get").input("image", &content), "input `output` is required");
    refused(desk.ask("list").input("family", "a").input("channel", "b/c"), "takes at most one of");

    done(&get().input("image", &content).input("entry", &id[..12]).run(&ACTION));
    let run = get().input("image", &content).input("entry", id).run(&ACTION);
    let said = run.stdout + &run.stderr;
    assert!(run.code == 2 && said.contains("is in the way"), "{said}");
}

#[test]
fn names_of_strangers_do_not_speak_to_the_runner() {
    let desk = Desk::new();
    done(&desk.put().run(&ACTION));
    let mut image = desk.image.clone();
    image.name = "x\n::error::y|<b>\u{1b}[31m".into();
    fs::create_dir(desk.path("two")).unwrap();
    desk.place.write_manifest("two", &image);
    let put =
        desk.put().input_path("image", desk.path("two")).input("report", "").input("replay", "").run(&ACTION);
    let list = desk.ask("list").run(&ACTION);
    let back = desk.path("back");
    let content = desk.image.content_digest().to_string();
    let entry = put.outputs["entry"].clone();
    let get =
        desk.ask("get").input("image", content).input("entry", entry).input_path("output", back).run(&ACTION);
    for run in [put, list, get] {
        done(&run);
        assert!(!run.stdout.lines().any(|line| line.starts_with("::error")), "{}", run.stdout);
        assert!(!(run.stdout.clone() + &run.summary).contains('\u{1b}'), "{run:?}");
        assert!(!run.summary.contains("<b>") && !run.summary.contains("\n::error"), "{}", run.summary);
    }
}

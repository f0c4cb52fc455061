//! A verdict that somebody has to look at, made by the gate itself, and what an assay hands over of it.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use runner::testing::Run;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::common::World;

/// A title that would clear the screen, colour it, turn its direction and open a link, were it obeyed.
pub(crate) const HOSTILE: &str =
    "\u{1b}[2J\u{1b}[31mBOOM\u{1b}]8;;https://evil.example\u{7}\u{202e}gnp\u{0}\nnext\u{9b}31m";

pub(crate) struct Assayed {
    pub(crate) world: World,
    pub(crate) policy: String,
    pub(crate) decided: Run,
}

/// A report with titles, links and a description of all kinds.
fn report(fails: bool) -> Vec<u8> {
    let mut found =
        vec![("CVE-2026-1", "CRITICAL", None), ("CVE-2026-2", "HIGH", None), ("CVE-2026-3", "HIGH", None)];
    if fails {
        found.push(("CVE-2026-4", "HIGH", Some("2")));
    }
    let mut report: Value = serde_json::from_slice(&World::report(&found)).unwrap();
    let list = &mut report["Results"][0]["Vulnerabilities"];
    list[0]["Title"] = json!("openssl: a certificate's name is read beyond its end");
    list[0]["PrimaryURL"] = json!("https://avd.example/nvd/cve-2026-1");
    list[0]["Description"] = json!(format!(
        "{} {HOSTILE}",
        "Whoever sends a crafted certificate reads memory of the server. ".repeat(6)
    ));
    list[1]["Title"] = json!("証明書の名前が終わりを越えて読まれる。".repeat(8));
    list[1]["PrimaryURL"] = json!("javascript:alert(1)");
    list[2]["Title"] = json!(HOSTILE);
    serde_json::to_vec(&report).unwrap()
}

impl Assayed {
    /// Decided at this time, with evidence of an hour before. Where it `fails`, nobody may waive one of the findings.
    pub(crate) fn at(now: jiff::Timestamp, fails: bool) -> Self {
        let mut world = World::bare();
        world.now = now;
        world.made = (now - jiff::SignedDuration::from_hours(1)).to_string();
        world.put("bake", &world.signatures(b"binary"));
        world.put("bake", &world.provenance());
        let made = world.made.clone();
        world.put("assay", &world.tests("booted", &made, 9, 0));
        world.put("assay", &world.scan_of(&report(fails), true));
        let policy = policy(&world);
        let decided = world.gate(&policy);
        assert!(decided.code < 2, "{}", decided.stderr);
        fs::create_dir(world.path("report")).unwrap();
        fs::copy(world.path("brief.md"), world.path("report/web.md")).unwrap();
        Self { world, policy, decided }
    }

    /// The folder that holds what is handed over.
    pub(crate) fn folder(&self) -> PathBuf {
        self.world.path("")
    }

    pub(crate) fn brief(&self) -> &str {
        &self.decided.outputs["brief-digest"]
    }

    /// The words that approve.
    pub(crate) fn words(&self) -> String {
        format!("approve {}", &self.brief()[..12])
    }

    /// As the artifact's archive.
    pub(crate) fn archive(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for folder in ["evidence", "report", "replay"] {
            put(&mut zip, &self.folder(), Path::new(folder));
        }
        zip.finish().unwrap().into_inner()
    }
}

fn put(zip: &mut zip::ZipWriter<Cursor<Vec<u8>>>, root: &Path, at: &Path) {
    let mut entries: Vec<_> = fs::read_dir(root.join(at)).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = at.join(entry.file_name());
        if entry.path().is_dir() {
            put(zip, root, &path);
        } else {
            zip.start_file(path.to_string_lossy(), SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Strict, with the job in the environment to sign what it reads and decides, and the exceptions in the file.
fn policy(world: &World) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/strict.yml");
    let text = fs::read_to_string(shipped)
        .unwrap()
        .replace("verdict: {signed-by: [assay]}", "verdict: {signed-by: [assay, publish]}")
        .replace("vsa: {signed-by: [assay]", "vsa: {signed-by: [assay, publish]")
        .replace("approval: {signed-by: [approver]}", "approval: {signed-by: [approver, publish]}")
        .replace("approval: {timeout: 8h}", "approval: {timeout: 8h, comment: required}");
    let path = world.path("policy.yml");
    fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

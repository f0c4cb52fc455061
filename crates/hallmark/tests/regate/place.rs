//! An image that was really gated and released, in an archive in a folder; and nights on which it is looked at again.

use std::fs;
use std::path::{Path, PathBuf};

use archive::{Archive, Draft, Keeping, Location, Role};
use attest::{Kind, Statement};
use runner::Action;
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

use crate::common::{Found, World};
use crate::regate::script::GitHub;

pub(crate) const POLICY: &str = "version: 1
name: web
signers: {bake: , assay: , approver: , publish: }
evidence:
  signature-verification: {signed-by: [bake], required: true, max-age: 7d}
  provenance: {signed-by: [bake], required: true, max-age: 7d}
  test-result: {signed-by: [assay], required: true, seen: [booted], max-age: 24h}
  vulns: {signed-by: [assay], required: true, seen: [disk], max-age: 30d, database-max-age: 30d}
  vsa: {signed-by: [assay]}
  verdict: {signed-by: [assay]}
  approval: {signed-by: [approver]}
  release: {signed-by: [publish]}
  closure: {signed-by: [publish]}
vulnerabilities:
  - {severity: critical, fixable: true, then: fail}
  - {severity: medium, fixable: true, then: review}
  - {kev: true, then: fail}
feeds: {kev: {max-age: 400d}}
exceptions: {max-lifetime: 90d, warn-before: 14d}
approval: {timeout: 24h}
";

pub(crate) const CHANNEL: &str = "debian-web/stable";

pub(crate) fn regate() -> &'static Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "regate").unwrap()
}

/// The world of the gate's own tests, with an archive.
pub(crate) struct Place {
    pub(crate) world: World,
}

impl Place {
    /// An image with these findings and this exceptions file, under the policy, not yet decided about.
    pub(crate) fn new(found: &[Found<'_>], exceptions: Option<&str>) -> Self {
        let place = Self { world: World::with(found) };
        place.write("policy.yml", POLICY);
        place.kev(&[]);
        if let Some(text) = exceptions {
            place.write("exceptions.yml", text);
        }
        place
    }

    /// The same, passed by the gate, released into the channel, and put into the archive.
    pub(crate) fn published(found: &[Found<'_>], exceptions: Option<&str>) -> Self {
        let place = Self::new(found, exceptions);
        let run = place.gate(&[]);
        assert_eq!(run.outputs["verdict"], "pass", "{}", run.stderr);
        place.release();
        place.put();
        place
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.world.path(name), text).unwrap();
        self.world.path(name)
    }

    /// CISA's catalog, with these.
    pub(crate) fn kev(&self, ids: &[&str]) {
        // An empty catalog is none.
        let ids = ids.iter().chain([&"CVE-2020-0001"]);
        let listed: Vec<Value> = ids.map(|id| json!({"cveID": id})).collect();
        let catalog =
            json!({"catalogVersion": "1", "dateReleased": "2026-11-22T00:00:00Z", "vulnerabilities": listed});
        self.write("kev.json", &catalog.to_string());
    }

    /// What the gate decides by, as an input of either action.
    fn deciding(&self) -> Vec<(&'static str, String)> {
        let shown = |name: &str| self.world.path(name).to_string_lossy().into_owned();
        let mut more = vec![("policy", shown("policy.yml")), ("kev", shown("kev.json"))];
        if self.world.path("exceptions.yml").exists() {
            more.push(("exceptions", shown("exceptions.yml")));
        }
        more
    }

    /// The gate's own run, which has to pass.
    pub(crate) fn gate(&self, more: &[(&'static str, String)]) -> Run {
        let mut inputs = self.deciding();
        inputs.extend(more.iter().cloned());
        let policy = self.world.path("policy.yml").to_string_lossy().into_owned();
        self.world.gate_with(&policy, &inputs)
    }

    /// What register-ami signs.
    pub(crate) fn release(&self) {
        self.release_into(CHANNEL);
    }

    pub(crate) fn release_into(&self, channel: &str) {
        let predicate = json!({"purl": "pkg:generic/web@1", "releaseId": "r1", "hallmark":
            {"provider": "local", "location": "store", "releaseId": "r1", "channel": channel}});
        let subjects = self.world.image.subjects().unwrap();
        self.world.put("publish", &Statement::new(Kind::Release, subjects, &predicate).unwrap());
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.world.path("archive")
    }

    pub(crate) fn put(&self) {
        self.put_from(&self.world.path("image.json"), &self.world.path("evidence"));
    }

    /// Puts an image with its evidence, and lets the channel show it.
    pub(crate) fn put_from(&self, image: &Path, evidence: &Path) {
        self.put_into(CHANNEL, image, evidence);
    }

    pub(crate) fn put_into(&self, channel: &str, image: &Path, evidence: &Path) {
        let mut draft = Draft::new(image, None).unwrap();
        for (role, folder) in
            [(Role::Evidence, evidence.to_owned()), (Role::Report, evidence.join("reports"))]
        {
            for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
                if file.is_file() {
                    draft.add(role, &file.file_name().unwrap().to_string_lossy(), &file).unwrap();
                }
            }
        }
        let (family, name) = channel.split_once('/').unwrap();
        draft.show_in(family, name).unwrap();
        let location = Location::Folder(self.archive());
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let archive = Archive::open_to_put(&location, &|_| None, Keeping::default()).await.unwrap();
            archive.put(&draft).await.unwrap();
        });
    }

    /// A night: this many days after everything was made.
    pub(crate) fn night(&self, days: i64, github: Option<&GitHub>) -> Run {
        self.night_with(days, github, &[])
    }

    pub(crate) fn night_with(&self, days: i64, github: Option<&GitHub>, more: &[(&str, &str)]) -> Run {
        let harness = self.harness(days, github);
        more.iter().fold(harness, |harness, (name, value)| harness.input(name, value)).run(regate())
    }

    pub(crate) fn harness(&self, days: i64, github: Option<&GitHub>) -> Harness {
        let now = self.world.now.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        let mut harness = Harness::new().now(now).off_runner().input_path("archive", self.archive());
        for (name, value) in self.deciding() {
            harness = harness.input(name, value);
        }
        let signers = ["bake", "assay", "approver", "publish"];
        let signers =
            signers.map(|name| format!("{name}={}", self.world.path(&format!("{name}.pub")).display()));
        harness = harness.input("signers", signers.join("\n"));
        match github {
            Some(github) => harness
                .input("token", "ghs_secret")
                .input("repository", "acme/images")
                .input("api-url", github.server.url("").to_string()),
            None => harness.input("issues", "false"),
        }
    }
}

/// The codes of the one channel's reasons.
pub(crate) fn codes(run: &Run) -> Vec<String> {
    let found = &all(run)[0]["found"];
    let reasons = found["reasons"].as_array().unwrap_or_else(|| panic!("{}\n{}", run.stdout, run.stderr));
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn all(run: &Run) -> Vec<Value> {
    let json = run.outputs.get("json").unwrap_or_else(|| panic!("{}\n{}", run.stdout, run.stderr));
    serde_json::from_str(json).unwrap()
}

/// How the one channel stands.
pub(crate) fn standing(run: &Run) -> String {
    all(run)[0]["found"]["standing"].as_str().unwrap_or("undecided").to_owned()
}

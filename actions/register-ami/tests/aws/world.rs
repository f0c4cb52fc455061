//! An account with an image that a build made, evidence about it, a distribution, and the program to publish it with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use jiff::Timestamp;
use model::ImageManifest;
use serde_json::{Value, json};

use crate::common::Place;
use crate::proxy::{ACCOUNT, Proxy, REGION};

/// The account that images are shared with, and that has the channels too.
pub(crate) const OTHER: &str = "222222222222";
pub(crate) const AWAY: [&str; 2] = ["eu-central-1", "eu-west-1"];

/// The input for the second disk of [`World::bake_disks`].
pub(crate) const SECOND_DISK: (&str, &str) = ("disk", "/dev/xvdb=data.raw");

/// Everything, at the beginning of a publish.
pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) proxy: Proxy,
    pub(crate) amis: BTreeMap<String, String>,
}

impl World {
    pub(crate) fn new() -> Self {
        let (place, proxy) = (Place::at(Timestamp::now()), Proxy::start());
        proxy.make_bucket("journal");
        for region in AWAY {
            proxy.make_key(&json!({"region": region, "alias": "alias/golden"}));
        }
        let mut world = Self { place, proxy, amis: BTreeMap::new() };
        world.distribution(&json!({}));
        world.bake("one");
        world
    }

    /// An image that a build made in the home region, and that the assay job passed.
    pub(crate) fn bake(&mut self, name: &str) -> ImageManifest {
        let manifest = self.place.image_of(name, 1 << 30, name.as_bytes());
        self.place.pass(&manifest);
        let block = base64::engine::general_purpose::STANDARD.encode(name);
        let ami = self.proxy.make_image(&json!({
            "name": format!("build-{name}"),
            "size_gib": 1,
            "blocks": {"10": block},
            "boot_mode": "uefi",
            "imds_support": "v2.0",
        }));
        self.amis.insert(name.to_owned(), ami);
        manifest
    }

    /// An image whose disk is on this machine, with these blocks of one byte each from its tenth block on, and that the
    /// assay job passed.
    pub(crate) fn bake_here(&self, name: &str, blocks: &[u8]) -> ImageManifest {
        let content: Vec<u8> = blocks.iter().flat_map(|byte| vec![*byte; blocks::BLOCK]).collect();
        let manifest = self.place.image_of(name, 1 << 30, &content);
        self.place.pass(&manifest);
        manifest
    }

    /// The same with a second disk beside it, which the input [`SECOND_DISK`] names: as large again, with this at its tenth
    /// block.
    pub(crate) fn bake_disks(&self, name: &str, blocks: &[u8], second: &[u8]) -> ImageManifest {
        let mut manifest = self.bake_here(name, blocks);
        let disk = self.place.image_of("data", 2 << 30, second).disks.remove(0);
        fs::rename(self.place.path("data").join("disk.raw"), self.place.path("data.raw")).unwrap();
        manifest.disks.push(model::Disk { device: "/dev/xvdb".into(), file: "data.raw".into(), ..disk });
        self.place.write_manifest(name, &manifest);
        self.place.pass(&manifest);
        manifest
    }

    /// Writes `distribution.yml`: the usual one, with these members in the place of its own.
    pub(crate) fn distribution(&self, members: &Value) {
        let mut whole = json!({
            "version": 1,
            "account": ACCOUNT,
            "home": REGION,
            "regions": {
                REGION: {},
                AWAY[0]: {"kms-key": "alias/golden"},
                AWAY[1]: {"kms-key": "alias/golden"},
            },
            "share": {"accounts": [OTHER], "snapshots": true, "grants": true},
            "channels": {
                "prefix": "/golden",
                "accounts": {OTHER: format!("arn:aws:iam::{OTHER}:role/hallmark-channels")},
            },
            "deprecate-after": "180d",
            "protection": "on",
            "tags": {"team": "images"},
            "wait": {"images": "60s", "channel": "5s", "poll": "1s"},
        });
        let more = members.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(more);
        fs::write(self.place.path("distribution.yml"), whole.to_string()).unwrap();
    }

    /// Somebody else writes an object of the journal.
    pub(crate) fn tamper(&self, key: &str, body: &[u8]) {
        self.proxy.put_object(&format!("/journal/{key}"), body);
    }

    /// The program as a runner's job starts it, in this attempt.
    pub(crate) fn program(&self, name: &str, attempt: u32, extra: &[(&str, &str)]) -> (Command, PathBuf) {
        let files = self.place.path("runner");
        fs::create_dir_all(&files).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_register-ami"));
        command.env_clear().env("GITHUB_ACTIONS", "true").current_dir(self.place.folder.path());
        command.env("GITHUB_REPOSITORY", "acme/images").env("GITHUB_JOB", "publish");
        command.env("GITHUB_RUN_ID", "7").env("GITHUB_RUN_ATTEMPT", attempt.to_string());
        command.envs(self.proxy.env()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outputs = files.join(format!("outputs-{name}-{attempt}"));
        fs::write(&outputs, "").unwrap();
        command.env("GITHUB_OUTPUT", &outputs);
        for file in ["GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
            fs::write(files.join(file), "").unwrap();
            command.env(file, files.join(file));
        }
        let mut inputs = self.place.inputs(name);
        inputs.remove("store");
        inputs.insert("provider", "aws".to_owned());
        inputs.insert("distribution", self.place.path("distribution.yml").display().to_string());
        inputs.insert("journal", "s3://journal/images".to_owned());
        inputs.insert("lock-timeout", "0s".to_owned());
        if let Some(ami) = self.amis.get(name) {
            inputs.insert("image-id", ami.clone());
        }
        inputs.extend(extra.iter().map(|(input, value)| (*input, (*value).to_owned())));
        for (input, value) in inputs.into_iter().filter(|(_, value)| !value.is_empty()) {
            command.env(format!("INPUT_{}", input.to_uppercase()), value);
        }
        (command, outputs)
    }

    pub(crate) fn run(&self, name: &str, attempt: u32, extra: &[(&str, &str)]) -> Run {
        let (mut command, outputs) = self.program(name, attempt, extra);
        Run::of(command.output().unwrap(), &outputs)
    }

    pub(crate) fn spawn(&self, name: &str, extra: &[(&str, &str)], run: &str) -> Child {
        let (mut command, _) = self.program(name, 1, extra);
        command.env("GITHUB_RUN_ID", run).spawn().unwrap()
    }

    /// Runs it, and it is done.
    pub(crate) fn done(&self, name: &str, extra: &[(&str, &str)]) -> Run {
        let run = self.run(name, 1, extra);
        assert_eq!(run.code, Some(0), "{}", run.said);
        run
    }

    /// The release evidence that a killed run left must not help the next one.
    pub(crate) fn forget_releases(&self) {
        for entry in fs::read_dir(self.place.evidence()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("release.") || name.ends_with(".partial") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// What is there, with ids in the place of which nothing depends on them: two runs that did the same have the same.
    pub(crate) fn state(&self) -> Value {
        canonical(&self.proxy.state())
    }
}

/// What became of the program.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) outputs: BTreeMap<String, String>,
}

impl Run {
    fn of(output: Output, outputs: &std::path::Path) -> Self {
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let text = fs::read_to_string(outputs).unwrap();
        let mut lines = text.lines();
        let mut read = BTreeMap::new();
        while let Some((name, delimiter)) = lines.next().and_then(|line| line.split_once("<<")) {
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            read.insert(name.to_owned(), value.join("\n"));
        }
        Self { code: output.status.code(), said, outputs: read }
    }
}

/// Ids of images and snapshots become what they are of; times become that there is one.
fn canonical(state: &Value) -> Value {
    let mut text = state.to_string();
    let mut labels = BTreeMap::new();
    for image in state["images"].as_array().unwrap() {
        let word = |name: &str| image[name].as_str().unwrap_or_default().to_owned();
        let label = format!("{}:{}", word("region"), word("name"));
        for (n, snapshot) in image["snapshots"].as_array().into_iter().flatten().enumerate() {
            labels
                .insert(snapshot.as_str().unwrap_or_default().to_owned(), format!("snapshot {n} of {label}"));
        }
        labels.insert(word("id"), label);
    }
    for (id, label) in labels.iter().filter(|(id, _)| !id.is_empty()) {
        text = text.replace(id, label);
    }
    let mut state: Value = serde_json::from_str(&text).unwrap();
    // What evidence is called depends on the ids in it; leases and records hold times.
    let objects = state["objects"].as_array().unwrap();
    let keys: BTreeSet<_> = objects
        .iter()
        .map(|object| {
            let key = object["key"].as_str().unwrap();
            match key.split_once(".sigstore.json") {
                Some((name, _)) => name.rsplit_once('.').unwrap().0.to_owned(),
                None => key.to_owned(),
            }
        })
        .collect();
    state["objects"] = json!(keys);
    for grant in state["grants"].as_array_mut().unwrap() {
        grant["id"] = Value::Null;
    }
    sorted(&mut state);
    state
}

fn sorted(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sorted);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let is_time = ["created", "creation", "deprecat", "modified", "start", "time", "date"]
                    .iter()
                    .any(|word| name.to_lowercase().contains(word));
                if is_time && !member.is_null() {
                    *member = json!("some time");
                }
                sorted(member);
            }
        }
        _ => {}
    }
}

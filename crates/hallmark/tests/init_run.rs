//! The written workflow, carried out: its steps in their order, its jobs in workspaces of their own, with the real
//! Packer, Goss and Trivy on a real image. What GitHub's own actions do is played by copies of files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the workflow's scripts, and is told its image")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::init_common::{Repository, action, copy, hallmark_action};
use base64::Engine as _;
use github::testing::{Answer, FakeGitHub};
use runner::testing::Harness;
use serde_json::{Value, json};

/// The image that `make test` bakes.
fn image() -> PathBuf {
    match std::env::var_os("HALLMARK_TEST_IMAGE") {
        Some(path) => PathBuf::from(path).canonicalize().unwrap(),
        None => panic!("HALLMARK_TEST_IMAGE is not set: `make test` bakes an image and sets it"),
    }
}

/// A template whose image is the baked one: what matters here is not how it came to be.
fn template() -> String {
    format!(
        r#"variable "output" {{
  type = string
}}

source "null" "web" {{
  communicator = "none"
}}

build {{
  sources = ["source.null.web"]

  provisioner "shell-local" {{
    inline = ["cp --sparse=always '{}' '${{var.output}}/web.raw'"]
  }}

  post-processor "artifice" {{
    files = ["${{var.output}}/web.raw"]
  }}
}}
"#,
        image().with_file_name("disk.raw").display()
    )
}

/// One run of the workflow.
struct Run<'a> {
    repository: &'a Repository,
    workflow: Value,
    keys: PathBuf,
    folder: tempfile::TempDir,
    github: FakeGitHub,
    /// What the jobs gave back, by `job.output`.
    outputs: BTreeMap<String, String>,
}

/// GitHub, as far as a job asks it: the repository's files on its protected default branch.
fn github(root: &Path) -> FakeGitHub {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    let root = root.to_owned();
    FakeGitHub::new(move |line| {
        let asked = line.strip_prefix("GET /repos/acme/images").unwrap_or_default();
        if let Some(path) = asked.strip_prefix("/contents/") {
            let path = path.strip_suffix(&format!("?ref={COMMIT}")).unwrap_or_default();
            let path = path.replace("%2F", "/").replace("%2E", ".");
            return match fs::read(root.join(&path)) {
                Ok(bytes) => {
                    let content = base64::engine::general_purpose::STANDARD.encode(bytes);
                    Answer::json(
                        json!({"type": "file", "encoding": "base64", "content": content}).to_string(),
                    )
                }
                Err(_) => Answer::error(404, "Not Found"),
            };
        }
        match asked {
            "" => Answer::json(r#"{"default_branch":"main"}"#),
            "/branches/main" => Answer::json(
                json!({"name": "main", "protected": true, "commit": {"sha": COMMIT}}).to_string(),
            ),
            "/rules/branches/main?per_page=100" => Answer::json("[]"),
            _ => Answer::error(404, "Not Found"),
        }
    })
}

/// How a step ended: its exit code, and what it said.
struct Ended(i32, String);

impl<'a> Run<'a> {
    fn new(repository: &'a Repository) -> Self {
        let workflow = repository.workflow();
        let keys = repository.keys();
        let folder = tempfile::tempdir().unwrap();
        let github = github(&repository.path(""));
        Self { repository, workflow, keys, folder, github, outputs: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Carries a job out, until a step fails: the name of that step and what it said.
    fn job(&mut self, id: &str) -> Result<(), (String, String)> {
        let (workspace, temp) = (self.path(id), self.path(&format!("{id}-temp")));
        fs::create_dir(&workspace).unwrap();
        fs::create_dir(&temp).unwrap();
        let job = self.workflow["jobs"][id].clone();
        let mut outputs: BTreeMap<String, String> = BTreeMap::new();
        for step in job["steps"].as_array().unwrap() {
            let name = step["name"].as_str().unwrap().to_owned();
            let mut known = self.known(id, &temp);
            known.extend(outputs.clone());
            let with = given(step, &known);
            let (ended, new) = self.step(step, &with, &workspace, &temp);
            if ended.0 != 0 {
                return Err((name, ended.1));
            }
            if let Some(id) = step["id"].as_str() {
                outputs.extend(
                    new.into_iter().map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value)),
                );
            }
        }
        for (name, value) in job["outputs"].as_object().into_iter().flatten() {
            self.outputs
                .insert(format!("needs.{id}.outputs.{name}"), resolved(value.as_str().unwrap(), &outputs));
        }
        Ok(())
    }

    /// The expressions that a step of this job may use.
    fn known(&self, job: &str, temp: &Path) -> BTreeMap<String, String> {
        let secret = |name: &str| fs::read_to_string(self.keys.join(name).with_extension("pem")).unwrap();
        let mut known = self.outputs.clone();
        known.insert(format!("secrets.HALLMARK_{}_KEY", job.to_uppercase()), secret(job));
        known.insert("github.token".to_owned(), "ghs_of_this_job".to_owned());
        known.insert("runner.temp".to_owned(), temp.display().to_string());
        known.insert("runner.os".to_owned(), "Linux".to_owned());
        known.insert("runner.arch".to_owned(), "X64".to_owned());
        known.insert("github.event.repository.default_branch".to_owned(), "main".to_owned());
        if let Some(digest) = self.outputs.get("needs.assay.outputs.policy-digest") {
            let either = "vars.HALLMARK_POLICY_DIGEST || needs.assay.outputs.policy-digest";
            known.insert(either.to_owned(), digest.clone());
        }
        known
    }

    fn step(
        &self,
        step: &Value,
        with: &BTreeMap<String, String>,
        workspace: &Path,
        temp: &Path,
    ) -> (Ended, BTreeMap<String, String>) {
        let done = || (Ended(0, String::new()), BTreeMap::new());
        if let Some(name) = hallmark_action(step) {
            return hallmark_step(&name, with, workspace, temp, &self.github);
        }
        if let Some(script) = step["run"].as_str() {
            return if script.contains("sudo ") { done() } else { script_step(script, workspace, temp) };
        }
        match step["uses"].as_str().unwrap().split('@').next().unwrap() {
            "actions/checkout" => {
                let part = with.get("sparse-checkout").map_or("", String::as_str);
                copy(&self.repository.path(part), &workspace.join(part));
            }
            "actions/cache" => {}
            "actions/upload-artifact" => {
                let (file, folder) = (Path::new(&with["path"]), self.path("artifacts").join(&with["name"]));
                fs::create_dir_all(&folder).unwrap();
                fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
            }
            "actions/download-artifact" => {
                copy(&self.path("artifacts").join(&with["name"]), Path::new(&with["path"]));
            }
            other => panic!("{other} is not played here"),
        }
        done()
    }
}

/// A step's `with`, its expressions resolved.
fn given(step: &Value, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let with = step["with"].as_object().into_iter().flatten();
    with.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), resolved(&text, known))
    })
    .collect()
}

/// An expression that nobody knows is a mistake in the workflow, or a job that reaches for another's secret.
fn resolved(text: &str, known: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
    let (expression, after) = rest.split_once("}}").unwrap();
    let value = known.get(expression.trim()).unwrap_or_else(|| panic!("`{expression}` is not known here"));
    format!("{before}{value}{}", resolved(after, known))
}

fn hallmark_step(
    name: &str,
    with: &BTreeMap<String, String>,
    workspace: &Path,
    temp: &Path,
    github: &FakeGitHub,
) -> (Ended, BTreeMap<String, String>) {
    let mut harness = Harness::new()
        .cwd(workspace)
        .env("RUNNER_TEMP", temp.to_str().unwrap())
        .env("GITHUB_WORKSPACE", workspace.to_str().unwrap())
        .env("GITHUB_API_URL", github.url("").to_string());
    for name in ["PATH", "HOME", "HALLMARK_CACHE", "HALLMARK_MIRROR", "XDG_CACHE_HOME", "GOPROXY", "GOFLAGS"]
    {
        harness = harness.pass_env(name);
    }
    for (input, value) in with {
        harness = harness.input(input, value);
    }
    if name == "trivy-scan" {
        // The one thing that is otherwise than in the workflow: these tests need no network.
        harness = harness.input("database", "sample");
    }
    let run = harness.run(action(name));
    (Ended(run.code.into(), format!("{}{}", run.stdout, run.stderr)), run.outputs)
}

/// As a runner does: `bash -e FILE`.
fn script_step(script: &str, workspace: &Path, temp: &Path) -> (Ended, BTreeMap<String, String>) {
    let (file, given) = (temp.join("script.sh"), temp.join("outputs"));
    fs::write(&file, script).unwrap();
    fs::write(&given, "").unwrap();
    let output = Command::new("bash")
        .args([Path::new("-e"), &file])
        .current_dir(workspace)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("RUNNER_TEMP", temp)
        .env("GITHUB_OUTPUT", &given)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let outputs = fs::read_to_string(&given).unwrap();
    let outputs = outputs.lines().filter_map(|line| line.split_once('='));
    let outputs = outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (Ended(output.status.code().unwrap_or(-1), said), outputs)
}

#[test]
fn the_written_workflow_bakes_tests_decides_and_publishes() {
    let repository = Repository::with(&[("packer/web/web.pkr.hcl", &template())])
        .input("policy", "minimal")
        .input("distribution", "debian 13")
        .initialised();
    let mut run = Run::new(&repository);
    run.job("bake").unwrap();
    assert!(!run.path("bake/.hallmark/store").exists());

    run.job("assay").unwrap_or_else(|(step, said)| panic!("{step}: {said}"));
    assert!(!run.path("assay/packer").exists(), "assay does not see the template");
    assert_eq!(run.outputs["needs.assay.outputs.verdict"], "pass");
    let asked: Vec<String> = run.github.asked().into_iter().map(|asked| asked.line).collect();
    for file in ["hallmark%2Fpolicy%2Eyml", "hallmark%2Fexceptions%2Eyml", "hallmark%2Fkeys%2Fassay%2Epub"] {
        assert!(asked.iter().any(|line| line.contains(file)), "{file} is read from the branch: {asked:?}");
    }
    let evidence: Vec<String> = names(&run.path("assay/.hallmark/evidence"));
    let tests = evidence.iter().filter(|name| name.starts_with("test-result."));
    assert_eq!(tests.count(), 2, "the disk and the booted image: {evidence:?}");

    run.job("publish").unwrap_or_else(|(step, said)| panic!("{step}: {said}"));
    let channel = fs::read_to_string(run.path("publish/.hallmark/store/channels/web/stable.json")).unwrap();
    let published: Value = serde_json::from_str(&channel).unwrap();
    assert!(published.is_object(), "{channel}");
    assert!(run.path("artifacts/web-release/release.tar.zst").is_file());
    // The holes have stayed holes on their way through two archives.
    let disk = run.path("publish/.hallmark/images/web/disk.raw");
    let (size, data) = (fs::metadata(&disk).unwrap().len(), blocks_of(&disk));
    assert!(data < size / 2, "{data} of {size} bytes are data");
}

#[test]
fn links_that_a_bake_hands_over_are_refused() {
    let repository = Repository::with(&[("packer/web/web.pkr.hcl", "")]).initialised();
    let mut run = Run::new(&repository);
    let baked = run.path("hostile/.hallmark");
    fs::create_dir_all(baked.join("images/web")).unwrap();
    fs::create_dir_all(baked.join("evidence")).unwrap();
    symlink("../../../hallmark/policy.yml", baked.join("images/web/image.json")).unwrap();
    let artifact = run.path("artifacts/baked");
    fs::create_dir_all(&artifact).unwrap();
    let tar = Command::new("tar")
        .args(["--create", "--zstd", "--file"])
        .arg(artifact.join("baked.tar.zst"))
        .arg("--directory")
        .arg(&baked)
        .args(["images", "evidence"])
        .status();
    assert!(tar.unwrap().success());
    let (step, said) = run.job("assay").unwrap_err();
    assert_eq!(step, "Unpack the image and its evidence");
    assert!(said.contains("handed over symbolic links: .hallmark/images/web/image.json"), "{said}");
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

fn blocks_of(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().blocks() * 512
}

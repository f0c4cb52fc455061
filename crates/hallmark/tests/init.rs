//! What `hallmark init` writes, into which repositories, and when it writes nothing.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;

use crate::init_common::{
    COMMIT, FILES, Repository, WORKFLOW, action, hallmark, hallmark_action, steps, verifying, yaml,
};
use policy::{Exceptions, Policy};
use runner::testing::Harness;
use serde_json::{Value, json};

const TEMPLATE: &[(&str, &str)] = &[("packer/web/web.pkr.hcl", "source \"null\" \"web\" {}\n")];

#[test]
fn a_repository_with_a_template_gets_everything_once() {
    let repository = Repository::with_debian_base();
    let before = repository.everything();
    let run = repository.init();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let after = repository.everything();
    let new: Vec<String> = after
        .keys()
        .filter(|path| !before.contains_key(*path))
        .map(|path| path.strip_prefix(repository.path("")).unwrap().display().to_string())
        .collect();
    assert_eq!(new, FILES);
    assert!(before.iter().all(|(path, text)| after[path] == *text), "nothing else was touched");
    for part in ["hallmark keygen", "hallmark doctor", "gh workflow run golden-image.yml", WORKFLOW] {
        assert!(run.stderr.contains(part), "{part} is missing in\n{}", run.stderr);
    }
    let again = repository.init();
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("Everything was there already."), "{}", again.stderr);
    assert_eq!(repository.everything(), after);
}

#[test]
fn a_half_of_it_is_completed() {
    let repository = Repository::with(TEMPLATE).initialised();
    let whole = repository.everything();
    fs::remove_file(repository.path(WORKFLOW)).unwrap();
    fs::remove_dir_all(repository.path("hallmark/goss")).unwrap();
    let run = repository.init();
    assert!(run.stderr.contains("already there  hallmark/policy.yml"), "{}", run.stderr);
    assert!(run.stderr.contains("new            hallmark/goss/disk.yaml"), "{}", run.stderr);
    assert_eq!(repository.everything(), whole);
}

#[test]
fn what_is_in_the_way_stays_and_then_nothing_is_written() {
    for dry_run in ["false", "true"] {
        let repository = Repository::with(TEMPLATE).input("dry-run", dry_run);
        repository.0.file("hallmark/policy.yml", "mine\n");
        repository.0.file("hallmark/goss", "a file\n");
        symlink("..", repository.path(".github")).unwrap();
        let before = repository.everything();
        let run = repository.init();
        assert_eq!(run.code, 2, "{}", run.stderr);
        for part in [
            "nothing was written",
            "hallmark/policy.yml: is there and differs",
            "hallmark/goss/disk.yaml: a file is where its folder would be",
            ".github/workflows/golden-image.yml: a symbolic link is on its way",
        ] {
            assert!(run.stderr.contains(part), "{part} is missing in\n{}", run.stderr);
        }
        assert!(!run.stderr.contains("exceptions.yml: "), "{}", run.stderr);
        assert_eq!(repository.everything(), before);
    }
}

#[test]
fn a_dry_run_shows_every_file_and_writes_none() {
    let repository = Repository::with(TEMPLATE).input("dry-run", "true");
    let before = repository.everything();
    let run = repository.init();
    assert_eq!(run.code, 0, "{}", run.stderr);
    for file in FILES {
        assert!(run.stderr.contains(&format!("{file} (new)")), "{file}");
    }
    assert!(run.stderr.contains("name: golden-image") && run.stderr.contains("runs-on: ubuntu-24.04"));
    assert_eq!(repository.everything(), before);
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_is_written() {
    const TWO: &[(&str, &str)] = &[("a/a.pkr.hcl", ""), ("b/b.pkr.hcl", "")];
    for (files, inputs, says) in [
        (TWO, &[][..], "say by `template` which one"),
        (&[], &[], "there is no Packer template"),
        (TEMPLATE, &[("template", "packer/none")], "is not there"),
        (TEMPLATE, &[("template", "/etc")], "outside the repository"),
        (TEMPLATE, &[("name", "a b")], "input `name`"),
        (TEMPLATE, &[("name", "../x")], "input `name`"),
        (TEMPLATE, &[("name", "${{ github.token }}")], "input `name`"),
        (TEMPLATE, &[("channel", "a/b")], "input `channel`"),
        (TEMPLATE, &[("distribution", "debian")], "such as `debian 13`"),
        (TEMPLATE, &[("distribution", "a: ${{x}}")], "such as `debian 13`"),
        (TEMPLATE, &[("sources", "none")], "input `sources`"),
        (TEMPLATE, &[("sources", "..")], "input `sources`"),
        (TEMPLATE, &[("release", "v0.1.0")], "40 hexadecimal digits"),
        (TEMPLATE, &[("policy", "demo")], "minimal, recommended, strict"),
        (TEMPLATE, &[("directory", "packer")], "is inside the repository"),
        (TEMPLATE, &[("directory", "none")], "is not there"),
        (&[("${{ x }}/x.pkr.hcl", "")], &[("name", "x")], "which GitHub would take for an expression"),
        (&[("a\nb/x.pkr.hcl", "")], &[("name", "x")], "no text on one line"),
        (&[("it's/x.pkr.hcl", "")], &[], "give the image a `name`"),
    ] {
        let repository = inputs
            .iter()
            .fold(Repository::with(files), |repository, (name, value)| repository.input(name, value));
        let before = repository.everything();
        let run = repository.init();
        assert_eq!(run.code, 2, "{inputs:?} {}", run.stderr);
        assert!(run.stderr.contains(says), "{says} is missing in\n{}", run.stderr);
        assert_eq!(repository.everything(), before, "{inputs:?}");
    }
}

/// A folder's name is text, whatever it looks like.
#[test]
fn odd_names_come_back_from_the_workflow_as_they_are() {
    for folder in
        ["it's \"quoted\": #1", "- x", "true", "1.0", "größe & co", "{a}, [b]", "%s $HOME `x`", "0x10"]
    {
        let file = format!("{folder}/x.pkr.hcl");
        let repository = Repository::with(&[(&file, "")]).input("name", "1.0").initialised();
        let (_, bake) = steps(&repository.workflow())
            .into_iter()
            .find(|(_, step)| hallmark_action(step).as_deref() == Some("packer-build"))
            .unwrap();
        assert_eq!(bake["with"]["template"], folder);
        assert_eq!(bake["with"]["name"], "1.0", "text, not a number");
    }
}

#[test]
fn without_a_server_the_tag_is_written_and_told() {
    let repository = Repository(
        Repository::with(TEMPLATE)
            .0
            .without_env("INPUT_RELEASE")
            .pass_env("PATH")
            .env("GITHUB_SERVER_URL", "https://127.0.0.1:9"),
    );
    let run = repository.init();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("Not pinned") && run.stderr.contains("could not be asked"), "{}", run.stderr);
    assert!(run.stderr.contains("--release COMMIT"), "{}", run.stderr);
    assert!(repository.read(WORKFLOW).contains(concat!("/actions/gate@v", env!("CARGO_PKG_VERSION"), " # ")));
}

#[test]
fn a_folder_that_is_no_repository_yet_is_told() {
    let repository = Repository::with(TEMPLATE);
    fs::remove_dir_all(repository.path(".git")).unwrap();
    let run = repository.init();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("is no git repository yet"), "{}", run.stderr);
}

#[test]
fn what_the_template_calls_is_installed_and_nothing_more() {
    let workflow = Repository::with(TEMPLATE).initialised().read(WORKFLOW);
    assert!(!workflow.contains("Install packages") && !workflow.contains("sysctl"), "{workflow}");
    let workflow = Repository::with_debian_base().initialised().read(WORKFLOW);
    assert!(workflow.contains(
        "--no-install-recommends ansible-core debian-archive-keyring dosfstools fdisk mmdebstrap mtools uidmap\n"
    ));
    assert!(workflow.contains("apparmor_restrict_unprivileged_userns=0"));
}

/// What the programs' own tables accept is what the steps give, and what one job takes from another is there.
#[test]
fn the_workflow_speaks_the_actions_language() {
    for repository in [Repository::with(TEMPLATE), Repository::with_debian_base()] {
        let repository = repository.input("distribution", "debian 13").initialised();
        for (text, more) in [
            (repository.read(WORKFLOW), None),
            (verifying(&repository.read(WORKFLOW)), Some("verify-signatures")),
        ] {
            let workflow = yaml(&text);
            let mut used = BTreeSet::new();
            let mut ids = BTreeMap::new();
            for (job, step) in steps(&workflow) {
                let Some(name) = hallmark_action(&step) else { continue };
                let action = action(&name);
                let with = step["with"].as_object().unwrap();
                for (input, value) in with {
                    assert!(
                        action.inputs.iter().any(|known| known.name == input),
                        "{name} has no input {input}"
                    );
                    assert!(value.is_string(), "{name}: {input} is {value}");
                }
                for input in action.inputs.iter().filter(|input| input.required) {
                    assert!(with.contains_key(input.name), "{name} needs {}", input.name);
                }
                assert!(
                    with["signing-key"]
                        .as_str()
                        .unwrap()
                        .contains(&format!("_{}_KEY }}}}", job.to_uppercase()))
                );
                ids.extend(step["id"].as_str().map(|id| (id.to_owned(), action)));
                used.insert(name);
            }
            let all = ["packer-build", "goss-test", "trivy-scan", "gate", "register-ami"];
            assert_eq!(used, all.into_iter().chain(more).map(str::to_owned).collect::<BTreeSet<_>>());
            for (name, value) in workflow["jobs"]["assay"]["outputs"].as_object().unwrap() {
                assert_eq!(value, &json!(format!("${{{{ steps.gate.outputs.{name} }}}}")));
                assert!(ids["gate"].outputs.iter().any(|output| output.name == name), "{name}");
            }
        }
    }
}

/// What keeps one job's trouble from being another's.
#[test]
fn the_workflow_keeps_the_jobs_apart() {
    let repository = Repository::with(TEMPLATE).initialised();
    let workflow = repository.workflow();
    assert_eq!(workflow["permissions"], json!({}));
    for (id, job) in workflow["jobs"].as_object().unwrap() {
        assert_eq!(job["permissions"], json!({"contents": "read"}), "{id}");
        assert!(job["timeout-minutes"].is_u64(), "{id}");
        let text = job.to_string();
        for key in ["BAKE", "ASSAY", "PUBLISH"] {
            let own = key.eq_ignore_ascii_case(id);
            assert_eq!(text.contains(&format!("HALLMARK_{key}_KEY")), own, "{id} {key}");
        }
        // A cache that a template can write decides nothing.
        assert_eq!(text.contains("actions/cache@"), id == "bake", "{id}");
    }
    for (job, step) in steps(&workflow) {
        let run = step["run"].as_str().unwrap_or_default();
        assert!(!run.contains("${{"), "{job}: {run}");
        let Some(uses) = step["uses"].as_str() else { continue };
        let commit = uses.split('@').nth(1).unwrap();
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{uses}");
        if uses.starts_with("actions/checkout@") {
            assert_eq!(step["with"]["persist-credentials"], false, "{job}");
            let of_default_branch = step["with"]["ref"] == "${{ github.event.repository.default_branch }}";
            assert_eq!(of_default_branch, job != "bake", "{job}");
        }
        if uses.contains("hallmark") {
            assert_eq!(commit, COMMIT);
        }
    }
    assert_eq!(workflow["jobs"]["publish"]["if"], "needs.assay.outputs.verdict == 'pass'");
    assert_eq!(workflow["jobs"]["publish"]["environment"], "golden-image");
}

#[test]
fn every_file_that_is_named_is_there_once_there_are_keys() {
    let repository = Repository::with(TEMPLATE).initialised();
    repository.keys();
    let text = repository.read(WORKFLOW);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let mut named = 0;
    for word in text.split(|c| !plain(c)).filter(|word| word.starts_with("hallmark/")) {
        let path = word.trim_end_matches(['.', '/']);
        assert!(repository.path(path).exists(), "{path}");
        named += 1;
    }
    assert!(named >= 8, "{named}");
    assert!(text.contains("signatures.yml"));
    let policy = Policy::parse("policy", &repository.read("hallmark/policy.yml")).unwrap();
    for (name, key) in policy.signers() {
        assert_eq!(key, Some(&policy::Credential::KeyFile(format!("keys/{name}.pub"))));
        assert!(repository.path("hallmark/keys").join(format!("{name}.pub")).is_file(), "{name}");
    }
    // `git add` takes the public halves, and would not take a private one.
    fs::write(repository.path("hallmark/keys/bake.pem"), "private").unwrap();
    fs::remove_dir_all(repository.path(".git")).unwrap();
    let kept = git(&repository, &["init", "--quiet"])
        + &git(&repository, &["status", "--porcelain", "--untracked-files=all", "hallmark/keys"]);
    let kept: Vec<&str> = kept.lines().map(|line| line.trim_start_matches("?? hallmark/keys/")).collect();
    assert_eq!(kept, [".gitignore", "README.md", "approver.pub", "assay.pub", "bake.pub", "publish.pub"]);
}

#[expect(clippy::disallowed_methods, reason = "the test asks git itself")]
fn git(repository: &Repository, args: &[&str]) -> String {
    let output =
        std::process::Command::new("git").args(args).current_dir(repository.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Each begins where a shipped policy stands, but for what a repository of its own needs otherwise.
#[test]
fn the_policies_are_the_shipped_ones_with_known_differences() {
    let keys: BTreeMap<String, String> =
        ["bake", "assay", "approver", "publish"].map(|name| (name.into(), format!("{name}\n"))).into();
    let resolved = |text: &str| -> Value {
        let policy = Policy::parse("policy.yml", text).unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_slice(policy.resolve(&keys).unwrap().bytes()).unwrap()
    };
    for choice in ["minimal", "recommended", "strict"] {
        let repository = Repository::with(TEMPLATE).input("policy", choice).initialised();
        let text = repository.read("hallmark/policy.yml");
        let written = resolved(&text);
        assert_eq!(written["name"], "golden-image");
        let mut expected =
            resolved(&fs::read_to_string(hallmark().join(format!("policies/{choice}.yml"))).unwrap());
        for key in ["name", "description"] {
            expected[key] = written[key].clone();
        }
        // Nothing is verified yet; a line in each file says how that is made a demand.
        expected["evidence"]["signature-verification"]["required"] = json!(false);
        if let Some(levels) = expected["evidence"]["vsa"].get_mut("levels").and_then(Value::as_array_mut) {
            levels.push(json!("HALLMARK_GOLDEN_IMAGE"));
            levels.sort_by_key(ToString::to_string);
        }
        assert_eq!(written, expected, "{choice}");
        let demanding = text.replace("    # required: true # once", "    required: true # once");
        assert_eq!(resolved(&demanding)["evidence"]["signature-verification"]["required"], true, "{choice}");
    }
}

#[test]
fn the_exceptions_example_reads() {
    for choice in ["minimal", "recommended", "strict"] {
        let repository = Repository::with(TEMPLATE).input("policy", choice).initialised();
        let limits =
            Policy::parse("policy", &repository.read("hallmark/policy.yml")).unwrap().exception_limits();
        let text = repository.read("hallmark/exceptions.yml");
        assert_eq!(Exceptions::parse("exceptions", &text, limits).unwrap().list().len(), 0);
        let example: String = example(&text).replace("exceptions: []\n", "");
        let text = format!("version: 1\nexceptions:\n{example}");
        let read = Exceptions::parse("exceptions", &text, limits).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((read.list().len(), read.list()[0].images.as_slice()), (1, &["web".to_owned()][..]));
    }
}

/// The lines of a file's head that are an example: `#   …`.
fn example(text: &str) -> String {
    text.lines().filter_map(|line| Some(line.strip_prefix("#   ")?.to_owned() + "\n")).collect()
}

/// signatures.yml refuses as it is, because it lists nothing; with its example and such files it verifies.
#[test]
fn the_signatures_example_verifies() {
    let repository = Repository::with(TEMPLATE).initialised();
    let verify = || Harness::new().off_runner().cwd(repository.path("")).run(action("verify-signatures"));
    assert_eq!(verify().code, 1, "nothing listed is refused");
    let key = attest::PrivateKey::generate_p256().unwrap();
    repository.0.file("hallmark/keys/vendor.pub", &key.public);
    let private = repository.0.file("../vendor.pem", &key.private);
    for file in ["vendor/agent.deb", "vendor/plugins/a/b"] {
        let path = repository.0.file(file, "content\n");
        let signature = format!("{}.sig", path.display());
        openssl(&[
            "dgst",
            "-sha256",
            "-sign",
            private.to_str().unwrap(),
            "-out",
            &signature,
            path.to_str().unwrap(),
        ]);
    }
    repository
        .0
        .file("signatures.yml", format!("version: 1\n{}", example(&repository.read("signatures.yml"))));
    let run = verify();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["verified"], "2");
}

#[expect(clippy::disallowed_methods, reason = "plays the vendor")]
fn openssl(args: &[&str]) {
    let output = std::process::Command::new("openssl").args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

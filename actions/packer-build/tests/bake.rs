//! Baking with the real Packer: what is made, what is recorded, what is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::common::{done, failed, harness, is_tidy, json, output, provenance, template, with_template};
use attest::{KeyPem, PrivateKey, verify};
use model::{ImageManifest, Sha256};
use packer_build::ACTION;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::MetadataExt as _};

/// hallmarkBlocks1 of a 1 GiB disk that begins with `content`.
fn content_digest(content: &[u8]) -> String {
    let mut block = content.to_vec();
    block.resize(blocks::BLOCK, 0);
    let mut bytes = b"hallmarkBlocks1\n".to_vec();
    bytes.extend(524_288u32.to_le_bytes());
    bytes.extend((1u64 << 30).to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(Sha256::of(&block).as_bytes());
    format!("hallmarkBlocks1:{}", Sha256::of(&bytes))
}

#[test]
fn an_image_and_what_is_said_about_it() {
    let harness = with_template(&template(&["echo hello"]))
        .input("var", "content=a, b = c")
        .input("snapshot", "2026-01-01")
        .input("distribution", "debian 13");
    let run = harness.run(&ACTION);
    done(&run);
    is_tidy(&harness);
    let folder = output(&harness);
    let image = folder.join("image.json");
    let manifest = ImageManifest::parse(&fs::read(&image).unwrap()).unwrap();
    let digest = content_digest(b"a, b = c");
    let bake_id = &run.outputs["bake-id"];
    assert_eq!(
        serde_json::to_value(&manifest).unwrap(),
        json!({
            "schema": 1, "name": "small", "family": "small", "architecture": "amd64", "bootMode": "uefi",
            "rootDevice": "/dev/xvda", "os": {"id": "debian", "version": "13"},
            "disks": [{"device": "/dev/xvda", "file": "disk.raw", "sizeBytes": 1 << 30, "contentDigest": digest}],
            "layers": [{"name": "small", "bakeId": bake_id}],
        })
    );
    assert_eq!(run.outputs["image"], image.to_str().unwrap());
    assert_eq!(run.outputs["content-digest"], digest);
    assert_eq!(run.outputs["adopted"], "false");
    assert_eq!(run.outputs["image-manifest"].as_bytes(), fs::read(&image).unwrap());
    assert_eq!(
        serde_json::from_str::<Value>(&run.outputs["images"]).unwrap(),
        json!([{"source": "null.disk", "name": "small", "image": image, "contentDigest": digest}])
    );
    let disk = folder.join("disk.raw").metadata().unwrap();
    assert!(disk.len() == 1 << 30 && disk.blocks() < 100, "the disk is not sparse any more");
    assert!(run.summary.contains("small: baked") && run.summary.contains(&digest), "{}", run.summary);
    assert!(run.stdout.contains("::group::packer build: null.disk\n"), "{}", run.stdout);
    assert!(run.stdout.contains("\nhello\n"), "{}", run.stdout);
}

#[test]
fn the_provenance_says_what_went_in() {
    let harness = with_template(&template(&[]))
        .input("var", "content=x")
        .input("var-file", "vars.pkrvars.hcl")
        .input("sources", "packer/lib")
        .input("snapshot", "2026-01-01")
        .env("GITHUB_WORKFLOW_REF", "acme/images/.github/workflows/bake.yml@refs/heads/main")
        .env("RUNNER_ENVIRONMENT", "github-hosted");
    let library = harness.file("packer/lib/lib.sh", "true\n");
    harness.file("vars.pkrvars.hcl", "token = \"given\"\n");
    let run = harness.run(&ACTION);
    done(&run);
    let statements = provenance(&harness.workspace().join(".hallmark/evidence"));
    let [statement] = statements.as_slice() else { panic!("{statements:?}") };
    let manifest = fs::read(&run.outputs["image"]).unwrap();
    let (_, digest) = run.outputs["content-digest"].split_once(':').unwrap();
    assert_eq!(
        statement["subject"],
        json!([
            {"name": "small", "digest": {"hallmarkBlocks1": digest}},
            {"name": "image.json", "digest": {"sha256": Sha256::of(&manifest)}},
        ])
    );
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let predicate = &statement["predicate"];
    let definition = &predicate["buildDefinition"];
    assert_eq!(definition["buildType"], "https://hallmark.dev/packer-build/v1");
    assert_eq!(
        definition["externalParameters"],
        json!({
            "template": "packer/small", "variables": {"content": "x"}, "only": [], "except": [], "name": "small",
            "family": "small", "architecture": "amd64", "secretVariables": [], "environment": [],
            "snapshot": "2026-01-01",
        })
    );
    assert_eq!(definition["internalParameters"]["bakeId"], run.outputs["bake-id"].as_str());
    assert_eq!(definition["internalParameters"]["runner"]["environment"], "github-hosted");
    let names: Vec<&str> = definition["resolvedDependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["packer/small/small.pkr.hcl", "packer/lib/lib.sh", "vars.pkrvars.hcl", "packer"]);
    let library = Sha256::of(&fs::read(library).unwrap());
    assert_eq!(definition["resolvedDependencies"][1]["digest"], json!({"sha256": library}));
    let packer = &definition["resolvedDependencies"][3];
    assert!(
        packer["digest"]["sha256"].as_str().unwrap().len() == 64
            && packer["annotations"]["version"] != Value::Null
    );
    let details = &predicate["runDetails"];
    assert_eq!(
        details["builder"]["id"],
        "https://github.com/acme/images/.github/workflows/bake.yml@refs/heads/main"
    );
    assert_eq!(
        details["metadata"]["invocationId"],
        "https://github.com/acme/images/actions/runs/1/attempts/1"
    );
    assert_eq!(details["metadata"]["startedOn"], "2026-01-02T03:04:05Z");
}

#[test]
fn evidence_is_signed_with_the_key_of_the_job() {
    let KeyPem { private, public, .. } = PrivateKey::generate_p256().unwrap();
    let harness = with_template(&template(&[])).input("signing-key", &private);
    let run = harness.run(&ACTION);
    done(&run);
    let evidence = harness.workspace().join(".hallmark/evidence");
    let files: Vec<_> = fs::read_dir(&evidence).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert!(file.to_str().unwrap().ends_with(".sigstore.json"));
    let key = attest::PublicKey::from_pem(&public).unwrap();
    let verified = verify(&fs::read(file).unwrap(), &attest::Trust::from(&key)).unwrap();
    assert_eq!(verified.kind, attest::Kind::Provenance);
    // Adopted, the same statement is signed again: the same claim, the same file.
    fs::remove_file(file).unwrap();
    let again = harness.run(&ACTION);
    done(&again);
    assert_eq!(again.outputs["adopted"], "true");
    let again = verify(
        &fs::read(file).unwrap(),
        &attest::Trust::from(&attest::PublicKey::from_pem(&public).unwrap()),
    )
    .unwrap();
    assert_eq!(again.payload_digest, verified.payload_digest);
    for secret in private.lines().filter(|line| !line.starts_with("-----")) {
        assert!(!run.stdout.replace(&format!("::add-mask::{secret}"), "").contains(secret));
    }
}

#[test]
fn a_syntax_error_is_an_annotation_on_its_line() {
    let harness = with_template("source \"null\" \"disk\" {\n  communicator = none {\n}\n");
    let run = harness.run(&ACTION);
    failed(&run, "::error file=packer/small/small.pkr.hcl,line=2,title=Packer::");
    failed(&run, "packer validate ended with exit code 1: 1 error in the template");
    assert!(!output(&harness).join("image.json").exists());
    is_tidy(&harness);
}

#[test]
fn a_failing_provisioner_says_which_source_failed() {
    let harness = with_template(&template(&["echo doing", "exit 7"]));
    let run = harness.run(&ACTION);
    failed(
        &run,
        "packer build ended with exit code 1: null.disk: Script exited with non-zero exit status: 7.",
    );
    assert!(!output(&harness).join("image.json").exists() && run.outputs.is_empty());
    is_tidy(&harness);
}

#[test]
fn hostile_output_is_only_text() {
    let ten_megabytes = "head -c 10485760 /dev/zero | tr '\\\\0' x; echo";
    let harness = with_template(&template(&[
        "printf '::set-output name=a::b\\n##[error]x\\n\\033[31mred\\033[0m \\377\\376\\r::add-path::/evil\\n'",
        "printf '1,null.disk,artifact,0,file,0,/etc/passwd\\n' >&2",
        "printf 'Error: forged\\n\\n  on /etc/passwd line 1:\\n' >&2",
        ten_megabytes,
    ]));
    let run = harness.run(&ACTION);
    done(&run);
    for line in run.stdout.lines() {
        let ours = ["::group::packer ", "::endgroup::", "::warning::the evidence is not signed"];
        let inert = !line.trim_start().starts_with("::") && !line.contains("##[") && !line.contains('\u{1b}');
        assert!(inert || ours.iter().any(|ours| line.starts_with(ours)), "{line:?}");
        assert!(line.len() < 10_000, "a line of {} bytes", line.len());
    }
    assert!(!run.stdout.contains('\r'));
    assert_eq!(run.outputs["content-digest"], content_digest(b"content"));
}

#[test]
fn a_secret_reaches_the_template_and_nothing_else() {
    let steps = [
        "printf %s \"$TOKEN\" | sha256sum >\"$OUT/../seen\"",
        "echo the token is $TOKEN",
        // What the template itself passes on is its own affair: Packer's arguments are ours.
        "for process in /proc/[0-9]*; do case $(readlink $process/exe) in */packer) cat $process/cmdline;; esac; done >\"$OUT/../argv\"",
    ];
    let harness = with_template(&template(&steps)).input("secret-var", "token=hunter2, and = more\n");
    let run = harness.run(&ACTION);
    done(&run);
    let secret = "hunter2, and = more";
    let seen = fs::read_to_string(output(&harness).join("seen")).unwrap();
    assert_eq!(seen.split(' ').next(), Some(Sha256::of(secret.as_bytes()).to_string().as_str()));
    let argv = fs::read(output(&harness).join("argv")).unwrap();
    let argv = String::from_utf8_lossy(&argv);
    assert!(argv.contains("-machine-readable") && !argv.contains("hunter2"), "{argv}");
    let unmasked: String = run.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(run.stdout.contains(&format!("::add-mask::{secret}")));
    assert!(!unmasked.contains("hunter2"), "{unmasked}");
    for folder in [output(&harness), harness.workspace().join(".hallmark/evidence")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                assert!(!fs::read_to_string(&path).unwrap().contains("hunter2"), "{}", path.display());
            }
        }
    }
}

#[test]
fn a_secret_that_is_part_of_a_path_is_refused_in_clear_words() {
    let run = with_template(&template(&[])).input("secret-var", "token=small\n").run(&ACTION);
    failed(&run, "Packer hides secrets in what it says, and the name of a file that it made holds one");
}

#[test]
fn a_malformed_secret_is_refused_without_repeating_it() {
    for secret in ["hunter2\nhunter2", "9=hunter2\n", "token=a\ntoken=hunter2\n"] {
        let run = with_template(&template(&[])).input("secret-var", secret).run(&ACTION);
        assert_eq!(run.code, 2);
        let said: String = run.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        assert!(!said.contains("hunter2") && !run.stderr.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_environment_holds_only_what_was_named() {
    let harness = with_template(&template(&["env | sed 's/=.*//' | sort -u >\"$OUT/../names\""]))
        .env("GITHUB_TOKEN", "t")
        .env("ACTIONS_RUNTIME_TOKEN", "t")
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", "t")
        .env("AWS_SESSION_TOKEN", "t")
        .env("AWS_SECRET_ACCESS_KEY", "t")
        .env("NAMED", "yes")
        .input("env", "NAMED, ABSENT");
    done(&harness.run(&ACTION));
    let names = fs::read_to_string(output(&harness).join("names")).unwrap();
    let names: Vec<&str> = names
        .lines()
        // Packer's own, and the shell's.
        .filter(|name| !name.starts_with("PACKER_") && !["_", "PWD", "OLDPWD", "SHLVL"].contains(name))
        .collect();
    let expected = [
        "CHECKPOINT_DISABLE",
        "CONTENT",
        "HALLMARK_RUN",
        "HOME",
        "LANG",
        "NAMED",
        "OUT",
        "PATH",
        "PKR_VAR_architecture",
        "PKR_VAR_image_name",
        "PKR_VAR_output",
        "TMPDIR",
        "TOKEN",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_could_act_as_the_workflow_is_not_passed_even_by_name() {
    for name in ["ACTIONS_RUNTIME_TOKEN", "actions_id_token_request_url", "GITHUB_ENV", "A=B"] {
        let run = with_template(&template(&[])).env(name, "t").input("env", name).run(&ACTION);
        failed(&run, "input `env`:");
    }
}

#[test]
fn several_sources_are_several_images() {
    let text = r#"variable "output" {}
source "null" "one" { communicator = "none" }
source "null" "two" { communicator = "none" }
build {
  sources = ["source.null.one", "source.null.two"]
  provisioner "shell-local" {
    inline = ["echo ${source.name} >${var.output}/${source.name}.raw", "truncate -s 1G ${var.output}/${source.name}.raw"]
  }
  post-processor "artifice" { files = ["${var.output}/${source.name}.raw"] }
}
"#;
    let harness = with_template(text);
    let run = harness.run(&ACTION);
    done(&run);
    let images: Value = serde_json::from_str(&run.outputs["images"]).unwrap();
    let names: Vec<&str> =
        images.as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["small-one", "small-two"]);
    assert!(!run.outputs.contains_key("image"));
    assert_eq!(
        json(output(&harness).join("two/image.json"))["disks"][0]["contentDigest"],
        content_digest(b"two\n")
    );
    let again = harness.run(&ACTION);
    assert_eq!(
        (&again.outputs["adopted"], &again.outputs["images"]),
        (&"true".to_owned(), &run.outputs["images"])
    );
    // One of them alone is another bake, and it leaves nothing of the two.
    let one = harness.input("only", "null.one");
    let run = one.run(&ACTION);
    done(&run);
    assert_eq!(run.outputs["content-digest"], content_digest(b"one\n"));
    assert!(!output(&one).join("two/image.json").exists());
    let except = one.input("only", "").input("except", "null.two").run(&ACTION);
    done(&except);
    assert_eq!(except.outputs["content-digest"], content_digest(b"one\n"));
}

#[test]
fn a_layer_is_built_on_its_base() {
    let base = with_template(&template(&[])).input("distribution", "debian 13");
    let baked = base.run(&ACTION);
    done(&baked);
    let app = r#"variable "output" {}
variable "base_image" {}
source "null" "app" { communicator = "none" }
build {
  sources = ["source.null.app"]
  provisioner "shell-local" {
    inline = ["cp --sparse=always ${var.base_image} ${var.output}/app.raw", "printf app | dd of=${var.output}/app.raw conv=notrunc status=none"]
  }
  post-processor "artifice" { files = ["${var.output}/app.raw"] }
}
"#;
    base.file("packer/app/app.pkr.hcl", app);
    let layer = base
        .input("template", "packer/app")
        .input("output", "out/app")
        .input("distribution", "")
        .input("base-image", ".hallmark/images/small/image.json");
    let run = layer.run(&ACTION);
    done(&run);
    let manifest = json(&run.outputs["image"]);
    assert_eq!(run.outputs["content-digest"], content_digest(b"apptent"));
    assert_eq!(manifest["base"], json!({"name": "small", "contentDigest": baked.outputs["content-digest"]}));
    assert_eq!(manifest["os"], json!({"id": "debian", "version": "13"}));
    assert_eq!(
        manifest["layers"],
        json!([
            {"name": "small", "bakeId": baked.outputs["bake-id"]},
            {"name": "app", "bakeId": run.outputs["bake-id"]},
        ])
    );
    let statement = json(layer.workspace().join("out/app/provenance.json"));
    let dependencies = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    let (_, digest) = baked.outputs["content-digest"].split_once(':').unwrap();
    let reference = dependencies.iter().find(|dependency| dependency["name"] == "small").unwrap();
    assert_eq!(reference["digest"], json!({"hallmarkBlocks1": digest}));
    let again = layer.run(&ACTION);
    assert_eq!(again.outputs["adopted"], "true", "{}", again.stdout);
    // A base that is not what its manifest says is not built on.
    let disk = layer.workspace().join(".hallmark/images/small/disk.raw");
    fs::OpenOptions::new().write(true).open(disk).unwrap().set_len(2 << 30).unwrap();
    failed(&layer.run(&ACTION), "was changed after it was recorded");
}

#[test]
fn a_base_that_the_template_does_not_take_is_an_error() {
    let harness = with_template(&template(&[]));
    done(&harness.run(&ACTION));
    let run = harness
        .input("base-image", ".hallmark/images/small/image.json")
        .input("output", "out/other")
        .run(&ACTION);
    failed(&run, "Undefined -var variable");
}

#[test]
fn builds_without_a_raw_disk_are_refused() {
    let qcow = template(&[]).replace("printf %s \\\"$CONTENT\\\"", "printf 'QFI\\\\373'");
    assert!(qcow.contains("QFI"));
    let nothing = "source \"null\" \"disk\" { communicator = \"none\" }\nbuild {\n  sources = [\"source.null.disk\"]\n}\n";
    let gone = template(&[]).replace("artifice\" {", "artifice\" {\n    keep_input_artifact = true").replace(
        "truncate -s 1G \\\"$OUT/small.raw\\\"",
        "mv \\\"$OUT/small.raw\\\" \\\"$OUT/gone\\\"; ln -s gone \\\"$OUT/small.raw\\\"",
    );
    for (text, says) in [
        (qcow.as_str(), "which is qcow2; a raw disk is wanted"),
        (nothing, "the build made no image"),
        (gone.as_str(), "it is a symbolic link"),
    ] {
        let harness = with_template(text);
        failed(&harness.run(&ACTION), says);
        assert!(!output(&harness).join("image.json").exists());
        is_tidy(&harness);
    }
}

#[test]
fn a_template_that_changes_itself_is_refused() {
    let harness = with_template(&template(&["echo '# more' >>packer/small/small.pkr.hcl"]));
    let run = harness.run(&ACTION);
    failed(
        &run,
        "files changed while they were baked with, so what went into the image is not known: template/small.pkr.hcl",
    );
    assert!(!output(&harness).join("image.json").exists());
}

#[test]
fn inputs_that_contradict_each_other_are_refused() {
    for (input, value, says) in [
        ("var", "content", "give name=value"),
        ("var", "content=1\ncontent=2", "variable `content` is given twice"),
        ("var", "architecture=arm64", "the image's manifest would not be true"),
        ("name", "../up", "is not accepted"),
        ("distribution", "debian", "give a name and a version"),
        ("template", "nowhere", "input `template`: "),
        ("template", "README.md", "neither a folder nor a .pkr.hcl"),
        ("sources", "nowhere", "input `sources`: "),
        ("var-file", "nowhere", "input `var-file`: "),
        ("base-image", "nowhere/image.json", "input `base-image`: cannot read"),
        ("signing-key", "no key", "input `signing-key`: this is not PEM"),
        ("verified-files", "nowhere", "cannot read the evidence"),
        ("verified-files", "packer", "holds no evidence of verify-signatures"),
    ] {
        let harness = with_template(&template(&[]));
        harness.file("README.md", "");
        failed(&harness.input(input, value).run(&ACTION), says);
    }
    let both =
        with_template(&template(&[])).input("var", "token=1").input("secret-var", "token=2\n").run(&ACTION);
    failed(&both, "variable `token` is given as `var` and as `secret-var`");
}

#[test]
fn outside_a_runner_it_is_a_command() {
    let harness = harness();
    harness.file("small.pkr.hcl", template(&[]));
    let run = harness
        .off_runner()
        .arg("--template")
        .arg("small.pkr.hcl")
        .arg("--var")
        .arg("content=x")
        .arg("--var")
        .arg("token=swordfish")
        .run(&ACTION);
    done(&run);
    assert_eq!(run.outputs["content-digest"], content_digest(b"x"));
    assert!(!run.stderr.contains("::group::") && !run.stdout.contains("::group::"));
}

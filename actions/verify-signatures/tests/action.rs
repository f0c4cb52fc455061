//! The real program, as the runner starts it: what verifies, what is refused, and what is written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::{Job, KINDS};
use attest::predicate::signature_verification::Predicate;
use attest::{Form, Kind, PrivateKey, PublicKey, read_unsigned, verify};
use model::{Sha256, Subject};
use serde_json::{Value, json};

/// What differs from run to run.
fn redacted(job: &Job, text: &str) -> String {
    text.replace(job.path("").to_str().unwrap().trim_end_matches('/'), "<workspace>")
}

#[test]
fn every_kind_of_key_verifies_and_the_evidence_says_what() {
    let job = Job::new();
    let mut manifest = "version: 1\nkeys:\n".to_owned();
    for (kind, _) in KINDS {
        job.key(kind, kind);
        manifest += &format!("  {kind}: {{ file: keys/{kind}.pub }}\n");
    }
    job.key("signer", "p256");
    manifest += "files:\n";
    for (kind, _) in KINDS {
        job.write(&format!("bin/{kind}"), format!("for {kind}"));
        job.sign(&format!("bin/{kind}"), kind, kind);
        manifest += &format!("  - path: bin/{kind}\n    key: {kind}\n");
    }
    job.write("signatures.yml", &manifest);
    let run = job.run(&[("signing-key", job.path("keys/signer.pem").to_str().unwrap())]);
    assert_eq!((run.code, run.reasons()), (0, vec![]), "{run:?}");

    let signer = PublicKey::from_pem(&fs::read_to_string(job.path("keys/signer.pub")).unwrap()).unwrap();
    let evidence = job.evidence();
    assert_eq!(evidence.len(), 1);
    let verified = verify(&evidence[0].bytes, &attest::Trust::from(&signer)).unwrap();
    assert_eq!(
        (verified.kind, verified.signer),
        (Kind::SignatureVerification, attest::Signer::KeyId(signer.key_id()))
    );
    assert_eq!(run.outputs["evidence"], evidence[0].path.to_str().unwrap());
    assert_eq!(run.outputs["verified"], "4");

    let mut names: Vec<_> = KINDS.iter().map(|(kind, _)| format!("bin/{kind}")).collect();
    let files: Value = serde_json::from_str(&run.outputs["files"]).unwrap();
    let predicate: Predicate = verified.statement.predicate().unwrap();
    assert_eq!(predicate.manifest.sha256(), Some(Sha256::of(manifest.as_bytes())));
    for (at, (kind, _)) in KINDS.iter().enumerate() {
        let digest = Sha256::of(format!("for {kind}").as_bytes());
        let key =
            PublicKey::from_pem(&fs::read_to_string(job.path(&format!("keys/{kind}.pub"))).unwrap()).unwrap();
        assert_eq!(
            files[at],
            json!({
                "path": names[at], "sha256": digest,
                "signers": [{"name": kind, "keyId": key.key_id(), "proof": "key"}],
            })
        );
        let file = &predicate.files[at];
        let by = &file.signatures[0];
        assert_eq!(
            (&file.name, file.digest.sha256, by.signer.key_id),
            (&names[at], digest, Some(key.key_id()))
        );
        let signature = fs::read(job.path(&format!("bin/{kind}.sig"))).unwrap();
        assert_eq!(by.file.digest.sha256, Sha256::of(&signature));
    }
    names.sort();
    let subjects: Vec<_> = names
        .iter()
        .map(|name| Subject::file(name.as_str(), Sha256::of(&fs::read(job.path(name)).unwrap())))
        .collect();
    assert_eq!(verified.statement.subject, subjects);
}

#[test]
fn the_summary_leads_with_the_verdict() {
    let job = Job::with_hello();
    let key = PublicKey::from_pem(&fs::read_to_string(job.path("keys/vendor.pub")).unwrap()).unwrap();
    let run = job.run(&[]);
    insta::assert_snapshot!(run.summary.replace(&key.key_id().short(), "<key id>"));
    job.write("bin/hello", "changed\n");
    job.manifest("files:\n  - path: bin/hello\n    key: vendor\n  - path: bin/missing\n    key: vendor\n");
    let run = job.run(&[]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.summary.replace(&key.key_id().short(), "<key id>"));
    insta::assert_snapshot!(run.stdout.replace(&key.key_id().short(), "<key id>"));
}

#[test]
fn without_a_signing_key_the_evidence_is_unsigned_and_says_so() {
    let job = Job::with_hello();
    let run = job.run(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("::warning::the evidence is not signed"), "{}", run.stdout);
    let evidence = job.evidence();
    assert_eq!(evidence[0].form, Form::Unsigned);
    assert_eq!(read_unsigned(&evidence[0].bytes).unwrap().kind, Kind::SignatureVerification);
}

/// What the manifest may say about one good file, and about another that is not there to confuse.
#[test]
fn each_way_to_ask_is_answered() {
    let job = Job::with_hello();
    job.key("other", "p384");
    let digest = Sha256::of(b"hello\n");
    let inline = fs::read_to_string(job.path("keys/vendor.pub")).unwrap().replace('\n', "\n      ");
    job.openssl(&["base64", "-in", "bin/hello.sig", "-out", "bin/hello.b64"]);
    job.write("sub/deep/x", "x");
    job.sign("sub/deep/x", "vendor", "p256");
    for (rest, verified) in [
        (format!("files: [{{path: bin/hello, key: vendor, sha256: {digest}}}]"), "1"),
        ("files: [{path: ./bin/./hello, key: vendor}]".into(), "1"),
        ("files: [{path: bin/hello, key: vendor, signature: bin/hello.b64}]".into(), "1"),
        ("  other: { file: keys/other.pub }\nfiles: [{path: bin/hello, keys: [other, vendor]}]".into(), "1"),
        (
            format!(
                "  inline:\n    pem: |\n      {inline}\nfiles: [{{path: bin/hello, keys: [inline, vendor]}}]"
            ),
            "1",
        ),
        ("files: [{path: 'bin/hell?', key: vendor}]".into(), "1"),
        ("files: [{path: '**/x', key: vendor}, {path: bin/hello, key: vendor}]".into(), "2"),
        ("files: [{path: 'sub/**', key: vendor}]".into(), "1"),
        // Twice asked, twice verified: somebody may want two signatures.
        ("files: [{path: bin/hello, key: vendor}, {path: bin/hello, key: vendor}]".into(), "2"),
    ] {
        job.manifest(&rest);
        let run = job.run(&[]);
        assert_eq!(run.code, 0, "{rest}\n{run:?}");
        assert_eq!(run.outputs["verified"], verified, "{rest}");
    }
}

/// One change each, and the reason it is refused with.
#[test]
fn whatever_is_wrong_is_refused_with_its_reason() {
    type Change = fn(&Job);
    let cases: [(&str, &[&str], Change); 27] = [
        ("the file is changed", &["bad-signature"], |job| job.write("bin/hello", "hallo\n")),
        ("the file is longer", &["bad-signature"], |job| job.write("bin/hello", "hello\n\n")),
        ("the file is empty", &["bad-signature"], |job| job.write("bin/hello", "")),
        ("the file is gone", &["missing-file"], |job| fs::remove_file(job.path("bin/hello")).unwrap()),
        ("its folder is gone", &["missing-file"], |job| fs::remove_dir_all(job.path("bin")).unwrap()),
        ("its folder is a file", &["missing-file"], |job| {
            fs::remove_dir_all(job.path("bin")).unwrap();
            job.write("bin", "");
        }),
        ("the file is a folder", &["not-a-file"], |job| {
            fs::remove_file(job.path("bin/hello")).unwrap();
            fs::create_dir(job.path("bin/hello")).unwrap();
        }),
        ("the signature is gone", &["missing-signature"], |job| {
            fs::remove_file(job.path("bin/hello.sig")).unwrap()
        }),
        ("the signature is empty", &["unsupported-signature"], |job| job.write("bin/hello.sig", "")),
        ("the signature is a bundle", &["unsupported-signature"], |job| job.write("bin/hello.sig", "{}")),
        ("the signature is text", &["unsupported-signature"], |job| job.write("bin/hello.sig", "trust me")),
        ("the signature is long", &["too-long"], |job| job.write("bin/hello.sig", [7; 20_000])),
        ("the signature is noise", &["bad-signature"], |job| job.write("bin/hello.sig", [7; 70])),
        ("the signature is of another file", &["bad-signature"], |job| {
            job.write("bin/other", "other");
            job.sign("bin/other", "vendor", "p256");
            fs::rename(job.path("bin/other.sig"), job.path("bin/hello.sig")).unwrap();
        }),
        ("somebody else signed", &["bad-signature"], |job| {
            job.key("else", "p256");
            job.sign("bin/hello", "else", "p256");
        }),
        ("the key is exchanged", &["bad-signature"], |job| job.key("vendor", "p256")),
        ("the key is gone", &["missing-key"], |job| fs::remove_file(job.path("keys/vendor.pub")).unwrap()),
        ("the key is a private one", &["unsupported-key"], |job| {
            fs::rename(job.path("keys/vendor.pem"), job.path("keys/vendor.pub")).unwrap();
        }),
        ("the key is nothing", &["unsupported-key"], |job| job.write("keys/vendor.pub", "")),
        ("the key is weak", &["weak-key"], |job| {
            job.key_with("vendor", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
            job.sign("bin/hello", "vendor", "rsa");
        }),
        ("the key is of another kind", &["unsupported-key"], |job| {
            job.key_with("vendor", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]);
            job.sign("bin/hello", "vendor", "p256");
        }),
        ("the key is not declared", &["unknown-key"], |job| {
            job.manifest("files: [{path: bin/hello, key: vendr}]")
        }),
        ("no files are listed", &["no-files"], |job| job.manifest("files: []")),
        ("the pattern matches nothing", &["missing-file"], |job| {
            job.manifest("files: [{path: 'nix/*', key: vendor}]")
        }),
        ("the pattern matches signatures only", &["missing-signature"], |job| {
            job.manifest("files: [{path: '**/*.sig', key: vendor}]");
        }),
        ("the pattern matches something unsigned", &["missing-signature"], |job| {
            job.write("bin/evil", "evil");
            job.manifest("files: [{path: 'bin/*', key: vendor}]");
        }),
        ("another digest is pinned", &["digest-mismatch"], |job| {
            job.manifest(&format!(
                "files: [{{path: bin/hello, key: vendor, sha256: {}}}]",
                Sha256::of(b"other")
            ));
        }),
    ];
    for (what, reasons, change) in cases {
        let job = Job::with_hello();
        change(&job);
        let run = job.run(&[]);
        assert_eq!((run.code, run.reasons()), (1, reasons.to_vec()), "{what}: {run:?}");
        assert!(run.outputs.is_empty(), "{what}: {run:?}");
        assert!(run.summary.starts_with("## Signatures refused: 1 reason"), "{what}: {}", run.summary);
        assert!(job.evidence().is_empty(), "{what}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_its_line() {
    let job = Job::with_hello();
    job.key("broken", "p256");
    job.write("keys/broken.pub", "nothing");
    job.write("bin/changed", "x");
    job.sign("bin/changed", "vendor", "p256");
    job.write("bin/changed", "y");
    job.manifest(
        "  broken: { file: keys/broken.pub }
  unused: { file: keys/vendor.pub }
files:
  - path: bin/changed
    key: vendor
  - { path: bin/hello, key: vendor }
  - path: bin/none
    keys:
      - vendor
      - nobody
      - no-one
  - path: bin/hello
    key: broken
  - path: bin/none
    key: vendor
",
    );
    let run = job.run(&[]);
    assert_eq!(run.code, 1);
    let errors: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("::")).collect();
    let key = PublicKey::from_pem(&fs::read_to_string(job.path("keys/vendor.pub")).unwrap()).unwrap();
    insta::assert_snapshot!(errors.join("\n").replace(&key.key_id().short(), "<key id>"));
}

#[test]
fn no_link_is_followed_and_no_pipe_is_waited_for() {
    let cases: [(&str, &str); 4] = [
        ("bin/hello", "symbolic-link"),
        ("bin/hello.sig", "symbolic-link"),
        ("keys/vendor.pub", "symbolic-link"),
        ("bin", "symbolic-link"),
    ];
    for (path, reason) in cases {
        let job = Job::with_hello();
        fs::rename(job.path(path), job.path("elsewhere")).unwrap();
        symlink(job.path("elsewhere"), job.path(path)).unwrap();
        let run = job.run(&[]);
        assert_eq!((run.code, run.reasons()), (1, vec![reason]), "{path}: {run:?}");
        // Nor by a pattern.
        job.manifest("files: [{path: 'bin/*', key: vendor}]");
        assert_eq!(job.run(&[]).code, 1, "{path}");
    }
    for path in ["bin/hello", "bin/hello.sig", "keys/vendor.pub"] {
        let job = Job::with_hello();
        fs::remove_file(job.path(path)).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, job.path(path), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        let run = job.run(&[]);
        assert_eq!((run.code, run.reasons()), (1, vec!["not-a-file"]), "{path}: {run:?}");
    }
    // The manifest's folder may be reached through a link: whoever runs this named it.
    let job = Job::with_hello();
    symlink(job.path(""), job.path("link")).unwrap();
    assert_eq!(job.run(&[("manifest", "link/signatures.yml")]).code, 0);
}

#[test]
fn hostile_names_are_inert() {
    let job = Job::with_hello();
    let names = [
        "a|b",
        "<script>alert(1)",
        "::set-output name=x::y",
        "::error::x",
        "-rf",
        "a`b`",
        "]]>",
        "a b",
        "%0A::error::x",
        "\u{202e}gnp",
        "$(id)",
        "![x](http:x)",
        "@everyone",
        "a\\b",
        "'",
        "\"",
        "é",
        ".sig",
    ];
    for name in names {
        let path = format!("hostile/{name}");
        job.write(&path, name);
        job.sign(&path, "vendor", "p256");
    }
    job.manifest("files: [{path: 'hostile/*', key: vendor}]");
    let run = job.run(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    let files: Vec<Value> = serde_json::from_str(&run.outputs["files"]).unwrap();
    let mut expected: Vec<_> = names.iter().map(|name| format!("hostile/{name}")).collect();
    expected.sort();
    let found: Vec<_> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(found, expected);
    for inert in ["<script>", "![x](", "\u{202e}", "@everyone"] {
        assert!(!run.summary.contains(inert), "{inert}: {}", run.summary);
    }
    let rows: Vec<_> =
        run.summary.lines().filter(|line| line.starts_with("| ") && line.contains("hostile")).collect();
    assert_eq!(rows.len(), names.len(), "{}", run.summary);

    // Refused, each name stands in an annotation of its own, and none of them makes another.
    for name in names {
        job.write(&format!("hostile/{name}"), "changed");
    }
    let run = job.run(&[]);
    assert_eq!(run.code, 1);
    let commands: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert!(
        commands
            .iter()
            .all(|line| line.starts_with("::error file=signatures.yml,") || line.starts_with("::warning::")),
        "{commands:#?}"
    );
    // GitHub shows ten annotations of a step: the others are in the log, and all in the summary.
    assert_eq!(run.reasons(), vec!["bad-signature"; 10]);
    assert_eq!(run.summary.lines().filter(|line| line.contains("| bad-signature |")).count(), names.len());
}

#[test]
fn names_that_evidence_cannot_carry_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for name in [&b"hello\n::error::x"[..], b"a\x1b[31m", b"\xff\xfe"] {
        let job = Job::with_hello();
        fs::write(job.path("bin").join(OsStr::from_bytes(name)), "x").unwrap();
        job.manifest("files: [{path: 'bin/*', key: vendor}]");
        let run = job.run(&[]);
        assert_eq!((run.code, run.reasons()), (1, vec!["unsupported-name"]), "{run:?}");
        assert!(!run.stdout.contains('\u{1b}') && !run.summary.contains('\u{1b}'));
    }
    // Not even in a folder of such a name, which a pattern would have to look into.
    let job = Job::with_hello();
    fs::create_dir(job.path("bin").join(OsStr::from_bytes(b"\xff"))).unwrap();
    job.manifest("files: [{path: 'bin/*', key: vendor}]");
    assert_eq!(job.run(&[]).reasons(), ["unsupported-name"]);
}

#[test]
fn what_cannot_be_read_is_not_decided() {
    let job = Job::with_hello();
    let long = "x".repeat(300);
    job.manifest(&format!("files: [{{path: bin/hello, key: vendor}}, {{path: {long}, key: vendor}}]"));
    let run = job.run(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.outputs.is_empty() && job.evidence().is_empty());
    assert!(run.summary.starts_with("## Signatures not decided: 1 could not be read"), "{}", run.summary);
    // But one bad signature decides, whatever else could not be read.
    job.write("bin/hello", "changed");
    assert_eq!(job.run(&[]).code, 1);
}

#[test]
fn bad_inputs_are_told_before_anything_is_done() {
    let job = Job::with_hello();
    let encrypted = job.openssl(&["pkcs8", "-topk8", "-in", "keys/vendor.pem", "-passout", "pass:x"]);
    let encrypted = String::from_utf8(encrypted).unwrap();
    let public = fs::read_to_string(job.path("keys/vendor.pub")).unwrap();
    for (inputs, wanted) in [
        (("manifest", "nowhere.yml"), "nowhere.yml cannot be read"),
        (("manifest", "bin"), "bin cannot be read"),
        (("signing-key", "-----BEGIN NOTHING-----"), "input `signing-key`: this is not PEM"),
        (("signing-key", encrypted.as_str()), "the private key is encrypted"),
        (("signing-key", public.as_str()), "PEM of \"PUBLIC KEY\""),
    ] {
        let run = job.run(&[inputs]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stdout.contains(wanted), "{wanted:?} is not in {}", run.stdout);
        assert!(run.outputs.is_empty() && job.evidence().is_empty());
    }
}

#[test]
fn the_signing_key_is_never_shown() {
    let job = Job::with_hello();
    let pem = PrivateKey::generate_p256().unwrap().private;
    let secret = pem.lines().nth(1).unwrap();
    let run = job.run(&[("signing-key", &pem)]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(job.evidence()[0].form, Form::Signed);
    let shown = run.stdout.replace(&format!("::add-mask::{secret}"), "");
    assert!(run.stdout.contains(&format!("::add-mask::{secret}")) && !shown.contains(secret));
    assert!(!run.summary.contains(secret) && !run.stderr.contains(secret));
}

#[test]
fn on_a_terminal_it_reads_as_text() {
    let job = Job::with_hello();
    let key = PublicKey::from_pem(&fs::read_to_string(job.path("keys/vendor.pub")).unwrap()).unwrap();
    let run = job.command(&["--signing-key", "keys/vendor.pem"]);
    assert_eq!(run.code, 0, "{run:?}");
    let evidence = job.evidence()[0].name.clone();
    let shown =
        run.stdout.replace(&key.key_id().to_string(), "<id>").replace(&key.key_id().short(), "<key id>");
    insta::assert_snapshot!(redacted(&job, &shown).replace(&evidence, "<evidence>"));
    job.write("bin/hello", "changed");
    let run = job.command(&["--manifest", "signatures.yml"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(redacted(&job, &run.stderr).replace(&key.key_id().short(), "<key id>"));
}

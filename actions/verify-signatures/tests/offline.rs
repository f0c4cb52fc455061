//! Connections: none, unless a key in a service or a refreshed root is asked for; and `offline` refuses to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::common::Job;
use crate::real::REAL;

/// Runs the program under `strace` and gives its exit code and every call that has to do with sockets.
#[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
fn sockets(job: &Job, env: &[(&str, &str)]) -> (Option<i32>, Vec<String>) {
    let trace = job.path("trace");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=socket,connect,bind,sendto,sendmsg", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_verify-signatures"))
        .current_dir(job.path(""))
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .expect("`strace` is needed: `make test` sets it up");
    let calls = fs::read_to_string(trace).unwrap();
    let calls = calls.lines().filter(|line| !line.contains("exited with")).map(str::to_owned);
    (output.status.code(), calls.collect())
}

#[test]
fn files_bundles_and_identities_need_no_network_at_all() {
    for real in &REAL {
        let job = Job::new();
        real.put(&job);
        job.write("signatures.yml", real.manifest(real.root(), real.identity, ""));
        for offline in ["true", "false"] {
            let (code, calls) = sockets(&job, &[("INPUT_OFFLINE", offline)]);
            assert_eq!((code, calls), (Some(0), vec![]), "{}", real.bundle);
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program under test, where there is no network")]
fn it_runs_where_there_is_no_network() {
    let job = Job::new();
    REAL[0].put(&job);
    job.write("signatures.yml", REAL[0].manifest("public-good", REAL[0].identity, ""));
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--"])
        .arg(env!("CARGO_BIN_EXE_verify-signatures"))
        .current_dir(job.path(""))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// `strace` sees a connection where there is one, and offline there is none: the manifest is refused before it.
#[test]
fn a_key_in_a_service_is_refused_offline_before_anything_is_opened() {
    let job = Job::with_hello();
    job.write(
        "signatures.yml",
        "version: 1\nkeys:\n  a: {kms: awskms:///alias/a}\nfiles: [{path: bin/hello, key: a}]\n",
    );
    let aws = [
        ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENGbPxRfiCY"),
    ];
    let offline = [&aws[..], &[("INPUT_OFFLINE", "true")]].concat();
    let (code, calls) = sockets(&job, &offline);
    assert_eq!((code, calls), (Some(2), vec![]));
    let run = job.run(&[("offline", "true")]);
    assert_eq!((run.code, run.reasons()), (2, vec!["manifest", "verify-signatures"]), "{run:?}");
    assert!(run.stdout.contains("file=signatures.yml,line=3,col=6,"), "{}", run.stdout);
    // Nobody listens there: asked for, and not had. That decides nothing.
    let (code, calls) = sockets(&job, &aws);
    assert_eq!(code, Some(2));
    assert!(calls.iter().any(|call| call.contains("connect(") && call.contains("htons(9)")), "{calls:?}");
}

#[test]
fn a_signer_in_a_service_is_refused_offline_before_anything_is_opened() {
    let job = Job::with_hello();
    for key in ["awskms:///alias/a", "keyless"] {
        let env = [
            ("INPUT_OFFLINE", "true"),
            ("INPUT_SIGNING-KEY", key),
            ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9"),
            ("AWS_REGION", "eu-central-1"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/?a=b"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "token"),
        ];
        let (code, calls) = sockets(&job, &env);
        assert_eq!((code, calls), (Some(2), vec![]), "{key}");
        let run = job.run(&[("offline", "true"), ("signing-key", key)]);
        assert!(run.stdout.contains("is asked over a connection"), "{key}: {run:?}");
    }
}

#[test]
fn a_root_is_refreshed_only_by_name_and_never_offline() {
    let job = Job::with_hello();
    for (inputs, says) in [
        (&[("refresh-trusted-root", "true")][..], "name the `trusted-root` that is to be fetched"),
        (&[("tuf-mirror", "http://127.0.0.1:9")], "name the `trusted-root` that is to be fetched"),
        (
            &[("trusted-root", "public-good"), ("refresh-trusted-root", "true"), ("offline", "true")],
            "`offline` forbids",
        ),
        (&[("trusted-root", "root.json"), ("refresh-trusted-root", "true")], "only public-good and github"),
        (&[("trusted-root", "nowhere.json")], "input `trusted-root`"),
    ] {
        let run = job.run(inputs);
        assert_eq!(run.code, 2, "{inputs:?}: {run:?}");
        assert!(run.stdout.contains(says), "{inputs:?}: {}", run.stdout);
    }
}

/// moto's server, and what its KMS signs.
struct Kms(Child);

impl Drop for Kms {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the peers are programs; this is a test")]
fn what_a_key_in_kms_signed_is_verified_here() {
    use std::io::{BufRead as _, BufReader};
    let python = Path::new(
        &std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
            .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it"),
    )
    .join("python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/services/tests/aws.py");
    let mut child = Command::new(&python)
        .arg(script)
        .args(["alias/p256=ECC_NIST_P256", "alias/rsa=RSA_2048"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _kms = Kms(child);
    let endpoint = lines.by_ref().find_map(|line| line.unwrap().strip_prefix("ready ").map(str::to_owned));
    let endpoint = endpoint.expect("moto's server starts");
    let aws = [
        ("AWS_ENDPOINT_URL_KMS", endpoint.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENGbPxRfiCY"),
    ];
    let job = Job::with_hello();
    for (alias, algorithm) in [("alias/p256", "ECDSA_SHA_256"), ("alias/rsa", "RSASSA_PKCS1_V1_5_SHA_256")] {
        // Amazon's own client signs, by moto's KMS.
        let signed = Command::new(&python)
            .args(["-c", SIGN, alias, algorithm])
            .current_dir(job.path(""))
            .envs(aws)
            .output()
            .unwrap();
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        job.write(
            "signatures.yml",
            format!("version: 1\nkeys: {{k: {{kms: 'awskms:///{alias}'}}}}\nfiles: [{{path: bin/hello, key: k}}]\n"),
        );
        let run = job.run_with(&[], &aws);
        assert_eq!(run.code, 0, "{alias}: {run:?}");
        job.write("bin/hello", "changed");
        let run = job.run_with(&[], &aws);
        assert_eq!((run.code, run.reasons()), (1, vec!["bad-signature"]), "{alias}: {run:?}");
        job.write("bin/hello", "hello\n");
    }
    job.write(
        "signatures.yml",
        "version: 1\nkeys: {k: {kms: 'awskms:///alias/none'}}\nfiles: [{path: bin/hello, key: k}]\n",
    );
    let run = job.run_with(&[], &aws);
    assert_eq!((run.code, run.reasons()[0]), (2, "key-service"), "{run:?}");
}

/// Signs `bin/hello` with a key of KMS.
const SIGN: &str = r#"
import boto3, sys
kms = boto3.client("kms")
message = open("bin/hello", "rb").read()
signed = kms.sign(KeyId=sys.argv[1], Message=message, MessageType="RAW", SigningAlgorithm=sys.argv[2])
open("bin/hello.sig", "wb").write(signed["Signature"])
"#;

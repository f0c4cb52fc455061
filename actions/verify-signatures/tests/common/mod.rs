//! A workspace with files, keys and signatures that a peer made, and the real program run in it as
//! the runner runs it.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The kinds of keys that are taken.
pub(crate) const KINDS: [(&str, &[&str]); 4] = [
    ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("ed25519", &["-algorithm", "ED25519"]),
    ("rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
];

/// A job's folders.
pub(crate) struct Job {
    folder: tempfile::TempDir,
}

/// What a run of the program did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
}

impl Job {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace/bin", "workspace/keys", "temp"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// With `bin/hello`, signed by a P-256 key `keys/vendor.pub`, and a manifest that says so.
    pub(crate) fn with_hello() -> Self {
        let job = Self::new();
        job.key("vendor", "p256");
        job.write("bin/hello", "hello\n");
        job.sign("bin/hello", "vendor", "p256");
        job.manifest("files:\n  - path: bin/hello\n    key: vendor\n");
        job
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes a manifest with the key `vendor`, and this after it.
    pub(crate) fn manifest(&self, rest: &str) {
        self.write(
            "signatures.yml",
            format!("version: 1\nkeys:\n  vendor: {{ file: keys/vendor.pub }}\n{rest}"),
        );
    }

    #[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
    pub(crate) fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let output = std::process::Command::new("openssl")
            .args(args)
            .current_dir(self.path(""))
            .output()
            .expect("`openssl` is needed: `make test` sets it up");
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A key of one of [`KINDS`]: `keys/<name>.pem` and `keys/<name>.pub`.
    pub(crate) fn key(&self, name: &str, kind: &str) {
        let genpkey = KINDS.iter().find(|(known, _)| *known == kind).unwrap().1;
        self.key_with(name, genpkey);
    }

    pub(crate) fn key_with(&self, name: &str, genpkey: &[&str]) {
        let (private, public) = (format!("keys/{name}.pem"), format!("keys/{name}.pub"));
        self.openssl(&[&["genpkey", "-out", &private], genpkey].concat());
        self.openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    }

    /// Signs a file with a key to `<file>.sig`, as the peer does it.
    pub(crate) fn sign(&self, file: &str, key: &str, kind: &str) {
        let (private, signature) = (format!("keys/{key}.pem"), format!("{file}.sig"));
        let file = &format!("./{file}");
        match kind {
            "ed25519" => self.openssl(&[
                "pkeyutl", "-sign", "-rawin", "-inkey", &private, "-in", file, "-out", &signature,
            ]),
            _ => {
                let digest = if kind == "p384" { "-sha384" } else { "-sha256" };
                self.openssl(&["dgst", digest, "-sign", &private, "-out", &signature, file])
            }
        };
    }

    /// Runs the program as a runner does: nothing in its environment but what a runner sets.
    pub(crate) fn run(&self, inputs: &[(&str, &str)]) -> Run {
        self.run_with(inputs, &[])
    }

    /// The same with more variables in its environment.
    pub(crate) fn run_with(&self, inputs: &[(&str, &str)], more: &[(&str, &str)]) -> Run {
        let folder = self.folder.path();
        for name in ["output", "summary", "state"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let mut env: Vec<(String, PathBuf)> = vec![
            ("GITHUB_ACTIONS".into(), "true".into()),
            ("GITHUB_WORKSPACE".into(), folder.join("workspace")),
            ("GITHUB_OUTPUT".into(), folder.join("output")),
            ("GITHUB_STEP_SUMMARY".into(), folder.join("summary")),
            ("GITHUB_STATE".into(), folder.join("state")),
            ("RUNNER_TEMP".into(), folder.join("temp")),
        ];
        env.extend(
            inputs.iter().map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), value.into())),
        );
        env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.into())));
        let mut run = self.program(&[], &env);
        run.outputs = outputs(&fs::read_to_string(folder.join("output")).unwrap());
        run.summary = fs::read_to_string(folder.join("summary")).unwrap();
        run
    }

    /// Runs the program as a person does, with arguments and no runner.
    pub(crate) fn command(&self, args: &[&str]) -> Run {
        self.program(args, &[])
    }

    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    fn program(&self, args: &[&str], env: &[(String, PathBuf)]) -> Run {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_verify-signatures"))
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            outputs: BTreeMap::new(),
            summary: String::new(),
        }
    }

    /// The evidence files there are.
    pub(crate) fn evidence(&self) -> Vec<attest::EvidenceFile> {
        let listing = attest::EvidenceDir::new(self.path(".hallmark/evidence")).list().unwrap();
        assert_eq!(listing.strays, []);
        listing.files
    }
}

impl Run {
    /// The codes of all error annotations, in order.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let errors = self.stdout.lines().filter_map(|line| line.strip_prefix("::error "));
        errors.filter_map(|line| line.split("title=").nth(1)?.split("::").next()).collect()
    }
}

fn outputs(file: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = file.lines();
    while let Some((name, delimiter)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

//! A workspace, the real program run in it as the runner runs it, and peers: `openssl` and the pinned cosign.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "the peers are programs, and tests take settings from the environment"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) mod aws;
pub(crate) mod issuer;
pub(crate) mod sigstore;

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

impl Run {
    /// Everything that anybody could read.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}\n{}\n{:?}", self.stdout, self.stderr, self.summary, self.outputs)
    }

    /// The same without the lines that ask the runner to hide something.
    pub(crate) fn said_unmasked(&self) -> String {
        self.said().lines().filter(|line| !line.starts_with("::add-mask::")).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn bundles(&self) -> Vec<serde_json::Value> {
        serde_json::from_str(&self.outputs["bundles"]).unwrap()
    }
}

impl Job {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace/keys", "temp"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A key of one of [`KINDS`]: `keys/<kind>.pem` and `keys/<kind>.pub`.
    pub(crate) fn key(&self, kind: &str) -> PathBuf {
        let (private, public) = (format!("keys/{kind}.pem"), format!("keys/{kind}.pub"));
        let genpkey = KINDS.iter().find(|(known, _)| *known == kind).unwrap().1;
        self.openssl(&[&["genpkey", "-out", &private], genpkey].concat());
        self.openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
        self.path(&private)
    }

    pub(crate) fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl")
            .args(args)
            .current_dir(self.path(""))
            .output()
            .expect("`openssl` is needed: `make test` sets it up");
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// cosign in the workspace, with nothing of this machine.
    pub(crate) fn cosign(&self, env: &[(&str, &str)], args: &[&str]) -> (bool, String) {
        let output = Command::new(tool("cosign"))
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(env.iter().copied())
            .output()
            .unwrap();
        (output.status.success(), said(&output))
    }

    pub(crate) fn must_cosign(&self, env: &[(&str, &str)], args: &[&str]) {
        let (ok, said) = self.cosign(env, args);
        assert!(ok, "cosign {args:?}: {said}");
    }

    /// Runs `sign` with these inputs, as the runner does.
    pub(crate) fn run(&self, inputs: &[(&str, &str)]) -> Run {
        self.run_in(&[], inputs)
    }

    /// The same with variables that the runner or another step has set.
    pub(crate) fn run_in(&self, env: &[(&str, &str)], inputs: &[(&str, &str)]) -> Run {
        self.run_program((program(), &[]), env, inputs)
    }

    /// The same where the program gets no more memory than this.
    pub(crate) fn run_within(&self, bytes: u64, inputs: &[(&str, &str)]) -> Run {
        // Not by a shell: it drops variables with a dash in their names.
        let limit = format!("--as={bytes}");
        self.run_program(("prlimit", &[&limit, program()]), &[], inputs)
    }

    fn run_program(&self, program: (&str, &[&str]), env: &[(&str, &str)], inputs: &[(&str, &str)]) -> Run {
        let file = |name: &str| self.folder.path().join(name);
        for name in ["output", "summary", "state"] {
            fs::write(file(name), "").unwrap();
        }
        let mut command = Command::new(program.0);
        command
            .args(program.1)
            .current_dir(self.path(""))
            .env_clear()
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", self.path(""))
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .env("GITHUB_STATE", file("state"))
            .env("RUNNER_TEMP", file("temp"))
            .envs(env.iter().copied());
        for (name, value) in inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        let output = command.output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            outputs: outputs(&fs::read_to_string(file("output")).unwrap()),
            summary: fs::read_to_string(file("summary")).unwrap(),
        }
    }
}

/// The program under test. Another action's tests borrow what stands here, and run their own.
fn program() -> &'static str {
    option_env!("CARGO_BIN_EXE_sign").unwrap_or("sign")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// `name<<delimiter`, the value, `delimiter`: as the runner reads it.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(head) = lines.next() {
        let (name, delimiter) = head.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

/// A pinned tool, as `make test` has got it.
pub(crate) fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("HALLMARK_TEST_BIN_DIR")
        .expect("HALLMARK_TEST_BIN_DIR is not set: `make test` gets the pinned tools and sets it");
    let program = Path::new(&folder).join(name);
    assert!(program.is_file(), "there is no {}: `make test` gets it", program.display());
    program
}

/// A pipe, which nobody writes into.
pub(crate) fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

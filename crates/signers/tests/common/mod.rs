//! Keys and signatures made by a peer: the `openssl` program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use signers::{PrivateKey, PublicKey};

/// A folder for one test, with the peer's files in it.
pub(crate) struct Bench(pub(crate) tempfile::TempDir);

/// The kinds of keys that are taken, and how the peer makes each.
pub(crate) const KINDS: [(&str, &[&str]); 5] = [
    ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("ed25519", &["-algorithm", "ED25519"]),
    ("rsa2048", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    ("rsa3072", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
];

/// A key pair that the peer made.
pub(crate) struct Pair {
    pub(crate) private_pem: PathBuf,
    pub(crate) public_pem: PathBuf,
    pub(crate) private: PrivateKey,
    pub(crate) public: PublicKey,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn pem(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the peer in the folder, and requires that it succeeds.
    pub(crate) fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let (ok, stdout, stderr) = self.try_openssl(args, b"");
        assert!(ok, "openssl {args:?}: {stderr}");
        stdout
    }

    #[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
    pub(crate) fn try_openssl(&self, args: &[&str], stdin: &[u8]) -> (bool, Vec<u8>, String) {
        let mut child = std::process::Command::new("openssl")
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`openssl` is needed: `make test` sets it up");
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// `genpkey` with these arguments, to `<name>.pem` and `<name>.pub`.
    pub(crate) fn generate(&self, name: &str, genpkey: &[&str]) {
        let private = format!("{name}.pem");
        self.openssl(&[&["genpkey", "-out", &private], genpkey].concat());
        self.openssl(&["pkey", "-in", &private, "-pubout", "-out", &format!("{name}.pub")]);
    }

    /// A key of one of [`KINDS`].
    pub(crate) fn pair(&self, kind: &str) -> Pair {
        let genpkey = KINDS.iter().find(|(name, _)| *name == kind).unwrap().1;
        self.generate(kind, genpkey);
        Pair {
            private_pem: self.path(&format!("{kind}.pem")),
            public_pem: self.path(&format!("{kind}.pub")),
            private: PrivateKey::from_pem(&self.pem(&format!("{kind}.pem"))).unwrap(),
            public: PublicKey::from_pem(&self.pem(&format!("{kind}.pub"))).unwrap(),
        }
    }
}

//! What the tests of this action share: root file systems made by hand, the tools themselves, and reading back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests: a panic is their message")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use runner::testing::{Harness, Run};
use serde_json::Value;

/// A variable that `make test` sets.
#[expect(clippy::disallowed_methods, reason = "tests take their settings from the environment")]
pub(crate) fn setting(name: &str) -> PathBuf {
    match std::env::var_os(name) {
        Some(value) if !value.is_empty() => value.into(),
        _ => panic!("{name} is not set: `make test` provides it"),
    }
}

/// The real image.
pub(crate) fn image() -> PathBuf {
    setting("HALLMARK_TEST_IMAGE")
}

/// The image that it was built on, which was baked beside it.
pub(crate) fn base_image() -> PathBuf {
    image().parent().unwrap().with_file_name("debian-base").join("image.json")
}

/// Runs a program, and gives what it wrote to standard output.
#[expect(clippy::disallowed_methods, reason = "the tests ask the real tools themselves")]
pub(crate) fn ran<A: AsRef<OsStr>>(program: &Path, arguments: &[A], env: &[(&str, &str)]) -> String {
    let mut command = std::process::Command::new(program);
    let ran =
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").envs(env.iter().copied()).output();
    let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}: {out}{err}", program.display());
    out.into_owned()
}

/// A pinned tool.
pub(crate) fn tool(name: &str) -> PathBuf {
    setting("HALLMARK_TEST_BIN_DIR").join(name)
}

/// A harness in which the pinned tools are found.
pub(crate) fn harness() -> Harness {
    let harness = Harness::new().input("evidence", "evidence").now("2026-11-22T11:00:00Z".parse().unwrap());
    let harness = harness.pass_env("HOME").pass_env("HALLMARK_CACHE").pass_env("XDG_CACHE_HOME");
    harness.env("PATH", setting("HALLMARK_TEST_BIN_DIR").to_str().unwrap())
}

/// A run, and the workspace that it left: a harness takes its workspace with it.
pub(crate) struct Kept {
    pub(crate) harness: Harness,
    pub(crate) run: Run,
}

impl Kept {
    pub(crate) fn output(&self, name: &str) -> &str {
        &self.run.outputs[name]
    }

    pub(crate) fn json(&self, output: &str) -> Value {
        serde_json::from_slice(&fs::read(self.output(output)).unwrap()).unwrap()
    }

    /// The names, versions and package URLs of what is listed.
    pub(crate) fn packages(&self) -> BTreeSet<(String, String, String)> {
        packages(&self.json("cyclonedx"))
    }
}

/// Runs the action, which must end well.
pub(crate) fn done(harness: Harness) -> Kept {
    let run = harness.run(&sbom::ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    Kept { harness, run }
}

/// Runs the action, which must decide nothing, say so, and write nothing.
pub(crate) fn undecided(harness: &Harness, says: &str) {
    let run = harness.run(&sbom::ACTION);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, 2, "{said}");
    assert!(said.contains(says), "wanted: {says}\nsaid: {said}");
    assert!(!harness.workspace().join("evidence").exists(), "evidence was written all the same");
}

pub(crate) fn packages(document: &Value) -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let components = document["components"].as_array().unwrap().iter();
    components
        .filter(|one| one["type"] != "operating-system" && one["type"] != "file")
        .map(|one| (text(&one["name"]), text(&one["version"]), text(&one["purl"])))
        .collect()
}

/// Both documents, against the official schemas.
pub(crate) fn is_valid(kept: &Kept) {
    let schemas = setting("HALLMARK_TEST_SCHEMAS");
    let validator = setting("HALLMARK_TEST_PYTHON_BIN").join("check-jsonschema");
    let base = format!("file://{}/", schemas.display());
    for (output, schema) in [("cyclonedx", "bom-1.6"), ("spdx", "spdx-2.3")] {
        let schema = schemas.join(format!("{schema}.schema.json"));
        let arguments = ["--base-uri", &base, "--schemafile", schema.to_str().unwrap(), kept.output(output)];
        ran(&validator, &arguments, &[]);
    }
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Some packages: name and version.
pub(crate) const PACKAGES: [(&str, &str); 3] =
    [("libcap2", "1:2.75-10+b8"), ("sed", "4.9-2"), ("zlib1g", "1-1")];

pub(crate) fn debian(root: &Path) {
    write(root, "etc/os-release", "ID=debian\nVERSION_ID=\"13\"\nNAME=Debian\n");
    write(root, "etc/debian_version", "13.0\n");
    let status: String = PACKAGES
        .iter()
        .map(|(name, version)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nMaintainer: x <x@example.org>\n\
                 Architecture: amd64\nVersion: {version}\nDescription: x\n\n"
            )
        })
        .collect();
    write(root, "var/lib/dpkg/status", &status);
}

pub(crate) fn alpine(root: &Path) {
    write(root, "etc/os-release", "ID=alpine\nVERSION_ID=3.22.0\nNAME=Alpine\n");
    write(root, "etc/alpine-release", "3.22.0\n");
    let installed: String = PACKAGES
        .iter()
        .map(|(name, version)| {
            let version = version.trim_start_matches("1:").replace(['-', '+'], "");
            format!("P:{name}\nV:{version}\nA:x86_64\nS:1\nI:1\nT:x\nU:u\nL:MIT\no:{name}\nm:x\nt:1\nc:c\n\n")
        })
        .collect();
    write(root, "lib/apk/db/installed", &installed);
}

/// An RPM database: a table of headers, in the form that rpm keeps them.
const RPM: &str = r#"
import sqlite3, struct, sys
def header(strings, ints):
    index, data = b"", b""
    entries = [(t, 6, v.encode() + b"\0", 1) for t, v in strings] + [(t, 4, struct.pack(">I", v), 1) for t, v in ints]
    for tag, kind, value, count in sorted(entries):
        if kind == 4:
            data += b"\0" * (-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += value
    return struct.pack(">II", len(index) // 16, len(data)) + index + data
database = sqlite3.connect(sys.argv[1])
database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
for name in sys.argv[2:]:
    strings = [(1000, name), (1001, "1.2"), (1002, "3.el9"), (1011, "v"), (1014, "MIT"), (1022, "x86_64"), (1044, name + "-1.2-3.el9.src.rpm")]
    database.execute("INSERT INTO Packages (blob) VALUES (?)", (header(strings, [(1009, 1)]),))
database.commit()
"#;

pub(crate) fn rpm(root: &Path) {
    write(root, "etc/os-release", "ID=\"rocky\"\nVERSION_ID=\"9.4\"\nNAME=\"Rocky Linux\"\n");
    write(root, "etc/redhat-release", "Rocky Linux release 9.4 (Blue Onyx)\n");
    let database = root.join("var/lib/rpm/rpmdb.sqlite");
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    let python = setting("HALLMARK_TEST_PYTHON_BIN").join("python");
    let names = PACKAGES.map(|(name, _)| name);
    ran(&python, &[&["-c", RPM, database.to_str().unwrap()], &names[..]].concat(), &[]);
}

//! The commit of a release, made in a repository of this test's own by the scripts that the release workflow runs.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "this test runs git and the scripts itself")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPTS: &[&str] = &["lib.sh", "sign.sh", "release-commit.sh", "version.sh", "notes.sh", "compare.sh"];

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    /// A source commit on `main` that is ready to be released as 1.2.3, and a signed bin/ beside it.
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let repository = Self { folder };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/dist");
        fs::create_dir_all(repository.path("scripts/dist")).unwrap();
        for script in SCRIPTS {
            fs::copy(from.join(script), repository.path("scripts/dist").join(script)).unwrap();
        }
        repository.write("Cargo.toml", "[workspace.package]\nversion = \"1.2.3\"\nedition = \"2024\"\n");
        repository.write(
            "CHANGELOG.md",
            "# Changelog\n\n## 1.2.3 - 2026-11-23\n\n- All new.\n\n## 1.2.2\n\n- Old.\n",
        );
        repository.write(".gitignore", "/bin\n/key.pem\n");
        // What git would do to files on their way in must not happen to executables.
        repository.write(".gitattributes", "* text=auto eol=crlf\n*.sh text eol=lf\n");
        repository.ok(&[
            "openssl",
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            "key.pem",
        ]);
        repository.ok(&["openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "release.pub"]);
        repository.ok(&["git", "init", "--quiet", "--initial-branch=main"]);
        repository.commit();
        repository.build();
        repository
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    fn run(&self, program: &[&str]) -> Output {
        Command::new(program[0])
            .args(&program[1..])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "a test")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "test@example.org")))
            .env("HALLMARK_RELEASE_KEY", "key.pem")
            .env("HALLMARK_RELEASE_BRANCH", "main")
            .output()
            .unwrap()
    }

    fn ok(&self, program: &[&str]) -> String {
        let output = self.run(program);
        assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Refused with exit code 2 and this sentence, with no tag and no branch moved.
    fn refused(&self, program: &[&str], sentence: &str) {
        let before = self.ok(&["git", "for-each-ref"]);
        let output = self.run(program);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{program:?}: {said}");
        assert!(said.contains(sentence), "{program:?}: {said}");
        assert_eq!(self.ok(&["git", "for-each-ref"]), before, "{program:?}");
    }

    fn commit(&self) {
        self.ok(&["git", "add", "--all"]);
        self.ok(&["git", "commit", "--quiet", "--allow-empty", "--message", "source"]);
    }

    /// bin/ as a build leaves it, and signed.
    fn build(&self) {
        if self.path("bin").exists() {
            fs::remove_dir_all(self.path("bin")).unwrap();
        }
        fs::create_dir(self.path("bin")).unwrap();
        for name in ["hallmark-linux-x64", "hallmark-linux-arm64"] {
            self.write(&format!("bin/{name}"), &format!("\u{7f}ELF\r\n{name}\n\0\r\n"));
            fs::set_permissions(self.path("bin").join(name), PermissionsExt::from_mode(0o755)).unwrap();
            self.write(&format!("bin/{name}.cdx.json"), "{}\n");
        }
        self.ok(&["bash", "-c", ". scripts/dist/lib.sh; list_sums bin"]);
        self.ok(&["scripts/dist/sign.sh", "."]);
    }

    fn release(&self) -> String {
        self.ok(&["scripts/dist/release-commit.sh", "1.2.3", "."])
    }

    fn no_release(&self, sentence: &str) {
        self.refused(&["scripts/dist/release-commit.sh", "1.2.3", "."], sentence);
    }
}

#[test]
fn a_release_is_its_source_and_bin_and_nothing_else() {
    let repository = Repository::new();
    let source = repository.ok(&["git", "rev-parse", "main"]);
    let commit = repository.release();
    assert_eq!(commit.len(), 40, "{commit}");

    let names = repository.ok(&["git", "diff", "--name-status", "main", &commit]);
    let expected = [
        "A\tbin/SHA256SUMS",
        "A\tbin/SHA256SUMS.sig",
        "A\tbin/hallmark-linux-arm64",
        "A\tbin/hallmark-linux-arm64.cdx.json",
        "A\tbin/hallmark-linux-arm64.sig",
        "A\tbin/hallmark-linux-x64",
        "A\tbin/hallmark-linux-x64.cdx.json",
        "A\tbin/hallmark-linux-x64.sig",
        "A\tbin/signatures.yml",
    ];
    assert_eq!(names, expected.join("\n"));
    let executables =
        repository.ok(&["git", "ls-tree", "-r", "--format=%(objectmode) %(path)", &commit, "bin"]);
    let executables: Vec<&str> = executables.lines().filter(|line| line.starts_with("100755")).collect();
    assert_eq!(executables, ["100755 bin/hallmark-linux-arm64", "100755 bin/hallmark-linux-x64"]);

    assert_eq!(
        repository.ok(&["git", "rev-list", "--parents", "--max-count=1", &commit]),
        format!("{commit} {source}")
    );
    assert_eq!(repository.ok(&["git", "rev-parse", "main"]), source, "no branch moves");
    assert_eq!(repository.ok(&["git", "cat-file", "-t", "v1.2.3"]), "tag", "annotated");
    assert_eq!(repository.ok(&["git", "rev-parse", "v1.2.3^{commit}"]), commit);
    assert_eq!(repository.ok(&["git", "status", "--porcelain"]), "", "the checkout is as it was");

    let there = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for file in ["hallmark-linux-x64", "SHA256SUMS"] {
        let blob = repository.run(&["git", "cat-file", "blob", &format!("{commit}:bin/{file}")]).stdout;
        assert_eq!(blob, fs::read(repository.path("bin").join(file)).unwrap(), "{file}: the very bytes");
        fs::write(there.path().join(file), blob).unwrap();
    }
}

#[test]
fn a_tag_is_made_once_and_from_a_clean_source_of_the_branch() {
    let repository = Repository::new();
    repository.write("README.md", "not committed\n");
    repository.no_release("this checkout has changes");
    repository.ok(&["git", "checkout", "--quiet", "-b", "other"]);
    repository.commit();
    repository.no_release("is not on main");
    repository.ok(&["git", "checkout", "--quiet", "main"]);
    repository.release();
    repository.no_release("the tag v1.2.3 exists");
    repository.ok(&["git", "tag", "--delete", "v1.2.3"]);
    repository.ok(&["git", "add", "--force", "bin"]);
    repository.commit();
    repository.no_release("has a bin/ already");
}

#[test]
fn what_is_released_is_complete_unchanged_and_signed_by_the_key() {
    let repository = Repository::new();
    fs::write(repository.path("bin/hallmark-linux-x64"), "another").unwrap();
    repository.no_release("SHA256SUMS does not hold");
    repository.build();
    fs::write(repository.path("bin/extra"), "").unwrap();
    repository.no_release("> extra");
    repository.build();
    fs::remove_file(repository.path("bin/hallmark-linux-arm64.sig")).unwrap();
    repository.no_release("< hallmark-linux-arm64.sig");
    repository.build();

    // Another key, for which release.pub was not there to object when it signed.
    fs::rename(repository.path("release.pub"), repository.path("release.was")).unwrap();
    fs::rename(repository.path("key.pem"), repository.path("key.was")).unwrap();
    repository.ok(&[
        "openssl",
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        "key.pem",
    ]);
    repository.build();
    fs::rename(repository.path("release.was"), repository.path("release.pub")).unwrap();
    fs::remove_file(repository.path("key.was")).unwrap();
    repository.no_release("is not signed by the key of release.pub");
    repository.refused(&["scripts/dist/sign.sh", "."], "is not the key whose public half is release.pub");
    repository.write("key.pem", "");
    repository.refused(&["scripts/dist/sign.sh", "."], "is no private key");
}

#[test]
fn a_version_is_ready_when_cargo_changelog_and_key_are() {
    let repository = Repository::new();
    assert_eq!(repository.ok(&["scripts/dist/version.sh", "1.2.3"]), "");
    let notes = repository.ok(&["scripts/dist/notes.sh", "1.2.3", "abc"]);
    assert!(notes.contains("hallmark@abc # v1.2.3\n"), "{notes}");
    assert!(notes.ends_with("- All new."), "{notes}");
    for version in ["", "v1.2.3", "1.2", "1.2.3-rc1", "01.2.3", "1.2.3;id", "1.2.3\n1.2.3", "--notes"] {
        repository.refused(&["scripts/dist/version.sh", version], "a version is three numbers");
    }
    repository.refused(&["scripts/dist/version.sh", "1.2.2"], "Cargo.toml says version 1.2.3");
    repository.write("CHANGELOG.md", "## 1.2.3\n\n \n## 1.2.2\n\n- Old.\n");
    repository.refused(&["scripts/dist/version.sh", "1.2.3"], "CHANGELOG.md has no section ## 1.2.3");
    repository.write("CHANGELOG.md", "## [1.2.3] - 2026-11-23\n\n- New.\n");
    assert_eq!(repository.ok(&["scripts/dist/version.sh", "1.2.3"]), "");
    fs::remove_file(repository.path("release.pub")).unwrap();
    repository.refused(&["scripts/dist/version.sh", "1.2.3"], "there is no release.pub");
}

#[test]
fn two_builds_are_compared_byte_for_byte() {
    let (one, other) = (Repository::new(), Repository::new());
    let there = other.folder.path().to_str().unwrap();
    // Their keys differ, and so their signatures.
    let same = one.ok(&["scripts/dist/compare.sh", ".", there]);
    assert_eq!(same.matches("same ").count(), 5, "{same}");

    other.write("bin/hallmark-linux-x64.cdx.json", "[]\n");
    let output = one.run(&["scripts/dist/compare.sh", ".", there]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("DIFFERS  hallmark-linux-x64.cdx.json: 3 and 3 bytes, 2 of them other, the first at 1"),
        "{said}"
    );

    fs::remove_file(other.path("bin/hallmark-linux-arm64")).unwrap();
    assert_eq!(one.run(&["scripts/dist/compare.sh", ".", there]).status.code(), Some(1));
    assert_eq!(one.run(&["scripts/dist/compare.sh", ".", "/"]).status.code(), Some(2));
    assert_eq!(one.run(&["scripts/dist/compare.sh", "."]).status.code(), Some(2));
}

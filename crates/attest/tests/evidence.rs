//! The evidence directory: whole files, nothing passed over, no link followed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use attest::{
    EvidenceDir, EvidenceError, Form, Kind, PrivateKey, Statement, StrayReason, Trust, read_unsigned, verify,
};
use model::{Sha256, Subject};
use serde_json::json;

fn statement(number: u32) -> Statement {
    Statement::new(Kind::Verdict, vec![Subject::file("f", Sha256::of(b""))], &json!({"n": number})).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap()
}

#[test]
fn what_is_written_is_listed_and_verifies() {
    let temp = tempfile::tempdir().unwrap();
    let dir = EvidenceDir::new(temp.path().join("a/evidence"));
    assert_eq!(dir.list().unwrap(), attest::Listing::default());
    let key = key();
    let signed = dir.write(&statement(1), Some(&key)).unwrap();
    let unsigned = dir.write(&statement(2), None).unwrap();
    let digest = |n| Sha256::of(&statement(n).to_bytes().unwrap());
    assert_eq!(signed, dir.path().join(format!("verdict.{}.sigstore.json", digest(1).short())));
    assert_eq!(unsigned, dir.path().join(format!("verdict.{}.intoto.json", digest(2).short())));
    assert_eq!(fs::read(&unsigned).unwrap(), statement(2).to_bytes().unwrap());
    assert_eq!(fs::metadata(&signed).unwrap().permissions().mode() & 0o777, 0o644);

    // Again: replaced, not doubled, and nothing is left beside it.
    dir.write(&statement(1), Some(&key)).unwrap();
    let listing = dir.list().unwrap();
    assert_eq!((listing.files.len(), listing.strays.len()), (2, 0));
    assert!(listing.files.is_sorted_by_key(|file| &file.name));
    for file in listing.files {
        assert_eq!(file.sha256, Sha256::of(&fs::read(&file.path).unwrap()));
        let (kind, payload) = match file.form {
            Form::Signed => {
                let verified = verify(&file.bytes, &Trust::from(key.public())).unwrap();
                (verified.kind, verified.payload_digest)
            }
            Form::Unsigned => {
                let unsigned = read_unsigned(&file.bytes).unwrap();
                (unsigned.kind, unsigned.payload_digest)
            }
        };
        assert_eq!(kind, Kind::Verdict);
        assert_eq!(payload, digest(if file.form == Form::Signed { 1 } else { 2 }));
    }
}

#[test]
fn whatever_does_not_belong_is_reported() {
    let temp = tempfile::tempdir().unwrap();
    let dir = EvidenceDir::new(temp.path());
    let good = dir.write(&statement(1), None).unwrap();
    dir.put_report(b"{}").unwrap();
    let hex = "0123456789ab";
    symlink(&good, temp.path().join(format!("verdict.{hex}.intoto.json"))).unwrap();
    symlink("/nowhere", temp.path().join("dangling")).unwrap();
    fs::create_dir(temp.path().join("folder")).unwrap();
    fs::create_dir(temp.path().join(format!("vulns.{hex}.sigstore.json"))).unwrap();
    fs::write(temp.path().join(".partial-x"), "").unwrap();
    for name in [
        "notes.txt".to_owned(),
        "verdict.json".into(),
        format!("verdict.{hex}.sigstore.json.bak"),
        format!("verdict.{hex}0.sigstore.json"),
        format!("verdict.{}.sigstore.json", hex.to_uppercase()),
        format!("Verdict.{hex}.sigstore.json"),
        format!(".{hex}.sigstore.json"),
        format!("a.b.{hex}.intoto.json"),
        ".sigstore.json".into(),
        "a\nb\u{1b}[31m".into(),
    ] {
        fs::write(temp.path().join(name), "{}").unwrap();
    }
    let big = fs::File::create(temp.path().join(format!("sbom.{hex}.intoto.json"))).unwrap();
    big.set_len(attest::MAX_BUNDLE as u64 + 1).unwrap();

    let listing = dir.list().unwrap();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(listing.files[0].path, good);
    let count = |reason| listing.strays.iter().filter(|stray| stray.reason == reason).count();
    assert_eq!(count(StrayReason::Symlink), 2);
    assert_eq!(count(StrayReason::NotAFile), 2);
    assert_eq!(count(StrayReason::Partial), 1);
    assert_eq!(count(StrayReason::TooLong), 1);
    assert_eq!(count(StrayReason::Name), 10);
    assert_eq!(listing.strays.len(), 16);
    assert!(listing.strays.is_sorted_by_key(|stray| &stray.path));
}

#[test]
fn a_name_that_is_no_unicode_is_reported() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join(OsStr::from_bytes(b"\xff.0123456789ab.intoto.json")), "{}").unwrap();
    let listing = EvidenceDir::new(temp.path()).list().unwrap();
    assert_eq!((listing.files.len(), listing.strays[0].reason), (0, StrayReason::Name));
}

#[test]
fn a_report_is_what_its_name_says_or_refused() {
    let temp = tempfile::tempdir().unwrap();
    let dir = EvidenceDir::new(temp.path().join("evidence"));
    let digest = dir.put_report(b"{\"report\":1}").unwrap();
    assert_eq!(digest, Sha256::of(b"{\"report\":1}"));
    assert_eq!(dir.report_path(&digest), dir.path().join(format!("reports/{digest}.json")));
    assert_eq!(dir.report(&digest).unwrap(), b"{\"report\":1}");
    assert!(matches!(dir.report(&Sha256::of(b"other")), Err(EvidenceError::Io { .. })));
    fs::write(dir.report_path(&digest), b"{\"report\":2}").unwrap();
    assert!(matches!(dir.report(&digest), Err(EvidenceError::ReportChanged { .. })));
    // A link to the right bytes is refused as well: it may show others a moment later.
    let elsewhere = temp.path().join("elsewhere");
    fs::write(&elsewhere, b"{\"report\":1}").unwrap();
    fs::remove_file(dir.report_path(&digest)).unwrap();
    symlink(&elsewhere, dir.report_path(&digest)).unwrap();
    assert!(dir.report(&digest).is_err());
    // Writing it again puts a plain file in the link's place, and leaves its target alone.
    fs::write(&elsewhere, b"mine").unwrap();
    dir.put_report(b"{\"report\":1}").unwrap();
    assert_eq!(dir.report(&digest).unwrap(), b"{\"report\":1}");
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
}

#[test]
fn a_linked_directory_is_refused_for_reading_and_writing() {
    let temp = tempfile::tempdir().unwrap();
    let real = temp.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, temp.path().join("link")).unwrap();
    let dir = EvidenceDir::new(temp.path().join("link"));
    assert!(matches!(dir.list(), Err(EvidenceError::NotPlain { .. })));
    assert!(matches!(dir.write(&statement(1), None), Err(EvidenceError::NotPlain { .. })));
    assert!(matches!(dir.put_report(b""), Err(EvidenceError::NotPlain { .. })));
    let dir = EvidenceDir::new(&real);
    symlink("/", real.join("reports")).unwrap();
    assert!(matches!(dir.list(), Err(EvidenceError::NotPlain { .. })));
    assert!(matches!(dir.put_report(b""), Err(EvidenceError::NotPlain { .. })));
    fs::write(temp.path().join("file"), "").unwrap();
    assert!(matches!(EvidenceDir::new(temp.path().join("file")).list(), Err(EvidenceError::NotPlain { .. })));
}

#[test]
fn a_failed_write_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let dir = EvidenceDir::new(temp.path());
    let path = dir.write(&statement(1), None).unwrap();
    fs::remove_file(&path).unwrap();
    // A folder in the file's place cannot be renamed over.
    fs::create_dir_all(path.join("in-the-way")).unwrap();
    let error = dir.write(&statement(1), None).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn what_a_killed_writer_left_goes_and_what_is_being_written_stays() {
    let temp = tempfile::tempdir().unwrap();
    let dir = EvidenceDir::new(temp.path().join("evidence"));
    dir.sweep();
    assert!(!dir.path().exists());
    dir.put_report(b"{}").unwrap();
    let reports = dir.path().join("reports");
    let leave = |name: &str| {
        for folder in [dir.path(), &reports] {
            fs::write(folder.join(name), "{").unwrap();
        }
    };
    let left = |folder: &Path| {
        let names =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut partial: Vec<_> = names.filter(|name| name.starts_with(".partial-")).collect();
        partial.sort();
        partial
    };
    // Whoever writes one holds its lock.
    leave(".partial-live");
    let writers = [dir.path(), &reports].map(|folder| {
        let file = fs::File::open(folder.join(".partial-live")).unwrap();
        file.lock().unwrap();
        file
    });
    // Nothing that only has such a name is touched: a link's target, a folder.
    fs::write(temp.path().join("mine"), "").unwrap();
    symlink(temp.path().join("mine"), dir.path().join(".partial-link")).unwrap();
    fs::create_dir(dir.path().join(".partial-folder")).unwrap();
    let kept = [".partial-folder", ".partial-link", ".partial-live"];

    leave(".partial-Ab3xYz");
    dir.sweep();
    assert_eq!(
        (left(dir.path()), left(&reports)),
        (kept.map(str::to_owned).to_vec(), vec![kept[2].to_owned()])
    );
    assert!(temp.path().join("mine").exists());
    // The next writer does the same, each in its folder.
    drop(writers);
    dir.write(&statement(1), None).unwrap();
    dir.put_report(b"[]").unwrap();
    assert_eq!(
        (left(dir.path()), left(&reports)),
        (kept[..2].iter().map(|n| (*n).to_owned()).collect(), vec![])
    );
}

#[test]
fn writers_at_the_same_time_sweep_none_of_each_others_files() {
    let temp = tempfile::tempdir().unwrap();
    let dir = &EvidenceDir::new(temp.path());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                (0..20).for_each(|number| drop(dir.write(&statement(writer * 20 + number), None).unwrap()))
            });
        }
    });
    let listing = dir.list().unwrap();
    assert_eq!((listing.files.len(), listing.strays.len()), (80, 0));
}

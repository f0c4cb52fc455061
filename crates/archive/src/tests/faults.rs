//! An archive that somebody changed, and drafts that are refused: each says what is wrong, where, and what helps.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use model::Sha256;

use super::{Work, nothing, open, run, to_put, tree, wait};
use crate::{Archive, Draft, Entry, Error, Keeping, Location, MARKER, Role, layout};

/// An archive with one entry.
fn good() -> (Work, tempfile::TempDir, Entry) {
    let (work, place) = (Work::new("web"), tempfile::tempdir().unwrap());
    let stored = wait(to_put(place.path()).put(&work.draft())).unwrap();
    (work, place, stored.entry)
}

fn object(root: &Path, bytes: &[u8]) -> PathBuf {
    root.join(layout::object(&Sha256::of(bytes)))
}

fn restored(root: &Path, entry: &Entry) -> String {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("back");
    let error = wait(open(root).unwrap().restore(entry, &target)).unwrap_err();
    assert!(!target.exists() && fs::read_dir(place.path()).unwrap().next().is_none(), "nothing half");
    error.to_string()
}

#[test]
fn objects_that_were_changed_are_told() {
    let (_, place, entry) = good();
    let (root, path) = (place.path(), object(place.path(), b"web.md"));
    let cases: [(&str, &dyn Fn(), &str); 5] = [
        ("other bytes", &|| fs::write(&path, b"WEB.md").unwrap(), "was changed: it has the SHA-256"),
        ("cut", &|| fs::write(&path, b"web").unwrap(), "it has not the 6 bytes that were put"),
        ("longer", &|| fs::write(&path, b"web.md and more").unwrap(), "it has not the 6 bytes that were put"),
        ("gone", &|| fs::remove_file(&path).unwrap(), "is missing, and the entry"),
        ("a link", &|| symlink("/etc/hostname", &path).unwrap(), "is no plain file"),
    ];
    for (name, change, says) in cases {
        change();
        let error = restored(root, &entry);
        assert!(error.contains(says) && error.contains(path.to_str().unwrap()), "{name}: {error}");
        // Evidence is read without the others' bytes.
        let verdict = entry.of(Role::Evidence).next().unwrap();
        let bytes = wait(open(root).unwrap().read(&entry, verdict)).unwrap();
        assert_eq!(bytes, b"verdict.0123456789ab.sigstore.json");
    }
}

#[test]
fn a_put_over_changed_bytes_is_refused() {
    let (work, place, _) = good();
    fs::write(object(place.path(), b"web.md"), b"WEB.md").unwrap();
    let before = tree(place.path());
    let error = wait(to_put(place.path()).put(&work.draft())).unwrap_err().to_string();
    assert!(error.contains("was changed"), "{error}");
    assert_eq!(tree(place.path()), before);
}

/// What is made of an entry's text.
type Change = Box<dyn Fn(&str) -> String>;

/// Changes an entry and gives it the name of its new digest, as somebody who may write could.
fn forge(root: &Path, entry: &Entry, change: &dyn Fn(&str) -> String) -> Result<Vec<Entry>, Error> {
    let content = entry.image.content_digest;
    let old = root.join(layout::entry(&content, &entry.id));
    let text = fs::read_to_string(&old).unwrap();
    let new = change(&text);
    assert_ne!(text, new, "the case changes something");
    fs::remove_file(&old).unwrap();
    let path = root.join(layout::entry(&content, &Sha256::of(new.as_bytes())));
    fs::write(&path, new).unwrap();
    let read = wait(open(root).unwrap().entries_of(&content));
    fs::remove_file(path).unwrap();
    fs::write(old, text).unwrap();
    read
}

#[test]
fn entries_that_are_none_are_refused() {
    let (_, place, entry) = good();
    let root = place.path();
    let web = |name: &'static str| move |text: &str| text.replace(r#""name":"web.md""#, name);
    let other = format!("hallmarkBlocks1:{}", Sha256::of(b"other"));
    let same = entry.image.content_digest.to_string();
    let cases: Vec<(&str, Change, &str)> = vec![
        ("up", Box::new(web(r#""name":"..""#)), "the file name \"..\" is refused"),
        ("up and away", Box::new(web(r#""name":"../web.md""#)), "is refused"),
        ("from the root", Box::new(web(r#""name":"/etc/passwd""#)), "is refused"),
        ("hidden", Box::new(web(r#""name":".web""#)), "begins with `.`"),
        ("a folder", Box::new(web(r#""name":"a/web""#)), "which only a replay's may"),
        ("in another's place", Box::new(web(r#""name":"web.html""#)), "two files of the kind"),
        ("later", Box::new(|t| t.replace(r#""version":1"#, r#""version":2"#)), "it has the version 2"),
        ("spaces", Box::new(|t| t.replace(r#""version":1"#, r#""version": 1"#)), "not written canonically"),
        ("more", Box::new(|t| t.replace(r#""version":1"#, r#""vendor":1,"version":1"#)), "unknown field"),
        ("cut", Box::new(|t| t[..t.len() - 10].to_owned()), "does not read"),
        ("another image", Box::new(move |t| t.replace(&same, &other)), "it is about hallmarkBlocks1:"),
        ("no image.json", Box::new(|t| t.replace(r#""role":"image""#, r#""role":"json""#)), "does not read"),
        ("a role", Box::new(|t| t.replace(r#""role":"page""#, r#""role":"shell""#)), "unknown variant"),
        ("huge", Box::new(|t| t.replace(r#""bytes":6,"#, r#""bytes":99999999999,"#)), "is longer than"),
    ];
    for (name, change, says) in cases {
        let error = forge(root, &entry, &change).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("images/"), "{name}: {error}");
    }
    // Without a new name, the digest tells.
    let path = root.join(layout::entry(&entry.image.content_digest, &entry.id));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("acme", "evil")).unwrap();
    let error = wait(open(root).unwrap().entries_of(&entry.image.content_digest)).unwrap_err().to_string();
    assert!(error.contains("was changed: it has the SHA-256"), "{error}");
}

#[test]
fn an_entry_that_lies_about_its_image_is_not_restored() {
    let (_, place, entry) = good();
    let mut other = entry;
    other.image.family = "another".into();
    assert!(restored(place.path(), &other).contains("it is another image's than the entry says"));
    // Nor is one that somebody made up in memory.
    other.files[1].name = "../x".into();
    assert!(restored(place.path(), &other).contains("is refused"));
}

#[test]
fn strangers_in_the_index_are_told() {
    for (name, asks) in [("images/x/y.json", 0), ("images/README", 0), ("channels/README.json", 1)] {
        let (_, place, _) = good();
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{}").unwrap();
        let archive = open(place.path()).unwrap();
        let error = match asks {
            0 => wait(archive.images()).map(drop).unwrap_err(),
            _ => wait(archive.channels()).map(drop).unwrap_err(),
        };
        assert!(error.to_string().contains("does not belong into an archive"), "{name}: {error}");
    }
    let (work, place, _) = good();
    fs::write(place.path().join(layout::entries(&work.content)).join("notes.txt"), "x").unwrap();
    let error = wait(open(place.path()).unwrap().entries_of(&work.content)).unwrap_err().to_string();
    assert!(error.contains("notes.txt does not belong"), "{error}");
}

#[test]
fn pointers_that_are_none_are_refused() {
    let (_, place, _) = good();
    let path = place.path().join("channels/debian-app/stable.json");
    let text = fs::read_to_string(&path).unwrap();
    for (new, says) in [
        (text.replace("stable", "edge"), "it is of the channel debian-app/edge"),
        (text.replace("debian-app", "../app"), "is refused"),
        (text.replace(r#""version":1"#, r#""version":9"#), "it has the version 9"),
        ("{".into(), "does not read"),
    ] {
        fs::write(&path, new).unwrap();
        let error = wait(open(place.path()).unwrap().channels()).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("stable.json"), "{error}");
    }
    let archive = open(place.path()).unwrap();
    assert!(wait(archive.channel("..", "stable")).is_err());
}

#[test]
fn places_that_are_no_archive_are_refused() {
    let work = Work::new("web");
    let full = tempfile::tempdir().unwrap();
    fs::write(full.path().join("thesis.tex"), "x").unwrap();
    let location = Location::Folder(full.path().into());
    let to_put = |keeping| wait(Archive::open_to_put(&location, &nothing, keeping)).unwrap_err().to_string();
    assert!(to_put(Keeping::default()).contains("holds something, and is no archive"));
    let key = Keeping { kms_key: Some("alias/x".into()), lock: None };
    assert!(to_put(key).contains("is a folder, which neither encrypts with a KMS key nor locks"));
    assert_eq!(tree(full.path()).len(), 1);
    fs::write(full.path().join(MARKER), r#"{"format":"hallmark-archive","version":2}"#).unwrap();
    for error in [to_put(Keeping::default()), open(full.path()).unwrap_err().to_string()] {
        assert!(error.contains("version 2, and this program reads"), "{error}");
    }
    let file = work.file("a-file", b"x");
    let error = wait(Archive::open_to_put(&Location::Folder(file), &nothing, Keeping::default()));
    assert!(error.unwrap_err().to_string().contains("is no plain file"));
}

#[test]
fn drafts_that_cannot_be_kept_are_refused() {
    let work = Work::new("web");
    let mut draft = work.draft();
    for name in ["", "..", "a/../b", "x y", ".x"] {
        assert!(draft.add(Role::Replay, name, &work.file("f", b"f")).is_err(), "{name}");
    }
    let link = work.folder.path().join("link");
    symlink("f", &link).unwrap();
    let error = draft.add(Role::Page, "link", &link).unwrap_err().to_string();
    assert!(error.contains("is no plain file"), "{error}");
    assert!(draft.add(Role::Page, "x", &work.folder.path().join("absent")).is_err());
    assert!(draft.add(Role::Page, "x", work.folder.path()).is_err());
    assert!(draft.show_in("a/..", "stable").is_err() && draft.show_in("a", "b/c").is_err());

    let place = tempfile::tempdir().unwrap();
    draft.add(Role::Page, "web.md", &work.file("f", b"f")).unwrap();
    let error = wait(to_put(place.path()).put(&draft)).unwrap_err().to_string();
    assert!(error.contains("two files of the kind page have the name web.md"), "{error}");
    assert!(tree(place.path()).is_empty(), "nothing was written");

    let mut draft = work.draft();
    let path = work.file("late", b"one");
    draft.add(Role::Replay, "late", &path).unwrap();
    fs::write(&path, b"two").unwrap();
    let error = wait(to_put(place.path()).put(&draft)).unwrap_err().to_string();
    assert!(error.contains("changed while it was put"), "{error}");
    assert!(wait(open(place.path()).unwrap().entries_of(&work.content)).unwrap().is_empty());

    let manifest = work.file("no-manifest.json", b"{}");
    assert!(Draft::new(&manifest, Some(run("1"))).unwrap_err().to_string().contains("does not read"));
}

#[test]
fn nothing_is_restored_over_anything() {
    let (_, place, entry) = good();
    let archive = open(place.path()).unwrap();
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("mine"), "x").unwrap();
    for path in [target.path().to_owned(), target.path().join("mine")] {
        let error = wait(archive.restore(&entry, &path)).unwrap_err().to_string();
        assert!(error.contains("is in the way"), "{error}");
    }
    symlink(place.path(), target.path().join("link")).unwrap();
    assert!(wait(archive.restore(&entry, &target.path().join("link"))).is_err());
    assert_eq!(tree(target.path())["mine"], b"x");
    // An empty folder is not in the way.
    let empty = tempfile::tempdir().unwrap();
    wait(archive.restore(&entry, empty.path())).unwrap();
    assert!(empty.path().join("image.json").is_file());
}

/// Somebody who may write can give any bytes their name: what is taken is an entry, and spelled as one.
#[test]
fn no_changed_byte_makes_anything_but_an_entry_or_an_error() {
    let (_, place, entry) = good();
    let bytes = fs::read(place.path().join(layout::entry(&entry.image.content_digest, &entry.id))).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for at in 0..bytes.len() {
        for other in [b'0', b'"', b'/', b'.', b'}', 0xff] {
            let mut changed = bytes.clone();
            changed[at] = other;
            let id = Sha256::of(&changed);
            match Entry::parse("here", id, &changed) {
                Ok(read) => {
                    let (again, written) =
                        Entry::new(read.image.clone(), read.files.clone(), read.run.clone()).unwrap();
                    assert_eq!((again.id, written == changed), (id, true));
                    assert!(read.files.iter().all(|file| layout::check_file_name(&file.name).is_ok()));
                    taken += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("here"), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(Entry::parse("here", entry.id, &bytes[..at]).is_err());
    }
    assert!(taken > 0 && refused > taken, "{taken} {refused}");
}

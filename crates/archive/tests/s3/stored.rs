//! An archive in S3, on two servers: s3s-fs checks signatures and checksums, moto has versions, locks and keys.
use std::fs;

use crate::common::{BUCKET, Server, Work, object, place, wait};
use archive::{Archive, Entry, Error, Keeping, Moved, Role, Stored};
use model::Sha256;

fn put(server: &Server, work: &Work, run: &str) -> Stored {
    wait(server.to_put(Keeping::default()).unwrap().put(&work.draft(run))).unwrap()
}

fn both(test: impl Fn(&Server, &str)) {
    test(&Server::s3s(), "s3s-fs");
    test(&Server::moto(false), "moto");
}

#[test]
fn what_is_put_comes_back_and_twice_is_once() {
    both(|server, name| {
        let work = Work::new();
        assert!(matches!(server.open(), Err(Error::NoArchive(_))), "{name}");
        let stored = put(server, &work, "1");
        assert_eq!((stored.uploaded, stored.objects, stored.entry_is_new), (4, 4, true), "{name}");
        let keys = server.keys();
        // Marker, 4 objects, entry, pointer: all below the prefix.
        assert_eq!(keys.len(), 7, "{name}: {keys:?}");
        assert!(keys.iter().all(|key| key.starts_with("team/images/")), "{name}: {keys:?}");

        let again = put(server, &work, "1");
        assert_eq!((again.uploaded, again.entry_is_new), (0, false), "{name}");
        assert_eq!(again.channels[0].moved, Moved::Already, "{name}");
        let other = put(server, &work, "2");
        assert_eq!((other.uploaded, other.entry_is_new), (0, true), "{name}");
        assert_eq!(put(server, &work, "1").channels[0].moved, Moved::Later, "{name}");

        let archive = server.open().unwrap();
        assert_eq!(wait(archive.images()).unwrap(), [work.content], "{name}");
        assert_eq!(wait(archive.entries_of(&work.content)).unwrap().len(), 2, "{name}");
        let channels = wait(archive.channels()).unwrap();
        assert_eq!((channels.len(), channels[0].entry), (1, other.entry.id), "{name}");
        let target = tempfile::tempdir().unwrap();
        let back = wait(archive.restore(&stored.entry, target.path())).unwrap();
        let report = fs::read(back.evidence.join("reports/report.json")).unwrap();
        assert_eq!((back.files, report), (4, vec![b'r'; 3 << 20]), "{name}");
    });
}

#[test]
fn nothing_is_written_over() {
    let server = Server::moto(false);
    let work = Work::new();
    for run in ["1", "1", "2"] {
        put(&server, &work, run);
    }
    let found = wait(server.client.list_object_versions().bucket(BUCKET).send()).unwrap();
    let count = |part: &str| {
        found.versions().iter().filter(|one| one.key().is_some_and(|key| key.contains(part))).count()
    };
    assert_eq!((count("/objects/"), count("/images/images/"), count("hallmark-archive.json")), (4, 2, 1));
    assert_eq!(count("/channels/"), 2, "the pointer has moved once");
    // What S3 itself keeps of an object.
    let key = object(b"a brief");
    let head = server.client.head_object().bucket(BUCKET).key(&key).checksum_mode("ENABLED".into());
    let head = wait(head.send()).unwrap();
    assert_eq!(head.content_type(), Some("text/markdown; charset=utf-8"));
    use base64::Engine as _;
    let wanted = base64::engine::general_purpose::STANDARD.encode(Sha256::of(b"a brief").as_bytes());
    assert_eq!(head.checksum_sha256(), Some(wanted.as_str()));
}

/// Why an entry cannot be brought back, or read at all.
fn why_not(server: &Server, entry: &Entry) -> String {
    let place = tempfile::tempdir().unwrap();
    let archive = server.open().unwrap();
    let entries = wait(archive.entries_of(&entry.image.content_digest));
    let found = entries.and_then(|found| {
        let entry = found.first().cloned().unwrap_or_else(|| entry.clone());
        wait(archive.restore(&entry, &place.path().join("back")))
    });
    assert!(fs::read_dir(place.path()).unwrap().next().is_none(), "nothing half");
    found.unwrap_err().to_string()
}

#[test]
fn what_was_changed_in_the_bucket_is_told() {
    both(|server, name| {
        let work = Work::new();
        let entry = put(server, &work, "1").entry;
        let key = object(b"a brief");
        let shown = format!("s3://{BUCKET}/{key}");
        for (bytes, says) in [
            (&b"A brief"[..], "was changed: it has the SHA-256"),
            (b"a", "it has not the 7 bytes that were put"),
            (b"a brief and more", "it has not the 7 bytes that were put"),
        ] {
            server.overwrite(&key, bytes);
            let error = why_not(server, &entry);
            assert!(error.contains(says) && error.contains(&shown), "{name}: {error}");
        }
        let error = wait(server.to_put(Keeping::default()).unwrap().put(&work.draft("1"))).unwrap_err();
        assert!(error.to_string().contains("was changed: it has the SHA-256"), "{name}: {error}");
        server.delete(&key);
        let error = why_not(server, &entry);
        let says = if name == "moto" {
            "was deleted: its earlier versions are still"
        } else {
            "is missing, and the entry"
        };
        assert!(error.contains(says) && error.contains(&shown), "{name}: {error}");
        // What was deleted is put again.
        assert_eq!(put(server, &work, "1").uploaded, 1, "{name}");

        let id = entry.id;
        let path = format!("team/images/images/{}/{id}.json", work.content.sha256());
        let text = String::from_utf8(server.get(&path)).unwrap();
        server.overwrite(&path, text.replace("acme", "evil").as_bytes());
        let error = why_not(server, &entry);
        assert!(
            error.contains("was changed: it has the SHA-256") && error.contains(&path),
            "{name}: {error}"
        );
        server.delete(&path);
        let evil = text.replace("web.md", "../web.md");
        let forged =
            format!("team/images/images/{}/{}.json", work.content.sha256(), Sha256::of(evil.as_bytes()));
        server.overwrite(&forged, evil.as_bytes());
        let error = why_not(server, &entry);
        assert!(error.contains("file name \"../web.md\" is refused"), "{name}: {error}");
        server.delete("team/images/hallmark-archive.json");
        let error = server.open().unwrap_err().to_string();
        let says = if name == "moto" { "was deleted" } else { "there is no archive" };
        assert!(error.contains(says), "{name}: {error}");
    });
}

#[test]
fn whoever_has_the_wrong_key_is_told() {
    let server = Server::s3s();
    let env = |name: &str| match name {
        "AWS_SECRET_ACCESS_KEY" => Some("another".to_owned()),
        name => server.env()(name),
    };
    let error = wait(Archive::open(&place(), &env)).unwrap_err().to_string();
    for says in [
        "s3://golden-archive/team/images/hallmark-archive.json",
        "GetObject",
        "403 SignatureDoesNotMatch",
        "mend them",
    ] {
        assert!(error.contains(says), "{error}");
    }
    assert!(!error.contains(crate::s3s::SECRET) && !error.contains("another:"), "{error}");
    // And whoever has none, or no region.
    let none = |name: &str| server.env()(name).filter(|_| !name.ends_with("REGION"));
    let error = wait(Archive::open(&place(), &none)).unwrap_err().to_string();
    assert!(error.contains("no region is known, so set AWS_REGION"), "{error}");
    assert!(server.keys().is_empty());
}

#[test]
fn a_bucket_with_something_else_in_that_place_is_refused() {
    both(|server, name| {
        server.overwrite("team/images/thesis.tex", b"x");
        let error = server.to_put(Keeping::default()).unwrap_err().to_string();
        assert!(error.contains("holds something, and is no archive"), "{name}: {error}");
        assert_eq!(server.keys(), ["team/images/thesis.tex"], "{name}");
    });
}

#[test]
fn statements_are_read_one_by_one() {
    let server = Server::s3s();
    let entry = put(&server, &Work::new(), "1").entry;
    let archive = server.open().unwrap();
    let file = entry.of(Role::Evidence).next().unwrap();
    assert_eq!(wait(archive.read(&entry, file)).unwrap(), b"a verdict");
}

//! What is on PATH or in the cache already: taken by its bytes, and by nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking; this is all test")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use model::Sha256;
use process::Fake;
use support::{Reply, Server, executable, files, keep, lock, program, settings, zip_of};
use tools::{Error, Event, Lock, Settings, Source, Tool, Tools};

async fn get(lock: &Lock, settings: &Settings) -> (Result<Tool, Error>, Vec<Event>) {
    let fake = Fake::new();
    let tools = Tools::new(lock.clone(), settings.clone(), &fake);
    let mut events = Vec::new();
    let result = tools.get_with("probe", &mut keep(&mut events)).await;
    (result, events)
}

#[tokio::test]
async fn a_file_on_path_is_taken_by_its_digest_only() {
    let place = tempfile::tempdir().unwrap();
    let exe = executable();
    let liar = program(&place.path().join("liar"), "probe", b"#!/bin/sh\necho probe 1.2.3\n");
    let right = program(&place.path().join("right"), "probe", &exe);
    let link = place.path().join("link");
    fs::create_dir(&link).unwrap();
    symlink(right.join("probe"), link.join("probe")).unwrap();
    let server = Server::new(vec![Reply::Status(404)]);
    let mut settings = settings(&place.path().join("cache"), Some(server.mirror()));
    let lock = lock("probe", &exe, "");
    for (path, want) in [
        (vec![&right], Some(&right)),
        (vec![&liar, &right], Some(&right)),
        (vec![&link, &right], Some(&link)),
        (vec![&liar], None),
        (vec![], None),
    ] {
        settings.path = Some(std::env::join_paths(&path).unwrap());
        let (result, events) = get(&lock, &settings).await;
        match want {
            Some(folder) => {
                let tool = result.unwrap();
                assert_eq!((tool.source, tool.path), (Source::Path, folder.join("probe")));
            }
            None => assert!(matches!(result, Err(Error::Unobtainable { .. }))),
        }
        let told = events
            .iter()
            .any(|event| matches!(event, Event::NotThePinnedOne { path, .. } if path.starts_with(&liar)));
        assert_eq!(told, path.contains(&&liar), "{events:?}");
    }
}

#[tokio::test]
async fn what_go_built_is_taken_by_the_lock_s_digest_of_it() {
    let place = tempfile::tempdir().unwrap();
    let built = b"what go built".as_slice();
    let lock = lock("probe", &executable(), &format!("built = \"{}\"", Sha256::of(built)));
    let mut settings = settings(&place.path().join("cache"), None);
    settings.path = Some(program(&place.path().join("bin"), "probe", built).into_os_string());
    let tool = get(&lock, &settings).await.0.unwrap();
    assert_eq!((tool.source, tool.sha256), (Source::Path, Sha256::of(built)));
    assert_eq!(tool.uri, "pkg:golang/example.com/probe@v1.2.3");
}

#[tokio::test]
async fn a_poisoned_cache_is_noticed_emptied_and_filled_again() {
    let exe = executable();
    let zip = zip_of(&[("probe", &exe)]);
    for (file, asset, more) in [("probe", &exe, ""), ("probe.zip", &zip, "member = \"probe\"")] {
        let place = tempfile::tempdir().unwrap();
        let server = Server::new(vec![Reply::Whole(asset.clone())]);
        let settings = settings(place.path(), Some(server.mirror()));
        let lock = lock(file, asset, more);
        let whole = get(&lock, &settings).await.0.unwrap();
        let outside = place.path().join("outside");
        fs::write(&outside, "#!/bin/sh\necho evil\n").unwrap();
        let poisons: [&dyn Fn(&std::path::Path); 5] = [
            &|path| fs::write(path, "#!/bin/sh\necho evil\n").unwrap(),
            &|path| fs::write(path, "").unwrap(),
            &|path| fs::write(path, &executable()[..100_000]).unwrap(),
            &|path| fs::create_dir(path).unwrap(),
            &|path| symlink(&outside, path).unwrap(),
        ];
        for poison in poisons {
            fs::remove_file(&whole.path).unwrap();
            poison(&whole.path);
            let (result, events) = get(&lock, &settings).await;
            assert_eq!(result.unwrap().sha256, whole.sha256);
            let told = events
                .iter()
                .any(|event| matches!(event, Event::PoisonedCache { path, .. } if *path == whole.path));
            assert!(told, "{events:?}");
            assert_eq!(fs::read(&whole.path).unwrap(), exe);
            assert!(!whole.path.is_symlink() && outside.exists());
        }
    }
}

#[tokio::test]
async fn a_poisoned_archive_is_noticed_too() {
    let place = tempfile::tempdir().unwrap();
    let exe = executable();
    let asset = zip_of(&[("probe", &exe)]);
    let evil = zip_of(&[("probe", b"evil")]);
    let server = Server::new(vec![Reply::Whole(asset.clone())]);
    let settings = settings(place.path(), Some(server.mirror()));
    let lock = lock("probe.zip", &asset, "member = \"probe\"");
    let whole = get(&lock, &settings).await.0.unwrap();
    let archive = place.path().join("tools/archives").join(Sha256::of(&asset).to_string());
    fs::set_permissions(&archive, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&archive, &evil).unwrap();
    // Even with an executable that fits it: the lock has the archive's digest.
    program(&place.path().join("tools/sha256").join(Sha256::of(b"evil").to_string()), "probe", b"evil");
    let (result, events) = get(&lock, &settings).await;
    let tool = result.unwrap();
    assert_eq!((tool.source, tool.sha256), (Source::Downloaded, whole.sha256));
    assert!(events.iter().any(|e| matches!(e, Event::PoisonedCache { path, .. } if *path == archive)));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn listing_fetching_and_verifying() {
    let place = tempfile::tempdir().unwrap();
    let exe = executable();
    let server = Server::new(vec![Reply::Whole(exe.clone())]);
    let fake = Fake::new();
    let tools = Tools::new(lock("probe", &exe, ""), settings(place.path(), Some(server.mirror())), &fake);
    let listed = tools.list();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].mirror_path, "releases.example/probe/v1.2.3/probe");
    assert_eq!(listed[0].sha256, Sha256::of(&exe));

    // Looking gets nothing.
    let checked = tools.verify(&mut |_| ()).await;
    assert!(matches!(&checked[..], [one] if matches!(one.found, Ok(None))), "{checked:?}");
    assert!(server.asked().is_empty());

    // An unknown name is found out before anything is fetched.
    let names = ["probe".to_owned(), "prob".to_owned()];
    let error = tools.fetch(&names, &mut |_| ()).await.unwrap_err().to_string();
    assert_eq!(error, "tools.lock has no tool `prob`; it has probe");
    assert!(server.asked().is_empty() && files(place.path()).is_empty());

    let fetched = tools.fetch_all(&mut |_| ()).await.unwrap();
    let checked = tools.verify(&mut |_| ()).await;
    assert!(matches!(&checked[0].found, Ok(Some(tool)) if tool.path == fetched[0].path), "{checked:?}");
    assert_eq!(tools.fetch(&names[..1], &mut |_| ()).await.unwrap()[0].source, Source::Cache);
    assert_eq!(server.asked().len(), 1);
}

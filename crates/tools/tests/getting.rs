//! From a web server into the cache: what is taken, what is refused, and what is left behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking; this is all test")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::Sha256;
use process::Fake;
use support::{
    NOTHING, Reply, Server, executable, files, keep, lock, program, settings, tar_gz_of, zip_of, zip_of_link,
};
use tar::EntryType;
use tools::{Error, Event, Lock, Mirror, Settings, Source, Tool, Tools};

async fn get(lock: &Lock, settings: &Settings) -> (Result<Tool, Error>, Vec<Event>) {
    let fake = Fake::new();
    let tools = Tools::new(lock.clone(), settings.clone(), &fake);
    let mut events = Vec::new();
    let result = tools.get_with("probe", &mut keep(&mut events)).await;
    (result, events)
}

/// The three ways in which releases come.
fn packings() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let exe = executable();
    let plain = (EntryType::Regular, "README", b"read me".as_slice());
    vec![
        ("probe-linux", exe.clone(), ""),
        ("probe.zip", zip_of(&[("LICENSE.txt", b"licence"), ("probe", &exe)]), "member = \"probe\""),
        (
            "probe.tar.gz",
            tar_gz_of(&[plain, (EntryType::Regular, "bin/probe", &exe)]),
            "member = \"bin/probe\"",
        ),
        ("probe.tgz", tar_gz_of(&[(EntryType::Regular, "probe", &exe)]), "member = \"probe\""),
    ]
}

#[tokio::test]
async fn a_release_is_downloaded_once_and_then_comes_from_the_cache() {
    for (file, asset, more) in packings() {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(vec![Reply::Whole(asset.clone())]);
        let lock = lock(file, &asset, more);
        let settings = settings(cache.path(), Some(server.mirror()));
        for source in [Source::Downloaded, Source::Cache, Source::Cache] {
            let tool = get(&lock, &settings).await.0.unwrap();
            assert_eq!(tool.source, source, "{file}");
            assert_eq!(tool.sha256, Sha256::of(&executable()));
            assert_eq!(std::fs::read(&tool.path).unwrap(), executable());
            assert_eq!(tool.path.file_name().unwrap(), "probe");
            assert_eq!(tool.path.metadata().unwrap().permissions().mode() & 0o777, 0o555);
            assert_eq!(tool.uri, format!("https://releases.example/probe/v1.2.3/{file}"));
        }
        assert_eq!(server.asked(), [format!("/mirror/releases.example/probe/v1.2.3/{file}")]);
        assert_eq!(files(&cache.path().join("tools/tmp")), NOTHING, "{file}");
    }
}

#[tokio::test]
async fn wrong_bytes_are_an_error_that_names_everything_and_leave_nothing() {
    for (file, asset, more) in packings() {
        let cache = tempfile::tempdir().unwrap();
        let mut other = asset.clone();
        other[100] ^= 1;
        let server = Server::new(vec![Reply::Whole(other.clone())]);
        let (result, _) =
            get(&lock(file, &asset, more), &settings(cache.path(), Some(server.mirror()))).await;
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Checksum { .. }), "{error}");
        let text = error.to_string();
        let url = format!("http://{}/mirror/releases.example/probe/v1.2.3/{file}", server.address());
        for part in ["probe", &url, &Sha256::of(&asset).to_string(), &Sha256::of(&other).to_string()] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
        assert_eq!(files(cache.path()), NOTHING, "{file}");
        // Somebody's replacement is not a passing fault: it was asked for once, and nothing else was tried.
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn an_executable_of_the_lock_is_compared_too() {
    let asset = zip_of(&[("probe", &executable())]);
    let right = format!("member = \"probe\"\nexecutable = \"{}\"", Sha256::of(&executable()));
    let wrong = format!("member = \"probe\"\nexecutable = \"{}\"", Sha256::of(b"another"));
    for (more, taken) in [(right, true), (wrong, false)] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(vec![Reply::Whole(asset.clone())]);
        let settings = settings(cache.path(), Some(server.mirror()));
        let (result, _) = get(&lock("probe.zip", &asset, &more), &settings).await;
        assert_eq!(result.is_ok(), taken, "{more}");
        assert_eq!(files(&cache.path().join("tools/sha256")).len(), usize::from(taken));
    }
}

#[tokio::test]
async fn archives_without_one_plain_member_are_refused_and_write_nothing_elsewhere() {
    let exe = executable();
    let file = EntryType::Regular;
    for (name, asset, says) in [
        ("a.zip", zip_of(&[("../probe", &exe)]), "no member"),
        ("a.zip", zip_of(&[("/probe", &exe)]), "no member"),
        ("a.zip", zip_of(&[("x/probe", &exe)]), "no member"),
        ("a.zip", zip_of(&[]), "no member"),
        ("a.zip", zip_of_link("probe", "/bin/sh"), "not a regular file"),
        ("a.zip", b"PK, but not really".to_vec(), "not a zip archive"),
        ("a.tgz", tar_gz_of(&[(file, "../probe", &exe)]), "no member"),
        ("a.tgz", tar_gz_of(&[(file, "../../../../../../tmp/probe", &exe)]), "no member"),
        ("a.tgz", tar_gz_of(&[(file, "/probe", &exe)]), "no member"),
        ("a.tgz", tar_gz_of(&[]), "no member"),
        ("a.tgz", tar_gz_of(&[(EntryType::Symlink, "probe", b"/bin/sh")]), "not a regular file"),
        ("a.tgz", tar_gz_of(&[(EntryType::Link, "probe", b"/bin/sh")]), "not a regular file"),
        ("a.tgz", tar_gz_of(&[(EntryType::Directory, "probe", b"")]), "not a regular file"),
        ("a.tgz", tar_gz_of(&[(EntryType::Char, "probe", b"")]), "not a regular file"),
        ("a.tgz", tar_gz_of(&[(file, "probe", &exe), (file, "probe", b"second")]), "two members"),
        ("a.tgz", b"not gzip".to_vec(), "not a whole tar archive"),
        ("a.tgz", tar_gz_of(&[(file, "probe", &exe)])[..5000].to_vec(), ""),
    ] {
        let place = tempfile::tempdir().unwrap();
        let cache = place.path().join("a/b/c/d/e/f");
        let server = Server::new(vec![Reply::Whole(asset.clone())]);
        let lock = lock(name, &asset, "member = \"probe\"");
        let (result, _) = get(&lock, &settings(&cache, Some(server.mirror()))).await;
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Archive { .. }), "{name}, {says}: {error}");
        assert!(error.to_string().contains(says), "{says} is not in: {error}");
        // The verified asset is kept; nothing came out of it.
        assert_eq!(files(place.path()), [cache.join("tools/archives").join(Sha256::of(&asset).to_string())]);
    }
}

#[tokio::test]
async fn a_bomb_is_stopped_at_the_limit() {
    let zeros = vec![0; 5 << 20];
    let file = EntryType::Regular;
    for (name, asset) in [
        ("a.zip", zip_of(&[("probe", &zeros)])),
        ("a.tgz", tar_gz_of(&[(file, "probe", &zeros)])),
        ("a.tgz", tar_gz_of(&[(file, "before", &zeros), (file, "more", &zeros), (file, "probe", b"x")])),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(vec![Reply::Whole(asset.clone())]);
        let lock = lock(name, &asset, "member = \"probe\"");
        let (result, _) = get(&lock, &settings(cache.path(), Some(server.mirror()))).await;
        assert!(matches!(result, Err(Error::Archive { .. })), "{name}: {result:?}");
        assert_eq!(files(&cache.path().join("tools/sha256")), NOTHING);
    }
}

#[tokio::test]
async fn too_many_bytes_are_not_taken() {
    for reply in [Reply::Announce((4 << 20) + 1), Reply::Endless] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(vec![reply]);
        let lock = lock("probe", &executable(), "");
        let (result, _) = get(&lock, &settings(cache.path(), Some(server.mirror()))).await;
        assert!(matches!(result, Err(Error::TooLarge { .. })), "{result:?}");
        assert_eq!(files(cache.path()), NOTHING);
    }
}

#[tokio::test]
async fn what_breaks_off_is_tried_again_and_what_is_not_there_is_not() {
    let exe = executable();
    let whole = || Reply::Whole(executable());
    for (replies, tries, taken) in [
        (vec![Reply::Short(exe[..1000].to_vec()), whole()], 2, true),
        (vec![Reply::Status(503), Reply::Status(429), whole()], 3, true),
        (vec![Reply::Status(503)], 3, false),
        (vec![Reply::Short(exe.clone())], 3, false),
        (vec![Reply::Status(404), whole()], 1, false),
        (vec![Reply::Status(403), whole()], 1, false),
        (vec![Reply::Whole(Vec::new())], 1, false),
        (vec![Reply::Redirect("/elsewhere".to_owned()), whole()], 2, true),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(replies);
        let (result, events) =
            get(&lock("probe", &exe, ""), &settings(cache.path(), Some(server.mirror()))).await;
        assert_eq!(result.is_ok(), taken, "{result:?}, {events:?}");
        assert_eq!(server.asked().len(), tries, "{events:?}");
        assert_eq!(files(cache.path()).len(), usize::from(taken));
    }
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Redirect("/again".to_owned())]);
    let mut settings = settings(cache.path(), Some(server.mirror()));
    settings.limits.attempts = 1;
    let (result, _) = get(&lock("probe", &executable(), ""), &settings).await;
    assert!(matches!(result, Err(Error::Unobtainable { .. })), "{result:?}");
    assert!(server.asked().len() < 20);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Stall(executable()[..100_000].to_vec())]);
    let mut settings = settings(cache.path(), Some(server.mirror()));
    // Longer than the server takes to begin, on a busy machine too.
    settings.limits.stall = Duration::from_secs(2);
    settings.limits.connect = Duration::from_secs(1);
    settings.limits.attempts = 2;
    let (result, events) = get(&lock("probe", &executable(), ""), &settings).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("no byte came for 2s"), "{error}");
    assert_eq!(server.asked().len(), 2, "{events:?}");
}

#[tokio::test]
async fn a_download_that_is_dropped_half_way_leaves_nothing_that_is_taken() {
    let cache = tempfile::tempdir().unwrap();
    let exe = executable();
    let server = Server::new(vec![Reply::Stall(exe[..200_000].to_vec()), Reply::Whole(exe.clone())]);
    let settings = settings(cache.path(), Some(server.mirror()));
    let lock = lock("probe", &exe, "");
    let fake = Fake::new();
    let tools = Tools::new(lock.clone(), settings.clone(), &fake);
    {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let mut on = |event| {
            // All that comes: the server has sent it.
            if matches!(event, Event::Downloaded { bytes: 200_000.., .. }) {
                tell.send(()).unwrap();
            }
        };
        tokio::select! {
            result = tools.get_with("probe", &mut on) => panic!("it cannot end: {result:?}"),
            _ = told.recv() => {}
        }
    }
    assert_eq!(files(&cache.path().join("tools/sha256")), NOTHING);
    // A kill leaves files that a drop would have removed; the next one to hold the lock throws them away.
    let half = cache.path().join("tools/tmp/probe");
    std::fs::create_dir_all(half.join("folder")).unwrap();
    std::fs::write(half.join("folder/half"), &exe[..10]).unwrap();
    assert_eq!(get(&lock, &settings).await.0.unwrap().source, Source::Downloaded);
    assert_eq!(server.asked().len(), 2);
    assert!(files(&half).is_empty());
    for _ in 0..6000 {
        if server.sent.load(Ordering::SeqCst) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.sent.load(Ordering::SeqCst), 200_000);
}

#[tokio::test]
async fn an_https_address_is_answered_in_tls_or_not_at_all() {
    let cache = tempfile::tempdir().unwrap();
    let exe = executable();
    let server = Server::new(vec![Reply::Whole(exe.clone())]);
    let lock = lock("probe", &exe, "");
    // The same server, asked in TLS, which it does not speak: what it answers in clear text is not taken.
    let mirror = Mirror::parse(&format!("https://{}", server.address())).unwrap();
    let (result, events) = get(&lock, &settings(cache.path(), Some(mirror))).await;
    assert!(matches!(result, Err(Error::Unobtainable { .. })), "{result:?} {events:?}");
    assert_eq!(files(cache.path()), NOTHING);
}

#[tokio::test]
async fn several_at_once_download_once() {
    for (file, asset, more) in packings() {
        let cache = tempfile::tempdir().unwrap();
        // The first is answered when the three others have said that they wait: else it may be done before they ask.
        let waiting = Arc::new(AtomicUsize::new(0));
        let server = Server::new(vec![Reply::Once(waiting.clone(), 3, asset.clone())]);
        let (lock, settings) = (lock(file, &asset, more), settings(cache.path(), Some(server.mirror())));
        let one = async || {
            let fake = Fake::new();
            let mut on = |event| {
                if event == (Event::Waiting { name: "probe".to_owned() }) {
                    waiting.fetch_add(1, Ordering::SeqCst);
                }
            };
            let tools = Tools::new(lock.clone(), settings.clone(), &fake);
            tools.get_with("probe", &mut on).await.unwrap().source
        };
        let four = tokio::join!(one(), one(), one(), one());
        let mut sources = [four.0, four.1, four.2, four.3];
        sources.sort_by_key(|source| *source != Source::Downloaded);
        assert_eq!(sources, [Source::Downloaded, Source::Cache, Source::Cache, Source::Cache], "{file}");
        assert_eq!(server.asked().len(), 1, "{file}");
        assert_eq!(waiting.load(Ordering::SeqCst), 3, "{file}");
    }
}

#[tokio::test]
async fn a_folder_can_be_the_mirror() {
    for (file, asset, more) in packings() {
        let place = tempfile::tempdir().unwrap();
        let mirror = Mirror::parse(&format!("file://{}/a%20b", place.path().display())).unwrap();
        let (lock, settings) = (lock(file, &asset, more), settings(&place.path().join("c"), Some(mirror)));
        let (result, _) = get(&lock, &settings).await;
        assert!(matches!(result, Err(Error::Unobtainable { .. })), "{result:?}");
        program(&place.path().join("a b/releases.example/probe/v1.2.3"), file, &asset);
        assert_eq!(get(&lock, &settings).await.0.unwrap().source, Source::Downloaded);
    }
}

#[tokio::test]
async fn without_a_network_and_go_the_error_says_what_helps() {
    let cache = tempfile::tempdir().unwrap();
    let exe = executable();
    let server = Server::new(vec![Reply::Status(404)]);
    let lock = lock("probe", &exe, &format!("built = \"{}\"", Sha256::of(b"built")));
    let settings = settings(cache.path(), Some(server.mirror()));
    let error = get(&lock, &settings).await.0.unwrap_err().to_string();
    let place = cache.path().join("tools/archives").join(Sha256::of(&exe).to_string());
    for part in [
        "probe 1.2.3 cannot be had",
        "the server answered 404",
        "Go 1.26.8",
        "HALLMARK_MIRROR",
        "https://releases.example/probe/v1.2.3/probe",
        &Sha256::of(&exe).to_string(),
        &place.display().to_string(),
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    // And what it says does help.
    program(place.parent().unwrap(), &Sha256::of(&exe).to_string(), &exe);
    assert_eq!(get(&lock, &settings).await.0.unwrap().source, Source::Cache);
}

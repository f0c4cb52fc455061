//! Raw disks written to snapshots and read back, against AWS for tests.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use aws::snapshots::read_snapshot;
use aws::upload::{Gate, Pace, Seen, SendError, Start, State, complete, send, start, state};
use aws::{Account, BlockMap, LIMITS, Limits, Place};
use blocks::{BLOCK, Disk, GIB, digest_file};
use common::{Proxy, REGION};
use serde_json::{Value, json};
use tempfile::TempDir;

/// As the usual one, in few seconds, as a test has them.
const PACE: Pace = Pace {
    begin: 16,
    most: 64,
    pause: Duration::from_millis(8),
    longest: Duration::from_millis(60),
    patience: 20,
};

async fn place(proxy: &Proxy, ebs: Option<&str>) -> Rc<Place> {
    let mut env: Vec<(&str, String)> = proxy.env();
    env.extend(ebs.map(|endpoint| ("AWS_ENDPOINT_URL_EBS", endpoint.to_owned())));
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let limits = Limits { attempts: 12, ..LIMITS };
    Account::open(&env, REGION, &limits).await.unwrap().place(REGION)
}

/// A disk of this size with these blocks in it; each is of one byte, but for its first, which tells where it is.
struct Raw {
    _folder: TempDir,
    path: PathBuf,
}

impl Raw {
    fn new(size: u64, blocks: &[(u64, u8)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        File::create(&path).unwrap().set_len(size).unwrap();
        let raw = Self { _folder: folder, path };
        raw.write(blocks);
        raw
    }

    fn write(&self, blocks: &[(u64, u8)]) {
        let file = File::options().write(true).open(&self.path).unwrap();
        let size = file.metadata().unwrap().len();
        for (index, byte) in blocks {
            let at = index * BLOCK as u64;
            let mut bytes = vec![*byte; BLOCK.min(usize::try_from(size - at).unwrap())];
            bytes[0] = bytes[0].wrapping_mul(u8::try_from(index % 251).unwrap());
            file.write_all_at(&bytes, at).unwrap();
        }
    }

    fn digest(&self) -> model::ContentDigest {
        digest_file(&self.path, &blocks::Options::default()).unwrap().content_digest
    }

    fn gib(&self) -> u64 {
        std::fs::metadata(&self.path).unwrap().len().div_ceil(GIB)
    }
}

async fn begun(place: &Place, raw: &Raw, parent: Option<&str>) -> String {
    let tags = BTreeMap::from([("hallmark:release".to_owned(), "x".to_owned())]);
    let token = model::Sha256::of(format!("{} {parent:?}", raw.digest()).as_bytes()).to_string();
    let begin =
        Start { token: &token, gib: raw.gib(), parent, kms_key: None, description: "a disk", tags: &tags };
    let id = start(place, &begin).await.unwrap();
    // The same token gives the same one.
    assert_eq!(start(place, &begin).await.unwrap(), id);
    id
}

async fn sent(place: &Place, raw: &Raw, id: &str, parent: Option<BlockMap>) -> Result<Seen, SendError> {
    send(place, id, Disk::open(&raw.path).unwrap(), parent, &Gate::new(PACE), &Cell::new(0)).await
}

/// Completes it, and what is read from it then is the disk.
async fn ends_as(place: &Place, id: &str, raw: &Raw, seen: &Seen) {
    assert_eq!(seen.digested.content_digest, raw.digest());
    complete(place, id, seen.written, &seen.checksum).await.unwrap();
    while state(place, id).await.unwrap() == State::Pending {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state(place, id).await.unwrap(), State::Completed { kms_key: None });
    let read = read_snapshot(place, id, PACE).await.unwrap();
    assert_eq!(read.digested.content_digest, raw.digest());
    assert_eq!(read.map.unwrap().blocks(), seen.map.as_ref().unwrap().blocks());
}

fn puts(proxy: &Proxy) -> usize {
    proxy.operations().iter().filter(|call| *call == "ebs:PutSnapshotBlock").count()
}

#[tokio::test]
async fn what_is_read_back_is_the_disk_whatever_its_size() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let block = BLOCK as u64;
    for (name, size, blocks, written) in [
        ("one byte of nothing", 1, vec![], 0),
        ("a hole", GIB, vec![], 0),
        ("one block", block, vec![(0, 1)], 1),
        ("zeros that are written", 4 * block, vec![(1, 0), (2, 5)], 1),
        ("an odd tail", 3 * block + 17, vec![(0, 1), (3, 9)], 2),
        ("over a GiB by a byte", GIB + 1, vec![(2047, 3), (2048, 4)], 2),
        ("8 GiB", 8 * GIB, vec![(0, 1), (7000, 2), (8 * 2048 - 1, 3)], 3),
    ] {
        let raw = Raw::new(size, &blocks);
        let id = begun(&place, &raw, None).await;
        proxy.reset_calls();
        let seen = sent(&place, &raw, &id, None).await.unwrap();
        assert_eq!((seen.written, puts(&proxy)), (written, written as usize), "{name}");
        ends_as(&place, &id, &raw, &seen).await;
    }
    assert_eq!(state(&place, "snap-0123456789abcdef0").await.unwrap(), State::Absent);
}

#[tokio::test]
async fn it_comes_to_its_end_when_aws_is_busy_or_slow_to_see_or_gone_for_a_moment() {
    let proxy = Proxy::start();
    let raw = Raw::new(200 * BLOCK as u64, &(0..90).map(|n| (n * 2, 7)).collect::<Vec<_>>());
    let place = place(&proxy, None).await;
    for faults in [
        json!([{"kind": "throttle", "operation": "PutSnapshotBlock", "every": 3, "count": null}]),
        json!([{"kind": "http-500", "operation": "PutSnapshotBlock", "every": 5, "count": null}]),
        json!([{"kind": "cut-before", "operation": "PutSnapshotBlock", "every": 7, "count": null}]),
        json!([{"kind": "cut-after", "operation": "PutSnapshotBlock", "every": 7, "count": null}]),
        json!([{"kind": "throttle", "operations": ["StartSnapshot", "CompleteSnapshot"], "every": 2, "count": null}]),
    ] {
        proxy.reset();
        proxy.settings(
            &json!({"snapshot_unseen": {"looks": 2, "ms": 0}, "snapshot_pending": {"looks": 2, "ms": 0}}),
        );
        proxy.faults(&faults);
        let id = begun(&place, &raw, None).await;
        let seen = sent(&place, &raw, &id, None).await.unwrap();
        assert_eq!(seen.written, 90, "{faults}");
        ends_as(&place, &id, &raw, &seen).await;
    }
}

#[tokio::test]
async fn throttled_at_any_rate_it_is_sent_without_a_storm_and_for_ever_is_an_error() {
    let proxy = Proxy::start();
    let raw = Raw::new(100 * BLOCK as u64, &(0..100).map(|n| (n, 7)).collect::<Vec<_>>());
    let place = place(&proxy, None).await;
    let every =
        |k: u32| json!([{"kind": "throttle", "operation": "PutSnapshotBlock", "every": k, "count": null}]);
    let burst = |nth: u32, count: u32| json!([{"kind": "throttle", "operation": "PutSnapshotBlock", "nth": nth, "count": count}]);
    for faults in [every(2), every(3), every(10), burst(1, 20), burst(40, 20)] {
        proxy.reset();
        let id = begun(&place, &raw, None).await;
        proxy.faults(&faults);
        let seen = sent(&place, &raw, &id, None).await.unwrap();
        // Twice as many as needed, where every second one is throttled, and no more.
        assert!((100..=210).contains(&puts(&proxy)), "{faults}: {} calls", puts(&proxy));
        proxy.faults(&json!([]));
        ends_as(&place, &id, &raw, &seen).await;
    }
    proxy.reset();
    let id = begun(&place, &raw, None).await;
    proxy.faults(&every(1));
    let (disk, pace) = (Disk::open(&raw.path).unwrap(), Pace { patience: 8, ..PACE });
    let error = send(&place, &id, disk, None, &Gate::new(pace), &Cell::new(0)).await.unwrap_err().to_string();
    assert!(error.contains("Rate exceeded"), "{error}");
    // The first sixteen, half of that, …, then one by one.
    assert!(puts(&proxy) <= 16 + 8 + 4 + 2 + 6, "{} calls", puts(&proxy));
}

/// What AWS allows is no more for several disks: one limiter is behind both.
#[tokio::test]
async fn disks_are_sent_beside_each_other_and_no_faster_than_one() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let raws =
        [7, 8].map(|byte| Raw::new(100 * BLOCK as u64, &(0..100).map(|n| (n, byte)).collect::<Vec<_>>()));
    let ids = [begun(&place, &raws[0], None).await, begun(&place, &raws[1], None).await];
    proxy.faults(&json!([{"kind": "throttle", "operation": "PutSnapshotBlock", "every": 3, "count": null}]));
    proxy.settings(&json!({"latency_ms": {"ebs:PutSnapshotBlock": 10}}));
    let gate = Gate::new(PACE);
    let [one, two] = raws.each_ref().map(|raw| Disk::open(&raw.path).unwrap());
    let (through_one, through_two) = (Cell::new(0), Cell::new(0));
    let (first, second) = tokio::join!(
        send(&place, &ids[0], one, None, &gate, &through_one),
        send(&place, &ids[1], two, None, &gate, &through_two),
    );
    let calls = proxy.calls();
    let calls: Vec<String> =
        calls.iter().filter(|call| call["operation"] == "PutSnapshotBlock").map(Value::to_string).collect();
    assert!((200..=420).contains(&calls.len()), "{} calls", calls.len());
    let first_of = |id: &str| calls.iter().position(|call| call.contains(id)).unwrap();
    let last_of = |id: &str| calls.iter().rposition(|call| call.contains(id)).unwrap();
    assert!(first_of(&ids[0]) < last_of(&ids[1]) && first_of(&ids[1]) < last_of(&ids[0]));
    proxy.faults(&json!([]));
    ends_as(&place, &ids[0], &raws[0], &first.unwrap()).await;
    ends_as(&place, &ids[1], &raws[1], &second.unwrap()).await;

    let ids = ["a", "b"].map(|token| start_again(token, &raws[0]));
    let ids = [start(&place, &ids[0]).await.unwrap(), start(&place, &ids[1]).await.unwrap()];
    proxy.faults(&json!([{"kind": "throttle", "operation": "PutSnapshotBlock", "every": 1, "count": null}]));
    proxy.reset_calls();
    let gate = Gate::new(Pace { patience: 8, ..PACE });
    let [one, two] = raws.each_ref().map(|raw| Disk::open(&raw.path).unwrap());
    let (through_one, through_two) = (Cell::new(0), Cell::new(0));
    let ended = tokio::try_join!(
        send(&place, &ids[0], one, None, &gate, &through_one),
        send(&place, &ids[1], two, None, &gate, &through_two),
    );
    assert!(ended.unwrap_err().to_string().contains("Rate exceeded"));
    // As for one disk.
    assert!(puts(&proxy) <= 16 + 8 + 4 + 2 + 6, "{} calls", puts(&proxy));
}

fn start_again<'t>(token: &'t str, raw: &Raw) -> Start<'t> {
    static TAGS: BTreeMap<String, String> = BTreeMap::new();
    Start { token, gib: raw.gib(), parent: None, kms_key: None, description: "a disk", tags: &TAGS }
}

#[tokio::test]
async fn of_a_disk_that_has_a_parent_only_what_differs_is_sent() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let before: Vec<(u64, u8)> = (0..300).map(|n| (n, 7)).collect();
    let raw = Raw::new(GIB, &before);
    let parent = begun(&place, &raw, None).await;
    let known = sent(&place, &raw, &parent, None).await.unwrap();
    ends_as(&place, &parent, &raw, &known).await;
    // One in a hundred is new: one changed, one became zeros, one was zeros.
    raw.write(&[(17, 8), (200, 0), (1999, 5)]);
    let child = begun(&place, &raw, Some(&parent)).await;
    proxy.reset_calls();
    let seen = sent(&place, &raw, &child, known.map.clone()).await.unwrap();
    assert_eq!((seen.written, puts(&proxy)), (3, 3), "at most 2 % of 300 were to be sent");
    ends_as(&place, &child, &raw, &seen).await;
    // And the same again is nothing at all.
    let same = begun(&place, &raw, Some(&child)).await;
    let nothing = sent(&place, &raw, &same, seen.map).await.unwrap();
    assert_eq!(nothing.written, 0);
    ends_as(&place, &same, &raw, &nothing).await;
}

#[tokio::test]
async fn it_is_taken_up_where_it_broke_off() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let raw = Raw::new(100 * BLOCK as u64, &(0..100).map(|n| (n, 7)).collect::<Vec<_>>());
    let id = begun(&place, &raw, None).await;
    proxy.faults(&json!([{"kind": "error", "operation": "PutSnapshotBlock", "code": "AccessDeniedException", "status": 403, "nth": 60, "count": null}]));
    let (through, pace) = (Cell::new(0), Pace { most: 16, ..PACE });
    let error = send(&place, &id, Disk::open(&raw.path).unwrap(), None, &Gate::new(pace), &through)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("AccessDeniedException"), "{error}");
    assert!((20..60).contains(&through.get()), "{}", through.get());
    proxy.faults(&json!([]));
    proxy.reset_calls();
    let from = through.get();
    let seen =
        send(&place, &id, Disk::open(&raw.path).unwrap(), None, &Gate::new(PACE), &through).await.unwrap();
    assert_eq!((puts(&proxy) as u64, seen.written, through.get()), (100 - from, 100, 100));
    ends_as(&place, &id, &raw, &seen).await;
}

#[tokio::test]
async fn what_was_not_sent_or_is_something_else_is_never_completed() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let raw = Raw::new(10 * BLOCK as u64, &[(1, 1), (5, 5)]);
    let id = begun(&place, &raw, None).await;
    let seen = sent(&place, &raw, &id, None).await.unwrap();
    let other = model::Sha256::of(b"other");
    for (written, checksum) in [(1, &seen.checksum), (3, &seen.checksum), (2, &other)] {
        let error = complete(&place, &id, written, checksum).await.unwrap_err();
        assert_eq!((error.call, error.code.as_str()), ("CompleteSnapshot", "ValidationException"), "{error}");
        assert_eq!(state(&place, &id).await.unwrap(), State::Pending);
    }
    // What is said to be through and is not, AWS finds out.
    let fresh = Raw::new(10 * BLOCK as u64, &[(1, 1), (5, 6)]);
    let id = begun(&place, &fresh, None).await;
    let seen = send(&place, &id, Disk::open(&fresh.path).unwrap(), None, &Gate::new(PACE), &Cell::new(3))
        .await
        .unwrap();
    assert!(complete(&place, &id, seen.written, &seen.checksum).await.is_err());
}

#[tokio::test]
async fn a_byte_that_is_changed_on_its_way_is_refused() {
    let proxy = Proxy::start();
    let endpoint = spoiling(&proxy);
    let place = place(&proxy, Some(&endpoint)).await;
    let raw = Raw::new(10 * BLOCK as u64, &[(1, 1), (5, 5)]);
    let id = begun(&place, &raw, None).await;
    let error = sent(&place, &raw, &id, None).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("PutSnapshotBlock of {id} block "))
            && error.contains("ValidationException"),
        "{error}"
    );
    let snapshots = proxy.state()["snapshots"].clone();
    assert_eq!(snapshots[0]["blocks"], Value::Array(vec![]));
    assert!(puts(&proxy) <= 2, "refused is not tried again");
}

/// Between the SDK and the proxy: the last byte of each block is another.
fn spoiling(proxy: &Proxy) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let there = proxy.endpoint().trim_start_matches("http://").to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let there = there.clone();
            thread::spawn(move || spoil(stream.unwrap(), &there));
        }
    });
    here
}

fn spoil(mut client: TcpStream, there: &str) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let text = String::from_utf8(head.clone()).unwrap();
    let length = text
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).unwrap();
    if text.contains("/blocks/") {
        *body.last_mut().unwrap() ^= 1;
    }
    let mut server = TcpStream::connect(there).unwrap();
    server.write_all(&head).unwrap();
    server.write_all(&body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    client.write_all(&answer).ok();
}

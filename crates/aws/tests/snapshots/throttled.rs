//! AWS that throttles: at any rate the content comes, without a storm of calls; and for ever is an error.

use std::time::Instant;

use aws::describe;
use aws::snapshots::{Pace, ReadError, digest};
use blocks::BLOCK;
use serde_json::{Value, json};

use crate::common::Proxy;
use crate::{PACE, as_file, as_made, place, register};

/// So many blocks, each another.
fn many(count: usize) -> Vec<(usize, Vec<u8>)> {
    (0..count).map(|index| (index * 2 + 1, vec![u8::try_from(index % 251 + 1).unwrap(); BLOCK])).collect()
}

#[tokio::test]
async fn at_any_rate_the_content_comes() {
    let proxy = Proxy::start();
    let blocks = many(150);
    let image = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": as_made(&blocks)}));
    let expected = as_file(&blocks, 1).content_digest;
    let place = place(&proxy, None).await;
    let every = |k: u32| json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": k}]);
    let burst = |nth: u32, count: u32| json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "nth": nth, "count": count}]);
    let mut cases: Vec<Value> = [2, 3, 5, 10].map(every).into();
    cases.extend([burst(1, 20), burst(40, 40)]);
    // By status alone, and the list as well.
    cases.push(json!([{"kind": "http-503", "operation": "GetSnapshotBlock", "every": 4}]));
    cases.push(json!([{"kind": "throttle", "operation": "ListSnapshotBlocks", "nth": 1, "count": 5}]));
    for faults in cases {
        proxy.reset_calls();
        proxy.faults(&faults);
        let described = describe(&place, &image).await.unwrap();
        let read = digest(&place, described, PACE).await.unwrap();
        assert_eq!(read.disks[0].digested.content_digest, expected, "{faults}");
        let calls = proxy.operations().iter().filter(|call| *call == "ebs:GetSnapshotBlock").count();
        // Twice as many as needed, where every second one is throttled, and no more.
        assert!((150..=310).contains(&calls), "{faults}: {calls} calls");
    }
}

#[tokio::test]
async fn throttled_for_ever_is_an_error_that_says_so_and_no_storm() {
    let proxy = Proxy::start();
    let image = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": as_made(&many(100))}));
    let place = place(&proxy, None).await;
    for operation in ["GetSnapshotBlock", "ListSnapshotBlocks"] {
        proxy.reset_calls();
        proxy.faults(&json!([{"kind": "throttle", "operation": operation, "every": 1}]));
        let described = describe(&place, &image).await.unwrap();
        let begun = Instant::now();
        let error = digest(&place, described, Pace { patience: 8, ..PACE }).await.unwrap_err();
        assert!(matches!(error, ReadError::Throttled { rounds: 9, .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("Rate exceeded") && said.contains("throttled 9 times in a row"), "{said}");
        // The first sixteen, half of that, …, then one by one; each tried twice by the SDK.
        let calls = proxy.operations().iter().filter(|call| call.ends_with(operation)).count();
        assert!(calls <= 2 * (16 + 8 + 4 + 2 + 6), "{operation}: {calls} calls");
        assert!(begun.elapsed().as_secs() < 120);
    }
}

/// Three disks, and what AWS allows is no more for that: one limiter is behind all of them.
#[tokio::test]
async fn the_disks_of_an_image_are_read_beside_each_other_and_no_faster_than_one() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let blocks = many(50);
    let snapshots: Vec<String> = (0..3)
        .map(|_| proxy.make("snapshot", &json!({"size_gib": 1, "blocks": as_made(&blocks)})))
        .map(|made| made["snapshot"].as_str().unwrap().to_owned())
        .collect();
    let devices = ["/dev/sda1", "/dev/sdb", "/dev/sdc"];
    let disks: Vec<_> = devices.into_iter().zip(snapshots.iter().map(String::as_str)).collect();
    let image = register(&place, "several", &disks).await;
    let described = describe(&place, &image).await.unwrap();

    proxy.settings(&json!({"latency_ms": {"ebs:GetSnapshotBlock": 50}}));
    proxy.faults(&json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": 3}]));
    proxy.reset_calls();
    let read = digest(&place, described.clone(), Pace { begin: 4, most: 8, ..PACE }).await.unwrap();
    let expected = as_file(&blocks, 1).content_digest;
    for (disk, (device, snapshot)) in read.disks.iter().zip(&disks) {
        assert_eq!((disk.device.as_str(), disk.snapshot.as_str()), (*device, *snapshot));
        assert_eq!(disk.digested.content_digest, expected);
    }
    let calls: Vec<String> = proxy
        .calls()
        .iter()
        .filter(|call| call["operation"] == "GetSnapshotBlock")
        .map(Value::to_string)
        .collect();
    assert!((150..=310).contains(&calls.len()), "{} calls", calls.len());
    let first_end =
        snapshots.iter().filter_map(|one| calls.iter().rposition(|call| call.contains(one))).min();
    for snapshot in &snapshots {
        assert!(calls.iter().position(|call| call.contains(snapshot)) < first_end, "{snapshot} had to wait");
    }

    // Each list is answered before the first block is, on a busy machine too.
    proxy.settings(&json!({"latency_ms": {"ebs:GetSnapshotBlock": 300}}));
    proxy.faults(&json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": 1}]));
    proxy.reset_calls();
    let error = digest(&place, described, Pace { patience: 8, ..PACE }).await.unwrap_err();
    assert!(matches!(error, ReadError::Throttled { rounds: 9, .. }), "{error}");
    let calls = proxy.operations().iter().filter(|call| call.ends_with("GetSnapshotBlock")).count();
    // As for one disk; each list that was answered had made room for one more.
    assert!(calls <= 2 * (19 + 9 + 4 + 2 + 6), "{calls} calls");
}

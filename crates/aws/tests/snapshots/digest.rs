//! Hashed, and nothing else.

use aws::snapshots::{content_digest, read_snapshot};
use aws::{ImageError, describe};
use blocks::BLOCK;
use model::{Architecture, BootMode};
use serde_json::json;

use crate::common::{self, Proxy, REGION};
use crate::{PACE, as_file, as_made, between, place, written};

#[tokio::test]
async fn an_image_has_the_digest_of_the_same_raw_file_also_when_aws_is_busy() {
    let proxy = Proxy::start();
    let blocks = written();
    let image = proxy.make_image(&json!({
        "name": "golden", "size_gib": 1, "blocks": as_made(&blocks), "boot_mode": "uefi", "imds_support": "v2.0",
        "tpm_support": "v2.0", "root_device_name": "/dev/xvda", "tags": {"hallmark:bake-id": "x"},
    }));
    let place = place(&proxy, None).await;
    let expected = as_file(&blocks, 1);
    for faults in [
        json!([]),
        json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": 3}]),
        json!([{"kind": "http-500", "operation": "GetSnapshotBlock", "every": 5}]),
        json!([{"kind": "cut-after", "operation": "GetSnapshotBlock", "every": 7}]),
        json!([{"kind": "throttle", "operations": ["ListSnapshotBlocks", "DescribeImages"], "nth": 1}]),
    ] {
        proxy.faults(&faults);
        let read = content_digest(&place, &image, |_| {}).await.unwrap();
        let [disk] = read.disks.as_slice() else { panic!("{read:?}") };
        assert_eq!(disk.digested.content_digest, expected.content_digest, "{faults}");
        assert_eq!((disk.digested.size_bytes, disk.digested.data_blocks), (1 << 30, 72), "{faults}");
        assert_eq!(disk.device, "/dev/xvda");
        let map = disk.map.as_ref().unwrap();
        assert_eq!(map.content_digest().unwrap(), expected.content_digest);
        assert_eq!(map.blocks().iter().map(|(index, _)| *index).max(), Some(2047));
        let found = read.image;
        assert_eq!(found.id, image);
        assert_eq!((found.architecture, found.boot_mode), (Some(Architecture::Amd64), Some(BootMode::Uefi)));
        assert_eq!((found.imds_v2, found.ena, found.tpm.as_deref()), (true, true, Some("v2.0")));
        assert_eq!((found.owner.as_str(), found.region.as_str()), (common::ACCOUNT, REGION));
        assert_eq!(found.tags["hallmark:bake-id"], "x");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_ready_has_no_digest() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let error = describe(&place, "ami-0123456789abcdef0").await.unwrap_err();
    assert!(matches!(error, ImageError::NotThere { .. }), "{error}");
    assert!(read_snapshot(&place, "snap-0123456789abcdef0", PACE).await.is_err());
    // Empty, and of another size.
    let made = proxy.make("snapshot", &json!({"size_gib": 3, "blocks": {}}));
    let read = read_snapshot(&place, made["snapshot"].as_str().unwrap(), PACE).await.unwrap();
    assert_eq!(read.digested.content_digest, as_file(&[], 3).content_digest);
    // Refused is not tried for long, and says where.
    let image = proxy.make_image(&json!({"name": "a", "blocks": {"0": 1}}));
    let refused = json!([{"kind": "error", "operation": "GetSnapshotBlock", "code": "AccessDeniedException", "status": 403, "count": null}]);
    proxy.faults(&refused);
    let error = content_digest(&place, &image, |_| {}).await.unwrap_err().to_string();
    assert!(
        error.starts_with("GetSnapshotBlock of snap-") && error.contains("block 0 in us-east-1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_list_of_many_pages_is_read_to_its_end() {
    let proxy = Proxy::start();
    let blocks: Vec<(usize, Vec<u8>)> = (0..230).map(|index| (index, vec![9; BLOCK])).collect();
    let made = proxy.make("snapshot", &json!({"size_gib": 1, "blocks": as_made(&blocks)}));
    let snapshot = made["snapshot"].as_str().unwrap();
    let endpoint = between(
        &proxy,
        |_, answer| answer,
        |line| match line.split_once("/blocks?") {
            Some((head, rest)) => format!("{head}/blocks?maxResults=100&{rest}"),
            None => line.replace("/blocks HTTP", "/blocks?maxResults=100 HTTP"),
        },
    );
    let read = read_snapshot(&*place(&proxy, Some(&endpoint)).await, snapshot, PACE).await.unwrap();
    assert_eq!(read.digested.content_digest, as_file(&blocks, 1).content_digest);
    let lists = proxy.operations().iter().filter(|call| *call == "ebs:ListSnapshotBlocks").count();
    assert_eq!(lists, 3);
}

#[tokio::test]
async fn a_byte_that_is_changed_on_its_way_is_an_error_and_never_a_digest() {
    let proxy = Proxy::start();
    let made = proxy.make("snapshot", &json!({"size_gib": 1, "blocks": {"0": 1, "3": 2}}));
    let snapshot = made["snapshot"].as_str().unwrap();
    let is_block_3 = |line: &str| line.contains("/blocks/3?");
    assert!(is_block_3("GET /snapshots/snap-1/blocks/3?blockToken=x HTTP/1.1"));
    type Change = fn(&str, Vec<u8>) -> Vec<u8>;
    let table: &[(Change, &str)] = &[
        (
            |line, mut answer| {
                if line.contains("/blocks/3?") {
                    *answer.last_mut().unwrap() ^= 1;
                }
                answer
            },
            "block 3 in us-east-1: has other bytes than its checksum",
        ),
        (
            |line, mut answer| {
                if line.contains("/blocks/3?") {
                    answer.truncate(answer.len() - 100);
                }
                answer
            },
            "block 3 in us-east-1: broke off",
        ),
        (
            |line, answer| {
                if !line.contains("/blocks/3?") {
                    return answer;
                }
                let at = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
                let head = String::from_utf8(answer[..at].to_vec()).unwrap();
                let kept: Vec<&str> = head
                    .lines()
                    .filter(|line| !line.to_ascii_lowercase().starts_with("x-amz-checksum"))
                    .collect();
                [kept.join("\r\n").as_bytes(), &answer[at..]].concat()
            },
            "block 3 in us-east-1: came without a SHA-256",
        ),
    ];
    for (change, says) in table {
        let endpoint = between(&proxy, *change, str::to_owned);
        let error = read_snapshot(&*place(&proxy, Some(&endpoint)).await, snapshot, PACE)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
}

//! The proxy that stands for AWS, held to its own README: its tests are Python's, by the Python that runs it.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_ebs::primitives::ByteStream;
use aws_sdk_ebs::types::{ChecksumAggregationMethod, ChecksumAlgorithm};
use aws_sdk_ec2::error::ProvideErrorMetadata as _;
use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{BlockDeviceMapping, EbsBlockDevice};
use aws_sdk_ssm::types::ParameterType;
use common::{ACCOUNT, Proxy, REGION, SECRET, access_key, package_folder, python_command};
use serde_json::json;

#[test]
fn the_proxys_own_tests_pass() {
    let output = python_command()
        .args([
            "-W",
            "ignore",
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "fidelity/tests",
            "--top-level-directory",
            ".",
        ])
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// unittest finds nothing in a folder that was moved, and says that all is well.
#[test]
fn each_file_of_tests_is_found() {
    let folder = package_folder().join("fidelity/tests");
    let files = folder
        .read_dir()
        .expect("the folder is there")
        .map(|entry| entry.expect("it is readable").file_name());
    let tests = files.filter(|name| name.to_string_lossy().starts_with("test_")).count();
    assert!(tests >= 5, "{tests} files of tests in {}", folder.display());
}

#[test]
fn the_helper_speaks_to_it() {
    let proxy = Proxy::start();
    let image = proxy.make_image(&json!({ "name": "base", "blocks": { "0": 7 }, "tags": { "a": "b" } }));
    let state = proxy.state();
    assert_eq!(state["images"][0]["id"], image.as_str());
    assert_eq!(state["images"][0]["account"], ACCOUNT);
    assert_eq!(proxy.settings(&json!({ "image_pending": { "looks": 2 } }))["image_pending"]["looks"], 2);
    proxy.faults(&json!([{ "kind": "throttle", "operation": "ec2:CopyImage" }]));
    assert!(proxy.operations().is_empty());
    proxy.snapshot("one");
    proxy.reset();
    assert_eq!(proxy.state()["images"], json!([]));
    proxy.restore("one");
    assert_eq!(proxy.state()["images"][0]["id"], image.as_str());
    assert!(
        proxy.env().iter().any(|(name, value)| *name == "AWS_ENDPOINT_URL" && *value == proxy.endpoint())
    );
}

/// SHA-256 of a block of sevens, and of that digest: the checksum of a snapshot that has this block only.
const BLOCK_CHECKSUM: &str = "tAwxgAgWAt0K1xXWD3v780t3erlGZ/MYbDLRljAlS8c=";
const SNAPSHOT_CHECKSUM: &str = "SV/e6g43nxpU1TELkq8HBEiUDZwfTQED9uEckk73Z0k=";

#[tokio::test]
async fn the_rust_sdk_reads_its_answers() {
    let proxy = Proxy::start();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(proxy.endpoint())
        .credentials_provider(Credentials::new(access_key(ACCOUNT), SECRET, None, None, "a test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    let (ec2, ebs) = (aws_sdk_ec2::Client::new(&config), aws_sdk_ebs::Client::new(&config));
    let (ssm, sts) = (aws_sdk_ssm::Client::new(&config), aws_sdk_sts::Client::new(&config));

    assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some(ACCOUNT));

    let started = ebs.start_snapshot().volume_size(1).client_token("token").send().await.unwrap();
    let snapshot = started.snapshot_id().unwrap();
    let put = |checksum: &str| {
        ebs.put_snapshot_block()
            .snapshot_id(snapshot)
            .block_index(3)
            .block_data(ByteStream::from(vec![7; 524_288]))
            .data_length(524_288)
            .checksum(checksum)
            .checksum_algorithm(ChecksumAlgorithm::ChecksumAlgorithmSha256)
            .send()
    };
    let refused = put(SNAPSHOT_CHECKSUM).await.unwrap_err();
    assert!(refused.request_id().is_some());
    assert!(refused.into_service_error().is_validation_exception());
    assert_eq!(put(BLOCK_CHECKSUM).await.unwrap().checksum(), Some(BLOCK_CHECKSUM));
    let completed = ebs
        .complete_snapshot()
        .snapshot_id(snapshot)
        .changed_blocks_count(1)
        .checksum(SNAPSHOT_CHECKSUM)
        .checksum_algorithm(ChecksumAlgorithm::ChecksumAlgorithmSha256)
        .checksum_aggregation_method(ChecksumAggregationMethod::ChecksumAggregationLinear)
        .send()
        .await
        .unwrap();
    assert_eq!(completed.status().unwrap().as_str(), "completed");
    let listed = ebs.list_snapshot_blocks().snapshot_id(snapshot).send().await.unwrap();
    let block = &listed.blocks()[0];
    let read = ebs
        .get_snapshot_block()
        .snapshot_id(snapshot)
        .block_index(block.block_index().unwrap())
        .block_token(block.block_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(read.checksum(), Some(BLOCK_CHECKSUM));
    assert_eq!(read.block_data.collect().await.unwrap().to_vec(), vec![7; 524_288]);

    let device = BlockDeviceMapping::builder()
        .device_name("/dev/xvda")
        .ebs(EbsBlockDevice::builder().snapshot_id(snapshot).build())
        .build();
    let register = || {
        ec2.register_image()
            .name("registered")
            .root_device_name("/dev/xvda")
            .block_device_mappings(device.clone())
            .send()
    };
    let image = register().await.unwrap().image_id().unwrap().to_owned();
    let refused = register().await.unwrap_err();
    assert_eq!((refused.code(), refused.request_id().is_some()), (Some("InvalidAMIName.Duplicate"), true));
    let described = ec2.describe_images().image_ids(&image).send().await.unwrap();
    let described = &described.images()[0];
    assert_eq!(described.block_device_mappings()[0].ebs().unwrap().snapshot_id(), Some(snapshot));

    let parameter = || ssm.put_parameter().name("/images/one").value(&image).r#type(ParameterType::String);
    assert_eq!(parameter().data_type("aws:ec2:image").send().await.unwrap().version(), 1);
    let found = ssm.get_parameter().name("/images/one").send().await.unwrap();
    assert_eq!(found.parameter().unwrap().value(), Some(image.as_str()));
    let refused = parameter().send().await.unwrap_err();
    assert!(refused.into_service_error().is_parameter_already_exists());

    proxy.faults(&json!([{ "kind": "throttle" }, { "kind": "cut-after", "operation": "CopyImage" }]));
    let throttled = ec2.describe_images().send().await.unwrap_err();
    assert_eq!(throttled.code(), Some("RequestLimitExceeded"));
    let copy =
        ec2.copy_image().source_image_id(&image).source_region(REGION).name("copy").send().await.unwrap_err();
    assert!(copy.as_service_error().is_none());
    assert_eq!(proxy.state()["images"].as_array().unwrap().len(), 2);
}

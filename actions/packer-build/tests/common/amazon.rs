//! The real Packer with its real plugin for AWS, against the layer for tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    dead_code,
    reason = "helpers of tests"
)]

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::common::path;
use crate::world::{ACCOUNT, Proxy, REGION, SECRET, access_key, python_command};
use serde_json::{Value, json};

/// The folder that Packer finds the plugin in, installed once for each test program.
pub(crate) fn plugins() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let bin = env::var("HALLMARK_TEST_BIN_DIR")
            .map(PathBuf::from)
            .expect("HALLMARK_TEST_BIN_DIR is not set: `make test` sets it, with packer-plugin-amazon in it");
        // Through no link: Packer asks the file for its name.
        let plugin = bin.join("packer-plugin-amazon").canonicalize().expect("packer-plugin-amazon is there");
        let installed = Command::new(bin.join("packer"))
            .args(["plugins", "install", "--path"])
            .arg(plugin)
            .arg("github.com/hashicorp/amazon")
            .env("PACKER_PLUGIN_PATH", folder.path())
            .env("CHECKPOINT_DISABLE", "1")
            .env("PATH", path())
            .output()
            .unwrap();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        folder
    });
    folder.path()
}

/// A template that makes an image of another, after `steps` (HCL in the build) and with `more` in its source.
pub(crate) fn template(more: &str, steps: &str) -> String {
    r#"packer {
  required_plugins {
    amazon = {
      version = ">= 1.8.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
variable "hallmark_run_tags" {
  type    = map(string)
  default = {}
}
variable "endpoint" { type = string }
variable "source_ami" { type = string }
variable "image_name" { type = string }

source "amazon-ebs" "small" {
  region                     = "us-east-1"
  custom_endpoint_ec2        = var.endpoint
  skip_region_validation     = true
  skip_metadata_api_check    = true
  skip_credential_validation = true
  communicator               = "none"
  instance_type              = "t3.micro"
  source_ami                 = var.source_ami
  ami_name                   = var.image_name
  force_deregister           = true
  run_tags                   = var.hallmark_run_tags
  run_volume_tags            = var.hallmark_run_tags
  tags                       = var.hallmark_run_tags
  snapshot_tags              = var.hallmark_run_tags
  aws_polling {
    delay_seconds = 1
    max_attempts  = 60
  }
  MORE
}

build {
  sources = ["source.amazon-ebs.small"]
  STEPS
}
"#
    .replace("MORE", more)
    .replace("STEPS", steps)
}

/// What Packer gets of the environment.
pub(crate) const PASSED: &str = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL";

/// The image that templates begin with: two blocks of data in 1 GiB.
pub(crate) fn base(proxy: &Proxy) -> String {
    proxy.make_image(&json!({"name": "base", "size_gib": 1, "blocks": {"0": 7, "5": 9}, "boot_mode": "uefi"}))
}

/// All that there is in the account, as an unrelated client sees it: kind and id.
pub(crate) fn inventory(proxy: &Proxy) -> Vec<String> {
    const SCRIPT: &str = r#"
import json, sys, boto3
endpoint, key, secret, *regions = sys.argv[1:]
found = []
for region in regions:
    ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
    for reservation in ec2.describe_instances()["Reservations"]:
        found += ["instance " + one["InstanceId"] for one in reservation["Instances"] if one["State"]["Name"] != "terminated"]
    found += ["volume " + one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]]
    found += ["image " + one["ImageId"] for one in ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]]
    found += ["snapshot " + one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]]
    found += ["group " + one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"]
    found += ["key " + one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]]
print(json.dumps(sorted(found)))
"#;
    let output = python_command()
        .args(["-c", SCRIPT, &proxy.endpoint(), &access_key(ACCOUNT), SECRET, REGION, "us-west-2"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    found.into_iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Somebody else deregisters an image.
pub(crate) fn deregister(proxy: &Proxy, image: &str) {
    const SCRIPT: &str = r#"
import sys, boto3
endpoint, key, secret, region, image = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
ec2.deregister_image(ImageId=image)
"#;
    let status = python_command()
        .args(["-c", SCRIPT, &proxy.endpoint(), &access_key(ACCOUNT), SECRET, REGION, image])
        .status()
        .unwrap();
    assert!(status.success());
}

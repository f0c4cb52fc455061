//! The content of images through EBS direct, by the real SDK, held against the same bytes in a file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "../common/mod.rs"]
mod common;
mod digest;
mod fetch;
mod throttled;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use aws::snapshots::Pace;
use aws::{Account, LIMITS, Limits, Place};
use aws_sdk_ec2::types::{ArchitectureValues, BlockDeviceMapping, EbsBlockDevice};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{BLOCK, Digested, digest_file};
use common::{ACCOUNT, Proxy, REGION};
use serde_json::{Value, json};

const MEGA: usize = 1 << 20;

/// As the usual one, in few seconds, as a test has them.
const PACE: Pace = Pace {
    begin: 16,
    most: 64,
    pause: Duration::from_millis(8),
    longest: Duration::from_millis(60),
    patience: 20,
};

/// Calls are counted here: none is made again because a busy machine was slow to answer.
fn limits() -> Limits {
    Limits { read: Duration::from_secs(60), attempt: Duration::from_secs(90), attempts: 12, ..LIMITS }
}

async fn place(proxy: &Proxy, endpoint: Option<&str>) -> Rc<Place> {
    place_of(proxy, ACCOUNT, endpoint).await
}

/// The proxy as an account sees it; its blocks by another way where one is given.
async fn place_of(proxy: &Proxy, account: &str, endpoint: Option<&str>) -> Rc<Place> {
    let mut env: Vec<(&str, String)> = proxy.env_of(account, REGION);
    if let Some(endpoint) = endpoint {
        env.push(("AWS_ENDPOINT_URL_EBS", endpoint.to_owned()));
    }
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    Account::open(&env, REGION, &limits()).await.unwrap().place(REGION)
}

/// An image of several snapshots.
async fn register(place: &Place, name: &str, disks: &[(&str, &str)]) -> String {
    let mappings = disks.iter().map(|(device, snapshot)| {
        let ebs = EbsBlockDevice::builder().snapshot_id(*snapshot).build();
        BlockDeviceMapping::builder().device_name(*device).ebs(ebs).build()
    });
    let made = place
        .ec2
        .register_image()
        .name(name)
        .architecture(ArchitectureValues::X8664)
        .root_device_name(disks[0].0)
        .set_block_device_mappings(Some(mappings.collect()))
        .send()
        .await
        .unwrap();
    made.image_id.unwrap()
}

/// Blocks with something in them: more than are asked for at once, the first and the last, one of zeros, and one that is
/// all zero but for a byte.
fn written() -> Vec<(usize, Vec<u8>)> {
    let mut blocks: Vec<(usize, Vec<u8>)> =
        (0..70).map(|index| (index * 3, vec![u8::try_from(index + 1).unwrap(); BLOCK])).collect();
    let mut nearly = vec![0; BLOCK];
    nearly[BLOCK - 1] = 1;
    blocks.extend([(400, vec![0; BLOCK]), (401, nearly), (2047, vec![255; BLOCK])]);
    blocks
}

fn as_made(blocks: &[(usize, Vec<u8>)]) -> Value {
    let of = |bytes: &[u8]| match bytes.iter().all(|byte| *byte == bytes[0]) {
        true => json!(bytes[0]),
        false => json!(STANDARD.encode(bytes)),
    };
    blocks
        .iter()
        .map(|(index, bytes)| (index.to_string(), of(bytes)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The same bytes in a raw file.
fn as_file(blocks: &[(usize, Vec<u8>)], gib: u64) -> Digested {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    let file = File::create(&path).unwrap();
    file.set_len(gib << 30).unwrap();
    for (index, bytes) in blocks {
        file.write_all_at(bytes, (index * BLOCK) as u64).unwrap();
    }
    digested(&path)
}

fn digested(path: &Path) -> Digested {
    digest_file(path, &blocks::Options::default()).unwrap()
}

/// Between the SDK and the proxy: changes what passes.
fn between(proxy: &Proxy, change: fn(&str, Vec<u8>) -> Vec<u8>, ask: fn(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let there = proxy.endpoint().trim_start_matches("http://").to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let there = there.clone();
            thread::spawn(move || pass(stream.unwrap(), &there, change, ask));
        }
    });
    here
}

fn pass(mut client: TcpStream, there: &str, change: fn(&str, Vec<u8>) -> Vec<u8>, ask: fn(&str) -> String) {
    let mut head = Vec::new();
    let mut byte = [0];
    // Reading has no bodies.
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap();
    let mut server = TcpStream::connect(there).unwrap();
    write!(server, "{}\r\n{rest}", ask(line)).unwrap();
    let mut answer = Vec::with_capacity(MEGA);
    server.read_to_end(&mut answer).unwrap();
    let line = line.to_owned();
    client.write_all(&change(&line, answer)).ok();
}

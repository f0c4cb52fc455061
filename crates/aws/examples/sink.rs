//! A plain HTTP server that takes the calls of EBS direct, checks nothing and keeps nothing: what a client can do when the
//! service is no limit. `make bench` measures clients against it. The snapshot that can be read has one block, over and over.
//!
//! usage: sink MILLISECONDS BLOCKS        each block is answered after so long, and so many can be read; prints
//! `ready http://127.0.0.1:PORT`, and ends when its standard input does. `GET /count` gives `{"calls", "blocks", "bytes"}` and
//! begins to count anew.

use std::io::{BufRead as _, BufReader, Read, Write as _, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{BLOCK, GIB};
use model::Sha256;

static CALLS: AtomicU64 = AtomicU64::new(0);
static BLOCKS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

const SNAPSHOT: &str = "snap-0123456789abcdef0";

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program of its own, with no context around it"
)]
fn main() -> ExitCode {
    let number = |n| std::env::args().nth(n)?.parse::<u64>().ok();
    let (Some(wait), Some(count), Ok(listener)) = (number(1), number(2), TcpListener::bind("127.0.0.1:0"))
    else {
        eprintln!("usage: sink MILLISECONDS BLOCKS");
        return ExitCode::from(2);
    };
    match listener.local_addr() {
        Ok(address) => println!("ready http://{address}"),
        Err(_) => return ExitCode::from(2),
    }
    let snapshot = Arc::new(Snapshot::new(count));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let snapshot = Arc::clone(&snapshot);
            thread::spawn(move || drop(serve(&stream, Duration::from_millis(wait), &snapshot)));
        }
    });
    drop(copy(&mut std::io::stdin(), &mut sink()));
    ExitCode::SUCCESS
}

/// The snapshot that is read.
struct Snapshot {
    /// Each of its blocks.
    block: Vec<u8>,
    /// The head of the answer that has a block.
    head: String,
    list: String,
}

impl Snapshot {
    fn new(count: u64) -> Self {
        // Bytes as good as any: no compression anywhere.
        let block: Vec<u8> =
            (0..BLOCK as u64 / 32).flat_map(|n| *Sha256::of(&n.to_le_bytes()).as_bytes()).collect();
        let checksum = STANDARD.encode(Sha256::of(&block).as_bytes());
        let head = format!(
            "HTTP/1.1 200 -\r\nContent-Length: {BLOCK}\r\nx-amz-Data-Length: {BLOCK}\r\nx-amz-Checksum: {checksum}\r\n\
             x-amz-Checksum-Algorithm: SHA256\r\n\r\n"
        );
        let blocks: Vec<_> =
            (0..count).map(|n| format!(r#"{{"BlockIndex": {n}, "BlockToken": "token"}}"#)).collect();
        let gib = (count * BLOCK as u64).div_ceil(GIB).max(1);
        let list =
            format!(r#"{{"VolumeSize": {gib}, "BlockSize": {BLOCK}, "Blocks": [{}]}}"#, blocks.join(", "));
        Self { block, head, list }
    }
}

/// Answers the calls of one connection until it ends.
fn serve(stream: &TcpStream, wait: Duration, snapshot: &Snapshot) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let reads = line.starts_with("GET ");
        let mut to = stream;
        let (status, kind, said) = match line.split(' ').nth(1).unwrap_or_default() {
            "/count" => {
                let counts = [&CALLS, &BLOCKS, &BYTES].map(|count| count.swap(0, Relaxed));
                let [calls, blocks, bytes] = counts;
                (200, "json", format!(r#"{{"calls": {calls}, "blocks": {blocks}, "bytes": {bytes}}}"#))
            }
            "/" | "" => (200, "xml", asked(&mut reader, &mut length)?),
            path if reads && path.contains("/blocks/") => {
                CALLS.fetch_add(1, Relaxed);
                BLOCKS.fetch_add(1, Relaxed);
                BYTES.fetch_add(BLOCK as u64, Relaxed);
                thread::sleep(wait);
                to.write_all(snapshot.head.as_bytes())?;
                to.write_all(&snapshot.block)?;
                continue;
            }
            path if reads && path.contains("/blocks") => (200, "json", snapshot.list.clone()),
            path if path.contains("/blocks/") => {
                BLOCKS.fetch_add(1, Relaxed);
                BYTES.fetch_add(length, Relaxed);
                thread::sleep(wait);
                (201, "json", "{}".into())
            }
            _ => (
                201,
                "json",
                format!(r#"{{"SnapshotId": "{SNAPSHOT}", "BlockSize": 524288, "Status": "completed"}}"#),
            ),
        };
        CALLS.fetch_add(1, Relaxed);
        copy(&mut reader.by_ref().take(length), &mut sink())?;
        let size = said.len();
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: application/{kind}\r\nContent-Length: {size}\r\n\r\n"
        );
        to.write_all((head + &said).as_bytes())?;
    }
}

/// Who asks, and what became of a snapshot: EC2's and STS's calls.
fn asked(reader: &mut impl Read, length: &mut u64) -> std::io::Result<String> {
    let mut body = String::new();
    reader.take(*length).read_to_string(&mut body)?;
    *length = 0;
    Ok(match body.contains("GetCallerIdentity") {
        true => "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/bench</Arn>\
            <UserId>bench</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            .to_owned(),
        false => format!(
            "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>{SNAPSHOT}</snapshotId><status>completed</status>\
            </item></snapshotSet></DescribeSnapshotsResponse>"
        ),
    })
}

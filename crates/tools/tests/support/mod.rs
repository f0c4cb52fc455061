//! What the tests of this crate share: a web server on loopback, archives, and a lock of one small tool.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking; this is all test")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::Sha256;
use tools::{Event, Limits, Lock, Mirror, Platform, Settings};

/// No file is left.
pub(crate) const NOTHING: [PathBuf; 0] = [];

/// What the tool of these tests consists of: larger than any buffer on the way.
pub(crate) fn executable() -> Vec<u8> {
    let mut bytes = b"#!/bin/sh\nexec echo probe 1.2.3\n# ".to_vec();
    bytes.extend((0..300_000u32).map(|i| b'a' + (i.wrapping_mul(2_654_435_761) >> 27) as u8 % 26));
    bytes.push(b'\n');
    bytes
}

/// How the server answers.
pub(crate) enum Reply {
    Whole(Vec<u8>),
    /// Announces more than it sends, then hangs up.
    Short(Vec<u8>),
    /// Sends this and then nothing more, until the server ends.
    Stall(Vec<u8>),
    /// Announces this many bytes and sends none.
    Announce(u64),
    /// Sends zeros in chunks for as long as somebody reads.
    Endless,
    Status(u16),
    Redirect(String),
    /// Sends this once so many are counted, or nothing when the server ends before that.
    Once(Arc<AtomicUsize>, usize, Vec<u8>),
}

/// A web server on loopback that answers with the given replies, the last one for ever.
pub(crate) struct Server {
    address: String,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    pub(crate) sent: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let sent = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let server = Self { address, asked: asked.clone(), sent: sent.clone(), stop: stop.clone() };
        let replies = Arc::new(replies);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (asked, sent, stop, replies) =
                    (asked.clone(), sent.clone(), stop.clone(), replies.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &replies, &asked, &sent, &stop));
            }
        });
        server
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Mirror::parse(&format!("http://{}/mirror", self.address)).unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

fn serve(
    stream: TcpStream,
    replies: &[Reply],
    asked: &Mutex<Vec<String>>,
    sent: &AtomicUsize,
    stop: &AtomicBool,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() || first.is_empty() {
        return;
    }
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
    let number = {
        let mut asked = asked.lock().unwrap();
        asked.push(first.split(' ').nth(1).unwrap_or_default().to_owned());
        asked.len() - 1
    };
    // Who asked may hang up at any time: that is what some of these tests are about.
    drop(answer(&stream, &replies[number.min(replies.len() - 1)], sent, stop));
}

fn answer(mut to: &TcpStream, reply: &Reply, sent: &AtomicUsize, stop: &AtomicBool) -> std::io::Result<()> {
    let head =
        |length: u64| format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    match reply {
        Reply::Whole(bytes) => {
            to.write_all(head(bytes.len() as u64).as_bytes())?;
            to.write_all(bytes)
        }
        Reply::Once(counted, enough, bytes) => {
            while counted.load(Ordering::SeqCst) < *enough {
                if stop.load(Ordering::SeqCst) {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            to.write_all(head(bytes.len() as u64).as_bytes())?;
            to.write_all(bytes)
        }
        Reply::Short(bytes) => {
            to.write_all(head(bytes.len() as u64 + 1000).as_bytes())?;
            to.write_all(bytes)
        }
        Reply::Stall(bytes) => {
            to.write_all(head(bytes.len() as u64 + 1000).as_bytes())?;
            to.write_all(bytes)?;
            sent.store(bytes.len(), Ordering::SeqCst);
            while !stop.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
        Reply::Announce(length) => to.write_all(head(*length).as_bytes()),
        Reply::Endless => {
            to.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                to.write_all(b"10000\r\n")?;
                to.write_all(&[0; 0x10000])?;
                to.write_all(b"\r\n")?;
                sent.fetch_add(0x10000, Ordering::SeqCst);
            }
        }
        Reply::Status(code) => to.write_all(
            format!("HTTP/1.1 {code} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").as_bytes(),
        ),
        Reply::Redirect(target) => to.write_all(
            format!(
                "HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n"
            )
            .as_bytes(),
        ),
    }
}

/// A zip archive of these members, as (name, bytes).
pub(crate) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    for (name, bytes) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A zip archive whose only member is a link.
pub(crate) fn zip_of_link(name: &str, target: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink(name, target, zip::write::SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A gzipped tar archive of these members, as (type, name, bytes or link target). Names go in as they are.
pub(crate) fn tar_gz_of(members: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    for (kind, name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        let data: &[u8] = if kind.is_file() { bytes } else { b"" };
        if !kind.is_file() {
            header.set_link_name_literal(bytes).unwrap();
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A lock of the one tool `probe`, published as this file.
pub(crate) fn lock(file: &str, asset: &[u8], more: &str) -> Lock {
    let platform = Platform::current().unwrap();
    let sha256 = Sha256::of(asset);
    Lock::parse(&format!(
        r#"
        schema = 1
        go = "1.26.8"
        [tool.probe]
        version = "1.2.3"
        [tool.probe.go]
        module = "example.com/probe"
        package = "example.com/probe/cmd"
        [tool.probe.platform.{platform}]
        url = "https://releases.example/probe/v1.2.3/{file}"
        sha256 = "{sha256}"
        {more}
        "#
    ))
    .unwrap()
}

/// Settings that reach nothing but this mirror, and lose no time.
pub(crate) fn settings(cache: &Path, mirror: Option<Mirror>) -> Settings {
    let limits = Limits {
        bytes: 4 << 20,
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(30),
        pause: Duration::from_millis(1),
        ..Limits::default()
    };
    Settings { mirror, limits, ..Settings::bare(cache, Platform::current().unwrap()) }
}

/// A program on a PATH of its own; gives the folder.
pub(crate) fn program(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder.to_owned()
}

/// Every file below a folder, but the locks.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        } else if path.parent().is_none_or(|parent| !parent.ends_with("locks")) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Collects events, without the many that only count bytes.
pub(crate) fn keep(events: &mut Vec<Event>) -> impl FnMut(Event) + '_ {
    |event| {
        if !event.is_progress() {
            events.push(event);
        }
    }
}

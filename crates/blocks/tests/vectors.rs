//! The test vectors of `FORMAT.md`, computed three ways: from the path, from a stream, and by an independent
//! Python script that was written from the page alone.

#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use blocks::{Options, digest_file, digest_reader};

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    size: u64,
    writes: Vec<Write>,
    digest: String,
}

#[derive(serde::Deserialize)]
struct Write {
    at: u64,
    fill: u8,
    length: usize,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn make(folder: &Path, vector: &Vector) -> PathBuf {
    let path = folder.join(&vector.name);
    let file = File::create_new(&path).unwrap();
    file.set_len(vector.size).unwrap();
    for write in &vector.writes {
        file.write_all_at(&vec![write.fill; write.length], write.at).unwrap();
    }
    path
}

/// A vector as a stream, made as it is read: gigabytes of zeros that are stored nowhere.
struct Stream<'a>(&'a Vector, u64);

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Stream(vector, at) = *self;
        let take = usize::try_from(vector.size - at).unwrap().min(buffer.len());
        buffer[..take].fill(0);
        for write in &vector.writes {
            let within = |offset: u64| usize::try_from(offset.saturating_sub(at)).unwrap().min(take);
            buffer[within(write.at)..within(write.at + write.length as u64)].fill(write.fill);
        }
        self.1 += take as u64;
        Ok(take)
    }
}

#[test]
fn every_vector_from_its_path_and_from_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    for vector in vectors() {
        let path = make(folder.path(), &vector);
        for threads in [1, 2, 7] {
            let options = Options { threads: NonZeroUsize::new(threads) };
            let digested = digest_file(&path, &options).unwrap();
            assert_eq!(digested.content_digest.sha256().to_string(), vector.digest, "{}", vector.name);
            assert_eq!(digested.size_bytes, vector.size);
        }
        let read = digest_reader(Stream(&vector, 0), Some(vector.size)).unwrap();
        assert_eq!(read.content_digest.sha256().to_string(), vector.digest, "{}", vector.name);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the second opinion is another program")]
fn every_vector_by_an_independent_program() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = vectors();
    let output = std::process::Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recompute.py"))
        .args(vectors.iter().map(|vector| make(folder.path(), vector)))
        .output()
        .expect("python3 recomputes the test vectors: install it, then run the tests again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<_> = vectors.iter().map(|vector| vector.digest.as_str()).collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_page_lists_exactly_these_vectors() {
    let page = include_str!("../FORMAT.md");
    let listed: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let vectors = vectors();
    assert_eq!(listed.len(), vectors.len());
    for (line, vector) in listed.iter().zip(&vectors) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        assert_eq!(cells[1], format!("`{}`", vector.name));
        assert_eq!(cells[2], vector.size.to_string());
        assert_eq!(cells[4], format!("`{}`", vector.digest), "{}", vector.name);
    }
}

#[test]
fn what_must_agree_agrees_and_what_must_differ_differs() {
    let vectors = vectors();
    let digest = |name: &str| &vectors.iter().find(|vector| vector.name == name).unwrap().digest;
    // Zeros are zeros, whether stored or not; and a disk is as large as its whole GiB.
    assert_eq!(digest("explicit-zeros"), digest("one-gib-of-hole"));
    assert_eq!(digest("one-zero-byte"), digest("one-gib-of-hole"));
    assert_eq!(digest("one-block"), digest("one-block-in-one-gib"));
    // Size and place count.
    assert_ne!(digest("empty"), digest("one-zero-byte"));
    assert_ne!(digest("one-gib-and-a-byte"), digest("one-gib-of-hole"));
    assert_ne!(digest("first-byte-of-one-gib"), digest("last-byte-of-one-gib"));
    assert_ne!(digest("odd-tail"), digest("zero-tail"));
}

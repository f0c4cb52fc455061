//! The digest of a disk that can only be read once, from front to back.

use std::io::{self, Read};

use model::Sha256;

use crate::{Assembler, BLOCK, Digested, Error, is_zero};

/// The content digest of a disk read from a stream.
///
/// The size leads the digest, so say it where it is known: the stream is then held to it, and memory is
/// constant. With `None` the block digests are kept until the end: 40 bytes for each block of data, 8 MB for 100 GB.
pub fn digest_reader(mut reader: impl Read, size_bytes: Option<u64>) -> Result<Digested, Error> {
    match size_bytes {
        Some(size) => known(&mut reader, size),
        None => unknown(&mut reader),
    }
}

fn known(reader: &mut dyn Read, size: u64) -> Result<Digested, Error> {
    let mut disk = Assembler::new(size)?;
    let mut zero_blocks = 0;
    let read = each_block(reader, &mut |index, sum| match sum {
        _ if index >= disk.blocks() => Err(Error::Length { expected: size, found: "more bytes" }),
        Some(sum) => disk.push(index, sum),
        None => {
            zero_blocks += 1;
            Ok(())
        }
    })?;
    match read.cmp(&size) {
        std::cmp::Ordering::Equal => Ok(disk.finish(zero_blocks)),
        std::cmp::Ordering::Less => Err(Error::Length { expected: size, found: "fewer bytes" }),
        std::cmp::Ordering::Greater => Err(Error::Length { expected: size, found: "more bytes" }),
    }
}

fn unknown(reader: &mut dyn Read) -> Result<Digested, Error> {
    let mut kept: Vec<(u64, Sha256)> = Vec::new();
    let mut zero_blocks = 0;
    let size = each_block(reader, &mut |index, sum| {
        match sum {
            Some(sum) => kept.push((index, *sum)),
            None => zero_blocks += 1,
        }
        Ok(())
    })?;
    let mut disk = Assembler::new(size)?;
    for (index, sum) in &kept {
        disk.push(*index, sum)?;
    }
    Ok(disk.finish(zero_blocks))
}

/// Takes a block's index, and its SHA-256 unless it is all zero.
type Take<'a> = &'a mut dyn FnMut(u64, Option<&Sha256>) -> Result<(), Error>;

/// Cuts a stream into blocks and gives each one's SHA-256, or `None` for zeros. Returns how many bytes there were.
fn each_block(reader: &mut dyn Read, take: Take<'_>) -> Result<u64, Error> {
    let mut block = vec![0; BLOCK];
    let mut read = 0;
    for index in 0.. {
        let filled = fill(reader, &mut block).map_err(|source| Error::Stream { offset: read, source })?;
        if filled == 0 {
            break;
        }
        read += filled as u64;
        block[filled..].fill(0);
        if is_zero(&block) {
            take(index, None)?;
        } else {
            take(index, Some(&Sha256::of(&block)))?;
        }
        if filled < BLOCK {
            break;
        }
    }
    Ok(read)
}

/// Reads until the buffer is full or the stream ends; a short read in the middle is not an end.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time and is interrupted before each.
    struct Trickle<'a>(&'a [u8], bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let take = self.0.len().min(buffer.len()).min(70_001);
            buffer[..take].copy_from_slice(&self.0[..take]);
            self.0 = &self.0[take..];
            Ok(take)
        }
    }

    #[test]
    fn short_and_interrupted_reads_change_nothing() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 17).map(|at| (at / 1000) as u8).collect();
        let whole = digest_reader(&bytes[..], Some(bytes.len() as u64)).unwrap();
        assert_eq!(digest_reader(Trickle(&bytes, false), None).unwrap(), whole);
        assert_eq!(digest_reader(Trickle(&bytes, false), Some(bytes.len() as u64)).unwrap(), whole);
    }

    #[test]
    fn a_stream_is_held_to_the_size_it_announced() {
        let bytes = vec![1; BLOCK + 1];
        for announced in [0, 1, BLOCK as u64, BLOCK as u64 + 2, 10 * BLOCK as u64] {
            let refused = digest_reader(&bytes[..], Some(announced));
            assert!(matches!(refused, Err(Error::Length { .. })), "{announced}");
        }
        assert!(digest_reader(&bytes[..], Some(BLOCK as u64 + 1)).is_ok());
    }

    #[test]
    fn a_failing_stream_says_where() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("unplugged"))
            }
        }
        let error = digest_reader(io::Cursor::new(vec![1; BLOCK]).chain(Broken), None).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read the stream at byte {BLOCK}: unplugged"));
    }
}

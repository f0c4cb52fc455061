//! Bytes into lines, pure: two streams merged in order of arrival, each line capped.

use std::borrow::Cow;

/// How much of a line is kept.
pub const LINE_CAP: usize = 1 << 20;

/// Which stream bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of output, without its newline; a line cut at [`LINE_CAP`] says so at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// From standard output.
    Stdout(Vec<u8>),
    /// From standard error.
    Stderr(Vec<u8>),
}

impl Line {
    fn new(stream: Stream, bytes: Vec<u8>) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout(bytes),
            Stream::Stderr => Self::Stderr(bytes),
        }
    }

    /// The stream it came from.
    #[must_use]
    pub fn stream(&self) -> Stream {
        match self {
            Self::Stdout(_) => Stream::Stdout,
            Self::Stderr(_) => Stream::Stderr,
        }
    }

    /// Its bytes as they came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Stdout(bytes) | Self::Stderr(bytes) => bytes,
        }
    }

    /// Its text, invalid UTF-8 replaced; still hostile.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }
}

/// Both streams of one program.
pub(crate) struct Merger {
    stdout: Splitter,
    stderr: Splitter,
}

impl Merger {
    pub(crate) fn new(cap: usize) -> Self {
        Self { stdout: Splitter::new(cap), stderr: Splitter::new(cap) }
    }

    pub(crate) fn push(&mut self, stream: Stream, bytes: &[u8], on_line: &mut dyn FnMut(Line)) {
        let splitter = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        splitter.push(bytes, &mut |line| on_line(Line::new(stream, line)));
    }

    /// Last lines that no newline ended.
    pub(crate) fn finish(self, on_line: &mut dyn FnMut(Line)) {
        self.stdout.finish(&mut |line| on_line(Line::Stdout(line)));
        self.stderr.finish(&mut |line| on_line(Line::Stderr(line)));
    }
}

struct Splitter {
    cap: usize,
    kept: Vec<u8>,
    dropped: u64,
}

impl Splitter {
    fn new(cap: usize) -> Self {
        Self { cap, kept: Vec::new(), dropped: 0 }
    }

    fn push(&mut self, mut bytes: &[u8], emit: &mut dyn FnMut(Vec<u8>)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..end]);
            emit(self.take());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    fn finish(mut self, emit: &mut dyn FnMut(Vec<u8>)) {
        if !self.kept.is_empty() || self.dropped > 0 {
            emit(self.take());
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = bytes.len().min(self.cap - self.kept.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.dropped += (bytes.len() - room) as u64;
    }

    fn take(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.kept);
        if self.dropped > 0 {
            line.extend_from_slice(format!(" [{} more bytes of this line dropped]", self.dropped).as_bytes());
            self.dropped = 0;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(cap: usize, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut splitter = Splitter::new(cap);
        for piece in pieces {
            splitter.push(piece, &mut |line| lines.push(line));
        }
        splitter.finish(&mut |line| lines.push(line));
        lines
    }

    #[test]
    fn bytes_to_lines() {
        type Bytes = &'static [&'static [u8]];
        let table: &[(Bytes, Bytes)] = &[
            (&[], &[]),
            (&[b""], &[]),
            (&[b"\n"], &[b""]),
            (&[b"a"], &[b"a"]),
            (&[b"a\n"], &[b"a"]),
            (&[b"a\nb"], &[b"a", b"b"]),
            (&[b"a", b"b\n", b"\nc"], &[b"ab", b"", b"c"]),
            (&[b"a\r\n"], &[b"a\r"]),
            (&[b"\xff\xfe\n\0"], &[b"\xff\xfe", b"\0"]),
            (&[b"1234\n"], &[b"1234"]),
            (&[b"12345\n6"], &[b"1234 [1 more bytes of this line dropped]", b"6"]),
            (&[b"12", b"345", b"67"], &[b"1234 [3 more bytes of this line dropped]"]),
        ];
        for (pieces, lines) in table {
            assert_eq!(split(4, pieces), *lines, "{pieces:?}");
        }
    }

    #[test]
    fn how_bytes_are_cut_up_does_not_matter() {
        let text = b"one\n\ntwo three four\nfive\xff";
        let whole = split(6, &[text]);
        for size in 1..text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(split(6, &pieces), whole, "pieces of {size}");
        }
    }
}

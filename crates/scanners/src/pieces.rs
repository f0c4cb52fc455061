//! A long JSON report in pieces, so that it is never in memory as a whole.
//!
//! Nearly all of a report is records: objects in a list, in an object, in a list, in the report. Of the lists that are asked
//! for, each record is handed out as it passes; everything else, with a placeholder for each record, is the *frame*. Only
//! strings and brackets are looked at here. Whether it is JSON the reader of frame and records decides, strictly and of
//! every byte: a whole of which every part is valid, with a value in the place of a value, is valid.

mod record;

use std::io::Read;

use memchr::{memchr_iter, memchr2, memrchr};

/// Deeper than any scanner nests, and shallow enough for whoever reads further.
const DEEPEST: usize = 128;
/// So much is read at once, at least.
const WINDOW: usize = 1 << 18;
/// Stands in the frame for a record: a value of its own, whatever is beside it.
pub(crate) const PLACEHOLDER: &str = " 0 ";

/// Why there are no pieces.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Reading failed.
    Unreadable(std::io::Error),
    /// It ends in the middle, at this line and column.
    Early(usize, usize),
    /// Brackets within brackets, at this line and column.
    Deep(usize, usize),
}

/// A record, and where it is.
pub(crate) struct Piece<'a> {
    /// Which object of the outer list it is in, from 0.
    pub(crate) outer: usize,
    /// The name of the inner list, as it is written, without quotes.
    pub(crate) list: &'a [u8],
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// The place of its first byte in the report.
    pub(crate) start: u64,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The column of its first byte, from 1.
    pub(crate) column: usize,
}

/// Who is given the records.
pub(crate) trait Take {
    /// What may be wrong with one.
    type Error: From<Broken>;

    /// Takes a record.
    fn take(&mut self, record: &Piece<'_>) -> Result<(), Self::Error>;

    /// Takes the record that the bytes begin with, if where it ends is known without looking for it: then that is its
    /// length. Else nothing is taken.
    fn take_known(&mut self, rest: &Piece<'_>) -> Option<usize>;
}

/// What is left of a report when its records are gone.
#[derive(Default)]
pub(crate) struct Frame {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// How many records have gone.
    pub(crate) records: usize,
    /// Where bytes of the frame lie in the report: from this byte of the frame on, so much further.
    moved: Vec<(usize, u64)>,
}

impl Frame {
    /// Where in the report a byte of the frame lies.
    pub(crate) fn in_report(&self, at: usize) -> u64 {
        let before = self.moved.partition_point(|(from, _)| *from <= at);
        let further = before.checked_sub(1).and_then(|last| self.moved.get(last)).map_or(0, |moved| moved.1);
        at as u64 + further
    }
}

/// Reads all of `report`. Of the lists `lists` in the objects of the list `outer`, `each` is given every record.
pub(crate) fn split<T: Take>(
    report: &mut dyn Read,
    outer: &[u8],
    lists: &[&[u8]],
    each: &mut T,
) -> Result<Frame, T::Error> {
    let mut walk = Walk { outer, lists, line: 1, ..Walk::default() };
    let mut window = Vec::new();
    loop {
        // As much again as is there: a record longer than a window is not gone over again and again.
        let wanted = window.len().max(WINDOW) as u64;
        let read = report.take(wanted).read_to_end(&mut window).map_err(Broken::Unreadable)?;
        if read == 0 {
            break;
        }
        walk.over(&window, each)?;
        window.drain(..walk.at);
        walk.from += std::mem::take(&mut walk.at) as u64;
    }
    if walk.in_string || !walk.open.is_empty() {
        // What is left is a record that has no end.
        walk.pass(&window);
        return Err(Broken::Early(walk.line, walk.column()).into());
    }
    Ok(walk.frame)
}

/// How far the report has been walked over.
#[derive(Default)]
struct Walk<'l> {
    outer: &'l [u8],
    lists: &'l [&'l [u8]],
    frame: Frame,
    /// The brackets that are open, each as its opening byte.
    open: Vec<u8>,
    /// The next byte in the window, and where the window begins in the report.
    at: usize,
    from: u64,
    in_string: bool,
    /// The window ended behind a backslash.
    escaped: bool,
    /// The last string in the report's own object or in one of the outer list: before a list it is the list's name.
    name: Vec<u8>,
    in_outer: bool,
    in_list: bool,
    /// The inner list's name.
    list: Vec<u8>,
    /// How many objects of the outer list have begun.
    objects: usize,
    line: usize,
    /// The place in the report of the line's first byte.
    line_start: u64,
}

impl Walk<'_> {
    fn column(&self) -> usize {
        usize::try_from((self.from + self.at as u64).saturating_sub(self.line_start)).unwrap_or(usize::MAX)
    }

    /// Goes over bytes whose lines count.
    fn pass(&mut self, bytes: &[u8]) {
        if let Some(last) = memrchr(b'\n', bytes) {
            self.line += memchr_iter(b'\n', bytes).count();
            self.line_start = self.from + (self.at + last) as u64 + 1;
        }
        self.at += bytes.len();
    }

    /// Goes on to the window's end; or to the beginning of a record that the window does not have all of.
    fn over<T: Take>(&mut self, window: &[u8], each: &mut T) -> Result<(), T::Error> {
        let mut framed = self.at;
        while let Some(&byte) = window.get(self.at) {
            if self.in_string {
                self.string(&window[self.at..]);
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    if self.names() {
                        self.name.clear();
                    }
                }
                b'{' if self.in_list && self.open.len() == 4 => {
                    self.frame.bytes.extend_from_slice(&window[framed..self.at]);
                    framed = self.at;
                    let Some(length) = self.record(&window[self.at..], each)? else { break };
                    self.leave_place(&window[self.at..self.at + length]);
                    framed = self.at;
                    continue;
                }
                b'{' | b'[' => self.open(byte)?,
                b'}' | b']' => {
                    self.open.pop();
                    self.in_list &= self.open.len() >= 4;
                    self.in_outer &= self.open.len() >= 2;
                }
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.from + self.at as u64 + 1;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.frame.bytes.extend_from_slice(&window[framed..self.at]);
        Ok(())
    }

    /// Hands out the record that `rest` begins with. Returns its length; none where `rest` ends before it does.
    fn record<T: Take>(&mut self, rest: &[u8], each: &mut T) -> Result<Option<usize>, T::Error> {
        let piece = |bytes| Piece {
            outer: self.objects - 1,
            list: &self.list,
            bytes,
            start: self.from + self.at as u64,
            line: self.line,
            column: self.column() + 1,
        };
        if let Some(length) = each.take_known(&piece(rest)) {
            return Ok(Some(length));
        }
        match record::length(rest, DEEPEST - self.open.len()) {
            Ok(Some(length)) => each.take(&piece(&rest[..length])).map(|()| Some(length)),
            Ok(None) => Ok(None),
            Err(record::Deep(at)) => {
                self.pass(&rest[..at]);
                Err(Broken::Deep(self.line, self.column() + 1).into())
            }
        }
    }

    /// Whether a string here may be the name of a list that is asked for.
    const fn names(&self) -> bool {
        matches!(self.open.len(), 1 | 3)
    }

    /// Goes on in a string.
    fn string(&mut self, rest: &[u8]) {
        if std::mem::take(&mut self.escaped) {
            self.at += 1;
            return;
        }
        let found = memchr2(b'"', b'\\', rest);
        let end = found.unwrap_or(rest.len());
        // No longer than any name could be.
        if self.names() && self.name.len() <= 64 {
            self.name.extend_from_slice(&rest[..end.min(65)]);
        }
        self.at += end;
        if found.is_some() {
            self.at += 1;
            if rest[end] == b'"' {
                self.in_string = false;
            } else {
                self.escaped = true;
                // An escaped name is none that is looked for.
                self.name.push(b'\\');
            }
        }
    }

    fn open(&mut self, byte: u8) -> Result<(), Broken> {
        self.open.push(byte);
        if self.open.len() > DEEPEST {
            return Err(Broken::Deep(self.line, self.column() + 1));
        }
        match *self.open.as_slice() {
            [b'{', b'['] => self.in_outer = self.name == self.outer,
            [b'{', b'[', b'{'] if self.in_outer => self.objects += 1,
            [b'{', b'[', b'{', b'['] if self.in_outer => {
                self.in_list = self.lists.contains(&self.name.as_slice());
                self.list.clone_from(&self.name);
            }
            _ => {}
        }
        Ok(())
    }

    /// Passes a record, and puts into the frame what stands for it.
    fn leave_place(&mut self, record: &[u8]) {
        let line = self.line;
        self.pass(record);
        let frame = &mut self.frame;
        frame.records += 1;
        frame.bytes.extend_from_slice(PLACEHOLDER.as_bytes());
        // Lines stay where they are.
        frame.bytes.resize(frame.bytes.len() + self.line - line, b'\n');
        let length = frame.bytes.len();
        frame.moved.push((length, (self.from + self.at as u64).saturating_sub(length as u64)));
    }
}

#[cfg(test)]
mod tests;

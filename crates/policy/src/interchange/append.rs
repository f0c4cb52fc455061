//! Entries added to a file that is there: nothing in it is touched, nothing is added twice.

use std::collections::BTreeSet;

use super::about::{self, About};
use super::entry::Imported;
use super::write::{self, Given};
use crate::problem::{At, Problem, Problems};
use crate::yaml::{self, Node, Value};

/// A file with entries added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The whole file.
    pub text: String,
    /// How many exceptions were added.
    pub added: usize,
    /// Those that were there already, by the place in the source.
    pub skipped: Vec<At>,
}

/// Adds what was imported to the file `file` with the text `text`.
///
/// # Errors
/// The file does not read, or is written in a way that cannot be added to.
pub fn append(
    file: &str,
    text: &str,
    imported: &Imported,
    given: &Given,
    origin: &str,
) -> Result<Appended, Problems> {
    let refuse = |at: At, what: &str, mend: &str| {
        Problems(vec![Problem { file: file.to_owned(), at, what: what.to_owned(), mend: mend.to_owned() }])
    };
    let tree = yaml::read(file, text)?;
    let list = tree
        .entries()
        .iter()
        .find(|(key, _)| key.text().as_deref() == Some("exceptions"))
        .ok_or_else(|| refuse(tree.at, "there are no `exceptions`", "add `exceptions: []`"))?;
    let place = Place::find(text, &tree, list).ok_or_else(|| {
        refuse(
            list.1.at,
            "this list cannot be added to",
            "write each exception on lines of its own, beginning with `- `",
        )
    })?;
    let mut there: BTreeSet<About> = list.1.items().iter().map(about::of_node).collect();
    let lines_there: BTreeSet<&str> = text.lines().collect();
    let mut block = String::new();
    let (mut added, mut skipped) = (0, Vec::new());
    for (entry, lines) in imported.entries.iter().zip(write::blocks(imported, given, origin)) {
        let lines = write::indented(&lines, place.indent);
        if entry.is_active() {
            if there.insert(about::of_terms(&entry.terms, &given.images)) {
                block += &lines;
                added += 1;
            } else {
                skipped.push(entry.at);
            }
        // Its first line has its place in the source: all of it is there from an earlier import.
        } else if !lines.lines().all(|line| lines_there.contains(line)) {
            block += &lines;
        }
    }
    let new = place.insert(text, &block);
    let grown = yaml::read(file, &new).ok().filter(|new| is_grown(&tree, new, added));
    grown.ok_or_else(|| {
        refuse(list.1.at, "this list cannot be added to", "import to a file of its own, and move the entries")
    })?;
    Ok(Appended { text: new, added, skipped })
}

/// Where entries go.
struct Place {
    /// Before this byte.
    at: usize,
    /// So many blanks before each line.
    indent: usize,
    /// The brackets of an empty list, which go.
    brackets: Option<std::ops::Range<usize>>,
}

impl Place {
    fn find(text: &str, tree: &Node, (key, list): &(Node, Node)) -> Option<Self> {
        let next = tree.entries().iter().map(|(key, _)| key.at).filter(|at| *at > key.at).min();
        let end = match next {
            Some(next) => before_comments(text, line_start(text, next.line)?),
            None => text.len(),
        };
        match &list.value {
            Value::Null => Some(Self { at: end, indent: 2, brackets: None }),
            Value::List(items) if items.is_empty() => {
                let from = offset(text, list.at)?;
                let inner = text[from..].strip_prefix('[')?;
                let close = inner.len() - inner.trim_start().strip_prefix(']')?.len();
                Some(Self { at: end, indent: 2, brackets: Some(from..from + 1 + close) })
            }
            Value::List(items) => {
                let first = offset(text, items.first()?.at)?;
                let dash = text[..first].trim_end_matches([' ', '\n', '\r']).len().checked_sub(1)?;
                let line = text[..dash].rfind('\n').map_or(0, |at| at + 1);
                let blank = text[line..dash].bytes().all(|byte| byte == b' ');
                (blank && text[dash..].starts_with('-')).then_some(Self {
                    at: end,
                    indent: dash - line,
                    brackets: None,
                })
            }
            _ => None,
        }
    }

    fn insert(&self, text: &str, block: &str) -> String {
        if block.is_empty() {
            return text.to_owned();
        }
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut new = match &self.brackets {
            Some(range) => {
                format!("{}{}", text[..range.start].trim_end_matches(' '), &text[range.end..self.at])
            }
            None => text[..self.at].to_owned(),
        };
        if !new.ends_with('\n') {
            new += newline;
        }
        new += &block.replace('\n', newline);
        new + &text[self.at..]
    }
}

/// The byte at which a line begins.
fn line_start(text: &str, line: u64) -> Option<usize> {
    let skip = usize::try_from(line).ok()?.checked_sub(1)?;
    text.split_inclusive('\n')
        .map(str::len)
        .scan(0, |at, len| Some(std::mem::replace(at, *at + len)))
        .nth(skip)
}

fn offset(text: &str, at: At) -> Option<usize> {
    let start = line_start(text, at.line)?;
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    text[start..].char_indices().nth(column).map(|(index, _)| start + index)
}

/// The lines of comment above a key belong to it.
fn before_comments(text: &str, mut at: usize) -> usize {
    while let Some(line) = text[..at].split_inclusive('\n').next_back() {
        if !line.starts_with('#') {
            break;
        }
        at -= line.len();
    }
    at
}

/// What was there is there, word for word, and so many exceptions more.
fn is_grown(old: &Node, new: &Node, added: usize) -> bool {
    old.entries().len() == new.entries().len()
        && old.entries().iter().zip(new.entries()).all(|((old_key, old), (new_key, new))| {
            let list = old_key.text().as_deref() == Some("exceptions");
            same(old_key, new_key)
                && if list {
                    let (old, new) = (old.items(), new.items());
                    new.len() == old.len() + added && old.iter().zip(new).all(|(old, new)| same(old, new))
                } else {
                    same(old, new)
                }
        })
}

fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        (Value::Fraction(a), Value::Fraction(b)) => a.to_bits() == b.to_bits(),
        _ => a.value.name() == b.value.name() && a.text() == b.text(),
    }
}

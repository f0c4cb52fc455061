//! Maven's order (`ComparableVersion` of Maven 3.8): a list of numbers, words and further lists.
//!
//! A dash, and each change between letters and digits, begins a list within the list; a word after a dot
//! does as well where it ends the version or a number follows. Nesting is bounded by the length of a version.

use std::cmp::Ordering;

use crate::number::Number;

/// A version that orders as Maven orders it.
pub(crate) type Maven = Vec<Item>;

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Number(Number),
    Word(String),
    List(Vec<Item>),
}

/// Known words, from the first to the last; the empty one is the release itself.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

pub(crate) fn parse(text: &str) -> Result<Maven, &'static str> {
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("there is a blank or an unusual letter in it");
    }
    let text = text.to_ascii_lowercase();
    let mut builder = Builder { open: vec![Vec::new()] };
    let (mut start, mut digits) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'.' | b'-' => {
                builder.push(if at == start {
                    Item::Number(Number::default())
                } else {
                    item(digits, &text[start..at])
                });
                start = at + 1;
                if byte == b'-' {
                    builder.nest();
                }
            }
            b'0'..=b'9' => {
                if !digits && at > start {
                    builder.nest_if_begun();
                    builder.push(Item::Word(word(&text[start..at], true)));
                    start = at;
                    builder.nest();
                }
                digits = true;
            }
            _ => {
                if digits && at > start {
                    builder.push(item(true, &text[start..at]));
                    start = at;
                    builder.nest();
                }
                digits = false;
            }
        }
    }
    if start < text.len() {
        if !digits {
            builder.nest_if_begun();
        }
        builder.push(item(digits, &text[start..]));
    }
    Ok(builder.finish())
}

/// The lists that are open, the outermost first.
struct Builder {
    open: Vec<Vec<Item>>,
}

impl Builder {
    fn push(&mut self, item: Item) {
        if let Some(list) = self.open.last_mut() {
            list.push(item);
        }
    }

    fn nest(&mut self) {
        self.open.push(Vec::new());
    }

    fn nest_if_begun(&mut self) {
        if self.open.last().is_some_and(|list| !list.is_empty()) {
            self.nest();
        }
    }

    /// A list that is opened is the last item of the one around it.
    fn finish(mut self) -> Vec<Item> {
        let mut inner: Option<Vec<Item>> = None;
        while let Some(mut list) = self.open.pop() {
            list.extend(inner.take().map(Item::List));
            normalize(&mut list);
            inner = Some(list);
        }
        inner.unwrap_or_default()
    }
}

/// Takes away what says nothing at the end, and before lists at the end: `1.0.0` is `1`, `1.0-x` is `1-x`.
fn normalize(list: &mut Vec<Item>) {
    for at in (0..list.len()).rev() {
        if is_null(&list[at]) {
            list.remove(at);
        } else if !matches!(list[at], Item::List(_)) {
            break;
        }
    }
}

fn is_null(item: &Item) -> bool {
    match item {
        Item::Number(number) => number.is_zero(),
        Item::Word(word) => word.is_empty(),
        Item::List(list) => list.is_empty(),
    }
}

fn item(digits: bool, text: &str) -> Item {
    if digits { Item::Number(Number::new(text)) } else { Item::Word(word(text, false)) }
}

fn word(text: &str, before_digit: bool) -> String {
    let known = match (text, before_digit) {
        ("a", true) => "alpha",
        ("b", true) => "beta",
        ("m", true) => "milestone",
        ("ga" | "final" | "release", _) => "",
        ("cr", _) => "rc",
        (other, _) => other,
    };
    known.to_owned()
}

/// An unknown word comes after every known one.
fn rank(word: &str) -> (usize, &str) {
    match WORDS.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (WORDS.len(), word),
    }
}

pub(crate) fn compare(left: &[Item], right: &[Item]) -> Ordering {
    for at in 0..left.len().max(right.len()) {
        let order = match (left.get(at), right.get(at)) {
            (Some(a), Some(b)) => items(a, b),
            (Some(a), None) => with_nothing(a),
            (None, Some(b)) => with_nothing(b).reverse(),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Words before lists before numbers: `1.x` < `1-1` < `1.1`.
fn items(left: &Item, right: &Item) -> Ordering {
    match (left, right) {
        (Item::Number(a), Item::Number(b)) => a.cmp(b),
        (Item::Word(a), Item::Word(b)) => rank(a).cmp(&rank(b)),
        (Item::List(a), Item::List(b)) => compare(a, b),
        (Item::Number(_), _) | (Item::List(_), Item::Word(_)) => Ordering::Greater,
        (_, Item::Number(_)) | (Item::Word(_), Item::List(_)) => Ordering::Less,
    }
}

fn with_nothing(item: &Item) -> Ordering {
    match item {
        Item::Number(number) if number.is_zero() => Ordering::Equal,
        Item::Number(_) => Ordering::Greater,
        Item::Word(word) => rank(word).cmp(&(RELEASE, "")),
        Item::List(list) => {
            list.iter().map(with_nothing).find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
        }
    }
}

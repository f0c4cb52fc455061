//! What is wrong with a policy or an exceptions file: where, what, and how to mend it.

use std::fmt;

/// A place in a YAML file, counted from one. Zero means that the place is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Which of the files that were read together; 0 where there is only one.
    pub file: u16,
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl At {
    /// A place in the only file, or in the first.
    #[must_use]
    pub const fn new(line: u64, column: u64) -> Self {
        Self { file: 0, line, column }
    }
}

/// The names of files that are read together: a place says which of them it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files(Vec<String>);

impl Files {
    pub(crate) fn one(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// One more, and the number by which places call it.
    pub(crate) fn add(&mut self, name: &str) -> u16 {
        self.0.push(name.to_owned());
        u16::try_from(self.0.len() - 1).unwrap_or(u16::MAX)
    }

    /// The file that names the others.
    pub(crate) fn first(&self) -> &str {
        self.name(At::default())
    }

    /// All of them, the first one first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The file that a place is in.
    pub(crate) fn name(&self, at: At) -> &str {
        self.0.get(usize::from(at.file)).or(self.0.first()).map_or("", String::as_str)
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// Where in the file.
    pub at: At,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.file, self.at.line, self.at.column, self.what, self.mend)
    }
}

/// Every mistake of a file, in order of place: all at once, not one after each mending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// What to write instead of a word that is not known: the nearest one that is, or all of them.
pub(crate) fn instead_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => wanted(known),
    }
}

/// What may stand in a place.
pub(crate) fn wanted(known: &[&str]) -> String {
    let one_of = if known.len() == 1 { "" } else { "one of " };
    format!("{one_of}{} is wanted", listed(known))
}

/// Words as a sentence bears them.
pub(crate) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The known word that is nearest to this one, if it is near enough to have been meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A word's beginning is as near as one wrong letter.
    let away =
        |known: &str| if word.len() > 2 && known.starts_with(word) { 1 } else { distance(word, known) };
    let nearest = known.into_iter().map(|k| (away(k), k)).min();
    nearest.filter(|(away, near)| *away <= (near.len() / 4 + 1).min(3)).map(|(_, near)| near)
}

/// Levenshtein's distance, over words of a few dozen letters.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, d) in
            [("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)]
        {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_lists_all() {
        assert_eq!(instead_of("requird", &["required", "seen"]), "did you mean `required`?");
        assert_eq!(instead_of("zzz", &["required", "seen"]), "one of `required`, `seen` is wanted");
    }
}

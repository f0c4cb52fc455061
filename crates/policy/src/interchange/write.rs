//! Entries as text in our own format: what is missing stands as a comment that asks for it.

use jiff::civil::Date;

use super::entry::{Entry, Imported, Vex};

/// What is filled in where the source says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The day of the import: every exception begins with it.
    pub created: Date,
    /// Who answers for them.
    pub owner: Option<String>,
    /// The last day; a source that ends earlier keeps its own.
    pub expires: Option<Date>,
    /// Where they are discussed.
    pub ticket: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The image families that they are for; empty: every family.
    pub images: Vec<String>,
}

/// A new file. `origin` names the source.
#[must_use]
pub fn new_file(imported: &Imported, given: &Given, origin: &str) -> String {
    let entries = blocks(imported, given, origin);
    let mut text = format!("# Imported from {} on {}.\n", comment(origin), given.created);
    if given.unfilled(imported) > 0 {
        text += "# The gate refuses this file until the keys that stand as comments are filled in.\n";
    }
    if imported.active() < imported.entries.len() {
        text += "# What could not be taken over is commented out, with why.\n";
    }
    text += "version: 1\n";
    if imported.active() == 0 {
        text += "exceptions: []";
        text += if entries.is_empty() { "\n" } else { "  # take the brackets away with the first entry\n" };
    } else {
        text += "exceptions:\n";
    }
    for block in &entries {
        text += &indented(block, 2);
    }
    text
}

impl Given {
    /// Whether somebody still has to fill in something.
    fn lacks(&self, entry: &Entry) -> bool {
        self.owner.is_none() || self.expiry(entry).is_none() || self.why(entry).is_none()
    }

    /// How many of the entries that are taken over the gate refuses until then.
    #[must_use]
    pub fn unfilled(&self, imported: &Imported) -> usize {
        imported.entries.iter().filter(|entry| entry.is_active() && self.lacks(entry)).count()
    }

    fn expiry(&self, entry: &Entry) -> Option<Date> {
        match (entry.expires, self.expires) {
            (Some(own), Some(given)) => Some(own.min(given)),
            (own, given) => own.or(given),
        }
    }

    fn why<'a>(&'a self, entry: &'a Entry) -> Option<&'a String> {
        entry.reason.as_ref().or(self.reason.as_ref())
    }
}

/// Each entry's lines, comments and all, without indentation.
pub(super) fn blocks(imported: &Imported, given: &Given, origin: &str) -> Vec<String> {
    imported.entries.iter().map(|entry| block(entry, given, origin)).collect()
}

/// A block as lines below `exceptions:`.
pub(super) fn indented(block: &str, by: usize) -> String {
    block.lines().fold(String::new(), |text, line| text + &" ".repeat(by) + line + "\n")
}

/// One entry.
pub(super) fn block(entry: &Entry, given: &Given, origin: &str) -> String {
    let mut text = String::new();
    for objection in &entry.objections {
        let place = objection.at;
        let (line, column) = (place.line, place.column);
        let at = if line > 0 { format!(":{line}:{column}") } else { String::new() };
        let (what, mend) = (comment(&objection.what), comment(&objection.mend));
        text += &format!("# Not taken over ({}{at}): {what}: {mend}.\n", comment(origin));
    }
    let off = if entry.is_active() { "" } else { "# " };
    for line in entry.comments.iter().map(|line| comment(line)).filter(|line| !line.is_empty()) {
        text += &format!("# {line}\n");
    }
    for (index, line) in fields(entry, given).iter().enumerate() {
        let begin = if index == 0 { "- " } else { "  " };
        text += &format!("{off}{begin}{line}\n");
    }
    text
}

fn fields(entry: &Entry, given: &Given) -> Vec<String> {
    let terms = &entry.terms;
    let mut lines = Vec::new();
    let mut add =
        |key: &str, value: Option<String>| lines.extend(value.map(|value| format!("{key}: {value}")));
    let plain = |text: &Option<String>| text.as_deref().map(scalar);
    add("id", plain(&terms.id));
    add("aliases", list(&terms.aliases));
    add("class", terms.class.map(str::to_owned));
    add("package", plain(&terms.package));
    add("purl", plain(&terms.purl));
    add("version", plain(&terms.version));
    add("paths", list(&terms.paths));
    add("images", list(&given.images));
    add("reason", given.why(entry).map(|reason| scalar(reason)));
    add("owner", plain(&given.owner));
    add("ticket", plain(&given.ticket));
    add("created", Some(given.created.to_string()));
    add("expires", given.expiry(entry).map(|date| date.to_string()));
    add("until", terms.until_fixed.then(|| "fixed".to_owned()));
    add("vex", entry.vex.as_ref().map(vex));
    // After the keys that are there: the first line of an entry has to be one of them.
    for (missing, question) in [
        (given.why(entry).is_none(), "reason: why is this acceptable?"),
        (given.owner.is_none(), "owner: who answers for this?"),
        (given.expiry(entry).is_none(), "expires: the last day on which it holds, such as 2027-01-31"),
    ] {
        if missing {
            lines.push(format!("# {question}"));
        }
    }
    lines
}

fn vex(vex: &Vex) -> String {
    let mut parts = vec![format!("status: {}", scalar(&vex.status))];
    for (key, value) in
        [("justification", &vex.justification), ("impact", &vex.impact), ("action", &vex.action)]
    {
        parts.extend(value.as_deref().map(|value| format!("{key}: {}", scalar(value))));
    }
    format!("{{{}}}", parts.join(", "))
}

fn list(items: &[String]) -> Option<String> {
    let items: Vec<String> = items.iter().map(|item| scalar(item)).collect();
    (!items.is_empty()).then(|| format!("[{}]", items.join(", ")))
}

/// Hostile text as a YAML scalar on one line: plain where that cannot be read as anything else, else in
/// double quotes.
#[must_use]
pub fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether it reads as this text without quotes, inside of brackets too.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let begins = text.chars().next().is_some_and(char::is_alphabetic);
    let inner = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '_' | '-' | '.' | '/' | '+' | '@' | '(' | ')' | ';' | '%' | '\'' | ':')
    };
    begins
        && text.chars().all(inner)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !WORDS.contains(&text.to_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            '\r' => quoted += "\\r",
            c if is_hidden(c) && u32::from(c) > 0xffff => quoted += &format!("\\U{:08X}", u32::from(c)),
            c if is_hidden(c) => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// What ends a line, turns its direction or takes no room: never written as it is.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Hostile text as a comment on one line, of bearable length.
pub(super) fn comment(text: &str) -> String {
    const LONGEST: usize = 400;
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || is_hidden(c)).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

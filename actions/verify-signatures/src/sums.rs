//! Lists of checksums, as `sha256sum` writes them: GNU's form and BSD's (`--tag`), names escaped or not.
//! <https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html>

use std::collections::BTreeMap;

use model::Sha256;

use crate::path::{RelPath, shown};
use crate::reason::Code;

/// The longest list that is read.
pub(crate) const MAX_LIST: u64 = 16 << 20;

/// The most files of one list.
const MAX_FILES: usize = 100_000;

/// A list that is refused, and the line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Reads a list: each file's name, relative to the list's folder, and its digest.
pub(crate) fn parse(bytes: &[u8]) -> Result<BTreeMap<RelPath, Sha256>, Refused> {
    let mut files = BTreeMap::<RelPath, Sha256>::new();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = "a name is not UTF-8".to_owned();
            return Err(Refused { code: Code::UnsupportedName, line, what });
        }
    };
    for (line, text) in (1..).zip(text.split('\n')) {
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let refused = |code, what| Refused { code, line, what };
        let (name, digest) = entry(text).map_err(|(code, what)| refused(code, what))?;
        if name.chars().any(char::is_control) {
            return Err(refused(Code::UnsupportedName, format!("{name:?} has control characters in it")));
        }
        let leaves = name.starts_with('/') || name.split('/').any(|part| part == "..");
        let code = if leaves { Code::OutsideFolder } else { Code::MalformedChecksums };
        let path = RelPath::parse(&name).map_err(|what| refused(code, what))?;
        if files.len() >= MAX_FILES {
            let what = format!("it lists more than {MAX_FILES} files");
            return Err(refused(Code::TooLong, what));
        }
        if files.insert(path, digest).is_some() {
            return Err(refused(Code::DuplicateName, format!("`{}` is listed twice", shown(&name))));
        }
    }
    if files.is_empty() {
        let what = "it lists no file".to_owned();
        return Err(Refused { code: Code::EmptyChecksums, line: 1, what });
    }
    Ok(files)
}

fn entry(text: &str) -> Result<(String, Sha256), (Code, String)> {
    let malformed = || (Code::MalformedChecksums, format!("`{}` is no line of `sha256sum`", shown(text)));
    // A backslash in front says that the name is escaped.
    let (escaped, text) = text.strip_prefix('\\').map_or((false, text), |rest| (true, rest));
    let (name, digest) = match tagged(text) {
        Some(("SHA256", name, digest)) => (name, digest),
        Some((other, ..)) => {
            let what = format!("a checksum of the kind {} is not read: SHA256 is", shown(other));
            return Err((Code::UnsupportedChecksums, what));
        }
        None => {
            let (digest, rest) = text.split_once(' ').ok_or_else(malformed)?;
            let name = rest.strip_prefix([' ', '*']).ok_or_else(malformed)?;
            let is_hex = !digest.is_empty() && digest.chars().all(|c| c.is_ascii_hexdigit());
            if is_hex && digest.len() != 64 {
                let what = format!("a checksum of {} digits is no SHA-256, which has 64", digest.len());
                return Err((Code::UnsupportedChecksums, what));
            }
            (name, digest)
        }
    };
    let digest = digest.to_ascii_lowercase().parse().map_err(|_| malformed())?;
    let name = if escaped { unescape(name).ok_or_else(malformed)? } else { name.to_owned() };
    if name.is_empty() { Err(malformed()) } else { Ok((name, digest)) }
}

/// `SHA256 (name) = digest`.
fn tagged(text: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = text.split_once(" (")?;
    let (name, digest) = rest.rsplit_once(") = ")?;
    let word = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/');
    word.then_some((kind, name, digest))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn names(text: &str) -> Result<Vec<String>, (Code, usize)> {
        let files = parse(text.as_bytes()).map_err(|refused| (refused.code, refused.line))?;
        assert!(files.values().all(|digest| digest.to_string() == A), "{text}");
        Ok(files.keys().map(ToString::to_string).collect())
    }

    #[test]
    fn every_form_of_the_tool_reads_and_nothing_else() {
        use Code::*;
        let upper = A.to_uppercase();
        type Read = Result<&'static [&'static str], (Code, usize)>;
        let cases: [(String, Read); 38] = [
            (format!("{A}  a\n"), Ok(&["a"])),
            (format!("{A} *a\n"), Ok(&["a"])),
            (format!("{A}  a"), Ok(&["a"])),
            (format!("{A}  a\r\n{A}  b\r\n"), Ok(&["a", "b"])),
            (format!("{upper}  a\n"), Ok(&["a"])),
            (format!("{A}   a\n"), Ok(&[" a"])),
            (format!("{A}  ./a/./b\n"), Ok(&["a/b"])),
            (format!("{A}  -\n"), Ok(&["-"])),
            (format!("SHA256 (a) = {A}\n"), Ok(&["a"])),
            (format!("SHA256 (a (b) = c) = {A}\n"), Ok(&["a (b) = c"])),
            (format!("\\{A}  a\\\\b\n"), Ok(&["a\\b"])),
            (format!("{A}  a\\\\b\n"), Ok(&["a\\\\b"])),
            (format!("\\SHA256 (a\\\\b) = {A}\n"), Ok(&["a\\b"])),
            (format!("# made today\n\n{A}  a\n"), Ok(&["a"])),
            (String::new(), Err((EmptyChecksums, 1))),
            ("\n \n".into(), Err((EmptyChecksums, 1))),
            ("# nothing\n".into(), Err((EmptyChecksums, 1))),
            (format!("{A}\n"), Err((MalformedChecksums, 1))),
            (format!("{A} a\n"), Err((MalformedChecksums, 1))),
            (format!("{A}  \n"), Err((MalformedChecksums, 1))),
            (format!(" {A}  a\n"), Err((MalformedChecksums, 1))),
            (format!("{A}\ta\n"), Err((MalformedChecksums, 1))),
            ("trust me\n".into(), Err((MalformedChecksums, 1))),
            ("-----BEGIN PGP SIGNED MESSAGE-----\n".into(), Err((MalformedChecksums, 1))),
            (format!("{A}  a\n{}g  b\n", &A[1..]), Err((MalformedChecksums, 2))),
            (format!("SHA256 (a) = {}\n", &A[1..]), Err((MalformedChecksums, 1))),
            (format!("SHA256 () = {A}\n"), Err((MalformedChecksums, 1))),
            (format!("\\{A}  a\\b\n"), Err((MalformedChecksums, 1))),
            (format!("\\{A}  a\\\n"), Err((MalformedChecksums, 1))),
            (format!("{A}  a//b\n"), Err((MalformedChecksums, 1))),
            (format!("{A}  a/\n"), Err((MalformedChecksums, 1))),
            (format!("\\{A}  a\\nb\n"), Err((UnsupportedName, 1))),
            (format!("{A}  ../a\n"), Err((OutsideFolder, 1))),
            (format!("{A}  a/../../b\n"), Err((OutsideFolder, 1))),
            (format!("SHA256 (/etc/passwd) = {A}\n"), Err((OutsideFolder, 1))),
            (format!("{A}  a\n{A}  ./a\n"), Err((DuplicateName, 2))),
            (format!("SHA512 (a) = {A}{A}\n"), Err((UnsupportedChecksums, 1))),
            (format!("{A}{A}  a\n"), Err((UnsupportedChecksums, 1))),
        ];
        for (text, wanted) in cases {
            let wanted = wanted.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
            assert_eq!(names(&text), wanted, "{text:?}");
        }
        let refused = parse(b"\n\xff").unwrap_err();
        assert_eq!((refused.code, refused.line), (UnsupportedName, 2));
    }
}

//! Where a record ends.

use memchr::memchr2;

/// More brackets are open than there is room for: the last one's place.
pub(super) struct Deep(pub(super) usize);

/// How long the object is that `rest` begins with; none where `rest` ends before it does. So many brackets may be open.
pub(super) fn length(rest: &[u8], room: usize) -> Result<Option<usize>, Deep> {
    const INDENT: &[u8] = b"        ";
    let (mut open, mut at) = (0_usize, 0);
    while let Some(&byte) = rest.get(at) {
        at += 1;
        match byte {
            b'"' => match string(&rest[at..]) {
                Some(length) => at += length,
                None => return Ok(None),
            },
            b'{' | b'[' if open == room => return Err(Deep(at - 1)),
            b'{' | b'[' => open += 1,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    return Ok(Some(at));
                }
            }
            // A third of an indented report.
            b'\n' => {
                while rest[at..].starts_with(INDENT) {
                    at += INDENT.len();
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

/// How long a string is behind its first quote, with the last; none where it does not end.
fn string(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

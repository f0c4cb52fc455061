//! Packer's machine-readable output, pure: `timestamp,target,type,data…`, one record a line.
//!
//! Packer escapes a comma as `%!(PACKER_COMMA)`, a newline as `\n`, a carriage return as `\r`, and
//! nothing else: a backslash that was there before stays as it is.

/// One line that Packer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The build it is about, such as `null.debian`; empty for Packer as a whole.
    pub(crate) target: String,
    /// `ui`, `artifact`, `error`, …
    pub(crate) kind: String,
    /// What follows, unescaped.
    pub(crate) data: Vec<String>,
}

impl Record {
    /// Reads one line; none if it is no record (a crash of Packer, a line cut in its head).
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let mut fields = line.split(',');
        let time = fields.next()?;
        if time.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let target = unescape(fields.next()?);
        let kind = fields.next().filter(|kind| !kind.is_empty())?.to_owned();
        Some(Self { target, kind, data: fields.map(unescape).collect() })
    }

    /// The data as words, for matching.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.data.iter().map(String::as_str).collect()
    }
}

fn unescape(field: &str) -> String {
    field.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_to_records() {
        type Row = (&'static [u8], Option<(&'static str, &'static str, &'static [&'static str])>);
        let table: &[Row] = &[
            (b"", None),
            (b",", None),
            (b",,ui,say,x", None),
            (b"17,,", None),
            (b"17", None),
            (b"17,", None),
            (b"panic: runtime error, goroutine 1, x", None),
            (b"1x,,ui,say", None),
            (b"17,,ui", Some(("", "ui", &[]))),
            (b"17,,ui,say,", Some(("", "ui", &["say", ""]))),
            (b"17,,ui,say,a%!(PACKER_COMMA) b", Some(("", "ui", &["say", "a, b"]))),
            (b"17,,ui,error,a\\nb\\r\\n", Some(("", "ui", &["error", "a\nb\r\n"]))),
            (b"17,null.x,error,Script exited", Some(("null.x", "error", &["Script exited"]))),
            (
                b"17,null.x,artifact,0,file,3,/out/a%!(PACKER_COMMA)b.raw",
                Some(("null.x", "artifact", &["0", "file", "3", "/out/a,b.raw"])),
            ),
            (
                b"17,amazon-ebs.x,artifact,0,id,eu-west-1:ami-1%!(PACKER_COMMA)us-east-1:ami-2",
                Some(("amazon-ebs.x", "artifact", &["0", "id", "eu-west-1:ami-1,us-east-1:ami-2"])),
            ),
            // What a guest prints cannot start a record: Packer escapes its newlines, and what looks
            // like an escape is only text.
            (
                b"17,,ui,say,==> x: 17\\n18,x,artifact",
                Some(("", "ui", &["say", "==> x: 17\n18", "x", "artifact"])),
            ),
            (b"17,,ui,say,\\\\n \\t \\", Some(("", "ui", &["say", "\\\n \\t \\"]))),
            (
                b"17,,ui,say,\xff\x1b[31m::set-output",
                Some(("", "ui", &["say", "\u{fffd}\u{1b}[31m::set-output"])),
            ),
        ];
        for (line, expected) in table {
            let expected = expected.map(|(target, kind, data)| Record {
                target: target.to_owned(),
                kind: kind.to_owned(),
                data: data.iter().map(|&field| field.to_owned()).collect(),
            });
            assert_eq!(Record::parse(line), expected, "{}", line.escape_ascii());
        }
    }
}

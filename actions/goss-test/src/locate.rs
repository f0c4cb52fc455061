//! Where in a specification a test stands: for annotations only, so a guess may fail but not mislead.

/// The line, from 1, of a test's property, or else of its resource.
///
/// Specifications are templates before they are YAML, so no YAML parser would read them all.
pub(crate) fn line(text: &str, resource_type: &str, id: &str, property: &str) -> Option<u32> {
    let mut section = false;
    let mut resource: Option<(usize, u32)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let Some((indent, key)) = key(line) else { continue };
        if let Some((outer, found)) = resource {
            if indent <= outer {
                return Some(found);
            }
            if same(&key, property) {
                return Some(number);
            }
        } else if indent == 0 {
            section = same(&key, resource_type);
        } else if section && key == id {
            resource = Some((indent, number));
        }
    }
    resource.map(|(_, found)| found)
}

/// Goss says `KernelParam` and `exit-status` where a file says `kernel-param` and `exit-status`.
fn same(key: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    plain(key) == plain(name)
}

/// A line's indent and key, without its quotes.
fn key(line: &str) -> Option<(usize, String)> {
    let body = line.trim_start_matches(' ');
    let indent = line.len() - body.len();
    if body.starts_with(['#', '-', '{']) {
        return None;
    }
    for quote in ['"', '\''] {
        if let Some(rest) = body.strip_prefix(quote) {
            let (key, after) = rest.split_once(quote)?;
            return after.trim_start().starts_with(':').then(|| (indent, key.to_owned()));
        }
    }
    let at = body.find(": ").or_else(|| body.trim_end().ends_with(':').then(|| body.trim_end().len() - 1))?;
    Some((indent, body[..at].trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::line;

    const SPEC: &str = "\
# file:
file:
  /etc/passwd:
    mode: \"0644\"
    contents:
      - root
  '/etc/a b':
    exists: true
port:
  tcp:22:
    listening: true
kernel-param:
  net.ipv4.ip_forward:
    value: \"0\"
command:
  \"echo: hi\":
    exit-status: 0
service:
  ssh: {enabled: true}
  /etc/passwd:
    running: true
";

    #[test]
    fn lines() {
        for (kind, id, property, expected) in [
            ("File", "/etc/passwd", "mode", Some(4)),
            ("File", "/etc/passwd", "contents", Some(5)),
            ("File", "/etc/passwd", "owner", Some(3)),
            ("File", "/etc/a b", "exists", Some(8)),
            ("File", "/etc/nope", "exists", None),
            ("Port", "tcp:22", "listening", Some(11)),
            ("KernelParam", "net.ipv4.ip_forward", "value", Some(14)),
            ("Command", "echo: hi", "exit-status", Some(17)),
            ("Service", "ssh", "enabled", Some(19)),
            ("Service", "/etc/passwd", "running", Some(21)),
            ("User", "root", "exists", None),
        ] {
            assert_eq!(line(SPEC, kind, id, property), expected, "{kind} {id} {property}");
        }
        assert_eq!(line("", "File", "x", "mode"), None);
    }
}

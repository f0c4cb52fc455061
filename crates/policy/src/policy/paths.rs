//! Where a file lies that another names: plain relative paths with `/`, put together by text alone.

/// The path from the place where the first file was named to what `file` calls `path`; none for what is
/// no relative path.
pub(crate) fn beside(file: &str, path: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c == '\\';
    if path.is_empty() || path.starts_with('/') || path.ends_with('/') || path.contains(odd) {
        return None;
    }
    let colon = path.split('/').next().is_some_and(|first| first.contains(':'));
    if colon {
        return None;
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(match (folder, file.starts_with('/')) {
        ("", true) => normal(&format!("/{path}")),
        ("", false) => normal(path),
        _ => normal(&format!("{folder}/{path}")),
    })
}

/// Without `.` and, as far as text can tell, without `..`.
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// How `file` would call what lies at `path`. Both are [`normal`].
pub(crate) fn from(file: &str, path: &str) -> String {
    let folder: Vec<&str> = file.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
    let parts: Vec<&str> = path.split('/').collect();
    let common = folder.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = vec![".."; folder.len() - common];
    up.into_iter().chain(parts[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        for (file, path, wanted) in [
            ("p.yml", "b.yml", Some("b.yml")),
            ("p.yml", "./b.yml", Some("b.yml")),
            ("./p.yml", "b.yml", Some("b.yml")),
            ("a/p.yml", "b.yml", Some("a/b.yml")),
            ("a/p.yml", "../b.yml", Some("b.yml")),
            ("a/p.yml", "../../b.yml", Some("../b.yml")),
            ("../p.yml", "../b.yml", Some("../../b.yml")),
            ("/a/p.yml", "b.yml", Some("/a/b.yml")),
            ("/p.yml", "b.yml", Some("/b.yml")),
            ("a//p.yml", "x/./y//b.yml", Some("a/x/y/b.yml")),
            ("p.yml", "", None),
            ("p.yml", "/b.yml", None),
            ("p.yml", "b/", None),
            ("p.yml", "b\\c.yml", None),
            ("p.yml", "C:/b.yml", None),
            ("p.yml", "https://x/b.yml", None),
            ("p.yml", "b\n.yml", None),
        ] {
            assert_eq!(beside(file, path).as_deref(), wanted, "{file} {path}");
        }
    }

    #[test]
    fn back_again() {
        for (file, path, wanted) in [
            ("p.yml", "k.pub", "k.pub"),
            ("p.yml", "../org/k.pub", "../org/k.pub"),
            ("a/p.yml", "a/k.pub", "k.pub"),
            ("a/p.yml", "b/k.pub", "../b/k.pub"),
            ("a/p.yml", "../k.pub", "../../k.pub"),
            ("../a/p.yml", "../b/k.pub", "../b/k.pub"),
            ("../a/p.yml", "../../k.pub", "../../k.pub"),
            ("/a/p.yml", "/b/k.pub", "../b/k.pub"),
        ] {
            assert_eq!(from(file, path), wanted, "{file} {path}");
            assert_eq!(beside(file, wanted).as_deref(), Some(path), "{file} {wanted}");
        }
    }
}

//! Package URLs as other tools match them, said in our own terms: a beginning that ends at a border.

/// What our format needs to cover just what a package URL covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered {
    /// In the spelling that scanners write: each part percent-encoded, type and most names in small letters.
    pub(super) purl: String,
    /// Needed where the purl alone would begin other packages' purls too.
    pub(super) package: Option<String>,
}

/// Types whose names cannot go on after a `/`: `pkg:npm/a` is no beginning of another package.
const FLAT: [&str; 19] = [
    "alpm",
    "apk",
    "bitnami",
    "cargo",
    "cocoapods",
    "composer",
    "conan",
    "conda",
    "cran",
    "deb",
    "gem",
    "hackage",
    "hex",
    "julia",
    "maven",
    "npm",
    "nuget",
    "pub",
    "pypi",
];

/// Types whose packages always have a namespace: without it the purl is a whole distribution or group.
const SPACED: [&str; 5] = ["deb", "rpm", "apk", "maven", "composer"];

/// Types whose name in a report is the whole path.
const NESTED: [&str; 2] = ["golang", "swift"];

/// Types that scanners write in small letters.
const SMALL: [&str; 8] = ["alpm", "apk", "bitnami", "composer", "deb", "golang", "npm", "pypi"];

/// Type, path and version of a package URL, decoded; why not, if ours cannot cover what it covers.
struct Parts {
    kind: String,
    path: Vec<String>,
    /// The path with the capitals that the source has, as reports name the package.
    spelt: String,
    version: Option<String>,
}

/// What covers exactly what this package URL covers: its type, namespace and name, and its version
/// if it has one.
pub(super) fn cover(text: &str) -> Result<Covered, String> {
    let Parts { kind, path, spelt, version } = parts(text)?;
    let mut purl = format!("pkg:{kind}");
    for part in &path {
        purl.push('/');
        purl += &encode(part);
    }
    if let Some(version) = &version {
        purl.push('@');
        purl += &encode(version);
    }
    let deep = if SPACED.contains(&kind.as_str()) { 2 } else { 1 };
    if path.len() < deep {
        return Err(format!("`{text}` names no single package"));
    }
    let nested = NESTED.contains(&kind.as_str());
    if version.is_none() && !nested && kind != "rpm" && !FLAT.contains(&kind.as_str()) {
        return Err(format!("`{text}`, without a version, may begin other packages' purls too"));
    }
    let package = (nested && version.is_none()).then_some(spelt);
    Ok(Covered { purl, package })
}

/// Type, path and version joined again, without qualifiers: what two purls have to share to be about
/// the same package.
pub(super) fn base(text: &str) -> Option<(String, Option<String>)> {
    let text = text.split(['?', '#']).next().unwrap_or(text);
    let Parts { kind, path, version, .. } = parts(text).ok()?;
    Some((format!("{kind}/{}", path.join("/")), version))
}

/// Whether it is a package URL of something that scanners list as a package, and not of an image.
pub(super) fn is_package(text: &str) -> bool {
    let kind = text.strip_prefix("pkg:").and_then(|rest| rest.trim_start_matches('/').split('/').next());
    kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind == "rpm" || FLAT.contains(&kind.as_str()) || NESTED.contains(&kind.as_str())
    })
}

/// A purl of this type with the capitals that the path has.
pub(super) fn spelt(kind: &str, path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encode).collect();
    format!("pkg:{kind}/{}", parts.join("/"))
}

/// Joins a version to a purl that has none.
pub(super) fn with_version(purl: &str, version: &str) -> String {
    format!("{purl}@{}", encode(version))
}

fn parts(text: &str) -> Result<Parts, String> {
    let rest = text.strip_prefix("pkg:").ok_or_else(|| format!("`{text}` is no package URL"))?;
    if rest.contains('#') {
        return Err(format!("the part after `#` in `{text}` cannot be said"));
    }
    if rest.contains('?') {
        return Err(format!("the qualifiers after `?` in `{text}` cannot be said"));
    }
    let (kind, rest) =
        rest.trim_start_matches('/').split_once('/').ok_or_else(|| format!("`{text}` is no package URL"))?;
    let kind = kind.to_ascii_lowercase();
    let rest = rest.trim_matches('/');
    let name_at = rest.rfind('/').map_or(0, |at| at + 1);
    // An `@` that begins the name is a scope that nobody encoded, not a version's.
    let version_at = rest[name_at..].rfind('@').filter(|at| *at > 0).map(|at| name_at + at);
    let (path, version) = match version_at {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let wrong = || format!("`{text}` is no package URL");
    let spell = |part: String| match kind.as_str() {
        "pypi" => part.to_lowercase().replace('_', "-"),
        small if SMALL.contains(&small) => part.to_lowercase(),
        _ => part,
    };
    let path: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| decode(part).ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    let spelt = path.join("/");
    let control = |part: &String| part.chars().any(|c| c.is_control() || c == '/');
    if path.iter().any(control) {
        return Err(wrong());
    }
    let path: Vec<String> = path.into_iter().map(spell).collect();
    let version = version.filter(|version| !version.is_empty());
    let version = version.map(|version| decode(version).ok_or_else(wrong)).transpose()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-');
    if kind.is_empty() || !kind.bytes().all(plain) || path.is_empty() {
        return Err(wrong());
    }
    Ok(Parts { kind, path, spelt, version })
}

/// As the scanners encode: letters, digits and `-_.~` stand for themselves.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        for (text, purl, package) in [
            ("pkg:deb/debian/openssl", "pkg:deb/debian/openssl", None),
            ("pkg:DEB/Debian/OpenSSL@3.0.1", "pkg:deb/debian/openssl@3.0.1", None),
            ("pkg:deb/debian/libstdc++6@1:14.2.0", "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0", None),
            ("pkg:deb/debian/libstdc%2b%2b6", "pkg:deb/debian/libstdc%2B%2B6", None),
            ("pkg:npm/@angular/core@1.0.0", "pkg:npm/%40angular/core@1.0.0", None),
            ("pkg:npm/%40angular/core", "pkg:npm/%40angular/core", None),
            ("pkg:npm/@angular", "pkg:npm/%40angular", None),
            ("pkg:pypi/Django_Rest@1", "pkg:pypi/django-rest@1", None),
            ("pkg:rpm/redhat/OpenSSL", "pkg:rpm/redhat/OpenSSL", None),
            ("pkg:maven/org.x/Core@2.4", "pkg:maven/org.x/Core@2.4", None),
            ("pkg:golang/github.com/a/b", "pkg:golang/github.com/a/b", Some("github.com/a/b")),
            ("pkg:golang/github.com/A/b", "pkg:golang/github.com/a/b", Some("github.com/A/b")),
            ("pkg:golang/github.com/a/b@v1", "pkg:golang/github.com/a/b@v1", None),
            ("pkg:oci/x@sha256:00", "pkg:oci/x@sha256%3A00", None),
            ("pkg:deb/debian/openssl@", "pkg:deb/debian/openssl", None),
        ] {
            let wanted = Covered { purl: purl.to_owned(), package: package.map(str::to_owned) };
            assert_eq!(cover(text), Ok(wanted), "{text}");
        }
        for (text, why) in [
            ("", "no package URL"),
            ("openssl", "no package URL"),
            ("pkg:deb", "no package URL"),
            ("pkg:deb/", "no package URL"),
            ("pkg:deb/openssl", "no single package"),
            ("pkg:deb/debian/openssl?arch=amd64", "qualifiers"),
            ("pkg:deb/debian/openssl#x", "after `#`"),
            ("pkg:deb/debian/open%zzssl", "no package URL"),
            ("pkg:deb/debian/open%ffssl", "no package URL"),
            ("pkg:deb/debian/open%2Fssl", "no package URL"),
            ("pkg:generic/x", "may begin other"),
        ] {
            assert!(cover(text).unwrap_err().contains(why), "{text}: {:?}", cover(text));
        }
    }

    #[test]
    fn packages_and_images() {
        for (text, package) in [
            ("pkg:deb/debian/x", true),
            ("pkg:rpm/x/y", true),
            ("pkg:golang/x", true),
            ("pkg:oci/x", false),
            ("pkg:docker/x", false),
            ("pkg:generic/x", false),
            ("sha256:00", false),
            ("", false),
        ] {
            assert_eq!(is_package(text), package, "{text}");
        }
    }

    #[test]
    fn bases_forget_qualifiers() {
        let base = |text| base(text).unwrap();
        assert_eq!(base("pkg:deb/debian/x@1?arch=amd64"), base("pkg:DEB/debian/x@1#y"));
        assert_ne!(base("pkg:deb/debian/x@1").1, base("pkg:deb/debian/x").1);
    }
}

//! What GitHub takes as a name: told before anything is asked, and with what to write instead.

use github::ApiUrl;
use url::Url;

/// A mistake, and how to mend it.
pub(crate) type Mistake = (String, &'static str);

/// The longest name of an environment, and the longest pattern.
const LONGEST: usize = 255;

fn shown(text: &str) -> String {
    runner::escape::shortened(&runner::escape::plain(text).replace(['\n', '\t'], " "), 80)
}

/// An environment's name.
pub(crate) fn environment(name: &str) -> Result<(), Mistake> {
    let bad = |c: char| c.is_control() || r#"'"`,;\"#.contains(c);
    let good = !name.is_empty() && name.len() <= LONGEST && name.trim() == name && !name.contains(bad);
    let mend = "at most 255 bytes without quotes, `,`, `;`, `\\`, line breaks and blanks around it are";
    if good { Ok(()) } else { Err((format!("`{}` is no environment's name", shown(name)), mend)) }
}

/// A login.
pub(crate) fn login(text: &str) -> Result<(), Mistake> {
    let mend = "letters, digits, `-` and `_` are, without `@`";
    if plain(text, "-_") { Ok(()) } else { Err((format!("`{}` is no login", shown(text)), mend)) }
}

/// An organisation and a team's slug.
pub(crate) fn team(text: &str) -> Result<(String, String), Mistake> {
    match text.split_once('/') {
        Some((organisation, slug)) if plain(organisation, "-_") && plain(slug, "-_.") => {
            Ok((organisation.to_owned(), slug.to_owned()))
        }
        _ => Err((
            format!("`{}` is no team", shown(text)),
            "write `organisation/slug`, as in the team's address",
        )),
    }
}

fn plain(text: &str, more: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    (1..=100).contains(&text.len()) && text.chars().all(good) && !text.chars().all(|c| c == '.')
}

/// A pattern of branches or tags.
pub(crate) fn pattern(text: &str) -> Result<(), Mistake> {
    if text.starts_with("refs/") {
        let what = format!("the pattern `{}` is a whole ref", shown(text));
        return Err((what, "write the branch's or tag's own name, without `refs/heads/` or `refs/tags/`"));
    }
    let bad = |c: char| c.is_control() || c.is_whitespace() || "~^:\\".contains(c);
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.contains("..");
    if text.len() > LONGEST || text.contains(bad) || text.split('/').any(bad_part) {
        return Err((
            format!("`{}` is no name that a branch or a tag has", shown(text)),
            "write `main` or `release/*`",
        ));
    }
    Ok(())
}

/// The name of a variable or of a secret.
pub(crate) fn variable(name: &str) -> Result<(), Mistake> {
    let good = name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        let what = format!("`{}` is no name of a variable or secret", shown(name));
        return Err((what, "letters, digits and `_` are, with no digit first"));
    }
    if name.to_ascii_uppercase().starts_with("GITHUB_") {
        return Err((
            format!("`{name}` begins with `GITHUB_`, which GitHub keeps for itself"),
            "take another name",
        ));
    }
    Ok(())
}

/// The ARN of a role.
pub(crate) fn role(text: &str) -> Result<(), Mistake> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let good = match parts.as_slice() {
        ["arn", partition, "iam", "", account, role] => {
            PARTITIONS.iter().any(|(known, _)| known == partition)
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(|name| {
                    !name.is_empty() && name.len() <= 512 && name.bytes().all(|byte| byte.is_ascii_graphic())
                })
        }
        _ => false,
    };
    let mend = "write `arn:aws:iam::ACCOUNT:role/NAME`";
    if good { Ok(()) } else { Err((format!("`{}` is no ARN of a role", shown(text)), mend)) }
}

/// The parts of AWS, and where each has its STS.
pub(crate) const PARTITIONS: [(&str, &str); 3] = [
    ("aws", "https://sts.amazonaws.com"),
    ("aws-us-gov", "https://sts.us-gov-west-1.amazonaws.com"),
    ("aws-cn", "https://sts.cn-north-1.amazonaws.com.cn"),
];

/// An address that is asked without a token: by HTTPS, or on this machine.
pub(crate) fn address(text: &str) -> Result<Url, Mistake> {
    let mend = "write `https://HOST/PATH`, with no user and no query in it";
    // What is secret in it is not repeated.
    if text.contains(['@', '?', '#']) {
        return Err(("this address has a user, a query or a fragment in it".to_owned(), mend));
    }
    // The same as of an API: HTTPS, or this machine.
    match (ApiUrl::parse(text), Url::parse(text)) {
        (Ok(_), Ok(url)) => Ok(url),
        _ => Err((format!("`{}` is no HTTPS address", shown(text)), mend)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "x".repeat(256);
        for (good, bad, check) in [
            (
                &["production", "pro duction/eu", "ä", ".."][..],
                &["", " x", "x ", "a'b", "a\"b", "a`b", "a,b", "a;b", "a\\b", "a\nb", "\u{1b}", &long][..],
                environment as fn(&str) -> Result<(), Mistake>,
            ),
            (&["alice", "a-b", "x_acme"], &["", "@alice", "a b", "a/b", "é", "a\n", "a.b", &long], login),
            (
                &["main", "release/*", "v*", "*", "**/x", "v[0-9]*"],
                &["", "refs/heads/main", "/main", "main/", "a//b", "a b", "a..b", ".a", "a\n", "a:b", &long],
                pattern,
            ),
            (
                &["A", "AWS_REGION", "_x", "x1"],
                &["", "1A", "A-B", "A B", "é", "GITHUB_X", "github_x", "A\n", &long],
                variable,
            ),
            (
                &["https://registry.example/v2/", "http://127.0.0.1:1/x"],
                &[
                    "",
                    "registry.example",
                    "http://registry.example",
                    "https://u:p@h/",
                    "https://h/?k=v",
                    "file:///etc",
                ],
                |text| address(text).map(drop),
            ),
            (
                &["arn:aws:iam::123456789012:role/publish", "arn:aws-cn:iam::123456789012:role/a/b"],
                &[
                    "",
                    "publish",
                    "arn:aws:iam::1:role/x",
                    "arn:aws:iam::123456789012:user/x",
                    "arn:x:iam::123456789012:role/x",
                ],
                role,
            ),
            (
                &["acme/security", "acme/a.b"],
                &["", "security", "acme/", "/x", "acme/a/b", "acme/..", "a b/c", "@acme/security"],
                |text| team(text).map(drop),
            ),
        ] {
            good.iter().for_each(|text| assert!(check(text).is_ok(), "{text:?}: {:?}", check(text)));
            bad.iter().for_each(|text| assert!(check(text).is_err(), "{text:?}"));
        }
    }

    #[test]
    fn hostile_names_are_told_plainly() {
        let (what, _) = environment("\u{1b}[31m\n::error::x'").unwrap_err();
        assert!(!what.contains(['\u{1b}', '\n']), "{what:?}");
    }
}

//! A secret: readable only on purpose, and never by printing it.

use std::fmt;

/// A secret's text, or the name of one that is kept elsewhere. `Debug` and `Display` redact it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    is_name: bool,
}

impl Secret {
    /// Takes a secret's text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_name: false }
    }

    /// Takes a text that is no secret, but names one that is kept elsewhere. It is not masked: that would blot out
    /// a plain word wherever it stands, and hide nothing.
    #[must_use]
    pub fn name(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_name: true }
    }

    /// The text itself. Never put it into argv, a log, an output or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What the runner is told to mask: every line of it, because the runner masks by line.
    ///
    /// The armour of a PEM file is no secret, and two or three characters at the end of a long
    /// secret would blot out half the log.
    pub(crate) fn masks(&self) -> Vec<&str> {
        if self.is_name {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let single = lines.len() == 1;
        lines
            .into_iter()
            .filter(|line| !(line.starts_with("-----BEGIN ") || line.starts_with("-----END ")))
            .filter(|line| single || line.chars().count() >= 4)
            .collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn printing_redacts() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** Secret(***) Some(Secret(***))");
    }

    #[test]
    fn a_name_is_not_masked() {
        assert_eq!(Secret::name("keyless").masks(), Vec::<&str>::new());
        assert_ne!(Secret::name("keyless"), Secret::new("keyless"));
    }

    #[test]
    fn each_line_is_masked_but_the_armour_is_not() {
        for (text, masks) in [
            ("", vec![]),
            ("\n \n", vec![]),
            ("abc", vec!["abc"]),
            ("abc\n", vec!["abc"]),
            (
                "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\r\nBBBB\nA=\n-----END PRIVATE KEY-----\n",
                vec!["MIGHAgEA", "BBBB"],
            ),
        ] {
            assert_eq!(Secret::new(text).masks(), masks, "{text:?}");
        }
    }
}

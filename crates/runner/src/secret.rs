//! A secret: readable only on purpose, and never by printing it.

use std::fmt;

/// A secret's text. `Debug` and `Display` redact it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret's text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Never put it into argv, a log, an output or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the runner is told to mask: every line of it, because the runner masks by line.
    ///
    /// The armour of a PEM file is no secret, and two or three characters at the end of a long
    /// secret would blot out half the log.
    pub(crate) fn masks(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.0.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
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

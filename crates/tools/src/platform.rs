//! The platforms that the lock knows: operating system and processor, in Go's words.

use std::fmt;
use std::str::FromStr;

/// An operating system and a processor, shown as `linux-amd64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: &'static str,
    arch: &'static str,
}

impl Platform {
    /// Every platform that a lock may name.
    pub const ALL: [Self; 4] = [
        Self { os: "linux", arch: "amd64" },
        Self { os: "linux", arch: "arm64" },
        Self { os: "darwin", arch: "amd64" },
        Self { os: "darwin", arch: "arm64" },
    ];

    /// What this program runs on; `None` where no tool is pinned for it.
    #[must_use]
    pub fn current() -> Option<Self> {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self::ALL.into_iter().find(|p| p.os == os && p.arch == arch)
    }

    /// GOOS.
    #[must_use]
    pub const fn os(&self) -> &'static str {
        self.os
    }

    /// GOARCH.
    #[must_use]
    pub const fn arch(&self) -> &'static str {
        self.arch
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.os, self.arch)
    }
}

/// Not a platform that a lock may name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known platform: linux-amd64, linux-arm64, darwin-amd64 or darwin-arm64")]
pub struct UnknownPlatform(String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.to_string() == text).ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_nothing_else_parses() {
        for platform in Platform::ALL {
            assert_eq!(platform.to_string().parse(), Ok(platform));
        }
        for bad in ["", "linux", "linux-x86_64", "Linux-amd64", "linux-amd64 ", "windows-amd64"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }
}

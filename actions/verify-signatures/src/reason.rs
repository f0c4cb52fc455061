//! Why a file is refused: stable codes, each with a sentence and a line of the manifest.

use crate::manifest::Place;

/// What is wrong, under a name that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    NoFiles,
    MissingFile,
    MissingSignature,
    MissingKey,
    UnknownKey,
    UnsupportedKey,
    WeakKey,
    UnsupportedSignature,
    BadSignature,
    DigestMismatch,
    SymbolicLink,
    NotAFile,
    TooLong,
    UnsupportedName,
}

impl Code {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NoFiles => "no-files",
            Self::MissingFile => "missing-file",
            Self::MissingSignature => "missing-signature",
            Self::MissingKey => "missing-key",
            Self::UnknownKey => "unknown-key",
            Self::UnsupportedKey => "unsupported-key",
            Self::WeakKey => "weak-key",
            Self::UnsupportedSignature => "unsupported-signature",
            Self::BadSignature => "bad-signature",
            Self::DigestMismatch => "digest-mismatch",
            Self::SymbolicLink => "symbolic-link",
            Self::NotAFile => "not-a-file",
            Self::TooLong => "too-long",
            Self::UnsupportedName => "unsupported-name",
        }
    }
}

/// One reason. Its message may hold hostile text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) place: Option<Place>,
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn the_readme_explains_every_reason() {
        use Code::*;
        for code in [
            NoFiles,
            MissingFile,
            MissingSignature,
            MissingKey,
            UnknownKey,
            UnsupportedKey,
            WeakKey,
            UnsupportedSignature,
            BadSignature,
            DigestMismatch,
            SymbolicLink,
            NotAFile,
            TooLong,
            UnsupportedName,
        ] {
            assert!(include_str!("../README.md").contains(&format!("`{}`", code.as_str())), "{code:?}");
        }
    }
}

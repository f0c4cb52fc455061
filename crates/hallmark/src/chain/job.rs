//! The three jobs that are one here, each with its signer and its key.

/// Who signs: the three jobs that are one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Bake,
    Assay,
    Publish,
}

impl Job {
    pub(super) const ALL: [Self; 3] = [Self::Bake, Self::Assay, Self::Publish];

    /// The signer's name in policies.
    pub(super) const fn signer(self) -> &'static str {
        match self {
            Self::Bake => "bake",
            Self::Assay => "assay",
            Self::Publish => "publish",
        }
    }

    /// The input that its key is given by.
    pub(super) const fn input(self) -> &'static str {
        match self {
            Self::Bake => "bake-key",
            Self::Assay => "assay-key",
            Self::Publish => "publish-key",
        }
    }
}

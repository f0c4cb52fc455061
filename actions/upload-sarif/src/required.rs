//! Whether it is an error that code scanning is not to be had.

use github::Lacking;
use runner::{Context, Result};

/// What the input `required` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    /// Nothing: an error is what somebody can mend in the workflow, or what is not known to be anything else.
    Mendable,
    /// Always an error.
    Always,
    /// Never.
    Never,
}

impl Required {
    pub(crate) fn read(cx: &Context) -> Result<Self> {
        if cx.opt_text("required")?.is_none() {
            return Ok(Self::Mendable);
        }
        Ok(if cx.flag("required")? { Self::Always } else { Self::Never })
    }

    /// Whether this lack is an error. A job that forgot its permission would be green for ever over an empty tab; the
    /// runs that Dependabot causes have a token that only reads, and that is not theirs to mend. A 404 says too little.
    pub(crate) const fn fails(self, lacking: Lacking, dependabot: bool) -> bool {
        match (self, lacking) {
            (Self::Always, _) | (Self::Mendable, Lacking::NotThere) => true,
            (Self::Never, _) | (Self::Mendable, Lacking::Licence) => false,
            (Self::Mendable, Lacking::Permission) => !dependabot,
        }
    }

    /// What to do where it is meant to be so.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Always => "`required: true` makes it an error",
            Self::Mendable | Self::Never => {
                "Where that is as it should be, `required: false` makes it a notice"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_error() {
        use Lacking::{Licence, NotThere, Permission};
        use Required::{Always, Mendable, Never};
        for (required, lacking, dependabot, fails) in [
            (Mendable, Permission, false, true),
            (Mendable, Permission, true, false),
            (Mendable, Licence, false, false),
            (Mendable, Licence, true, false),
            (Mendable, NotThere, false, true),
            (Mendable, NotThere, true, true),
            (Always, Permission, false, true),
            (Always, Permission, true, true),
            (Always, Licence, false, true),
            (Always, Licence, true, true),
            (Always, NotThere, false, true),
            (Always, NotThere, true, true),
            (Never, Permission, false, false),
            (Never, Permission, true, false),
            (Never, Licence, false, false),
            (Never, Licence, true, false),
            (Never, NotThere, false, false),
            (Never, NotThere, true, false),
        ] {
            assert_eq!(required.fails(lacking, dependabot), fails, "{required:?} {lacking:?} {dependabot}");
        }
    }
}

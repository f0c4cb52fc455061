//! What an exception says in the words of VEX: how a vulnerability stands to the image.

use serde::{Deserialize, Serialize};

/// OpenVEX's status. Only the first two take a finding away: to be affected is no reason to pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    /// The vulnerability does no harm here.
    NotAffected,
    /// The package has the fix, whatever its version says.
    Fixed,
    /// It does harm; something is to be done.
    Affected,
    /// Nobody knows yet.
    #[default]
    UnderInvestigation,
}

impl VexStatus {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::NotAffected, Self::Fixed, Self::Affected, Self::UnderInvestigation];

    /// As OpenVEX writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
        }
    }

    /// Whether an exception with this status takes a finding away.
    #[must_use]
    pub const fn suppresses(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}

/// Why a vulnerability does no harm: OpenVEX's labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The component is not there.
    ComponentNotPresent,
    /// The vulnerable part of it is not there.
    VulnerableCodeNotPresent,
    /// The vulnerable part is never run.
    VulnerableCodeNotInExecutePath,
    /// Nobody outside can reach it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something in the image keeps it from being used.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
    ];

    /// As OpenVEX writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }
}

/// What an exception says in the words of VEX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vex {
    /// How the vulnerability stands to the image.
    pub status: VexStatus,
    /// Why it does no harm, as a label.
    pub justification: Option<Justification>,
    /// Why it does no harm, in words. Hostile text.
    pub impact: Option<String>,
    /// What is to be done about it. Hostile text.
    pub action: Option<String>,
}

//! Links every action into one executable. This is the list that registers them.

mod chain;
mod doctor;
mod exceptions;
mod init;
mod keygen;
mod programs;
mod reap;
mod regate;
mod review;
mod tool_cache;
mod words;

use runner::Action;

/// One sentence for `hallmark --help`.
pub const ABOUT: &str = "Golden machine images: bake, prove, test, scan, decide, publish";

/// The actions: each has a folder under `actions/` and is a step in a workflow.
pub static RANK: &[&Action] = &[
    &verify_signatures::ACTION,
    &packer_build::ACTION,
    &goss_test::ACTION,
    &sbom::ACTION,
    &trivy_scan::ACTION,
    &gate::ACTION,
    &register_ami::ACTION,
    &verify_image::ACTION,
    &fetch_image::ACTION,
    &sign::ACTION,
    &environments::ACTION,
    &archive_action::ACTION,
    &regate::ACTION,
    &reap::ACTION,
    &brief::ACTION,
    &close::ACTION,
    &expire::ACTION,
    &notify::ACTION,
    &upload_sarif::ACTION,
    &grype_scan::ACTION,
    &sast_scan::ACTION,
    &secrets_scan::ACTION,
    &policy_check::ACTION,
];

/// All of them in one step: what a workflow names by the repository alone.
pub static CHAIN: &Action = &chain::ACTION;

/// Everything that `hallmark` can do: the actions, and what helps a person at a terminal.
pub static ACTIONS: &[&Action] = &[
    &verify_signatures::ACTION,
    &packer_build::ACTION,
    &goss_test::ACTION,
    &sbom::ACTION,
    &trivy_scan::ACTION,
    &gate::ACTION,
    &register_ami::ACTION,
    &verify_image::ACTION,
    &fetch_image::ACTION,
    &sign::ACTION,
    &environments::ACTION,
    &archive_action::ACTION,
    &regate::ACTION,
    &brief::ACTION,
    &close::ACTION,
    &expire::ACTION,
    &notify::ACTION,
    &upload_sarif::ACTION,
    &grype_scan::ACTION,
    &sast_scan::ACTION,
    &secrets_scan::ACTION,
    &policy_check::ACTION,
    CHAIN,
    &verify_image::VERIFY,
    &gate::APPROVE,
    &review::ACTION,
    &doctor::ACTION,
    &init::ACTION,
    &exceptions::ACTION,
    &keygen::ACTION,
    &reap::ACTION,
    &tool_cache::ACTION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
        assert!(RANK.iter().all(|action| ACTIONS.iter().any(|other| other.name == action.name)));
    }
}

//! What `hallmark init` writes, with the keys that it asks for, is nothing that the doctor complains about.

use attest::PrivateKey;

use crate::doctor::fixture::{Findings, action, runner};

#[test]
fn nothing_is_missing_in_what_init_writes_but_the_keys() {
    for policy in ["minimal", "recommended", "strict"] {
        let harness = runner();
        harness.file(".git/HEAD", "ref: refs/heads/main\n");
        harness.file("packer/web/web.pkr.hcl", "source \"null\" \"web\" {}\n");
        let init = hallmark::ACTIONS.iter().find(|action| action.name == "init").unwrap();
        let harness =
            harness.input("release", "0123456789abcdef0123456789abcdef01234567").input("policy", policy);
        let run = harness.run(init);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);

        let findings = || Findings(serde_json::from_str(&harness.run(action()).outputs["findings"]).unwrap());
        let before = findings();
        assert!(!before.checks("problem").is_empty());
        assert!(
            before.checks("problem").iter().all(|check| ["keys", "files"].contains(check)),
            "{before:#?}"
        );
        for name in ["bake", "assay", "approver", "publish"] {
            harness.file(&format!("hallmark/keys/{name}.pub"), PrivateKey::generate_p256().unwrap().public);
        }
        let after = findings();
        assert_eq!(after.checks("problem"), Vec::<&str>::new(), "{after:#?}");
        let warnings: Vec<_> = after
            .checks("warning")
            .into_iter()
            .filter(|check| !["programs", "disk-space"].contains(check))
            .collect();
        assert_eq!(warnings, Vec::<&str>::new(), "{after:#?}");
    }
}

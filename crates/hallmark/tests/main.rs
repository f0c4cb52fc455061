//! Every test in one executable: it holds all of the product, AWS's client included, and a dozen of them would fill a disk.

#[path = "../../../actions/gate/tests/common/mod.rs"]
mod common;
mod doctor;
mod exceptions;
mod exceptions_real;
mod init;
mod init_common;
mod init_lint;
mod init_run;
#[path = "../../../actions/gate/tests/clicks/job.rs"]
mod job;
#[path = "../../../actions/gate/tests/multitool.rs"]
mod multitool;
#[path = "../../aws/tests/common/oidc.rs"]
mod oidc;
#[path = "../../aws/tests/common/allowed.rs"]
mod policies;
mod pre_commit;
mod reap;
mod regate;
mod review;
mod review_path;
#[path = "../../../actions/gate/tests/clicks/script.rs"]
mod script;
#[path = "../../../actions/trivy-scan/tests/common/mod.rs"]
mod trivy;
mod verify;
#[path = "../../aws/tests/common/mod.rs"]
mod world;

//! An archive in S3, read as a role by the job's own token, whomever else the environment names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use runner::testing::Harness;

use super::place::{Place, regate, standing};
use super::{LOW, said};
use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, Proxy, REGION};

const ROLE: &str = "arn:aws:iam::123456789012:role/archive-read";

/// Brings a folder into a bucket, under the same names.
fn bring(proxy: &Proxy, folder: &Path, to: &str) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let to = format!("{to}/{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => bring(proxy, &entry.path(), &to),
            false => proxy.put_object(&to, &fs::read(entry.path()).unwrap()),
        }
    }
}

#[test]
fn an_archive_in_s3_is_read_as_the_role() {
    let place = Place::published(&[LOW], None);
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    proxy.make_bucket("golden");
    bring(&proxy, &place.archive(), "/golden/web");
    let asked = |harness: Harness, role: &str| {
        proxy.reset_calls();
        let env = proxy.env().into_iter();
        let harness = env.fold(harness, |harness, (name, value)| harness.env(name, value));
        endpoint.as_role(harness.input("archive", "s3://golden/web"), role)
    };
    let run = asked(place.harness(1, None), ROLE).run(regate());
    assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "{}", said(&run));
    assert_eq!(proxy.services(ACCOUNT), BTreeSet::from(["s3".to_owned()]));

    // The bucket's region is the input's.
    let run = asked(place.harness(1, None), ROLE).env("AWS_REGION", "eu-west-1").input("aws-region", REGION);
    let run = run.run(regate());
    assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "{}", said(&run));
    assert!(proxy.calls().iter().all(|call| call["region"] == REGION), "{:?}", proxy.calls());

    // A role that is not opened is nobody: the environment's credentials are not tried.
    let run = asked(place.harness(1, None), &ROLE.replace("archive-read", "denied")).run(regate());
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(said(&run).contains("AssumeRoleWithWebIdentity"), "{}", said(&run));
    assert!(proxy.services(ACCOUNT).is_empty());
    let run = endpoint.as_role(place.harness(1, None), ROLE).run(regate());
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(said(&run).contains("input `aws-role` is for an archive in S3"), "{}", said(&run));
}

//! Who a step is for AWS: by which inputs and variables; and a role's credentials, minted again when they end, each time by
//! a fresh token.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "common/mod.rs"]
mod common;
#[path = "common/oidc.rs"]
mod oidc;

use std::collections::BTreeSet;
use std::time::Duration;

use aws::{Account, Caller, Place, REGION as REGION_INPUT, ROLE, answer};
use common::{Proxy, REGION, SECRET, access_key};
use oidc::Endpoint;
use runner::testing::Harness;
use runner::{Action, Outcome};
use serde_json::json;

static ACTION: Action = Action {
    name: "bake",
    about: "asks AWS",
    inputs: &[REGION_INPUT, ROLE],
    outputs: &[],
    run: |_| Box::pin(async { Ok(Outcome::Done) }),
    post: None,
};

const OTHER: &str = "222222222222";

/// A job with a token, and with credentials of its own that a role does not use.
fn job(proxy: &Proxy, endpoint: &Endpoint, role: &str) -> Harness {
    let harness = proxy.env().into_iter().fold(Harness::new(), |job, (name, value)| job.env(name, value));
    let harness = endpoint.env().into_iter().fold(harness, |job, (name, value)| job.env(name, value));
    harness.input("aws-role", format!("arn:aws:iam::{OTHER}:role/{role}"))
}

/// What comes of asking who we are.
fn who(harness: &Harness) -> Result<(String, String), String> {
    let (asked, _) = harness.with_context(&ACTION, async |ctx| {
        let caller = Caller::read(ctx, ACTION.name)?;
        let place = Place::of(&caller).await?;
        let account = Account::of(&caller, &place.region).await?;
        Ok((account.arn().to_owned(), place.region.clone()))
    });
    asked.map_err(|error| format!("{error:#}"))
}

#[test]
fn the_environment_or_the_role_and_nothing_between() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let plain = || proxy.env().into_iter().fold(Harness::new(), |job, (name, value)| job.env(name, value));
    assert!(who(&plain()).unwrap().0.contains("::123456789012:user/"));
    let role = "arn:aws:sts::222222222222:assumed-role/bake/hallmark-bake-1-1".to_owned();
    assert_eq!(who(&job(&proxy, &endpoint, "bake")), Ok((role, REGION.to_owned())));
    for (harness, region) in [
        (plain().input("region", "eu-west-1"), "eu-west-1"),
        (plain().env("AWS_DEFAULT_REGION", "eu-west-2"), REGION),
        (plain().without_env("AWS_REGION").env("AWS_DEFAULT_REGION", "eu-west-2"), "eu-west-2"),
    ] {
        assert_eq!(who(&harness).unwrap().1, region);
    }
    proxy.reset_calls();
    let wrong_audience = Endpoint::start(Some("somebody-else"));
    for (harness, says) in [
        (plain().without_env("AWS_REGION"), "nobody says in which: give `region`"),
        (plain().input("region", "eu west"), "input `region`: \"eu west\" is not accepted"),
        (plain().env("AWS_REGION", "EU"), "AWS_REGION: \"EU\" is not accepted"),
        (plain().input("aws-role", "bake"), "input `aws-role`: \"bake\" is not accepted; give a role's ARN"),
        (job(&proxy, &endpoint, "bake").without_env("ACTIONS_ID_TOKEN_REQUEST_URL"), "id-token: write"),
        (job(&proxy, &wrong_audience, "bake"), "is not for the audience `sts.amazonaws.com`"),
    ] {
        let said = who(&harness).unwrap_err();
        assert!(said.contains(says) && !said.contains(SECRET), "{says}: {said}");
    }
    assert!(proxy.calls().is_empty(), "{:?}", proxy.operations());
    let denied = who(&job(&proxy, &endpoint, "denied")).unwrap_err();
    assert!(denied.contains("AccessDenied") && denied.contains("role/denied"), "{denied}");
    assert_eq!(BTreeSet::from_iter(proxy.operations()).len(), 1, "nobody else is tried");
}

#[test]
fn a_session_that_ends_is_minted_again_by_a_fresh_token() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    proxy.settings(&json!({"credential_seconds": 12}));
    let harness = job(&proxy, &endpoint, "bake").env("AWS_ACCESS_KEY_ID", access_key("333333333333"));
    let (done, _) = harness.with_context(&ACTION, async |ctx| {
        let place = Place::of(&Caller::read(ctx, ACTION.name)?).await?;
        for _ in 0..8 {
            let asked = place.ec2.describe_images().owners("self");
            answer(place.call("DescribeImages", ""), asked.send()).await?;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        Ok(())
    });
    done.unwrap();
    let calls = proxy.calls();
    let of = |name: &str| calls.iter().filter(|call| call["operation"] == name).collect::<Vec<_>>();
    let tokens = of("AssumeRoleWithWebIdentity");
    let different: BTreeSet<_> =
        tokens.iter().map(|call| call["request"]["WebIdentityToken"].to_string()).collect();
    assert!(tokens.len() >= 2 && different.len() == tokens.len(), "{tokens:?}");
    assert!(of("DescribeImages").iter().all(|call| call["account"] == OTHER));
}

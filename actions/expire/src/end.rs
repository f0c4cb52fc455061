//! Ending a run that waits too long, and only that one: whatever has begun to publish is left alone.

use github::{Cancelled, Client, Repository, Run};

use crate::look::Standing;

/// How often a call may be made of which nobody knows whether it was done; each time it is looked at first.
const CALLS: u32 = 2;

/// Ends a run, if it waits still.
pub(crate) async fn end(client: &Client, repository: &Repository, run: &Run) -> Standing {
    let mut said = String::new();
    for call in 1..=CALLS {
        // Somebody may have approved it in the meantime, and whoever publishes is not to be broken off; and a call
        // that broke off may have been done.
        match client.run(repository, run.id).await {
            Ok(now) if now.attempt != run.attempt => return Standing::GoneOn,
            Ok(now) if now.status == "waiting" => {}
            Ok(now) if call > 1 && now.conclusion.as_deref() == Some("cancelled") => return Standing::Ended,
            Ok(_) => return Standing::GoneOn,
            Err(error) => return Standing::Unknown(error.to_string()),
        }
        match client.cancel(repository, run.id).await {
            Ok(Cancelled::Taken) => return Standing::Ended,
            Ok(Cancelled::Over) => {
                return match client.run(repository, run.id).await {
                    Ok(now) if now.status == "waiting" => {
                        Standing::Unknown("GitHub does not end it, though it waits".to_owned())
                    }
                    Ok(_) => Standing::GoneOn,
                    Err(error) => Standing::Unknown(error.to_string()),
                };
            }
            Err(error) if error.why.may_have_been_done() => said = error.to_string(),
            Err(error) => return Standing::Unknown(error.to_string()),
        }
    }
    match client.run(repository, run.id).await {
        Ok(now) if now.conclusion.as_deref() == Some("cancelled") => Standing::Ended,
        _ => Standing::Unknown(said),
    }
}

//! Writing a parameter so that it shows what it was set to: sent once, looked at, and sent again only if it does not.

use std::time::Duration;

use provider::Error;

use super::{Aws, failed, parameters};
use crate::Place;
use crate::failure::{Answered, Fate};

/// How often a write is sent whose fate nobody knows, or that AWS was too busy for.
const ATTEMPTS: u32 = 8;

/// The first pause before a look.
const PAUSE: Duration = Duration::from_millis(100);

impl Aws {
    /// Sends a write until the parameter shows a value: `None`. If it keeps showing another one, that one.
    ///
    /// An answer does not mean that it is written: the Systems Manager looks at the image first. And no answer does not
    /// mean that it is not: so each attempt is followed by looks, and not by the next attempt.
    pub(super) async fn tried(
        &self,
        place: &Place,
        name: &str,
        value: &str,
        write: impl AsyncFn() -> Answered<()>,
    ) -> Result<Option<String>, Error> {
        let begun = tokio::time::Instant::now();
        for attempt in 1.. {
            self.lease.hold().await?;
            let written = write().await;
            match written {
                Ok(()) => return self.seen(place, name, value, self.to.wait.channel).await,
                Err(failure) if failure.fate == Fate::Refused || attempt >= ATTEMPTS => {
                    return Err(failed(failure));
                }
                Err(failure) => {
                    self.say(&format!("{}: {failure}; looking, then once more", place.region));
                    // Long enough for the Systems Manager, if it was written; with a length that no two have.
                    let patience = PAUSE * 2_u32.pow(attempt.min(6)) + jitter(begun.elapsed());
                    if failure.fate == Fate::Unknown
                        && self.seen(place, name, value, patience.max(self.to.wait.poll)).await?.is_none()
                    {
                        return Ok(None);
                    }
                    tokio::time::sleep(patience).await;
                }
            }
        }
        Ok(None)
    }

    /// Waits until a parameter shows a value: `None`. At the end of its patience, what it shows instead.
    pub(super) async fn seen(
        &self,
        place: &Place,
        name: &str,
        value: &str,
        patience: Duration,
    ) -> Result<Option<String>, Error> {
        let begun = tokio::time::Instant::now();
        let mut pause = PAUSE;
        loop {
            let there = parameters::get(place, name).await.map_err(failed)?;
            if there.as_ref().is_some_and(|there| there.value == value) {
                return Ok(None);
            }
            if begun.elapsed() >= patience {
                return Ok(Some(there.map_or_else(|| "nothing".to_owned(), |there| there.value)));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.to.wait.poll);
        }
    }
}

/// Something that differs from one publisher to the next, up to a second: the time that calls took.
fn jitter(elapsed: Duration) -> Duration {
    Duration::from_micros(u64::from(elapsed.subsec_nanos()) % 1_000_000)
}

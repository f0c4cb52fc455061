//! The lease: of two publishers of one image family, one waits or stops. It is a record with a date; who holds it writes
//! a later date before the old one comes, and asks for it before each change.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use archive::{Record, Records};
use jiff::Timestamp;
use provider::Error;
use serde::{Deserialize, Serialize};

use super::remote;

/// The clock of the context.
pub type Clock = Rc<dyn Fn() -> Timestamp>;

/// How long a lease is given for. Longer than any call may take, with all its attempts.
const TERM: Duration = Duration::from_secs(600);

/// A lease that ends sooner than this is renewed before the next change: the longest that a call takes, and some.
const RENEW: Duration = Duration::from_secs(400);

/// By how much the clocks of two machines may differ.
const SKEW: Duration = Duration::from_secs(30);

/// The longest pause before a look whether somebody else is done.
const PAUSE: Duration = Duration::from_secs(2);

/// Who publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holder {
    /// Nobody else has this name at the same time: a job of a run, or something random.
    pub name: String,
    /// Which attempt of the same job: an earlier one is over when a later one runs.
    pub attempt: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Term {
    holder: Holder,
    until: Timestamp,
    /// Given back before its end.
    over: bool,
}

/// A lease on a family.
pub(crate) struct Lease {
    records: Rc<Records>,
    key: String,
    holder: Holder,
    patience: Duration,
    clock: Clock,
    held: RefCell<Option<Record<Term>>>,
    /// One renewal at a time: changes run side by side.
    turn: tokio::sync::Mutex<()>,
}

impl Lease {
    pub(crate) fn new(
        records: Rc<Records>,
        family: &str,
        holder: Holder,
        patience: Duration,
        clock: Clock,
    ) -> Self {
        let key = format!("leases/{family}.json");
        Self {
            records,
            key,
            holder,
            patience,
            clock,
            held: RefCell::new(None),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Sees to it that the lease is held, and for longer than the next call takes.
    pub(crate) async fn hold(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let held = self.held.borrow().clone();
        match held {
            Some(held) if held.value.until > self.after(RENEW) => Ok(()),
            Some(held) => self.renew(&held).await,
            None => self.take().await,
        }
    }

    /// Gives it back, if it is held. Who cannot be told waits until its end.
    pub(crate) async fn give_back(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let held = self.held.borrow_mut().take();
        if let Some(held) = held {
            let over = Term { over: true, ..held.value.clone() };
            self.records.write(&self.key, &over, Some(&held)).await.map_err(remote)?;
        }
        Ok(())
    }

    /// Who else holds it, and until when.
    pub(crate) async fn held_by(&self) -> Result<Option<(String, Timestamp)>, Error> {
        let there = self.records.read::<Term>(&self.key).await.map_err(remote)?;
        let there = there.map(|there| there.value).filter(|term| !self.is_free(term));
        Ok(there.map(|term| (term.holder.name, term.until)))
    }

    async fn renew(&self, held: &Record<Term>) -> Result<(), Error> {
        match self.records.write(&self.key, &self.term(), Some(held)).await.map_err(remote)? {
            Some(renewed) => {
                *self.held.borrow_mut() = Some(renewed);
                Ok(())
            }
            None => Err(Error::Lost { what: self.records.place(&self.key) }),
        }
    }

    async fn take(&self) -> Result<(), Error> {
        let begun = tokio::time::Instant::now();
        loop {
            let there = self.records.read::<Term>(&self.key).await.map_err(remote)?;
            if there.as_ref().is_none_or(|there| self.is_free(&there.value)) {
                let taken = self.records.write(&self.key, &self.term(), there.as_ref()).await;
                if let Some(taken) = taken.map_err(remote)? {
                    *self.held.borrow_mut() = Some(taken);
                    return Ok(());
                }
                // Somebody was faster; the next look says who.
                continue;
            }
            let waited = begun.elapsed();
            if waited >= self.patience {
                let by = there.map(|there| (there.value.holder.name, there.value.until));
                let (by, until) = by.unwrap_or_default();
                return Err(Error::Held { by, until, waited });
            }
            tokio::time::sleep(PAUSE.min(self.patience - waited)).await;
        }
    }

    fn is_free(&self, term: &Term) -> bool {
        let same = term.holder.name == self.holder.name && term.holder.attempt < self.holder.attempt;
        term.over || same || (self.clock)() > term.until + SKEW
    }

    fn term(&self) -> Term {
        Term { holder: self.holder.clone(), until: self.after(TERM), over: false }
    }

    fn after(&self, time: Duration) -> Timestamp {
        (self.clock)() + time
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use archive::{Keeping, Location};

    use super::*;

    struct World {
        records: Rc<Records>,
        now: Rc<Cell<i64>>,
        _folder: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let location = Location::Folder(folder.path().to_owned());
            let records = Records::at(&location, &|_| None, Keeping::default()).await.unwrap();
            Self { records: Rc::new(records), now: Rc::default(), _folder: folder }
        }

        fn lease(&self, name: &str, attempt: u32) -> Lease {
            let now = Rc::clone(&self.now);
            let clock: Clock = Rc::new(move || Timestamp::from_second(1_800_000_000 + now.get()).unwrap());
            let holder = Holder { name: name.into(), attempt };
            Lease::new(Rc::clone(&self.records), "debian", holder, Duration::ZERO, clock)
        }
    }

    #[tokio::test]
    async fn one_of_two_stops_until_the_other_is_done_or_dead() {
        let world = World::new().await;
        let (one, two) = (world.lease("one", 1), world.lease("two", 1));
        one.hold().await.unwrap();
        one.hold().await.unwrap();
        let error = two.hold().await.unwrap_err();
        assert!(matches!(&error, Error::Held { by, .. } if by == "one"), "{error}");
        one.give_back().await.unwrap();
        two.hold().await.unwrap();
        assert!(matches!(one.hold().await, Err(Error::Held { .. })));
        // Dead: its date has passed, and some.
        world.now.set(631);
        one.hold().await.unwrap();
        // It was not dead; what it begins next it is told.
        assert!(matches!(two.hold().await, Err(Error::Lost { .. })));
    }

    #[tokio::test]
    async fn it_is_renewed_before_it_ends() {
        let world = World::new().await;
        let one = world.lease("one", 1);
        one.hold().await.unwrap();
        for _ in 0..10 {
            world.now.set(world.now.get() + 250);
            one.hold().await.unwrap();
        }
        assert!(matches!(world.lease("two", 1).hold().await, Err(Error::Held { .. })));
    }

    #[tokio::test]
    async fn a_later_attempt_of_the_same_job_takes_over_at_once() {
        let world = World::new().await;
        world.lease("run/7/publish", 1).hold().await.unwrap();
        assert!(matches!(world.lease("run/7/publish", 1).hold().await, Err(Error::Held { .. })));
        world.lease("run/7/publish", 2).hold().await.unwrap();
    }
}

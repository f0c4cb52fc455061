//! One limiter for all that is read, or sent, beside each other: AWS's rate is an account's and a region's, and not a disk's.
//! Several disks go side by side because each of them also waits for other things than blocks: for its list, for its file, for
//! AWS to complete its snapshot. Meanwhile the others have all of the rate.

use std::cell::{Cell, RefCell};
use std::future::Future;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::limiter::{Limiter, Pace, Ticket};

/// How many calls all of those that share it may have under way.
#[derive(Debug)]
pub struct Gate {
    limiter: RefCell<Limiter>,
    under_way: Cell<usize>,
    lanes: Cell<usize>,
    /// How many lanes wait for room.
    waiting: Cell<usize>,
    /// There may be room.
    changed: Notify,
}

impl Gate {
    /// A gate of its own.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            limiter: RefCell::new(Limiter::new(pace)),
            under_way: Cell::new(0),
            lanes: Cell::new(0),
            waiting: Cell::new(0),
            changed: Notify::new(),
        }
    }

    pub(crate) fn pace(&self) -> Pace {
        *self.limiter.borrow().pace()
    }

    /// Waits for the end of a pause.
    pub(crate) async fn open(&self) {
        let not_before = self.limiter.borrow().not_before();
        if not_before > Instant::now() {
            sleep_until(not_before).await;
        }
    }

    /// For a call that begins now.
    pub(crate) fn ticket(&self) -> Ticket {
        self.limiter.borrow().ticket()
    }

    /// A call was answered.
    pub(crate) fn answered(&self, ticket: Ticket) {
        self.limiter.borrow_mut().answered(ticket);
        self.changed.notify_waiters();
    }

    /// A call was throttled. The error is how often that was so in a row, once it is more than the patience.
    pub(crate) fn throttled(&self, ticket: Ticket) -> Result<(), u32> {
        let throttled = self.limiter.borrow_mut().throttled(ticket);
        // A pause that somebody waits for may end later now.
        self.changed.notify_waiters();
        throttled
    }

    /// Waits until a lane with so many calls under way may begin one more.
    pub(crate) async fn room(&self, mine: usize) {
        let _waiting = Waiting::new(self);
        loop {
            let changed = self.changed.notified();
            self.open().await;
            if self.has_room(mine, self.waiting.get() - 1) {
                return;
            }
            changed.await;
        }
    }

    /// A lane takes more than its share only while no other waits.
    fn has_room(&self, mine: usize, waiting: usize) -> bool {
        let limiter = self.limiter.borrow();
        let share = limiter.window().div_ceil(self.lanes.get().max(1));
        limiter.is_open() && limiter.has_room(self.under_way.get()) && (waiting == 0 || mine < share)
    }

    fn ended(&self, calls: usize) {
        self.under_way.set(self.under_way.get() - calls);
        self.changed.notify_waiters();
    }
}

/// One lane that waits.
struct Waiting<'g>(&'g Gate);

impl<'g> Waiting<'g> {
    fn new(gate: &'g Gate) -> Self {
        gate.waiting.set(gate.waiting.get() + 1);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get() - 1);
        self.0.changed.notify_waiters();
    }
}

/// The calls about one disk. Dropped, it ends what is on its way, and makes room for the others.
pub(crate) struct Lane<'g, T> {
    gate: &'g Gate,
    under_way: JoinSet<T>,
}

impl<'g, T: Send + 'static> Lane<'g, T> {
    pub(crate) fn new(gate: &'g Gate) -> Self {
        gate.lanes.set(gate.lanes.get() + 1);
        Self { gate, under_way: JoinSet::new() }
    }

    pub(crate) const fn gate(&self) -> &'g Gate {
        self.gate
    }

    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether a call may begin now.
    pub(crate) fn has_room(&self) -> bool {
        self.gate.has_room(self.len(), self.gate.waiting.get())
    }

    pub(crate) fn spawn(&mut self, call: impl Future<Output = T> + Send + 'static) {
        self.gate.under_way.set(self.gate.under_way.get() + 1);
        self.under_way.spawn(call);
    }

    /// Waits for a call of this lane to end; `None` if there is none.
    pub(crate) async fn next(&mut self) -> Option<Result<T, JoinError>> {
        let ended = self.under_way.join_next().await;
        self.gate.ended(usize::from(ended.is_some()));
        ended
    }
}

impl<T> Drop for Lane<'_, T> {
    fn drop(&mut self) {
        self.gate.lanes.set(self.gate.lanes.get() - 1);
        self.gate.ended(self.under_way.len());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Calls under way now, and the most that there were.
    #[derive(Default)]
    struct Seen {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    async fn drive(gate: &Gate, calls: usize, seen: &Arc<Seen>) -> Instant {
        let mut lane = Lane::new(gate);
        let (mut left, mut done) = (calls, 0);
        while done < calls {
            while left > 0 && lane.has_room() {
                left -= 1;
                let seen = Arc::clone(seen);
                lane.spawn(async move {
                    let now = seen.now.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most.fetch_max(now, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    seen.now.fetch_sub(1, Ordering::SeqCst);
                });
            }
            let mine = lane.len();
            tokio::select! {
                Some(ended) = lane.next(), if mine > 0 => {
                    ended.unwrap();
                    done += 1;
                }
                () = gate.room(mine), if left > 0 => {}
            }
        }
        Instant::now()
    }

    fn narrow(most: usize) -> Gate {
        Gate::new(Pace { begin: most, most, ..Pace::default() })
    }

    #[tokio::test]
    async fn lanes_have_one_window_and_none_waits_for_the_end_of_another() {
        let (gate, seen) = (narrow(4), Arc::new(Seen::default()));
        let (long, short) = tokio::join!(drive(&gate, 100, &seen), drive(&gate, 10, &seen));
        assert_eq!(seen.most.load(Ordering::SeqCst), 4);
        assert!(short < long);
        assert_eq!((gate.under_way.get(), gate.lanes.get(), gate.waiting.get()), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_lane_alone_has_all_of_it_and_one_that_is_dropped_gives_it_back() {
        let (gate, seen) = (narrow(4), Arc::new(Seen::default()));
        let mut given_up = Lane::new(&gate);
        (0..4).for_each(|_| given_up.spawn(std::future::pending::<()>()));
        assert!(!given_up.has_room());
        let other = drive(&gate, 20, &seen);
        let drop_it = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(given_up);
        };
        tokio::join!(other, drop_it);
        assert_eq!(seen.most.load(Ordering::SeqCst), 4);
        assert_eq!((gate.under_way.get(), gate.lanes.get()), (0, 0));
    }

    #[tokio::test]
    async fn a_pause_is_everybodys() {
        let pace = Pace { begin: 4, most: 4, pause: Duration::from_secs(4), ..Pace::default() };
        let gate = Gate::new(pace);
        let begun = Instant::now();
        gate.throttled(gate.ticket()).unwrap();
        let lane = Lane::<()>::new(&gate);
        assert!(!lane.has_room());
        gate.room(0).await;
        assert!(begun.elapsed() >= Duration::from_secs(2) && lane.has_room());
    }
}

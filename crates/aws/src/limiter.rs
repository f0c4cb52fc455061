//! How many calls of EBS direct are under way at once, for reading and for writing. AWS does not say how many it allows:
//! more are made until it throttles (twice as many each round, until it does so for the first time), then half as many, as TCP
//! finds its way through a network that nobody knows either.

use std::time::Duration;

use tokio::time::Instant;

/// How blocks are asked for, and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many at once in the beginning; at least 1.
    pub begin: usize,
    /// How many at once at most: each is half a MiB of memory.
    pub most: usize,
    /// The first pause after throttling; it doubles each time until a call is answered.
    pub pause: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How often AWS may throttle in a row, without one answer between, before that is an error.
    pub patience: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            begin: 16,
            most: 64,
            pause: Duration::from_millis(250),
            longest: Duration::from_secs(20),
            patience: 20,
        }
    }
}

impl Pace {
    /// The pause before the `n`th try, from half of it to all of it: who was throttled together does not come back
    /// together.
    pub(crate) fn pause_before(&self, n: u32) -> Duration {
        let whole = self.pause.saturating_mul(2_u32.saturating_pow(n.saturating_sub(1))).min(self.longest);
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// From when a call is: throttling that began before it was answered with fewer calls is not counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// How many calls may be under way. It is no lock: whoever makes calls asks it before each, through a [`Gate`](crate::Gate).
#[derive(Debug)]
pub(crate) struct Limiter {
    pace: Pace,
    window: usize,
    /// Answered since the window last changed.
    clean: usize,
    /// How often it was halved.
    halved: u64,
    /// How often in a row, with no answer between.
    in_a_row: u32,
    /// The end of a pause.
    not_before: Instant,
}

impl Limiter {
    pub(crate) fn new(pace: Pace) -> Self {
        let pace = Pace { most: pace.most.max(1), ..pace };
        let window = pace.begin.clamp(1, pace.most);
        Self { pace, window, clean: 0, halved: 0, in_a_row: 0, not_before: Instant::now() }
    }

    pub(crate) const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Whether there is room beside so many that are on their way.
    pub(crate) const fn has_room(&self, under_way: usize) -> bool {
        under_way < self.window
    }

    /// Whether it is no time to pause.
    pub(crate) fn is_open(&self) -> bool {
        Instant::now() >= self.not_before
    }

    /// The end of a pause.
    pub(crate) const fn not_before(&self) -> Instant {
        self.not_before
    }

    /// How many may be under way.
    pub(crate) const fn window(&self) -> usize {
        self.window
    }

    /// For a call that begins now.
    pub(crate) const fn ticket(&self) -> Ticket {
        Ticket(self.halved)
    }

    /// A call was answered. Before anything was throttled each makes room for one more, afterwards a full round does.
    pub(crate) fn answered(&mut self, ticket: Ticket) {
        self.in_a_row = 0;
        if ticket != self.ticket() {
            return;
        }
        if self.halved == 0 {
            self.window = (self.window + 1).min(self.pace.most);
            return;
        }
        self.clean += 1;
        if self.clean >= self.window {
            self.window = (self.window + 1).min(self.pace.most);
            self.clean = 0;
        }
    }

    /// A call was throttled: half as many, once for all that were on their way, and after a pause. The error is how often
    /// that was so in a row, once it is more than the patience.
    pub(crate) fn throttled(&mut self, ticket: Ticket) -> Result<(), u32> {
        if ticket != self.ticket() {
            return Ok(());
        }
        self.window = (self.window / 2).max(1);
        self.clean = 0;
        self.halved += 1;
        self.in_a_row += 1;
        if self.in_a_row > self.pace.patience {
            return Err(self.in_a_row);
        }
        self.not_before = Instant::now() + self.pace.pause_before(self.in_a_row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limiter(begin: usize, most: usize) -> Limiter {
        Limiter::new(Pace { begin, most, patience: u32::MAX, ..Pace::default() })
    }

    /// A round as a service has it that answers so many at once, and throttles the rest.
    fn round(limiter: &mut Limiter, capacity: usize) {
        let (ticket, sent) = (limiter.ticket(), limiter.window);
        for number in 0..sent {
            if number < capacity {
                limiter.answered(ticket);
            } else {
                limiter.throttled(ticket).unwrap();
            }
        }
    }

    #[test]
    fn a_burst_halves_once_and_a_full_round_adds_one() {
        let mut limiter = Limiter::new(Pace { patience: 12, ..Pace::default() });
        assert!(limiter.has_room(15) && !limiter.has_room(16) && limiter.is_open());
        let burst = limiter.ticket();
        (0..16).for_each(|_| limiter.throttled(burst).unwrap());
        // What was on its way then says nothing about the window of now.
        (0..20).for_each(|_| limiter.answered(burst));
        assert_eq!((limiter.window, limiter.is_open()), (8, false));
        let now = limiter.ticket();
        (0..7).for_each(|_| limiter.answered(now));
        assert_eq!(limiter.window, 8);
        limiter.answered(now);
        assert_eq!(limiter.window, 9);
        for n in 1..=12 {
            limiter.throttled(limiter.ticket()).unwrap();
            assert_eq!(limiter.in_a_row, n);
        }
        assert_eq!(limiter.window, 1);
        assert_eq!(limiter.throttled(limiter.ticket()), Err(13));
        limiter.answered(burst);
        assert_eq!(limiter.in_a_row, 0);
    }

    #[test]
    fn without_throttling_it_grows_to_the_most_and_no_further() {
        let mut limiter = limiter(16, 64);
        for window in [16, 32, 64, 64] {
            assert_eq!(limiter.window, window);
            round(&mut limiter, usize::MAX);
        }
    }

    #[test]
    fn what_was_throttled_once_grows_slowly() {
        let mut limiter = limiter(16, 64);
        limiter.throttled(limiter.ticket()).unwrap();
        for rounds in 0..60 {
            assert_eq!(limiter.window, (8 + rounds).min(64));
            round(&mut limiter, usize::MAX);
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_never_none() {
        let pace = Pace::default();
        for (n, whole) in
            [(1, 250), (2, 500), (3, 1000), (7, 16_000), (8, 20_000), (20, 20_000), (u32::MAX, 20_000)]
        {
            let whole = Duration::from_millis(whole);
            let pauses: Vec<_> = (0..100).map(|_| pace.pause_before(n)).collect();
            assert!(pauses.iter().all(|pause| (whole / 2..=whole).contains(pause)), "{n}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{n}");
        }
    }

    proptest! {
        /// Whatever happens in whatever order, with tickets of now and of long ago.
        #[test]
        fn never_none_and_never_above_the_most(
            begin in 0_usize..200,
            most in 0_usize..100,
            events in prop::collection::vec((any::<bool>(), 0_usize..8), 0..2000),
        ) {
            let mut limiter = limiter(begin, most);
            let mut tickets = vec![limiter.ticket()];
            for (throttled, back) in events {
                let before = limiter.window;
                let ticket = tickets[tickets.len().saturating_sub(1 + back)];
                if throttled { limiter.throttled(ticket).unwrap(); } else { limiter.answered(ticket); }
                tickets.push(limiter.ticket());
                prop_assert!((1..=most.max(1)).contains(&limiter.window));
                prop_assert!(limiter.window <= before + 1 && limiter.window >= before / 2);
            }
        }

        /// A service that answers `capacity` at once is asked for half of that to one more, for good.
        #[test]
        fn it_converges_to_what_the_service_allows(capacity in 1_usize..100, begin in 1_usize..64) {
            let mut limiter = limiter(begin, 64);
            for _ in 0..200 {
                round(&mut limiter, capacity);
            }
            let reachable = capacity.min(64);
            let (mut throttled, mut sent) = (0, 0);
            for _ in 0..500 {
                let window = limiter.window;
                prop_assert!(window >= reachable.div_ceil(2) && window <= (reachable + 1).min(64), "{window} of {capacity}");
                sent += window;
                throttled += window.saturating_sub(capacity);
                round(&mut limiter, capacity);
            }
            // No storms: of many calls few are throttled.
            prop_assert!(throttled * 2 <= sent, "{throttled} of {sent}");
            prop_assert!(capacity < 8 || throttled * 10 <= sent, "{throttled} of {sent}");
        }

        /// Throttled at random, at any rate below 1: it goes on, and something is answered.
        #[test]
        fn at_any_rate_something_is_answered(rate in 0.0_f64..0.95, seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut limiter = limiter(16, 64);
            let (mut answered, mut worst) = (0_u32, 0);
            for _ in 0..5000 {
                let ticket = limiter.ticket();
                if random.f64() < rate {
                    limiter.throttled(ticket).unwrap();
                    worst = worst.max(limiter.in_a_row);
                } else {
                    limiter.answered(ticket);
                    answered += 1;
                }
            }
            prop_assert!(f64::from(answered) > 5000.0 * (1.0 - rate) * 0.5);
            prop_assert!(rate > 0.3 || worst <= Pace::default().patience, "{worst} in a row at {rate}");
        }
    }
}

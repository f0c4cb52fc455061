//! Asynchronous clients for callers who wait: they run on a thread and a runtime of their own, so that it does not
//! matter whether the caller is on a runtime too, and connections live as long as the client.

use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

/// A runtime beside the caller's.
#[derive(Debug)]
pub(crate) struct Background(Option<Runtime>);

impl Background {
    pub(crate) fn new() -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("services").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Waits for the work; nothing comes of work that panicked.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.0.as_ref()?.spawn(async move { sender.send(work.await).ok() });
        receiver.recv().ok()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Waiting for idle connections would be refused on a caller's runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Background;

    #[test]
    fn a_caller_with_a_runtime_can_wait_and_a_panic_is_nothing() {
        let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();
        caller.block_on(async {
            let background = Background::new().unwrap();
            assert_eq!(background.run(async { 7 }), Some(7));
            assert_eq!(background.run(async { std::hint::black_box(None::<u8>).unwrap() }), None);
            assert_eq!(background.run(async { 8 }), Some(8));
        });
    }
}

//! What takes minutes to hours is told of meanwhile.

use std::time::Duration;

/// How often it is told how far something is.
pub(crate) const TOLD: Duration = Duration::from_secs(30);

/// Does something that takes long, and every half minute tells how far it is, or does whatever else has to be done meanwhile.
///
/// # Errors
/// The work's, or the telling's: then the work is given up.
pub async fn while_told<T, E>(
    work: impl Future<Output = Result<T, E>>,
    mut tell: impl AsyncFnMut() -> Result<(), E>,
) -> Result<T, E> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(TOLD) => tell().await?,
        }
    }
}

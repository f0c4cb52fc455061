//! Code scanning: SARIF goes up, and GitHub says later what became of it.
//!
//! A second upload of the same analysis takes the first one's place, so an upload that broke off is sent again.
//! <https://docs.github.com/en/rest/code-scanning/code-scanning>

mod lacking;
mod packed;
mod page;
mod processing;
mod upload;

pub use lacking::Lacking;
pub use packed::{Gzipped, MAX_SARIF_GZIPPED, SarifTooLarge};
pub use page::alerts_page;
pub use processing::Processing;
pub use upload::SarifUpload;

/// What these calls need. Of a private repository `actions: read` as well.
const NEEDS: &str = "security-events: write";

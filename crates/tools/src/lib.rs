//! The third-party tools that Hallmark runs: pinned by digest in `tools.lock`, found on PATH or in the
//! cache by their SHA-256, else downloaded and verified, else built by Go from a pinned module; or Python
//! packages, each wheel by its SHA-256.
//!
//! The version that a tool prints decides nothing here: only its bytes do.

mod air_gap;
mod cache;
mod download;
mod error;
mod event;
mod forbidden;
mod go;
mod last;
mod lock;
mod lock_file;
mod mirror;
mod platform;
mod python;
mod search_path;
mod settings;
mod tool;
mod tools;
mod unpack;

pub use air_gap::{Checked, Listed};
pub use error::{Error, LockError};
pub use event::Event;
pub use lock::{Asset, Built, GoModule, Lock, LockedTool, Packing, Pinned};
pub use mirror::Mirror;
pub use platform::{Platform, UnknownPlatform};
pub use python::{
    PythonChecked, PythonPackage, PythonProgram, PythonTool, python_packages, python_tool,
    python_tool_at_hand, python_tools, python_verify,
};
pub use settings::{Limits, Settings};
pub use tool::{Source, Tool};
pub use tools::Tools;

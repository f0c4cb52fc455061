//! The inputs, read once into checked values.

use std::path::PathBuf;

use anyhow::bail;
use model::Class;
use runner::{Context, Result};
use scan::SourceInputs;

/// Everything that was asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// What all scans of sources are asked.
    pub(crate) sources: SourceInputs,
    pub(crate) tree: bool,
    pub(crate) history: bool,
    pub(crate) rules: Option<PathBuf>,
    pub(crate) ignore_file: Option<PathBuf>,
    pub(crate) baseline: Option<PathBuf>,
}

impl Inputs {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let scan = ctx.text("scan")?;
        let inputs = Self {
            sources: SourceInputs::read(ctx, &[Class::Secret])?,
            tree: scan != "history",
            history: scan != "tree",
            rules: ctx.opt_path("rules")?,
            ignore_file: ctx.opt_path("ignore-file")?,
            baseline: ctx.opt_path("baseline")?,
        };
        let wanted = &inputs.sources.wanted;
        if inputs.history
            && inputs.sources.report.is_none()
            && !(wanted.only.is_empty() && wanted.exclude.is_empty())
        {
            bail!(
                "`files` or `exclude` and a scan of the history are asked for: history is looked at as a whole, so give \
                 `scan: tree` with them"
            );
        }
        for (name, path) in
            [("rules", &inputs.rules), ("ignore-file", &inputs.ignore_file), ("baseline", &inputs.baseline)]
        {
            if let Some(path) = path.as_ref().filter(|path| !path.is_file()) {
                bail!("input `{name}`: there is no file {}", path.display());
            }
        }
        Ok(inputs)
    }
}

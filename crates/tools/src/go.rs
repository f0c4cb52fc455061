//! Building a tool with Go, from a module that this crate carries.
//!
//! One module a tool, so that one tool's dependencies do not lift another's. Every dependency's digest is in
//! its `go.sum`; the same Go, flags and module give the same bytes anywhere, which the lock's `built` checks.

use std::fs;
use std::path::{Path, PathBuf};

use process::{Line, Processes, Spec};

use crate::last::Last;
use crate::lock::LockedTool;
use crate::{Error, Event, Settings};

/// How many of Go's last lines an error repeats.
const LAST_LINES: usize = 20;

struct Module {
    name: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
}

macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        &[$(Module {
            name: $name,
            go_mod: include_str!(concat!("../go/", $name, "/go.mod")),
            go_sum: include_str!(concat!("../go/", $name, "/go.sum")),
        }),*]
    };
}

/// A released program has no source tree, so the modules are part of it.
const MODULES: &[Module] = modules![
    "act",
    "actionlint",
    "cosign",
    "fulcio",
    "gitleaks",
    "goss",
    "grype",
    "opa",
    "packer",
    "packer-plugin-amazon",
    "rekor-server",
    "syft",
    "tesseract",
    "timestamp-server",
    "trivy",
];

fn module(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

/// Whether the tool's module, if this crate carries one, has the version that the lock says.
pub(crate) fn check_module(name: &str, path: &str, version: &str) -> Result<(), String> {
    let Some(module) = module(name) else { return Ok(()) };
    let want = format!("{path} v{version}");
    let found = module.go_mod.lines().any(|line| {
        let line = line.trim().trim_start_matches("require ");
        line == want || line.strip_prefix(&want).is_some_and(|rest| rest.starts_with(" //"))
    });
    if found { Ok(()) } else { Err(format!("crates/tools/go/{name}/go.mod does not require {want}")) }
}

/// Whether this crate carries the tool's module.
pub(crate) fn has_module(name: &str) -> bool {
    module(name).is_some()
}

/// Builds the tool in `folder` (which must be empty and ours) and gives the path of the executable.
pub(crate) async fn build(
    go: &Path,
    tool: &LockedTool,
    version: &str,
    folder: &Path,
    settings: &Settings,
    processes: &dyn Processes,
    on: &mut dyn FnMut(Event),
) -> Result<PathBuf, Error> {
    let name = &tool.name;
    let failed = |problem: String| Error::Build { name: name.clone(), go: go.to_owned(), problem };
    let module = module(name).ok_or_else(|| failed("this program carries no Go module for it".to_owned()))?;
    for (file, text) in [("go.mod", module.go_mod), ("go.sum", module.go_sum)] {
        let path = folder.join(file);
        fs::write(&path, text).map_err(Error::io(path))?;
    }
    on(Event::Building { name: name.clone(), module: tool.purl() });
    let executable = folder.join(name);
    let mut last = Last::new(LAST_LINES);
    let mut on_line = |line: Line| on(Event::Says { name: name.clone(), line: last.hear(&line) });
    let spec = spec(go, tool, version, folder, &executable, settings);
    let exit = processes.run(spec, &mut on_line).await.map_err(|e| failed(e.to_string()))?;
    if exit.success() {
        return Ok(executable);
    }
    let said = last.text();
    Err(failed(format!("it {exit}\n{said}")))
}

fn spec(
    go: &Path,
    tool: &LockedTool,
    version: &str,
    folder: &Path,
    executable: &Path,
    settings: &Settings,
) -> Spec {
    let module = &tool.module;
    let ldflags = format!("-ldflags=-s -w -buildid= {}", module.ldflags);
    let mut spec = Spec::new(go)
        .args(["build", "-trimpath", "-buildvcs=false", ldflags.trim_end()])
        .base_env(&settings.go_env)
        .cwd(folder)
        .timeout(settings.limits.build);
    if !module.tags.is_empty() {
        spec = spec.arg(format!("-tags={}", module.tags));
    }
    // Everything that can change the bytes is said, and what `go env -w` wrote is not heard.
    for (key, value) in [
        ("GOENV", "off"),
        ("GOWORK", "off"),
        ("GOFLAGS", "-mod=readonly"),
        ("GOTOOLCHAIN", &format!("go{version}")),
        ("CGO_ENABLED", "0"),
        ("GOOS", settings.platform.os()),
        ("GOARCH", settings.platform.arch()),
        ("GOAMD64", "v1"),
        ("GOARM64", "v8.0"),
        ("GOEXPERIMENT", &module.experiment),
        ("GODEBUG", ""),
    ] {
        spec = spec.env(key, value);
    }
    spec.arg("-o").arg(executable).arg(&module.package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lock;

    #[test]
    fn every_tool_of_the_lock_has_a_module_of_its_version_and_every_module_a_tool() {
        let lock = Lock::embedded().unwrap();
        for tool in lock.tools() {
            assert!(has_module(&tool.name), "{}", tool.name);
            check_module(&tool.name, &tool.module.path, &tool.version).unwrap();
            assert!(check_module(&tool.name, &tool.module.path, "9.9.9").is_err());
        }
        for module in MODULES {
            assert!(lock.tool(module.name).is_some(), "{}", module.name);
            assert!(!module.go_sum.is_empty());
        }
    }

    #[test]
    fn a_longer_version_is_another_version() {
        assert!(check_module("goss", "github.com/goss-org/goss", "0.4").is_err());
        assert!(check_module("goss", "goss", "0.4.9").is_err());
    }
}

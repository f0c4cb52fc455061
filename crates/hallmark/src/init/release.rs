//! Which release of Hallmark the workflow names. A commit cannot name itself, so the program does not
//! know its own: it is told, or found in an earlier workflow, or asked for.

use std::time::Duration;

use anyhow::{Result, bail};
use process::{Processes, Spec, output};
use runner::Context;

/// Whose release it is.
pub(super) const REPOSITORY: &str = "hallmark-images/hallmark";

/// This program's version, as its tag has it.
pub(super) const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// A server that has not answered by then is not going to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two lines are expected.
const LONGEST: usize = 64 << 10;

/// What git needs to reach a server from behind a proxy, and to trust it.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
];

/// How the workflow names the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pin {
    /// By its commit.
    Commit(String),
    /// By its tag, and why.
    Tag {
        /// The tag.
        version: String,
        /// Why not by its commit; completes "because".
        why: String,
    },
}

impl Pin {
    /// What input `release` says.
    pub(super) fn given(text: &str) -> Result<Self> {
        match commit(text) {
            Some(commit) => Ok(Self::Commit(commit)),
            None => bail!(
                "input `release`: {text:?} is not accepted; give the release's whole commit, 40 hexadecimal digits: \
                 tags and branches can be moved"
            ),
        }
    }

    fn tag(why: impl Into<String>) -> Self {
        Self::Tag { version: VERSION.to_owned(), why: why.into() }
    }

    /// The part after `@`, with its comment.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Commit(commit) => format!("{commit} # {VERSION}"),
            Self::Tag { version, .. } => {
                format!("{version} # a tag can be moved: put the release's commit here")
            }
        }
    }
}

fn commit(text: &str) -> Option<String> {
    let hex = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| text.to_ascii_lowercase())
}

/// The release that a workflow names already.
pub(super) fn pinned(workflow: &str) -> Option<Pin> {
    let start = format!("uses: {REPOSITORY}/actions/");
    let uses =
        workflow.lines().find_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix(&start))?;
    let (_, rest) = uses.split_once('@')?;
    let reference = rest.split_whitespace().next()?;
    match commit(reference) {
        Some(commit) => Some(Pin::Commit(commit)),
        None if reference == VERSION => Some(Pin::tag("it was so already")),
        None => None,
    }
}

/// Asks the server. Whatever comes in between, the tag will do for the time being.
pub(super) async fn ask(cx: &Context, processes: &dyn Processes) -> Pin {
    let server = cx.github().server_url.as_deref().unwrap_or("https://github.com").trim_end_matches('/');
    if !server.starts_with("https://") {
        return Pin::tag(format!("{server} is not asked, because only https proves who answers"));
    }
    let url = format!("{server}/{REPOSITORY}");
    let environment: Vec<(&str, &str)> =
        PASSED.iter().filter_map(|name| Some((*name, cx.env(name)?))).collect();
    match at(processes, &url, Spec::new("git").base_env(&environment).cwd(cx.temp()), "https").await {
        Ok(commit) => Pin::Commit(commit),
        Err(why) => Pin::tag(why),
    }
}

/// The commit that the version's tag is of, at this address.
async fn at(processes: &dyn Processes, url: &str, git: Spec, protocol: &str) -> Result<String, String> {
    let reference = format!("refs/tags/{VERSION}");
    let spec = git
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ALLOW_PROTOCOL", protocol)
        .env("LC_ALL", "C")
        // Nobody is asked for a password, in a window neither.
        .args(["-c", "credential.helper=", "-c", "core.askPass=true", "ls-remote", "--quiet", "--", url])
        .args([reference.clone(), format!("{reference}^{{}}")])
        .timeout(PATIENCE);
    let answer = output(processes, spec, LONGEST).await.map_err(|error| error.to_string())?;
    if !answer.exit.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        let said = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("").trim().to_owned();
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        return Err(format!("{url} could not be asked: git {}{said}", answer.exit));
    }
    commit_in(&String::from_utf8_lossy(&answer.stdout), &reference)
        .ok_or_else(|| format!("{url} has no {reference}"))
}

/// Of an annotated tag the commit that it is of, `^{}`, and not the tag itself.
fn commit_in(answer: &str, reference: &str) -> Option<String> {
    let named = |wanted: &str| {
        answer.lines().find_map(|line| {
            let (id, name) = line.split_once('\t')?;
            (name == wanted).then(|| commit(id)).flatten()
        })
    };
    named(&format!("{reference}^{{}}")).or_else(|| named(reference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use process::{Fake, Real, Script};
    use runner::testing::Harness;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn only_a_whole_commit_is_taken() {
        assert_eq!(Pin::given(&A.to_uppercase()).unwrap(), Pin::Commit(A.to_owned()));
        for text in [
            "",
            "v0.1.0",
            "main",
            "abc1234",
            &A[1..],
            &format!("{A}a"),
            &format!("{} ", &A[1..]),
            &"g".repeat(40),
        ] {
            assert!(Pin::given(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_earlier_pin_is_found() {
        let uses = |reference: &str| format!("jobs:\n      - uses: {REPOSITORY}/actions/gate@{reference}\n");
        assert_eq!(pinned(&uses(&format!("{A} # v0.1.0"))), Some(Pin::Commit(A.to_owned())));
        assert!(matches!(pinned(&uses(&format!("{VERSION} # x"))), Some(Pin::Tag { .. })));
        for text in ["", "uses: actions/checkout@v4", &uses("main"), &uses("v9.9.9"), &uses("")] {
            assert_eq!(pinned(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_commit_behind_the_tag_counts() {
        for (answer, expected) in [
            (String::new(), None),
            (format!("{A}\trefs/tags/{VERSION}\n"), Some(A)),
            (format!("{A}\trefs/tags/{VERSION}\n{B}\trefs/tags/{VERSION}^{{}}\n"), Some(B)),
            (format!("{A}\trefs/tags/{VERSION}0\n"), None),
            (format!("{A}\tx/refs/tags/{VERSION}\n"), None),
            (format!("{}\trefs/tags/{VERSION}\n", &A[1..]), None),
        ] {
            assert_eq!(
                commit_in(&answer, &format!("refs/tags/{VERSION}")).as_deref(),
                expected,
                "{answer:?}"
            );
        }
    }

    fn asked(harness: &Harness, fake: &Fake) -> Pin {
        let (pin, _) = harness.with_context(&super::super::ACTION, async |cx| Ok(ask(cx, fake).await));
        pin.unwrap()
    }

    #[test]
    fn the_server_is_asked_briefly_and_nobody_for_a_password() {
        let fake = Fake::new().then("git", Script::exits(0).stdout(format!("{A}\trefs/tags/{VERSION}\n")));
        let harness = Harness::new().env("SECRET_TOKEN", "x").env("https_proxy", "http://proxy.example");
        assert_eq!(asked(&harness, &fake), Pin::Commit(A.to_owned()));
        let calls = fake.calls();
        let environment: Vec<_> = calls[0].environment().keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(environment, ["GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT", "LC_ALL", "https_proxy"]);
        assert!(calls[0].arguments().contains(&format!("https://github.com/{REPOSITORY}").into()));

        let enterprise = Harness::new().env("GITHUB_SERVER_URL", "https://ghes.example/");
        let fake = Fake::new().then("git", Script::exits(0).stdout(format!("{A}\trefs/tags/{VERSION}\n")));
        asked(&enterprise, &fake);
        assert!(fake.calls()[0].arguments().contains(&format!("https://ghes.example/{REPOSITORY}").into()));
    }

    #[test]
    fn without_an_answer_it_is_the_tag_and_why() {
        for (script, why) in [
            (Script::is_missing(), "cannot start git"),
            (
                Script::exits(128).stderr("fatal: x\nfatal: Could not resolve host\n"),
                "(fatal: Could not resolve host)",
            ),
            (Script::exits(0), "has no refs/tags/"),
            (Script::exits(0).takes(Duration::from_secs(60)), "its time was up"),
            (Script::exits(0).stdout("x".repeat(LONGEST + 1)), "wrote more than"),
        ] {
            let pin = asked(&Harness::new(), &Fake::new().then("git", script));
            assert!(matches!(&pin, Pin::Tag { why: said, .. } if said.contains(why)), "{pin:?}");
        }
        let plain = Harness::new().env("GITHUB_SERVER_URL", "http://ghes.example");
        assert!(matches!(asked(&plain, &Fake::new()), Pin::Tag { .. }), "nothing is run");
    }

    /// The real git, and a repository with an annotated tag.
    #[test]
    fn git_answers_as_expected() {
        let folder = tempfile::tempdir().unwrap();
        let harness = Harness::new().pass_env("PATH");
        let (result, _) = harness.with_context(&super::super::ACTION, async |cx| {
            let git = || Spec::new("git").env("PATH", cx.env("PATH").unwrap_or_default()).cwd(folder.path());
            let run = async |args: &[&str]| {
                let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
                output(&Real, git().args(identity).args(args.iter().copied()), LONGEST).await.unwrap()
            };
            run(&["init", "--quiet"]).await;
            run(&["commit", "--quiet", "--allow-empty", "--message", "x"]).await;
            let url = format!("file://{}", folder.path().display());
            let none = at(&Real, &url, git(), "file").await.unwrap_err();
            run(&["tag", "--annotate", "--message", "x", VERSION]).await;
            let head = String::from_utf8(run(&["rev-parse", "HEAD"]).await.stdout).unwrap();
            let found = at(&Real, &url, git(), "file").await;
            let refused = at(&Real, &url, git(), "https").await.unwrap_err();
            Ok((none, head.trim().to_owned(), found, refused))
        });
        let (none, head, found, refused) = result.unwrap();
        assert!(none.contains("has no refs/tags/"), "{none}");
        assert_eq!(found.as_deref(), Ok(head.as_str()));
        assert!(refused.contains("not allowed"), "{refused}");
    }
}

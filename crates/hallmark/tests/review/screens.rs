//! Driven in a real terminal: every page at two sizes, and what a person's keys come to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::review::server::{Script, Server, account, artifact};
use crate::review::tmux::{Tmux, terminate};
use crate::review::world::Assayed;

/// The program has the real clock, so what it looks at is of today.
fn assayed(fails: bool) -> Assayed {
    #[expect(clippy::disallowed_methods, reason = "evidence for the program's own clock")]
    let now = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(2);
    Assayed::at(jiff::Timestamp::from_second(now.as_second()).unwrap(), fails)
}

/// One terminal, asking a server.
struct Desk {
    assayed: Assayed,
    server: Server,
}

impl Desk {
    fn new(fails: bool) -> Self {
        let assayed = assayed(fails);
        let server = Server::new(Script::new(assayed.archive()));
        fs::write(assayed.world.path("token"), "ghp_secret\n").unwrap();
        Self { assayed, server }
    }

    fn open(&self, size: (u32, u32), env: &[(&str, &str)], more: &[&str]) -> Tmux {
        let folder = self.assayed.folder();
        let (api, token) = (self.server.api.url("/").to_string(), folder.join("token"));
        let token = token.to_string_lossy().into_owned();
        let mut args = vec!["--repository", "acme/images", "--api-url", &api, "--token", &token];
        args.extend_from_slice(more);
        Tmux::review(&folder, size, env, &args)
    }
}

/// What differs from run to run, in the same number of letters.
fn same(screen: &str, desk: &Desk) -> String {
    let api = desk.server.api.url("").to_string();
    screen.replace(&api, "http://api").trim_end().to_owned() + "\n"
}

macro_rules! kept {
    ($name:expr, $screen:expr, $desk:expr) => {
        insta::with_settings!({filters => vec![
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "(the time then now)"),
            (r"\d{4}-\d\d-\d\d", "(one day)"),
            (r"\b[0-9a-f]{64}\b", "(sixty-four digits of a digest, which differ from run to run xxx)"),
            (r"\b[0-9a-f]{12,63}\b", "(digits)"),
        ], omit_expression => true}, {
            insta::assert_snapshot!($name, same(&$screen, $desk));
        })
    };
}

/// The whole way, from the list to what is said afterwards.
#[test]
fn from_the_list_to_done() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let desk = Desk::new(false);
        let opened = desk.assayed.world.path("opened");
        let browser = desk.assayed.world.path("browser");
        fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", opened.display())).unwrap();
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
        let browser = browser.to_string_lossy().into_owned();
        let tmux = desk.open((columns, rows), &[("BROWSER", &browser)], &[]);
        let keep = |name: &str, screen: &str| kept!(format!("{name}_{columns}x{rows}"), screen, &desk);

        keep("1_list", &tmux.wait("runs that wait"));
        tmux.press(&["Enter"]);
        keep("2_brief", &tmux.wait("Approvable"));
        tmux.press(&["f"]);
        keep("3_findings", &tmux.wait("3 findings hold the image up"));
        tmux.press(&["Enter"]);
        keep("4_finding", &tmux.wait("held up by"));
        tmux.press(&["o"]);
        tmux.wait("opened https://avd.example/nvd/cve-2026-1");
        assert_eq!(fs::read_to_string(&opened).unwrap(), "https://avd.example/nvd/cve-2026-1");
        tmux.press(&["e"]);
        tmux.wait("for this decision alone");
        tmux.write("no certificate comes from outside");
        tmux.press(&["Enter", "C-u"]);
        keep("5_accept", &tmux.wait("› Until"));
        tmux.write("2099-01-01");
        tmux.press(&["Enter"]);
        keep("6_refused", &tmux.wait("may hold until"));
        // Another size, and nothing of what was written is lost.
        tmux.resize(60, 16);
        assert!(tmux.wait("may hold until").contains("no certificate comes from outside"));
        tmux.resize(7, 3);
        tmux.wait("REVIEW");
        tmux.resize(columns, rows);
        tmux.wait("may hold until");
        tmux.press(&["C-u"]);
        let day = desk.assayed.world.now + jiff::SignedDuration::from_hours(24 * 5);
        tmux.write(&day.strftime("%Y-%m-%d").to_string());
        tmux.press(&["Enter"]);
        keep("7_accepted", &tmux.wait("accepted for this decision"));
        tmux.press(&["n", "o"]);
        tmux.wait("there is no HTTPS address");
        tmux.press(&["p"]);
        keep("8_preview", &tmux.wait("Approved now, the verdict is PASS"));
        tmux.press(&["a"]);
        tmux.wait("The comment as it will be");
        tmux.write("seen with the web team");
        keep("9_confirm", &tmux.wait("seen with the web team"));
        // Return is no key that sends.
        tmux.press(&["Enter"]);
        assert_eq!(desk.server.changes(), Vec::<String>::new());
        tmux.press(&["C-s"]);
        keep("10_done", &tmux.wait("Done."));
        tmux.press(&["q"]);
        let end = tmux.wait("ended with 0");
        assert!(end.contains("terminal as it was") && end.contains("Approved acme/images run 7"), "{end}");
        let said = desk.server.script.lock().unwrap().approvals[0]["comment"].as_str().unwrap().to_owned();
        let lines: Vec<&str> = said.lines().collect();
        let except = format!(
            "except CVE-2026-1 p1 until {} because no certificate comes from outside",
            day.strftime("%Y-%m-%d")
        );
        assert_eq!(lines, [desk.assayed.words().as_str(), except.as_str(), "seen with the web team"]);
    }
}

/// What packages and people wrote is shown, and never obeyed; without colours it says the same.
#[test]
fn hostile_texts_and_no_colours() {
    let desk = Desk::new(false);
    let tmux = desk.open((80, 24), &[("NO_COLOR", "1")], &["--run", "7"]);
    tmux.wait("Approvable");
    tmux.press(&["f", "G", "Enter"]);
    let screen = tmux.wait("held up by");
    assert!(screen.contains("BOOM") && !screen.contains("evil.example"), "{screen}");
    kept!("hostile_80x24", screen, &desk);
    // Bold, faint and inverted are no colours.
    let codes = tmux.screen(true);
    for colour in 30..=37 {
        assert!(
            !codes.contains(&format!(";{colour}m")) && !codes.contains(&format!("[{colour}m")),
            "{codes:?}"
        );
    }
    tmux.press(&["b"]);
    let screen = tmux.wait("証明書の名前が終わり");
    kept!("wide_80x24", screen, &desk);
    tmux.press(&["?"]);
    kept!("help_80x24", tmux.wait("Keys"), &desk);
    // One after the other: two at once are another key.
    for page in ["held up by", "3 findings", "Approvable", "q leaves"] {
        tmux.press(&["Escape"]);
        tmux.wait(page);
    }
    tmux.press(&["q"]);
    assert!(tmux.wait("ended with 0").contains("terminal as it was"));
    assert_eq!(desk.server.changes(), Vec::<String>::new());
}

/// However it is left, nothing is sent and the terminal is as it was.
#[test]
fn every_way_out() {
    let desk = Desk::new(false);
    for way in ["C-c", "q", "kill", "while writing", "while confirming"] {
        let tmux = desk.open((80, 24), &[], &["--run", "7"]);
        tmux.wait("Approvable");
        match way {
            "kill" => terminate(&tmux.process()),
            "while writing" => {
                tmux.press(&["f", "e"]);
                tmux.wait("for this decision alone");
                tmux.write("half a rea");
                tmux.press(&["C-c"]);
            }
            "while confirming" => {
                tmux.press(&["p"]);
                tmux.wait("Approved now");
                tmux.press(&["a"]);
                tmux.wait("The comment as it will be");
                tmux.press(&["C-c"]);
            }
            key => tmux.press(&[key]),
        }
        let end = tmux.wait("ended with");
        assert!(end.contains("terminal as it was") && end.contains("ended with 0"), "{way}: {end}");
        drop(tmux);
    }
    assert_eq!(desk.server.changes(), Vec::<String>::new());
}

/// The run goes on in another attempt while somebody reads: what is sent then would be for something else.
#[test]
fn another_attempt_while_somebody_reads() {
    let desk = Desk::new(false);
    let tmux = desk.open((80, 24), &[], &["--run", "7"]);
    tmux.wait("Approvable");
    desk.server.script.lock().unwrap().attempt = 2;
    tmux.press(&["p"]);
    tmux.wait("Approved now");
    tmux.press(&["a"]);
    tmux.wait("The comment as it will be");
    tmux.press(&["C-s"]);
    let end = tmux.wait("ended with 2");
    assert!(end.contains("terminal as it was") && end.contains("attempt 2 by now"), "{end}");
    assert_eq!(desk.server.changes(), Vec::<String>::new());
}

/// Who may not approve sees why, before anything is sent; a rejection says why.
#[test]
fn who_started_it_may_only_look_and_may_reject() {
    let desk = Desk::new(false);
    desk.server.script.lock().unwrap().starter = account(4, "ada");
    let tmux = desk.open((80, 24), &[], &["--run", "7"]);
    tmux.wait("Approvable");
    tmux.press(&["a"]);
    kept!("not_by_who_started_it_80x24", tmux.wait("approval-by-starter"), &desk);
    tmux.press(&["a"]);
    tmux.wait("it would not pass");
    tmux.press(&["r"]);
    tmux.wait("says why");
    tmux.press(&["C-s"]);
    tmux.wait("a rejection says why");
    tmux.write("read from outside after all");
    tmux.press(&["C-s"]);
    tmux.wait("Done.");
    tmux.press(&["Enter"]);
    tmux.wait("ended with 0");
    assert_eq!(desk.server.script.lock().unwrap().approvals[0]["state"], "rejected");
}

/// What fails is not approved; what is accepted is proposed for good.
#[test]
fn what_fails_is_proposed() {
    let desk = Desk::new(true);
    {
        let mut script = desk.server.script.lock().unwrap();
        let size = desk.assayed.archive().len();
        script.artifacts =
            serde_json::json!([artifact(9, "web-assayed", size), artifact(8, "db-assayed", 1)]);
    }
    let tmux = desk.open((80, 24), &[], &["--run", "7", "--exceptions-path", "hallmark/exceptions.yml"]);
    tmux.wait("Which image?");
    tmux.press(&["Down", "Enter"]);
    tmux.wait("Approvable");
    tmux.press(&["f"]);
    tmux.wait("4 findings hold the image up");
    tmux.press(&["e"]);
    tmux.wait("which no comment changes");
    tmux.write("fixed with the next bake");
    tmux.press(&["Enter", "Enter"]);
    tmux.wait("accepted for this decision");
    tmux.press(&["P"]);
    kept!("propose_80x24", tmux.wait("Propose the exceptions for good"), &desk);
    tmux.press(&["Enter"]);
    tmux.wait("Proposed: https://github.example/acme/images/pull/12");
    tmux.press(&["Enter"]);
    tmux.wait("ended with 0");
    assert_eq!(desk.server.changes().len(), 3);
}

/// Without GitHub: what was decided is written down where the prompt is.
#[test]
fn a_folder_at_a_terminal() {
    let assayed = assayed(false);
    let folder = assayed.folder();
    let shown = folder.to_string_lossy().into_owned();
    let tmux = Tmux::review(&folder, (80, 24), &[], &["--report", &shown, "--owner", "ada"]);
    tmux.wait("Approvable");
    tmux.press(&["P"]);
    tmux.wait("a pull request needs GitHub");
    tmux.press(&["a"]);
    tmux.wait("Without GitHub");
    tmux.press(&["a"]);
    tmux.wait("ctrl-s write it down");
    tmux.press(&["C-s"]);
    let end = tmux.wait("ended with 0");
    assert!(end.contains(&assayed.words()) && end.contains("nothing was sent"), "{end}");
    assert!(end.contains("terminal as it was"), "{end}");
}

/// A server that says nothing keeps nobody: Ctrl-C leaves at once.
#[test]
fn a_server_that_says_nothing() {
    let desk = Desk::new(false);
    desk.server.script.lock().unwrap().faults.push(("GET ", github::testing::Answer::Silence));
    let tmux = desk.open((80, 24), &[], &["--run", "7"]);
    tmux.wait("Asking acme/images about run 7");
    tmux.press(&["C-c"]);
    let end = tmux.wait("ended with 0");
    assert!(end.contains("terminal as it was"), "{end}");
}

//! A real terminal: tmux, with keys in and the screen out. Each has a server of its own, ended with the test.
#![expect(clippy::disallowed_methods, reason = "the test starts the terminal itself")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Machines that do much else at the same time are slow.
const PATIENCE: Duration = Duration::from_secs(90);

const SETTINGS: &str = "set -sg escape-time 0\nset -g status off\nset -g default-terminal screen-256color\nset -g remain-on-exit on\n";

pub(crate) struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Runs `hallmark review` in a window of this size; what follows says how it ended, and whether the terminal is as
    /// it was.
    pub(crate) fn review(folder: &Path, size: (u32, u32), env: &[(&str, &str)], args: &[&str]) -> Self {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
        let script = format!(
            "before=$(stty -g)\nenv -u GITHUB_ACTIONS -u NO_COLOR -u DISPLAY -u WAYLAND_DISPLAY -u BROWSER {} {} review {}\n\
             code=$?\n[ \"$before\" = \"$(stty -g)\" ] && echo 'terminal as it was'\necho \"ended with $code\"\nsleep 600\n",
            env.join(" "),
            quoted(env!("CARGO_BIN_EXE_hallmark")),
            args.join(" ")
        );
        fs::write(folder.join("script.sh"), script).unwrap();
        fs::write(folder.join("tmux.conf"), SETTINGS).unwrap();
        // A server that is about to end is no server.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let tmux = Self { socket: folder.join(format!("tmux.{count}")) };
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let settings = folder.join("tmux.conf").to_string_lossy().into_owned();
        let program = format!("sh {}", quoted(&folder.join("script.sh").to_string_lossy()));
        let started =
            tmux.run(&["-f", &settings, "-u", "new-session", "-d", "-x", &columns, "-y", &rows, &program]);
        assert!(started.status.success(), "{started:?}; is tmux there? `make test` installs it");
        tmux
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .output()
            .unwrap_or_else(|error| panic!("tmux cannot be run: {error}; `make test` installs it"))
    }

    /// Presses keys, by tmux's names.
    pub(crate) fn press(&self, keys: &[&str]) {
        let all: Vec<&str> = ["send-keys"].iter().chain(keys).copied().collect();
        assert!(self.run(&all).status.success(), "{keys:?}");
    }

    /// Writes text, letter by letter.
    pub(crate) fn write(&self, text: &str) {
        assert!(self.run(&["send-keys", "-l", text]).status.success(), "{text}");
    }

    pub(crate) fn resize(&self, columns: u32, rows: u32) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        assert!(self.run(&["resize-window", "-x", &columns, "-y", &rows]).status.success());
    }

    /// What is on the screen; with its colours where they are wanted.
    pub(crate) fn screen(&self, colours: bool) -> String {
        let args: &[&str] = if colours { &["capture-pane", "-p", "-e"] } else { &["capture-pane", "-p"] };
        String::from_utf8(self.run(args).stdout).unwrap()
    }

    /// Waits until something is on the screen, and gives the screen.
    pub(crate) fn wait(&self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut before = String::new();
        loop {
            let screen = self.screen(false);
            let is_there = screen.contains(part);
            // It is drawn whole, or not yet: what follows the part comes in the same moment, and then nothing.
            if is_there && screen == before {
                return screen;
            }
            assert!(Instant::now() < until, "`{part}` does not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(if is_there { 150 } else { 50 }));
            before = screen;
        }
    }

    /// The process that runs in the window's shell.
    pub(crate) fn process(&self) -> String {
        let shell = String::from_utf8(self.run(&["list-panes", "-F", "#{pane_pid}"]).stdout).unwrap();
        let shell = shell.trim();
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        children.trim().to_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// Asks a process to end.
pub(crate) fn terminate(process: &str) {
    assert!(Command::new("kill").args(["-TERM", process]).status().unwrap().success(), "{process}");
}

//! Opening an advisory where one reads such things.

use std::time::Duration;

use process::Spec;
use runner::Context;

/// What a desktop needs to find its own.
const PASSED: [&str; 9] = [
    "PATH",
    "HOME",
    "LANG",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_CURRENT_DESKTOP",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// How long whoever opens it may take to say that it cannot.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether an address is one that may be opened: it comes from a scanner's report.
pub(super) fn is_safe(url: &str) -> bool {
    let rest = url.strip_prefix("https://");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        && url.len() <= 2000
        && url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>'))
}

/// Opens an address by `$BROWSER`, or by the desktop; says what came of it.
pub(super) async fn open(cx: &Context, url: &str) -> String {
    if !is_safe(url) {
        return "not opened: it is no plain HTTPS address".to_owned();
    }
    let desktop = cx.env("DISPLAY").or(cx.env("WAYLAND_DISPLAY"));
    let program = match (cx.env("BROWSER"), desktop) {
        // A list of programs, or one with arguments, is a shell's business.
        (Some(browser), _) if !browser.contains([' ', ':', '%']) => browser,
        (_, Some(_)) => "xdg-open",
        (_, None) => return format!("there is no browser here: {url}"),
    };
    let vars: Vec<(&str, &str)> =
        PASSED.iter().filter_map(|name| cx.env(name).map(|value| (*name, value))).collect();
    let spec = Spec::new(program).arg(url).base_env(&vars);
    match process::hand_over(&spec, PATIENCE).await {
        Ok(true) => format!("opened {url}"),
        Ok(false) | Err(_) => format!("{program} did not open it: {url}"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn only_plain_https_is_opened() {
        for (url, safe) in [
            ("https://nvd.nist.gov/vuln/detail/CVE-2026-1", true),
            ("https://a.example/?x=1&y=%20#z", true),
            ("http://a.example/", false),
            ("HTTPS://a.example/", false),
            ("https://", false),
            ("https://-x", false),
            ("https://a.example/ --flag", false),
            ("https://a.example/\u{1b}[2J", false),
            ("https://a.example/'x'", false),
            ("https://ä.example/", false),
            ("javascript:alert(1)", false),
            ("file:///etc/passwd", false),
            ("--help", false),
            ("", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
    }
}

//! Where webhooks lead. An address is a permission: whoever has it can post. So no error repeats one.

use anyhow::{Context as _, Result, bail, ensure};
use runner::Secret;
use url::{Host, Url};

/// Whose shape a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Generic,
    Slack,
    Teams,
}

/// What the input `format` takes, and a line of `webhook` may begin with.
pub(crate) const FORMATS: &[&str] = &["auto", "generic", "slack", "teams"];

impl Format {
    fn of(word: &str) -> Option<Self> {
        match word {
            "generic" => Some(Self::Generic),
            "slack" => Some(Self::Slack),
            "teams" => Some(Self::Teams),
            _ => None,
        }
    }

    /// For people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Slack => "Slack",
            Self::Teams => "Teams",
        }
    }
}

/// One webhook. `Debug` tells nothing of where it leads.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) url: Url,
    pub(crate) format: Format,
    /// Which line of the input it is, from 1: all that is said of it.
    pub(crate) line: usize,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Webhook {
    /// `webhook 2 (Slack)`.
    pub(crate) fn name(&self) -> String {
        format!("webhook {} ({})", self.line, self.format.as_str())
    }

    /// What must be seen nowhere, besides the line itself that the runner masks: the address as it is sent, and what
    /// of it is the permission.
    pub(crate) fn secrets(&self, given: &str) -> Vec<Secret> {
        let mut texts = vec![given.to_owned(), self.url.to_string(), self.url.path().to_owned()];
        texts.extend(self.url.query().map(str::to_owned));
        // Something shorter would blot out half the log.
        texts.into_iter().filter(|text| text.len() >= 8).map(Secret::new).collect()
    }
}

/// The webhooks of the input, and what has to be masked of each. Empty lines count, and are none.
pub(crate) fn webhooks(text: &str, default: &str) -> Result<Vec<(Webhook, Vec<Secret>)>> {
    let mut found: Vec<(Webhook, Vec<Secret>)> = Vec::new();
    for (number, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let (webhook, secrets) =
            webhook(text, number, default).with_context(|| format!("input `webhook`, line {number}"))?;
        if let Some((other, _)) = found.iter().find(|(other, _)| other.url == webhook.url) {
            bail!("input `webhook`, line {number}: it is the address of line {} again", other.line);
        }
        found.push((webhook, secrets));
    }
    Ok(found)
}

fn webhook(text: &str, line: usize, default: &str) -> Result<(Webhook, Vec<Secret>)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (word, address) = match words.as_slice() {
        [address] => (default, *address),
        [word, address] if FORMATS.contains(word) => (*word, *address),
        _ => bail!("it is no address: a line is an address, or one of {} and an address", FORMATS.join(", ")),
    };
    // The parser's words do not repeat what was given.
    let url = Url::parse(address).context("it is no address (https://…)")?;
    let host = url.host().context("it names no host")?;
    let loopback = match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && loopback),
        "it is not https: the address is a permission, and could be read on the way"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "it holds a name or a password (user:password@…), which is not sent: take an address that is the permission itself"
    );
    ensure!(url.fragment().is_none(), "it holds a part after `#`, which is never sent: take it away");
    let format = match Format::of(word) {
        Some(format) => format,
        None => guessed(&url)?,
    };
    let webhook = Webhook { url, format, line };
    let secrets = webhook.secrets(address);
    Ok((webhook, secrets))
}

/// By the host, where that is unmistakable. A flow of Power Automate may take Teams' cards or anything else, and says yes
/// to both before it looks: whoever made it has to say which.
fn guessed(url: &Url) -> Result<Format> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(Format::Generic) };
    let under = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    if matches!(name, "hooks.slack.com" | "hooks.slack-gov.com") {
        return Ok(Format::Slack);
    }
    if under("webhook.office.com") {
        return Ok(Format::Teams);
    }
    ensure!(
        !(under("logic.azure.com") || under("powerplatform.com")),
        "it is a flow's, which may post to Teams or do anything else: say which, by `format: teams` or `format: generic`, or by \
         that word before the address"
    );
    Ok(Format::Generic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, default: &str) -> Result<Format, String> {
        match webhooks(text, default) {
            Ok(found) => Ok(found[0].0.format),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    #[test]
    fn the_format_is_the_lines_then_the_inputs_then_the_hosts() {
        use Format::{Generic, Slack, Teams};
        for (text, default, expected) in [
            ("https://hooks.slack.com/services/T/B/x", "auto", Some(Slack)),
            ("https://hooks.slack-gov.com/services/T/B/x", "auto", Some(Slack)),
            ("https://HOOKS.SLACK.COM/services/T/B/x", "auto", Some(Slack)),
            ("https://hooks.slack.com.example.com/x", "auto", Some(Generic)),
            ("https://xhooks.slack.com/x", "auto", Some(Generic)),
            ("https://acme.webhook.office.com/webhookb2/x", "auto", Some(Teams)),
            ("https://webhook.office.com.example.com/x", "auto", Some(Generic)),
            ("https://prod-1.westeurope.logic.azure.com/workflows/x", "auto", None),
            ("https://prod-1.westeurope.logic.azure.com/workflows/x", "teams", Some(Teams)),
            ("teams https://prod-1.westeurope.logic.azure.com/workflows/x", "auto", Some(Teams)),
            ("https://x.environment.api.powerplatform.com/x", "auto", None),
            ("https://hooks.example.com/x", "auto", Some(Generic)),
            ("slack https://hooks.example.com/x", "auto", Some(Slack)),
            ("generic https://hooks.slack.com/x", "teams", Some(Generic)),
            ("auto https://hooks.slack.com/x", "teams", Some(Slack)),
            ("https://127.0.0.1/x", "auto", Some(Generic)),
        ] {
            assert_eq!(one(text, default).ok(), expected, "{text} {default}");
        }
    }

    #[test]
    fn what_is_no_good_address_is_refused_and_not_repeated() {
        for (text, why) in [
            ("http://hooks.example.com/Ts3cr3t", "not https"),
            ("http://localhost.example.com/Ts3cr3t", "not https"),
            ("ftp://localhost/Ts3cr3t", "not https"),
            ("https://user:Ts3cr3t@hooks.example.com/x", "a name or a password"),
            ("https://Ts3cr3t@hooks.example.com/x", "a name or a password"),
            ("https://hooks.example.com/x#Ts3cr3t", "after `#`"),
            ("hooks.example.com/Ts3cr3t", "no address"),
            ("discord https://hooks.example.com/Ts3cr3t", "no address"),
            ("https://hooks.example.com/a https://hooks.example.com/Ts3cr3t", "no address"),
            ("https:///Ts3cr3t:99999", "address"),
            (
                "https://hooks.example.com/a\nhttps://hooks.example.com/a",
                "line 2: it is the address of line 1 again",
            ),
        ] {
            let error = one(text, "auto").unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("s3cr3t"), "{text}: {error}");
        }
    }

    #[test]
    fn this_machine_needs_no_tls() {
        for text in ["http://127.0.0.1:1/x", "http://[::1]:1/x", "http://localhost:1/x"] {
            assert_eq!(one(text, "auto"), Ok(Format::Generic), "{text}");
        }
    }

    #[test]
    fn lines_keep_their_numbers_and_debug_tells_nothing() {
        let found =
            webhooks("\n https://a.example/secret-path \r\n\n slack https://b.example/secret-path\n", "auto")
                .unwrap();
        let names: Vec<String> = found.iter().map(|(webhook, _)| format!("{webhook:?}")).collect();
        assert_eq!(names, ["webhook 2 (generic)", "webhook 4 (Slack)"]);
        assert!(found[0].1.iter().any(|secret| secret.expose() == "/secret-path"));
        assert_eq!(webhooks("\n \n", "auto").unwrap(), []);
    }
}

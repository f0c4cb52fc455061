//! What was asked for, checked before anything is sent.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use caller::Caller;
use model::Sha256;
use runner::{Context, Secret};
use url::Url;

use crate::ACTION;
use crate::address::{self, Format, Webhook};
use crate::message::{Message, NAME, Run};
use crate::read;
use crate::send::Delivery;
use crate::shape::{generic, slack, teams};
use crate::sns::{self, Topic};
use crate::text::line;

/// What can be told about.
const WORDS: &[&str] = &["pass", "review", "fail", "publish"];

/// More is a mailing list, and that is a topic's work.
const MOST: usize = 20;

/// A shorter secret can be guessed.
const SHORTEST_SECRET: usize = 16;

/// A longer address fits into no message.
const LONGEST_LINK: usize = 1000;

/// What was asked for.
pub(crate) struct Request {
    pub(crate) message: Message,
    pub(crate) on: Vec<&'static str>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) topics: Vec<Topic>,
    /// Who asks Amazon SNS; nobody, where there is no topic.
    pub(crate) caller: Caller,
    pub(crate) timeout: Duration,
    secret: Option<Secret>,
}

impl Request {
    pub(crate) fn read(cx: &mut Context) -> Result<Self> {
        // Before all else: whatever is said from now on repeats no address.
        let webhooks = webhooks(cx)?;
        let topics = topics(cx)?;
        ensure!(
            webhooks.len() + topics.len() <= MOST,
            "{} webhooks and topics are more than the {MOST} that are told: let a topic tell the others",
            webhooks.len() + topics.len()
        );
        let mut caller = Caller::default();
        if !topics.is_empty() {
            caller = Caller::read(cx, ACTION.name)?;
            sns::endpoint(&|name| caller.variable(name))?;
        }
        let secret = secret(cx, &webhooks)?;
        let on = on(cx)?;
        let timeout = cx.duration("timeout")?;
        ensure!(
            (Duration::from_secs(1)..=Duration::from_secs(300)).contains(&timeout),
            "input `timeout`: between 1s and 5m"
        );
        let message = message(cx)?;
        Ok(Self { message, on, webhooks, topics, caller, timeout, secret })
    }

    /// What goes to the webhooks, in each one's shape.
    pub(crate) fn deliveries(&self) -> Result<Vec<Delivery>> {
        self.webhooks.iter().map(|webhook| self.delivery(webhook)).collect()
    }

    fn delivery(&self, webhook: &Webhook) -> Result<Delivery> {
        let mut headers = Vec::new();
        let body = match webhook.format {
            Format::Slack => slack::body(&self.message),
            Format::Teams => teams::body(&self.message)?,
            Format::Generic => {
                let body = generic::body(&self.message)?;
                headers.push(("x-hallmark-event", self.message.told.event().to_owned()));
                headers.push(("x-hallmark-id", self.message.id.to_string()));
                if let Some(secret) = &self.secret {
                    headers.push((generic::SIGNATURE, generic::signature(secret, &body)));
                }
                body
            }
        };
        Ok(Delivery { webhook: webhook.clone(), headers, body })
    }
}

fn webhooks(cx: &mut Context) -> Result<Vec<Webhook>> {
    let Some(given) = cx.secret("webhook")? else { return Ok(Vec::new()) };
    let found = address::webhooks(given.expose(), &cx.text("format")?)?;
    let mut webhooks = Vec::new();
    for (webhook, secrets) in found {
        secrets.iter().for_each(|secret| cx.mask(secret));
        webhooks.push(webhook);
    }
    Ok(webhooks)
}

fn topics(cx: &Context) -> Result<Vec<Topic>> {
    let mut topics: Vec<Topic> = Vec::new();
    for text in cx.list("topic")? {
        let topic: Topic = text.parse()?;
        ensure!(!topics.contains(&topic), "input `topic`: {} is there twice", topic.arn);
        topics.push(topic);
    }
    Ok(topics)
}

fn secret(cx: &Context, webhooks: &[Webhook]) -> Result<Option<Secret>> {
    let Some(secret) = cx.secret("webhook-secret")? else { return Ok(None) };
    ensure!(
        secret.expose().trim().len() >= SHORTEST_SECRET,
        "input `webhook-secret`: it is shorter than {SHORTEST_SECRET} characters, and could be guessed"
    );
    let signs = webhooks.is_empty() || webhooks.iter().any(|webhook| webhook.format == Format::Generic);
    ensure!(
        signs,
        "input `webhook-secret` signs what generic webhooks get, and there is none: Slack and Teams look at no signature"
    );
    Ok(Some(secret))
}

fn on(cx: &Context) -> Result<Vec<&'static str>> {
    let mut on = Vec::new();
    for word in cx.list("on")? {
        match WORDS.iter().find(|known| **known == word) {
            Some(known) => on.push(*known),
            None => bail!("input `on`: `{}` is none of {}", line(&word, 40), WORDS.join(", ")),
        }
    }
    Ok(on)
}

fn message(cx: &Context) -> Result<Message> {
    let read = read::read(cx)?;
    let github = cx.github();
    let run = match (&github.run_id, &github.run_attempt) {
        (Some(id), Some(attempt)) => Some(Run { id: line(id, 40), attempt: line(attempt, 40) }),
        _ => None,
    };
    let mut links = Vec::new();
    let run_url = github.run_url().and_then(|url| Url::parse(&url).ok());
    links.extend(run_url.filter(|url| url.as_str().len() <= LONGEST_LINK).map(|url| ("Run", url)));
    for (name, input) in [("Page", "page-url"), ("Channel", "channel-url"), ("Evidence", "evidence-url")] {
        links.extend(link(cx, input)?.map(|url| (name, url)));
    }
    let title = match cx.opt_text("title")? {
        Some(title) => line(&title, NAME),
        None => format!("{}: {}", read.told.headline(), read.image),
    };
    let repository = github.repository.as_deref().map(|name| line(name, NAME));
    let id = id(&[
        read.told.event(),
        &read.payload.to_string(),
        repository.as_deref().unwrap_or_default(),
        run.as_ref().map_or("", |run| &run.id),
        run.as_ref().map_or("", |run| &run.attempt),
    ]);
    Ok(Message {
        id,
        title,
        sent_on: cx.now(),
        repository,
        run,
        image: read.image,
        content: read.content,
        told: read.told,
        links,
    })
}

/// Of what happened and in which attempt of which run: told twice, it is the same.
fn id(parts: &[&str]) -> Sha256 {
    Sha256::of(parts.join("\n").as_bytes())
}

fn link(cx: &Context, input: &str) -> Result<Option<Url>> {
    let Some(text) = cx.opt_text(input)? else { return Ok(None) };
    let url = Url::parse(&text)
        .with_context(|| format!("input `{input}`: `{}` is no address", line(&text, 100)))?;
    ensure!(url.scheme() == "https", "input `{input}`: `{}` is no https address", line(&text, 100));
    ensure!(
        url.as_str().len() <= LONGEST_LINK,
        "input `{input}`: it is longer than the {LONGEST_LINK} characters that every message has room for"
    );
    Ok(Some(url))
}

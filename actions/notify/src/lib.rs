//! Tells people about a decision or a publication: by webhooks, in Slack, in Teams, through Amazon SNS.
//!
//! It decides nothing, and nothing rests on it: what could not be told is a warning, because an outage of chat must not
//! stop a publication. Inputs that are wrong are refused before anything is sent.

mod address;
mod message;
mod read;
mod request;
mod send;
mod shape;
mod sns;
mod text;

use std::sync::Arc;

use anyhow::{Result, bail};
use runner::{Action, Annotation, Context, Input, Kind, Outcome, Output};

use request::Request;

/// See the crate.
pub static ACTION: Action = Action {
    name: "notify",
    about: "Tells people about a decision or a publication: webhooks, Slack, Teams, Amazon SNS",
    inputs: &[
        Input::new(
            "evidence",
            Kind::Path,
            "What to tell about: the output `evidence` of the gate, or of register-ami",
        )
        .required(),
        Input::new("brief", Kind::Path, "The brief, the gate's output `brief`: required for a decision"),
        Input::new(
            "brief-digest",
            Kind::Text,
            "The SHA-256 that the brief has to have: the gate's output `brief-digest`",
        ),
        Input::new(
            "json",
            Kind::Path,
            "The decision as JSON, the gate's output `json`: for the counts, what changed and who approved",
        ),
        Input::new(
            "webhook",
            Kind::Secret,
            "Where to: addresses of webhooks, one a line; `slack`, `teams` or `generic` may stand before one",
        ),
        Input::new(
            "format",
            Kind::Choice(address::FORMATS),
            "What the webhooks take; auto goes by the host where that is unmistakable, else generic",
        )
        .default("auto"),
        Input::new(
            "webhook-secret",
            Kind::Secret,
            "Signs what generic webhooks get, by HMAC-SHA-256: 16 characters at least",
        ),
        Input::new("topic", Kind::List, "Topics of Amazon SNS, by ARN"),
        caller::ROLE,
        Input::new("on", Kind::List, "What to tell about: pass, review, fail, publish")
            .default("pass, review, fail, publish"),
        Input::new("title", Kind::Text, "The heading; by default what happened and the image's name"),
        Input::new("page-url", Kind::Text, "Where the page can be read, to link to"),
        Input::new("channel-url", Kind::Text, "Where the channel can be seen, to link to"),
        Input::new("evidence-url", Kind::Text, "Where the evidence can be had, to link to"),
        Input::new("timeout", Kind::Duration, "How long one attempt to tell one of them may take")
            .default("20s"),
        Input::new(
            "fail",
            Kind::Bool,
            "Whether the step fails where somebody could not be told; else that is a warning",
        )
        .default("false"),
    ],
    outputs: &[
        Output { name: "sent", help: "How many webhooks and topics took it" },
        Output { name: "failed", help: "How many could not be told" },
        Output { name: "id", help: "The id of the message, the same for every attempt" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let request = Request::read(cx)?;
    cx.output("id", request.message.id.to_string())?;
    let word = request.message.told.word();
    if !request.on.contains(&word) {
        cx.info(&format!("Nobody is told: this is {word}, and `on` names {}", request.on.join(", ")));
        return finish(cx, 0, 0);
    }
    let fail = cx.flag("fail")?;
    if request.webhooks.is_empty() && request.topics.is_empty() {
        let what = "Nobody is told: neither `webhook` nor `topic` is given. A run for a fork has no secrets";
        if fail {
            bail!("{what}");
        }
        cx.warning(what);
        return finish(cx, 0, 0);
    }

    // Everything is in its shape before the first of it is sent.
    let deliveries = request.deliveries()?;
    let mut posts = Vec::new();
    if !request.topics.is_empty() {
        let post = Arc::new(sns::Post::of(&request.message)?);
        let mut clients = sns::Clients::new(&request.caller, request.timeout);
        for topic in &request.topics {
            let client = clients.of(topic).await?;
            posts.push((topic.arn.clone(), sns::publish(client, topic.clone(), Arc::clone(&post))));
        }
    }

    // All at once: who does not answer keeps nobody else waiting.
    let limits = send::Limits::new(request.timeout);
    let begun: Vec<_> = deliveries
        .into_iter()
        .map(|delivery| (delivery.webhook.name(), send::begin(delivery, limits)))
        .collect();
    let posts: Vec<_> = posts.into_iter().map(|(name, post)| (name, tokio::spawn(post))).collect();
    let mut ends = Vec::new();
    for (name, end) in begun {
        let end = match end {
            Ok(end) => end.await.unwrap_or_else(|_| Err("its thread ended early".to_owned())),
            Err(error) => Err(format!("{error:#}")),
        };
        ends.push((name, end));
    }
    for (name, end) in posts {
        ends.push((name, end.await.unwrap_or_else(|_| Err("its task ended early".to_owned()))));
    }
    tell(cx, ends, fail)
}

/// Says what became of each.
fn tell(cx: &mut Context, ends: Vec<(String, Result<(), String>)>, fail: bool) -> Result<Outcome> {
    let (mut sent, mut failed, mut rows) = (0, 0, Vec::new());
    for (name, end) in ends {
        match end {
            Ok(()) => {
                sent += 1;
                cx.info(&format!("Told {name}"));
                rows.push(format!("Told {name}"));
            }
            Err(why) => {
                failed += 1;
                let annotation = Annotation::new(format!("{name}: {why}")).title("Not told");
                if fail {
                    cx.error(annotation)
                } else {
                    cx.warning(annotation)
                }
                rows.push(format!("Could not tell {name}: {why}"));
            }
        }
    }
    cx.summary().list(&rows);
    let outcome = finish(cx, sent, failed)?;
    if fail && failed > 0 {
        bail!("{failed} of {} could not be told; nothing was decided by this step", sent + failed);
    }
    Ok(outcome)
}

fn finish(cx: &mut Context, sent: usize, failed: usize) -> Result<Outcome> {
    cx.output("sent", sent.to_string())?;
    cx.output("failed", failed.to_string())?;
    Ok(Outcome::Done)
}

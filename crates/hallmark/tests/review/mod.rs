//! `hallmark review`: against verdicts that the gate has made, a GitHub with a memory, and a real terminal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod flows;
mod propose;
mod screens;
mod server;
mod tmux;
mod world;

use runner::Action;
use runner::testing::Harness;

use server::Server;
use world::Assayed;

fn action() -> &'static Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "review").unwrap()
}

/// Somebody's machine, asking a server.
fn asking(assayed: &Assayed, server: &Server) -> Harness {
    Harness::new()
        .off_runner()
        .now(assayed.world.now)
        .input("repository", "acme/images")
        .input("api-url", server.api.url("/").to_string())
        .input("token", "ghp_secret")
}

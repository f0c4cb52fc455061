//! Uploads against a GitHub of the test's own: what is sent, what is refused before, and every way it goes wrong.

mod checked;
mod common;
mod refused;
mod taken_in;
mod uploads;

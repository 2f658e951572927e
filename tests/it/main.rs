//! Integration tests, in one binary: a module for each subject. Unit tests live beside the code
//! they test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by a panic, and is documented by its name"
)]
#![allow(
    clippy::large_futures,
    reason = "the driver holds the whole program, once for each test"
)]

mod acts;
mod bad_days;
mod command_line;
mod contexts;
mod contract;
mod counts;
mod crawl;
mod deeds;
mod docs;
mod engine;
mod finder;
mod get;
mod grim_days;
mod images;
mod layers;
mod live;
mod load;
mod logs;
mod metrics;
mod order;
mod package;
mod proxy;
#[cfg(unix)]
mod pty;
mod regions;
mod screens;
mod servers;
mod stats;
mod support;
mod tails;
mod walk;
mod worse_days;

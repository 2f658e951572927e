//! Integration tests, in one binary: a module for each subject. Unit tests live beside the code
//! they test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by a panic, and is documented by its name"
)]

mod command_line;
mod docs;
mod order;
mod package;
mod proxy;
mod servers;

//! What several subjects are tested with: an account made by hand, a stage that plays the program on it without
//! terminal and network, what must hold for every screen, and a terminal for the built binary; the whole program without a
//! terminal on a real endpoint, and that endpoint asked without the SDK.

pub mod account;
pub mod driver;
pub mod engines;
pub mod painted;
pub mod past;
#[cfg(unix)]
pub mod pty;
pub mod stage;
pub mod wire;

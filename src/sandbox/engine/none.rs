//! Where there are no unix sockets there are no engines.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::front::Account;
use super::world::moment::Moment;

/// Engines that never run.
#[derive(Debug)]
pub enum Engines {}

impl Engines {
    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn start(
        _: &[(Arc<Mutex<Account>>, watch::Receiver<Moment>)],
        _: &watch::Receiver<bool>,
        _: u16,
    ) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Where the sockets are.
    pub fn folder(&self) -> &Path {
        match *self {}
    }

    /// Waits until all have stopped serving.
    pub async fn ended(self) {
        match self {}
    }
}

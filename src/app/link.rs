//! The connection to AWS: how it stands, and when it is tried again. It is made in `runtime`.

use std::time::Duration;

use super::{App, Connection, Effect};
use crate::model::{Fault, Now, Timestamp};

/// How the connection to AWS stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    Connecting,
    Ready,
    Failed {
        fault: Fault,
        since: Timestamp,
        times: u32,
        /// When it is tried again; none while it is being tried.
        retry_at: Option<Duration>,
    },
}

/// The wait before a connection that could not be had is tried again.
const RECONNECT: Duration = Duration::from_secs(15);

impl App {
    /// Takes in that there are clients, or why there are none.
    pub(super) fn on_connected(&mut self, result: Result<Connection, Fault>, now: Now) {
        match result {
            Ok(connection) => {
                self.link = Link::Ready;
                self.judge_place(&connection, now);
                self.here.arrive(&connection);
                self.scene.context.profile = connection.profile;
                self.scene.look_at(connection.region);
                self.scene.context.endpoint = connection.endpoint;
                self.scene.context.readonly = connection.readonly;
                self.scene.context.class = connection.class;
            }
            Err(fault) => {
                let (since, times) = match &self.link {
                    Link::Failed { since, times, .. } => (*since, times + 1),
                    _ => (now.wall, 1),
                };
                self.link = Link::Failed {
                    fault,
                    since,
                    times,
                    retry_at: Some(now.mono + RECONNECT),
                };
            }
        }
    }

    /// Tries a connection again that could not be had, unless that is under way.
    pub(super) fn reconnect(&mut self) {
        if let Link::Failed { retry_at, .. } = &mut self.link
            && retry_at.take().is_some()
        {
            self.effects.push(Effect::Connect {
                epoch: self.epoch,
                to: self.here.to.clone(),
            });
        }
    }
}

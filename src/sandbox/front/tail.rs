//! The body of a live tail: frames that come as the world's clock moves on.

use futures::Stream;
use futures::stream::unfold;
use serde_json::json;
use tokio::sync::watch;

use super::{Served, frame};
use crate::sandbox::lock;
use crate::sandbox::operation::logs::{Session, Step};
use crate::sandbox::streams::Guard;

/// A live tail whose answer is being written.
struct Live {
    session: Session,
    first: Option<Vec<u8>>,
    over: bool,
    served: Served,
    stop: watch::Receiver<bool>,
    /// Dropped with the body: the client may go at any time.
    _open: Guard,
}

/// The frames of a live tail. They end with the session, with the sandbox, or when nobody reads them any more.
pub fn frames(
    session: Session,
    first: Vec<u8>,
    open: Guard,
    served: Served,
    stop: watch::Receiver<bool>,
) -> impl Stream<Item = Vec<u8>> {
    let live = Live {
        session,
        first: Some(first),
        over: false,
        served,
        stop,
        _open: open,
    };
    unfold(live, async |mut live| {
        let frame = live.next().await?;
        Some((frame, live))
    })
}

impl Live {
    async fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        while !self.over {
            self.served.clock.mark_unchanged();
            match self.step() {
                Step::Update(update) => {
                    return Some(frame::event("sessionUpdate", &update.to_string()));
                }
                Step::Ends(fault) => {
                    self.over = true;
                    let message = json!({"message": fault.message}).to_string();
                    return Some(frame::exception(fault.code, &message));
                }
                Step::Wait => {}
            }
            tokio::select! {
                _ = self.stop.changed() => return None,
                changed = self.served.clock.changed() => changed.ok()?,
            }
        }
        None
    }

    fn step(&mut self) -> Step {
        let account = lock(&self.served.account);
        self.session.step(&account.world, account.live_tail)
    }
}

//! Bodies that go on as the world does: they wait for its clock.

use std::convert::Infallible;

use futures::StreamExt;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::sync::watch;

use super::host::Host;
use crate::sandbox::streams::Guard;
use crate::sandbox::world::moment::Moment;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is there already.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// What comes next in a stream.
pub struct Step {
    /// What to send now; nothing is sent for nothing.
    pub bytes: Vec<u8>,
    /// When to look again; none ends the stream.
    pub again: Option<Moment>,
}

/// A body that asks `next` for what to send at the world's present, and again when its clock has come to what that
/// says. It ends at once when the client goes, as its connection drops it then, and when the sandbox stops.
pub fn body(
    host: &Host,
    kind: &'static str,
    next: impl FnMut(Moment) -> Step + Send + 'static,
) -> Body {
    let state = State {
        clock: host.clock.clone(),
        stop: host.stop.clone(),
        due: Some(Moment::from_millis(0)),
        next,
        _open: host.streams.open(kind),
    };
    let frames = stream::unfold(state, async |mut state| {
        loop {
            let now = state.reach().await?;
            let Step { bytes, again } = (state.next)(now);
            state.due = again;
            if !bytes.is_empty() {
                return Some((Bytes::from(bytes), state));
            }
        }
    });
    StreamBody::new(frames.map(|bytes| Ok(Frame::data(bytes)))).boxed_unsync()
}

struct State<N> {
    clock: watch::Receiver<Moment>,
    stop: watch::Receiver<bool>,
    due: Option<Moment>,
    next: N,
    /// Dropped with the body.
    _open: Guard,
}

impl<N> State<N> {
    /// Waits until the next look is due; none when there is none, or the sandbox stops before.
    async fn reach(&mut self) -> Option<Moment> {
        let due = self.due?;
        tokio::select! {
            biased;
            _ = self.stop.changed() => None,
            now = self.clock.wait_for(|now| *now >= due) => now.ok().map(|now| *now),
        }
    }
}

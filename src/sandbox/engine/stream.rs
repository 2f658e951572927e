//! Bodies that go on as the world does: waiting for its clock, and the count of those that are open.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::sync::watch;

use super::host::Host;
use crate::sandbox::world::moment::Moment;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is there already.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// How many there are, by kind.
type Counts = BTreeMap<&'static str, usize>;

/// The streams that are open.
#[derive(Clone, Debug, Default)]
pub struct Open(Arc<Mutex<Counts>>);

impl Open {
    /// Those with at least one.
    pub fn now(&self) -> BTreeMap<String, usize> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = counts.iter().filter(|(_, count)| **count > 0);
        open.map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect()
    }

    fn enter(&self, kind: &'static str) -> Entry {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(kind)
            .or_default() += 1;
        Entry {
            open: self.clone(),
            kind,
        }
    }
}

/// One open stream; it counts until it is dropped.
#[derive(Debug)]
struct Entry {
    open: Open,
    kind: &'static str,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut counts = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(self.kind) {
            *count = count.saturating_sub(1);
        }
    }
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
        _entry: host.open.enter(kind),
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
    _entry: Entry,
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

//! The listening side of the proxy: its connections, and what becomes of each call. The upstream is
//! in `call`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::call::{Answer, Call};
use super::fault::{Fault, Faults};
use super::throttle::Throttle;

type Body = BoxBody<Bytes, io::Error>;

/// What the connections and the handle of a proxy share.
pub struct Shared {
    upstream: String,
    pub state: Mutex<State>,
    pub calls: watch::Sender<BTreeMap<String, u64>>,
    pub healed: watch::Sender<u64>,
}

/// How calls are treated at present.
#[derive(Default)]
pub struct State {
    pub faults: Faults,
    pub throttle: Throttle,
    pub delay: Duration,
    /// Access keys that are taken for expired.
    pub expired: BTreeSet<String>,
    /// How many calls a fault struck.
    pub struck: u64,
}

impl State {
    /// What a call meets now: how long it is held back, and what becomes of it then.
    fn meet(&mut self, call: &Call) -> (Duration, Option<Fault>) {
        if call.key().is_some_and(|key| self.expired.contains(key)) {
            return (self.delay, Some(Fault::expired()));
        }
        let fault = self.faults.strike(&call.operation);
        self.struck += u64::from(fault.is_some());
        let fault = fault.or_else(|| {
            let admitted = self.throttle.admit(&call.operation, Instant::now());
            (!admitted).then(Fault::throttling)
        });
        (self.delay, fault)
    }
}

impl Shared {
    pub fn new(upstream: &str) -> Self {
        Self {
            upstream: upstream.to_owned(),
            state: Mutex::default(),
            calls: watch::Sender::default(),
            healed: watch::Sender::default(),
        }
    }
}

/// The accepting task; dropping this stops it too, without waiting for its end.
pub struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Listening {
    pub fn start(listener: TcpListener, shared: Arc<Shared>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            stop,
            task: tokio::spawn(listen(listener, shared, stopped)),
        }
    }

    /// Closes the port and every connection, and returns when that is done.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("the accepting task does not panic");
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// The error by which an answer says that its connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("the connection is to be reset")]
struct Reset;

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| Box::pin(answer(Arc::clone(&shared), request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let stream = connection.into_parts().io.into_inner();
    if end.is_err_and(|error| error.source().is_some_and(<dyn Error>::is::<Reset>)) {
        // Closing a socket that must not linger sends a reset in place of the usual end.
        let _ = stream.set_zero_linger();
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Reset> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
    let call = Call::new(parts, body);

    // All is decided on arrival, before the call is counted: whoever waits for the count may change
    // the state after it.
    let mut healed = shared.healed.subscribe();
    let (delay, fault) = shared.state.lock().unwrap().meet(&call);
    shared
        .calls
        .send_modify(|calls| *calls.entry(call.operation.clone()).or_default() += 1);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match fault {
        None => Ok(whole(call.within_limits(&shared.upstream).await)),
        Some(Fault::Hang) => {
            let _ = healed.changed().await;
            Ok(whole(call.within_limits(&shared.upstream).await))
        }
        Some(Fault::Reset) => Err(Reset),
        Some(Fault::Truncated) => Ok(truncated(call.within_limits(&shared.upstream).await)),
        Some(fault) => Ok(whole(call.refuse(&fault))),
    }
}

fn whole(answer: Answer) -> Response<Body> {
    let body = Full::new(answer.body.clone())
        .map_err(|never| match never {})
        .boxed();
    response(answer, body)
}

fn truncated(answer: Answer) -> Response<Body> {
    let half = answer.body.slice(..answer.body.len() / 2);
    let frames = stream::once(async { Ok(Frame::data(half)) }).chain(stream::once(async {
        // The first half leaves while this waits its turn.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::UnexpectedEof.into())
    }));
    response(answer, BodyExt::boxed(StreamBody::new(frames)))
}

fn response(answer: Answer, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, answer.body.len().into());
    response
}

//! The HTTP/1.1 server in front of an account: accepting, reading, writing, stopping.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use futures::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::service::{HttpService, service_fn};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::front::{self, Body, Regions, Reply, Served};
use super::lock;

/// The largest request that is read, in bytes; AWS itself refuses task definitions above 64 KiB.
const LARGEST_REQUEST: usize = 1 << 20;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// How long open connections may take to finish their request when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Serves connections until `stop` changes or its sender is gone, then lets the open ones finish their request.
pub async fn serve(listener: TcpListener, regions: Regions, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, regions.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    // Too many open files, for instance: they are no fewer at once.
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::debug!("the sandbox closed connections that had not finished their request");
    }
}

async fn converse(stream: TcpStream, regions: Regions, stop: watch::Receiver<bool>) {
    // Answers are written whole: waiting to fill a segment would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection to the sandbox keeps its delay");
    }
    let stopped = stop.clone();
    let service = service_fn(move |request| respond(request, regions.clone(), stopped.clone()));
    serve_connection(stream, service, stop).await;
}

/// Answers the requests of a connection until the client leaves or `stop` changes; then what is under way is finished.
pub async fn serve_connection<Stream, Answer, Sending>(
    stream: Stream,
    service: Answer,
    mut stop: watch::Receiver<bool>,
) where
    Stream: AsyncRead + AsyncWrite + Unpin,
    Answer: HttpService<Incoming, ResBody = Sending, Error = Infallible>,
    Sending: hyper::body::Body<Error = Infallible> + 'static,
{
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Whoever leaves a stream does it by closing the connection.
        tracing::trace!(%error, "a connection to the sandbox ended early");
    }
}

/// The body of a response: there already, or still to come.
type Sent = UnsyncBoxBody<Bytes, Infallible>;

async fn respond(
    request: Request<Incoming>,
    regions: Regions,
    stop: watch::Receiver<bool>,
) -> Result<Response<Sent>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let text = Bytes::from_static(b"the request is too large or broke off");
        let mut response = Response::new(Full::new(text).boxed_unsync());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    let body = body.to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let (served, refused) = match regions.of(header("authorization")) {
        Ok(served) => (served.clone(), None),
        Err(region) => (regions.home.clone(), Some(region)),
    };
    let request = front::Request {
        path: head.uri.path(),
        target: header("x-amz-target"),
        body: &body,
    };
    let mut account = lock(&served.account);
    let reply = match refused {
        Some(region) => account.refuse(request, region),
        None => account.answer(request, Instant::now()),
    };
    drop(account);
    Ok(write(reply, served, stop))
}

fn write(reply: Reply, served: Served, stop: watch::Receiver<bool>) -> Response<Sent> {
    let body = match reply.body {
        Body::Whole(bytes) => Full::new(Bytes::from(bytes)).boxed_unsync(),
        Body::LiveTail(session, first, open) => {
            let frames = front::frames(*session, first, open, served, stop);
            let frames = frames.map(|frame| Ok(Frame::data(Bytes::from(frame))));
            StreamBody::new(frames).boxed_unsync()
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(reply.content));
    if let Ok(id) = HeaderValue::from_str(&reply.id) {
        headers.insert("x-amzn-requestid", id);
    }
    if reply.content == front::CBOR {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        let error = reply.error.map(|code| format!("{code};Sender"));
        if let Some(Ok(error)) = error.map(|error| HeaderValue::from_str(&error)) {
            headers.insert("x-amzn-query-error", error);
        }
    }
    if let Some(code) = reply.error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    response
}

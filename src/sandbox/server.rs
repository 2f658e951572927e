//! The HTTP/1.1 server in front of an account: accepting, reading, writing, stopping.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::front::{self, Account, Reply};
use super::lock;

/// The largest request that is read, in bytes; AWS itself refuses task definitions above 64 KiB.
const LARGEST_REQUEST: usize = 1 << 20;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// How long open connections may take to finish their request when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Serves connections until `stop` changes or its sender is gone, then lets the open ones finish their request.
pub async fn serve(
    listener: TcpListener,
    account: Arc<Mutex<Account>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&account), stop.clone()));
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

async fn converse(
    stream: TcpStream,
    account: Arc<Mutex<Account>>,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written whole: waiting to fill a segment would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection to the sandbox keeps its delay");
    }
    let service = service_fn(move |request| respond(request, Arc::clone(&account)));
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
        tracing::debug!(%error, "a connection to the sandbox ended early");
    }
}

async fn respond(
    request: Request<Incoming>,
    account: Arc<Mutex<Account>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let mut response = Response::new(Full::new(Bytes::from_static(
            b"the request is too large or broke off",
        )));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    let body = body.to_bytes();
    let target = head
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let request = front::Request {
        target,
        body: &body,
    };
    let reply = lock(&account).answer(request, Instant::now());
    Ok(write(reply))
}

fn write(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(reply.content));
    if let Ok(id) = HeaderValue::from_str(&reply.id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(code) = reply.error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    response
}

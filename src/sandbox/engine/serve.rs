//! The HTTP/1.1 server of one engine: accepting, answering, stopping.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::host::{self, Handle, Host};
use super::route::{Ask, Refusal};
use super::stream::{self, Body};
use super::{document, events, logs, stats};
use crate::sandbox::lock;
use crate::sandbox::server::serve_connection;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// How long open connections may take to finish when the sandbox stops.
const GRACE: Duration = Duration::from_secs(2);

/// Serves connections until the sandbox stops; streams end then, and connections when they are idle.
pub async fn serve(listener: UnixListener, host: Host) {
    let mut stop = host.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, host.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "an engine of the sandbox could not accept a connection");
                    // Too many open files, for instance: they are no fewer at once.
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::debug!("an engine of the sandbox closed connections that were not finished");
    }
}

async fn converse(stream: UnixStream, host: Host) {
    let stop = host.stop.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(&host, &request);
        async { Ok::<_, Infallible>(response) }
    });
    serve_connection(stream, service, stop).await;
}

fn respond(host: &Host, request: &Request<Incoming>) -> Response<Body> {
    let answered = Ask::read(request.method(), request.uri()).and_then(|ask| answer(host, ask));
    let mut response = answered.unwrap_or_else(|refusal| {
        let mut response = document_response(&json!({"message": refusal.message}));
        *response.status_mut() = refusal.status;
        response
    });
    let headers = response.headers_mut();
    headers.insert("api-version", HeaderValue::from_static(document::API));
    headers.insert("ostype", HeaderValue::from_static("linux"));
    headers.insert("server", HeaderValue::from_static(document::SERVER));
    response
}

fn answer(host: &Host, ask: Ask) -> Result<Response<Body>, Refusal> {
    *lock(&host.account)
        .calls
        .entry(ask.name().to_owned())
        .or_default() += 1;
    Ok(match ask {
        Ask::Ping => response(stream::whole("OK"), "text/plain; charset=utf-8"),
        Ask::Version => document_response(&document::version(host.cgroup)),
        Ask::Info => {
            let info = document::info(&lock(&host.account).world, host.instance, host.cgroup);
            document_response(&info.unwrap_or_default())
        }
        Ask::List(query) => {
            let list = document::list(&lock(&host.account).world, host.instance, &query);
            document_response(&list)
        }
        Ask::Inspect(name) => {
            let account = lock(&host.account);
            let unit = host::find(&account.world, host.instance, &name)?;
            document_response(&document::inspect(&unit, host.cgroup))
        }
        Ask::Stats(name, query) => {
            let body = stats::answer(host, handle(host, &name)?, query);
            response(body, "application/json")
        }
        Ask::Logs(name, query) => {
            let body = logs::answer(host, handle(host, &name)?, query);
            response(body, "application/vnd.docker.multiplexed-stream")
        }
        Ask::Events(query) => response(events::answer(host, query), "application/json"),
    })
}

fn handle(host: &Host, name: &str) -> Result<Handle, Refusal> {
    let account = lock(&host.account);
    host::find(&account.world, host.instance, name).map(|unit| unit.handle())
}

fn document_response(document: &Value) -> Response<Body> {
    response(stream::whole(document.to_string()), "application/json")
}

fn response(body: Body, content: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static(content));
    response
}

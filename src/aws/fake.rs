//! A loopback endpoint for the tests of this module: answers operations by a function and tells what it was asked.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use aws_smithy_cbor::{Decoder, data::Type};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver},
    task::JoinHandle,
};

use crate::{
    aws::{Clients, Settings, StaticKeys, Urgency},
    model::{Entity, Part, Query, Secret},
    schedule::Budget,
};

/// An answer: the HTTP status and the body.
pub(super) struct Reply(pub(super) u16, pub(super) String);

impl Reply {
    pub(super) fn ok(body: &Value) -> Self {
        Self(200, body.to_string())
    }

    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "__type": code, "message": message });
        Self(status, body.to_string())
    }
}

/// What came in.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) operation: String,
    pub(super) input: Value,
    /// The region that it was signed for.
    pub(super) region: String,
}

/// An answer of any kind.
pub(super) type Whole = Response<BoxBody<Bytes, Infallible>>;

/// What becomes of something that came in.
pub(super) enum Turn {
    Answer(Whole),
    /// Nothing, for ever.
    Never,
    /// The connection ends without an answer.
    Break,
}

/// The id of the answer to an operation, as AWS gives each answer one.
pub(super) fn request_id(operation: &str) -> String {
    format!("id-of-{operation}")
}

/// The running endpoint; ends when dropped.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    /// Every operation that came in, with its input, in order.
    pub(super) asked: UnboundedReceiver<(String, Value)>,
    server: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    /// Starts an endpoint that answers each operation and input by `answer`.
    pub(super) async fn start(
        answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(move |asked| {
            let reply = answer(&asked.operation, &asked.input);
            whole(&asked.operation, reply)
        })
        .await
    }

    /// Starts an endpoint that answers with anything.
    pub(super) async fn serve(answer: impl Fn(&Asked) -> Whole + Send + Sync + 'static) -> Self {
        Self::play(move |asked| Turn::Answer(answer(asked))).await
    }

    /// Starts an endpoint that answers with anything, or not at all.
    pub(super) async fn play(turn: impl Fn(&Asked) -> Turn + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = mpsc::unbounded_channel();
        let turn = Arc::new(turn);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (turn, tell) = (turn.clone(), tell.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (turn, tell) = (turn.clone(), tell.clone());
                    async move {
                        let asked = read(request).await;
                        let turn = turn(&asked);
                        let _ = tell.send((asked.operation, asked.input));
                        match turn {
                            Turn::Answer(answer) => Ok(answer),
                            Turn::Never => std::future::pending().await,
                            Turn::Break => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                        }
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self {
            address,
            asked,
            server,
        }
    }

    /// What came in so far, in order, and is told only once.
    pub(super) fn heard(&mut self) -> Vec<(String, Value)> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }

    /// Clients for this endpoint, with the account's whole quota to spend.
    pub(super) async fn clients(&self) -> Clients {
        Clients::connect(settings(self.address)).await.unwrap()
    }

    /// Runs a query to its end.
    pub(super) async fn fetch(&self, query: &Query) -> Answer {
        fetch(&self.clients().await, query).await
    }

    /// The operations that came in so far, each with its number, in the order of their names.
    pub(super) fn counts(&mut self) -> Vec<(String, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        while let Ok((operation, _)) = self.asked.try_recv() {
            *counts.entry(operation).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

/// A reply as it goes over the wire.
pub(super) fn whole(operation: &str, Reply(status, body): Reply) -> Whole {
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amzn-requestid", request_id(operation))
        .body(BoxBody::new(Full::new(Bytes::from(body))))
        .unwrap()
}

async fn read(request: Request<Incoming>) -> Asked {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    // `AWS4-HMAC-SHA256 Credential=key/20261122/eu-west-1/logs/aws4_request, …`
    let region = header("authorization")
        .and_then(|text| text.split('/').nth(2).map(str::to_owned))
        .unwrap_or_default();
    let target = header("x-amz-target");
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (operation, input) = if let Some(target) = target {
        let (_, operation) = target.split_once('.').unwrap();
        (operation.to_owned(), serde_json::from_slice(&body).unwrap())
    } else if let Some((_, operation)) = path.split_once("/operation/") {
        (operation.to_owned(), decode(&mut Decoder::new(&body)))
    } else {
        // The query protocol of STS: `Action=GetCallerIdentity&Version=…`.
        let text = String::from_utf8(body.to_vec()).unwrap();
        let mut fields = text.split('&');
        let action = fields.find_map(|field| field.strip_prefix("Action="));
        (action.unwrap_or_default().to_owned(), Value::Null)
    };
    Asked {
        operation,
        input,
        region,
    }
}

/// CBOR, as far as requests use it, as JSON; times become seconds.
fn decode(decoder: &mut Decoder<'_>) -> Value {
    match decoder.datatype().unwrap() {
        Type::Map | Type::MapIndef => {
            let length = decoder.map().unwrap();
            let mut map = serde_json::Map::new();
            while length.is_none_or(|length| (map.len() as u64) < length) {
                if decoder.datatype().unwrap() == Type::Break {
                    decoder.skip().unwrap();
                    break;
                }
                let key = decoder.string().unwrap();
                map.insert(key, decode(decoder));
            }
            Value::Object(map)
        }
        Type::Array | Type::ArrayIndef => {
            let length = decoder.list().unwrap();
            let mut list = Vec::new();
            while length.is_none_or(|length| (list.len() as u64) < length) {
                if decoder.datatype().unwrap() == Type::Break {
                    decoder.skip().unwrap();
                    break;
                }
                list.push(decode(decoder));
            }
            Value::Array(list)
        }
        Type::String => decoder.string().unwrap().into(),
        Type::Bool => decoder.boolean().unwrap().into(),
        Type::Tag => decoder.timestamp().unwrap().as_secs_f64().into(),
        _ => decoder.integer().unwrap().into(),
    }
}

/// Settings that need nothing of the machine: no files, no environment, no metadata service.
pub(super) fn settings(address: SocketAddr) -> Settings {
    Settings {
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some(format!("http://{address}")),
        credentials: Some(StaticKeys {
            access_key_id: "key".to_owned(),
            secret_access_key: Secret::new("secret"),
            session_token: None,
        }),
        // So long that a paused clock which runs ahead of the sockets never ends an attempt.
        attempt_timeout: std::time::Duration::from_hours(1),
        budget: Budget {
            burst_share: 1.0,
            refill_share: 1.0,
        },
        ..Settings::default()
    }
}

/// A whole answer: its parts and how it ended.
pub(super) struct Answer {
    pub(super) parts: Vec<(Vec<Entity>, Vec<String>)>,
    pub(super) end: Part,
}

impl Answer {
    pub(super) fn entities(&self) -> Vec<&Entity> {
        self.parts.iter().flat_map(|(some, _)| some).collect()
    }

    pub(super) fn done(&self) -> (Vec<&str>, u32) {
        match &self.end {
            Part::Done { items, calls } => (
                items.iter().map(crate::model::Arn::as_str).collect(),
                *calls,
            ),
            other => panic!("not done: {other:?}"),
        }
    }

    pub(super) fn fault(&self) -> &crate::model::Fault {
        match &self.end {
            Part::Failed { fault, .. } => fault,
            other => panic!("not failed: {other:?}"),
        }
    }
}

/// Runs a query to its end; checks that it has exactly one.
pub(super) async fn fetch(clients: &Clients, query: &Query) -> Answer {
    let (sender, mut receiver) = mpsc::channel(4);
    let run = tokio::spawn({
        let (clients, query) = (clients.clone(), query.clone());
        async move { clients.fetch(&query, Urgency::Interactive, sender).await }
    });
    let mut parts = Vec::new();
    let end = loop {
        match receiver.recv().await.expect("an answer has an end") {
            Part::Some { entities, items } => {
                let items = items.iter().map(|arn| arn.as_str().to_owned()).collect();
                parts.push((entities, items));
            }
            end => break end,
        }
    };
    assert_eq!(receiver.recv().await, None, "an answer has one end");
    run.await.unwrap();
    Answer { parts, end }
}

//! One call of an AWS client: its operation, the answer of the upstream within AWS's limits, and
//! the error answers.

use std::error::Error;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName,
    TRANSFER_ENCODING,
};
use hyper::{HeaderMap, Request, StatusCode, http::request::Parts};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use super::fault::Fault;
use super::limits::{self, Page, Paged};

/// A complete answer, before it is sent whole or not.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().expect("a content type"));
        Self {
            status: StatusCode::from_u16(status).expect("an HTTP status"),
            headers,
            body: body.into(),
        }
    }
}

/// A request of an AWS client, with the name of its operation.
pub struct Call {
    pub operation: String,
    parts: Parts,
    body: Bytes,
}

impl Call {
    pub fn new(parts: Parts, body: Bytes) -> Self {
        let operation = operation(&parts, &body);
        Self {
            operation,
            parts,
            body,
        }
    }

    /// The access key that the request is signed with, if it is signed.
    pub fn key(&self) -> Option<&str> {
        let signature = self.parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (_, scope) = signature.split_once("Credential=")?;
        scope.split_once('/').map(|(key, _)| key)
    }

    /// The answer of the upstream as AWS would give it: refused beyond the item limits, and in
    /// pages.
    pub async fn within_limits(&self, upstream: &str) -> Answer {
        let Ok(Value::Object(mut request)) = serde_json::from_slice(&self.body) else {
            return self.forward(upstream, self.body.clone()).await;
        };
        if let Err(fault) = limits::check_items(&self.operation, &request) {
            return self.refuse(&fault);
        }
        let Some(paged) = limits::paging(&self.operation, &request) else {
            return self.forward(upstream, self.body.clone()).await;
        };
        match paged.take_page(&self.operation, &mut request) {
            Ok(page) => self.one_page(upstream, paged, &page, request).await,
            Err(fault) => self.refuse(&fault),
        }
    }

    /// Reads the whole list, in the upstream's own pages if it has any, and answers with one page
    /// of it.
    async fn one_page(
        &self,
        upstream: &str,
        paged: &Paged,
        page: &Page,
        mut request: Map<String, Value>,
    ) -> Answer {
        let mut whole = Vec::new();
        loop {
            let body = Value::Object(request.clone()).to_string();
            let mut answer = self.forward(upstream, body.into()).await;
            if answer.status != StatusCode::OK {
                return answer;
            }
            let Ok(Value::Object(mut content)) = serde_json::from_slice(&answer.body) else {
                return answer;
            };
            if let Some(Value::Array(items)) = content.get_mut(paged.list) {
                whole.append(items);
            }
            let Some(token) = content.shift_remove("nextToken").filter(Value::is_string) else {
                paged.cut(page, &mut content, whole);
                answer.body = Value::Object(content).to_string().into();
                return answer;
            };
            request.insert("nextToken".to_owned(), token);
        }
    }

    async fn forward(&self, upstream: &str, body: Bytes) -> Answer {
        self.try_forward(upstream, body)
            .await
            .unwrap_or_else(|error| {
                Answer::new(
                    502,
                    "text/plain",
                    format!("{upstream} does not answer: {error}"),
                )
            })
    }

    async fn try_forward(
        &self,
        upstream: &str,
        body: Bytes,
    ) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let stream = TcpStream::connect(upstream).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = self.parts.uri.clone();
        *request.headers_mut() = without_hops(&self.parts.headers);
        request.headers_mut().insert(HOST, upstream.parse()?);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        Ok(Answer {
            status: parts.status,
            headers: without_hops(&parts.headers),
            body,
        })
    }

    /// The error answer for a fault, in the protocol the call speaks.
    pub fn refuse(&self, fault: &Fault) -> Answer {
        let (status, code, message) = match fault {
            Fault::Error {
                status,
                code,
                message,
            } => (*status, code.as_str(), message.clone()),
            Fault::Denied => (400, "AccessDeniedException", self.denial()),
            Fault::NotJson => {
                return Answer::new(200, "text/html", "<html><body>Please sign in</body></html>");
            }
            Fault::Hang | Fault::Reset | Fault::Truncated => {
                unreachable!("{fault:?} is no error answer")
            }
        };
        if self.is_json() {
            let body = json!({"__type": code, "message": message}).to_string();
            let mut answer = Answer::new(status, "application/x-amz-json-1.1", body);
            let name = HeaderName::from_static("x-amzn-errortype");
            answer
                .headers
                .insert(name, code.parse().expect("an error code"));
            return answer;
        }
        // The query protocol calls a denial by another name, and answers it with another status.
        let (status, code) = match fault {
            Fault::Denied => (403, "AccessDenied"),
            _ => (status, code),
        };
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        let body = format!(
            "<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        Answer::new(status, "text/xml", body)
    }

    fn is_json(&self) -> bool {
        self.parts.headers.contains_key("x-amz-target")
    }

    fn denial(&self) -> String {
        let target = self
            .parts
            .headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        let service = match target.and_then(|target| target.split_once('.')) {
            Some(("AmazonEC2ContainerServiceV20141113", _)) => "ecs",
            Some(("AmazonEC2ContainerRegistry_V20150921", _)) => "ecr",
            Some(("Logs_20140328", _)) => "logs",
            _ => "sts",
        };
        let action = format!("{service}:{}", self.operation);
        format!(
            "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: {action} on resource: * \
             because no identity-based policy allows the {action} action"
        )
    }
}

/// The operation a request asks for, in AWS's JSON, RPC and query protocols; else its method and
/// path.
fn operation(parts: &Parts, body: &Bytes) -> String {
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    if let Some((_, operation)) = target.and_then(|target| target.rsplit_once('.')) {
        return operation.to_owned();
    }
    if let Some((_, operation)) = parts.uri.path().rsplit_once("/operation/") {
        return operation.to_owned();
    }
    let form = std::str::from_utf8(body).unwrap_or_default();
    let action = form
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    action.map_or_else(
        || format!("{} {}", parts.method, parts.uri.path()),
        str::to_owned,
    )
}

/// Headers without those that speak of one connection only, and without the wish for a compressed
/// answer.
fn without_hops(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        HOST,
        CONNECTION,
        CONTENT_LENGTH,
        TRANSFER_ENCODING,
        ACCEPT_ENCODING,
    ] {
        headers.remove(name);
    }
    headers
}

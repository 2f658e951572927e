//! An ECS endpoint asked without the SDK: JSON out, JSON in. What the program makes of an answer is compared with
//! what the wire carries.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// An endpoint such as `http://127.0.0.1:4566`.
#[derive(Clone)]
pub struct Wire {
    authority: String,
}

impl Wire {
    pub fn new(endpoint: &str) -> Self {
        let authority = endpoint.strip_prefix("http://").unwrap();
        Self {
            authority: authority.trim_end_matches('/').to_owned(),
        }
    }

    /// The answer of an ECS operation that succeeds.
    pub async fn ask(&self, operation: &str, request: Value) -> Value {
        let (status, answer) = self.send(operation, &request).await;
        assert!(status.is_success(), "{operation} {request}: {answer}");
        answer
    }

    /// The status and the answer of an ECS operation.
    pub async fn send(&self, operation: &str, request: &Value) -> (StatusCode, Value) {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        let (status, body) = self
            .post(
                "ecs",
                &[
                    (CONTENT_TYPE.as_str(), "application/x-amz-json-1.1"),
                    ("x-amz-target", &target),
                ],
                request.to_string(),
            )
            .await;
        let answer = serde_json::from_slice(&body)
            .unwrap_or_else(|error| panic!("{operation} answers no JSON: {error}: {body:?}"));
        (status, answer)
    }

    /// All items of a list operation, over all its pages.
    pub async fn list(&self, operation: &str, key: &str, mut request: Value) -> Vec<String> {
        let mut items = Vec::new();
        loop {
            let answer = self.ask(operation, request.clone()).await;
            let page = answer[key].as_array().unwrap().iter();
            items.extend(page.map(|item| item.as_str().unwrap().to_owned()));
            match answer["nextToken"].as_str() {
                Some(token) => request["nextToken"] = json!(token),
                None => return items,
            }
        }
    }

    /// The XML that the token service answers to who the caller is.
    pub async fn caller(&self) -> String {
        let body = "Action=GetCallerIdentity&Version=2011-06-15".to_owned();
        let form = [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        let (status, body) = self.post("sts", &form, body).await;
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(status.is_success(), "{text}");
        text
    }

    async fn post(
        &self,
        service: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (StatusCode, Bytes) {
        let stream = TcpStream::connect(&self.authority).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        let pump = tokio::spawn(connection);
        // The servers read the region and the service in the scope of a signature, and do not check it.
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
        );
        let mut request = Request::post("/")
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, signature);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        drop(sender);
        pump.await.unwrap().unwrap();
        (status, body)
    }
}

/// A text, empty where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text; one that is empty counts as none.
pub fn some(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// A number, 0 where there is none.
pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// A number, whether the wire carries it as one or as text.
pub fn amount(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A moment in milliseconds; the wire carries seconds with a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of this century fit in any integer of 64 bits"
)]
pub fn moment(value: &Value) -> Option<i64> {
    value
        .as_f64()
        .map(|seconds| (seconds * 1_000.0).round() as i64)
}

/// A list, empty where there is none.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub fn texts(value: &Value) -> Vec<&str> {
    items(value).iter().map(text).collect()
}

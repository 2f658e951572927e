//! Smithy RPC v2 with CBOR, which CloudWatch speaks: the operation in the path, CBOR in and out.
//!
//! Facts: the Smithy specification, "Smithy RPC v2 CBOR protocol"; error codes also go in the header of services that
//! once spoke the query protocol.

use std::convert::Infallible;
use std::time::Instant;

use minicbor::data::{IanaTag, Type};
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Value};

use super::{Account, Body, Reply};
use crate::sandbox::operation::Fault;
use crate::sandbox::operation::metrics::{self, Output};
use crate::sandbox::quota::Bucket;
use crate::sandbox::world::moment::Moment;

/// The `Content-Type` of the protocol.
pub const CBOR: &str = "application/cbor";
/// The paths of CloudWatch begin like this and end with the operation.
const METRICS: &str = "/service/GraniteServiceVersion20100801/operation/";
/// How deep a request may be nested.
const DEEPEST: usize = 32;

/// Whether this protocol is spoken on a path.
pub fn is_spoken_on(path: &str) -> bool {
    path.starts_with("/service/")
}

impl Account {
    pub(super) fn cbor(&mut self, path: &str, body: &[u8], id: String, now: Instant) -> Reply {
        match self.read_metrics(path, body, now) {
            Ok(output) => Reply {
                status: 200,
                content: CBOR,
                error: None,
                id,
                body: Body::Whole(written(|encoder| write(encoder, &output))),
            },
            Err(fault) => refusal(id, &fault),
        }
    }

    fn read_metrics(&mut self, path: &str, body: &[u8], now: Instant) -> Result<Output, Fault> {
        const NAME: &str = "GetMetricData";
        if path.strip_prefix(METRICS) != Some(NAME) {
            let message = format!("The sandbox has no operation at {path}.");
            return Err(Fault::new("InvalidAction", message));
        }
        self.admit("cloudwatch", NAME, Bucket::Metrics, now)?;
        let body = read(&mut Decoder::new(body), DEEPEST)
            .map_err(|error| Fault::new("SerializationException", error))?;
        let input = metrics::read(body)?;
        let asked = u64::try_from(input.queries()).unwrap_or(u64::MAX);
        *self.calls.entry(format!("{NAME}:metrics")).or_default() += asked;
        metrics::answer(&self.world, &input)
    }
}

/// The answer that tells of a fault.
pub(super) fn refusal(id: String, fault: &Fault) -> Reply {
    let body = written(|encoder| {
        encoder.map(2)?;
        encoder.str("__type")?.str(fault.code)?;
        encoder.str("message")?.str(&fault.message)?;
        Ok(())
    });
    Reply {
        status: 400,
        content: CBOR,
        error: Some(fault.code),
        id,
        body: Body::Whole(body),
    }
}

/// A value of a request. A timestamp becomes its number of seconds.
fn read(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, String> {
    let wrong = |error: minicbor::decode::Error| error.to_string();
    let Some(depth) = depth.checked_sub(1) else {
        return Err("the request is nested too deeply".to_owned());
    };
    Ok(match decoder.datatype().map_err(wrong)? {
        Type::Bool => decoder.bool().map_err(wrong)?.into(),
        Type::Null | Type::Undefined => {
            decoder.skip().map_err(wrong)?;
            Value::Null
        }
        Type::F16 | Type::F32 | Type::F64 => decoder.f64().map_err(wrong)?.into(),
        Type::String | Type::StringIndef => {
            let parts = decoder.str_iter().map_err(wrong)?;
            parts.collect::<Result<String, _>>().map_err(wrong)?.into()
        }
        Type::Tag => {
            let tag = decoder.tag().map_err(wrong)?;
            if tag != IanaTag::Timestamp {
                return Err(format!("tag {} is not known here", tag.as_u64()));
            }
            read(decoder, depth)?
        }
        Type::Array | Type::ArrayIndef => {
            let mut items = Vec::new();
            let mut left = decoder.array().map_err(wrong)?;
            while more(decoder, &mut left).map_err(wrong)? {
                items.push(read(decoder, depth)?);
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let mut members = Map::new();
            let mut left = decoder.map().map_err(wrong)?;
            while more(decoder, &mut left).map_err(wrong)? {
                let name = decoder.str().map_err(wrong)?.to_owned();
                let value = read(decoder, depth)?;
                // A null member is the same as none.
                if !value.is_null() {
                    members.insert(name, value);
                }
            }
            members.into()
        }
        Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64 => decoder.i64().map_err(wrong)?.into(),
        other => return Err(format!("{other} is not known here")),
    })
}

/// Whether a list or map goes on; `left` counts down where its length is known.
fn more(
    decoder: &mut Decoder<'_>,
    left: &mut Option<u64>,
) -> Result<bool, minicbor::decode::Error> {
    match left {
        Some(0) => Ok(false),
        Some(count) => {
            *count -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => {
            decoder.skip()?;
            Ok(false)
        }
        None => Ok(true),
    }
}

type Written = Result<(), minicbor::encode::Error<Infallible>>;

fn written(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    match write(&mut encoder) {
        Ok(()) => encoder.into_writer(),
        // A vector takes everything.
        Err(_) => Vec::new(),
    }
}

fn write(encoder: &mut Encoder<Vec<u8>>, output: &Output) -> Written {
    encoder.map(2 + u64::from(output.next_token.is_some()))?;
    encoder
        .str("MetricDataResults")?
        .array(count(&output.series))?;
    for series in &output.series {
        encoder.map(5)?;
        encoder.str("Id")?.str(&series.id)?;
        encoder.str("Label")?.str(&series.label)?;
        let status = if series.complete {
            "Complete"
        } else {
            "PartialData"
        };
        encoder.str("StatusCode")?.str(status)?;
        encoder.str("Timestamps")?.array(count(&series.points))?;
        for (at, _) in &series.points {
            time(encoder, *at)?;
        }
        encoder.str("Values")?.array(count(&series.points))?;
        for (_, value) in &series.points {
            encoder.f64(*value)?;
        }
    }
    encoder.str("Messages")?.array(0)?;
    if let Some(token) = &output.next_token {
        encoder.str("NextToken")?.str(token)?;
    }
    Ok(())
}

fn time(encoder: &mut Encoder<Vec<u8>>, at: Moment) -> Written {
    encoder.tag(IanaTag::Timestamp)?.f64(at.seconds())?;
    Ok(())
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_in_every_form_of_the_format() {
        // {"a": [1, -2, 1.5, "x"], "t": 1(1000), "n": null, _ "b": [_ true], "s": (_ "x" "y")}, lengths not given.
        let bytes = b"\xbf\x61a\x84\x01\x21\xf9\x3e\x00\x61x\x61t\xc1\x19\x03\xe8\x61n\xf6\x61b\x9f\xf5\xff\x61s\x7f\x61x\x61y\xff\xff";
        let value = read(&mut Decoder::new(bytes), DEEPEST).unwrap();
        assert_eq!(
            value,
            json!({"a": [1, -2, 1.5, "x"], "t": 1000, "b": [true], "s": "xy"})
        );
    }

    #[test]
    fn what_is_broken_is_refused() {
        let deep = [0x81; 100];
        for bytes in [
            &b"\xa1\x61a"[..],
            b"\x82\x01",
            b"\xc2\x41\x01",
            b"\x41\x01",
            b"",
            &deep,
        ] {
            assert!(
                read(&mut Decoder::new(bytes), DEEPEST).is_err(),
                "{bytes:x?}"
            );
        }
    }
}

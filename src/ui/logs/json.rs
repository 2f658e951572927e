//! JSON lines folded to what a person reads first: level, message, then the other fields.

use serde_json::{Map, Value};

use super::find::is_bad;
use crate::theme::Role;

/// Longer lines stay as they came: nobody reads them as one line, and parsing them takes time.
const LONGEST: usize = 64 << 10;

const LEVELS: &[&str] = &[
    "level",
    "severity",
    "lvl",
    "loglevel",
    "levelname",
    "log.level",
];
const MESSAGES: &[&str] = &["message", "msg", "log", "event", "body"];
/// Every line has its time already.
const TIMES: &[&str] = &["time", "timestamp", "ts", "@timestamp"];

/// Pieces of a line, each with its role; none if the line is no JSON object.
pub(super) fn fold(line: &str) -> Option<Vec<(String, Role)>> {
    let trimmed = line.trim();
    if !trimmed.starts_with('{') || trimmed.len() > LONGEST {
        return None;
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_str(trimmed) else {
        return None;
    };
    let mut pieces = Vec::new();
    if let Some(level) = take(&mut fields, LEVELS) {
        let level = name(&plain(&level));
        let role = role(&level);
        pieces.push((format!("{level} "), role));
    }
    let message = take(&mut fields, MESSAGES);
    if let Some(message) = &message {
        pieces.push((plain(message), Role::Text));
    }
    for time in TIMES {
        fields.shift_remove(*time);
    }
    let mut space = if message.is_some() { "  " } else { "" };
    for (key, value) in &fields {
        let value = match value {
            Value::String(text) if text.is_empty() || text.contains([' ', '"', '=']) => {
                value.to_string()
            }
            value => plain(value),
        };
        pieces.push((format!("{space}{key}="), Role::TextMuted));
        pieces.push((value, Role::TextMuted));
        space = " ";
    }
    Some(pieces)
}

/// The first of these fields that is there and is text or a number; it is taken out.
fn take(fields: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    let name = names.iter().find(|name| {
        fields
            .get(**name)
            .is_some_and(|value| value.is_string() || value.is_number())
    })?;
    fields.shift_remove(*name)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A level in capitals; the numbers of pino and bunyan by their names.
fn name(level: &str) -> String {
    match level {
        "10" => "TRACE".to_owned(),
        "20" => "DEBUG".to_owned(),
        "30" => "INFO".to_owned(),
        "40" => "WARN".to_owned(),
        "50" => "ERROR".to_owned(),
        "60" => "FATAL".to_owned(),
        level => level.to_uppercase(),
    }
}

fn role(level: &str) -> Role {
    if is_bad(level) == Some(true) {
        Role::StatusError
    } else if level.starts_with("WARN") {
        Role::StatusWarn
    } else {
        Role::TextMuted
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn folded(line: &str) -> Option<String> {
        fold(line).map(|pieces| pieces.into_iter().map(|(text, _)| text).collect())
    }

    #[rstest]
    #[case(
        r#"{"time":"2026-03-01T12:00:00Z","level":"info","msg":"served","status":200,"path":"/cart"}"#,
        "INFO served  status=200 path=/cart"
    )]
    #[case(
        r#"{"severity":"ERROR","message":"no route","why":"a b","at":{"line":3}}"#,
        r#"ERROR no route  why="a b" at={"line":3}"#
    )]
    #[case(r#"{"level":50,"msg":"x","empty":""}"#, r#"ERROR x  empty="""#)]
    #[case(r#"  {"a":1,"b":null}  "#, "a=1 b=null")]
    #[case("{}", "")]
    fn objects_are_folded(#[case] line: &str, #[case] text: &str) {
        assert_eq!(folded(line).as_deref(), Some(text));
    }

    #[rstest]
    #[case("plain text")]
    #[case("{not json}")]
    #[case("[1, 2]")]
    #[case("")]
    fn everything_else_stays(#[case] line: &str) {
        assert_eq!(folded(line), None);
    }

    #[test]
    fn what_is_very_long_stays() {
        let line = format!(r#"{{"msg":"{}"}}"#, "x".repeat(LONGEST));
        assert_eq!(folded(&line), None);
    }
}

//! Whole API answers as pages: JSON or YAML, with environment values masked until asked for.

use serde_json::Value;

use crate::{
    model::{Secret, is_sensitive},
    resource::{Page, Span, Tone},
};

/// Stands in for the nth secret while the answer is written out, so that it can be found again in the text.
const MARKER: &str = "ecsight-secret-";

/// Writes an answer as a page.
pub(super) fn page(answer: &Value, json: bool) -> Page {
    let mut answer = answer.clone();
    let mut secrets = Vec::new();
    mask(&mut answer, &mut secrets);
    let written = if json {
        serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())
    } else {
        serde_saphyr::to_string(&answer).map_err(|error| error.to_string())
    };
    let mut page = Page::default();
    match written {
        Ok(text) => {
            for line in text.lines() {
                page.line(spans(line, &secrets));
            }
        }
        Err(why) => page.line(vec![Span::new(
            format!("The answer cannot be written out: {why}"),
            Tone::Error,
        )]),
    }
    page
}

/// Takes secret values out: those of environment variables, and of options whose name says so.
fn mask(value: &mut Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::Array(items) if key == "environment" => {
                        for item in items {
                            if let Some(value) = item.get_mut("value") {
                                take(value, secrets);
                            }
                        }
                    }
                    Value::String(_) if is_sensitive(key) => take(field, secrets),
                    _ => mask(field, secrets),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secrets)),
        _ => {}
    }
}

fn take(value: &mut Value, secrets: &mut Vec<Secret>) {
    if let Value::String(text) = value {
        let marker = format!("{MARKER}{}-", secrets.len());
        secrets.push(Secret::new(std::mem::replace(text, marker)));
    }
}

/// The stretches of a line: the key before a colon apart from its value, secrets in their place.
fn spans(line: &str, secrets: &[Secret]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = line;
    if let Some(at) = line
        .find(": ")
        .or_else(|| line.ends_with(':').then_some(line.len() - 1))
    {
        spans.push(Span::new(line[..=at].to_owned(), Tone::Label));
        rest = &line[at + 1..];
    }
    while let Some(at) = rest.find(MARKER) {
        let after = &rest[at + MARKER.len()..];
        let Some((number, tail)) = after.split_once('-') else {
            break;
        };
        let secret = number
            .parse()
            .ok()
            .and_then(|number: usize| secrets.get(number));
        spans.push(Span::plain(rest[..at].to_owned()));
        spans.extend(secret.map(Span::secret));
        rest = tail;
    }
    spans.push(Span::plain(rest.to_owned()));
    spans
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        json!({"taskDefinition": {"containerDefinitions": [{
            "name": "app",
            "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "EMPTY", "value": ""}],
            "logConfiguration": {"options": {"splunk-token": "abc-def", "awslogs-group": "/ecs/app"}},
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:r:1:parameter/key"}],
        }]}})
    }

    #[test]
    fn values_of_variables_and_tokens_are_masked_in_both_formats() {
        for json in [true, false] {
            let page = page(&answer(), json);
            let masked = page.text(false);
            for secret in ["hunter2", "abc-def", MARKER] {
                assert!(!masked.contains(secret), "{secret} in {masked}");
            }
            for open in ["DB_PASSWORD", "/ecs/app", "arn:aws:ssm:r:1:parameter/key"] {
                assert!(masked.contains(open), "{open} not in {masked}");
            }
            let revealed = page.text(true);
            assert!(revealed.contains("hunter2") && revealed.contains("abc-def"));
            assert!(!revealed.contains(MARKER));
        }
    }

    #[test]
    fn json_stays_json_when_revealed() {
        let text = page(&answer(), true).text(true);
        let back: Result<Value, _> = serde_json::from_str(&text);
        assert!(back.is_ok_and(|back| back == answer()), "{text}");
    }
}

//! The policies of a repository in words: who may do what with it, and which images are deleted when.

use serde_json::Value;

use super::{Page, Span, Tone};

/// Adds a lifecycle policy, a line a rule in the order of their priority (ECR user guide, "Lifecycle policy properties").
/// What is not understood is added as it is.
pub(super) fn lifecycle(page: &mut Page, text: &str) {
    let Some(mut rules) = list(text, "rules") else {
        verbatim(page, text);
        return;
    };
    let priority = |rule: &Value| rule["rulePriority"].as_i64().unwrap_or(i64::MAX);
    rules.sort_by_key(priority);
    for rule in &rules {
        let label = format!("rule {}", priority(rule));
        let mut spans = vec![Span::plain(rule_words(rule))];
        if let Some(about) = rule["description"].as_str().filter(|one| !one.is_empty()) {
            spans.push(Span::new(format!("  ({about})"), Tone::Muted));
        }
        page.spans(&label, spans);
    }
}

/// What a rule does: `expire untagged images pushed more than 14 days ago`.
fn rule_words(rule: &Value) -> String {
    let selection = &rule["selection"];
    let action = rule["action"]["type"].as_str().unwrap_or("expire");
    let what = match selection["tagStatus"].as_str() {
        Some("untagged") => "untagged images".to_owned(),
        Some("tagged") => {
            let prefixes = strings(&selection["tagPrefixList"]);
            let prefixes = prefixes.iter().map(|prefix| format!("{prefix}*"));
            let patterns = strings(&selection["tagPatternList"]);
            let tags: Vec<String> = prefixes.chain(patterns).collect();
            format!("images tagged {}", tags.join(", "))
        }
        _ => "images".to_owned(),
    };
    let number = selection["countNumber"].as_i64().unwrap_or(0);
    let unit = selection["countUnit"].as_str().unwrap_or("days");
    match selection["countType"].as_str() {
        Some("imageCountMoreThan") => {
            format!("{action} {what} beyond the newest {number}")
        }
        Some("sinceImagePushed") => {
            format!("{action} {what} pushed more than {number} {unit} ago")
        }
        Some("sinceImagePulled") => {
            format!("{action} {what} not pulled for {number} {unit}")
        }
        Some("sinceImageTransitioned") => {
            format!("{action} {what} archived more than {number} {unit} ago")
        }
        other => format!(
            "{action} {what}, {} {number} {unit}",
            other.unwrap_or("no count")
        ),
    }
}

/// Adds a permission policy, a few lines a statement. What is not understood is added as it is.
pub(super) fn permission(page: &mut Page, text: &str) {
    let Some(statements) = list(text, "Statement") else {
        verbatim(page, text);
        return;
    };
    for (index, statement) in statements.iter().enumerate() {
        let number = format!("statement {}", index + 1);
        let label = statement["Sid"].as_str().filter(|sid| !sid.is_empty());
        let effect = statement["Effect"].as_str().unwrap_or("no effect");
        let denies = effect == "Deny";
        let tone = if denies { Tone::Warn } else { Tone::Plain };
        page.toned(label.unwrap_or(&number), effect.to_lowercase(), tone);
        for (part, label) in [
            ("Principal", "  to"),
            ("NotPrincipal", "  to all but"),
            ("Action", "  actions"),
            ("NotAction", "  all actions but"),
        ] {
            page.list(label, principals(&statement[part]));
        }
        if let Some(conditions) = statement["Condition"].as_object() {
            let lines = conditions.iter().flat_map(|(test, keys)| {
                let keys = keys.as_object().into_iter().flatten();
                keys.map(move |(key, value)| format!("{key} {test} {}", strings(value).join(", ")))
            });
            page.list("  where", lines);
        }
    }
}

/// Names of principals or actions, which may stand alone, in a list, or by their kind.
fn principals(value: &Value) -> Vec<String> {
    match value {
        Value::Object(kinds) => {
            let named = kinds.iter().flat_map(|(kind, names)| {
                let names = strings(names).into_iter();
                names.map(move |name| match kind.as_str() {
                    "AWS" => name,
                    kind => format!("{kind} {name}"),
                })
            });
            named.collect()
        }
        other => strings(other),
    }
}

/// A text or several.
fn strings(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

/// The list of this name in a JSON object; a single object stands for a list of one.
fn list(text: &str, name: &str) -> Option<Vec<Value>> {
    let mut whole: Value = serde_json::from_str(text).ok()?;
    match whole.get_mut(name)?.take() {
        Value::Array(values) => Some(values),
        one @ Value::Object(_) => Some(vec![one]),
        _ => None,
    }
}

fn verbatim(page: &mut Page, text: &str) {
    page.list("as it is", text.lines().map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(
        json!({ "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14 }),
        "expire untagged images pushed more than 14 days ago"
    )]
    #[case(
        json!({ "tagStatus": "tagged", "tagPrefixList": ["v"], "tagPatternList": ["*-dev"],
            "countType": "imageCountMoreThan", "countNumber": 50 }),
        "expire images tagged v*, *-dev beyond the newest 50"
    )]
    #[case(
        json!({ "tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90 }),
        "expire images not pulled for 90 days"
    )]
    #[case(
        json!({ "tagStatus": "any", "countType": "sinceTheFlood", "countUnit": "years", "countNumber": 4 }),
        "expire images, sinceTheFlood 4 years"
    )]
    fn rules_read_as_sentences(#[case] selection: Value, #[case] words: &str) {
        let rule = json!({ "selection": selection, "action": { "type": "expire" } });
        assert_eq!(rule_words(&rule), words);
    }

    #[test]
    fn statements_name_who_may_what_and_where() {
        let mut page = Page::new("x");
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "Pull", "Effect": "Allow",
              "Principal": { "AWS": ["arn:aws:iam::2:root", "3"], "Service": "codebuild.amazonaws.com" },
              "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
              "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1" } } },
            { "Effect": "Deny", "Principal": "*", "Action": "ecr:*" } ] });
        permission(&mut page, &policy.to_string());
        let text = page.text(false);
        for part in [
            "Pull                  allow",
            "arn:aws:iam::2:root",
            "Service codebuild.amazonaws.com",
            "ecr:GetDownloadUrlForLayer",
            "aws:PrincipalOrgID StringEquals o-1",
            "statement 2           deny",
            "ecr:*",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn rules_stand_in_the_order_of_their_priority_and_what_is_no_policy_as_it_is() {
        let mut page = Page::new("x");
        let rule = |priority: i64| {
            json!({ "rulePriority": priority, "description": format!("number {priority}"),
                "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1 } })
        };
        lifecycle(
            &mut page,
            &json!({ "rules": [rule(2), rule(1)] }).to_string(),
        );
        lifecycle(&mut page, "not JSON");
        let text = page.text(false);
        let at = |part: &str| text.find(part).unwrap_or(usize::MAX);
        assert!(at("number 1") < at("number 2"), "{text}");
        assert!(
            at("number 2") < at("not JSON") && text.contains("not JSON"),
            "{text}"
        );
    }
}

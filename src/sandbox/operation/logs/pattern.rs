//! Filter patterns of CloudWatch Logs, as far as they are made of terms: `a "b c" -d` and `?a ?b`.
//!
//! Facts: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".

use crate::sandbox::operation::Fault;

/// The longest pattern, in characters.
const LONGEST: usize = 1024;

/// What a message has to contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern; none and an empty one match everything.
    ///
    /// Terms that are not letters, digits and underscores have to be quoted. Patterns on JSON members, on columns and
    /// regular expressions are refused, since the sandbox does not know them.
    pub fn read(text: Option<&str>) -> Result<Self, Fault> {
        let text = text.unwrap_or_default();
        if text.chars().count() > LONGEST {
            return Err(Fault::invalid(format!(
                "1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: Member must have length less than or equal to {LONGEST}"
            )));
        }
        let mut pattern = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (sign, after) = match rest.strip_prefix(['?', '-']) {
                Some(after) => (rest.as_bytes()[0], after),
                None => (b'+', rest),
            };
            let (term, after) =
                term(after).ok_or_else(|| Fault::invalid("Invalid filter pattern"))?;
            let terms = match sign {
                b'?' => &mut pattern.any,
                b'-' => &mut pattern.none,
                _ => &mut pattern.all,
            };
            terms.push(term);
            rest = after.trim_start();
        }
        // Beside other terms, those with a question mark count for nothing.
        if !(pattern.all.is_empty() && pattern.none.is_empty()) {
            pattern.any.clear();
        }
        Ok(pattern)
    }

    /// Whether a message matches; case counts.
    pub fn matches(&self, message: &str) -> bool {
        let within = |term: &String| message.contains(term.as_str());
        self.all.iter().all(within)
            && !self.none.iter().any(within)
            && (self.any.is_empty() || self.any.iter().any(within))
    }
}

/// The first term of a text and what comes after it.
fn term(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (term, rest) = text.split_at(end);
        let plain = term
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
        return (plain && !term.is_empty()).then(|| (term.to_owned(), rest));
    };
    let (mut term, mut escaped) = (String::new(), false);
    for (at, letter) in quoted.char_indices() {
        match letter {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => {
                let rest = &quoted[at + 1..];
                let apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
                return apart.then_some((term, rest));
            }
            _ => {
                if escaped && letter != '"' && letter != '\\' {
                    term.push('\\');
                }
                term.push(letter);
                escaped = false;
            }
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rstest::rstest;

    use super::Pattern;

    #[rstest]
    #[case("", "anything", true)]
    #[case("  ", "anything", true)]
    #[case("ERROR", "an ERRORCODE", true)]
    #[case("ERROR", "an error", false)]
    #[case("ERROR 404", "404 is an ERROR", true)]
    #[case("ERROR 404", "an ERROR", false)]
    #[case("\"out of memory\"", "it is out of memory", true)]
    #[case("\"out of memory\"", "memory out of", false)]
    #[case("\"a \\\"quoted\\\" word\"", "say a \"quoted\" word", true)]
    #[case("?ERROR ?WARN", "WARN: x", true)]
    #[case("?ERROR ?WARN", "INFO: x", false)]
    #[case("?WARN INFO", "INFO: x", true)]
    #[case("INFO -healthz", "INFO GET /healthz", false)]
    #[case("INFO -healthz", "INFO GET /", true)]
    #[case("-\"GET /\"", "GET /healthz", false)]
    fn terms_match(#[case] pattern: &str, #[case] message: &str, #[case] expected: bool) {
        assert_eq!(
            Pattern::read(Some(pattern)).unwrap().matches(message),
            expected
        );
    }

    #[rstest]
    #[case("foo-bar")]
    #[case("\"open")]
    #[case("{ $.level = \"error\" }")]
    #[case("[ip, user]")]
    #[case("%regex%")]
    #[case("\"a\"b")]
    #[case("?")]
    fn what_is_no_pattern_is_refused(#[case] pattern: &str) {
        let fault = Pattern::read(Some(pattern)).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterException");
    }
}

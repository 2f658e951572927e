//! What is looked for in lines: the filter, and what tells of an error.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::ui::Pattern;

/// Bytes at the start of a line that are looked at to tell an error.
const HEAD: usize = 4_096;

/// A filter over lines: all words must be in a line, in any case; `/re/` is a regular expression, `!` turns it around.
#[derive(Debug)]
pub(super) struct Finder {
    text: String,
    parts: Vec<Regex>,
    inverse: bool,
}

impl Finder {
    /// Reads a filter as typed. None if it is empty.
    ///
    /// # Errors
    /// Says in a few words what is wrong with a regular expression.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let pattern = Pattern::parse(text)?;
        Ok(pattern.map(|pattern| {
            let (parts, inverse) = pattern.expressions();
            Self {
                text: text.to_owned(),
                parts,
                inverse,
            }
        }))
    }

    /// As typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a line is taken.
    pub(super) fn takes(&self, line: &str) -> bool {
        self.parts.iter().all(|part| part.is_match(line)) != self.inverse
    }

    /// What matched, as ranges of bytes in order that do not overlap; none for an inverse filter.
    pub(super) fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        if self.inverse {
            return Vec::new();
        }
        let found = self.parts.iter().flat_map(|part| part.find_iter(line));
        let mut ranges: Vec<Range<usize>> = found
            .map(|found| found.range())
            .filter(|range| !range.is_empty())
            .collect();
        ranges.sort_by_key(|range| range.start);
        let mut end = 0;
        ranges.retain(|range| {
            let keeps = range.start >= end;
            if keeps {
                end = range.end;
            }
            keeps
        });
        ranges
    }
}

/// Tells lines of errors from others: by their level where they state one, else by words, HTTP 5xx and the stream.
#[derive(Debug)]
pub(super) struct Judge {
    level: Option<Regex>,
    words: Option<Regex>,
}

impl Judge {
    pub(super) fn new() -> Self {
        let build = |text: &str| RegexBuilder::new(text).case_insensitive(true).build().ok();
        Self {
            level: build(
                r#"(?-u:\b)(?:level|severity|lvl|loglevel|levelname)["']?\s{0,4}[:=]\s{0,4}["']?(?-u:([a-z]+|[0-9]+)\b)"#,
            ),
            words: build(
                r#"(?-u:error|exception|fatal|panic|panicked|traceback|critical|segfault)(?-u:\b)|" 5[0-9][0-9](?: |$)"#,
            ),
        }
    }

    /// Whether a line tells of an error; `stderr` says that it went to standard error.
    pub(super) fn is_error(&self, line: &str, stderr: bool) -> bool {
        let head = &line[..line.floor_char_boundary(HEAD)];
        let stated = self
            .level
            .as_ref()
            .and_then(|level| level.captures(head))
            .and_then(|captured| is_bad(captured.get(1)?.as_str()));
        stated.unwrap_or_else(|| {
            stderr
                || self
                    .words
                    .as_ref()
                    .is_some_and(|words| words.is_match(head))
        })
    }
}

/// Whether a level is one of errors; none if it is no level that is known. Numbers are those of pino and bunyan.
pub(super) fn is_bad(level: &str) -> Option<bool> {
    let level = level.to_ascii_lowercase();
    match level.as_str() {
        "error" | "err" | "fatal" | "panic" | "dpanic" | "critical" | "crit" | "alert"
        | "emerg" | "emergency" | "severe" | "e" | "f" | "50" | "60" => Some(true),
        "trace" | "debug" | "info" | "information" | "informational" | "notice" | "warn"
        | "warning" | "verbose" | "fine" | "config" | "d" | "i" | "w" | "10" | "20" | "30"
        | "40" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("GET /cart", "get CART", true)]
    #[case("GET /cart", "get cat", false)]
    #[case("GET /cart", "/c.rt/", true)]
    #[case("GET /cart", "!cart", false)]
    #[case("GET /cart", "!/checkout/", true)]
    fn words_are_literal_and_in_any_case(
        #[case] line: &str,
        #[case] filter: &str,
        #[case] taken: bool,
    ) {
        assert_eq!(Finder::parse(filter).unwrap().unwrap().takes(line), taken);
    }

    #[test]
    fn ranges_are_in_order_and_apart() {
        let finder = Finder::parse("ab bc").unwrap().unwrap();
        assert_eq!(finder.ranges("xabcab"), [1..3, 4..6]);
        assert!(
            Finder::parse("!ab")
                .unwrap()
                .unwrap()
                .ranges("ab")
                .is_empty()
        );
    }

    #[rstest]
    #[case("ERROR no route", false, true)]
    #[case("java.lang.NullPointerException: x", false, true)]
    #[case("thread 'main' panicked at src/main.rs", false, true)]
    #[case("Traceback (most recent call last):", false, true)]
    #[case("0 errors, error_count=0", false, false)]
    #[case(r#"{"level":"info","error":"none"}"#, false, false)]
    #[case(r#"{"msg":"x","level":"error"}"#, false, true)]
    #[case(r#"{"level":50,"msg":"x"}"#, false, true)]
    #[case("level=warn msg=\"retry after error\"", true, false)]
    #[case("water level: low", false, false)]
    #[case("listening on 8080", true, true)]
    #[case("listening on 8080", false, false)]
    #[case(r#"10.0.0.1 - - "GET / HTTP/1.1" 502 12"#, false, true)]
    #[case(r#"10.0.0.1 - - "GET / HTTP/1.1" 200 502"#, false, false)]
    fn errors_are_told(#[case] line: &str, #[case] stderr: bool, #[case] error: bool) {
        assert_eq!(Judge::new().is_error(line, stderr), error);
    }
}

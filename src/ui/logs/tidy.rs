//! Lines as they are kept: colour codes taken out, events of several lines taken apart.
//!
//! What a program coloured for a terminal is unreadable with its codes written out, and colours here have meanings
//! of their own. So SGR sequences go as a whole; every other control stays, and is made visible where it is drawn.

use std::borrow::Cow;

/// Bytes of one line that are kept: what one event of CloudWatch Logs can hold (quota "event size", 1 MB).
pub(super) const LONGEST: usize = 1 << 20;

/// The lines of an event, without colour codes and line ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.trim_end_matches(['\n', '\r']).split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        if line.len() <= LONGEST {
            return uncoloured(line);
        }
        let kept = &line[..line.floor_char_boundary(LONGEST)];
        let more = line.len() - kept.len();
        Cow::Owned(format!("{} [{more} more bytes]", uncoloured(kept)))
    })
}

/// Text without its SGR sequences: `ESC [ 31 m`, also with the C1 form of `ESC [`.
fn uncoloured(text: &str) -> Cow<'_, str> {
    let starts = |character| matches!(character, '\u{1b}' | '\u{9b}');
    if !text.contains(starts) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(starts) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(length) = sgr(rest) {
            rest = &rest[length..];
        } else {
            let control = rest.chars().next().map_or(1, char::len_utf8);
            plain.push_str(&rest[..control]);
            rest = &rest[control..];
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The bytes of the SGR sequence that a text begins with.
fn sgr(text: &str) -> Option<usize> {
    let introducer = ["\u{1b}[", "\u{9b}"]
        .iter()
        .find(|introducer| text.starts_with(**introducer))?;
    let parameters = &text[introducer.len()..];
    let end = parameters.find(|character| !matches!(character, '0'..='9' | ';' | ':'))?;
    parameters[end..]
        .starts_with('m')
        .then_some(introducer.len() + end + 1)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\u{1b}[31mred\u{1b}[0m \u{1b}[mplain", &["red plain"])]
    #[case("\u{1b}[38;5;196mx\u{9b}1m\u{1b}[38:2::1:2:3my", &["xy"])]
    #[case("\u{1b}[2Jx\u{1b}]0;t\u{7}\u{1b}", &["\u{1b}[2Jx\u{1b}]0;t\u{7}\u{1b}"])]
    #[case("\u{1b}[31", &["\u{1b}[31"])]
    #[case("one\r\ntwo\n\nfour\n", &["one", "two", "", "four"])]
    #[case("", &[""])]
    fn colours_go_and_lines_come_apart(#[case] text: &str, #[case] kept: &[&str]) {
        let told: Vec<_> = lines(text).collect();
        assert_eq!(told, kept);
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let long = "é".repeat(LONGEST);
        let told: Vec<_> = lines(&long).collect();
        assert!(
            told.iter()
                .all(|line| line.ends_with("é [1048576 more bytes]"))
        );
        assert_eq!(told.len(), 1);
    }
}

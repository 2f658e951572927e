//! Readable pages: what `d` shows of a row, as lines of meaningful text.

use std::{borrow::Cow, time::Duration};

use super::Tone;
use crate::model::{Now, Secret, Timestamp, age};

/// A stretch of text of one tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text as it came; it is made safe where it is drawn.
    pub text: Cow<'static, str>,
    /// What it means.
    pub tone: Tone,
    /// Whether it is masked until asked for.
    pub secret: bool,
}

impl Span {
    /// Text with a tone.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
            secret: false,
        }
    }

    /// Ordinary text.
    #[must_use]
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text, Tone::Plain)
    }

    /// Text that is masked until asked for.
    #[must_use]
    pub fn secret(secret: &Secret) -> Self {
        Self {
            text: Cow::Owned(secret.reveal().to_owned()),
            tone: Tone::Plain,
            secret: true,
        }
    }

    /// The text as it may be shown: masked unless `revealed`.
    #[must_use]
    pub fn shown(&self, revealed: bool) -> &str {
        if self.secret && !revealed {
            Secret::MASK
        } else {
            &self.text
        }
    }
}

/// One line of a page. Long lines are wrapped or scrolled where they are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its stretches, left to right.
    pub spans: Vec<Span>,
    /// How far wrapped lines are set in, in cells.
    pub indent: u16,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What it is about, for the crumbs: `service api`.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// The cells that labels take.
const LABEL: usize = 22;

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lines: Vec::new(),
        }
    }

    /// Whether anything on it is masked until asked for.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.lines
            .iter()
            .flat_map(|line| &line.spans)
            .any(|span| span.secret)
    }

    /// Begins a section; an empty line goes before it unless it is the first.
    pub fn heading(&mut self, text: impl Into<Cow<'static, str>>) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.line(vec![Span::new(text, Tone::Title)]);
    }

    /// Adds a line.
    pub fn line(&mut self, spans: Vec<Span>) {
        self.lines.push(Line { spans, indent: 2 });
    }

    /// Adds a field: label and value side by side. An empty value reads `-`.
    pub fn field(&mut self, label: &str, value: impl Into<Cow<'static, str>>) {
        self.toned(label, value, Tone::Plain);
    }

    /// Adds a field with a value of a certain tone.
    pub fn toned(&mut self, label: &str, value: impl Into<Cow<'static, str>>, tone: Tone) {
        let value = value.into();
        let span = if value.is_empty() {
            Span::new("-", Tone::Muted)
        } else {
            Span::new(value, tone)
        };
        self.spans(label, vec![span]);
    }

    /// Adds a field whose value has several tones.
    pub fn spans(&mut self, label: &str, value: Vec<Span>) {
        let gap = if label.chars().count() < LABEL {
            ""
        } else {
            " "
        };
        let mut spans = vec![Span::new(format!("  {label:<LABEL$}{gap}"), Tone::Label)];
        spans.extend(value);
        let indent = u16::try_from(LABEL + 2).unwrap_or(0);
        self.lines.push(Line { spans, indent });
    }

    /// Adds a field only if there is a value.
    pub fn maybe(&mut self, label: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.field(label, value.to_owned());
        }
    }

    /// Adds one field a value, the label only on the first; nothing if there are none.
    pub fn list(&mut self, label: &str, values: impl IntoIterator<Item = String>) {
        let mut label = label;
        for value in values {
            self.field(label, value);
            label = "";
        }
    }

    /// Adds a point in time with its age: `2026-03-01 12:00:04 UTC (4m ago)`.
    pub fn time(&mut self, label: &str, at: Option<Timestamp>, now: Now) {
        if let Some(at) = at {
            let ago = age(now.wall.since(at));
            let value = vec![
                Span::plain(moment(at)),
                Span::new(format!(" ({ago} ago)"), Tone::Muted),
            ];
            self.spans(label, value);
        }
    }

    /// The text of all lines as shown, for copying and saving.
    #[must_use]
    pub fn text(&self, revealed: bool) -> String {
        let mut text = String::new();
        for line in &self.lines {
            for span in &line.spans {
                text.push_str(span.shown(revealed));
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

/// Writes a point in time in UTC, to the second: `2026-03-01 12:00:04 UTC`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{} ms", at.0),
    }
}

/// Writes the distance of two points in time, if both are known: `1.4s`, `12s`, `4m`.
#[must_use]
pub fn span_between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<String> {
    let distance = to?.since(from?);
    if distance < Duration::from_secs(10) {
        return Some(format!("{:.1}s", distance.as_secs_f64()));
    }
    Some(age(distance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_until_revealed() {
        let mut page = Page::new("x");
        page.spans("PASSWORD", vec![Span::secret(&Secret::new("hunter2"))]);
        assert!(page.has_secrets());
        assert!(!page.text(false).contains("hunter2"));
        assert!(page.text(true).contains("hunter2"));
    }

    #[test]
    fn long_labels_keep_apart_from_their_values() {
        let mut page = Page::new("x");
        page.field("pendingManagedInstancesTasksCount", "0");
        assert_eq!(page.text(false), "  pendingManagedInstancesTasksCount 0\n");
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(
            moment(Timestamp(1_700_000_000_000)),
            "2023-11-14 22:13:20 UTC"
        );
    }

    #[test]
    fn lists_carry_their_label_once() {
        let mut page = Page::new("x");
        page.list("roles", ["a".to_owned(), "b".to_owned()]);
        let text = page.text(false);
        assert_eq!(text.matches("roles").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}

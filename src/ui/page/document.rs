//! The text of a page, laid out in rows of the screen, with the hits of a search.

use std::{borrow::Cow, ops::Range};

use serde_json::Value;

use super::super::{Cx, Pattern, clean, raw, text};
use crate::{
    model::Subject,
    resource::{Page, Resource, Tone},
};

/// Where the text of a page comes from.
pub(super) enum Source {
    /// A view writes it.
    Describe(&'static dyn Resource),
    /// It is the API answer.
    Raw {
        /// The answer, or why there is none; nothing while it is on its way.
        answer: Option<Result<Box<Answer>, String>>,
        /// Whether it is shown as JSON, else as YAML.
        json: bool,
    },
}

/// An API answer, written out once for the format it is shown in.
pub(super) struct Answer {
    value: Value,
    page: Page,
}

impl Source {
    pub(super) fn toggle_format(&mut self) {
        if let Self::Raw { json, answer } = self {
            *json = !*json;
            if let Some(Ok(answer)) = answer {
                answer.page = raw::page(&answer.value, *json);
            }
        }
    }

    /// Whether there is only a sentence to show: the answer is on its way, or there is none.
    pub(super) fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Raw {
                answer: None | Some(Err(_)),
                ..
            }
        )
    }

    pub(super) fn set_answer(&mut self, came: &Result<String, String>) {
        if let Self::Raw { answer, json } = self {
            *answer = Some(match came {
                Ok(text) => serde_json::from_str(text)
                    .map(|value| {
                        let page = raw::page(&value, *json);
                        Box::new(Answer { value, page })
                    })
                    .map_err(|error| format!("The answer is not JSON: {error}")),
                Err(why) => Err(why.clone()),
            });
        }
    }
}

/// One row of the screen: a stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: usize,
    /// Bytes of the line's clean text.
    pub(super) range: Range<usize>,
    /// Cells it is set in.
    pub(super) indent: u16,
}

/// Where a search hit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) row: usize,
    pub(super) line: usize,
    pub(super) range: Range<usize>,
}

/// A line of clean text with the tones of its stretches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CleanLine {
    pub(super) text: String,
    /// Ends of stretches, in bytes, with their tones.
    pub(super) tones: Vec<(usize, Tone)>,
    indent: u16,
}

/// A page laid out for a width.
#[derive(Debug, Default)]
pub(super) struct Document {
    page: Page,
    lines: Vec<CleanLine>,
    rows: Vec<Row>,
    hits: Vec<Hit>,
    laid_out_for: Option<(Option<usize>, bool)>,
}

impl Document {
    /// Writes the page anew and lays it out; says whether anything changed.
    pub(super) fn settle(
        &mut self,
        source: &Source,
        subject: &Subject,
        width: Option<usize>,
        revealed: bool,
        cx: &Cx,
    ) -> bool {
        let page = write(source, subject, cx);
        if *page == self.page && self.laid_out_for == Some((width, revealed)) {
            return false;
        }
        self.page = page.into_owned();
        self.lines = self
            .page
            .lines
            .iter()
            .map(|line| clean_line(line, revealed, cx.glyphs.mask()))
            .collect();
        self.rows = lay_out(&self.lines, width);
        self.laid_out_for = Some((width, revealed));
        true
    }

    /// Finds what is searched for.
    pub(super) fn search(&mut self, pattern: Option<&Pattern>) {
        self.hits.clear();
        let Some(pattern) = pattern else { return };
        for (line, clean) in self.lines.iter().enumerate() {
            let first = self.rows.partition_point(|row| row.line < line);
            let rows = self.rows[first..].iter();
            for range in pattern.hits(&clean.text) {
                let holds = |row: &Row| row.line == line && row.range.contains(&range.start);
                let row = rows
                    .clone()
                    .take_while(|row| row.line == line)
                    .position(holds);
                let row = row.map(|row| first + row);
                self.hits.extend(row.map(|row| Hit { row, line, range }));
            }
        }
    }

    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, row: usize) -> Option<(&Row, &CleanLine)> {
        let row = self.rows.get(row)?;
        self.lines.get(row.line).map(|line| (row, line))
    }

    /// The cells of the longest line.
    pub(super) fn widest(&self) -> usize {
        self.lines
            .iter()
            .map(|line| text::width(&line.text))
            .max()
            .unwrap_or(0)
    }

    pub(super) fn has_secrets(&self) -> bool {
        self.page.has_secrets()
    }

    pub(super) fn text(&self, revealed: bool) -> String {
        self.page.text(revealed)
    }
}

/// The page as it is to be shown now.
fn write<'a>(source: &'a Source, subject: &Subject, cx: &Cx) -> Cow<'a, Page> {
    Cow::Owned(match source {
        Source::Raw {
            answer: Some(Ok(answer)),
            ..
        } => return Cow::Borrowed(&answer.page),
        Source::Raw {
            answer: Some(Err(why)),
            ..
        } => message(why.clone(), Tone::Error),
        Source::Raw { answer: None, .. } => {
            message(format!("Asking for {}", subject.name()), Tone::Muted)
        }
        Source::Describe(view) => view
            .page(subject, &cx.model())
            .unwrap_or_else(|| absence(*view, subject, cx)),
    })
}

/// What stands in the place of a page that cannot be written.
fn absence(view: &dyn Resource, subject: &Subject, cx: &Cx) -> Page {
    let (noun, name) = (view.noun(), subject.name());
    let asked = view.page_needs(subject, cx.store);
    let settled = asked
        .iter()
        .all(|query| cx.store.listing(query).is_current());
    let says = if settled {
        format!("The {noun} {name} is not there (any more).")
    } else if cx.freshness.is_faulty() {
        format!("Nothing is known of the {noun} {name} yet.")
    } else {
        format!("Asking for the {noun} {name}")
    };
    message(says, Tone::Muted)
}

fn message(text: String, tone: Tone) -> Page {
    let mut page = Page::default();
    page.line(vec![crate::resource::Span::new(text, tone)]);
    page
}

fn clean_line(line: &crate::resource::Line, revealed: bool, mask: &str) -> CleanLine {
    let mut clean_line = CleanLine {
        indent: line.indent,
        ..CleanLine::default()
    };
    for span in &line.spans {
        let masked = span.secret && !revealed;
        let shown = if masked { mask } else { span.shown(revealed) };
        clean_line.text.push_str(&clean(shown));
        let tone = if masked { Tone::Muted } else { span.tone };
        clean_line.tones.push((clean_line.text.len(), tone));
    }
    clean_line
}

fn lay_out(lines: &[CleanLine], width: Option<usize>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(width) = width else {
            rows.push(Row {
                line: index,
                range: 0..line.text.len(),
                indent: 0,
            });
            continue;
        };
        let indent = usize::from(line.indent).min(width / 2);
        for (part, range) in text::wrap(&line.text, width, indent)
            .into_iter()
            .enumerate()
        {
            let indent = if part == 0 {
                0
            } else {
                u16::try_from(indent).unwrap_or(0)
            };
            rows.push(Row {
                line: index,
                range,
                indent,
            });
        }
    }
    rows
}

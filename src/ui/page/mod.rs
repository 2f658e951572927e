//! The page layer: readable text about one thing, scrolled, wrapped and searched. Also shows whole API answers.

mod document;
mod draw;

use ratatui::{buffer::Buffer, layout::Rect};

use self::document::{Document, Source};
use super::{
    Ask, Cx, FilterLine, Input, Layer, Level, LogsLayer, Need, Pattern, Reply, layer::Hint,
};
use crate::{
    keymap::{Code, Command, Key, Target},
    model::{Arn, Subject},
    resource::{self, Live, Resource},
    store::Store,
};

/// A page about one thing.
pub struct PageLayer {
    subject: Subject,
    source: Source,
    document: Document,
    /// The first line on the screen.
    top: usize,
    /// Cells scrolled away to the left, while lines are not wrapped.
    left: usize,
    wrap: bool,
    revealed: bool,
    editing: Option<Input>,
    search: Option<Pattern>,
    complaint: Option<String>,
    /// The hit that was last jumped to, by its place among all hits.
    hit: usize,
    /// What it takes to say what the thing uses.
    live: Option<Live>,
}

impl PageLayer {
    /// The page that a view writes about one of its rows.
    #[must_use]
    pub fn describe(view: &'static dyn Resource, subject: Subject) -> Self {
        Self::new(subject, Source::Describe(view))
    }

    /// The whole API answer of a thing, which is yet to come.
    #[must_use]
    pub fn raw(subject: Subject) -> Self {
        Self::new(
            subject,
            Source::Raw {
                answer: None,
                json: false,
            },
        )
    }

    fn new(subject: Subject, source: Source) -> Self {
        let wrap = !matches!(source, Source::Raw { .. });
        Self {
            subject,
            source,
            document: Document::default(),
            top: 0,
            left: 0,
            wrap,
            revealed: false,
            editing: None,
            search: None,
            complaint: None,
            hit: 0,
            live: None,
        }
    }

    fn last_top(&self, cx: &Cx) -> usize {
        self.document
            .rows()
            .saturating_sub(usize::from(cx.room.1).max(1))
    }

    fn scroll_to(&mut self, row: usize, cx: &Cx) {
        self.top = row.min(self.last_top(cx));
    }

    fn on_move(&mut self, command: Command, cx: &Cx) -> bool {
        let page = isize::try_from(cx.room.1.max(2)).unwrap_or(2);
        let by = match command {
            Command::Up => -1,
            Command::Down => 1,
            Command::PageUp => 1 - page,
            Command::PageDown => page - 1,
            Command::HalfUp => -page / 2,
            Command::HalfDown => page / 2,
            Command::Top => isize::MIN,
            Command::Bottom => isize::MAX,
            Command::Left => {
                self.left = self.left.saturating_sub(8);
                return true;
            }
            Command::Right => {
                let room = usize::from(cx.room.0);
                let most = self.document.widest().saturating_sub(room);
                self.left = if self.wrap {
                    0
                } else {
                    (self.left + 8).min(most)
                };
                return true;
            }
            _ => return false,
        };
        self.scroll_to(self.top.saturating_add_signed(by), cx);
        true
    }

    /// Goes to the hit `by` further on, around the end.
    fn jump(&mut self, by: isize, cx: &Cx) -> Reply {
        let hits = self.document.hits();
        if hits.is_empty() {
            let text = match &self.search {
                Some(search) => format!("{} is not on this page", search.text()),
                None => "nothing to search for; type / first".to_owned(),
            };
            return Reply::Ask(Ask::Say(Level::Info, text));
        }
        let count = isize::try_from(hits.len()).unwrap_or(isize::MAX);
        let at = isize::try_from(self.hit).unwrap_or(0);
        let next = (at + by).rem_euclid(count);
        self.hit = usize::try_from(next).unwrap_or(0);
        let row = hits[self.hit].row;
        self.scroll_to(row.saturating_sub(usize::from(cx.room.1) / 3), cx);
        Reply::Taken
    }

    fn set_search(&mut self, text: &str, cx: &Cx) {
        match Pattern::parse(text) {
            Ok(pattern) => {
                self.search = pattern;
                self.complaint = None;
            }
            Err(why) => self.complaint = Some(why),
        }
        self.document.search(self.search.as_ref());
        let visible = self
            .document
            .hits()
            .iter()
            .position(|hit| hit.row >= self.top);
        self.hit = visible.unwrap_or(0);
        if !self.document.hits().is_empty() {
            let _ = self.jump(0, cx);
        }
    }
}

impl Layer for PageLayer {
    fn takes_text(&self) -> bool {
        self.editing.is_some()
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        match (key.code, key.ctrl) {
            // What makes no sense stays open, with the reason beside it, to be mended.
            (Code::Enter, _) if self.complaint.is_some() => {}
            (Code::Enter, _) => self.editing = None,
            (Code::Esc, _) | (Code::Char('c'), true) => {
                self.editing = None;
                self.set_search("", cx);
            }
            _ => {
                if self.editing.as_mut().is_some_and(|input| input.on_key(key)) {
                    let typed = self.editing.as_ref().map_or("", Input::text).to_owned();
                    self.set_search(&typed, cx);
                }
            }
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, cx: &Cx) {
        if let Some(input) = self.editing.as_mut() {
            input.insert(text);
            let typed = input.text().to_owned();
            self.set_search(&typed, cx);
        }
    }

    fn on_command(&mut self, command: Command, cx: &Cx) -> Reply {
        if self.on_move(command, cx) {
            return Reply::Taken;
        }
        match command {
            Command::Back if self.search.is_some() || self.complaint.is_some() => {
                self.set_search("", cx);
            }
            Command::Filter => {
                self.set_search("", cx);
                self.editing = Some(Input::default());
            }
            Command::NextMatch => return self.jump(1, cx),
            Command::PreviousMatch => return self.jump(-1, cx),
            Command::Wrap => {
                self.wrap = !self.wrap;
                self.left = 0;
            }
            Command::Reveal if self.document.has_secrets() => self.revealed = !self.revealed,
            Command::Format if matches!(self.source, Source::Raw { .. }) => {
                self.source.toggle_format();
            }
            Command::Raw | Command::Refresh if matches!(self.source, Source::Raw { .. }) => {
                return Reply::Ask(Ask::FetchRaw(self.subject.clone()));
            }
            Command::Raw => return super::layer::ask_raw(self.subject.clone()),
            Command::Logs | Command::PreviousLogs => return LogsLayer::ask(command, &self.subject),
            Command::CopyName => {
                let text = self.text(cx);
                return Reply::Ask(Ask::Copy("page".to_owned(), text));
            }
            Command::Save => {
                let stem = self.crumb(cx.store).replace([' ', '/', ':'], "-");
                return Reply::Ask(Ask::Save(stem, self.text(cx)));
            }
            _ => return Reply::Ignored,
        }
        Reply::Taken
    }

    fn on_raw(&mut self, subject: &Subject, answer: &Result<String, String>) {
        if *subject == self.subject {
            self.source.set_answer(answer);
        }
    }

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, cx: &Cx) {
        let by = lines
            .and_then(|lines| isize::try_from(lines).ok())
            .unwrap_or(0);
        self.scroll_to(self.top.saturating_add_signed(by), cx);
    }

    fn hints(&self, _cx: &Cx) -> Vec<Hint> {
        let mut hints = vec![Hint::of(Target::Command(Command::Back))];
        if self.document.has_secrets() {
            let label = if self.revealed {
                "mask values"
            } else {
                "show values"
            };
            hints.push(Hint::named(Target::Command(Command::Reveal), label));
        }
        match &self.source {
            Source::Describe(_) => {
                if resource::logged(&self.subject).is_ok() {
                    hints.push(Hint::of(Target::Command(Command::Logs)));
                }
                if self.subject.arn.is_of_aws() {
                    hints.push(Hint::of(Target::Command(Command::Raw)));
                }
            }
            Source::Raw { json, .. } => {
                let label = if *json { "yaml" } else { "json" };
                hints.push(Hint::named(Target::Command(Command::Format), label));
            }
        }
        hints.push(Hint::named(Target::Command(Command::Filter), "search"));
        if !self.document.hits().is_empty() {
            hints.push(Hint::named(Target::Command(Command::NextMatch), "next"));
        }
        hints.push(Hint::of(Target::Command(Command::Wrap)));
        hints.push(Hint::of(Target::Command(Command::CopyName)));
        hints
    }

    fn needs(&self, store: &Store) -> Vec<Need> {
        let queries = match &self.source {
            Source::Describe(view) => view.page_needs(&self.subject, store),
            Source::Raw { .. } => Vec::new(),
        };
        let own = queries.into_iter().map(Need::of);
        own.chain(Need::further(self.live.as_ref())).collect()
    }

    fn watched(&self) -> Option<&[Arn]> {
        let live = self.live.as_ref().filter(|live| !live.uses_nothing);
        live.map(|live| live.tasks.as_slice())
    }

    fn is_live(&self) -> bool {
        matches!(self.source, Source::Describe(_))
    }

    fn targets(&self) -> Option<(&'static str, Vec<Subject>)> {
        match &self.source {
            Source::Describe(view) => Some((view.id(), vec![self.subject.clone()])),
            Source::Raw { .. } => None,
        }
    }

    fn subject(&self) -> Option<Subject> {
        Some(self.subject.clone())
    }

    fn settle(&mut self, cx: &Cx) {
        if let Source::Describe(view) = &self.source {
            self.live = view.live(std::slice::from_ref(&self.subject), &cx.model());
        }
        let wrap = self.wrap || self.source.is_message();
        let width = wrap.then_some(usize::from(cx.room.0));
        let changed = self
            .document
            .settle(&self.source, &self.subject, width, self.revealed, cx);
        if changed {
            self.document.search(self.search.as_ref());
            let last = self.document.hits().len().saturating_sub(1);
            self.hit = self.hit.min(last);
        }
        self.top = self.top.min(self.last_top(cx));
    }

    fn crumb(&self, store: &Store) -> String {
        let name = resource::called(&self.subject, store);
        match &self.source {
            Source::Describe(view) => format!("{} {name}", view.noun()),
            Source::Raw { json: true, .. } => format!("json of {name}"),
            Source::Raw { .. } => format!("yaml of {name}"),
        }
    }

    fn status(&self) -> String {
        let hits = self.document.hits().len();
        let lines = self.document.rows();
        let mut status = match lines {
            1 => "1 line".to_owned(),
            _ => format!("{lines} lines"),
        };
        if self.search.is_some() {
            let at = if hits == 0 { 0 } else { self.hit + 1 };
            status = format!("{status}, hit {at} of {hits}");
        }
        if self.revealed && self.document.has_secrets() {
            status.push_str(", secret values shown");
        }
        status
    }

    fn filter(&self) -> Option<FilterLine<'_>> {
        let typed = self.editing.as_ref();
        let text = typed.map_or(self.search.as_ref().map_or("", Pattern::text), Input::text);
        (typed.is_some() || !text.is_empty()).then(|| FilterLine {
            text,
            cursor: typed.map(Input::cursor_cells),
            complaint: self.complaint.as_deref(),
        })
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint(area, buffer, cx);
    }

    fn text(&self, _cx: &Cx) -> String {
        self.document.text(self.revealed)
    }
}

#[cfg(test)]
mod tests;

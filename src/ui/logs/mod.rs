//! The layer of logs: the lines of a service, a task or a container as they come, or the last ones of the task that
//! stopped last. Reading them is done elsewhere; here they are kept, looked through and drawn.

mod buffer;
mod draw;
mod find;
mod json;
mod keys;
mod names;
mod source;
mod status;
mod tidy;
mod view;

use ratatui::{buffer::Buffer, layout::Rect};

use self::{
    buffer::{Kind, Lines},
    find::Finder,
    names::Names,
    source::{Range, Source},
    view::{Pane, View},
};
use super::{Ask, Cx, FilterLine, Input, Layer, Level, Need, Reply, layer::Hint};
use crate::{
    keymap::{Area, Command, Key},
    model::{LogReport, Subject, Tail, TailId, Timestamp},
    resource,
    store::Store,
};

/// The log of a service, a task or a container.
pub struct LogsLayer {
    source: Source,
    lines: Lines,
    names: Names,
    view: View,
    pane: Pane,
    editing: Option<Input>,
    complaint: Option<String>,
    /// Lines that will not come, as far as they were counted.
    lost: u64,
    /// How many lines were taken away last, and when.
    cleared: Option<(u64, Timestamp)>,
    /// When the last line came.
    heard: Option<Timestamp>,
    /// The moment when it was last brought up to date.
    now: Timestamp,
}

impl LogsLayer {
    /// What a service, a task or a container writes now, and what it wrote before.
    #[must_use]
    pub fn follow(subject: Subject) -> Self {
        Self::new(subject, false)
    }

    /// The last lines of the task that stopped last: of a service, or of a task's service or family.
    #[must_use]
    pub fn previous(subject: Subject) -> Self {
        Self::new(subject, true)
    }

    /// What becomes of `l` or `p` on a row or page: its log, or a word on what has one.
    pub(super) fn ask(command: Command, subject: &Subject) -> Reply {
        Reply::Ask(match resource::logged(subject) {
            Err(why) => Ask::Say(Level::Info, why),
            Ok(subject) if command == Command::PreviousLogs => {
                Ask::Push(Box::new(Self::previous(subject)))
            }
            Ok(subject) => Ask::Push(Box::new(Self::follow(subject))),
        })
    }

    fn new(subject: Subject, is_previous: bool) -> Self {
        Self {
            source: Source::new(subject, is_previous),
            lines: Lines::new(buffer::MOST),
            names: Names::default(),
            view: View::default(),
            pane: Pane::default(),
            editing: None,
            complaint: None,
            lost: 0,
            cleared: None,
            heard: None,
            now: Timestamp::default(),
        }
    }

    /// Begins anew with nothing.
    fn empty(&mut self) {
        self.lines.restart();
        self.lost = 0;
        self.cleared = None;
        self.heard = None;
        self.view.reset();
    }

    fn read(&mut self, range: Range) {
        self.source.read(range);
        self.empty();
        // Who asks for the beginning wants to read from there.
        self.view.follow = range != Range::Head;
    }

    fn turn(&mut self, is_previous: bool) {
        self.source.turn(is_previous);
        self.empty();
    }

    fn look_for(&mut self, text: &str) {
        match Finder::parse(text) {
            Ok(finder) => {
                self.lines.find(finder);
                self.complaint = None;
            }
            Err(why) => self.complaint = Some(why),
        }
        self.show();
    }

    /// Shows all lines, or those that match.
    fn show(&mut self) {
        let only = self.view.only && self.lines.finder().is_some();
        self.lines.show(only.then_some(self.view.context));
    }
}

impl Layer for LogsLayer {
    fn area(&self) -> Area {
        Area::Logs
    }

    fn takes_text(&self) -> bool {
        self.editing.is_some()
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        self.on_typed(key, cx);
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        if let Some(input) = self.editing.as_mut() {
            input.insert(text);
            let typed = input.text().to_owned();
            self.look_for(&typed);
        }
    }

    fn on_command(&mut self, command: Command, cx: &Cx) -> Reply {
        self.on_key(command, cx)
    }

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, _cx: &Cx) {
        let by = lines.and_then(|lines| isize::try_from(lines).ok());
        self.scroll(by.unwrap_or(0));
    }

    fn hints(&self, _cx: &Cx) -> Vec<Hint> {
        self.useful_keys()
    }

    fn needs(&self, store: &Store) -> Vec<Need> {
        let needs = self.source.needs(store).into_iter();
        needs.map(Need::of).collect()
    }

    fn tail_id(&self) -> Option<&TailId> {
        self.source.id()
    }

    fn tail(&self, _store: &Store) -> Option<(TailId, Tail)> {
        self.source.tail()
    }

    fn on_log(&mut self, report: LogReport) {
        match report {
            LogReport::Lines { container, lines } => {
                let stream = self.names.place(&container);
                for line in &lines {
                    self.lines.push(stream, line);
                }
                if !lines.is_empty() {
                    self.heard = Some(self.now);
                }
            }
            LogReport::Lost {
                container,
                count,
                why,
            } => {
                self.lost += count.unwrap_or(0);
                let what = match count {
                    Some(1) => "1 line".to_owned(),
                    Some(count) => format!("{} lines", status::grouped(count)),
                    None => "lines".to_owned(),
                };
                let whose = container.map_or_else(String::new, |container| {
                    let name = self.names.place(&container);
                    format!(" of {}", self.names.of(name))
                });
                let text = format!("lost {what}{whose}: {why}");
                self.lines.note(Kind::Lost, self.now, &text);
            }
            LogReport::State { containers, state } => {
                for container in containers {
                    self.source.states.insert(container, state.clone());
                }
            }
        }
    }

    fn subject(&self) -> Option<Subject> {
        Some(self.source.asked.clone())
    }

    fn is_live(&self) -> bool {
        !self.source.is_previous
    }

    fn settle(&mut self, cx: &Cx) {
        self.now = cx.now.wall;
        self.source.settle(cx);
        for stream in self.source.streams() {
            self.names.place(&stream.container);
        }
        self.arrange(cx);
    }

    fn crumb(&self, store: &Store) -> String {
        let of = match self.source.ended() {
            Some(ended) => &ended.subject,
            None => &self.source.asked,
        };
        let name = resource::called(of, store);
        if self.source.is_previous {
            format!("last log of {name}")
        } else {
            format!("logs of {name}")
        }
    }

    fn status(&self) -> String {
        self.story()
    }

    fn filter(&self) -> Option<FilterLine<'_>> {
        let typed = self.editing.as_ref();
        let found = self.lines.finder().map_or("", Finder::text);
        let text = typed.map_or(found, Input::text);
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
        let mut text = String::new();
        for row in 0..self.lines.rows() {
            if let Some(line) = self.lines.at(row).and_then(|at| self.lines.line(at)) {
                self.write(line, &mut text);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;

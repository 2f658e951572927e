//! The table layer: rows of a view with cursor, filter and sort. The cursor holds on to a thing, not to a row.

mod columns;
mod draw;
mod marks;
mod motion;
mod rows;
mod sort;

pub use columns::fit;
pub(super) use draw::role_of;

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};

use self::{
    columns::{Shown, Wish},
    marks::Marks,
    rows::Sheet,
};
use super::{
    Ask, ChartLayer, Choice, Cx, Input, Layer, Level, LogsLayer, Menu, Need, Pattern, Reply,
    layer::Hint, trend,
};
use crate::{
    action,
    keymap::{Area, Code, Command, Key, Target},
    model::{Arn, Subject},
    resource::{self, Live, Place, Presence, Resource, Step},
    store::Store,
};

/// Lines that the column heads take.
const HEAD: u16 = 1;

/// A table of one view.
pub struct TableLayer {
    resource: &'static dyn Resource,
    place: Place,
    sheet: Sheet,
    /// The row under the cursor, by its place among the rows shown.
    cursor: usize,
    /// What the cursor holds on to.
    anchor: Option<Subject>,
    /// The first row on the screen.
    top: usize,
    wish: Wish,
    editing: Option<Input>,
    complaint: Option<String>,
    /// What it takes to say what the rows on the screen use.
    live: Option<Live>,
    /// The columns of what is used that have something to say, by their index; they stay once they had.
    telling: Vec<usize>,
    /// Whether rows of several regions may stand side by side.
    has_regions: bool,
    marks: Marks,
}

impl TableLayer {
    /// A table that has not looked at the store yet; none if there is no such view.
    #[must_use]
    pub fn new(place: Place) -> Option<Self> {
        let resource = resource::find(place.view)?;
        Some(Self {
            resource,
            place,
            sheet: Sheet::new(resource),
            cursor: 0,
            anchor: None,
            top: 0,
            wish: Wish::default(),
            editing: None,
            complaint: None,
            live: None,
            telling: Vec::new(),
            has_regions: false,
            marks: Marks::default(),
        })
    }

    /// Puts the cursor on a thing, now or as soon as it is there.
    pub fn select(&mut self, subject: Subject) {
        self.anchor = Some(subject);
        self.sheet.touch();
    }

    /// Shows another facet.
    pub fn set_facet(&mut self, facet: usize) {
        self.place.scope.facet = facet;
        self.anchor = None;
        self.cursor = 0;
        self.top = 0;
        self.sheet = Sheet::new(self.resource).with_filter_of(&mut self.sheet);
    }

    fn heads(&self) -> Vec<Shown> {
        let mut heads = columns::candidates(&self.resource.heads(), &self.place.scope);
        heads.retain(|candidate| match candidate.head.presence {
            Presence::WhereUsed => self.telling.contains(&candidate.index),
            Presence::AmongRegions => self.has_regions,
            Presence::Always | Presence::InWhole => true,
        });
        heads
    }

    /// Finds out which columns of what is used have something to say of the rows on the screen.
    fn listen(&mut self, cx: &Cx) {
        self.has_regions = cx.store.has_regions();
        let rows = self.rows_on_screen(cx);
        for (index, head) in self.resource.heads().iter().enumerate() {
            let silent = head.presence == Presence::WhereUsed && !self.telling.contains(&index);
            if silent && self.sheet.tells(rows.clone(), index, &cx.model()) {
                self.telling.push(index);
            }
        }
    }

    fn copy_menu(subject: &Subject, cx: &Cx) -> Ask {
        let choices = resource::copies(subject, &cx.model())
            .into_iter()
            .map(|(what, text)| Choice {
                label: what.to_owned(),
                detail: text.clone(),
                ask: Ask::Copy(what.to_owned(), text),
            })
            .collect();
        Ask::Push(Box::new(Menu::new("Copy", choices)))
    }

    fn on_subject(&self, command: Command, cx: &Cx) -> Reply {
        let Some(subject) = self.sheet.subject(self.cursor) else {
            return match command {
                Command::Enter
                | Command::Describe
                | Command::Raw
                | Command::CopyName
                | Command::CopyMenu
                | Command::Select
                | Command::SelectRange
                | Command::Logs
                | Command::PreviousLogs
                | Command::Chart => no_row(),
                _ => Reply::Ignored,
            };
        };
        match command {
            Command::Enter => {
                match self
                    .resource
                    .enter(&subject, &self.place.scope, &cx.model())
                {
                    Some(step) => Reply::Ask(Ask::Step(step)),
                    None => Reply::Ask(Ask::Say(
                        Level::Info,
                        format!("{} leads nowhere further", subject.name()),
                    )),
                }
            }
            Command::Describe => Reply::Ask(Ask::Step(Step::Describe(self.resource.id(), subject))),
            Command::Raw => super::layer::ask_raw(subject),
            Command::CopyName => {
                Reply::Ask(Ask::Copy("name".to_owned(), subject.name().to_owned()))
            }
            Command::CopyMenu => Reply::Ask(Self::copy_menu(&subject, cx)),
            Command::Logs | Command::PreviousLogs => LogsLayer::ask(command, &subject),
            Command::Chart => self.chart(subject),
            _ => Reply::Ignored,
        }
    }

    /// The rows on the screen, by their place among the rows shown.
    fn rows_on_screen(&self, cx: &Cx) -> Range<usize> {
        let height = usize::from(cx.room.1.saturating_sub(HEAD));
        self.top..self.sheet.len().min(self.top + height)
    }

    fn on_screen(&self, cx: &Cx) -> Vec<Subject> {
        let rows = self.rows_on_screen(cx);
        rows.filter_map(|row| self.sheet.subject(row)).collect()
    }

    fn chart(&self, subject: Subject) -> Reply {
        if !CHARTED.contains(&self.resource.id()) {
            let text = format!(
                "{} have no chart; containers, tasks and services have",
                self.resource.id()
            );
            return Reply::Ask(Ask::Say(Level::Info, text));
        }
        Reply::Ask(Ask::Push(Box::new(ChartLayer::new(subject))))
    }

    fn apply_typed(&mut self) {
        let typed = self.editing.as_ref().map(|input| input.text().to_owned());
        if let Some(typed) = typed {
            self.set_filter(&typed);
        }
    }
}

/// Deeds that are hinted at; the menu has them all.
const HINTED: usize = 3;

/// Views whose rows use something that can be charted.
const CHARTED: [&str; 3] = ["containers", "tasks", "services"];

fn no_row() -> Reply {
    let text = "there is no row under the cursor".to_owned();
    Reply::Ask(Ask::Say(Level::Info, text))
}

impl Layer for TableLayer {
    fn area(&self) -> Area {
        Area::Table
    }

    fn view(&self) -> Option<&'static str> {
        Some(self.resource.id())
    }

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
                self.set_filter("");
            }
            (Code::Up, _) => self.move_by(-1, cx),
            (Code::Down, _) => self.move_by(1, cx),
            _ => {
                if self.editing.as_mut().is_some_and(|input| input.on_key(key)) {
                    self.apply_typed();
                }
            }
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        if let Some(input) = self.editing.as_mut() {
            input.insert(text);
        }
        self.apply_typed();
    }

    fn on_command(&mut self, command: Command, cx: &Cx) -> Reply {
        if self.on_move(command, cx) || self.on_sort(command) {
            return Reply::Taken;
        }
        match command {
            Command::Back if self.complaint.is_some() || self.sheet.is_filtered() => {
                self.set_filter("");
                Reply::Taken
            }
            Command::Back if !self.marks.is_empty() => {
                self.marks.clear();
                Reply::Taken
            }
            Command::Select if self.mark() => {
                self.move_by(1, cx);
                Reply::Taken
            }
            Command::SelectRange if self.mark_range() => Reply::Taken,
            Command::Back if self.sheet.is_unhealthy_only() => {
                self.sheet.toggle_unhealthy();
                Reply::Taken
            }
            Command::Filter => {
                // As in k9s and less, each filter begins anew.
                self.set_filter("");
                self.editing = Some(Input::default());
                Reply::Taken
            }
            Command::Facet if !self.resource.facets().is_empty() => {
                self.set_facet((self.place.scope.facet + 1) % self.resource.facets().len());
                Reply::Taken
            }
            Command::Facet => Reply::Ask(Ask::Say(
                Level::Info,
                format!("{} have no other list to switch to", self.resource.id()),
            )),
            Command::Sort => Reply::Ask(self.sort_menu()),
            Command::Wide => {
                self.wish.many = !self.wish.many;
                Reply::Taken
            }
            Command::Save => Reply::Ask(Ask::Save(self.resource.id().to_owned(), self.text(cx))),
            _ => self.on_subject(command, cx),
        }
    }

    fn on_link(&mut self, index: usize, cx: &Cx) -> Reply {
        let Some(subject) = self.sheet.subject(self.cursor) else {
            return no_row();
        };
        let Some(link) = self.resource.links().get(index) else {
            return Reply::Ignored;
        };
        match (link.to)(&subject, &self.place.scope, &cx.model()) {
            Some(step) => Reply::Ask(Ask::Step(step)),
            None => Reply::Ask(Ask::Say(
                Level::Info,
                format!("{} has no {} to show", subject.name(), link.label),
            )),
        }
    }

    fn set_filter(&mut self, text: &str) {
        match Pattern::parse(text) {
            Ok(pattern) => {
                self.sheet.set_filter(pattern);
                self.complaint = None;
            }
            Err(why) => self.complaint = Some(why),
        }
    }

    fn sort_by(&mut self, column: usize, _cx: &Cx) {
        self.sheet.toggle_sort(column);
    }

    fn on_mouse(&mut self, lines: Option<i32>, row: u16, cx: &Cx) {
        match lines {
            Some(lines) => self.move_by(isize::try_from(lines).unwrap_or(0), cx),
            None if row >= HEAD => self.move_to(self.top + usize::from(row - HEAD), cx),
            None => {}
        }
    }

    fn hints(&self, cx: &Cx) -> Vec<Hint> {
        let mut hints = Vec::new();
        if let Some(subject) = self.sheet.subject(self.cursor) {
            let model = cx.model();
            if self
                .resource
                .enter(&subject, &self.place.scope, &model)
                .is_some()
            {
                hints.push(Hint::of(Target::Command(Command::Enter)));
            }
            let has_deeds = action::on(self.resource.id()).next().is_some();
            if has_deeds && !cx.context.readonly {
                hints.push(Hint::of(Target::Command(Command::Actions)));
            }
            for (index, link) in self.resource.links().iter().enumerate() {
                if (link.to)(&subject, &self.place.scope, &model).is_some() {
                    hints.push(Hint::of(Target::Link(self.resource.id(), index)));
                }
            }
            let writes = !cx.context.readonly;
            let deeds = action::on(self.resource.id()).filter(|_| writes);
            for deed in deeds
                .filter(|deed| (deed.refuse)(&subject, &model).is_none())
                .take(HINTED)
            {
                hints.push(Hint::of(Target::Deed(deed.id)));
            }
            if resource::logged(&subject).is_ok() {
                hints.push(Hint::of(Target::Command(Command::Logs)));
            }
            hints.push(Hint::of(Target::Command(Command::Describe)));
            if CHARTED.contains(&self.resource.id()) {
                hints.push(Hint::of(Target::Command(Command::Chart)));
            }
            if subject.arn.is_of_aws() {
                hints.push(Hint::of(Target::Command(Command::Raw)));
            }
        }
        let facets = self.resource.facets();
        if !facets.is_empty() {
            let next = facets[(self.place.scope.facet + 1) % facets.len()].name;
            hints.push(Hint::named(Target::Command(Command::Facet), next));
        }
        if self.sheet.unhealthy() > 0 || self.sheet.is_unhealthy_only() {
            let label = if self.sheet.is_unhealthy_only() {
                "show all"
            } else {
                "unhealthy"
            };
            hints.push(Hint::named(Target::Command(Command::Unhealthy), label));
        }
        hints.push(Hint::of(Target::Command(Command::Filter)));
        hints.push(Hint::of(Target::Command(Command::Sort)));
        hints
    }

    fn needs(&self, store: &Store) -> Vec<Need> {
        let moving = self.sheet.is_moving();
        let queries = self.resource.needs(&self.place.scope, store);
        let own = queries.into_iter().map(|query| Need {
            moving,
            ..Need::of(query)
        });
        own.chain(Need::further(self.live.as_ref())).collect()
    }

    fn watched(&self) -> Option<&[Arn]> {
        let live = self.live.as_ref().filter(|live| !live.uses_nothing);
        live.map(|live| live.tasks.as_slice())
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn subject(&self) -> Option<Subject> {
        self.sheet.subject(self.cursor)
    }

    fn targets(&self) -> Option<(&'static str, Vec<Subject>)> {
        Some((self.resource.id(), self.marked_or_here()))
    }

    fn settle(&mut self, cx: &Cx) {
        if self.sheet.settle(&self.place.scope, &cx.model()) {
            let held = self
                .anchor
                .as_ref()
                .and_then(|anchor| self.sheet.find(anchor));
            match held {
                Some(row) => self.cursor = row,
                None => self.cursor = self.cursor.min(self.sheet.len().saturating_sub(1)),
            }
            // While the thing held is only filtered away, the hold is kept for when it comes back.
            let gone = self
                .anchor
                .as_ref()
                .is_none_or(|anchor| !self.sheet.knows(anchor));
            if held.is_none() && gone && self.sheet.is_settled(&self.place.scope, cx.store) {
                self.anchor = self.sheet.subject(self.cursor);
            }
        }
        self.marks.keep_known(&self.sheet);
        self.scroll(cx);
        self.live = self.resource.live(&self.on_screen(cx), &cx.model());
        self.listen(cx);
    }

    fn crumb(&self, _store: &Store) -> String {
        let id = self.resource.id();
        match self.resource.facets().get(self.place.scope.facet) {
            Some(facet) if self.place.scope.facet > 0 => format!("{} {id}", facet.name),
            _ => id.to_owned(),
        }
    }

    fn status(&self) -> String {
        self.sheet.status() + &self.marks.status()
    }

    fn filter(&self) -> Option<super::layer::FilterLine<'_>> {
        let typed = self.editing.as_ref();
        let text = typed.map_or(self.sheet.filter_text(), Input::text);
        (typed.is_some() || !text.is_empty()).then(|| super::layer::FilterLine {
            text,
            cursor: typed.map(Input::cursor_cells),
            complaint: self.complaint.as_deref(),
        })
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint(area, buffer, cx);
    }

    fn text(&self, cx: &Cx) -> String {
        let heads = self.heads();
        let titles: Vec<&str> = heads.iter().map(|shown| shown.head.title).collect();
        let mut text = titles.join("\t");
        for row in 0..self.sheet.len() {
            text.push('\n');
            let cells: Vec<String> = heads
                .iter()
                .map(|shown| {
                    let cell = self.sheet.cell(row, shown.index, &cx.model());
                    // Tabs and line ends within a cell would read as further cells and rows.
                    if cell.trend.is_empty() {
                        super::clean(&cell.text).into_owned()
                    } else {
                        trend::write(&cell.trend, true)
                    }
                })
                .collect();
            text.push_str(&cells.join("\t"));
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests;

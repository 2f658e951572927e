//! Finding one thing among all that is known, as it is typed: a line to type in, what matches, and how much that is.

mod draw;

use fuzzy_matcher::skim::SkimMatcherV2;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{Ask, Cx, Input, Layer, Level, Reply};
use crate::{
    finder::{Index, Kind, Pasted, Search, Spot, known, pasted},
    keymap::{Code, Key},
    resource::{self, State},
    store::Store,
};

/// A name on the screen.
struct Row {
    spot: Spot,
    state: Option<State>,
    /// Whether the store does not hold the thing, so that going there asks AWS for it.
    unknown: bool,
}

/// The search over all that is known.
pub struct Finder {
    input: Input,
    search: Search,
    /// Where one went before, the last first.
    recent: Vec<Spot>,
    /// What stands before the matches: where one went before, or what was pasted.
    lead: Vec<(Spot, bool)>,
    /// Why what was pasted leads nowhere.
    elsewhere: Option<String>,
    /// The number of lines in all, and of names that are known.
    count: usize,
    total: usize,
    cursor: usize,
    top: usize,
    /// What the cursor was moved to, and holds on to.
    anchor: Option<Spot>,
    rows: Vec<Row>,
    /// What was typed and the versions of index and store when the lines were last found.
    seen: Option<(String, u64, u64)>,
    /// What the search does not see.
    known: String,
    filling: bool,
    matcher: SkimMatcherV2,
}

impl Finder {
    /// A search for a text, which may be empty; `recent` is where one went before, the last first.
    #[must_use]
    pub fn new(text: &str, recent: Vec<Spot>) -> Self {
        let mut input = Input::default();
        input.insert(text);
        Self {
            input,
            search: Search::default(),
            recent,
            lead: Vec::new(),
            elsewhere: None,
            count: 0,
            total: 0,
            cursor: 0,
            top: 0,
            anchor: None,
            rows: Vec::new(),
            seen: None,
            known: String::new(),
            filling: true,
            matcher: SkimMatcherV2::default().ignore_case(),
        }
    }

    /// Finds the lines anew.
    fn find(&mut self, index: &Index, store: &Store) {
        let typed = self.input.text().trim();
        self.lead.clear();
        self.elsewhere = None;
        let found = pasted(typed, store);
        match &found {
            Some(Pasted::Thing(subject)) => self.lead.push(match index.of(&subject.arn) {
                Some(entry) => (entry.spot(), false),
                None => (stranger(subject), true),
            }),
            Some(Pasted::Elsewhere(why)) => self.elsewhere = Some(why.clone()),
            None if typed.is_empty() => {
                let recent = self.recent.iter();
                self.lead = recent.map(|spot| (spot.clone(), false)).collect();
            }
            None => {}
        }
        self.search.run(index, typed);
        // A whole identity is no text that names could match.
        let matches = if found.is_some() {
            0
        } else {
            self.search.count()
        };
        self.count = self.lead.len() + matches;
        self.total = index.len();
    }

    fn line(&mut self, index: &Index, place: usize) -> Option<(Spot, bool)> {
        if let Some(line) = self.lead.get(place) {
            return Some(line.clone());
        }
        let entry = self.search.get(index, place - self.lead.len())?;
        Some((entry.spot(), false))
    }

    /// Puts the cursor back on what it was moved to, wherever that stands now.
    fn hold(&mut self, index: &Index) {
        if let Some(anchor) = &self.anchor {
            // Matches are known by their place once they are in order.
            self.search.get(index, self.cursor);
            let in_lead = self.lead.iter().position(|(spot, _)| spot == anchor);
            let place = in_lead.or_else(|| {
                let place = self.search.place_of(index, anchor)?;
                Some(place + self.lead.len())
            });
            self.cursor = place.unwrap_or(self.cursor);
        }
        self.cursor = self.cursor.min(self.count.saturating_sub(1));
    }

    fn move_by(&mut self, by: isize, cx: &Cx) {
        self.move_to(self.cursor.saturating_add_signed(by), cx);
    }

    fn move_to(&mut self, place: usize, cx: &Cx) {
        self.cursor = place.min(self.count.saturating_sub(1));
        self.scroll(cx);
        // What is not on the screen yet is held on to once it is.
        self.anchor = None;
    }

    fn scroll(&mut self, cx: &Cx) {
        let height = draw::height(cx, &self.known);
        let first = (self.cursor + 1).saturating_sub(height);
        let last = self.count.saturating_sub(height);
        self.top = self.top.clamp(first, self.cursor).min(last.max(first));
    }

    fn typed(&mut self) {
        self.cursor = 0;
        self.top = 0;
        self.anchor = None;
    }

    fn enter(&self) -> Reply {
        let chosen = self
            .cursor
            .checked_sub(self.top)
            .and_then(|at| self.rows.get(at));
        if let Some(row) = chosen {
            return Reply::Ask(Ask::All(vec![Ask::Close, Ask::Visit(row.spot.clone())]));
        }
        let text = self.elsewhere.as_deref();
        let text = text.unwrap_or("nothing known matches").to_owned();
        Reply::Ask(Ask::Say(Level::Info, text))
    }
}

/// A thing of which nothing but its ARN is known.
fn stranger(subject: &crate::model::Subject) -> Spot {
    let arn = &subject.arn;
    Spot {
        kind: match arn.kind() {
            "cluster" => Kind::Cluster,
            "service" => Kind::Service,
            "task" => Kind::Task,
            "container-instance" => Kind::Instance,
            _ => Kind::Revision,
        },
        name: arn.name().to_owned(),
        place: match (arn.kind(), arn.cluster_name()) {
            ("cluster", _) | (_, None) => String::new(),
            (_, Some(cluster)) => cluster.to_owned(),
        },
        subject: subject.clone(),
    }
}

impl Layer for Finder {
    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        let page = isize::try_from(draw::height(cx, &self.known)).unwrap_or(isize::MAX);
        match (key.code, key.ctrl) {
            (Code::Esc, _) | (Code::Char('c'), true) => return Reply::Ask(Ask::Close),
            (Code::Enter, _) => return self.enter(),
            (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => self.move_by(-1, cx),
            (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => self.move_by(1, cx),
            (Code::PageUp, _) => self.move_by(-page, cx),
            (Code::PageDown, _) => self.move_by(page, cx),
            (Code::Home, true) => self.move_to(0, cx),
            (Code::End, true) => self.move_to(usize::MAX, cx),
            _ => {
                let before = self.input.text().to_owned();
                if self.input.on_key(key) && self.input.text() != before {
                    self.typed();
                }
            }
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.input.insert(text);
        self.typed();
    }

    fn on_mouse(&mut self, lines: Option<i32>, row: u16, cx: &Cx) {
        if let Some(lines) = lines {
            self.move_by(isize::try_from(lines).unwrap_or(0), cx);
        } else if let Some(row) = row.checked_sub(draw::HEAD) {
            let place = self.top + usize::from(row);
            if usize::from(row) < self.rows.len() {
                self.move_to(place, cx);
            }
        }
    }

    fn look_up(&mut self, index: &mut Index, cx: &Cx) -> bool {
        self.filling = index.take_in(cx.store, cx.now);
        let typed = self.input.text().to_owned();
        let seen = Some((typed, index.version(), cx.store.version()));
        if self.seen != seen {
            if self.seen.as_ref().map(|seen| seen.2) != Some(cx.store.version()) {
                self.known = known(cx.store);
            }
            self.seen = seen;
            self.find(index, cx.store);
            self.hold(index);
        }
        self.scroll(cx);
        let height = draw::height(cx, &self.known);
        self.rows.clear();
        for place in self.top..self.count.min(self.top + height) {
            let Some((spot, unknown)) = self.line(index, place) else {
                break;
            };
            let state = resource::state(&spot.subject, &cx.model());
            if place == self.cursor && place > 0 {
                self.anchor = Some(spot.clone());
            }
            self.rows.push(Row {
                spot,
                state,
                unknown,
            });
        }
        self.filling
    }

    fn crumb(&self, _store: &Store) -> String {
        "find".to_owned()
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint(area, buffer, cx);
    }

    fn text(&self, _cx: &Cx) -> String {
        let rows = self.rows.iter();
        rows.map(|row| {
            let spot = &row.spot;
            format!("{}\t{}\t{}\n", spot.kind.word(), spot.name, spot.place)
        })
        .collect()
    }
}

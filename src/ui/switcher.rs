//! Choosing another profile or region, or several regions: all in one list, what was used lately first. Typing narrows
//! it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Ask, Cx, Layer, Reply, clean,
    picker::{Picked, Picker},
    text,
};
use crate::{
    keymap::{Code, Key},
    model::{Contexts, KnownProfile, REGIONS, join_regions, regions},
    store::Store,
    theme::Role,
};

/// Wider than this, lines are hard to follow.
const WIDEST: u16 = 110;
/// Lines that the frame and the line to type in take.
const AROUND: u16 = 3;
/// The cells of the mark and of the kind, with the blanks behind them.
const KIND: u16 = 2 + 7 + 2;
const GAP: u16 = 2;
/// The most cells that a name takes.
const NAME: usize = 40;
/// The cells of a region: the longest is `ap-northeast-1`.
const REGION: u16 = 14;
/// What the empty prompt says.
const PROMPT: &str = "type to narrow, enter goes there";
/// What it says where there are regions.
const PROMPT_OF_REGIONS: &str = "type to narrow, enter goes there, tab takes regions together";

/// What of it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Profiles and regions.
    All,
    /// Profiles.
    Profiles,
    /// Regions.
    Regions,
}

impl Section {
    /// What a word of the command line means.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "profile" => Self::Profiles,
            "region" => Self::Regions,
            _ => Self::All,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::All => "Profile or region",
            Self::Profiles => "Profile",
            Self::Regions => "Region",
        }
    }
}

/// Where a line leads.
#[derive(Debug, Clone)]
enum Goal {
    Profile(KnownProfile),
    Region(String),
}

/// A line of the list.
#[derive(Debug)]
struct Line {
    goal: Goal,
    /// The region of a profile, or where a region is.
    region: String,
    detail: String,
    is_here: bool,
}

impl Line {
    fn kind(&self) -> &'static str {
        match self.goal {
            Goal::Profile(_) => "profile",
            Goal::Region(_) => "region",
        }
    }

    fn name(&self) -> &str {
        match &self.goal {
            Goal::Profile(known) => &known.name,
            Goal::Region(region) => region,
        }
    }
}

/// The list of profiles and regions.
pub struct Switcher {
    section: Section,
    /// The profile and region that the program was started with.
    home: Option<(String, String)>,
    /// The lines; none until the profiles are known.
    lines: Option<Vec<Line>>,
    /// The regions to go to together: at first those that are looked at.
    together: Vec<String>,
    picker: Picker,
}

impl Switcher {
    /// A list that waits for what is known. `home` is what the program was started with.
    #[must_use]
    pub fn new(section: Section, home: Option<(String, String)>) -> Self {
        Self {
            section,
            home,
            lines: None,
            together: Vec::new(),
            picker: Picker::new(Vec::new()),
        }
    }

    fn lines(&self, contexts: &Contexts, cx: &Cx) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.section != Section::Regions {
            lines.extend(self.profiles(contexts, cx));
        }
        if self.section != Section::Profiles {
            lines.extend(region_lines(contexts, cx));
        }
        lines
    }

    fn profiles(&self, contexts: &Contexts, cx: &Cx) -> Vec<Line> {
        let home = self.home.as_ref();
        let mut known = contexts.profiles.clone();
        if let Some((name, region)) = home
            && contexts.profile(name).is_none()
        {
            known.push(KnownProfile {
                name: name.clone(),
                region: Some(region.clone()),
                source: "as the program was started".to_owned(),
            });
        }
        let here = &cx.context.profile;
        known.sort_by(|one, two| {
            let key = |known: &KnownProfile| {
                let used = place_of(&contexts.recent_profiles, &known.name);
                (known.name != *here, used)
            };
            key(one)
                .cmp(&key(two))
                .then_with(|| one.name.cmp(&two.name))
        });
        let line = |known: KnownProfile| {
            let started = home.filter(|(name, _)| *name == known.name);
            let region = started.map(|(_, region)| region.clone());
            Line {
                region: region.or_else(|| known.region.clone()).unwrap_or_default(),
                detail: known.source.clone(),
                is_here: known.name == *here,
                goal: Goal::Profile(known),
            }
        };
        known.into_iter().map(line).collect()
    }

    /// Takes the region under the cursor to those to go to together, or out of them.
    fn mark(&mut self) {
        let Some(Goal::Region(chosen)) = self.under_cursor().map(|line| line.goal.clone()) else {
            return;
        };
        let is_in = self.holds(&chosen);
        for name in regions(&chosen) {
            self.together.retain(|known| known != name);
            if !is_in {
                self.together.push(name.to_owned());
            }
        }
    }

    fn under_cursor(&self) -> Option<&Line> {
        let line = self.picker.under_cursor()?;
        self.lines.iter().flatten().nth(line)
    }

    /// Whether a region is among those to go to together, or all of several are.
    fn holds(&self, region: &str) -> bool {
        regions(region).all(|name| self.together.iter().any(|known| known == name))
    }

    /// Whether a line is of what one goes to together; one region alone is not.
    fn is_marked(&self, line: &Line) -> bool {
        self.together.len() > 1 && matches!(&line.goal, Goal::Region(name) if self.holds(name))
    }

    fn height(&self, cx: &Cx) -> usize {
        let frame = self.frame(Rect::new(0, 0, cx.room.0, cx.room.1));
        usize::from(frame.height.saturating_sub(AROUND)).max(1)
    }

    fn frame(&self, area: Rect) -> Rect {
        let width = area.width.min(WIDEST);
        let rows = u16::try_from(self.picker.total().max(1)).unwrap_or(u16::MAX);
        let height = rows.saturating_add(AROUND).min(area.height);
        Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 3,
            width,
            height,
        }
    }

    fn draw_line(&self, line: &Line, (row, on_cursor): (Rect, bool), buffer: &mut Buffer, cx: &Cx) {
        let style = |role| {
            let role = if on_cursor { Role::CursorRow } else { role };
            cx.theme.style(role)
        };
        if on_cursor {
            buffer.set_style(row, cx.theme.style(Role::CursorRow));
        }
        let names = self.lines.iter().flatten();
        let longest = names.map(|line| text::width(&clean(line.name()))).max();
        let name = u16::try_from(longest.unwrap_or(0).min(NAME)).unwrap_or(0);
        let mut x = row.x;
        let mut cell = |says: &str, cells: u16, role: Role| {
            let room = cells.min(row.right().saturating_sub(x));
            text::put(
                buffer,
                (x, row.y),
                says,
                room,
                style(role),
                cx.glyphs.ellipsis(),
            );
            x = x.saturating_add(cells);
        };
        let mark = match (self.is_marked(line), line.is_here) {
            (true, _) => "+",
            (false, true) => "*",
            (false, false) => "",
        };
        cell(mark, 2, Role::Key);
        cell(line.kind(), KIND - 2, Role::TextMuted);
        cell(line.name(), name, Role::Text);
        cell("", GAP, Role::Text);
        if let Goal::Profile(_) = line.goal {
            cell(&line.region, REGION, Role::Text);
            cell("", GAP, Role::Text);
            cell(&line.detail, u16::MAX, Role::TextMuted);
        } else {
            cell(&line.region, u16::MAX, Role::TextMuted);
        }
    }
}

fn region_lines(contexts: &Contexts, cx: &Cx) -> Vec<Line> {
    let here = &cx.context.region;
    let mut names: Vec<&str> = Vec::new();
    let of_profiles = contexts
        .profiles
        .iter()
        .filter_map(|known| known.region.as_deref());
    let all = std::iter::once(here.as_str())
        .chain(contexts.recent_regions.iter().map(String::as_str))
        .chain(REGIONS.iter().map(|(name, _)| *name))
        .chain(of_profiles);
    for name in all.filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |name: &str| {
        let place = REGIONS.iter().find(|(known, _)| *known == name);
        let place = match regions(name).count() {
            0 | 1 => place.map_or("", |(_, place)| place).to_owned(),
            several => format!("{several} regions together"),
        };
        Line {
            goal: Goal::Region(name.to_owned()),
            region: place,
            detail: String::new(),
            is_here: name == here,
        }
    };
    names.into_iter().map(line).collect()
}

/// The place of a name among those used lately; after all of them if it was not.
fn place_of(recent: &[String], name: &str) -> usize {
    let found = recent.iter().position(|used| used == name);
    found.unwrap_or(recent.len())
}

impl Layer for Switcher {
    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn chooses_contexts(&self) -> bool {
        true
    }

    fn on_contexts(&mut self, contexts: &Contexts, cx: &Cx) {
        let lines = self.lines(contexts, cx);
        let fields = lines.iter().map(|line| {
            let name = line.name();
            format!("{name}\n{}\n{}\n{}", line.kind(), line.region, line.detail)
        });
        let typed = self.picker.typed().text().to_owned();
        self.picker = Picker::new(fields.collect());
        // Where one is already is chosen by nobody.
        let first_is_here = lines.first().is_some_and(|line| line.is_here);
        self.lines = Some(lines);
        self.together = regions(&cx.context.region).map(str::to_owned).collect();
        if typed.is_empty() {
            self.picker
                .step(isize::from(first_is_here), self.height(cx));
        } else {
            self.picker.on_paste(&typed);
        }
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        if key.code == Code::Tab {
            self.mark();
            return Reply::Taken;
        }
        let is_marked = self.under_cursor().is_some_and(|line| self.is_marked(line));
        if key.code == Code::Enter && is_marked {
            let names = self.together.iter().map(String::as_str);
            let go = Ask::GoToRegion(join_regions(names));
            return Reply::Ask(Ask::All(vec![Ask::Close, go]));
        }
        match self.picker.on_key(key, self.height(cx)) {
            Picked::Taken => Reply::Taken,
            Picked::Close => Reply::Ask(Ask::Close),
            Picked::Line(line) => {
                let chosen = self.lines.iter().flatten().nth(line);
                let Some(chosen) = chosen else {
                    return Reply::Taken;
                };
                let go = match &chosen.goal {
                    Goal::Profile(known) => Ask::GoToProfile(known.clone()),
                    Goal::Region(region) => Ask::GoToRegion(region.clone()),
                };
                Reply::Ask(Ask::All(vec![Ask::Close, go]))
            }
        }
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.picker.on_paste(text);
    }

    fn settle(&mut self, cx: &Cx) {
        self.picker.step(0, self.height(cx));
    }

    fn crumb(&self, _store: &Store) -> String {
        self.section.title().to_lowercase()
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let frame = self.frame(area);
        text::panel(buffer, frame, self.section.title(), cx);
        let ellipsis = cx.glyphs.ellipsis();
        let inner = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(2),
        };
        let prompt = cx.theme.style(Role::PromptFilter);
        let typed = format!("/{}", self.picker.typed().text());
        let at = (inner.x, inner.y);
        text::put(buffer, at, &typed, inner.width, prompt, ellipsis);
        let ghost = cx.theme.style(Role::PromptGhost);
        if self.picker.typed().text().is_empty() && self.together.len() < 2 {
            let at = (inner.x + 2, inner.y);
            let room = inner.width.saturating_sub(2);
            let prompt = match self.section {
                Section::Profiles => PROMPT,
                Section::All | Section::Regions => PROMPT_OF_REGIONS,
            };
            text::put(buffer, at, prompt, room, ghost, ellipsis);
        }
        let says = match &self.lines {
            None => "reading the profiles",
            Some(_) if self.picker.shown().is_empty() => "nothing matches",
            Some(_) => "",
        };
        if self.together.len() > 1 {
            let says = format!("together: {}", self.together.join(", "));
            let width = u16::try_from(text::width(&says)).unwrap_or(u16::MAX);
            let room = inner
                .width
                .saturating_sub(2 + u16::try_from(text::width(&typed)).unwrap_or(u16::MAX));
            let at = (inner.right() - width.min(room), inner.y);
            text::put(buffer, at, &says, room, cx.theme.style(Role::Key), ellipsis);
        }
        let below = (inner.x, inner.y + 1);
        text::put(buffer, below, says, inner.width, ghost, ellipsis);
        let rows = self.picker.on_screen(self.height(cx));
        for (y, (line, on_cursor)) in (inner.y + 1..).zip(rows) {
            if let Some(line) = self.lines.iter().flatten().nth(line) {
                let row = Rect {
                    y,
                    height: 1,
                    ..inner
                };
                self.draw_line(line, (row, on_cursor), buffer, cx);
            }
        }
    }

    fn text(&self, _cx: &Cx) -> String {
        let lines = self.lines.iter().flatten();
        lines
            .map(|line| {
                let (kind, name) = (line.kind(), clean(line.name()));
                format!("{kind}\t{name}\t{}\t{}\n", line.region, line.detail)
            })
            .collect()
    }
}

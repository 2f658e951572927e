//! The plan of a deed: what it would do to which target, and the question whether to. Cancel has the focus, and no
//! letter confirms. What is done is the business of `app`.

mod draw;
mod entry;

use std::time::Duration;

use ratatui::{buffer::Buffer, layout::Rect};

use self::entry::Entry;
use super::{Ask, Cx, Input, Layer, Level, Need, Proposal, Reply, text};
use crate::{
    action::{Deed, Plan},
    keymap::{Code, Key},
    model::{Change, Facts, Subject},
    store::Store,
};

/// How long keys are ignored after a plan came up: they were meant for what was there before.
pub(crate) const DEAF: Duration = Duration::from_millis(400);

/// What has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    /// What the deed asks for.
    Entry,
    /// How many targets at a time.
    Wave,
    /// The name that is to be typed.
    Name,
    Cancel,
    Run,
}

/// A plan, as it stands.
pub struct PlanLayer {
    proposal: Proposal,
    deed: &'static Deed,
    /// Whether the name of the target is to be typed.
    guarded: bool,
    entry: Option<Entry>,
    wave: Option<Input>,
    name: Input,
    focus: Focus,
    plan: Result<Plan, String>,
    /// What is to be said first.
    notices: Vec<String>,
    /// When it was last put before the person, by the clock that never jumps; none until it was brought up to date.
    shown_at: Option<Duration>,
    needs: Vec<Need>,
    /// What would be done and what that rests on, as last shown.
    drawn: Vec<(Change, Facts)>,
    /// Lines of the text scrolled away.
    top: usize,
}

impl PlanLayer {
    /// A plan that has not looked at the store yet; none if it is about nothing. `guarded` says that the name of the
    /// target is to be typed before it can be run.
    #[must_use]
    pub fn new(proposal: Proposal, guarded: bool) -> Option<Self> {
        let (deed, targets) = match &proposal {
            Proposal::Rows(deed, rows) => (*deed, rows.len()),
            Proposal::Changes(changes, _) => (crate::action::of(changes.first()?)?, changes.len()),
        };
        let notices = match &proposal {
            Proposal::Rows(..) => Vec::new(),
            Proposal::Changes(_, notices) => notices.clone(),
        };
        Some(Self {
            guarded: guarded || deed.typed,
            deed,
            proposal,
            entry: None,
            wave: (targets > 1).then(|| Input::new("1")),
            name: Input::default(),
            focus: Focus::Cancel,
            plan: Err("looking".to_owned()),
            notices,
            shown_at: None,
            needs: Vec::new(),
            drawn: Vec::new(),
            top: 0,
        })
    }

    /// What is to be typed before it can be run: the name of the target, or the number of targets.
    fn word(&self) -> Option<String> {
        if !self.guarded {
            return None;
        }
        let plan = self.plan.as_ref().ok()?;
        match plan.steps.as_slice() {
            [one] => Some(one.name.clone()),
            several => Some(format!("{} {}s", several.len(), several.first()?.noun)),
        }
    }

    /// How many targets at a time.
    fn wave(&self) -> Result<usize, String> {
        let Some(wave) = &self.wave else {
            return Ok(1);
        };
        match wave.text().trim().parse() {
            Ok(0) | Err(_) => Err("how many at a time? write a number from 1 on".to_owned()),
            Ok(number) => Ok(number),
        }
    }

    /// Why it cannot be run yet; none if it can be.
    fn hindrance(&self) -> Option<String> {
        if let Err(why) = &self.plan {
            return Some(why.clone());
        }
        if let Err(why) = self.wave() {
            return Some(why);
        }
        let word = self.word()?;
        (self.name.text().trim() != word).then(|| format!("type {word} to be able to run it"))
    }

    /// The stops of Tab, in order.
    fn stops(&self) -> Vec<Focus> {
        let mut stops = Vec::new();
        if self.entry.is_some() {
            stops.push(Focus::Entry);
        }
        if self.wave.is_some() {
            stops.push(Focus::Wave);
        }
        if self.guarded {
            stops.push(Focus::Name);
        }
        stops.extend([Focus::Cancel, Focus::Run]);
        stops
    }

    fn step(&mut self, by: isize) {
        let stops = self.stops();
        let count = isize::try_from(stops.len()).unwrap_or(1);
        let at = stops
            .iter()
            .position(|stop| *stop == self.focus)
            .unwrap_or(0);
        let next = isize::try_from(at)
            .unwrap_or(0)
            .saturating_add(by)
            .rem_euclid(count);
        self.focus = stops[usize::try_from(next).unwrap_or(0)];
    }

    /// The line that typing goes to.
    fn typed_into(&mut self) -> Option<Focus> {
        match self.focus {
            Focus::Cancel | Focus::Run if self.entry.is_some() => Some(Focus::Entry),
            Focus::Cancel | Focus::Run if self.guarded => Some(Focus::Name),
            Focus::Cancel | Focus::Run => None,
            focus => Some(focus),
        }
    }

    fn input(&mut self, focus: Focus) -> Option<&mut Input> {
        match focus {
            Focus::Entry => self.entry.as_mut().map(|entry| &mut entry.input),
            Focus::Wave => self.wave.as_mut(),
            Focus::Name => Some(&mut self.name),
            Focus::Cancel | Focus::Run => None,
        }
    }

    fn type_key(&mut self, key: Key) {
        let Some(focus) = self.typed_into() else {
            return;
        };
        // Whoever begins to type anew means another value, not one that is written behind the old one.
        let fresh =
            focus == Focus::Entry && self.entry.as_ref().is_some_and(|entry| !entry.touched);
        if fresh
            && key.typed().is_some()
            && let Some(input) = self.input(focus)
        {
            input.set("");
        }
        let took = self.input(focus).is_some_and(|input| input.on_key(key));
        if took {
            self.focus = focus;
            if let (Focus::Entry, Some(entry)) = (focus, &mut self.entry) {
                entry.touched = true;
                entry.narrow();
            }
        }
    }

    fn run(&mut self) -> Reply {
        if let Some(why) = self.hindrance() {
            return Reply::Ask(Ask::Say(Level::Warn, why));
        }
        let wave = self.wave().unwrap_or(1);
        match &self.plan {
            Ok(plan) => Reply::Ask(Ask::All(vec![
                Ask::Close,
                Ask::Act(plan.steps.clone(), wave),
            ])),
            Err(_) => Reply::Taken,
        }
    }

    fn command(&self) -> Option<String> {
        let plan = self.plan.as_ref().ok()?;
        let commands: Vec<_> = plan
            .steps
            .iter()
            .map(|step| step.command.as_str())
            .collect();
        Some(commands.join("\n"))
    }

    /// Draws the plan up anew from what is known now. Where it says something else than before of what it rests on,
    /// it is a new plan: it says so, and the keys on their way are not for it.
    fn draw_up(&mut self, cx: &Cx) {
        let model = cx.model();
        let answer = self
            .entry
            .as_ref()
            .map_or("", |entry| entry.input.text())
            .to_owned();
        self.plan = match &self.proposal {
            Proposal::Rows(deed, rows) => deed.plan(rows, &answer, &model),
            Proposal::Changes(changes, _) => self.deed.plan_of(changes, &model),
        };
        let Ok(plan) = &self.plan else { return };
        let drawn: Vec<_> = plan
            .steps
            .iter()
            .map(|step| (step.change.clone(), step.facts.clone()))
            .collect();
        // Another answer makes another change; only what is beneath the same one can have moved.
        let same = |((was, _), (is, _)): &(&(Change, Facts), &(Change, Facts))| was == is;
        let differences: Vec<_> = self
            .drawn
            .iter()
            .zip(&drawn)
            .filter(same)
            .flat_map(|((_, was), (_, is))| was.differences(is))
            .map(|difference| format!("since this came up: {difference}"))
            .collect();
        if !differences.is_empty() {
            self.notices = differences;
            self.focus = Focus::Cancel;
            self.shown_at = Some(cx.now.mono);
        }
        self.drawn = drawn;
    }

    fn ask_needs(&mut self, cx: &Cx) {
        let answer = self.entry.as_ref().map_or("", |entry| entry.input.text());
        let rows: Vec<Subject> = match &self.proposal {
            Proposal::Rows(_, rows) => rows.clone(),
            Proposal::Changes(changes, _) => changes
                .iter()
                .map(|change| Subject::whole(change.target()))
                .collect(),
        };
        let answers: Vec<String> = match &self.proposal {
            Proposal::Rows(..) => vec![answer.to_owned(); rows.len()],
            Proposal::Changes(changes, _) => changes.iter().map(answer_of).collect(),
        };
        let queries = rows
            .iter()
            .zip(&answers)
            .flat_map(|(row, answer)| (self.deed.needs)(row, answer, &cx.model()));
        self.needs = queries
            .map(|query| Need {
                query,
                moving: false,
                beside: false,
            })
            .collect();
    }
}

/// The answer that a change would have been proposed by, as far as its plan needs to ask for what it names.
fn answer_of(change: &Change) -> String {
    match change {
        Change::SetRevision { definition, .. } => definition.name().to_owned(),
        _ => String::new(),
    }
}

impl Layer for PlanLayer {
    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        // To leave is never wrong, even if it was meant for something else.
        if key.code == Code::Esc || key == Key::ctrl('c') {
            return Reply::Ask(Ask::Close);
        }
        let since = self.shown_at.map(|at| cx.now.mono.saturating_sub(at));
        if since.is_none_or(|since| since < DEAF) {
            return Reply::Taken;
        }
        let in_line =
            self.typed_into().is_some() && self.focus != Focus::Cancel && self.focus != Focus::Run;
        match (key.code, key.ctrl) {
            (Code::Char('y'), true) => {
                return match self.command() {
                    Some(command) => Reply::Ask(Ask::Copy("command".to_owned(), command)),
                    None => Reply::Taken,
                };
            }
            (Code::Enter, _) => match self.focus {
                Focus::Cancel => return Reply::Ask(Ask::Close),
                Focus::Run => return self.run(),
                Focus::Entry | Focus::Wave | Focus::Name => self.step(1),
            },
            (Code::Tab, _) => self.step(1),
            (Code::BackTab, _) => self.step(-1),
            (Code::Right, _) if !in_line => self.step(1),
            (Code::Left, _) if !in_line => self.step(-1),
            (Code::Up | Code::Down, _) => {
                let by = if key.code == Code::Up { -1 } else { 1 };
                match self.entry.as_mut().filter(|entry| entry.has_candidates()) {
                    Some(entry) => {
                        entry.pick(by);
                        self.focus = Focus::Entry;
                    }
                    None => self.top = self.top.saturating_add_signed(by),
                }
            }
            (Code::PageUp, _) => self.top = self.top.saturating_sub(8),
            (Code::PageDown, _) => self.top += 8,
            _ => self.type_key(key),
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, cx: &Cx) {
        let deaf = self
            .shown_at
            .is_none_or(|at| cx.now.mono.saturating_sub(at) < DEAF);
        if let Some(focus) = self.typed_into().filter(|_| !deaf) {
            let fresh = self
                .entry
                .as_ref()
                .is_some_and(|entry| focus == Focus::Entry && !entry.touched);
            if let Some(input) = self.input(focus) {
                if fresh {
                    input.set("");
                }
                input.insert(text);
            }
            if let (Focus::Entry, Some(entry)) = (focus, &mut self.entry) {
                entry.touched = true;
                entry.narrow();
            }
        }
    }

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, _cx: &Cx) {
        let by = lines
            .and_then(|lines| isize::try_from(lines).ok())
            .unwrap_or(0);
        self.top = self.top.saturating_add_signed(by);
    }

    fn needs(&self, _store: &Store) -> Vec<Need> {
        self.needs.clone()
    }

    fn settle(&mut self, cx: &Cx) {
        if self.shown_at.is_none() {
            self.shown_at = Some(cx.now.mono);
        }
        if let Proposal::Rows(deed, rows) = &self.proposal {
            let field = (deed.field)(rows, &cx.model());
            match (&mut self.entry, field) {
                (Some(entry), Some(field)) => entry.refresh(field),
                (entry, field) => *entry = field.map(Entry::new),
            }
        }
        self.ask_needs(cx);
        self.draw_up(cx);
        self.top = self.top.min(self.last_top(cx));
    }

    fn crumb(&self, _store: &Store) -> String {
        self.deed.label.to_owned()
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint(area, buffer, cx);
    }

    fn text(&self, cx: &Cx) -> String {
        let lines = self.lines(usize::from(cx.room.0), cx);
        let lines: Vec<_> = lines
            .into_iter()
            .map(|line| format!("{:<9}{}", line.label, line.text))
            .collect();
        text::clean_lines(&lines.join("\n"))
    }
}

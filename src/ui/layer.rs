//! The layer: a part of the screen that takes keys, says what it needs, and paints itself.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Freshness, Level, Section};
use crate::{
    action::{self, Deed},
    finder::{Index, Spot},
    keymap::{Area, Command, Key, Keymap, Target},
    model::{
        Arn, Change, Contexts, KnownProfile, LogReport, Now, Query, Secret, Subject, Tail, TailId,
    },
    resource::{self, Live, Place, Step},
    store::Store,
    theme::Theme,
};

/// Where the session looks and what it may do, for the header and for dialogs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The profile by name, or how else the credentials came: `environment`, `demo`.
    pub profile: String,
    /// The region; empty until it is known.
    pub region: String,
    /// The overriding endpoint, if one is set.
    pub endpoint: Option<String>,
    /// Whether nothing can be changed.
    pub readonly: bool,
    /// Which kind of environment the account is, by the user's patterns.
    pub class: Option<EnvClass>,
}

/// Kinds of environments with a banner colour of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvClass {
    /// Production.
    Prod,
    /// Staging.
    Staging,
    /// Development.
    Dev,
}

/// The few signs that have an ASCII stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
}

impl Glyphs {
    /// What ends a text that was cut.
    #[must_use]
    pub fn ellipsis(self) -> &'static str {
        if self.ascii { "~" } else { "…" }
    }

    /// What stands in the place of a secret.
    #[must_use]
    pub fn mask(self) -> &'static str {
        if self.ascii { "******" } else { Secret::MASK }
    }

    /// What a horizontal rule is made of.
    #[must_use]
    pub fn rule(self) -> &'static str {
        if self.ascii { "-" } else { "─" }
    }

    /// The mark of an ascending or descending column.
    #[must_use]
    pub fn sorted(self, descending: bool) -> &'static str {
        match (self.ascii, descending) {
            (true, false) => "^",
            (true, true) => "v",
            (false, false) => "↑",
            (false, true) => "↓",
        }
    }

    /// What says that columns are hidden to the left or right.
    #[must_use]
    pub fn more(self) -> &'static str {
        if self.ascii { ">" } else { "›" }
    }
}

/// What layers read when they take a key or paint.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The cached model.
    pub store: &'a Store,
    /// The present moment.
    pub now: Now,
    /// The keys.
    pub keymap: &'a Keymap,
    /// The colours.
    pub theme: &'a Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// The room for the layer, in cells.
    pub room: (u16, u16),
    /// How fresh what the topmost table or page needs is.
    pub freshness: &'a Freshness,
    /// The things that the places from here up to the root look at, the nearest first.
    pub around: &'a [Subject],
    /// The row under the cursor of the topmost table.
    pub under_cursor: Option<&'a Subject>,
    /// Where the session looks and what it may do.
    pub context: &'a Context,
}

impl<'a> Cx<'a> {
    /// The part that cells and pages are written from.
    #[must_use]
    pub fn model(&self) -> resource::Cx<'a> {
        resource::Cx {
            store: self.store,
            now: self.now,
        }
    }
}

/// A query that a layer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The query.
    pub query: Query,
    /// Whether what it brings is changing right now.
    pub moving: bool,
    /// Whether it only adds to what is shown: asked less often, and its fault is none of the layer.
    pub beside: bool,
}

impl Need {
    /// A query for what stands still.
    #[must_use]
    pub fn of(query: Query) -> Self {
        Self {
            query,
            moving: false,
            beside: false,
        }
    }

    /// What rows need besides the queries of their view.
    pub fn further(live: Option<&Live>) -> impl Iterator<Item = Self> {
        live.into_iter().flat_map(|live| {
            let beside = live.beside.iter().cloned().map(|query| Self {
                beside: true,
                ..Self::of(query)
            });
            live.queries.iter().cloned().map(Self::of).chain(beside)
        })
    }
}

/// A key worth naming at the foot of the screen.
pub struct Hint {
    /// What it leads to.
    pub target: Target,
    /// The word, if another than the binding's own.
    pub label: Option<&'static str>,
}

impl Hint {
    /// A hint with the binding's own word.
    #[must_use]
    pub fn of(target: Target) -> Self {
        Self {
            target,
            label: None,
        }
    }

    /// A hint with a word of its own.
    #[must_use]
    pub fn named(target: Target, label: &'static str) -> Self {
        Self {
            target,
            label: Some(label),
        }
    }
}

/// The filter or search in force, for the line of crumbs.
pub struct FilterLine<'a> {
    /// As typed.
    pub text: &'a str,
    /// The cells before the cursor, while it is being typed.
    pub cursor: Option<usize>,
    /// What is wrong with it.
    pub complaint: Option<&'a str>,
}

/// What a layer asks the program to do.
pub enum Ask {
    /// Go where a step leads.
    Step(Step),
    /// Start anew at a place, as the command line does.
    Jump(Place),
    /// Open the search over all that is known, with a text.
    Find(String),
    /// Go to what was found there, and remember it.
    Visit(Spot),
    /// Run what a key would run.
    Run(Target),
    /// Put a layer on top.
    Push(Box<dyn Layer>),
    /// Take this layer away.
    Close,
    /// Several things, one after the other.
    All(Vec<Ask>),
    /// Filter the table that is now on top.
    Filter(String),
    /// Keep a line of the command line for recall.
    Remember(String),
    /// Run a line as if it had been typed into the command line.
    Line(String),
    /// Sort the table below by a column, by its index.
    SortBy(usize),
    /// Fetch the whole API answer of a thing and show it.
    ShowRaw(Subject),
    /// Fetch that answer again for the layer that shows it.
    FetchRaw(Subject),
    /// Put text on the clipboard; the first says what it is.
    Copy(String, String),
    /// Write text to a file of this name stem.
    Save(String, String),
    /// Switch to a theme by name.
    Theme(String),
    /// Say something in a line.
    Say(Level, String),
    /// Open the plan of what is to be done.
    Plan(Proposal),
    /// Do what was confirmed, to so many targets at a time.
    Act(Vec<action::Step>, usize),
    /// Open the list of profiles, regions or both.
    Contexts(Section),
    /// Go to the profile of this name, if there is one.
    Profile(String),
    /// Go to the region of this name.
    Region(String),
    /// Go to a profile that is known.
    GoToProfile(KnownProfile),
    /// Go to a region, with the profile that is in use.
    GoToRegion(String),
    /// Do nothing further of what is done in waves.
    Halt,
    /// Leave the program.
    Quit,
}

/// What is to become a plan.
pub enum Proposal {
    /// A deed on rows.
    Rows(&'static Deed, Vec<Subject>),
    /// Changes that are known, with what is to be said first, a sentence each.
    Changes(Vec<Change>, Vec<String>),
}

/// Asks for the whole API answer of a thing, if there is one.
pub(super) fn ask_raw(subject: Subject) -> Reply {
    Reply::Ask(if subject.arn.is_of_aws() {
        Ask::ShowRaw(subject)
    } else {
        let text = "AWS knows nothing of it; its own page shows what is known".to_owned();
        Ask::Say(Level::Info, text)
    })
}

/// What became of a key.
pub enum Reply {
    /// The layer has no use for it.
    Ignored,
    /// The layer took it.
    Taken,
    /// The layer took it and asks for something.
    Ask(Ask),
}

/// A part of the screen.
pub trait Layer {
    /// Where its keys are looked up.
    fn area(&self) -> Area {
        Area::Page
    }

    /// The view whose links work here.
    fn view(&self) -> Option<&'static str> {
        None
    }

    /// Whether it lies over the layer below and leaves that visible.
    fn is_overlay(&self) -> bool {
        false
    }

    /// Whether it takes the line at the foot of the screen instead of the middle.
    fn at_foot(&self) -> bool {
        false
    }

    /// Whether keys type text here at the moment.
    fn takes_text(&self) -> bool {
        false
    }

    /// Takes a key as it is, while [`Layer::takes_text`] holds.
    fn on_text(&mut self, _key: Key, _cx: &Cx) -> Reply {
        Reply::Ignored
    }

    /// Takes pasted text, while [`Layer::takes_text`] holds.
    fn on_paste(&mut self, _text: &str, _cx: &Cx) {}

    /// Takes a command.
    fn on_command(&mut self, _command: Command, _cx: &Cx) -> Reply {
        Reply::Ignored
    }

    /// Takes a link of its view, by its index.
    fn on_link(&mut self, _index: usize, _cx: &Cx) -> Reply {
        Reply::Ignored
    }

    /// Takes the answer to [`Ask::ShowRaw`] or [`Ask::FetchRaw`], whichever layer asked for it.
    fn on_raw(&mut self, _subject: &Subject, _answer: &Result<String, String>) {}

    /// Whether it is the list of profiles and regions.
    fn chooses_contexts(&self) -> bool {
        false
    }

    /// Takes what one can choose from, if it is that list.
    fn on_contexts(&mut self, _contexts: &Contexts, _cx: &Cx) {}

    /// Filters by a text as if it had been typed.
    fn set_filter(&mut self, _text: &str) {}

    /// Sorts by a column, by its index.
    fn sort_by(&mut self, _column: usize, _cx: &Cx) {}

    /// Moves by lines, for the mouse wheel; or to a line of the layer, for a click.
    fn on_mouse(&mut self, _lines: Option<i32>, _row: u16, _cx: &Cx) {}

    /// The commands and links to hint at, the most useful first.
    fn hints(&self, _cx: &Cx) -> Vec<Hint> {
        Vec::new()
    }

    /// The queries that fill it.
    fn needs(&self, _store: &Store) -> Vec<Need> {
        Vec::new()
    }

    /// The tasks whose containers' use it shows now; none if it shows no use at all.
    fn watched(&self) -> Option<&[Arn]> {
        None
    }

    /// The tail that it shows now; what an earlier one has to say is of no use any more.
    fn tail_id(&self) -> Option<&TailId> {
        None
    }

    /// The tail that it shows, and what that reads.
    fn tail(&self, _store: &Store) -> Option<(TailId, Tail)> {
        None
    }

    /// Takes what its tail has to say.
    fn on_log(&mut self, _report: LogReport) {}

    /// The place it shows, for tables.
    fn place(&self) -> Option<&Place> {
        None
    }

    /// The thing under the cursor, or the thing it is about.
    fn subject(&self) -> Option<Subject> {
        None
    }

    /// The things that a deed would be done to, and the view whose rows they are.
    fn targets(&self) -> Option<(&'static str, Vec<Subject>)> {
        None
    }

    /// Whether what it shows is kept up to date; an answer fetched once is not.
    fn is_live(&self) -> bool {
        true
    }

    /// Brings what it shows up to date with the store and the room it has. Called before it is drawn.
    fn settle(&mut self, _cx: &Cx) {}

    /// Looks things up in the index of names, after [`Layer::settle`], if it searches at all. Whether the index has
    /// more to take in first, so that it is to be asked again.
    fn look_up(&mut self, _index: &mut Index, _cx: &Cx) -> bool {
        false
    }

    /// Its step in the breadcrumbs.
    fn crumb(&self, _store: &Store) -> String {
        String::new()
    }

    /// What stands beside the crumbs: counts, filter, place in the text.
    fn status(&self) -> String {
        String::new()
    }

    /// The filter or search in force, shown beside the crumbs.
    fn filter(&self) -> Option<FilterLine<'_>> {
        None
    }

    /// Paints it.
    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx);

    /// What is shown, as text, for saving.
    fn text(&self, cx: &Cx) -> String;
}

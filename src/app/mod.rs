//! The owner of everything a person sees: events in, effects out. No terminal, no network, no clock of its own.

mod asks;
mod contexts;
mod crawl;
mod deeds;
mod event;
mod feeds;
mod find;
mod history;
mod keep;
mod keys;
mod link;
mod rollouts;
mod scene;
mod wants;
mod waves;

use std::{collections::BTreeMap, time::Duration};

use ratatui::{buffer::Buffer, layout::Rect};

pub use deeds::Protects;
pub use event::{Connection, Effect, Event};

use self::{
    contexts::Here, crawl::Crawl, deeds::Deeds, feeds::Feeds, find::Finds, history::History,
    keep::Keeping, link::Link, scene::Scene,
};
use crate::{
    keymap::Keymap,
    model::{Destination, Now, Part, Query},
    resource::{Place, Tone},
    schedule::{Pace, Schedule},
    theme::Theme,
    ui::{self, Chrome, Context, Glyphs, Layer, Level, TableLayer, Toast},
};

/// Finds a theme by name; the reason in words if there is none.
pub type FindTheme = Box<dyn Fn(&str) -> Result<Theme, String> + Send>;

/// What the program starts with.
pub struct Options {
    /// The keys a user chose.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The theme to start with.
    pub theme: Theme,
    /// Finds further themes.
    pub find_theme: FindTheme,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// How often things are asked for.
    pub pace: Pace,
    /// After how long without a key asking pauses.
    pub pause_after: Duration,
    /// The cluster to start in, by name.
    pub cluster: Option<String>,
    /// The service to start in, by name.
    pub service: Option<String>,
    /// Where the session looks, as far as it is known before it is connected.
    pub context: Context,
    /// Whether engines of container instances may be connected to.
    pub host_engines: bool,
    /// Whether an account, a profile or a cluster is to be treated with more care: plans ask for the name typed.
    pub protects: Protects,
    /// Whether the whole account is asked for in the background, after what is visible.
    pub crawl: bool,
    /// Seed of the jitter.
    pub seed: u64,
    /// What to tell the user first.
    pub notices: Vec<String>,
}

/// The state of the program.
pub struct App {
    scene: Scene,
    layers: Vec<Box<dyn Layer>>,
    schedule: Schedule,
    history: History,
    link: Link,
    /// Rises with every change of account or region; answers of an older one are dropped.
    epoch: u64,
    toast: Option<Toast>,
    size: (u16, u16),
    header: bool,
    crumbs: bool,
    lines: Vec<String>,
    find_theme: FindTheme,
    pause_after: Duration,
    /// When a person was last heard of.
    last_heard: Duration,
    /// Whether a key was taken since the layers were last brought up to date.
    ahead: bool,
    /// When what is shown changes by itself next, though nothing happens.
    changes_at: Option<Duration>,
    interrupted: Option<Duration>,
    feeds: Feeds,
    crawl: Crawl,
    deeds: Deeds,
    /// What is under way because of what was done from here, as last looked at.
    notes: Vec<(String, Tone)>,
    finds: Finds,
    keeping: Keeping,
    here: Here,
    /// Where to start, until the names are resolved.
    start: Option<(String, Option<String>)>,
    effects: Vec<Effect>,
}

impl App {
    /// A program that shows the clusters and connects.
    #[must_use]
    pub fn new(options: Options, now: Now) -> Self {
        let (keymap, warnings) = Keymap::new(&options.keys);
        let notices = [options.notices, warnings].concat();
        let here = Here::new(options.context.readonly);
        let mut app = Self {
            scene: Scene::new(
                keymap,
                options.theme,
                Glyphs {
                    ascii: options.ascii,
                },
                options.context,
            ),
            layers: root(),
            schedule: Schedule::new(options.pace, options.seed),
            history: History::default(),
            link: Link::Connecting,
            epoch: 1,
            toast: None,
            size: (80, 24),
            header: true,
            crumbs: true,
            lines: Vec::new(),
            find_theme: options.find_theme,
            pause_after: options.pause_after,
            last_heard: now.mono,
            ahead: false,
            changes_at: None,
            interrupted: None,
            feeds: Feeds::default(),
            crawl: Crawl::new(options.crawl),
            deeds: Deeds::new(options.protects),
            notes: Vec::new(),
            finds: Finds::default(),
            keeping: Keeping::default(),
            here,
            start: options.cluster.map(|cluster| (cluster, options.service)),
            effects: vec![
                Effect::Connect {
                    epoch: 1,
                    to: Destination::default(),
                },
                Effect::ReadAudit,
            ],
        };
        app.scene.store.set_host_engines(options.host_engines);
        app.record();
        if !notices.is_empty() {
            app.say(Level::Warn, notices.join("; "), now);
        }
        app
    }

    /// Takes an event and returns what is to be done about it, in order.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        let is_piece = matches!(
            event,
            Event::Fetched {
                part: Part::Some { .. },
                ..
            }
        );
        match event {
            Event::Key(key) => self.on_key(key, now),
            Event::Paste(text) => self.on_paste(&text, now),
            Event::Mouse { lines, row } => self.on_mouse(lines, row, now),
            Event::Resize(width, height) => self.size = (width, height),
            Event::Focus(focused) => {
                self.schedule.set_focused(focused);
                self.crawl.stir();
                if focused {
                    self.hear(now);
                }
            }
            Event::Connected { epoch, result } if epoch == self.epoch => {
                self.on_connected(result, now);
            }
            Event::Fetched { epoch, query, part } if epoch == self.epoch => {
                self.on_fetched(&query, part, now);
            }
            Event::Raw {
                epoch,
                subject,
                result,
            } if epoch == self.epoch => {
                let answer = result.map_err(|fault| fault.to_string());
                // Whoever asked may lie below something else by now.
                for layer in &mut self.layers {
                    layer.on_raw(&subject, &answer);
                }
            }
            Event::Restored {
                epoch,
                snapshot,
                more,
            } if epoch == self.epoch => self.on_restored(*snapshot, more, now),
            Event::Quotas {
                epoch,
                region,
                uses,
            } if epoch == self.epoch => {
                self.scene.store.take_quotas(region.as_ref(), uses);
            }
            Event::Engine(report) => self.scene.store.take_report(report, now),
            Event::Log { epoch, id, report } if epoch == self.epoch => {
                // Whoever shows it may lie below something else by now.
                let mut layers = self.layers.iter_mut();
                if let Some(layer) = layers.find(|layer| layer.tail_id() == Some(&id)) {
                    layer.on_log(report);
                }
            }
            // Answers for an account or region that is no longer looked at; and time that passed, see below.
            Event::Connected { .. }
            | Event::Fetched { .. }
            | Event::Raw { .. }
            | Event::Log { .. }
            | Event::Quotas { .. }
            | Event::Restored { .. }
            | Event::Wake => {}
            Event::Acted { epoch, id, outcome } => self.on_acted(id, epoch, *outcome, now),
            Event::Audited(records) => {
                for record in records {
                    self.scene.store.take_record(record);
                }
            }
            Event::Finished(result) => match result {
                Ok(text) => self.say(Level::Info, text, now),
                Err(text) => self.say(Level::Error, text, now),
            },
            Event::Waits { epoch, what } => {
                if epoch == self.epoch {
                    self.here.waits = what.map(|what| (what, now.wall));
                }
            }
            Event::Contexts(result) => self.on_contexts(result, now),
            Event::Classified {
                epoch,
                class,
                readonly,
            } => {
                if epoch == self.epoch {
                    self.scene.context.class = class;
                    self.scene.context.readonly = readonly;
                }
            }
            Event::Hangup => self.effects.push(Effect::Quit),
        }
        self.finds.wake = None;
        self.pass_time(now);
        // Large answers come in hundreds of pieces. What one of them makes due is asked for with the next event, for
        // which there is a wake if nothing else comes.
        if !is_piece {
            self.ask_for_what_is_due(now);
        }
        self.keep_before_leaving(now);
        std::mem::take(&mut self.effects)
    }

    fn on_fetched(&mut self, query: &Query, part: Part, now: Now) {
        match &part {
            Part::Some { .. } => {}
            Part::Done { calls, .. } => self.schedule.done(query, *calls, now.mono),
            Part::Failed { fault, .. } => self.schedule.failed(query, &fault.kind, now.mono),
        }
        let whole = matches!(part, Part::Done { .. });
        if !matches!(part, Part::Some { .. }) {
            self.crawl.stir();
        }
        let changes = self.scene.store.changes();
        self.scene.store.apply(query, part, now);
        if self.scene.store.changes() != changes {
            self.schedule.changed(query, now.mono);
        }
        if whole {
            self.crawl.learn(query, &self.scene.store);
            self.judge_rollouts(query, now);
        }
        if whole && *query == Query::Identity {
            self.classify();
            self.judge_account(now);
        }
        self.go_to_start(now);
    }

    /// Notes that a person is there, so that asking goes on.
    fn hear(&mut self, now: Now) {
        self.last_heard = now.mono;
        if self.schedule.is_paused() {
            self.crawl.stir();
        }
        self.schedule.set_paused(false);
    }

    /// Does what the passing of time brings about. Looked after with every event, so that no flood of answers can
    /// keep it from happening.
    fn pass_time(&mut self, now: Now) {
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| toast.until <= now.mono)
        {
            self.toast = None;
        }
        if now.mono.saturating_sub(self.last_heard) >= self.pause_after {
            // Logs are read by people who press no key; without the lists behind it a tail would miss what replaces
            // the tasks that it reads.
            if self.front().is_some_and(|layer| layer.tail_id().is_some()) {
                self.last_heard = now.mono;
            } else {
                self.schedule.set_paused(true);
            }
        }
        if let Link::Failed {
            retry_at: Some(at), ..
        } = &self.link
            && *at <= now.mono
        {
            self.reconnect();
        }
        self.keep_if_due(now);
    }

    /// The banner and the read-only gate depend on the account, which is known only after the first answer.
    fn classify(&mut self) {
        if let Some(identity) = self.scene.store.identity() {
            self.effects.push(Effect::Classify {
                epoch: self.epoch,
                account: identity.account.clone(),
            });
        }
    }

    /// Says something for a few seconds.
    pub fn say(&mut self, level: Level, text: String, now: Now) {
        self.toast = Some(Toast {
            level,
            text,
            until: now.mono + Toast::STAY,
            undo: None,
        });
    }

    /// When something happens by itself next, by the clock that never jumps; none if nothing will.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let toast = self.toast.as_ref().map(|toast| toast.until);
        // Without a pause the time until it has no end.
        let pause = (!self.schedule.is_paused())
            .then(|| self.last_heard.checked_add(self.pause_after))
            .flatten();
        let asking = match &self.link {
            Link::Connecting => None,
            Link::Ready => {
                let wanted = self.schedule.next(&self.wants());
                wanted.into_iter().chain(self.crawl.next()).min()
            }
            Link::Failed { retry_at, .. } => *retry_at,
        };
        [
            toast,
            pause,
            asking,
            self.changes_at,
            self.finds.wake,
            self.keeps_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether nothing is under way: no query, no connection.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.schedule.in_flight() == 0 && self.link != Link::Connecting
    }

    /// Brings the layers up to date with the store, and returns what is to be done so that what they show now keeps
    /// coming. To be called before drawing, not for every event, so that many small answers cost one look.
    pub fn settle(&mut self, now: Now) -> Vec<Effect> {
        self.look(now);
        self.feed();
        self.ask_for_what_is_due(now);
        std::mem::take(&mut self.effects)
    }

    /// Brings the layers up to date with the store.
    fn look(&mut self, now: Now) {
        self.ahead = false;
        self.look_at_age(now);
        self.look_around();
        let story = self.scene.freshness.story(now.wall);
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        self.notes = self.notes(now);
        let shown = (self.header, self.crumbs);
        let parts = ui::Parts::new(area, shown, story.as_deref(), self.notes.len());
        self.scene.body = parts.body;
        let first = self
            .layers
            .iter()
            .rposition(|layer| !layer.is_overlay())
            .unwrap_or(0);
        let cx = self.scene.cx(now);
        for layer in &mut self.layers[first..] {
            layer.settle(&cx);
        }
        self.look_around();
        self.look_up(now);
    }

    /// Paints the screen. Reads only.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, now: Now) {
        let chrome = Chrome {
            context: &self.scene.context,
            identity: self.scene.identity(),
            toast: self.toast.as_ref(),
            header: self.header,
            crumbs: self.crumbs,
            notes: &self.notes,
            layers: &self.layers,
        };
        ui::draw(&chrome, area, buffer, &self.scene.cx(now));
    }

    /// The cached model, for tests and diagnosis.
    #[must_use]
    pub fn store(&self) -> &crate::store::Store {
        &self.scene.store
    }

    /// The number of the account and region that is looked at; rises with every switch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// The layers that everything begins with.
fn root() -> Vec<Box<dyn Layer>> {
    let root = TableLayer::new(Place::root()).map(|root| Box::new(root) as Box<dyn Layer>);
    root.into_iter().collect()
}

#[cfg(test)]
mod tests;

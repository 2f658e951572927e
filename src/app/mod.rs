//! The owner of everything a person sees: events in, effects out. No terminal, no network, no clock of its own.

mod asks;
mod event;
mod history;
mod keys;
mod scene;
mod wants;

use std::{collections::BTreeMap, time::Duration};

use ratatui::{buffer::Buffer, layout::Rect};

pub use event::{Connection, Effect, Event};

use self::{history::History, scene::Scene};
use crate::{
    keymap::Keymap,
    model::{Fault, Now, Part, Query, Timestamp},
    resource::{Place, Scope},
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
    /// Seed of the jitter.
    pub seed: u64,
}

/// How the connection to AWS stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    Connecting,
    Ready,
    Failed {
        fault: Fault,
        since: Timestamp,
        times: u32,
        retry_at: Duration,
    },
}

/// The state of the program.
pub struct App {
    scene: Scene,
    layers: Vec<Box<dyn Layer>>,
    schedule: Schedule,
    history: History,
    context: Context,
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
    last_key: Duration,
    interrupted: Option<Duration>,
    /// Whether something happened since the layers were last brought up to date.
    unsettled: bool,
    /// Where to start, until the names are resolved.
    start: Option<(String, Option<String>)>,
    effects: Vec<Effect>,
}

impl App {
    /// A program that shows the clusters and connects.
    #[must_use]
    pub fn new(options: Options, now: Now) -> Self {
        let (keymap, warnings) = Keymap::new(&options.keys);
        let root = Place {
            view: "clusters",
            scope: Scope::account(),
        };
        let root = TableLayer::new(root).map(|root| Box::new(root) as Box<dyn Layer>);
        let mut app = Self {
            scene: Scene::new(
                keymap,
                options.theme,
                Glyphs {
                    ascii: options.ascii,
                },
            ),
            layers: root.into_iter().collect(),
            schedule: Schedule::new(options.pace, options.seed),
            history: History::default(),
            context: options.context,
            link: Link::Connecting,
            epoch: 1,
            toast: None,
            size: (80, 24),
            header: true,
            crumbs: true,
            lines: Vec::new(),
            find_theme: options.find_theme,
            pause_after: options.pause_after,
            last_key: now.mono,
            interrupted: None,
            unsettled: true,
            start: options.cluster.map(|cluster| (cluster, options.service)),
            effects: vec![Effect::Connect { epoch: 1 }],
        };
        app.record();
        if !warnings.is_empty() {
            app.say(Level::Warn, warnings.join("; "), now);
        }
        app
    }

    /// Takes an event and returns what is to be done about it, in order.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        // Keys typed ahead of the screen mean what they would mean on it.
        if matches!(event, Event::Key(_)) && self.unsettled {
            self.settle(now);
        }
        self.unsettled = true;
        match event {
            Event::Key(key) => self.on_key(key, now),
            Event::Paste(text) => self.on_paste(&text, now),
            Event::Mouse { lines, row } => self.on_mouse(lines, row, now),
            Event::Resize(width, height) => self.size = (width, height),
            Event::Focus(focused) => self.schedule.set_focused(focused),
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
            // Answers for an account or region that is no longer looked at.
            Event::Connected { .. } | Event::Fetched { .. } | Event::Raw { .. } => {}
            Event::Finished(result) => match result {
                Ok(text) => self.say(Level::Info, text, now),
                Err(text) => self.say(Level::Error, text, now),
            },
            Event::Classified(class) => self.context.class = class,
            Event::Wake => self.on_wake(now),
            Event::Hangup => self.effects.push(Effect::Quit),
        }
        self.ask_for_what_is_due(now);
        std::mem::take(&mut self.effects)
    }

    fn on_connected(&mut self, result: Result<Connection, Fault>, now: Now) {
        match result {
            Ok(connection) => {
                self.link = Link::Ready;
                self.context.profile = connection.profile;
                self.context.region = connection.region;
                self.context.endpoint = connection.endpoint;
                self.context.readonly = connection.readonly;
                self.context.class = connection.class;
            }
            Err(fault) => {
                let (since, times) = match &self.link {
                    Link::Failed { since, times, .. } => (*since, times + 1),
                    _ => (now.wall, 1),
                };
                let retry_at = now.mono + Duration::from_secs(15);
                self.link = Link::Failed {
                    fault,
                    since,
                    times,
                    retry_at,
                };
            }
        }
    }

    fn on_fetched(&mut self, query: &Query, part: Part, now: Now) {
        match &part {
            Part::Some { .. } => {}
            Part::Done { calls, .. } => self.schedule.done(query, *calls, now.mono),
            Part::Failed { fault, .. } => self.schedule.failed(query, &fault.kind, now.mono),
        }
        self.scene.store.apply(query, part, now);
        if *query == Query::Identity {
            self.reclassify();
        }
        self.go_to_start(now);
    }

    fn on_wake(&mut self, now: Now) {
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| toast.until <= now.mono)
        {
            self.toast = None;
        }
        if now.mono.saturating_sub(self.last_key) >= self.pause_after {
            self.schedule.set_paused(true);
        }
        if let Link::Failed { retry_at, .. } = &self.link
            && *retry_at <= now.mono
        {
            self.reconnect();
        }
    }

    fn reconnect(&mut self) {
        if let Link::Failed { retry_at, .. } = &mut self.link {
            *retry_at = Duration::MAX;
        }
        self.effects.push(Effect::Connect { epoch: self.epoch });
    }

    /// The banner colour depends on the account, which is known only after the first answer.
    fn reclassify(&mut self) {
        if let Some(identity) = self.scene.store.identity() {
            self.effects.push(Effect::Classify {
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
        });
    }

    /// When something happens by itself next, by the clock that never jumps; none if nothing will.
    #[must_use]
    pub fn next_wake(&self, now: Now) -> Option<Duration> {
        let toast = self.toast.as_ref().map(|toast| toast.until);
        // Without a pause the time until it has no end.
        let pause = (!self.schedule.is_paused())
            .then(|| self.last_key.checked_add(self.pause_after))
            .flatten();
        let link = match &self.link {
            Link::Failed { retry_at, .. } if *retry_at < Duration::MAX => Some(*retry_at),
            _ => None,
        };
        let due = match self.link {
            Link::Ready => self.schedule.next(&self.wants()),
            _ => None,
        };
        // Ages grow on the screen while something keeps it from being live.
        let aging = self
            .scene
            .freshness
            .grows_old()
            .then(|| now.mono + Duration::from_secs(1));
        [toast, pause, link, due, aging].into_iter().flatten().min()
    }

    /// Whether nothing is under way: no query, no connection.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.schedule.in_flight() == 0 && self.link != Link::Connecting
    }

    /// Brings the layers up to date with the store. To be called before drawing, not for every event, so that many
    /// small answers cost one look.
    pub fn settle(&mut self, now: Now) {
        self.scene.freshness = self.freshness(now);
        self.look_around();
        let story = self.scene.freshness.story(now.wall);
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let parts = ui::Parts::new(area, self.header, self.crumbs, story.as_deref());
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
        self.unsettled = false;
    }

    /// Paints the screen. Reads only.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, now: Now) {
        let chrome = Chrome {
            context: &self.context,
            identity: self.scene.store.identity(),
            toast: self.toast.as_ref(),
            header: self.header,
            crumbs: self.crumbs,
            layers: &self.layers,
        };
        ui::draw(&chrome, area, buffer, &self.scene.cx(now));
    }

    /// The cached model, for tests and diagnosis.
    #[must_use]
    pub fn store(&self) -> &crate::store::Store {
        &self.scene.store
    }

    /// The current account-and-region epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

#[cfg(test)]
mod tests;

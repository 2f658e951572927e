//! The program on a stage: keys and time in, screens and effects out. Queries are answered from an account, at once
//! or when the test says so.

use std::{collections::BTreeMap, time::Duration};

use ecsight::{
    app::{App, Connection, Effect, Event, Options},
    keymap::Key,
    model::{Destination, Now, Part, Query, TaskFilter, Timestamp},
    schedule::Pace,
    theme::{Depth, Theme},
    ui::{Context, EnvClass},
};
use ratatui::{buffer::Buffer, layout::Rect};

use super::account::{Account, NOON};

/// How the program is started.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Setup {
    pub size: (u16, u16),
    pub theme: &'static str,
    pub depth: Depth,
    pub ascii: bool,
    pub readonly: bool,
    pub class: Option<EnvClass>,
    pub cluster: Option<&'static str>,
    pub service: Option<&'static str>,
    pub notices: Vec<String>,
    pub keys: BTreeMap<String, Vec<String>>,
    /// Whether queries are answered as soon as they are asked.
    pub answering: bool,
    /// Whether the whole account is asked for in the background.
    pub crawl: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            size: (80, 24),
            theme: "ansi",
            depth: Depth::Ansi16,
            ascii: false,
            readonly: false,
            class: None,
            cluster: None,
            service: None,
            notices: Vec::new(),
            keys: BTreeMap::new(),
            answering: true,
            crawl: false,
        }
    }
}

/// The program with the account it looks at.
pub struct Stage {
    pub app: App,
    pub account: Account,
    pub now: Now,
    /// Whether queries are answered as soon as they are asked.
    pub answering: bool,
    /// Everything asked of the outside so far but connections and queries.
    pub effects: Vec<Effect>,
    /// Every connection asked for so far.
    pub connects: Vec<(u64, Destination)>,
    /// Every query asked so far.
    pub fetched: Vec<Query>,
    /// Every metric asked for so far.
    pub measured: Vec<Query>,
    /// The tags asked for so far, those asked together beside one another.
    pub resolved: Vec<Vec<Query>>,
    /// Queries that wait for an answer.
    waiting: Vec<(u64, Query)>,
    size: (u16, u16),
}

impl Stage {
    /// The shop at 80 by 24.
    pub fn shop() -> Self {
        Self::new(Account::shop(), Setup::default())
    }

    /// The shop in a terminal of another size.
    pub fn sized(width: u16, height: u16) -> Self {
        let setup = Setup {
            size: (width, height),
            ..Setup::default()
        };
        Self::new(Account::shop(), setup)
    }

    pub fn new(account: Account, setup: Setup) -> Self {
        let theme = Theme::builtin(setup.theme, setup.depth).expect("a built-in theme");
        let depth = setup.depth;
        let find_theme = move |name: &str| {
            Theme::builtin(name, depth).ok_or_else(|| format!("there is no theme {name}"))
        };
        let now = Now {
            wall: NOON,
            mono: Duration::from_secs(1),
        };
        let options = Options {
            keys: setup.keys,
            theme,
            find_theme: Box::new(find_theme),
            ascii: setup.ascii,
            pace: Pace::default(),
            pause_after: Duration::from_mins(15),
            cluster: setup.cluster.map(str::to_owned),
            service: setup.service.map(str::to_owned),
            context: Context::default(),
            host_engines: false,
            protects: Box::new(|name| name.starts_with("prod")),
            crawl: setup.crawl,
            seed: 1,
            notices: setup.notices,
        };
        let mut stage = Self {
            app: App::new(options, now),
            account,
            now,
            answering: setup.answering,
            effects: Vec::new(),
            connects: Vec::new(),
            fetched: Vec::new(),
            measured: Vec::new(),
            resolved: Vec::new(),
            waiting: Vec::new(),
            size: setup.size,
        };
        stage.send(Event::Resize(setup.size.0, setup.size.1));
        stage.send(Event::Connected {
            epoch: stage.app.epoch(),
            result: Ok(Connection {
                profile: "shop".to_owned(),
                region: "eu-west-1".to_owned(),
                readonly: setup.readonly,
                class: setup.class,
                ..Connection::default()
            }),
        });
        stage
    }

    /// Lets something happen, and everything that follows from it.
    pub fn send(&mut self, event: Event) {
        let effects = self.app.update(event, self.now);
        self.perform(effects);
        self.look();
    }

    /// Brings the screen up to date, and lets everything happen that this asks for.
    fn look(&mut self) {
        loop {
            let effects = self.app.settle(self.now);
            if effects.is_empty() {
                return;
            }
            self.perform(effects);
        }
    }

    fn perform(&mut self, mut effects: Vec<Effect>) {
        while !effects.is_empty() {
            for effect in std::mem::take(&mut effects) {
                self.note(effect);
            }
            if self.answering {
                effects = self.answer_waiting();
            }
        }
    }

    fn note(&mut self, effect: Effect) {
        match effect {
            Effect::Fetch { epoch, query, .. } => {
                self.fetched.push(query.clone());
                self.waiting.push((epoch, query));
            }
            Effect::Measure { epoch, queries } => {
                self.measured.extend(queries.iter().cloned());
                let queries = queries.into_iter().map(|query| (epoch, query));
                self.waiting.extend(queries);
            }
            Effect::FetchTasks { epoch, cluster } => {
                for stopped in [false, true] {
                    let query = Query::Tasks {
                        cluster: cluster.clone(),
                        filter: TaskFilter::All,
                        stopped,
                    };
                    self.fetched.push(query.clone());
                    self.waiting.push((epoch, query));
                }
            }
            Effect::Resolve { epoch, queries, .. } => {
                self.resolved.push(queries.clone());
                let queries = queries.into_iter().map(|query| (epoch, query));
                self.waiting.extend(queries);
            }
            Effect::Connect { epoch, to } => self.connects.push((epoch, to)),
            Effect::ReadAudit => {}
            other => self.effects.push(other),
        }
    }

    /// Answers what waits, from the account as it is now.
    pub fn answer(&mut self) {
        let effects = self.answer_waiting();
        for effect in effects {
            self.note(effect);
        }
        self.look();
    }

    fn answer_waiting(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (epoch, query) in std::mem::take(&mut self.waiting) {
            for part in self.account.answer(&query) {
                let query = query.clone();
                let event = Event::Fetched { epoch, query, part };
                effects.extend(self.app.update(event, self.now));
            }
        }
        effects
    }

    /// The queries that wait for an answer.
    pub fn waiting(&self) -> impl Iterator<Item = &Query> {
        self.waiting.iter().map(|(_, query)| query)
    }

    /// Delivers one part of an answer, of whatever epoch.
    pub fn deliver(&mut self, epoch: u64, query: Query, part: Part) {
        self.send(Event::Fetched { epoch, query, part });
    }

    /// Presses keys, written as the configuration writes them, with spaces between.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key: Key = key.parse().expect("a key");
            self.send(Event::Key(key));
        }
        self
    }

    /// Types text, a key for each character.
    pub fn write(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.send(Event::Key(Key::char(character)));
        }
        self
    }

    /// Runs a line of the command line.
    pub fn run(&mut self, line: &str) -> &mut Self {
        self.press(":").write(line).press("enter")
    }

    /// Lets time pass; the program wakes whenever it wants to.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while let Some(wake) = self.app.next_wake().filter(|wake| *wake <= end) {
            self.advance(wake.saturating_sub(self.now.mono));
            self.send(Event::Wake);
        }
        self.advance(end.saturating_sub(self.now.mono));
        self.look();
    }

    fn advance(&mut self, time: Duration) {
        self.now.mono += time;
        let milliseconds = i64::try_from(time.as_millis()).expect("a short time");
        self.now.wall = Timestamp(self.now.wall.0 + milliseconds);
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.send(Event::Resize(width, height));
    }

    /// What is on the screen.
    pub fn screen(&self) -> Buffer {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        self.app.draw(area, &mut buffer, self.now);
        buffer
    }

    /// The screen as text, a line for each row.
    pub fn text(&self) -> String {
        super::painted::text(&self.screen())
    }

    /// The row of the screen with the crumbs, where the header is shown.
    pub fn crumbs(&self) -> String {
        let text = self.text();
        text.lines().nth(1).unwrap_or_default().trim().to_owned()
    }

    /// The row at the foot of the screen.
    pub fn foot(&self) -> String {
        let text = self.text();
        text.lines().last().unwrap_or_default().trim().to_owned()
    }

    /// The name of the thing under the cursor; none where there is no row.
    pub fn under_cursor(&mut self) -> Option<String> {
        let before = self.effects.len();
        self.press("c");
        let copied = self.effects.split_off(before);
        copied.into_iter().find_map(|effect| match effect {
            Effect::Copy { what, text } if what == "name" => Some(text),
            _ => None,
        })
    }

    /// Whether the program asked to leave.
    pub fn has_quit(&self) -> bool {
        self.effects.contains(&Effect::Quit)
    }
}

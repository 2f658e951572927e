//! The whole program without a terminal: the real reducer, the real clients and the real drawing, in a time that
//! tests move by hand.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ecsight::app::{App, Effect, Event, Options};
use ecsight::aws::{Settings, StaticKeys};
use ecsight::config::{Config, Paths};
use ecsight::docker;
use ecsight::model::{Now, Secret, Timestamp};
use ecsight::runtime::{Message, Outside, Reach, Senders};
use ecsight::schedule::{Budget, Pace};
use ecsight::store::Store;
use ecsight::theme::{DEFAULT_THEME, Depth, Theme};
use ecsight::ui::Context;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// Long enough for the slowest honest answer; whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(90);
/// Things that may happen at one moment before it counts as going round in circles.
const MOST_AT_ONCE: usize = 10_000;
/// How long a message is waited for before the world is looked at again.
const LOOK: Duration = Duration::from_millis(5);
/// The step in which time moves while a test waits for the world.
const STEP: Duration = Duration::from_secs(5);

/// What the program is started with.
#[derive(Clone)]
pub struct Setup {
    pub endpoint: String,
    pub region: String,
    pub size: (u16, u16),
    pub attempt_timeout: Duration,
    pub pace: Pace,
    pub pause_after: Duration,
    pub budget: Budget,
    pub engines: docker::Settings,
    /// Whether the whole account is asked for in the background.
    pub crawl: bool,
    /// Whether nothing may be changed.
    pub readonly: bool,
    /// The cluster to start in.
    pub cluster: Option<String>,
    /// Where the program keeps its files.
    pub folder: PathBuf,
}

impl Setup {
    /// An endpoint, a wide screen, the whole quota, and no pause.
    pub fn at(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            region: "us-east-1".to_owned(),
            size: (200, 40),
            attempt_timeout: Duration::from_secs(30),
            pace: Pace::default(),
            pause_after: Duration::MAX,
            budget: Budget {
                burst_share: 1.0,
                refill_share: 1.0,
            },
            engines: docker::Settings::default(),
            crawl: false,
            readonly: true,
            cluster: None,
            folder: env::temp_dir().join("ecsight-tests"),
        }
    }

    /// The settings of the clients.
    pub fn settings(&self) -> Settings {
        Settings {
            region: Some(self.region.clone()),
            endpoint_url: Some(self.endpoint.clone()),
            readonly: self.readonly,
            credentials: Some(StaticKeys {
                access_key_id: "test".to_owned(),
                secret_access_key: Secret::new("test"),
                session_token: None,
            }),
            budget: self.budget,
            attempt_timeout: self.attempt_timeout,
            ..Settings::default()
        }
    }
}

/// The running program.
pub struct Driver {
    app: App,
    outside: Outside,
    messages: mpsc::Receiver<Message>,
    logs: mpsc::Receiver<Message>,
    now: Now,
    size: (u16, u16),
    /// Answers under way that the reducer does not wait for.
    owed: usize,
    left: bool,
}

impl Driver {
    /// Starts the program and waits until it has nothing under way.
    pub async fn start(setup: Setup) -> Self {
        let mut driver = Self::begin(&setup);
        driver.settle().await;
        driver
    }

    /// Starts the program.
    fn begin(setup: &Setup) -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis();
        let now = Now {
            wall: Timestamp(i64::try_from(wall).unwrap()),
            mono: Duration::from_millis(1),
        };
        let theme = Theme::builtin(DEFAULT_THEME, Depth::Ansi16).unwrap();
        let options = Options {
            keys: BTreeMap::new(),
            theme,
            find_theme: Box::new(|name| Err(format!("no theme {name} here"))),
            ascii: false,
            pace: setup.pace,
            pause_after: setup.pause_after,
            cluster: setup.cluster.clone(),
            service: None,
            context: Context::default(),
            host_engines: !setup.engines.rules.is_empty(),
            protects: Box::new(|name| name.starts_with("prod")),
            crawl: setup.crawl,
            seed: 7,
            notices: Vec::new(),
        };
        let folder = &setup.folder;
        let config = Config::defaults(Paths::of_folders(folder, folder, folder));
        let (answers, messages) = mpsc::channel(1_024);
        let (lines, logs) = mpsc::channel(8);
        let senders = Senders {
            answers,
            logs: lines,
        };
        let reach = Reach {
            aws: setup.settings(),
            profile_name: "tests".to_owned(),
            engines: setup.engines.clone(),
        };
        let mut driver = Self {
            app: App::new(options, now),
            outside: Outside::new(senders, reach, config),
            messages,
            logs,
            now,
            size: setup.size,
            owed: 0,
            left: false,
        };
        driver.feed(Event::Resize(setup.size.0, setup.size.1));
        driver
    }

    /// Lets the program hear of an event and begins what it asks for.
    pub fn feed(&mut self, event: Event) {
        if matches!(
            event,
            Event::Raw { .. } | Event::Finished(_) | Event::Acted { .. }
        ) {
            self.owed = self.owed.saturating_sub(1);
        }
        assert!(
            !matches!(event, Event::Hangup),
            "a background task panicked"
        );
        let effects = self.app.update(event, self.now);
        self.perform(effects);
    }

    /// Brings the screen up to date and begins what that asks for.
    fn look(&mut self) {
        let effects = self.app.settle(self.now);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.left = true,
                Effect::Copy { .. } | Effect::Suspend | Effect::Redraw => {}
                effect => {
                    if matches!(
                        effect,
                        Effect::Raw { .. } | Effect::Save { .. } | Effect::Act { .. }
                    ) {
                        self.owed += 1;
                    }
                    for event in self.outside.perform(effect) {
                        self.feed(event);
                    }
                }
            }
        }
    }

    /// What the program knows.
    pub fn store(&self) -> &Store {
        self.app.store()
    }

    /// Gives the screen another size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.feed(Event::Resize(width, height));
    }

    /// Presses a key by its name, without waiting for what comes of it.
    pub fn tap(&mut self, key: &str) {
        let key = key
            .parse()
            .unwrap_or_else(|error| panic!("{key} is no key: {error}"));
        self.feed(Event::Key(key));
        self.look();
    }

    /// Presses keys by their names one after another, each when the one before has had its effect.
    pub async fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.tap(key);
            self.settle().await;
        }
    }

    /// Types text, a key for each character.
    pub async fn enter(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                ' ' => self.tap("space"),
                other => self.tap(&other.to_string()),
            }
        }
        self.tap("enter");
        self.settle().await;
    }

    /// Waits until nothing is under way, nothing is due and no message waits. Time stands still meanwhile.
    pub async fn settle(&mut self) {
        for _ in 0..MOST_AT_ONCE {
            while let Ok(message) = self.messages.try_recv().or_else(|_| self.logs.try_recv()) {
                self.hear(message);
            }
            self.look();
            if self.is_due() {
                self.feed(Event::Wake);
                continue;
            }
            if self.app.is_settled() && self.owed == 0 {
                return;
            }
            self.hear_one().await;
        }
        panic!("the program goes round in circles:\n{}", self.screen());
    }

    fn is_due(&self) -> bool {
        self.app
            .next_wake()
            .is_some_and(|wake| wake <= self.now.mono)
    }

    /// Waits for a message.
    async fn hear_one(&mut self) {
        let message = timeout(PATIENCE, async {
            tokio::select! {
                message = self.messages.recv() => message,
                message = self.logs.recv() => message,
            }
        });
        let Ok(Some(message)) = message.await else {
            panic!("no answer came:\n{}", self.screen());
        };
        self.hear(message);
    }

    fn hear(&mut self, message: Message) {
        let event = self.outside.take(message);
        // Quotas are told by the clock on the wall, and no screen is to hang on that.
        if !matches!(event, Event::Quotas { .. }) {
            self.feed(event);
        }
    }

    /// Lets time pass, stopping wherever the program wants to be woken. Answers take no time.
    pub async fn pass(&mut self, by: Duration) {
        let until = self.now.mono + by;
        self.settle().await;
        while let Some(wake) = self.app.next_wake()
            && wake <= until
        {
            self.jump_to(wake);
            self.settle().await;
        }
        self.jump_to(until);
        self.settle().await;
    }

    fn jump_to(&mut self, mono: Duration) {
        let by = mono.saturating_sub(self.now.mono);
        self.now.wall.0 += i64::try_from(by.as_millis()).unwrap();
        self.now.mono += by;
    }

    /// Lets time pass until the screen is as wanted: for a world that moves by itself.
    pub async fn until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < PATIENCE, "it never came to be:\n{screen}");
            self.pass(STEP).await;
        }
    }

    /// Takes in what comes by itself until the screen is as wanted. Time stands still.
    pub async fn hear_until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            self.settle().await;
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            self.hear_one().await;
        }
    }

    /// Takes in the next thing that comes by itself.
    pub async fn hear_next(&mut self) -> String {
        self.hear_one().await;
        self.settle().await;
        self.screen()
    }

    /// Takes in what comes by itself until something holds that no message tells of. Time stands still.
    pub async fn run_until(&mut self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(
                begun.elapsed() < PATIENCE,
                "it never came to be: {what}\n{}",
                self.screen()
            );
            self.settle().await;
            let heard = timeout(LOOK, async {
                tokio::select! {
                    message = self.messages.recv() => message,
                    message = self.logs.recv() => message,
                }
            });
            if let Ok(Some(message)) = heard.await {
                self.hear(message);
            }
        }
    }

    /// What the screen shows, line by line, without the blanks at the ends.
    pub fn screen(&mut self) -> String {
        lines(&self.paint()).join("\n")
    }

    fn paint(&mut self) -> Buffer {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        self.look();
        self.app.draw(area, &mut buffer, self.now);
        buffer
    }

    /// The line under the cursor.
    pub fn cursor_line(&mut self) -> String {
        let buffer = self.paint();
        let is_cursor = |y: u16| {
            let middle = (2, y);
            buffer[middle].modifier.contains(Modifier::REVERSED)
        };
        // The header and the foot may be reversed too, but they hold no rows.
        (2..self.size.1 - 1)
            .find(|y| is_cursor(*y))
            .map_or_else(String::new, |y| line(&buffer, y))
    }

    /// The number of rows that the crumbs tell of: `clusters > prod > services  12, 2 unhealthy`.
    pub fn rows(&mut self) -> usize {
        let screen = self.screen();
        let crumbs = screen.lines().nth(1).unwrap_or_default();
        let (_, tail) = crumbs.split_once("  ").unwrap_or_default();
        let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
        digits
            .parse()
            .unwrap_or_else(|_| panic!("no number of rows on:\n{screen}"))
    }

    /// Moves the cursor to the first row whose line holds the text.
    pub async fn choose(&mut self, text: &str) {
        self.press("g").await;
        let mut before = None;
        loop {
            let line = self.cursor_line();
            if line.contains(text) {
                return;
            }
            assert_ne!(
                before,
                Some(line.clone()),
                "no row {text}:\n{}",
                self.screen()
            );
            before = Some(line);
            self.press("down").await;
        }
    }

    /// The line of the screen that holds all these texts.
    pub fn line_with(&mut self, texts: &[&str]) -> String {
        let screen = self.screen();
        screen
            .lines()
            .find(|line| texts.iter().all(|text| line.contains(text)))
            .unwrap_or_else(|| panic!("no line with {texts:?}:\n{screen}"))
            .to_owned()
    }

    /// Fails unless the screen shows the text.
    pub fn shows(&mut self, text: &str) {
        let screen = self.screen();
        assert!(reads(&screen, text), "no {text:?} on:\n{screen}");
    }

    /// Fails if the screen shows the text.
    pub fn hides(&mut self, text: &str) {
        let screen = self.screen();
        assert!(!reads(&screen, text), "{text:?} on:\n{screen}");
    }

    /// Whether the program wanted to leave.
    pub fn has_left(&self) -> bool {
        self.left
    }
}

fn line(buffer: &Buffer, y: u16) -> String {
    let text: String = (0..buffer.area.width)
        .map(|x| buffer[(x, y)].symbol())
        .collect();
    text.trim_end().to_owned()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    (0..buffer.area.height).map(|y| line(buffer, y)).collect()
}

/// Whether a screen holds a text, be it wrapped over lines.
fn reads(screen: &str, text: &str) -> bool {
    let flat = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    screen.contains(text) || flat.contains(text)
}

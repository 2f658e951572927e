//! Keys: text goes to the layer that takes it, everything else is looked up and offered front to back.

use std::time::Duration;

use super::{App, Effect};
use crate::{
    keymap::{Command, Key, Target},
    model::{Now, Query},
    ui::{Ask, CommandLine, Help, Level, Reply, Section},
};

/// Within this time a second Ctrl-c leaves.
const TWICE: Duration = Duration::from_secs(1);

impl App {
    pub(super) fn on_key(&mut self, key: Key, now: Now) {
        self.hear(now);
        // Whoever presses keys has found a way of their own.
        self.start = None;
        let undone = self.toast.as_ref().and_then(|toast| toast.undo.clone());
        // What was merely worth a note has been read by whoever goes on; warnings and errors stay their time.
        self.toast.take_if(|toast| toast.level == Level::Info);
        // Keys that come faster than frames must find what the keys before them brought about. A key after a frame
        // finds what that frame showed: what it is meant for must not change under it.
        let types = self.layers.last().is_some_and(|top| top.takes_text()) && key.typed().is_some();
        if self.ahead && !types {
            self.look(now);
        }
        self.ahead = true;
        let cx = self.scene.cx(now);
        let Some(top) = self.layers.last_mut() else {
            return;
        };
        if top.takes_text() {
            let reply = top.on_text(key, &cx);
            self.perform(reply, now);
            return;
        }
        let view = top.view();
        let target = self.scene.keymap.resolve(key, top.area(), view);
        // Where something can be taken back is said what by; elsewhere the same key rolls back and drains.
        if key == Key::char('u') && (undone.is_some() || view == Some("audit")) {
            let of_row = top
                .subject()
                .and_then(|subject| subject.part.map(String::from));
            let of_row = of_row.filter(|_| view == Some("audit"));
            self.undo(undone.or(of_row).as_deref(), now);
            return;
        }
        if target == Some(Target::Command(Command::Back))
            && !top.is_overlay()
            && self.halt_waves(now)
        {
            return;
        }
        match target {
            Some(target) => self.run(target, now),
            None => self.say_useless(key, now),
        }
    }

    /// Says that a key does nothing here, and where the keys are listed.
    fn say_useless(&mut self, key: Key, now: Now) {
        let help = self.scene.keymap.key_of(Command::Help);
        let listed = help.map_or_else(String::new, |help| format!("; {help} lists the keys"));
        self.say(Level::Info, format!("{key} does nothing here{listed}"), now);
    }

    pub(super) fn on_paste(&mut self, text: &str, now: Now) {
        self.hear(now);
        self.ahead = true;
        let cx = self.scene.cx(now);
        if let Some(top) = self.layers.last_mut().filter(|top| top.takes_text()) {
            top.on_paste(text, &cx);
        }
    }

    pub(super) fn on_mouse(&mut self, lines: Option<i32>, row: u16, now: Now) {
        self.hear(now);
        let row = row.saturating_sub(self.scene.body.y);
        let cx = self.scene.cx(now);
        if let Some(top) = self.layers.last_mut() {
            top.on_mouse(lines, row, &cx);
        }
    }

    /// Runs what a key leads to.
    pub(super) fn run(&mut self, target: Target, now: Now) {
        if let Target::Deed(id) = target {
            self.begin(id, now);
            return;
        }
        let cx = self.scene.cx(now);
        let Some(top) = self.layers.last_mut() else {
            return;
        };
        let reply = match target {
            Target::Command(command) => top.on_command(command, &cx),
            Target::Link(view, index) if top.view() == Some(view) => top.on_link(index, &cx),
            Target::Deed(_) => Reply::Ignored,
            Target::Link(view, _) => {
                Reply::Ask(Ask::Say(Level::Info, format!("that key works on {view}")))
            }
        };
        match (reply, target) {
            (Reply::Ignored, Target::Command(command)) => self.run_global(command, now),
            (reply, _) => self.perform(reply, now),
        }
    }

    fn run_global(&mut self, command: Command, now: Now) {
        match command {
            Command::Back => self.pop(),
            Command::Quit if self.layers.len() > 1 => self.pop(),
            Command::Quit => self.effects.push(Effect::Quit),
            Command::Interrupt => self.interrupt(now),
            Command::CommandLine => {
                let line = CommandLine::new(self.lines.clone());
                self.layers.push(Box::new(line));
            }
            Command::Find => self.find(""),
            Command::Context => self.choose_context(Section::All),
            Command::Help => {
                let view = self.layers.iter().rev().find_map(|layer| layer.view());
                let help = Help::new(view, &self.scene.cx(now));
                self.layers.push(Box::new(help));
            }
            Command::Actions => self.open_actions(now),
            Command::Undo => self.undo(None, now),
            Command::Refresh => self.refresh(now),
            Command::Home => self.go_home(),
            Command::HistoryBack => self.travel(-1, now),
            Command::HistoryForward => self.travel(1, now),
            Command::LastPlace => self.travel(0, now),
            Command::Header => self.header = !self.header,
            Command::Crumbs => self.crumbs = !self.crumbs,
            Command::Redraw => self.effects.push(Effect::Redraw),
            Command::Suspend => self.effects.push(Effect::Suspend),
            command => {
                if let Some(key) = self.scene.keymap.key_of(command) {
                    self.say_useless(key, now);
                }
            }
        }
    }

    fn interrupt(&mut self, now: Now) {
        if self
            .interrupted
            .is_some_and(|at| now.mono.saturating_sub(at) <= TWICE)
        {
            self.effects.push(Effect::Quit);
            return;
        }
        self.interrupted = Some(now.mono);
        self.say(Level::Info, "ctrl-c again or :q leaves".to_owned(), now);
    }

    fn refresh(&mut self, now: Now) {
        let needs = self
            .front()
            .map(|layer| layer.needs(&self.scene.store))
            .unwrap_or_default();
        for need in needs {
            // Metrics cost money, and there are no newer ones within the minute.
            if !need.query.is_immutable() && !matches!(need.query, Query::Metrics { .. }) {
                self.schedule.hurry(&need.query);
            }
        }
        self.reconnect();
        self.say(Level::Info, "asking again".to_owned(), now);
    }
}

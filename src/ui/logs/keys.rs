//! Keys in a log.

use super::{
    Kind, LogsLayer, Range,
    buffer::Line,
    status::{clock, counted},
};
use crate::{
    keymap::{Code, Command, Key, Target},
    ui::{Ask, Cx, Input, Level, Reply, layer::Hint},
};

/// Lines around a match, at most.
const CONTEXT: usize = 20;

impl LogsLayer {
    pub(super) fn on_typed(&mut self, key: Key, _cx: &Cx) {
        match (key.code, key.ctrl) {
            // What makes no sense stays open, with the reason beside it, to be mended.
            (Code::Enter, _) if self.complaint.is_some() => {}
            (Code::Enter, _) => self.editing = None,
            (Code::Esc, _) | (Code::Char('c'), true) => {
                self.editing = None;
                self.look_for("");
            }
            (Code::Tab, _) => self.turn_filter(),
            (Code::Up, _) => self.scroll(-1),
            (Code::Down, _) => self.scroll(1),
            _ => {
                if self.editing.as_mut().is_some_and(|input| input.on_key(key)) {
                    let typed = self.editing.as_ref().map_or("", Input::text).to_owned();
                    self.look_for(&typed);
                }
            }
        }
    }

    fn turn_filter(&mut self) {
        self.view.only = !self.view.only;
        self.show();
    }

    pub(super) fn on_key(&mut self, command: Command, cx: &Cx) -> Reply {
        self.now = cx.now.wall;
        if self.on_move(command) {
            return Reply::Taken;
        }
        if let Some(range) = range(command) {
            self.read(range);
            return Reply::Taken;
        }
        match command {
            Command::Back if self.lines.finder().is_some() || self.complaint.is_some() => {
                self.look_for("");
            }
            Command::Filter => {
                self.look_for("");
                self.editing = Some(Input::default());
            }
            Command::FilterOrHighlight => {
                self.turn_filter();
                if self.lines.finder().is_none() {
                    let text = if self.view.only {
                        "/ will show only the lines that match"
                    } else {
                        "/ will mark matches among all lines"
                    };
                    return say(text.to_owned());
                }
            }
            Command::MoreContext => return self.widen(1),
            Command::LessContext => return self.widen(-1),
            Command::NextMatch => return self.find_next(true),
            Command::PreviousMatch => return self.find_next(false),
            Command::NextError => return self.find_error(true),
            Command::PreviousError => return self.find_error(false),
            Command::Follow if self.source.is_previous => {
                return say("nothing comes any more here; l shows what is written now".to_owned());
            }
            Command::Follow if self.view.follow => self.stay(),
            Command::Follow => self.follow_on(),
            Command::Wrap => {
                self.view.look.wrap = !self.view.look.wrap;
                self.view.left = 0;
                self.view.skip = 0;
            }
            Command::Times => self.view.look.times = !self.view.look.times,
            Command::Fold => self.view.look.fold = !self.view.look.fold,
            Command::Mark => {
                let text = clock(self.now);
                self.lines.note(Kind::Mark, self.now, &text);
            }
            Command::Clear => return self.clear(),
            Command::Logs if self.source.is_previous => self.turn(false),
            Command::Logs => return say("this is the log already".to_owned()),
            Command::PreviousLogs => self.turn(true),
            Command::Raw => return Reply::Ask(Ask::ShowRaw(self.source.asked.clone())),
            Command::CopyName => return self.copy(),
            Command::Save => {
                let name = crate::resource::called(&self.source.asked, cx.store);
                let stem = format!("log-{name}").replace([' ', '/', ':'], "-");
                return Reply::Ask(Ask::Save(stem, crate::ui::Layer::text(self, cx)));
            }
            _ => return Reply::Ignored,
        }
        Reply::Taken
    }

    /// Shows more or fewer lines around matches.
    fn widen(&mut self, by: isize) -> Reply {
        if self.lines.finder().is_none() || !self.view.only {
            return say("lines around matches are shown where only matches are".to_owned());
        }
        let context = self.view.context.saturating_add_signed(by).min(CONTEXT);
        self.view.context = context;
        self.show();
        Reply::Taken
    }

    fn find_next(&mut self, forward: bool) -> Reply {
        match self.lines.finder() {
            None => say("nothing to look for; type / first".to_owned()),
            Some(finder) => {
                let nothing = format!("no line matches {}", finder.text());
                self.find(forward, |line| line.matched, nothing)
            }
        }
    }

    fn find_error(&mut self, forward: bool) -> Reply {
        let only = self.view.only && self.lines.finder().is_some();
        let nothing = "no line tells of an error".to_owned();
        self.find(
            forward,
            |line| line.error && (!only || line.matched),
            nothing,
        )
    }

    /// Goes to the next line of a kind from where the reader is: the line last jumped to, or else the screen.
    fn find(&mut self, forward: bool, wanted: impl Fn(&Line) -> bool, nothing: String) -> Reply {
        let screen = self.on_screen();
        let visible = |at: &u64| screen.contains(&self.lines.row(*at));
        let from = self.view.focus.filter(visible).or_else(|| {
            if self.view.follow {
                // The reader is at the end.
                return self.lines.end().checked_sub(u64::from(forward));
            }
            let first = self.lines.at(screen.start)?;
            if forward {
                first.checked_sub(1)
            } else {
                Some(first)
            }
        });
        let Some((at, around)) = self.lines.seek(from, forward, wanted) else {
            return say(nothing);
        };
        self.jump(at);
        match (around, forward) {
            (false, _) => Reply::Taken,
            (true, true) => say("from the first line again".to_owned()),
            (true, false) => say("from the last line again".to_owned()),
        }
    }

    fn clear(&mut self) -> Reply {
        let count = self.lines.clear();
        self.view.reset();
        let before = self.cleared.map_or(0, |(count, _)| count);
        self.cleared = Some((before + count, self.now));
        say(format!(
            "{} cleared; new ones go on",
            counted(count, "line")
        ))
    }

    fn copy(&self) -> Reply {
        let mut text = String::new();
        for row in self.on_screen() {
            if let Some(line) = self.lines.at(row).and_then(|at| self.lines.line(at)) {
                self.write(line, &mut text);
            }
        }
        if text.is_empty() {
            return say("there is no line on the screen".to_owned());
        }
        Reply::Ask(Ask::Copy("lines on the screen".to_owned(), text))
    }

    /// The keys that are of use now, the most useful first.
    pub(super) fn useful_keys(&self) -> Vec<Hint> {
        let of = |command| Hint::of(Target::Command(command));
        let named = |command, label| Hint::named(Target::Command(command), label);
        let mut hints = vec![of(Command::Back)];
        let other = if self.source.is_previous {
            named(Command::Logs, "live")
        } else {
            named(Command::PreviousLogs, "previous")
        };
        if self.lines.len() == 0 {
            hints.extend([of(Command::SinceTail), other]);
            return hints;
        }
        if !self.source.is_previous {
            let follow = if self.view.follow { "stay" } else { "follow" };
            hints.push(named(Command::Follow, follow));
        }
        hints.push(of(Command::Filter));
        if self.lines.finder().is_some() {
            hints.push(named(Command::NextMatch, "next"));
            let other = if self.view.only {
                "all lines"
            } else {
                "only matches"
            };
            hints.push(named(Command::FilterOrHighlight, other));
            if self.view.only {
                hints.push(named(Command::MoreContext, "context"));
            }
        }
        // Who is at the end has nothing further down.
        hints.push(if self.view.follow {
            named(Command::PreviousError, "last error")
        } else {
            of(Command::NextError)
        });
        hints.push(of(Command::SinceTail));
        hints.push(of(Command::Wrap));
        hints.push(of(Command::Times));
        hints.push(of(Command::Fold));
        hints.push(other);
        hints.push(of(Command::Mark));
        hints.push(of(Command::CopyName));
        hints
    }
}

fn range(command: Command) -> Option<Range> {
    Some(match command {
        Command::SinceTail => Range::Newest,
        Command::SinceHead => Range::Head,
        Command::SinceMinute => Range::Minutes(1),
        Command::SinceFiveMinutes => Range::Minutes(5),
        Command::SinceQuarter => Range::Minutes(15),
        Command::SinceHalfHour => Range::Minutes(30),
        Command::SinceHour => Range::Minutes(60),
        _ => return None,
    })
}

fn say(text: String) -> Reply {
    Reply::Ask(Ask::Say(Level::Info, text))
}

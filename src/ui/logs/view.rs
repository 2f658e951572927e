//! What of the lines is on the screen, and moving about in them.

use super::{LogsLayer, Range, buffer::Kind};
use crate::{keymap::Command, theme::Role, ui::Cx};

/// How lines are looked at.
#[derive(Debug)]
pub(super) struct View {
    /// Whether the newest lines stay in view.
    pub(super) follow: bool,
    /// The number of the first line on the screen, and its rows above the screen.
    pub(super) top: u64,
    pub(super) skip: usize,
    /// Cells scrolled away to the left, while lines are not wrapped.
    pub(super) left: usize,
    pub(super) look: Look,
    /// Whether only lines that match are shown.
    pub(super) only: bool,
    /// Lines shown around those.
    pub(super) context: usize,
    /// Lines that came since following was broken off.
    pub(super) new: u64,
    /// The line that was last jumped to.
    pub(super) focus: Option<u64>,
}

/// How a line is written.
#[derive(Debug)]
pub(super) struct Look {
    /// Whether long lines are wrapped.
    pub(super) wrap: bool,
    /// Whether lines begin with their time.
    pub(super) times: bool,
    /// Whether JSON is folded.
    pub(super) fold: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            follow: true,
            top: 0,
            skip: 0,
            left: 0,
            look: Look {
                wrap: false,
                times: true,
                fold: false,
            },
            only: true,
            context: 0,
            new: 0,
            focus: None,
        }
    }
}

impl View {
    /// Back to the end; how lines are written stays.
    pub(super) fn reset(&mut self) {
        self.follow = true;
        self.top = 0;
        self.skip = 0;
        self.new = 0;
        self.focus = None;
    }
}

/// The room for lines, and what stands around it.
#[derive(Debug, Default)]
pub(super) struct Pane {
    pub(super) width: usize,
    /// Rows for lines.
    pub(super) height: usize,
    /// What there is to say above the lines.
    pub(super) notices: Vec<(String, Role)>,
    /// Whether the last row says that new lines are not followed.
    pub(super) foot: bool,
    pub(super) ascii: bool,
}

impl LogsLayer {
    /// Puts new lines in their places and finds out what is on the screen.
    pub(super) fn arrange(&mut self, cx: &Cx) {
        // Who reads from the beginning stays there, though streams come one after the other.
        let top = self.view.top;
        let at_head = self.source.range == Range::Head && self.lines.row(top) == 0;
        let held_top = if at_head { u64::MAX } else { top };
        let mut held = [held_top, self.view.focus.unwrap_or(u64::MAX)];
        let new = self.lines.merge(&mut held);
        if !at_head {
            self.view.top = held[0];
        }
        self.view.focus = self.view.focus.map(|_| held[1]);
        self.view.new = if self.view.follow {
            0
        } else {
            self.view.new.saturating_add(new)
        };
        let (width, height) = (usize::from(cx.room.0), usize::from(cx.room.1));
        let notices = self.notices(cx, (height / 4).min(4));
        let foot = !self.view.follow && !self.source.is_previous && height > 3;
        self.pane = Pane {
            width,
            height: height
                .saturating_sub(notices.len() + usize::from(foot))
                .max(1),
            notices,
            foot,
            ascii: cx.glyphs.ascii,
        };
        let bottom = self.bottom();
        let (row, skip) = (self.lines.row(self.view.top), self.view.skip);
        if self.view.follow || (row, skip) > bottom {
            self.go(bottom);
        } else {
            let rows = if row < self.lines.rows() {
                self.rows(row)
            } else {
                1
            };
            self.view.skip = skip.min(rows.saturating_sub(1));
        }
    }

    /// Puts a row of a line shown at the top.
    fn go(&mut self, (row, skip): (usize, usize)) {
        self.view.top = self.lines.at(row).unwrap_or(self.lines.first());
        self.view.skip = skip;
    }

    /// The rows that a line shown takes, with the one that sets groups of matches apart.
    fn rows(&self, row: usize) -> usize {
        let gap = usize::from(self.lines.is_gap(row));
        let line = self.lines.at(row).and_then(|at| self.lines.line(at));
        match line {
            Some(line) if self.view.look.wrap && line.kind == Kind::Text => {
                gap + self.ranges(&self.compose(line)).len()
            }
            _ => gap + 1,
        }
    }

    /// What is at the top of the screen when the last line is at its foot.
    fn bottom(&self) -> (usize, usize) {
        let mut left = self.pane.height;
        for row in (0..self.lines.rows()).rev() {
            let rows = self.rows(row);
            if rows >= left {
                return (row, rows - left);
            }
            left -= rows;
        }
        (0, 0)
    }

    /// Scrolls by rows; upward breaks following off.
    pub(super) fn scroll(&mut self, by: isize) {
        let (mut row, mut skip) = (self.lines.row(self.view.top), self.view.skip);
        if by < 0 {
            for _ in 0..by.unsigned_abs() {
                if skip > 0 {
                    skip -= 1;
                } else if row > 0 {
                    row -= 1;
                    skip = self.rows(row) - 1;
                } else {
                    break;
                }
            }
            if (row, skip) != (self.lines.row(self.view.top), self.view.skip) {
                self.stay();
            }
        } else {
            let bottom = self.bottom();
            for _ in 0..by {
                if (row, skip) >= bottom {
                    break;
                }
                skip += 1;
                if skip >= self.rows(row) {
                    (row, skip) = (row + 1, 0);
                }
            }
        }
        if !self.view.follow {
            self.go((row, skip));
        }
    }

    /// Breaks following off.
    pub(super) fn stay(&mut self) {
        if self.view.follow {
            self.view.follow = false;
            self.view.new = 0;
        }
    }

    /// Goes on with new lines.
    pub(super) fn follow_on(&mut self) {
        self.view.follow = true;
        self.view.new = 0;
        self.view.focus = None;
        self.go(self.bottom());
    }

    pub(super) fn on_move(&mut self, command: Command) -> bool {
        let page = isize::try_from(self.pane.height.max(2)).unwrap_or(2);
        match command {
            Command::Up => self.scroll(-1),
            Command::Down => self.scroll(1),
            Command::PageUp => self.scroll(1 - page),
            Command::PageDown => self.scroll(page - 1),
            Command::HalfUp => self.scroll(-page / 2),
            Command::HalfDown => self.scroll(page / 2),
            Command::Top => {
                if self.bottom() != (0, 0) {
                    self.stay();
                    self.go((0, 0));
                }
            }
            Command::Bottom => self.follow_on(),
            Command::Left => self.view.left = self.view.left.saturating_sub(8),
            Command::Right if !self.view.look.wrap => {
                let most = self.widest().saturating_sub(self.columns().text);
                self.view.left = (self.view.left + 8).min(most.max(self.view.left));
            }
            Command::Right => {}
            _ => return false,
        }
        true
    }

    /// Brings a line into view, a third of the screen below its top.
    pub(super) fn jump(&mut self, at: u64) {
        self.stay();
        self.view.focus = Some(at);
        self.go((self.lines.row(at), 0));
        let above = isize::try_from(self.pane.height / 3).unwrap_or(0);
        self.scroll(-above);
        let bottom = self.bottom();
        if (self.lines.row(self.view.top), self.view.skip) > bottom {
            self.go(bottom);
        }
    }

    /// The lines on the screen: their places among those shown.
    pub(super) fn on_screen(&self) -> std::ops::Range<usize> {
        let first = self.lines.row(self.view.top);
        let mut taken = 0;
        let mut row = first;
        while row < self.lines.rows() {
            let skip = if row == first { self.view.skip } else { 0 };
            taken += self.rows(row).saturating_sub(skip);
            row += 1;
            if taken >= self.pane.height {
                break;
            }
        }
        first..row
    }
}

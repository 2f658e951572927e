//! Moving in a table: the cursor over rows, and columns that scroll to the left.

use super::{
    HEAD, TableLayer,
    columns::{self, Shown, Wish},
};
use crate::{keymap::Command, ui::Cx};

impl TableLayer {
    pub(super) fn move_to(&mut self, row: usize, cx: &Cx) {
        let last = self.sheet.len().saturating_sub(1);
        self.cursor = row.min(last);
        self.anchor = self.sheet.subject(self.cursor);
        self.scroll(cx);
    }

    pub(super) fn move_by(&mut self, rows: isize, cx: &Cx) {
        self.move_to(self.cursor.saturating_add_signed(rows), cx);
    }

    /// Keeps the cursor on the screen.
    pub(super) fn scroll(&mut self, cx: &Cx) {
        let height = usize::from(cx.room.1.saturating_sub(HEAD)).max(1);
        let furthest = self.sheet.len().saturating_sub(height);
        if self.cursor < self.top {
            self.top = self.cursor;
        } else if self.cursor >= self.top + height {
            self.top = self.cursor + 1 - height;
        }
        self.top = self.top.min(furthest);
    }

    fn page(cx: &Cx) -> isize {
        isize::try_from(cx.room.1.saturating_sub(HEAD).max(2)).unwrap_or(2)
    }

    pub(super) fn on_move(&mut self, command: Command, cx: &Cx) -> bool {
        match command {
            Command::Up => self.move_by(-1, cx),
            Command::Down => self.move_by(1, cx),
            Command::Top => self.move_to(0, cx),
            Command::Bottom => self.move_to(usize::MAX, cx),
            Command::PageUp => self.move_by(1 - Self::page(cx), cx),
            Command::PageDown => self.move_by(Self::page(cx) - 1, cx),
            Command::HalfUp => self.move_by(-Self::page(cx) / 2, cx),
            Command::HalfDown => self.move_by(Self::page(cx) / 2, cx),
            Command::Left => self.wish.shift = self.wish.shift.saturating_sub(1),
            Command::Right => self.wish.shift = (self.wish.shift + 1).min(self.last_shift(cx)),
            _ => return false,
        }
        true
    }

    /// The furthest that columns can scroll: until nothing is hidden to the right.
    fn last_shift(&self, cx: &Cx) -> usize {
        let heads = self.heads();
        (0..heads.len().saturating_sub(1))
            .find(|shift| self.shows_the_last(&heads, *shift, cx))
            .unwrap_or(heads.len().saturating_sub(2))
    }

    fn shows_the_last(&self, heads: &[Shown], shift: usize, cx: &Cx) -> bool {
        let wish = Wish { shift, ..self.wish };
        !columns::lay_out(heads, self.sheet.widths(), cx.room.0, wish).more
    }
}

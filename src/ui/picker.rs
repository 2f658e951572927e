//! Choosing from a list: a cursor over the lines that what is typed leaves. What the lines look like is the business
//! of whoever shows them.

use super::{Input, Pattern};
use crate::keymap::{Code, Key};

/// A list to choose from. Lines are known by their index in the whole list.
pub(super) struct Picker {
    /// What each line is found by.
    fields: Vec<String>,
    /// The lines that are left.
    shown: Vec<usize>,
    /// The place of the cursor among them.
    cursor: usize,
    /// The place of the first one on the screen.
    top: usize,
    typed: Input,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picked {
    /// This line was chosen.
    Line(usize),
    /// The list is to be left.
    Close,
    /// The list took the key.
    Taken,
}

impl Picker {
    /// A list of lines that are found by these texts, with the cursor on the first.
    pub(super) fn new(fields: Vec<String>) -> Self {
        Self {
            shown: (0..fields.len()).collect(),
            fields,
            cursor: 0,
            top: 0,
            typed: Input::default(),
        }
    }

    /// Takes a key; `height` is the number of lines on the screen.
    pub(super) fn on_key(&mut self, key: Key, height: usize) -> Picked {
        let page = isize::try_from(height).unwrap_or(isize::MAX);
        match (key.code, key.ctrl) {
            (Code::Esc, _) if !self.typed.text().is_empty() => {
                self.typed.set("");
                self.narrow();
            }
            (Code::Esc, _) | (Code::Char('c'), true) => return Picked::Close,
            (Code::Enter, _) => {
                let chosen = self.shown.get(self.cursor);
                return chosen.map_or(Picked::Taken, |line| Picked::Line(*line));
            }
            (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => self.step(-1, height),
            (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => self.step(1, height),
            (Code::PageUp, _) => self.step(-page, height),
            (Code::PageDown, _) => self.step(page, height),
            _ => {
                if self.typed.on_key(key) {
                    self.narrow();
                }
            }
        }
        Picked::Taken
    }

    /// Takes pasted text.
    pub(super) fn on_paste(&mut self, text: &str) {
        self.typed.insert(text);
        self.narrow();
    }

    /// Moves the cursor by lines, and what is on the screen with it.
    pub(super) fn step(&mut self, by: isize, height: usize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
        let first = (self.cursor + 1).saturating_sub(height.max(1));
        self.top = self.top.clamp(first, self.cursor);
    }

    /// What was typed.
    pub(super) fn typed(&self) -> &Input {
        &self.typed
    }

    /// The line under the cursor.
    pub(super) fn under_cursor(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// All lines that are left.
    pub(super) fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// The number of lines, shown or hidden.
    pub(super) fn total(&self) -> usize {
        self.fields.len()
    }

    /// The lines on the screen from its top, and whether the cursor is on them.
    pub(super) fn on_screen(&self, height: usize) -> impl Iterator<Item = (usize, bool)> {
        let lines = self.shown.iter().enumerate().skip(self.top).take(height);
        lines.map(|(at, line)| (*line, at == self.cursor))
    }

    fn narrow(&mut self) {
        let pattern = Pattern::parse(self.typed.text()).ok().flatten();
        let is_left = |fields: &String| match &pattern {
            None => true,
            Some(pattern) if pattern.is_regex() => pattern.takes(fields),
            Some(pattern) => pattern.takes(&fields.to_lowercase()),
        };
        let lines = self.fields.iter().enumerate();
        self.shown = lines
            .filter(|(_, fields)| is_left(fields))
            .map(|(line, _)| line)
            .collect();
        // Who types a whole word, a key say, means the line that has it.
        let typed = self.typed.text();
        let fields = &self.fields;
        self.shown
            .sort_by_key(|line| !fields[*line].split_whitespace().any(|word| word == typed));
        self.cursor = 0;
        self.top = 0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn picker() -> Picker {
        let lines = ["Alpha", "Beta", "Gamma", "Delta"];
        Picker::new(lines.map(str::to_owned).to_vec())
    }

    fn press(picker: &mut Picker, keys: &str) -> Picked {
        let mut last = Picked::Taken;
        for key in keys.split(' ') {
            last = picker.on_key(key.parse().unwrap(), 2);
        }
        last
    }

    fn on_screen(picker: &Picker) -> Vec<(usize, bool)> {
        picker.on_screen(2).collect()
    }

    #[test]
    fn the_cursor_stays_on_the_screen() {
        let mut picker = picker();
        press(&mut picker, "down down");
        assert_eq!(on_screen(&picker), [(1, false), (2, true)]);
        press(&mut picker, "up");
        assert_eq!(on_screen(&picker), [(1, true), (2, false)]);
        press(&mut picker, "pagedown pagedown pagedown");
        assert_eq!(on_screen(&picker), [(2, false), (3, true)]);
        assert_eq!(press(&mut picker, "enter"), Picked::Line(3));
    }

    #[test]
    fn typing_narrows_and_esc_first_takes_back_what_was_typed() {
        let mut picker = picker();
        press(&mut picker, "d e l");
        assert_eq!(picker.shown(), [3]);
        assert_eq!(press(&mut picker, "enter"), Picked::Line(3));
        press(&mut picker, "z");
        assert_eq!(press(&mut picker, "enter"), Picked::Taken);
        assert_eq!(press(&mut picker, "esc"), Picked::Taken);
        assert_eq!(picker.shown().len(), picker.total());
        assert_eq!(press(&mut picker, "esc"), Picked::Close);
    }

    #[test]
    fn a_regular_expression_sees_the_letters_as_they_are() {
        let mut picker = picker();
        picker.on_paste("/^[AB]/");
        assert_eq!(picker.shown(), [0, 1]);
    }
}

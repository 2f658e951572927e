//! A line of text being typed, with the editing keys of a shell.

use unicode_segmentation::UnicodeSegmentation;

use super::text;
use crate::keymap::{Code, Key};

/// Text with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// In bytes, always on a grapheme boundary.
    cursor: usize,
}

impl Input {
    /// A line with something in it, the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the cursor stands at the end.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// The cells before the cursor.
    #[must_use]
    pub fn cursor_cells(&self) -> usize {
        text::width(&text::clean(&self.text[..self.cursor]))
    }

    /// Replaces everything.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = text.len();
    }

    /// Types text at the cursor; line ends and other controls are left out.
    pub fn insert(&mut self, typed: &str) {
        let typed: String = typed
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        self.text.insert_str(self.cursor, &typed);
        self.cursor += typed.len();
    }

    /// Takes an editing key; says whether it was one.
    pub fn on_key(&mut self, key: Key) -> bool {
        if let Some(character) = key.typed() {
            self.insert(character.encode_utf8(&mut [0; 4]));
            return true;
        }
        match (key.code, key.ctrl) {
            (Code::Backspace, false) | (Code::Char('h'), true) => {
                self.remove_before(self.previous());
            }
            (Code::Char('w') | Code::Backspace, true) => {
                self.remove_before(self.word_start());
            }
            (Code::Char('u'), true) => self.remove_before(0),
            (Code::Char('k'), true) => self.text.truncate(self.cursor),
            (Code::Delete, _) | (Code::Char('d'), true) => {
                let end = self.next();
                self.text.replace_range(self.cursor..end, "");
            }
            (Code::Left, _) | (Code::Char('b'), true) => self.cursor = self.previous(),
            (Code::Right, _) | (Code::Char('f'), true) => self.cursor = self.next(),
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn remove_before(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    fn previous(&self) -> usize {
        self.text[..self.cursor]
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let after = self.text[self.cursor..].graphemes(true).next();
        self.cursor + after.map_or(0, str::len)
    }

    fn word_start(&self) -> usize {
        let before = self.text[..self.cursor].trim_end_matches(' ');
        before.rfind(' ').map_or(0, |space| space + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(input: &mut Input, keys: &str) {
        for key in keys.split_whitespace() {
            let key: Key = key.parse().unwrap_or(Key::char('?'));
            input.on_key(key);
        }
    }

    #[test]
    fn edits_like_a_shell() {
        let mut input = Input::default();
        press(&mut input, "s v c space w e b");
        assert_eq!(input.text(), "svc web");
        press(&mut input, "ctrl-w");
        assert_eq!(input.text(), "svc ");
        press(&mut input, "ctrl-a x right backspace");
        assert_eq!(input.text(), "xvc ");
        press(&mut input, "end backspace ctrl-u");
        assert_eq!(input.text(), "");
    }

    #[test]
    fn moves_over_whole_graphemes() {
        let mut input = Input::new("ae\u{301}");
        press(&mut input, "backspace");
        assert_eq!(input.text(), "a");
    }

    #[test]
    fn pasted_controls_are_left_out() {
        let mut input = Input::default();
        input.insert("a\u{1b}[31m\nb");
        assert_eq!(input.text(), "a[31mb");
    }
}

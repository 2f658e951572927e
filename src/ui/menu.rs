//! A small list to choose from, over the layer below. Typing narrows it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Ask, Cx, Input, Layer, Pattern, Reply, clean, text};
use crate::{
    keymap::{Code, Key},
    store::Store,
    theme::Role,
};

/// One thing to choose.
pub struct Choice {
    /// What it is called.
    pub label: String,
    /// What it would do, or the text it stands for.
    pub detail: String,
    /// What is asked for when it is chosen.
    pub ask: Ask,
}

/// A list of choices.
pub struct Menu {
    title: &'static str,
    choices: Vec<Option<Choice>>,
    shown: Vec<usize>,
    cursor: usize,
    typed: Input,
}

impl Menu {
    /// A menu with the cursor on the first choice.
    #[must_use]
    pub fn new(title: &'static str, choices: Vec<Choice>) -> Self {
        let shown = (0..choices.len()).collect();
        let choices = choices.into_iter().map(Some).collect();
        Self {
            title,
            choices,
            shown,
            cursor: 0,
            typed: Input::default(),
        }
    }

    fn narrow(&mut self) {
        let pattern = Pattern::parse(self.typed.text()).ok().flatten();
        self.shown = (0..self.choices.len())
            .filter(|index| {
                let Some(choice) = &self.choices[*index] else {
                    return false;
                };
                let fields = format!("{}\n{}", choice.label, choice.detail).to_lowercase();
                pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.takes(&fields))
            })
            .collect();
        self.cursor = 0;
    }

    fn step(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    fn frame(&self, area: Rect) -> Rect {
        let label = self.label_width();
        let detail = self
            .choices
            .iter()
            .flatten()
            .map(|choice| text::width(&choice.detail))
            .max();
        let wanted = 4 + label + detail.map_or(0, |detail| detail + 2);
        let width = u16::try_from(wanted.max(34))
            .unwrap_or(u16::MAX)
            .min(area.width);
        let rows = u16::try_from(self.choices.len()).unwrap_or(u16::MAX);
        let height = rows.saturating_add(3).min(area.height);
        Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 3,
            width,
            height,
        }
    }

    fn label_width(&self) -> usize {
        self.choices
            .iter()
            .flatten()
            .map(|choice| text::width(&choice.label))
            .max()
            .unwrap_or(0)
    }
}

impl Layer for Menu {
    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn on_text(&mut self, key: Key, _cx: &Cx) -> Reply {
        match (key.code, key.ctrl) {
            (Code::Esc, _) | (Code::Char('c'), true) => return Reply::Ask(Ask::Close),
            (Code::Enter, _) => {
                let chosen = self
                    .shown
                    .get(self.cursor)
                    .and_then(|at| self.choices[*at].take());
                return Reply::Ask(match chosen {
                    Some(choice) => Ask::All(vec![Ask::Close, choice.ask]),
                    None => Ask::Close,
                });
            }
            (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => self.step(-1),
            (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => self.step(1),
            _ => {
                if self.typed.on_key(key) {
                    self.narrow();
                }
            }
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.typed.insert(text);
        self.narrow();
    }

    fn crumb(&self, _store: &Store) -> String {
        self.title.to_lowercase()
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let frame = self.frame(area);
        text::panel(buffer, frame, self.title, cx);
        let ellipsis = cx.glyphs.ellipsis();
        let inner = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(2),
        };
        let prompt = cx.theme.style(Role::PromptFilter);
        let typed = format!("/{}", self.typed.text());
        text::put(
            buffer,
            (inner.x, inner.y),
            &typed,
            inner.width,
            prompt,
            ellipsis,
        );
        let label = u16::try_from(self.label_width()).unwrap_or(0);
        let rows = usize::from(inner.height.saturating_sub(1)).max(1);
        let top = (self.cursor + 1).saturating_sub(rows);
        for (line, index) in self.shown.iter().skip(top).take(rows).enumerate() {
            let Some(choice) = &self.choices[*index] else {
                continue;
            };
            let y = inner.y + 1 + u16::try_from(line).unwrap_or(0);
            let on_cursor = top + line == self.cursor;
            let style = |role| {
                cx.theme
                    .style(if on_cursor { Role::CursorRow } else { role })
            };
            if on_cursor {
                let row = Rect {
                    y,
                    height: 1,
                    ..inner
                };
                buffer.set_style(row, cx.theme.style(Role::CursorRow));
            }
            text::put(
                buffer,
                (inner.x, y),
                &choice.label,
                inner.width,
                style(Role::Text),
                ellipsis,
            );
            let room = inner.width.saturating_sub(label + 2);
            let at = (inner.x + label + 2, y);
            text::put(
                buffer,
                at,
                &choice.detail,
                room,
                style(Role::TextMuted),
                ellipsis,
            );
        }
    }

    fn text(&self, _cx: &Cx) -> String {
        let choices = self.choices.iter().flatten();
        choices
            .map(|choice| format!("{}\t{}\n", choice.label, clean(&choice.detail)))
            .collect()
    }
}

//! A small list to choose from, over the layer below. Typing narrows it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Ask, Cx, Layer, Reply, clean,
    picker::{Picked, Picker},
    text,
};
use crate::{keymap::Key, store::Store, theme::Role};

/// Lines that the frame and the line to type in take.
const AROUND: u16 = 3;

/// What the empty prompt says.
const PROMPT: &str = "type to narrow, enter takes";

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
    /// A choice is taken out when it is chosen: the menu then closes.
    choices: Vec<Option<Choice>>,
    picker: Picker,
}

impl Menu {
    /// A menu with the cursor on the first choice.
    #[must_use]
    pub fn new(title: &'static str, choices: Vec<Choice>) -> Self {
        let fields = choices
            .iter()
            .map(|choice| format!("{}\n{}", choice.label, choice.detail));
        Self {
            title,
            picker: Picker::new(fields.collect()),
            choices: choices.into_iter().map(Some).collect(),
        }
    }

    /// The number of choices on the screen.
    fn height(&self, cx: &Cx) -> usize {
        let frame = self.frame(Rect::new(0, 0, cx.room.0, cx.room.1));
        usize::from(frame.height.saturating_sub(AROUND)).max(1)
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
        let height = rows.saturating_add(AROUND).min(area.height);
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

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        match self.picker.on_key(key, self.height(cx)) {
            Picked::Taken => Reply::Taken,
            Picked::Close => Reply::Ask(Ask::Close),
            Picked::Line(line) => Reply::Ask(match self.choices[line].take() {
                Some(choice) => Ask::All(vec![Ask::Close, choice.ask]),
                None => Ask::Close,
            }),
        }
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.picker.on_paste(text);
    }

    fn settle(&mut self, cx: &Cx) {
        self.picker.step(0, self.height(cx));
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
        let typed = format!("/{}", self.picker.typed().text());
        text::put(
            buffer,
            (inner.x, inner.y),
            &typed,
            inner.width,
            prompt,
            ellipsis,
        );
        if self.picker.typed().text().is_empty() {
            let at = (inner.x + 2, inner.y);
            let ghost = cx.theme.style(Role::PromptGhost);
            let room = inner.width.saturating_sub(2);
            text::put(buffer, at, PROMPT, room, ghost, ellipsis);
        }
        let label = u16::try_from(self.label_width()).unwrap_or(0);
        let lines = self.picker.on_screen(self.height(cx));
        for (y, (line, on_cursor)) in (inner.y + 1..).zip(lines) {
            let Some(choice) = &self.choices[line] else {
                continue;
            };
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

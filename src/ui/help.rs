//! The help page: every key that works, searchable, and runnable.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Ask, Cx, FilterLine, Input, Layer, Pattern, Reply, text};
use crate::{
    keymap::{Area, Binding, Code, Key},
    resource,
    store::Store,
    theme::Role,
};

/// Cells for the keys.
const KEYS: u16 = 17;
/// Cells for where a key works.
const WHERE: u16 = 12;

enum Line {
    Binding(Box<Binding>),
    /// A view with its aliases, for the command line.
    View(String, &'static str),
}

/// The help page.
pub struct Help {
    lines: Vec<Line>,
    shown: Vec<usize>,
    cursor: usize,
    top: usize,
    typed: Input,
}

impl Help {
    /// All keys, those of the commands first, then those of the views, then what the command line knows.
    #[must_use]
    pub fn new(cx: &Cx) -> Self {
        let bindings = cx.keymap.bindings().iter().cloned();
        let mut lines: Vec<Line> = bindings
            .map(|binding| Line::Binding(Box::new(binding)))
            .collect();
        for view in resource::VIEWS {
            let mut names = format!(":{}", view.id());
            for alias in view.aliases() {
                names.push_str(&format!(" :{alias}"));
            }
            lines.push(Line::View(names, view.about()));
        }
        let shown = (0..lines.len()).collect();
        Self {
            lines,
            shown,
            cursor: 0,
            top: 0,
            typed: Input::default(),
        }
    }

    fn narrow(&mut self) {
        let pattern = Pattern::parse(self.typed.text()).ok().flatten();
        self.shown = (0..self.lines.len())
            .filter(|index| {
                let line = &self.lines[*index];
                let fields = [line.id(), &line.keys(), line.place(), line.about()].join("\n");
                pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.takes(&fields.to_lowercase()))
            })
            .collect();
        self.cursor = 0;
        self.top = 0;
    }

    fn step(&mut self, by: isize, cx: &Cx) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
        let height = usize::from(cx.room.1).max(1);
        if self.cursor < self.top {
            self.top = self.cursor;
        } else if self.cursor >= self.top + height {
            self.top = self.cursor + 1 - height;
        }
    }
}

impl Line {
    fn keys(&self) -> String {
        match self {
            Self::Binding(binding) if binding.keys.is_empty() => "(unbound)".to_owned(),
            Self::Binding(binding) => {
                let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
                keys.join(" ")
            }
            Self::View(names, _) => names.clone(),
        }
    }

    /// The name that overrides use, so that a command is found by it too.
    fn id(&self) -> &str {
        match self {
            Self::Binding(binding) => binding.id,
            Self::View(..) => "",
        }
    }

    fn place(&self) -> &'static str {
        match self {
            Self::Binding(binding) => match (binding.view, binding.area) {
                (Some(view), _) => view,
                (None, Area::Everywhere) => "everywhere",
                (None, Area::Table) => "tables",
                (None, Area::Page) => "pages",
            },
            Self::View(..) => "command line",
        }
    }

    fn about(&self) -> &'static str {
        match self {
            Self::Binding(binding) => binding.about,
            Self::View(_, about) => about,
        }
    }
}

impl Layer for Help {
    fn takes_text(&self) -> bool {
        true
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        let page = isize::try_from(cx.room.1.max(2)).unwrap_or(2) - 1;
        match (key.code, key.ctrl) {
            (Code::Esc, _) if !self.typed.text().is_empty() => {
                self.typed.set("");
                self.narrow();
            }
            (Code::Esc, _) | (Code::Char('c'), true) => return Reply::Ask(Ask::Close),
            (Code::Char('?' | 'q'), false) if self.typed.text().is_empty() => {
                return Reply::Ask(Ask::Close);
            }
            (Code::Up, _) | (Code::Char('p'), true) => self.step(-1, cx),
            (Code::Down, _) | (Code::Char('n'), true) => self.step(1, cx),
            (Code::PageUp, _) => self.step(-page, cx),
            (Code::PageDown, _) => self.step(page, cx),
            (Code::Enter, _) => {
                let line = self.shown.get(self.cursor).map(|index| &self.lines[*index]);
                let ask = match line {
                    Some(Line::Binding(binding)) => Ask::Run(binding.target),
                    Some(Line::View(names, _)) => {
                        let name = names.split(' ').next().unwrap_or_default();
                        Ask::Line(name.trim_start_matches(':').to_owned())
                    }
                    None => return Reply::Taken,
                };
                return Reply::Ask(Ask::All(vec![Ask::Close, ask]));
            }
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

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, cx: &Cx) {
        self.step(
            lines
                .and_then(|lines| isize::try_from(lines).ok())
                .unwrap_or(0),
            cx,
        );
    }

    fn settle(&mut self, cx: &Cx) {
        self.step(0, cx);
    }

    fn crumb(&self, _store: &Store) -> String {
        "help".to_owned()
    }

    fn status(&self) -> String {
        format!(
            "{} of {}, type to search, enter runs, esc leaves",
            self.shown.len(),
            self.lines.len()
        )
    }

    fn filter(&self) -> Option<FilterLine<'_>> {
        Some(FilterLine {
            text: self.typed.text(),
            cursor: Some(self.typed.cursor_cells()),
            complaint: None,
        })
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let ellipsis = cx.glyphs.ellipsis();
        for offset in 0..area.height {
            let at = self.top + usize::from(offset);
            let Some(line) = self.shown.get(at).map(|index| &self.lines[*index]) else {
                break;
            };
            let y = area.y + offset;
            let on_cursor = at == self.cursor;
            let style = |role| {
                cx.theme
                    .style(if on_cursor { Role::CursorRow } else { role })
            };
            if on_cursor {
                buffer.set_style(
                    Rect {
                        y,
                        height: 1,
                        ..area
                    },
                    style(Role::CursorRow),
                );
            }
            let keys = KEYS.min(area.width);
            text::put(
                buffer,
                (area.x + 1, y),
                &line.keys(),
                keys - 1,
                style(Role::Key),
                ellipsis,
            );
            let place = area.x + keys + 1;
            text::put(
                buffer,
                (place, y),
                line.place(),
                WHERE,
                style(Role::TextMuted),
                ellipsis,
            );
            let about = place + WHERE + 1;
            let room = area.right().saturating_sub(about);
            text::put(
                buffer,
                (about, y),
                line.about(),
                room,
                style(Role::Text),
                ellipsis,
            );
        }
    }

    fn text(&self, _cx: &Cx) -> String {
        let lines = self.shown.iter().map(|index| &self.lines[*index]);
        lines
            .map(|line| format!("{}\t{}\t{}\n", line.keys(), line.place(), line.about()))
            .collect()
    }
}

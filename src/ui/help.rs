//! The help page: every key that works, searchable, and runnable.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Ask, Cx, FilterLine, Layer, Reply,
    picker::{Picked, Picker},
    text,
};
use crate::{
    keymap::{Binding, Code, Key},
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
    picker: Picker,
}

impl Help {
    /// All keys: those of the view one comes from first, then those of the commands, then those of the other views,
    /// then what the command line knows.
    #[must_use]
    pub fn new(view: Option<&str>, cx: &Cx) -> Self {
        let mut bindings = cx.keymap.bindings().to_vec();
        bindings.sort_by_key(|binding| match view {
            Some(own) if binding.views.contains(&own) => 0,
            _ if binding.views.is_empty() => 1,
            _ => 2,
        });
        let bindings = bindings.into_iter();
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
        let fields = lines
            .iter()
            .map(|line| [line.id(), &line.keys(), &line.place(), line.about()].join("\n"));
        Self {
            picker: Picker::new(fields.collect()),
            lines,
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

    fn place(&self) -> String {
        match self {
            Self::Binding(binding) => binding.place(),
            Self::View(..) => "command line".to_owned(),
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
        let untouched = self.picker.typed().text().is_empty();
        let leaves = untouched && !key.ctrl && matches!(key.code, Code::Char('?' | 'q'));
        let picked = if leaves {
            Picked::Close
        } else {
            self.picker.on_key(key, cx.room.1.into())
        };
        let ask = match picked {
            Picked::Taken => return Reply::Taken,
            Picked::Close => return Reply::Ask(Ask::Close),
            Picked::Line(line) => match &self.lines[line] {
                Line::Binding(binding) => Ask::Run(binding.target),
                Line::View(names, _) => {
                    let name = names.split(' ').next().unwrap_or_default();
                    Ask::Line(name.trim_start_matches(':').to_owned())
                }
            },
        };
        Reply::Ask(Ask::All(vec![Ask::Close, ask]))
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.picker.on_paste(text);
    }

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, cx: &Cx) {
        let by = lines.and_then(|lines| isize::try_from(lines).ok());
        self.picker.step(by.unwrap_or(0), cx.room.1.into());
    }

    fn settle(&mut self, cx: &Cx) {
        self.picker.step(0, cx.room.1.into());
    }

    fn crumb(&self, _store: &Store) -> String {
        "help".to_owned()
    }

    fn status(&self) -> String {
        format!(
            "{} of {}, type to search, enter runs, esc leaves",
            self.picker.shown().len(),
            self.picker.total()
        )
    }

    fn filter(&self) -> Option<FilterLine<'_>> {
        Some(FilterLine {
            text: self.picker.typed().text(),
            cursor: Some(self.picker.typed().cursor_cells()),
            complaint: None,
        })
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let ellipsis = cx.glyphs.ellipsis();
        if self.picker.shown().is_empty() {
            let says = "No key or view fits; esc clears the search.";
            let style = cx.theme.style(Role::TextMuted);
            let room = area.width.saturating_sub(1);
            text::put(buffer, (area.x + 1, area.y), says, room, style, ellipsis);
        }
        for (y, (line, on_cursor)) in (area.y..).zip(self.picker.on_screen(area.height.into())) {
            let line = &self.lines[line];
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
            let place = area.x + keys + 1;
            // The names of a view take the room of both columns: that they are typed is plain to see.
            let (room, says) = match line {
                Line::Binding(_) => (keys - 1, line.place()),
                Line::View(..) => (keys + WHERE, String::new()),
            };
            text::put(
                buffer,
                (area.x + 1, y),
                &line.keys(),
                room,
                style(Role::Key),
                ellipsis,
            );
            text::put(
                buffer,
                (place, y),
                &says,
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
        let shown = self.picker.shown().iter();
        let lines = shown.map(|line| &self.lines[*line]);
        lines
            .map(|line| format!("{}\t{}\t{}\n", line.keys(), line.place(), line.about()))
            .collect()
    }
}

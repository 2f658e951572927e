//! Painting of a plan.

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Focus, PlanLayer};
use crate::{
    action::{Plan, Step},
    model::Arn,
    theme::Role,
    ui::{Cx, text},
};

/// Cells for the names of lines.
const LABEL: u16 = 10;
/// No wider than this: long lines are hard to read.
const WIDEST: u16 = 104;
/// Candidates on the screen.
const CANDIDATES: usize = 6;
/// Lines of the frame, the buttons and the gap above them.
const AROUND: u16 = 4;

/// One line of the text.
pub(super) struct Line {
    pub(super) label: &'static str,
    pub(super) text: String,
    role: Role,
}

impl Line {
    fn new(label: &'static str, text: String) -> Self {
        Self {
            label,
            text,
            role: Role::Text,
        }
    }

    fn loud(label: &'static str, text: String, role: Role) -> Self {
        Self { label, text, role }
    }
}

impl PlanLayer {
    fn frame(&self, area: Rect, cx: &Cx) -> Rect {
        let width = area.width.min(WIDEST);
        let inner = usize::from(width.saturating_sub(4));
        let lines = self.lines(inner, cx).len() + self.entry_lines(area.height);
        let height = u16::try_from(lines)
            .unwrap_or(u16::MAX)
            .saturating_add(AROUND)
            .min(area.height);
        Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 3,
            width,
            height,
        }
    }

    /// Lines that the questions take: what the deed asks for with its candidates, the wave, the name.
    fn entry_lines(&self, height: u16) -> usize {
        let entry = self
            .entry
            .as_ref()
            .map_or(0, |entry| 1 + entry.count().min(candidates(height)));
        entry + usize::from(self.wave.is_some()) + usize::from(self.guarded)
    }

    /// The furthest that the text scrolls.
    pub(super) fn last_top(&self, cx: &Cx) -> usize {
        let area = Rect::new(0, 0, cx.room.0, cx.room.1);
        let frame = self.frame(area, cx);
        let inner = usize::from(frame.width.saturating_sub(4));
        let room = usize::from(frame.height.saturating_sub(AROUND))
            .saturating_sub(self.entry_lines(area.height));
        self.lines(inner, cx).len().saturating_sub(room)
    }

    /// The text: the target, what changes, what that does, and how.
    pub(super) fn lines(&self, width: usize, cx: &Cx) -> Vec<Line> {
        let mut lines = Vec::new();
        for notice in &self.notices {
            lines.push(Line::loud("note", notice.clone(), Role::StatusWarn));
        }
        match &self.plan {
            Ok(plan) => Self::lines_of(plan, &mut lines, cx),
            Err(why) => {
                self.targets_of_rows(&mut lines, cx);
                let rows = match &self.proposal {
                    super::Proposal::Rows(_, rows) => rows.as_slice(),
                    super::Proposal::Changes(..) => &[],
                };
                lines.push(place(&[], rows.iter().map(|row| &row.arn), cx));
                lines.push(Line::loud("", why.clone(), Role::StatusWarn));
            }
        }
        let room = width.saturating_sub(usize::from(LABEL)).max(20);
        let mut wrapped = Vec::new();
        for line in lines {
            // A command is there to be copied; its beginning tells what it is.
            if line.label == "aws cli" {
                wrapped.push(line);
                continue;
            }
            let safe = text::clean(&line.text).into_owned();
            for (at, range) in text::wrap(&safe, room, 0).into_iter().enumerate() {
                wrapped.push(Line {
                    label: if at == 0 { line.label } else { "" },
                    text: safe[range].to_owned(),
                    role: line.role,
                });
            }
        }
        wrapped
    }

    fn targets_of_rows(&self, lines: &mut Vec<Line>, cx: &Cx) {
        if let super::Proposal::Rows(_, rows) = &self.proposal {
            for row in rows {
                let called = crate::resource::called(row, cx.store).to_owned();
                lines.push(Line::loud("target", called, Role::TextEmphasis));
                lines.push(Line::loud("", row.arn.as_str().to_owned(), Role::TextMuted));
            }
        }
    }

    fn lines_of(plan: &Plan, lines: &mut Vec<Line>, cx: &Cx) {
        let arrow = if cx.glyphs.ascii { "->" } else { "→" };
        let one = plan.steps.len() == 1;
        for step in &plan.steps {
            let label = if one { step.noun } else { "" };
            let label = if label.len() < usize::from(LABEL) {
                label
            } else {
                "target"
            };
            let title = if one {
                step.name.clone()
            } else {
                let (before, after) = (step.before(), step.after());
                if before == after {
                    format!("{}  {before} (stays)", step.name)
                } else {
                    format!("{}  {before} {arrow} {after}", step.name)
                }
            };
            lines.push(Line::loud(label, title, Role::TextEmphasis));
            lines.push(Line::loud(
                "",
                step.change.target().as_str().to_owned(),
                Role::TextMuted,
            ));
        }
        let targets = plan.steps.iter().map(|step| step.change.target());
        lines.push(place(&plan.steps, targets, cx));
        if let [step] = plan.steps.as_slice() {
            for (at, diff) in step.diffs.iter().enumerate() {
                let label = if at == 0 { "change" } else { "" };
                let text = if diff.before == diff.after {
                    format!("{}  {} (stays)", diff.what, diff.before)
                } else {
                    format!("{}  {} {arrow} {}", diff.what, diff.before, diff.after)
                };
                lines.push(Line::new(label, text));
            }
        }
        for (at, impact) in plan.impact.iter().enumerate() {
            lines.push(Line::new(
                if at == 0 { "impact" } else { "" },
                impact.clone(),
            ));
        }
        let mut warnings: Vec<_> = plan.steps.iter().flat_map(|step| &step.warnings).collect();
        warnings.sort();
        warnings.dedup();
        for warning in warnings {
            lines.push(Line::loud("warning", warning.clone(), Role::DialogDanger));
        }
        if let Some(step) = plan.steps.first() {
            let calls = step.calls.join(", then ");
            let each = if one {
                String::new()
            } else {
                " (for each)".to_owned()
            };
            lines.push(Line::loud(
                "calls",
                format!("{calls}{each}"),
                Role::TextMuted,
            ));
            let undo = match (&step.undo, one) {
                (Some(_), _) => "can be taken back with U",
                (None, _) => "cannot be taken back",
            };
            lines.push(Line::loud("undo", undo.to_owned(), Role::TextMuted));
            lines.push(Line::loud("aws cli", step.command.clone(), Role::TextMuted));
        }
    }

    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let frame = self.frame(area, cx);
        let title = match &self.plan {
            Ok(plan) => title(plan),
            Err(_) => self.deed.label.to_owned(),
        };
        text::panel(buffer, frame, &title, cx);
        let inner = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(2),
        };
        let questions = self.entry_lines(area.height);
        let room = usize::from(inner.height.saturating_sub(2)).saturating_sub(questions);
        let lines = self.lines(inner.width.into(), cx);
        let mut y = inner.y;
        for line in lines.iter().skip(self.top).take(room) {
            put_label(buffer, (inner.x, y), line.label, cx);
            let at = (inner.x + LABEL, y);
            let most = inner.width.saturating_sub(LABEL);
            let style = cx.theme.style(line.role);
            text::put(buffer, at, &line.text, most, style, cx.glyphs.ellipsis());
            y += 1;
        }
        self.paint_questions(Rect { y, ..inner }, area.height, buffer, cx);
        let hidden = lines.len().saturating_sub(self.top + room);
        self.paint_buttons(inner, hidden, buffer, cx);
    }

    fn paint_questions(&self, at: Rect, height: u16, buffer: &mut Buffer, cx: &Cx) {
        let mut y = at.y;
        if let Some(entry) = &self.entry {
            let label = entry.field.label;
            self.paint_input(
                Rect { y, ..at },
                (label, entry.input.text(), &entry.field.hint),
                Focus::Entry,
                buffer,
                cx,
            );
            y += 1;
            for (candidate, picked) in entry.on_screen(candidates(height)) {
                let style = cx.theme.style(if picked {
                    Role::CursorRow
                } else {
                    Role::TextMuted
                });
                let row = format!("{}  {}", candidate.value, candidate.detail);
                let most = at.width.saturating_sub(LABEL);
                text::put(
                    buffer,
                    (at.x + LABEL, y),
                    &row,
                    most,
                    style,
                    cx.glyphs.ellipsis(),
                );
                y += 1;
            }
        }
        if let Some(wave) = &self.wave {
            let hint = "at a time; the next wait until all is steady";
            self.paint_input(
                Rect { y, ..at },
                ("waves of", wave.text(), hint),
                Focus::Wave,
                buffer,
                cx,
            );
            y += 1;
        }
        if self.guarded {
            let hint = self
                .word()
                .map_or_else(String::new, |word| format!("type {word}"));
            self.paint_input(
                Rect { y, ..at },
                ("confirm", self.name.text(), &hint),
                Focus::Name,
                buffer,
                cx,
            );
        }
    }

    fn paint_input(
        &self,
        line: Rect,
        (label, typed, hint): (&'static str, &str, &str),
        focus: Focus,
        buffer: &mut Buffer,
        cx: &Cx,
    ) {
        let labels = u16::try_from(text::width(label) + 2)
            .unwrap_or(LABEL)
            .max(LABEL);
        let style = cx.theme.style(Role::PromptCommand);
        text::put(buffer, (line.x, line.y), label, line.width, style, "");
        let x = line.x + labels;
        let room = line.right().saturating_sub(x);
        // The end of what is typed stays on the screen.
        let shown = text::cut_start(
            &text::clean(typed),
            room.saturating_sub(2).into(),
            cx.glyphs.ellipsis(),
        );
        let used = text::put(
            buffer,
            (x, line.y),
            &shown,
            room,
            cx.theme.style(Role::TextEmphasis),
            "",
        );
        let has_focus = self.focus == focus;
        if has_focus {
            text::cursor(buffer, (x + used, line.y), cx);
        }
        let at = x + used + 2;
        let room = line.right().saturating_sub(at);
        let ghost = cx.theme.style(Role::PromptGhost);
        text::put(
            buffer,
            (at, line.y),
            hint,
            room,
            ghost,
            cx.glyphs.ellipsis(),
        );
    }

    fn paint_buttons(&self, inner: Rect, hidden: usize, buffer: &mut Buffer, cx: &Cx) {
        let y = inner.bottom().saturating_sub(1);
        let mut x = inner.x;
        for (focus, label) in [(Focus::Cancel, "[ Cancel ]"), (Focus::Run, "[ Run ]")] {
            let role = match focus {
                focus if focus == self.focus => Role::ButtonFocus,
                Focus::Run if self.hindrance().is_some() => Role::TextMuted,
                _ => Role::Text,
            };
            // Not by colour alone: the button that Enter would press is pointed at.
            let pointer = if focus == self.focus { ">" } else { " " };
            let style = cx.theme.style(role);
            x += text::put(buffer, (x, y), pointer, 1, cx.theme.style(Role::Key), "");
            x += text::put(buffer, (x, y), label, inner.width, style, "") + 1;
        }
        let mut hint = "tab moves  enter takes  esc cancels  ctrl-y copies".to_owned();
        if hidden > 0 {
            hint = format!("{hidden} more lines: pgdn  {hint}");
        }
        let room = inner.right().saturating_sub(x + 1);
        text::put(
            buffer,
            (x + 1, y),
            &hint,
            room,
            cx.theme.style(Role::Hint),
            cx.glyphs.ellipsis(),
        );
    }
}

/// Candidates that are shown on a screen of this height.
fn candidates(height: u16) -> usize {
    CANDIDATES.min(usize::from(height) / 4)
}

fn title(plan: &Plan) -> String {
    match plan.steps.as_slice() {
        [one] => one.title.to_owned(),
        several => {
            let first = several.first().map_or("", |step| step.title);
            format!("{first}: {} targets", several.len())
        }
    }
}

fn put_label(buffer: &mut Buffer, at: (u16, u16), label: &str, cx: &Cx) {
    text::put(
        buffer,
        at,
        label,
        LABEL,
        cx.theme.style(Role::TextMuted),
        "",
    );
}

/// Where the targets are: cluster, account, regions, and as whom.
fn place<'a>(steps: &[Step], targets: impl Iterator<Item = &'a Arn>, cx: &Cx) -> Line {
    let clusters = steps.iter().filter_map(|step| step.change.cluster());
    let clusters: BTreeSet<&str> = clusters.map(Arn::name).collect();
    let noun = if clusters.len() == 1 {
        "cluster"
    } else {
        "clusters"
    };
    let clusters = clusters.into_iter().collect::<Vec<_>>().join(" and ");
    let account = cx
        .store
        .identity()
        .map_or("not known yet", |identity| identity.account.as_str());
    let context = cx.context;
    let regions: BTreeSet<&str> = targets.map(Arn::region).collect();
    let region = match regions.len() {
        0 => context.region.clone(),
        _ => regions.into_iter().collect::<Vec<_>>().join(" and "),
    };
    let text = format!(
        "{}account {account}, {}, profile {}",
        if clusters.is_empty() {
            String::new()
        } else {
            format!("{noun} {clusters}, ")
        },
        region,
        context.profile
    );
    Line::new("in", text)
}

//! The chart layer: CPU, memory and network of up to the last quarter of an hour, a line for each container or task.

mod draw;
mod plot;
mod scale;
mod window;

use ratatui::{buffer::Buffer, layout::Rect};

use self::window::Window;
use super::{Ask, Cx, Layer, Need, Reply, clean, layer::Hint};
use crate::{
    keymap::{Area, Command, Target},
    model::{Arn, Query, Subject},
    resource::{self, Chart, Live, Panel, Series},
    store::Store,
};

/// Charts of one container, task or service.
pub struct ChartLayer {
    subject: Subject,
    chart: Option<Chart>,
    /// How far back all of them reach.
    window: Window,
    /// The first chart on the screen, where not all of them fit.
    panel: usize,
    /// The first line that is drawn, where there are more than can be told apart.
    top: usize,
    /// What it takes to say what the thing uses.
    live: Option<Live>,
}

impl ChartLayer {
    /// Charts that have not looked at the store yet.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            chart: None,
            window: Window::default(),
            panel: 0,
            top: 0,
            live: None,
        }
    }

    /// The view that lists things of this kind.
    fn view_of(&self) -> &'static str {
        match (&self.subject.part, self.subject.arn.kind()) {
            (Some(_), _) => "containers",
            (None, "service") => "services",
            (None, _) => "tasks",
        }
    }

    fn panels(&self) -> &[Panel] {
        self.chart.as_ref().map_or(&[], |chart| &chart.panels)
    }

    /// The most lines that a chart has.
    fn lines(&self) -> usize {
        let counts = self.panels().iter().map(|panel| panel.series.len());
        counts.max().unwrap_or(0)
    }

    /// The lines of a panel that are drawn, with their place among all of them.
    fn drawn<'a>(
        &self,
        panel: &'a Panel,
        most: usize,
    ) -> impl Iterator<Item = (usize, &'a Series)> {
        let series = panel.series.iter().enumerate();
        series.skip(self.top).take(most)
    }

    fn turn_to(&mut self, panel: usize) -> Reply {
        self.panel = panel.min(self.panels().len().saturating_sub(1));
        Reply::Taken
    }

    fn turn_by(&mut self, by: usize) -> Reply {
        let count = self.panels().len().max(1);
        self.turn_to((self.panel + by) % count)
    }

    /// The figures, a line for each: chart, name, seconds before now, value.
    fn table(&self) -> String {
        let mut text = String::from("CHART\tNAME\tSECONDS\tVALUE\n");
        for panel in self.panels() {
            for series in &panel.series {
                for (before, value) in series.runs.iter().flatten() {
                    let name = clean(&series.name);
                    text.push_str(&format!("{}\t{name}\t{before:.0}\t{value}\n", panel.title));
                }
            }
        }
        text
    }
}

impl Layer for ChartLayer {
    fn area(&self) -> Area {
        Area::Chart
    }

    fn on_command(&mut self, command: Command, cx: &Cx) -> Reply {
        let count = self.panels().len();
        let last = self.lines().saturating_sub(draw::most_lines(cx.room));
        match command {
            Command::Up => self.top = self.top.saturating_sub(1),
            Command::Down => self.top = (self.top + 1).min(last),
            Command::Top => self.top = 0,
            Command::Bottom => self.top = last,
            Command::NextPanel | Command::Right => return self.turn_by(1),
            Command::Left => return self.turn_by(count.saturating_sub(1)),
            Command::PanelOne => return self.turn_to(0),
            Command::PanelTwo => return self.turn_to(1),
            Command::PanelThree => return self.turn_to(2),
            Command::CopyName => {
                return Reply::Ask(Ask::Copy("figures".to_owned(), self.table()));
            }
            Command::Save => {
                let stem = self.crumb(cx.store).replace([' ', '/', ':'], "-");
                return Reply::Ask(Ask::Save(stem, self.table()));
            }
            _ => return Reply::Ignored,
        }
        Reply::Taken
    }

    fn on_mouse(&mut self, lines: Option<i32>, _row: u16, cx: &Cx) {
        let command = match lines {
            Some(lines) if lines < 0 => Command::Up,
            Some(_) => Command::Down,
            None => return,
        };
        let _ = self.on_command(command, cx);
    }

    fn hints(&self, cx: &Cx) -> Vec<Hint> {
        let mut hints = vec![Hint::of(Target::Command(Command::Back))];
        if draw::visible_panels(cx.room, self.panels().len()) < self.panels().len() {
            hints.push(Hint::of(Target::Command(Command::NextPanel)));
        }
        if self.lines() > draw::most_lines(cx.room) {
            hints.push(Hint::named(Target::Command(Command::Down), "further lines"));
        }
        hints.push(Hint::named(
            Target::Command(Command::CopyName),
            "copy figures",
        ));
        hints.push(Hint::named(Target::Command(Command::Save), "save figures"));
        hints
    }

    fn needs(&self, store: &Store) -> Vec<Need> {
        let arn = &self.subject.arn;
        let own = match store.cluster_of(arn) {
            None => store.around(arn, Query::Clusters),
            Some(cluster) if self.view_of() == "services" => Query::Service {
                cluster,
                service: arn.clone(),
            },
            Some(cluster) => Query::Task {
                cluster,
                task: arn.clone(),
            },
        };
        let further = Need::further(self.live.as_ref());
        std::iter::once(Need::of(own)).chain(further).collect()
    }

    fn watched(&self) -> Option<&[Arn]> {
        self.live.as_ref().map(|live| live.tasks.as_slice())
    }

    fn subject(&self) -> Option<Subject> {
        Some(self.subject.clone())
    }

    fn settle(&mut self, cx: &Cx) {
        let view = resource::find(self.view_of());
        let rows = std::slice::from_ref(&self.subject);
        self.live = view.and_then(|view| view.live(rows, &cx.model()));
        self.chart = resource::chart(&self.subject, &cx.model());
        if let Some(seconds) = self.chart.as_ref().and_then(|chart| chart.reach) {
            self.window = self.window.then(seconds);
        }
        self.panel = self.panel.min(self.panels().len().saturating_sub(1));
        let last = self.lines().saturating_sub(draw::most_lines(cx.room));
        self.top = self.top.min(last);
    }

    fn crumb(&self, store: &Store) -> String {
        format!("chart of {}", resource::called(&self.subject, store))
    }

    fn status(&self) -> String {
        match self.lines() {
            0 => String::new(),
            1 => "1 line".to_owned(),
            lines => format!("{lines} lines"),
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint(area, buffer, cx);
    }

    fn text(&self, _cx: &Cx) -> String {
        self.table()
    }
}

//! What layers ask for, and moving between places.

use super::{
    App, Effect,
    history::{Stop, Trail},
};
use crate::{
    model::{Arn, Now, Query, Subject},
    resource::{self, Place, Scope, Step},
    store::Listing,
    ui::{self, Ask, Layer, Level, PageLayer, Reply, TableLayer},
};

impl App {
    pub(super) fn perform(&mut self, reply: Reply, now: Now) {
        if let Reply::Ask(ask) = reply {
            self.ask(ask, now);
        }
    }

    fn ask(&mut self, ask: Ask, now: Now) {
        match ask {
            Ask::Step(Step::Open(place)) => self.open(place),
            Ask::Step(Step::Describe(view, subject)) => {
                if let Some(view) = resource::find(view) {
                    self.layers
                        .push(Box::new(PageLayer::describe(view, subject)));
                }
            }
            Ask::Jump(place) => self.jump(&place),
            Ask::Find(text) => self.find(&text),
            Ask::Visit(spot) => self.visit(spot, now),
            Ask::Run(target) => self.run(target, now),
            Ask::Push(layer) => self.layers.push(layer),
            Ask::Close => self.close(),
            Ask::All(asks) => {
                for ask in asks {
                    self.ask(ask, now);
                }
            }
            Ask::SortBy(column) => {
                let cx = self.scene.cx(now);
                if let Some(top) = self.layers.last_mut() {
                    top.sort_by(column, &cx);
                }
            }
            Ask::Filter(text) => {
                if let Some(top) = self.layers.last_mut() {
                    top.set_filter(&text);
                }
            }
            Ask::ShowRaw(subject) => {
                self.layers.push(Box::new(PageLayer::raw(subject.clone())));
                self.fetch_raw(subject);
            }
            Ask::FetchRaw(subject) => self.fetch_raw(subject),
            // What leaves the program is read by other terminals and pasted into shells.
            Ask::Copy(what, text) => {
                let text = ui::clean_lines(&text);
                self.effects.push(Effect::Copy { what, text });
            }
            Ask::Save(stem, text) => {
                let text = ui::clean_lines(&text);
                self.effects.push(Effect::Save { stem, text });
            }
            Ask::Theme(name) => match (self.find_theme)(&name) {
                Ok(theme) => self.scene.theme = theme,
                Err(why) => self.say(Level::Warn, why, now),
            },
            Ask::Remember(line) => self.remember(line),
            Ask::Line(line) => {
                let asked = ui::parse_line(&line, &self.scene.cx(now));
                match asked {
                    Ok(asks) => self.ask(Ask::All(asks), now),
                    Err(why) => self.say(Level::Warn, why, now),
                }
            }
            Ask::Plan(proposal) => self.open_plan(proposal),
            Ask::Act(steps, wave) => self.act(steps, wave, now),
            Ask::Contexts(section) => self.choose_context(section),
            Ask::Profile(name) => self.wish_profile(name),
            Ask::Region(name) => self.wish_region(&name, now),
            Ask::GoToProfile(known) => self.go_to_profile(&known, now),
            Ask::GoToRegion(region) => self.go_to_region(&region, now),
            Ask::Halt => {
                if !self.halt_waves(now) {
                    self.say(Level::Info, "nothing is done in waves".to_owned(), now);
                }
            }
            Ask::Say(level, text) => self.say(level, text, now),
            Ask::Quit => self.effects.push(Effect::Quit),
        }
    }

    fn remember(&mut self, line: String) {
        if !line.trim().is_empty() {
            self.lines.retain(|earlier| *earlier != line);
            self.lines.push(line);
        }
    }

    fn fetch_raw(&mut self, subject: Subject) {
        let cluster = self.scene.store.cluster_of(&subject.arn);
        self.effects.push(Effect::Raw {
            epoch: self.epoch,
            subject,
            cluster,
        });
    }

    /// Goes one level deeper.
    fn open(&mut self, place: Place) {
        self.keep_cursor();
        if let Some(table) = TableLayer::new(place) {
            self.layers.push(Box::new(table));
            self.record();
        }
    }

    /// Starts anew at a place, with its parents behind it.
    pub(super) fn jump(&mut self, place: &Place) {
        self.jump_to(place, None);
    }

    /// The same, with the cursor on a thing there.
    pub(super) fn jump_to(&mut self, place: &Place, cursor: Option<Subject>) {
        self.keep_cursor();
        let mut trail = self.parents(place);
        if let Some(last) = trail.last_mut().filter(|_| cursor.is_some()) {
            last.cursor = cursor;
        }
        self.walk(&trail);
        self.record();
    }

    /// Takes the top layer away; the root stays.
    pub(super) fn pop(&mut self) {
        self.keep_cursor();
        self.close();
        self.record();
    }

    fn close(&mut self) {
        if self.layers.len() > 1 {
            self.layers.pop();
        }
    }

    pub(super) fn go_home(&mut self) {
        self.jump(&Place::root());
    }

    /// Goes back (-1) or forward (1) in time, or to the place before the last move (0).
    pub(super) fn travel(&mut self, by: isize, now: Now) {
        self.keep_cursor();
        let trail = if by == 0 {
            self.history.last()
        } else {
            self.history.step(by)
        };
        match trail {
            Some(trail) => self.walk(&trail),
            None => self.say(
                Level::Info,
                "there is no further place that way".to_owned(),
                now,
            ),
        }
    }

    /// The tables from the root to a place.
    fn parents(&self, place: &Place) -> Trail {
        let store = &self.scene.store;
        let stop = |place: Place, cursor: Option<Subject>| Stop {
            place,
            cursor,
            filter: String::new(),
        };
        let root = Place::root();
        if *place == root {
            return vec![stop(root, None)];
        }
        let of = place.scope.of.clone();
        let Some(of) = of else {
            return vec![stop(root, None), stop(place.clone(), None)];
        };
        let cluster = store.cluster_of(&of.arn).map(|arn| Subject::whole(&arn));
        let mut trail = vec![stop(root.clone(), cluster.clone())];
        if let Some(cluster) = cluster.filter(|cluster| *cluster != of) {
            let service = match of.arn.kind() {
                "service" => Some(of.clone()),
                "task" => store.task(&of.arn).and_then(|task| {
                    let name = task.service_name()?;
                    let service = store.service_named(&task.cluster, name)?;
                    Some(Subject::whole(&service.arn))
                }),
                _ => None,
            };
            let view = if of.arn.kind() == "container-instance" {
                "instances"
            } else {
                "services"
            };
            trail.push(stop(Place::of(view, cluster), service.clone()));
            if of.arn.kind() == "task"
                && let Some(service) = service
            {
                trail.push(stop(Place::of("tasks", service), Some(of)));
            }
        } else if of.arn.kind() == "repository" {
            let repositories = Place {
                view: "repositories",
                scope: Scope::account(),
            };
            trail = vec![stop(root, None), stop(repositories, Some(of))];
        } else if of.arn.kind() == "family" {
            let families = Place {
                view: "families",
                scope: Scope::account(),
            };
            trail = vec![stop(root, None), stop(families, Some(of))];
        }
        trail.push(stop(place.clone(), None));
        trail
    }

    /// Replaces the layers by the tables of a trail.
    fn walk(&mut self, trail: &Trail) {
        let mut layers: Vec<Box<dyn Layer>> = Vec::new();
        for stop in trail {
            let Some(mut table) = TableLayer::new(stop.place.clone()) else {
                continue;
            };
            if let Some(cursor) = &stop.cursor {
                table.select(cursor.clone());
            }
            if !stop.filter.is_empty() {
                table.set_filter(&stop.filter);
            }
            layers.push(Box::new(table));
        }
        if !layers.is_empty() {
            self.layers = layers;
        }
    }

    fn trail(&self) -> Trail {
        let tables = self.layers.iter().filter_map(|layer| {
            let place = layer.place()?.clone();
            let filter = layer
                .filter()
                .map(|filter| filter.text.to_owned())
                .unwrap_or_default();
            Some(Stop {
                place,
                cursor: layer.subject(),
                filter,
            })
        });
        tables.collect()
    }

    fn keep_cursor(&mut self) {
        let trail = self.trail();
        self.history.refresh(trail);
    }

    pub(super) fn record(&mut self) {
        let trail = self.trail();
        self.history.record(trail);
    }

    /// Notes what the places up to the root look at, for the command line.
    pub(super) fn look_around(&mut self) {
        let around = self
            .layers
            .iter()
            .rev()
            .filter_map(|layer| layer.place().and_then(|place| place.scope.of.clone()));
        self.scene.around = around.collect();
        let table = self
            .layers
            .iter()
            .rev()
            .find(|layer| layer.place().is_some());
        self.scene.under_cursor = table.and_then(|table| table.subject());
    }

    /// Goes where the command line said to start, once the names are known.
    pub(super) fn go_to_start(&mut self, now: Now) {
        let Some((cluster, service)) = self.start.clone() else {
            return;
        };
        let store = &self.scene.store;
        let is_meant = |known: &Arn| known.name() == cluster || known.as_str() == cluster;
        let clusters = store.clusters().map(|known| &known.arn);
        let named: Vec<Arn> = clusters.filter(|known| is_meant(known)).cloned().collect();
        // As long as a region is not listed, it may have one too.
        let all_answered = store.is_listed(Query::Clusters, |listing| {
            listing.is_current() || listing.fault().is_some()
        });
        if store.has_regions() && cluster != named.first().map_or("", Arn::as_str) && !all_answered
        {
            return;
        }
        if named.len() > 1 {
            self.start = None;
            let places: Vec<_> = named.iter().map(Arn::region).collect();
            let text = format!("{cluster} is in {}: choose one", places.join(" and "));
            self.say(Level::Warn, text, now);
            return;
        }
        let Some(found) = named.into_iter().next() else {
            if store.is_listed(Query::Clusters, Listing::is_current) {
                self.start = None;
                let place = if store.has_regions() {
                    "these regions"
                } else {
                    "this region"
                };
                let text = format!("there is no cluster {cluster} in {place}");
                self.say(Level::Warn, text, now);
            }
            return;
        };
        let services = Place::of("services", Subject::whole(&found));
        if self.layers.len() == 1 {
            self.jump(&services);
        }
        let Some(name) = service else {
            self.start = None;
            return;
        };
        let store = &self.scene.store;
        if let Some(service) = store.service_named(&found, &name) {
            let place = Place::of("tasks", Subject::whole(&service.arn));
            self.start = None;
            self.jump(&place);
        } else if store
            .listing(&Query::Services {
                cluster: found.clone(),
            })
            .is_current()
        {
            self.start = None;
            self.say(
                Level::Warn,
                format!("there is no service {name} in {cluster}"),
                now,
            );
        }
    }
}

//! What is done to the account: from the key to the plan, from the plan to the outside, and what comes of it. Nothing
//! here sends anything; it is the one place that asks for it to be sent.

use std::collections::HashMap;

use super::{App, Effect, waves::Waves};
use crate::{
    action::{self, Deed, Step},
    model::{Act, Arn, Change, Done, Entity, Now, Outcome, Query, Record, Subject, Verdict},
    resource,
    ui::{Ask, Choice, Level, Menu, PlanLayer, Proposal},
};

/// Whether an account, a profile or a cluster of this name is to be treated with more care.
pub type Protects = Box<dyn Fn(&str) -> bool + Send>;

/// What is under way.
pub(super) struct Deeds {
    /// The number of acts so far.
    count: u64,
    pending: HashMap<u64, Pending>,
    pub(super) waves: Option<Waves>,
    protects: Protects,
}

/// An act that the outside was asked for.
struct Pending {
    step: Step,
    record: Record,
}

impl Deeds {
    pub(super) fn new(protects: Protects) -> Self {
        Self {
            count: 0,
            pending: HashMap::new(),
            waves: None,
            protects,
        }
    }
}

impl App {
    /// The rows that a deed would be done to, and the view that they are rows of.
    fn targets(&self) -> Option<(&'static str, Vec<Subject>)> {
        self.layers.last().and_then(|layer| layer.targets())
    }

    /// Begins a deed on the rows that are marked or under the cursor.
    pub(super) fn begin(&mut self, id: &'static str, now: Now) {
        let Some(deed) = action::find(id) else { return };
        let Some((view, subjects)) = self.targets() else {
            return;
        };
        if !deed.views.contains(&view) {
            let text = format!("{} works on {}", deed.label, deed.views.join(", "));
            self.say(Level::Info, text, now);
            return;
        }
        match self.refusal(deed, &subjects, now) {
            Some(why) => self.say(Level::Warn, why, now),
            None => self.choose_part(deed, subjects, now),
        }
    }

    /// Why a deed cannot be done to these rows; none if it can.
    fn refusal(&self, deed: &Deed, subjects: &[Subject], now: Now) -> Option<String> {
        if self.scene.context.readonly {
            return Some("this session is read-only: nothing can be changed".to_owned());
        }
        // What may be changed, and with how much care, depends on the account. Where it cannot be had, what the user's
        // patterns say of accounts is checked before anything is sent.
        let store = &self.scene.store;
        if store.identity().is_none() && store.listing(&Query::Identity).fault().is_none() {
            return Some("the account is not known yet: try again in a moment".to_owned());
        }
        if subjects.is_empty() {
            return Some("there is no row under the cursor".to_owned());
        }
        if subjects.len() > 1 && !deed.batch {
            return Some(format!(
                "{} is for one row at a time; esc takes the marks away",
                deed.label
            ));
        }
        let cx = self.scene.cx(now).model();
        subjects
            .iter()
            .find_map(|subject| (deed.refuse)(subject, &cx))
    }

    /// Has a part of the row chosen first, where there are several; then opens the plan.
    fn choose_part(&mut self, deed: &'static Deed, subjects: Vec<Subject>, now: Now) {
        let cx = self.scene.cx(now).model();
        let parts = match subjects.as_slice() {
            [one] => (deed.parts)(one, &cx),
            _ => Vec::new(),
        };
        if parts.is_empty() {
            self.open_plan(Proposal::Rows(deed, subjects));
            return;
        }
        let choices = parts.into_iter().map(|(part, detail)| Choice {
            label: part.name().to_owned(),
            detail,
            ask: Ask::Plan(Proposal::Rows(deed, vec![part])),
        });
        let menu = Menu::new("Which container?", choices.collect());
        self.layers.push(Box::new(menu));
    }

    pub(super) fn open_plan(&mut self, proposal: Proposal) {
        let targets: Vec<Arn> = match &proposal {
            Proposal::Rows(_, rows) => rows.iter().map(|row| row.arn.clone()).collect(),
            Proposal::Changes(changes, _) => changes
                .iter()
                .map(|change| change.target().clone())
                .collect(),
        };
        let guarded = targets.iter().any(|target| self.is_protected(target));
        if let Some(plan) = PlanLayer::new(proposal, guarded) {
            self.layers.push(Box::new(plan));
        }
    }

    /// Whether the user's patterns ask for more care with a target: by account, profile or cluster.
    fn is_protected(&self, target: &Arn) -> bool {
        let protects = &self.deeds.protects;
        let store = &self.scene.store;
        let cluster = store.cluster_of(target);
        let cluster = cluster.as_ref().map(Arn::name);
        let account = store.identity().map(|identity| identity.account.as_str());
        let profile = self.scene.context.profile.as_str();
        let both = account.map(|account| format!("{account}-{profile}"));
        [cluster, account, Some(profile), both.as_deref()]
            .into_iter()
            .flatten()
            .any(protects)
    }

    /// Opens the menu of everything that can be done to the row.
    pub(super) fn open_actions(&mut self, now: Now) {
        let Some((view, subjects)) = self.targets() else {
            self.say(
                Level::Info,
                "there is nothing here to act on".to_owned(),
                now,
            );
            return;
        };
        let choices: Vec<_> = action::on(view)
            .map(|deed| {
                let binding = self
                    .scene
                    .keymap
                    .binding(crate::keymap::Target::Deed(deed.id));
                let key = binding.and_then(|binding| binding.keys.first());
                let key = key.map_or_else(String::new, ToString::to_string);
                let label = format!("{key:<3}{}", deed.label);
                match self.refusal(deed, &subjects, now) {
                    Some(why) => Choice {
                        label,
                        detail: format!("not here: {why}"),
                        ask: Ask::Say(Level::Warn, why),
                    },
                    None => Choice {
                        label,
                        detail: deed.about.to_owned(),
                        ask: Ask::Run(crate::keymap::Target::Deed(deed.id)),
                    },
                }
            })
            .collect();
        if choices.is_empty() {
            let text = format!("nothing can be done to {view}");
            self.say(Level::Info, text, now);
            return;
        }
        self.layers.push(Box::new(Menu::new("Actions", choices)));
    }

    /// Does what was confirmed.
    pub(super) fn act(&mut self, steps: Vec<Step>, wave: usize, now: Now) {
        if self.scene.context.readonly {
            let text = "this session is read-only: nothing was sent".to_owned();
            self.say(Level::Warn, text, now);
            return;
        }
        match <[Step; 1]>::try_from(steps) {
            Ok([step]) => {
                let text = format!("{}: on its way", self.words_for(&step));
                self.say(Level::Info, text, now);
                self.send(step, now);
            }
            Err(steps) if self.deeds.waves.is_some() => {
                let _ = steps;
                let text =
                    "another one is done in waves: wait for it, or stop it with :halt".to_owned();
                self.say(Level::Warn, text, now);
            }
            Err(steps) => {
                self.deeds.waves = Some(Waves::new(steps, wave));
                self.next_wave(now);
            }
        }
    }

    /// Has one step sent, and notes that it is under way. Returns the id of its record.
    pub(super) fn send(&mut self, step: Step, now: Now) -> String {
        self.deeds.count += 1;
        let id = self.deeds.count;
        let identity = self.scene.store.identity();
        let context = &self.scene.context;
        let record = Record {
            id: format!("{}-{id}", now.wall.0),
            at: now.wall,
            deed: action::of(&step.change)
                .map_or("", |deed| deed.id)
                .to_owned(),
            target: step.change.target().clone(),
            name: step.name.clone(),
            account: identity.map_or_else(String::new, |identity| identity.account.clone()),
            region: self.scene.region_of(step.change.target()).to_owned(),
            profile: context.profile.clone(),
            principal: identity.map_or_else(String::new, |identity| identity.principal.clone()),
            before: step.before(),
            after: step.after(),
            requests: Vec::new(),
            verdict: Verdict::UnderWay,
            undo: None,
        };
        let act = Act {
            id,
            change: step.change.clone(),
            facts: step.facts.clone(),
        };
        self.effects.push(Effect::Act {
            epoch: self.epoch,
            act: Box::new(act),
            record: Box::new(record.clone()),
        });
        let name = record.id.clone();
        self.scene.store.take_record(record.clone());
        self.deeds.pending.insert(id, Pending { step, record });
        name
    }

    /// Takes in what came of an act.
    pub(super) fn on_acted(&mut self, id: u64, epoch: u64, outcome: Outcome, now: Now) {
        let Some(Pending { step, record }) = self.deeds.pending.remove(&id) else {
            return;
        };
        let mut record = record.concluded(&outcome);
        let here = epoch == self.epoch;
        // What was begun before a switch is told with its place.
        let elsewhere = if here {
            String::new()
        } else {
            format!(" of {} in {}", record.profile, record.region)
        };
        match outcome {
            Outcome::Done(done) => {
                record.undo.clone_from(&step.undo);
                if here {
                    self.take_in(done.entities.clone());
                    self.hurry_for(&step.change);
                    self.follow(&step, &record, now);
                }
                self.tell_done(&step, &record, &elsewhere, &done, now);
                if here {
                    self.offer(&step.change, now);
                }
            }
            Outcome::Changed {
                differences,
                entities,
            } => {
                if here {
                    self.take_in(entities);
                    let notices = differences
                        .into_iter()
                        .map(|difference| format!("nothing was sent: {difference}"));
                    let proposal = Proposal::Changes(vec![step.change.clone()], notices.collect());
                    if self.deeds.waves.is_none() {
                        self.open_plan(proposal);
                    }
                } else {
                    let text = format!(
                        "{}{elsewhere}: it had changed meanwhile, nothing was sent",
                        self.words_for(&step)
                    );
                    self.say(Level::Warn, text, now);
                }
            }
            Outcome::Failed {
                fault,
                unsure,
                written,
                ..
            } => {
                let mut text = format!("{}{elsewhere}: {fault}", self.words_for(&step));
                if unsure {
                    text.push_str(
                        "; it may have taken effect all the same: look before trying again",
                    );
                }
                if !written.is_empty() {
                    text.push_str(&format!("; {written}"));
                }
                self.say(Level::Error, text, now);
                if here {
                    self.hurry_for(&step.change);
                }
            }
        }
        let ended = record.clone();
        self.scene.store.take_record(record);
        self.wave_acted(&ended, now);
    }

    /// What a step does to what, `scale prod/api`, and where, if that is not clear.
    fn words_for(&self, step: &Step) -> String {
        let name = resource::placed(&step.name, step.change.target(), &self.scene.store);
        format!("{} {name}", step.title.to_lowercase())
    }

    fn tell_done(&mut self, step: &Step, record: &Record, elsewhere: &str, done: &Done, now: Now) {
        let mut text = format!("{}{elsewhere}: done", self.words_for(step));
        if let Some(registered) = &done.registered {
            text.push_str(&format!(", as {}", registered.name()));
        }
        if !done.note.is_empty() {
            text.push_str(&format!("; {}", done.note));
        }
        let can_undo = record.undo.is_some() && elsewhere.is_empty();
        if can_undo {
            text.push_str("  (u takes it back)");
        }
        if let Some(request) = record.requests.last() {
            text.push_str(&format!("  request {request}"));
        }
        self.say(Level::Info, text, now);
        if let Some(toast) = &mut self.toast {
            toast.undo = can_undo.then(|| record.id.clone());
        }
    }

    /// Offers to redeploy the services that a change is of use to only then.
    fn offer(&mut self, change: &Change, now: Now) {
        let cx = self.scene.cx(now).model();
        let services = action::of(change).map(|deed| (deed.then)(change, &cx));
        let services = services.filter(|services| !services.is_empty());
        let (Some(services), Some(redeploy)) = (services, action::find("redeploy")) else {
            return;
        };
        // Whoever is in the middle of something else is not interrupted.
        if self.layers.last().is_some_and(|top| !top.is_overlay()) {
            self.open_plan(Proposal::Rows(redeploy, services));
        }
    }

    fn take_in(&mut self, entities: Vec<Entity>) {
        self.scene.store.take_entities(entities);
    }

    /// Has everything that shows what was changed asked for at once.
    fn hurry_for(&mut self, change: &Change) {
        let mut queries: Vec<_> = self
            .front()
            .map(|layer| layer.needs(&self.scene.store))
            .unwrap_or_default()
            .into_iter()
            .map(|need| need.query)
            .collect();
        if let (Some(cluster), "service") = (change.cluster(), change.target().kind()) {
            queries.push(Query::Service {
                cluster: cluster.clone(),
                service: change.target().clone(),
            });
        }
        if let "repository" = change.target().kind() {
            queries.push(Query::Images {
                repository: change.target().clone(),
            });
        }
        for query in queries {
            if !query.is_immutable() && !matches!(query, Query::Metrics { .. }) {
                self.schedule.hurry(&query);
            }
        }
    }

    /// Opens the plan that takes a deed back.
    pub(super) fn undo(&mut self, id: Option<&str>, now: Now) {
        let store = &self.scene.store;
        let record = match id {
            Some(id) => store.record(id),
            None => store.records().iter().find(|record| record.undo.is_some()),
        };
        let found = record.and_then(|record| {
            let change = record.undo.clone()?;
            Some((change, record.clone()))
        });
        let Some((change, record)) = found else {
            let text = match record {
                Some(record) => format!(
                    "{} {} cannot be taken back from here",
                    record.deed, record.name
                ),
                None => "there is nothing to take back; :audit shows what was done".to_owned(),
            };
            self.say(Level::Info, text, now);
            return;
        };
        if self.scene.context.readonly {
            self.say(
                Level::Warn,
                "this session is read-only: nothing can be changed".to_owned(),
                now,
            );
            return;
        }
        // It would be sent to wherever the session looks now.
        if !self.is_of_here(&record) {
            let text = format!(
                "{} {} was done in {}, {}: go there first ({} switches)",
                record.deed,
                record.name,
                record.profile,
                record.region,
                self.scene
                    .keymap
                    .key_of(crate::keymap::Command::Context)
                    .map_or_else(|| ":context".to_owned(), |key| key.to_string()),
            );
            self.say(Level::Warn, text, now);
            return;
        }
        let notice = format!("takes back: {} {}", record.deed, record.name);
        self.open_plan(Proposal::Changes(vec![change], vec![notice]));
    }
}

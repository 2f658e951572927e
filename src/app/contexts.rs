//! Going to another account or region: from the choice to the new context. Nothing of the old one goes along but the
//! record of what was done.

use super::{App, Connection, Effect, Link, feeds::Feeds, find::Finds, history::History, root};
use crate::{
    model::{
        Contexts, Destination, Ending, KnownProfile, Now, Record, Rollout, Timestamp, is_region,
        join_regions, regions,
    },
    ui::{Context, Level, Section, Switcher},
};

/// The context that is looked at.
pub(super) struct Here {
    /// What was asked for.
    pub(super) to: Destination,
    /// The profile and region that the program was started with, once they are known.
    home: Option<(String, String)>,
    /// Whether nothing can be changed in any context.
    readonly: bool,
    /// What everything waits for, and since when.
    pub(super) waits: Option<(String, Timestamp)>,
    /// What a line of the command line asks for, until the profiles are known.
    wish: Option<Wish>,
}

/// A switch by name.
enum Wish {
    Profile(String),
    Region(String),
}

impl Here {
    pub(super) fn new(readonly: bool) -> Self {
        Self {
            to: Destination::default(),
            home: None,
            readonly,
            waits: None,
            wish: None,
        }
    }

    /// Notes where the clients look.
    pub(super) fn arrive(&mut self, connection: &Connection) {
        if self.to == Destination::default() && self.home.is_none() {
            self.home = Some((connection.profile.clone(), connection.region.clone()));
        }
    }

    /// What to ask for to look at a profile and region: what the program was started with is asked for as it was then,
    /// so that it has the same credentials and the same snapshot.
    fn destination(&self, profile: &str, region: &str) -> Destination {
        let started = |(home, there): &(String, String)| home == profile && there == region;
        if self.home.as_ref().is_some_and(started) {
            return Destination::default();
        }
        let home = self.home.as_ref().map(|(home, _)| home.as_str());
        Destination {
            profile: (home != Some(profile)).then(|| profile.to_owned()),
            region: (!region.is_empty()).then(|| region.to_owned()),
        }
    }
}

impl App {
    /// Opens the list of profiles and regions.
    pub(super) fn choose_context(&mut self, section: Section) {
        let home = self.here.home.clone();
        self.layers.push(Box::new(Switcher::new(section, home)));
        self.effects.push(Effect::ListContexts);
    }

    /// Goes to a profile by its name, once it is known that there is one.
    pub(super) fn wish_profile(&mut self, name: String) {
        self.here.wish = Some(Wish::Profile(name));
        self.effects.push(Effect::ListContexts);
    }

    /// Goes to a region by its name, or to several by their names, once it is known that one can.
    pub(super) fn wish_region(&mut self, name: &str, now: Now) {
        if let Some(wrong) = regions(name).find(|name| !is_region(name)) {
            let text = format!("{wrong} is no name of a region");
            self.say(Level::Warn, text, now);
            return;
        }
        self.here.wish = Some(Wish::Region(join_regions(regions(name))));
        self.effects.push(Effect::ListContexts);
    }

    /// Takes in what one can choose from.
    pub(super) fn on_contexts(&mut self, result: Result<Contexts, String>, now: Now) {
        let wish = self.here.wish.take();
        let contexts = match result {
            Ok(contexts) => contexts,
            Err(why) => {
                self.layers.retain(|layer| !layer.chooses_contexts());
                self.say(Level::Warn, why, now);
                return;
            }
        };
        let cx = self.scene.cx(now);
        for layer in &mut self.layers {
            layer.on_contexts(&contexts, &cx);
        }
        match wish {
            Some(Wish::Profile(name)) => match contexts.profile(&name) {
                Some(known) => self.go_to_profile(known, now),
                None if self.is_home(&name) => {
                    let known = KnownProfile {
                        name,
                        ..KnownProfile::default()
                    };
                    self.go_to_profile(&known, now);
                }
                None => self.say(Level::Warn, no_profile(&name, &contexts), now),
            },
            Some(Wish::Region(name)) => self.go_to_region(&name, now),
            None => {}
        }
    }

    fn is_home(&self, profile: &str) -> bool {
        let home = self.here.home.as_ref();
        home.is_some_and(|(home, _)| home == profile)
    }

    /// Goes to a profile: to the region it names, or else to that which the program was started with for it, or else to
    /// the one looked at now.
    pub(super) fn go_to_profile(&mut self, known: &KnownProfile, now: Now) {
        let home = self.here.home.clone();
        let home = home.filter(|(profile, _)| *profile == known.name);
        let region = home
            .map(|(_, region)| region)
            .or_else(|| known.region.clone())
            .unwrap_or_else(|| self.scene.context.region.clone());
        self.go_to(&known.name.clone(), &region, now);
    }

    /// Goes to a region, or to several, with the profile that is in use.
    pub(super) fn go_to_region(&mut self, region: &str, now: Now) {
        let profile = self.scene.context.profile.clone();
        self.go_to(&profile, region, now);
    }

    fn go_to(&mut self, profile: &str, region: &str, now: Now) {
        let context = &self.scene.context;
        let failed = matches!(self.link, Link::Failed { .. });
        if context.profile == profile && context.region == region && !failed {
            let text = format!("this is {profile} in {region} already");
            self.say(Level::Info, text, now);
            return;
        }
        let to = self.here.destination(profile, region);
        self.leave(now);
        self.here.to = to.clone();
        self.here.waits = None;
        self.scene.context = Context {
            profile: profile.to_owned(),
            region: region.to_owned(),
            endpoint: None,
            readonly: self.here.readonly,
            class: None,
        };
        self.scene.store.look_at(region);
        let epoch = self.epoch;
        self.effects.push(Effect::Connect { epoch, to });
    }

    /// Ends everything of this account and region, and begins anew. What is on its way still belongs to the old one.
    fn leave(&mut self, now: Now) {
        self.keep_before_switch(now);
        let told = self.leave_deeds(now);
        let feeds = std::mem::take(&mut self.feeds);
        for id in feeds.tails.into_keys() {
            self.effects.push(Effect::EndTail(id));
        }
        if feeds.watch != Feeds::default().watch {
            self.effects.push(Effect::Watch(Feeds::default().watch));
        }
        self.schedule.clear();
        self.epoch += 1;
        self.link = Link::Connecting;
        self.scene.store = std::mem::take(&mut self.scene.store).successor();
        self.layers = root();
        self.history = History::default();
        self.finds = Finds::default();
        self.crawl = self.crawl.anew();
        self.notes = Vec::new();
        self.start = None;
        self.record();
        self.toast = None;
        if !told.is_empty() {
            self.say(Level::Warn, told.join("; "), now);
        }
    }

    /// Leaves behind what goes on because of what was done here; says what. What is done in waves must not go on
    /// elsewhere, and rollouts cannot be followed from there.
    fn leave_deeds(&mut self, now: Now) -> Vec<String> {
        let place = self.place_name();
        let mut told = Vec::new();
        if let Some(left) = self.deeds.drop_waves() {
            told.push(format!("stopped, {left} left as they were in {place}"));
        }
        let going_on = |rollout: &&std::sync::Arc<Rollout>| rollout.is_going_on();
        let rollouts: Vec<Rollout> = self
            .scene
            .store
            .rollouts()
            .iter()
            .filter(going_on)
            .map(|rollout| Rollout::clone(rollout))
            .collect();
        match rollouts.as_slice() {
            [] => {}
            [one] => told.push(format!(
                "{} {} of {place} is not followed any more",
                one.deed,
                one.service.name()
            )),
            many => told.push(format!(
                "{} rollouts of {place} are not followed any more",
                many.len()
            )),
        }
        for rollout in rollouts {
            self.scene.store.take_rollout(Rollout {
                ended: Some((Ending::Left(format!("begun in {place}")), now.wall)),
                ..rollout
            });
        }
        told
    }

    /// The profile and region, as a person calls them.
    pub(super) fn place_name(&self) -> String {
        let context = &self.scene.context;
        format!("{} in {}", context.profile, context.region)
    }

    /// Whether a deed was done to the account and region that is looked at now.
    pub(super) fn is_of_here(&self, record: &Record) -> bool {
        let identity = self.scene.store.identity();
        let is_account = identity.is_some_and(|identity| identity.account == record.account);
        is_account && regions(&self.scene.context.region).any(|name| name == record.region)
    }
}

/// Says that there is no such profile, and what is near.
fn no_profile(name: &str, contexts: &Contexts) -> String {
    let near = contexts
        .profiles
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, &known.name), &known.name))
        .min();
    match near {
        Some((distance, near)) if distance <= 2 && distance * 2 <= name.len() => {
            format!("there is no profile {name}; did you mean {near}?")
        }
        _ => format!("there is no profile {name} in the AWS files"),
    }
}

//! What each thing of the store is found by, and where it is shown. A new kind of thing is an `impl Thing`, a line in
//! `things`, a line in `place_of`, and a line in the table of kinds.

use std::{net::IpAddr, sync::Arc};

use super::{
    Kind,
    draft::{Draft, Name},
};
use crate::{
    model::{
        Arn, Cluster, ContainerInstance, Engine, Health, Image, Now, Query, Repository, Service,
        Subject, Tag, Task, TaskDefinition,
    },
    resource::{self, Place, Scope, State},
    store::Store,
};

/// Something in the store that can be found.
pub(super) trait Thing {
    /// Its identity.
    fn arn(&self) -> Arn;

    /// Writes down the names that it is found by.
    fn write(&self, now: Now, draft: &mut Draft);

    /// What writing costs, in names.
    fn cost(&self) -> usize {
        1
    }
}

/// Everything in the store that can be found. Only handles are copied.
pub(super) fn things(store: &Store) -> Vec<Arc<dyn Thing>> {
    let mut things: Vec<Arc<dyn Thing>> = Vec::new();
    things.extend(
        store
            .clusters()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    things.extend(
        store
            .services()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    things.extend(store.tasks().map(|one| Arc::clone(one) as Arc<dyn Thing>));
    things.extend(
        store
            .instances()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    things.extend(
        store
            .definitions()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    things.extend(
        store
            .repositories()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    things.extend(
        store
            .all_images()
            .map(|one| Arc::clone(one) as Arc<dyn Thing>),
    );
    for family in store.listed(Query::Families) {
        things.push(Arc::new(Listed(family.clone())));
        let revisions = Query::Revisions {
            family: family.clone(),
        };
        let revisions = store.listing(&revisions).items().iter();
        things.extend(revisions.map(|arn| Arc::new(Listed(arn.clone())) as Arc<dyn Thing>));
    }
    things.extend(
        store
            .engines()
            .map(|one| Arc::new(Reached::new(one)) as Arc<dyn Thing>),
    );
    things
}

/// The table that shows a thing; the thing is to be under the cursor there. None if the store does not hold it, or
/// nothing that it belongs to.
#[must_use]
pub fn place_of(subject: &Subject, store: &Store) -> Option<Place> {
    let arn = &subject.arn;
    let in_cluster = |view| {
        let cluster = store.cluster_of(arn)?;
        Some(Place::of(view, Subject::whole(&cluster)))
    };
    let everywhere = |view| Place {
        view,
        scope: Scope::account(),
    };
    match (arn.kind(), &subject.part) {
        ("cluster", _) => store.cluster(arn).map(|_| Place::root()),
        ("service", _) => in_cluster("services").filter(|_| store.service(arn).is_some()),
        ("task", Some(_)) => Some(Place::of("containers", Subject::whole(arn))),
        ("task", None) => place_of_task(arn, store),
        ("container-instance", _) => {
            in_cluster("instances").filter(|_| store.instance(arn).is_some())
        }
        ("task-definition", _) => Some(Place::of("revisions", Subject::whole(&arn.to_family()))),
        ("repository", _) => Some(everywhere("repositories")),
        ("image", _) => {
            let repository = arn.repository()?;
            Some(Place::of("images", Subject::whole(&repository)))
        }
        _ if arn.is_of_aws() => Some(everywhere("families")),
        _ => Some(everywhere("engines")),
    }
}

/// The tasks of a task's service, or of its cluster: those that run, or those that stopped.
fn place_of_task(arn: &Arn, store: &Store) -> Option<Place> {
    let task = store.task(arn)?;
    let service = task
        .service_name()
        .and_then(|name| store.service_named(&task.cluster, name));
    let of = service.map_or(&task.cluster, |service| &service.arn);
    let mut place = Place::of("tasks", Subject::whole(of));
    if task.is_stopped() || task.desired_status == "STOPPED" {
        let facets = resource::find("tasks").map_or(&[][..], |view| view.facets());
        let stopped = facets.iter().position(|facet| facet.name == "stopped");
        place.scope.facet = stopped.unwrap_or(0);
    }
    Some(place)
}

/// Where a thing would be shown of which nothing but its ARN is known; the view there asks AWS for it. None if there is
/// no view of it, or if its ARN is of the old form that does not tell its cluster.
#[must_use]
pub fn place_of_unknown(arn: &Arn) -> Option<Place> {
    let view = match arn.kind() {
        "cluster" => "services",
        "service" | "container-instance" => "tasks",
        "task" => "containers",
        "task-definition" => {
            return Some(Place::of("revisions", Subject::whole(&arn.to_family())));
        }
        _ => return None,
    };
    arn.cluster_name()?;
    Some(Place::of(view, Subject::whole(arn)))
}

fn tags(tags: &[Tag], place: &str, health: Health, draft: &mut Draft) {
    for tag in tags.iter().filter(|tag| !tag.key.starts_with("aws:")) {
        draft.add(Name {
            kind: Kind::Tag,
            text: &format!("{}={}", tag.key, tag.value),
            place,
            part: "",
            health,
        });
    }
}

/// A task definition that something runs, or that was listed.
fn revision(arn: &Arn, draft: &mut Draft) {
    let family = arn.family();
    let name = |kind, text| Name {
        kind,
        text,
        place: "",
        part: "",
        health: Health::Ok,
    };
    if draft.share(name(Kind::Revision, arn.name()), &Subject::whole(arn)) {
        draft.share(
            name(Kind::Family, family),
            &Subject::whole(&arn.to_family()),
        );
    }
}

impl Thing for Cluster {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        let health = State::of_cluster(self).health;
        draft.add(Name {
            kind: Kind::Cluster,
            text: &self.name,
            place: "",
            part: "",
            health,
        });
        tags(&self.tags, &self.name, health, draft);
    }
}

impl Thing for Repository {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        draft.add(Name {
            kind: Kind::Repository,
            text: &self.name,
            place: "",
            part: "",
            health: Health::Ok,
        });
    }
}

impl Thing for Image {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        let repository = self.repository.repository_name().unwrap_or_default();
        let name = |kind, text| Name {
            kind,
            text,
            place: repository,
            part: "",
            health: Health::Ok,
        };
        draft.add(name(Kind::Digest, &self.digest));
        for tag in &self.tags {
            let text = format!("{repository}:{tag}");
            draft.add(Name {
                kind: Kind::Stored,
                text: &text,
                place: repository,
                part: "",
                health: Health::Ok,
            });
        }
    }

    fn cost(&self) -> usize {
        1 + self.tags.len()
    }
}

impl Thing for Service {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, now: Now, draft: &mut Draft) {
        let health = State::of_service(self, now).health;
        let cluster = self.cluster.name();
        draft.add(Name {
            kind: Kind::Service,
            text: &self.name,
            place: cluster,
            part: "",
            health,
        });
        tags(
            &self.tags,
            &format!("{cluster}/{}", self.name),
            health,
            draft,
        );
        if let Some(definition) = &self.task_definition {
            revision(definition, draft);
        }
    }

    /// Its events are read to judge it.
    fn cost(&self) -> usize {
        10
    }
}

impl Thing for Task {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, now: Now, draft: &mut Draft) {
        let health = State::of_task(self, now).health;
        let group = match self.group_name() {
            "" => self.definition.family(),
            name => name,
        };
        let home = format!("{}/{group}", self.cluster.name());
        let place = format!("{home}/{}", self.arn.short());
        let name = |kind, text| Name {
            kind,
            text,
            place: &place,
            part: "",
            health,
        };
        draft.add(Name {
            place: &home,
            ..name(Kind::Task, self.arn.name())
        });
        for address in self.private_ip.iter().chain(&self.ipv6) {
            draft.add(name(Kind::Address, address));
        }
        if let Some(interface) = &self.interface {
            draft.add(name(Kind::Interface, interface));
        }
        tags(&self.tags, &place, health, draft);
        for container in &self.containers {
            let of_container = |kind, text| Name {
                part: &container.name,
                health: State::of_container(self, container).health,
                ..name(kind, text)
            };
            draft.add(of_container(Kind::Container, &container.name));
            if let Some(id) = &container.runtime_id {
                draft.add(of_container(Kind::Runtime, id));
            }
            // Most containers of a service share these, and one line for all is enough.
            let subject = Subject::part(&self.arn, &container.name);
            let shared = |kind, text| Name {
                kind,
                text,
                place: &home,
                part: "",
                health: Health::Ok,
            };
            draft.share(shared(Kind::Image, &container.image), &subject);
            if let Some(digest) = &container.digest {
                draft.share(shared(Kind::Digest, digest), &subject);
            }
        }
        revision(&self.definition, draft);
    }
}

impl Thing for ContainerInstance {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        let health = State::of_instance(self).health;
        let cluster = self.cluster.name();
        let name = |text| Name {
            kind: Kind::Instance,
            text,
            place: cluster,
            part: "",
            health,
        };
        if !self.ec2_id.is_empty() {
            draft.add(name(&self.ec2_id));
        }
        draft.add(name(self.arn.name()));
        let home = format!("{cluster}/{}", self.ec2_id);
        // ECS does not tell the addresses of hosts; some owners note them as attributes.
        let values = self.attributes.iter().map(|attribute| &attribute.value);
        for address in values.filter(|value| value.parse::<IpAddr>().is_ok()) {
            draft.add(Name {
                kind: Kind::Address,
                place: &home,
                ..name(address)
            });
        }
        tags(&self.tags, &home, health, draft);
    }
}

impl Thing for TaskDefinition {
    fn arn(&self) -> Arn {
        self.arn.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        revision(&self.arn, draft);
        let place = self.arn.name();
        for container in &self.containers {
            draft.add(Name {
                kind: Kind::Image,
                text: &container.image,
                place,
                part: "",
                health: Health::Ok,
            });
        }
        tags(&self.tags, place, Health::Ok, draft);
    }
}

/// What is known by nothing but a line in a list: a family, or a revision.
struct Listed(Arn);

impl Thing for Listed {
    fn arn(&self) -> Arn {
        self.0.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        if self.0.kind() == "task-definition" {
            revision(&self.0, draft);
        } else {
            let name = Name {
                kind: Kind::Family,
                text: self.0.family(),
                place: "",
                part: "",
                health: Health::Ok,
            };
            draft.share(name, &Subject::whole(&self.0));
        }
    }
}

/// An engine.
struct Reached {
    address: Arn,
    place: String,
    health: Health,
}

impl Reached {
    fn new(engine: &Engine) -> Self {
        let cluster = engine.instance.as_ref().and_then(Arn::cluster_name);
        Self {
            address: Arn::new(engine.id.as_str()),
            place: cluster.unwrap_or_default().to_owned(),
            health: State::of_engine(engine).health,
        }
    }
}

impl Thing for Reached {
    fn arn(&self) -> Arn {
        self.address.clone()
    }

    fn write(&self, _: Now, draft: &mut Draft) {
        draft.add(Name {
            kind: Kind::Engine,
            text: self.address.as_str(),
            place: &self.place,
            part: "",
            health: self.health,
        });
    }
}

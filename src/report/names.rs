//! From names to places: which clusters, services and repositories are meant, and asking for what is in them, with as
//! few calls as the names allow.

use std::collections::HashSet;

use super::{
    Kind, Outcome, Request, Stop,
    ask::Desk,
    named::{Named, is_cluster, is_container, is_image, is_service, is_task, repository_of},
};
use crate::{
    model::{Arn, Query, Subject, Task},
    resource::{Cx, Scope, find as view},
    store::Store,
    ui::clean,
};

/// Candidates that are listed where a name means several things.
const LISTED: usize = 12;

/// A test whether a row is named.
type Names = fn(&str, &Subject, &Store) -> bool;

/// What is to be listed, once it is known.
pub(super) struct Selection {
    /// What the columns belong to: the whole account, or the one thing whose parts are listed.
    pub(super) scope: Scope,
    /// Where the rows are.
    pub(super) places: Vec<Scope>,
    /// The names that rows must have, with the test for it.
    pub(super) names: Vec<(String, Names)>,
    /// Whether each row says what it is a part of.
    pub(super) says_whole: bool,
}

/// Finds out what is meant and asks for it.
pub(super) async fn find(desk: &mut Desk<'_>, request: &Request) -> Result<Selection, Stop> {
    if request.kind == Kind::Images {
        return images(desk, request).await;
    }
    desk.complete(|store| store.everywhere(Query::Clusters))
        .await;
    if !desk.has(Query::Clusters) && desk.store.clusters().next().is_none() {
        return Err(Stop::Faults);
    }
    let cluster = match &request.cluster {
        Some(name) => Some(cluster(desk, name)?),
        None => None,
    };
    match request.kind {
        Kind::Clusters => {
            let mut names: Vec<(String, Names)> = named(&request.names, is_cluster);
            names.extend(
                request
                    .cluster
                    .iter()
                    .map(|name| (name.clone(), is_cluster as Names)),
            );
            Ok(Selection {
                scope: Scope::account(),
                places: vec![Scope::account()],
                names,
                says_whole: false,
            })
        }
        Kind::Services | Kind::Events => services(desk, request, cluster.as_ref()).await,
        _ => tasks(desk, request, cluster).await,
    }
}

fn named(names: &[String], test: Names) -> Vec<(String, Names)> {
    names.iter().map(|name| (name.clone(), test)).collect()
}

/// The cluster of this name or ARN.
fn cluster(desk: &Desk, name: &str) -> Result<Arn, Stop> {
    let found = clusters(desk, name);
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(no_cluster(desk, name)),
        several => {
            let candidates = several.iter().map(ToString::to_string);
            Err(ambiguous("cluster", name, candidates.collect()))
        }
    }
}

/// The clusters of this name, one in each region at the most, or the one of this ARN.
fn clusters(desk: &Desk, name: &str) -> Vec<Arn> {
    let is_meant = |known: &&Arn| known.name() == name || known.as_str() == name;
    let clusters = desk.store.clusters().map(|known| &known.arn);
    clusters.filter(is_meant).cloned().collect()
}

fn no_cluster(desk: &Desk, name: &str) -> Stop {
    if desk.has(Query::Clusters) {
        missing("cluster", name, &format!("in {}", regions(desk)))
    } else {
        Stop::Faults
    }
}

/// What is looked at, in words.
fn regions(desk: &Desk) -> &'static str {
    if desk.store.has_regions() {
        "these regions"
    } else {
        "this region"
    }
}

fn missing(noun: &str, name: &str, place: &str) -> Stop {
    let why = format!("there is no {noun} {name} {place}");
    Stop::Names(Outcome::Missing, clean(&why).into_owned())
}

fn ambiguous(noun: &str, name: &str, mut candidates: Vec<String>) -> Stop {
    candidates.sort_unstable();
    let more = candidates.len().saturating_sub(LISTED);
    candidates.truncate(LISTED);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = format!(
        "{name} is more than one {noun}: {}{more}; name one of them in full",
        candidates.join(", ")
    );
    Stop::Names(Outcome::Ambiguous, clean(&why).into_owned())
}

/// Services by name, or all of the cluster or account; and their events.
async fn services(
    desk: &mut Desk<'_>,
    request: &Request,
    cluster: Option<&Arn>,
) -> Result<Selection, Stop> {
    let names: Vec<String> = request
        .names
        .iter()
        .chain(&request.service)
        .cloned()
        .collect();
    let scope = match cluster {
        Some(arn) => Scope::of(Subject::whole(arn)),
        None => Scope::account(),
    };
    let wanted: Vec<Named> = names
        .iter()
        .map(|name| Named::parse(name).or_of(cluster))
        .collect();
    if !wanted.is_empty() && wanted.iter().all(|one| one.cluster.is_some()) {
        for one in &wanted {
            let name = one.cluster.as_deref().unwrap_or_default();
            let found = clusters(desk, name);
            if found.len() > 1 {
                list(desk, &found).await;
                continue;
            }
            let of = self::cluster(desk, name)?;
            let query = Query::Service {
                cluster: of.clone(),
                service: Arn::new(&one.name),
            };
            desk.complete(|_| vec![query.clone()]).await;
            desk.add(&query, &Query::Services { cluster: of });
        }
    } else {
        complete(desk, "services", std::slice::from_ref(&scope)).await;
    }
    for name in &names {
        unique(desk, name, &scope)?;
    }
    let found = subjects("services", &scope, desk);
    if request.kind == Kind::Services {
        return Ok(Selection {
            places: vec![scope.clone()],
            scope,
            names: named(&names, is_service),
            says_whole: false,
        });
    }
    // A service is named, not an event of it.
    let is_named = |subject: &Subject| {
        names.is_empty()
            || names
                .iter()
                .any(|name| is_service(name, subject, &desk.store))
    };
    if let Some(name) = names.iter().find(|name| {
        desk.is_whole()
            && !found
                .iter()
                .any(|subject| is_service(name, subject, &desk.store))
    }) {
        return Err(missing("service", name, "among those listed"));
    }
    let places: Vec<Scope> = found.into_iter().filter(is_named).map(Scope::of).collect();
    Ok(Selection {
        says_whole: names.len() != 1,
        scope,
        places,
        names: Vec::new(),
    })
}

/// Asks for all that the rows of places need.
async fn complete(desk: &mut Desk<'_>, id: &str, places: &[Scope]) {
    let Some(view) = view(id) else {
        return;
    };
    let needs = |store: &Store| {
        let needs = places.iter().flat_map(|place| view.needs(place, store));
        needs.collect()
    };
    desk.complete(needs).await;
}

/// Asks for all services of clusters that have one name: which of them has the one that is meant is not known.
async fn list(desk: &mut Desk<'_>, clusters: &[Arn]) {
    let places = clusters.iter().map(|arn| Scope::of(Subject::whole(arn)));
    let places: Vec<Scope> = places.collect();
    complete(desk, "services", &places).await;
}

/// Refuses a name that several services have.
fn unique(desk: &Desk, name: &str, scope: &Scope) -> Result<(), Stop> {
    let found = subjects("services", scope, desk);
    let alike = found
        .iter()
        .filter(|subject| is_service(name, subject, &desk.store));
    let alike: Vec<&Subject> = alike.collect();
    if alike.len() < 2 {
        return Ok(());
    }
    Err(ambiguous("service", name, apart(&alike, &desk.store)))
}

/// What things can be told apart by: each with its cluster, or its ARN where two would read the same.
fn apart(things: &[&Subject], store: &Store) -> Vec<String> {
    let names: Vec<String> = things.iter().map(|one| of_cluster(one, store)).collect();
    if names.iter().collect::<HashSet<_>>().len() == names.len() {
        return names;
    }
    things.iter().map(|one| one.arn.to_string()).collect()
}

/// The rows of a view as far as they are known.
fn subjects(id: &str, scope: &Scope, desk: &Desk) -> Vec<Subject> {
    let rows = view(id).map(|view| view.rows(scope, &desk.store));
    rows.map_or_else(Vec::new, |rows| {
        (0..rows.len()).map(|row| rows.subject(row)).collect()
    })
}

/// A thing with its cluster: `prod/api`.
pub(super) fn of_cluster(subject: &Subject, store: &Store) -> String {
    let cluster = store.cluster_of(&subject.arn);
    let cluster = cluster.as_ref().map_or("", Arn::name);
    format!("{cluster}/{}", subject.arn.name())
}

/// The service of this name, `cluster/service` or ARN, whose cluster must be known or found.
async fn service(desk: &mut Desk<'_>, text: &str, cluster: Option<&Arn>) -> Result<Arn, Stop> {
    let one = Named::parse(text).or_of(cluster);
    let scope = Scope::account();
    if let Some(name) = &one.cluster {
        let found = clusters(desk, name);
        if found.len() < 2 {
            let of = self::cluster(desk, name)?;
            let place = of.as_str().replacen(":cluster/", ":service/", 1);
            return Ok(Arn::new(&format!("{place}/{}", one.name)));
        }
        list(desk, &found).await;
    } else {
        complete(desk, "services", std::slice::from_ref(&scope)).await;
    }
    unique(desk, text, &scope)?;
    let found = subjects("services", &scope, desk);
    let found = found
        .into_iter()
        .find(|subject| is_service(text, subject, &desk.store));
    match found {
        Some(subject) => Ok(subject.arn),
        None if desk.is_whole() => {
            let place = format!("in any cluster of {}", regions(desk));
            Err(missing("service", text, &place))
        }
        None => Err(Stop::Faults),
    }
}

/// Tasks of a service, a cluster or the account; and their containers.
async fn tasks(
    desk: &mut Desk<'_>,
    request: &Request,
    cluster: Option<Arn>,
) -> Result<Selection, Stop> {
    let of = match &request.service {
        Some(name) => Some(service(desk, name, cluster.as_ref()).await?),
        None => cluster.or_else(|| same_cluster(desk, request)),
    };
    let mut scope = of.map_or_else(Scope::account, |arn| Scope::of(Subject::whole(&arn)));
    scope.facet = usize::from(request.stopped);
    complete(desk, "tasks", std::slice::from_ref(&scope)).await;
    let found = subjects("tasks", &scope, desk);
    if request.kind == Kind::Tasks {
        for name in &request.names {
            let alike = found.iter().filter(|one| is_task(name, one, &desk.store));
            let alike: Vec<&Subject> = alike.collect();
            if alike.len() > 1 {
                return Err(ambiguous("task", name, apart(&alike, &desk.store)));
            }
        }
        return Ok(Selection {
            places: vec![scope.clone()],
            scope,
            names: named(&request.names, is_task),
            says_whole: false,
        });
    }
    if request.looks_beyond() {
        let definitions = found.iter().filter_map(|one| desk.store.task(&one.arn));
        let definitions = definitions.map(|task| Query::Definition {
            definition: task.definition.clone(),
        });
        let definitions: Vec<Query> = definitions.collect();
        desk.complete(|_| definitions.clone()).await;
    }
    Ok(Selection {
        scope,
        places: found.into_iter().map(Scope::of).collect(),
        names: named(&request.names, is_container),
        says_whole: true,
    })
}

/// The one cluster that all names begin with, if they do.
fn same_cluster(desk: &Desk, request: &Request) -> Option<Arn> {
    if request.kind != Kind::Tasks {
        return None;
    }
    let mut named = request.names.iter().map(|name| Named::parse(name).cluster);
    let first = named.next()??;
    match clusters(desk, &first).as_slice() {
        [one] if named.all(|cluster| cluster.as_ref() == Some(&first)) => Some(one.clone()),
        _ => None,
    }
}

/// Images of one repository or all, with who runs them.
async fn images(desk: &mut Desk<'_>, request: &Request) -> Result<Selection, Stop> {
    desk.complete(|store| store.everywhere(Query::Repositories))
        .await;
    if !desk.has(Query::Repositories) && desk.store.repositories().next().is_none() {
        return Err(Stop::Faults);
    }
    let all = desk.store.repositories().cloned();
    let named_ones: Vec<Option<&str>> = request
        .names
        .iter()
        .map(|name| repository_of(name))
        .collect();
    let is_wanted = |known: &str, uri: &str, arn: &Arn| match &request.repository {
        Some(name) => name == known || name == uri || *name == arn.as_str(),
        None => {
            named_ones.is_empty()
                || named_ones
                    .iter()
                    .any(|one| one.is_none_or(|one| one == known))
        }
    };
    let repositories: Vec<Arn> = all
        .filter(|one| is_wanted(&one.name, &one.uri, &one.arn))
        .map(|one| one.arn.clone())
        .collect();
    if let (Some(name), []) = (&request.repository, repositories.as_slice()) {
        return Err(if desk.is_whole() {
            missing("repository", name, &format!("in {}", regions(desk)))
        } else {
            Stop::Faults
        });
    }
    let places: Vec<Scope> = repositories
        .iter()
        .map(|arn| Scope::of(Subject::whole(arn)))
        .collect();
    let images = view("images");
    let clock = desk.now();
    desk.complete(|store| {
        let Some(images) = images else {
            return Vec::new();
        };
        let mut needs: Vec<Query> = places
            .iter()
            .flat_map(|place| images.needs(place, store))
            .collect();
        let cx = Cx { store, now: clock };
        for place in &places {
            let rows = images.rows(place, store);
            let rows: Vec<Subject> = (0..rows.len()).map(|row| rows.subject(row)).collect();
            let further = images.live(&rows, &cx).unwrap_or_default();
            needs.extend(further.queries.into_iter().chain(further.beside));
        }
        needs
    })
    .await;
    Ok(Selection {
        scope: Scope::account(),
        says_whole: request.repository.is_none(),
        places,
        names: named(&request.names, is_image),
    })
}

/// The task of a container, where a row says what it is a part of.
pub(super) fn task_of(task: &Task, whole: bool) -> String {
    if whole {
        format!("{}/{}", task.cluster.name(), task.arn.short())
    } else {
        task.arn.short().to_owned()
    }
}

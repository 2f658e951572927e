//! How much of the account has been listed, so that nobody takes what was not looked at for what does not exist.

use crate::{
    model::{Query, TaskFilter},
    store::{Listing, Store},
};

/// Says in a line what a search does not see, as far as that can be known.
#[must_use]
pub fn known(store: &Store) -> String {
    let is_whole = store.is_listed(Query::Clusters, Listing::is_complete);
    if !is_whole && store.clusters().next().is_none() {
        return "Searches what is known; the clusters are not listed yet.".to_owned();
    }
    let (mut clusters, mut services, mut tasks, mut instances, mut with_instances) =
        (0, 0, 0, 0, 0);
    let is_listed = |query| usize::from(store.listing(&query).is_complete());
    for cluster in store.clusters().filter(|one| one.status != "INACTIVE") {
        let arn = &cluster.arn;
        clusters += 1;
        services += is_listed(Query::Services {
            cluster: arn.clone(),
        });
        tasks += is_listed(Query::Tasks {
            cluster: arn.clone(),
            filter: TaskFilter::All,
            stopped: false,
        });
        if cluster.instances > 0 {
            with_instances += 1;
            instances += is_listed(Query::Instances {
                cluster: arn.clone(),
            });
        }
    }
    let mut lists = vec![
        format!("services of {services}"),
        format!("all tasks of {tasks}"),
    ];
    if with_instances > 0 {
        lists.push(format!("instances of {instances}"));
    }
    let plural = if clusters == 1 { "" } else { "s" };
    let mut says = format!(
        "Searches what is known of {clusters} cluster{plural}: {}",
        lists.join(", ")
    );
    if !is_whole {
        says.push_str("; clusters not all listed");
    }
    if !store.is_listed(Query::Families, Listing::is_complete) {
        says.push_str("; families not listed");
    }
    says
}

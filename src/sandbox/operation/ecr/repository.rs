//! `DescribeRepositories`, `GetRepositoryPolicy` and `GetLifecyclePolicy`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{NAMED, PAGE, Place, check_page, no_repository, out_of_bounds};
use crate::sandbox::operation::page::Paging;
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::registry::Repository;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    registry_id: Option<String>,
    repository_names: Vec<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Describes the named repositories, at most a hundred and all of which have to be there, or all of them by pages.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let input: DescribeInput = call.input()?;
    let world = &*call.world;
    let account = input.registry_id.as_deref().unwrap_or(&world.account);
    let known = &world.registry.repositories;
    if input.repository_names.len() > NAMED {
        return Err(out_of_bounds(
            "repositoryNames",
            "Member must have length less than or equal to 100",
        ));
    }
    if !input.repository_names.is_empty() {
        let mut found = Vec::new();
        for name in &input.repository_names {
            let repository = known.get(name).filter(|_| account == world.account);
            let repository = repository.ok_or_else(|| no_repository(name, account))?;
            found.push(render(world, name, repository));
        }
        return Ok(json!({"repositories": found}));
    }
    check_page(&input.paging)?;
    let names = known.keys().filter(|_| account == world.account).cloned();
    let show = |name: &String| known.get(name).map(|found| render(world, name, found));
    let (page, token) = input.paging.cut_at_most(PAGE, 100, names, show)?;
    Ok(json!({"repositories": page, "nextToken": token}))
}

fn render(world: &World, name: &str, repository: &Repository) -> Value {
    let World {
        region, account, ..
    } = world;
    let exclusions = repository.mutability.exclusions.iter();
    let exclusions: Vec<Value> = exclusions
        .map(|filter| json!({"filterType": "WILDCARD", "filter": filter}))
        .collect();
    json!({
        "repositoryArn": format!("arn:aws:ecr:{region}:{account}:repository/{name}"),
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": format!("{}/{name}", world.registry.host),
        "createdAt": repository.created,
        "imageTagMutability": repository.mutability.word(),
        "imageTagMutabilityExclusionFilters": (!exclusions.is_empty()).then_some(exclusions),
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": {
            "encryptionType": if repository.key.is_some() { "KMS" } else { "AES256" },
            "kmsKey": repository.key,
        },
    })
}

/// Gives the permissions of a repository.
pub fn policy(call: &mut Call<'_>) -> Answer {
    let place: Place = call.input()?;
    let world = &*call.world;
    let policy = place.find(world)?.policy.as_ref();
    let policy = policy.ok_or_else(|| {
        Fault::new(
            "RepositoryPolicyNotFoundException",
            format!(
                "Repository policy does not exist for {}",
                place.words(world)
            ),
        )
    })?;
    Ok(json!({
        "registryId": world.account,
        "repositoryName": place.repository_name,
        "policyText": policy,
    }))
}

/// Gives the rules by which the images of a repository expire.
pub fn lifecycle(call: &mut Call<'_>) -> Answer {
    let place: Place = call.input()?;
    let world = &*call.world;
    let rules = place.find(world)?.lifecycle.as_ref();
    let rules = rules.ok_or_else(|| {
        Fault::new(
            "LifecyclePolicyNotFoundException",
            format!("Lifecycle policy does not exist for {}", place.words(world)),
        )
    })?;
    Ok(json!({
        "registryId": world.account,
        "repositoryName": place.repository_name,
        "lifecyclePolicyText": rules,
    }))
}

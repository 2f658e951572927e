//! `ecsight get`, as the built binary does it on a simulated account: what it prints, what it asks, how it ends.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use ecsight::sandbox::{self, Options, Sandbox};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::wire::Wire;

/// A sandbox whose world stands still, and a home for the program.
struct World {
    runtime: Runtime,
    sandbox: Sandbox,
    home: TempDir,
}

impl World {
    fn new(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            seed: 7,
            frozen: true,
            ..options
        };
        let sandbox = runtime.block_on(sandbox::start(options)).unwrap();
        Self {
            runtime,
            sandbox,
            home: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        }
    }

    fn demo() -> Self {
        Self::new(Options::default())
    }

    /// One cluster with so many services of so many tasks.
    fn of(services: usize, tasks: usize) -> Self {
        Self::new(Options {
            clusters: Some(1),
            services: Some(services),
            tasks: Some(tasks),
            ..Options::default()
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecsight"));
        command
            .arg("get")
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", self.sandbox.url())
            .env("AWS_REGION", self.sandbox.region())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn get(&self, arguments: &[&str]) -> Got {
        Got::of(self.command(arguments).output().unwrap())
    }

    /// The items of an answer in JSON.
    fn items(&self, arguments: &[&str]) -> Vec<Value> {
        let mut line = arguments.to_vec();
        line.extend(["-o", "json"]);
        let got = self.get(&line);
        got.ends_with(0);
        got.json()["items"].as_array().unwrap().clone()
    }
}

struct Got {
    code: Option<i32>,
    out: String,
    told: String,
}

impl Got {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn ends_with(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.told);
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The lines below the header.
    fn rows(&self) -> usize {
        self.out.lines().count().saturating_sub(1)
    }
}

#[rstest]
#[case("clusters", "NAME")]
#[case("services", "NAME")]
#[case("tasks", "ID")]
#[case("containers", "TASK")]
#[case("images", "REPOSITORY")]
#[case("events", "SERVICE")]
fn every_kind_is_written_in_every_format(#[case] kind: &str, #[case] first: &str) {
    let world = World::demo();
    let table = world.get(&[kind]);
    let wide = world.get(&[kind, "-o", "wide"]);
    let json = world.get(&[kind, "--output", "json"]);
    for got in [&table, &wide, &json] {
        got.ends_with(0);
        assert_eq!(got.told, "");
        assert!(!got.out.contains('\u{1b}'));
    }
    assert!(table.rows() > 0);
    let head = |got: &Got| got.out.lines().next().unwrap().to_owned();
    for title in head(&table).split_whitespace() {
        assert!(head(&wide).contains(title), "{title} in {}", head(&wide));
    }
    assert!(head(&table).starts_with(first), "{}", head(&table));
    assert_eq!(table.rows(), wide.rows());
    let answer = json.json();
    assert_eq!(answer["items"].as_array().unwrap().len(), table.rows());
    assert_eq!(answer["kind"], kind);
    assert_eq!(answer["region"], world.sandbox.region());
    assert_eq!(answer["account"], world.sandbox.account());
    assert_eq!(answer["complete"], true);
    assert_eq!(
        fs::read_dir(world.home.path()).unwrap().count(),
        0,
        "asking leaves nothing behind"
    );
}

#[test]
fn columns_are_aligned() {
    let world = World::demo();
    let got = world.get(&["clusters", "-o", "wide"]);
    let head = got.out.lines().next().unwrap();
    let at = head.find("RUNNING").unwrap() + "RUNNING".len();
    for line in got.out.lines().skip(1) {
        let number = line[..at].split_whitespace().next_back().unwrap();
        assert!(number.parse::<u32>().is_ok(), "{line}");
        assert_eq!(&line[at..=at], " ", "{line}");
    }
}

#[test]
fn names_choose_among_what_is_listed() {
    let world = World::demo();
    let services = world.items(&["services"]);
    let one = &services[0];
    let text = |field: &str| one[field].as_str().unwrap().to_owned();
    let full = format!("{}/{}", text("cluster"), text("name"));
    let by_name = world.items(&["services", &full]);
    let by_arn = world.items(&["services", &text("arn")]);
    let by_flags = world.items(&["svc", "-c", &text("cluster"), "-s", &text("name")]);
    for found in [&by_name, &by_arn, &by_flags] {
        assert_eq!(found.as_slice(), std::slice::from_ref(one));
    }
    let events = world.items(&["events", &full]);
    assert!(!events.is_empty());
    assert!(
        events
            .iter()
            .all(|event| event["service_arn"] == one["arn"])
    );

    let tasks = world.items(&["tasks"]);
    let task = &tasks[0];
    let id = task["id"].as_str().unwrap();
    assert_eq!(
        world.items(&["tasks", &id[..12]]),
        std::slice::from_ref(task)
    );
    let arn = task["arn"].as_str().unwrap();
    assert_eq!(world.items(&["tasks", arn]), std::slice::from_ref(task));
    let containers = world.items(&["containers"]);
    let of_task: Vec<_> = containers.iter().filter(|one| one["task"] == id).collect();
    let name = of_task[0]["name"].as_str().unwrap();
    let named = world.items(&["containers", &format!("{id}/{name}")]);
    assert_eq!(named, [of_task[0].clone()]);

    let images = world.items(&["images"]);
    let tagged = images.iter().find(|one| !one["tags"][0].is_null()).unwrap();
    let repository = tagged["repository"].as_str().unwrap();
    let tag = format!("{repository}:{}", tagged["tags"][0].as_str().unwrap());
    assert_eq!(world.items(&["images", &tag]), std::slice::from_ref(tagged));
    let digest = tagged["digest"].as_str().unwrap();
    let named = world.items(&["images", digest, "--repository", repository]);
    assert_eq!(named, std::slice::from_ref(tagged));
}

#[test]
fn what_runs_and_what_stopped_are_two_lists() {
    let world = World::demo();
    let running = world.items(&["tasks"]);
    let stopped = world.items(&["tasks", "--stopped"]);
    assert!(running.iter().all(|task| task["stopped_at"].is_null()));
    assert!(!stopped.is_empty());
    // A task that is told to stop is listed there before it has.
    let stops =
        |task: &serde_json::Value| !task["stopping_at"].is_null() || !task["stopped_at"].is_null();
    assert!(stopped.iter().all(stops), "{stopped:?}");
    let got = world.get(&["tasks", "--stopped"]);
    assert!(
        got.out.lines().next().unwrap().contains("WHY"),
        "{}",
        got.out
    );
}

#[test]
fn sorting_and_filtering_are_those_of_the_screen() {
    let world = World::demo();
    let sorted = world.items(&["clusters", "--sort", "-running"]);
    let running: Vec<_> = sorted
        .iter()
        .map(|one| one["running_tasks"].as_i64().unwrap())
        .collect();
    assert!(running.is_sorted_by(|one, two| one >= two), "{running:?}");
    let all = world.items(&["services"]);
    let unhealthy = world.items(&["services", "--unhealthy"]);
    let is_unhealthy = |one: &&Value| ["sick", "warn"].contains(&one["health"].as_str().unwrap());
    assert_eq!(unhealthy.len(), all.iter().filter(is_unhealthy).count());
    assert!(!unhealthy.is_empty() && unhealthy.len() < all.len());
    let name = all[0]["name"].as_str().unwrap();
    let filtered = world.items(&["services", "--filter", &format!("/^{name}$/")]);
    assert!(!filtered.is_empty() && filtered.iter().all(|one| one["name"] == name));
    let rest = world.items(&["services", "--filter", &format!("!/^{name}$/")]);
    assert_eq!(filtered.len() + rest.len(), all.len());
}

#[test]
fn a_name_that_is_not_there_ends_with_1() {
    let world = World::demo();
    let known = world.items(&["clusters"])[0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let got = world.get(&["clusters", &known, "nowhere"]);
    got.ends_with(1);
    assert_eq!(got.rows(), 1, "what is there is listed");
    assert!(got.told.contains("no cluster nowhere"), "{}", got.told);
    for line in [
        &["services", "--cluster", "nowhere"][..],
        &["services", "nowhere"],
        &["services", "-c", &known, "nowhere"],
        &["tasks", "-s", "nowhere"],
        &["tasks", "-c", &known, "-s", "nowhere"],
        &["tasks", "0123456789abcdef"],
        &["containers", "nowhere"],
        &["events", "nowhere"],
        &["images", "--repository", "nowhere"],
        &["images", "nowhere"],
    ] {
        let got = world.get(line);
        got.ends_with(1);
        assert_eq!(got.rows(), 0, "{line:?}");
        assert!(
            got.told.contains("nowhere") || line[0] == "tasks",
            "{}",
            got.told
        );
        assert_eq!(got.told.lines().count(), 1, "{}", got.told);
    }
}

#[test]
fn a_name_of_several_services_is_refused_with_those_it_may_mean() {
    // Worlds to measure have the same services in each cluster.
    let world = World::new(Options {
        clusters: Some(2),
        services: Some(2),
        tasks: Some(1),
        ..Options::default()
    });
    let services = world.items(&["services"]);
    let name = services[0]["name"].as_str().unwrap();
    let alike: Vec<_> = services.iter().filter(|one| one["name"] == name).collect();
    assert_eq!(alike.len(), 2);
    for line in [
        ["services", name].as_slice(),
        &["events", name],
        &["tasks", "-s", name],
    ] {
        let got = world.get(line);
        got.ends_with(2);
        assert_eq!(got.out, "");
        for one in &alike {
            let full = format!("{}/{name}", one["cluster"].as_str().unwrap());
            assert!(got.told.contains(&full), "{}", got.told);
        }
    }
}

#[test]
fn a_check_ends_with_1_where_something_is_unhealthy() {
    let world = World::demo();
    let services = world.items(&["services"]);
    let named = |sick: bool| {
        let one = services
            .iter()
            .find(|one| (one["health"] == "sick") == sick && (sick || one["health"] == "ok"));
        let one = one.unwrap();
        format!(
            "{}/{}",
            one["cluster"].as_str().unwrap(),
            one["name"].as_str().unwrap()
        )
    };
    world.get(&["services", "--check"]).ends_with(1);
    world
        .get(&["services", &named(true), "--check"])
        .ends_with(1);
    world
        .get(&["services", &named(false), "--check"])
        .ends_with(0);
    world.get(&["services", &named(true)]).ends_with(0);
}

#[rstest]
#[case(&[], "<KIND>")]
#[case(&["pods"], "clusters, services, tasks, containers, images, events")]
#[case(&["services", "-o", "yaml"], "json")]
#[case(&["services", "--sort", "cpu"], "last event")]
#[case(&["services", "--stopped"], "--stopped is for tasks")]
#[case(&["images", "--cluster", "a"], "--cluster is for all but images")]
#[case(&["tasks", "--filter", "/(/"], "--filter")]
fn nonsense_is_refused_and_nothing_is_asked(#[case] line: &[&str], #[case] expected: &str) {
    let world = World::demo();
    let got = world.get(line);
    got.ends_with(2);
    assert!(got.told.contains(expected), "{}", got.told);
    assert_eq!(got.out, "");
    assert_eq!(world.sandbox.calls(), BTreeMap::new());
}

#[test]
fn what_is_refused_is_told_beside_what_is_known() {
    let world = World::demo();
    world.sandbox.deny("ecs:DescribeTaskDefinition");
    let got = world.get(&["containers", "-o", "json"]);
    got.ends_with(3);
    let answer = got.json();
    assert_eq!(answer["complete"], false);
    let items = answer["items"].as_array().unwrap();
    assert!(!items.is_empty());
    assert!(items.iter().all(|item| item["essential"].is_null()));
    assert_eq!(got.told.lines().count(), 1, "{}", got.told);
    for word in [
        "DescribeTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "more like it",
    ] {
        assert!(got.told.contains(word), "{word} in {}", got.told);
    }
    world.sandbox.deny("ecs:ListClusters");
    let got = world.get(&["services"]);
    got.ends_with(3);
    assert_eq!(got.out, "");
    assert!(got.told.contains("ecs:ListClusters"), "{}", got.told);
}

#[test]
fn an_endpoint_that_nobody_listens_at_ends_with_3() {
    let world = World::demo();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}");
    let got = world.get(&["clusters", "--endpoint-url", &url]);
    got.ends_with(3);
    assert_eq!(got.out, "");
    assert!(got.told.contains("ListClusters"), "{}", got.told);
    let got = world.get(&["clusters", "--profile", "nobody"]);
    got.ends_with(3);
    assert!(got.told.contains("nobody"), "{}", got.told);
}

#[test]
fn text_from_outside_drives_no_terminal() {
    let world = World::demo();
    let task = world.items(&["tasks"])[0].clone();
    let hostile = "a\u{1b}[2J\u{202e}b\u{9b}m\nc";
    let wire = Wire::new(&world.sandbox.url());
    let stop = json!({ "cluster": task["cluster"], "task": task["arn"], "reason": hostile });
    world.runtime.block_on(wire.ask("StopTask", stop));
    world.sandbox.tick(std::time::Duration::from_mins(3));
    let id = task["id"].as_str().unwrap();
    let shown = world.get(&["tasks", id, "--stopped", "-o", "wide"]);
    shown.ends_with(0);
    assert!(
        shown.out.contains("a^[[2J<U+202E>b<U+009B>m c"),
        "{}",
        shown.out
    );
    let json = world.get(&["tasks", id, "--stopped", "-o", "json"]);
    for acting in ['\u{1b}', '\u{202e}', '\u{9b}'] {
        assert!(!shown.out.contains(acting) && !json.out.contains(acting));
    }
    let reason = json.json()["items"][0]["stopped_reason"].clone();
    assert!(reason.as_str().unwrap().contains(hostile), "{reason}");
}

#[test]
fn values_of_the_environment_are_nowhere() {
    let world = World::demo();
    for kind in ["services", "tasks", "containers"] {
        for format in ["wide", "json"] {
            let got = world.get(&[kind, "-o", format]);
            assert!(!got.out.contains("datadoghq"), "{kind} {format}");
        }
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let world = World::demo();
    let mut child = world
        .command(&["tasks", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    Got::of(child.wait_with_output().unwrap()).ends_with(0);
}

/// The calls that a line costs.
fn cost(world: &World, line: &[&str]) -> BTreeMap<String, u64> {
    let before = world.sandbox.calls();
    world.get(line).ends_with(0);
    let mut calls = world.sandbox.calls();
    for (operation, times) in before {
        *calls.get_mut(&operation).unwrap() -= times;
    }
    calls.retain(|_, times| *times > 0);
    calls
}

fn calls<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    let expected = expected.map(|(operation, times)| (operation.to_owned(), times));
    expected.into()
}

#[test]
fn a_list_costs_what_its_things_demand() {
    let world = World::of(23, 7);
    let clusters = [("ListClusters", 1), ("DescribeClusters", 1)];
    let [list, describe] = clusters;
    assert_eq!(cost(&world, &["clusters", "-o", "json"]), calls(clusters));
    let services = calls([list, describe, ("ListServices", 1), ("DescribeServices", 3)]);
    for line in [&["services"][..], &["services", "-o", "json"], &["events"]] {
        assert_eq!(cost(&world, line), services, "{line:?}");
    }
    let service = &world.items(&["services"])[0];
    let (cluster, name) = (
        service["cluster"].as_str().unwrap(),
        service["name"].as_str().unwrap(),
    );
    let full = format!("{cluster}/{name}");
    let one = calls([list, describe, ("DescribeServices", 1)]);
    for line in [["services", &full], ["events", &full]] {
        assert_eq!(cost(&world, &line), one, "{line:?}");
    }
    let tasks = calls([list, describe, ("ListTasks", 1), ("DescribeTasks", 1)]);
    for line in [
        &["tasks", "-s", &full][..],
        &["tasks", "-c", cluster, "-s", name, "-o", "wide"],
        &["containers", "-s", &full],
    ] {
        assert_eq!(cost(&world, line), tasks, "{line:?}");
    }
    let all = calls([list, describe, ("ListTasks", 2), ("DescribeTasks", 2)]);
    assert_eq!(cost(&world, &["tasks"]), all);
    let mut containers = tasks;
    containers.insert("DescribeTaskDefinition".to_owned(), 1);
    let line = ["containers", "-s", &full, "-o", "json"];
    assert_eq!(cost(&world, &line), containers);
}

/// What the program answers to a shell that completes the last of these words.
fn completed(world: &World, words: &[&str]) -> Vec<String> {
    let mut command = world.command(&[]);
    let output = Command::new(command.get_program())
        .args(["--", "ecsight"])
        .args(words)
        .env_clear()
        .envs(
            command
                .env("ECSIGHT_COMPLETE", "bash")
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    let got = Got::of(output);
    got.ends_with(0);
    got.out.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_commands_kinds_formats_and_names_without_a_call() {
    let world = World::demo();
    let aws = world.home.path().join(".aws");
    fs::create_dir(&aws).unwrap();
    fs::write(
        aws.join("config"),
        "[profile shop]\n[profile staging]\n[profile $(id)]\n",
    )
    .unwrap();
    assert_eq!(completed(&world, &["sand"]), ["sandbox"]);
    assert_eq!(completed(&world, &["get", "serv"]), ["services"]);
    assert_eq!(completed(&world, &["get", "services", "-o", "w"]), ["wide"]);
    assert_eq!(
        completed(&world, &["get", "services", "--sort", "last"]),
        ["last-event"]
    );
    assert_eq!(completed(&world, &["--theme", "n"]), ["nord"]);
    assert_eq!(completed(&world, &["--region", "eu-north"]), ["eu-north-1"]);
    assert_eq!(completed(&world, &["--profile", "s"]), ["shop", "staging"]);
    assert!(
        completed(&world, &["--cluster", "p"]).is_empty(),
        "nothing was kept"
    );
    assert_eq!(world.sandbox.calls(), BTreeMap::new());
}

#[test]
#[ignore = "needs the servers of ./test"]
fn another_server_is_listed_as_well() {
    let world = World::demo();
    let list = |kind: &str| {
        let url = crate::servers::ministack();
        let region = ["--region", "us-east-1", "--endpoint-url", &url];
        let got = world.get(&[&[kind, "-s", "prod/web", "-o", "json"][..], &region].concat());
        got.ends_with(0);
        got.json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(list("services")[0]["running"], 3);
    assert_eq!(list("tasks").len(), 3);
    assert_eq!(list("containers").len(), 6);
}

#[test]
fn several_regions_are_listed_together() {
    let regions = ["eu-central-1", "us-east-1"].map(str::to_owned);
    let world = World::new(Options {
        regions: regions.to_vec(),
        ..Options::default()
    });
    let both = ["--region", "eu-central-1,us-east-1"];
    let with = |more: &[&'static str]| [&both[..], more].concat();
    let clusters = world.get(&with(&["clusters"]));
    clusters.ends_with(0);
    assert_eq!(clusters.rows(), 12);
    let head = clusters.out.lines().next().unwrap();
    assert!(head.contains("REGION"), "{head}");
    assert!(!world.get(&["clusters"]).out.contains("REGION"));
    for (kind, filter) in [("services", "storefront"), ("images", "storefront")] {
        let items = world.items(&with(&[kind, "--filter", filter]));
        for region in &regions {
            let is_there = |item: &Value| item.to_string().contains(region.as_str());
            assert!(items.iter().any(is_there), "{kind} of {region}");
        }
    }
    let json = world.get(&with(&["clusters", "-o", "json"])).json();
    assert_eq!(json["region"], "eu-central-1,us-east-1");
    // A name that both have is none, and an ARN says which is meant.
    let which = world.get(&with(&["services", "--cluster", "prod-web"]));
    which.ends_with(2);
    assert!(
        which
            .told
            .contains("us-east-1:123456789012:cluster/prod-web"),
        "{}",
        which.told
    );
    let arn = "arn:aws:ecs:us-east-1:123456789012:cluster/prod-web";
    let services = world.items(&with(&["services", "--cluster", arn]));
    assert!(!services.is_empty());
    assert!(
        services
            .iter()
            .all(|one| one["arn"].as_str().unwrap().contains("us-east-1"))
    );
    let wrong = world.get(&["clusters", "--region", "eu-central-1,nowhere_"]);
    wrong.ends_with(2);
    assert!(
        wrong.told.contains("nowhere_ is no name of a region"),
        "{}",
        wrong.told
    );
}

/// A world of two regions that have the same names, and the flag that looks at both.
fn two_regions() -> World {
    World::new(Options {
        regions: ["eu-central-1", "us-east-1"].map(str::to_owned).to_vec(),
        ..Options::default()
    })
}

const BOTH: &[&str] = &["--region", "eu-central-1,us-east-1"];
const STOREFRONT: &str = "arn:aws:ecs:us-east-1:123456789012:service/prod-web/storefront";

#[rstest]
#[case(&["services", STOREFRONT])]
#[case(&["services", "--service", STOREFRONT])]
#[case(&["events", STOREFRONT])]
#[case(&["events", "--service", STOREFRONT])]
#[case(&["tasks", "--service", STOREFRONT])]
#[case(&["containers", "--service", STOREFRONT])]
fn a_full_arn_says_in_which_region_it_is(#[case] line: &[&str]) {
    let world = two_regions();
    let items = world.items(&[BOTH, line].concat());
    assert!(!items.is_empty());
    assert!(
        items
            .iter()
            .all(|item| item.to_string().contains("us-east-1"))
    );
    assert!(
        !items
            .iter()
            .any(|item| item.to_string().contains("eu-central-1"))
    );
}

#[test]
fn a_task_is_found_by_its_cluster_in_any_of_the_regions() {
    let world = two_regions();
    let tasks = world.items(&[BOTH, &["tasks", "--service", STOREFRONT]].concat());
    let (id, arn) = (&tasks[0]["id"], &tasks[0]["arn"]);
    for name in [
        format!("prod-web/{}", id.as_str().unwrap()),
        arn.as_str().unwrap().to_owned(),
    ] {
        let found = world.items(&[BOTH, &["tasks", name.as_str()]].concat());
        assert_eq!(found, tasks[..1], "{name}");
    }
}

#[rstest]
#[case(&["services", "storefront"])]
#[case(&["services", "prod-web/storefront"])]
#[case(&["events", "prod-web/storefront"])]
#[case(&["tasks", "--service", "storefront"])]
#[case(&["containers", "--service", "prod-web/storefront"])]
fn a_name_that_several_regions_have_is_refused_with_arns(#[case] line: &[&str]) {
    let world = two_regions();
    let got = world.get(&[BOTH, line].concat());
    got.ends_with(2);
    assert_eq!(got.out, "");
    let near = STOREFRONT.replace("us-east-1", "eu-central-1");
    assert!(
        got.told.contains("is more than one service: arn:"),
        "{}",
        got.told
    );
    for arn in [near.as_str(), STOREFRONT] {
        assert_eq!(got.told.matches(arn).count(), 1, "{}", got.told);
    }
}

#[rstest]
#[case("clusters", "arn")]
#[case("services", "arn")]
#[case("tasks", "arn")]
#[case("containers", "task_arn")]
#[case("images", "repository_arn")]
#[case("events", "service_arn")]
fn every_row_says_in_which_region_it_is(#[case] kind: &str, #[case] arn: &str) {
    let world = two_regions();
    for format in ["table", "wide"] {
        let got = world.get(&[BOTH, &[kind, "-o", format]].concat());
        got.ends_with(0);
        let mut lines = got.out.lines();
        assert!(lines.next().unwrap().contains("REGION"), "{}", got.out);
        for line in lines {
            let is_in = |region: &str| line.split_whitespace().any(|word| word == region);
            assert!(is_in("eu-central-1") != is_in("us-east-1"), "{line}");
        }
        let alone = world.get(&[kind, "-o", format]);
        assert!(!alone.out.contains("REGION"), "{}", alone.out);
    }
    for item in world.items(&[BOTH, &[kind]].concat()) {
        let region = item["region"].as_str().unwrap();
        assert!(item[arn].as_str().unwrap().contains(region), "{item}");
    }
}

#[rstest]
#[case("services", "ecs:ListClusters")]
#[case("images", "ecr:DescribeRepositories")]
fn an_answer_in_json_is_whole_even_where_nothing_can_be_listed(
    #[case] kind: &str,
    #[case] action: &str,
) {
    let world = World::demo();
    world.sandbox.deny(action);
    let got = world.get(&[kind, "-o", "json"]);
    got.ends_with(3);
    let expected = json!({
        "kind": kind,
        "region": world.sandbox.region(),
        "account": null,
        "complete": false,
        "items": [],
    });
    assert_eq!(got.json(), expected);
    assert!(got.told.contains(action), "{}", got.told);
    let got = world.get(&[kind, "-o", "json", "--profile", "nobody"]);
    got.ends_with(3);
    let answer = got.json();
    assert_eq!(
        (&answer["complete"], &answer["items"]),
        (&json!(false), &json!([]))
    );
}

#[test]
fn several_regions_may_be_named_in_the_environment() {
    let world = two_regions();
    let with = |variable: &str, value: &str| {
        let mut command = world.command(&["clusters", "-o", "json"]);
        command.env_remove("AWS_REGION").env(variable, value);
        Got::of(command.output().unwrap())
    };
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let got = with(variable, "eu-central-1,us-east-1");
        got.ends_with(0);
        assert_eq!(got.json()["region"], "eu-central-1,us-east-1");
        assert_eq!(got.json()["items"].as_array().unwrap().len(), 12);
        for wrong in ["EU", "us-east-1,EU"] {
            let got = with(variable, wrong);
            got.ends_with(2);
            assert_eq!(got.out, "");
            for word in [variable, "EU is no name of a region"] {
                assert!(got.told.contains(word), "{word} in {}", got.told);
            }
        }
    }
}

#[test]
fn a_profile_with_a_region_that_is_none_is_told() {
    let world = World::demo();
    let aws = world.home.path().join(".aws");
    fs::create_dir(&aws).unwrap();
    fs::write(aws.join("config"), "[profile shop]\nregion = EU\n").unwrap();
    let mut command = world.command(&["clusters", "--profile", "shop"]);
    let got = Got::of(command.env_remove("AWS_REGION").output().unwrap());
    got.ends_with(3);
    for word in ["EU is no name of a region", "profile shop", "--region"] {
        assert!(got.told.contains(word), "{word} in {}", got.told);
    }
}

#[test]
fn a_region_that_the_simulated_account_does_not_have_is_refused() {
    let world = two_regions();
    for kind in ["clusters", "images"] {
        let got = world.get(&[kind, "--region", "us-east-1,eu-north-1", "-o", "json"]);
        got.ends_with(3);
        assert!(
            !got.json()["items"].as_array().unwrap().is_empty(),
            "{kind}"
        );
        for line in got.told.lines() {
            assert!(line.contains("no region eu-north-1"), "{line}");
        }
    }
    // Where none is named, it is in every region.
    let anywhere = World::demo();
    anywhere
        .get(&["clusters", "--region", "eu-north-1"])
        .ends_with(0);
}

#[rstest]
#[case(&["services", "prod-web/nowhere"])]
#[case(&["events", "prod-web/nowhere"])]
#[case(&["tasks", "--service", "prod-web/nowhere"])]
fn a_name_that_none_of_the_regions_has_is_missing(#[case] line: &[&str]) {
    let world = two_regions();
    let got = world.get(&[BOTH, line].concat());
    got.ends_with(1);
    let told = "there is no service prod-web/nowhere";
    assert!(got.told.contains(told), "{}", got.told);
}

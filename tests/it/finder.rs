//! Finding anything that is known: what is found, where Enter leads, and what the screen says of what is not known.

use ecsight::{
    app::Event,
    model::{Arn, Tag, Timestamp},
};

use crate::support::{
    account::Account,
    painted,
    stage::{Setup, Stage},
};

/// The shop, with the services and tasks of a cluster and the instances and tasks of another listed.
fn known(width: u16, height: u16) -> Stage {
    let mut stage = Stage::sized(width, height);
    for line in [
        "svc prod-web",
        "task prod-web",
        "svc workers-ec2",
        "task workers-ec2",
        "instances workers-ec2",
        "families",
        "clusters",
    ] {
        stage.run(line);
    }
    stage
}

/// Looks for a text and goes to the first thing.
fn go(stage: &mut Stage, typed: &str) -> String {
    stage.press("ctrl-p").write(typed).press("enter");
    stage.crumbs()
}

#[test]
fn enter_leads_to_the_table_of_the_thing_with_the_cursor_on_it() {
    let mut stage = known(140, 40);
    let account = Account::shop();
    let task = account
        .tasks
        .iter()
        .find(|task| task.service_name().is_some() && task.private_ip.is_some())
        .expect("a task of a service with an address");
    let (service, id) = (task.service_name().unwrap(), task.arn.name());
    let cluster = task.cluster.name();
    let container = &task.containers[0];
    let definition = task.definition.name();
    let tasks = format!("clusters > {cluster} > services > {service} > tasks");
    let containers = format!("{tasks} > {} > containers", task.arn.short());
    let host = &account.instances[0];
    let cases = [
        (
            format!("cluster:{cluster}"),
            "clusters".to_owned(),
            cluster.to_owned(),
        ),
        (
            format!("svc:{service} {cluster}"),
            format!("clusters > {cluster} > services"),
            service.to_owned(),
        ),
        (id.to_owned(), tasks.clone(), id.to_owned()),
        (
            format!(
                "ip:{} {}",
                task.private_ip.as_deref().unwrap(),
                task.arn.short()
            ),
            tasks.clone(),
            id.to_owned(),
        ),
        (
            format!("container:{} {}", container.name, task.arn.short()),
            containers,
            container.name.clone(),
        ),
        (
            host.ec2_id.clone(),
            format!("clusters > {} > instances", host.cluster.name()),
            host.arn.name().to_owned(),
        ),
        (
            format!("family:{}", task.definition.family()),
            "clusters > families".to_owned(),
            task.definition.family().to_owned(),
        ),
        (
            format!("rev:{definition}"),
            format!(
                "clusters > families > {} > revisions",
                task.definition.family()
            ),
            definition.to_owned(),
        ),
        (
            "tag:team=shop".to_owned(),
            "clusters".to_owned(),
            "prod-web".to_owned(),
        ),
    ];
    for (typed, crumbs, under) in cases {
        let reached = go(&mut stage, &typed);
        assert!(
            reached.starts_with(&crumbs),
            "{typed} leads to {reached}, not to {crumbs}"
        );
        assert_eq!(
            stage.under_cursor().as_deref(),
            Some(under.as_str()),
            "{typed}"
        );
    }
}

#[test]
fn images_of_ecr_are_found_by_repository_tag_and_digest() {
    let mut stage = known(140, 40);
    stage.run("repositories").press("enter");
    let crumbs = stage.crumbs();
    let name = crumbs.split(" > ").nth(2).expect("a repository").to_owned();
    let image = stage.under_cursor().expect("an image");
    stage.run("clusters");
    let reached = go(&mut stage, &format!("repo:{name}"));
    assert!(reached.starts_with("clusters > repositories"), "{reached}");
    assert_eq!(stage.under_cursor().as_deref(), Some(name.as_str()));
    stage.run("clusters");
    let reached = go(&mut stage, &format!("digest:{image} {name}"));
    let images = format!("clusters > repositories > {name} > images");
    assert!(reached.starts_with(&images), "{reached}");
    assert_eq!(stage.under_cursor(), Some(image));
}

#[test]
fn an_arn_or_a_link_leads_to_its_thing_known_or_not() {
    let mut stage = known(140, 40);
    let service = Account::shop().services[0].arn.clone();
    let link = format!(
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-web/services/{}/health?region=eu-west-1",
        service.name()
    );
    for text in [service.as_str(), &link] {
        stage.press("ctrl-p");
        stage.send(Event::Paste(text.to_owned()));
        assert!(!stage.text().contains("asks AWS"), "{}", stage.text());
        stage.press("enter");
        let crumbs = stage.crumbs();
        assert!(
            crumbs.starts_with("clusters > prod-web > services"),
            "{crumbs}"
        );
        assert_eq!(stage.under_cursor().as_deref(), Some(service.name()));
        stage.press("~");
    }
    // One that nothing is known of is asked for by its view.
    let task = "arn:aws:ecs:eu-west-1:123456789012:task/prod-web/ffffffffffffffffffffffffffffffff";
    stage.press("ctrl-p");
    stage.send(Event::Paste(format!("{task}\n")));
    assert!(stage.text().contains("asks AWS"), "{}", stage.text());
    stage.press("enter");
    assert!(
        stage.crumbs().contains("ffffffff > containers"),
        "{}",
        stage.crumbs()
    );
    let asked = |stage: &Stage| {
        let arn = Arn::new(task);
        stage
            .fetched
            .iter()
            .any(|query| matches!(query, ecsight::model::Query::Task { task, .. } if *task == arn))
    };
    assert!(asked(&stage));
    // One of another region cannot be asked for.
    stage.press("~ ctrl-p");
    stage.send(Event::Paste(task.replace("eu-west-1", "us-east-1")));
    let text = stage.text();
    assert!(
        text.contains("That is in us-east-1 of account 123456789012"),
        "{text}"
    );
    stage.press("enter");
    assert!(stage.text().contains(" Find "), "{}", stage.text());
    assert!(stage.foot().contains("us-east-1"), "{}", stage.foot());
}

#[test]
fn keys_move_and_esc_leaves_everything_as_it_was() {
    let mut stage = known(80, 24);
    stage.run("svc prod-web");
    let before = stage.text();
    let names = |stage: &Stage| -> Vec<String> {
        let text = stage.text();
        let lines = text.lines().filter(|line| line.contains("service  "));
        lines.map(str::to_owned).collect()
    };
    stage.press("ctrl-p").write("svc:");
    let all = names(&stage);
    stage.press("down down up ctrl-n ctrl-p");
    assert_eq!(names(&stage), all);
    stage.press("enter");
    let second = stage.under_cursor().expect("a service");
    assert!(
        all[1].contains(&format!("service    {second} ")),
        "{second} in {all:?}"
    );
    stage
        .press("g ctrl-p")
        .write("svc:")
        .press("pagedown pageup esc");
    assert_eq!(stage.text(), before);
}

#[test]
fn the_cursor_stays_on_what_it_was_moved_to() {
    let mut stage = known(80, 24);
    stage.press("ctrl-p").write("cluster:").press("down down");
    let before = stage.text();
    let line = |text: &str| text.lines().position(|line| line.contains("prod-web"));
    let mut cluster = stage.account.cluster("prod-web").clone();
    cluster.arn = Arn::new("arn:aws:ecs:eu-west-1:123456789012:cluster/aaa");
    cluster.name = "aaa".to_owned();
    stage.account.clusters.push(cluster);
    stage.pass(std::time::Duration::from_secs(30));
    let (before, after) = (line(&before).unwrap(), line(&stage.text()).unwrap());
    assert_eq!(after, before + 1, "another cluster came before it");
    stage.press("enter");
    assert_eq!(stage.under_cursor().as_deref(), Some("prod-web"));
}

#[test]
fn where_one_went_stands_first_where_nothing_is_typed() {
    let mut stage = known(80, 24);
    go(&mut stage, "svc:payments");
    go(&mut stage, "cluster:workers");
    stage.press("ctrl-p");
    let text = stage.text();
    let names: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.contains("KIND"))
        .skip(1)
        .take(2)
        .collect();
    assert!(names[0].contains("cluster    workers-ec2"), "{text}");
    assert!(names[1].contains("service    payments"), "{text}");
    stage.press("down enter");
    assert_eq!(stage.under_cursor().as_deref(), Some("payments"));
}

#[test]
fn the_command_line_opens_it_with_a_text() {
    let mut stage = known(80, 24);
    stage.run("find payments");
    let text = stage.text();
    assert!(text.contains("> payments"), "{text}");
    assert!(text.contains("service"), "{text}");
    stage.press("esc :").write("fin").press("tab enter");
    assert!(stage.text().contains("a name, id"), "{}", stage.text());
}

#[test]
fn what_was_looked_for_follows_the_answers_that_come() {
    let mut stage = Stage::sized(80, 24);
    stage.press("ctrl-p").write("newcomer");
    assert!(stage.text().contains("Nothing that is known matches."));
    let mut cluster = stage.account.cluster("prod-web").clone();
    cluster.arn = Arn::new("arn:aws:ecs:eu-west-1:123456789012:cluster/newcomer");
    cluster.name = "newcomer".to_owned();
    stage.account.clusters.push(cluster);
    stage.pass(std::time::Duration::from_secs(30));
    assert!(
        stage.text().contains("cluster    newcomer"),
        "{}",
        stage.text()
    );
}

#[test]
fn hostile_names_stay_text() {
    let mut stage = known(80, 24);
    let mut cluster = stage.account.cluster("prod-web").clone();
    cluster.arn = Arn::new("arn:aws:ecs:eu-west-1:123456789012:cluster/e\u{1b}[2Jvil\u{202e}");
    cluster.name = "e\u{1b}[2Jvil\u{202e}".to_owned();
    cluster.tags = vec![Tag {
        key: "evil\u{7}".to_owned(),
        value: "\u{9b}31m\r\nx".to_owned(),
    }];
    stage.account.clusters.push(cluster);
    stage.pass(std::time::Duration::from_secs(30));
    stage.press("ctrl-p");
    stage.send(Event::Paste("evil\u{1b}\u{7}\n".to_owned()));
    let screen = stage.screen();
    painted::check(&screen);
    assert!(stage.text().contains("evil^G="), "{}", stage.text());
    stage.press("ctrl-u").write("vil");
    painted::check(&stage.screen());
    assert!(
        stage.text().contains("e^[[2Jvil<U+202E>"),
        "{}",
        stage.text()
    );
    stage.press("enter");
    painted::check(&stage.screen());
}

#[test]
fn screens_of_finding() {
    let mut text = String::new();
    for (width, height) in [(80, 24), (140, 40)] {
        let mut stage = known(width, height);
        stage.press("ctrl-p");
        painted::shot(&mut text, "find, nothing typed", &stage);
        stage.write("pay");
        painted::shot(&mut text, "find pay", &stage);
        stage.press("ctrl-u").write("image:");
        painted::shot(&mut text, "find images", &stage);
        stage.press("ctrl-u").write("zzzz");
        painted::shot(&mut text, "find what nothing matches", &stage);
        stage.press("ctrl-u");
        stage.send(Event::Paste(
            "arn:aws:ecs:eu-west-1:123456789012:service/elsewhere/api".to_owned(),
        ));
        painted::shot(&mut text, "find what is not known", &stage);
    }
    let mut stage = Stage::new(
        Account::shop(),
        Setup {
            ascii: true,
            size: (40, 12),
            ..Setup::default()
        },
    );
    stage.press("ctrl-p").write("prod");
    painted::shot(&mut text, "find, narrow and ascii", &stage);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    insta::assert_snapshot!(text);
}

#[test]
fn ages_go_on_while_it_is_open() {
    let mut stage = known(80, 24);
    stage.press("ctrl-p").write("task:");
    let before = stage.text();
    stage.now.wall = Timestamp(stage.now.wall.0 + 3_600_000);
    stage.send(Event::Wake);
    assert_ne!(stage.text(), before);
}

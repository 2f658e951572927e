#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::{
    app::Connection,
    aws::StaticKeys,
    config::{Flags, Paths},
    model::{Arn, Change, Destination, Facts, Secret, Verdict, samples},
    ui::EnvClass,
};

/// Clients of a port that nobody listens at: making them sends nothing.
fn settings() -> Settings {
    Settings {
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some("http://127.0.0.1:9".to_owned()),
        credentials: Some(StaticKeys {
            access_key_id: "key".to_owned(),
            secret_access_key: Secret::new("secret"),
            session_token: None,
        }),
        ..Settings::default()
    }
}

fn config(text: &str) -> Config {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::of_folders(home.path(), home.path(), home.path());
    std::fs::write(&paths.config_file, text).unwrap();
    Config::load_from(paths, &Flags::default(), |_| None).unwrap()
}

fn connect(epoch: u64, profile: Option<&str>) -> Effect {
    Effect::Connect {
        epoch,
        to: Destination {
            profile: profile.map(str::to_owned),
            region: None,
        },
    }
}

async fn connected(config: Config) -> (Outside, mpsc::Receiver<Message>, Connection) {
    let (sender, mut messages) = mpsc::channel(8);
    let senders = Senders {
        answers: sender.clone(),
        logs: sender,
    };
    let reach = Reach {
        aws: settings(),
        profile_name: "shop".to_owned(),
        engines: docker::Settings::default(),
    };
    let mut outside = Outside::new(senders, reach, config);
    assert!(outside.perform(connect(7, None)).is_empty());
    let message = messages.recv().await.unwrap();
    let Event::Connected { epoch: 7, result } = outside.take(message) else {
        panic!("another event than asked for");
    };
    (outside, messages, result.unwrap())
}

fn classify(outside: &mut Outside, account: &str) -> (Option<EnvClass>, bool) {
    let account = account.to_owned();
    match outside
        .perform(Effect::Classify { epoch: 7, account })
        .as_slice()
    {
        [
            Event::Classified {
                class, readonly, ..
            },
        ] => (*class, *readonly),
        other => panic!("not classified: {other:?}"),
    }
}

#[tokio::test]
async fn an_account_that_is_to_be_read_only_is_so_at_once_and_keeps_its_banner() {
    let text = "readonly_accounts = [\"1111*\"]\n[env]\nprod = [\"1111*\"]";
    let (mut outside, mut messages, connection) = connected(config(text)).await;
    assert_eq!((connection.class, connection.readonly), (None, false));
    let prod = (Some(EnvClass::Prod), true);
    assert_eq!(classify(&mut outside, "111122223333"), prod);
    assert!(outside.clients.as_ref().is_some_and(Clients::is_readonly));
    // Nothing else is on its way that could take the banner back.
    assert!(messages.try_recv().is_err());
}

#[tokio::test]
async fn a_profile_that_is_to_be_read_only_is_so_before_the_account_is_known() {
    let (outside, _messages, connection) =
        connected(config("readonly_accounts = [\"shop\"]")).await;
    assert!(connection.readonly);
    assert!(outside.clients.is_some_and(|clients| clients.is_readonly()));
}

#[tokio::test]
async fn a_task_that_panics_ends_the_program() {
    let (mut outside, mut messages, _) = connected(config("")).await;
    assert!(!outside.has_panicked());
    outside.tasks.run(async { panic!("a bug") });
    let message = messages.recv().await.unwrap();
    assert!(matches!(outside.take(message), Event::Hangup));
    assert!(outside.has_panicked());
}

#[tokio::test]
async fn other_accounts_stay_as_they_are() {
    let (mut outside, _messages, _) = connected(config("readonly_accounts = [\"1111*\"]")).await;
    assert_eq!(classify(&mut outside, "222233334444"), (None, false));
}

fn act(outside: &mut Outside, epoch: u64) -> Vec<Event> {
    let target = Arn::new("arn:aws:ecs:eu-west-1:111122223333:service/web/api");
    let change = Change::Scale {
        service: target.clone(),
        cluster: Arn::new("arn:aws:ecs:eu-west-1:111122223333:cluster/web"),
        desired: 1,
    };
    outside.perform(Effect::Act {
        epoch,
        act: Box::new(Act {
            id: 1,
            change,
            facts: Facts::default(),
        }),
        record: Box::new(Record {
            verdict: Verdict::UnderWay,
            ..samples::record("1", &target)
        }),
    })
}

/// Why a change was refused before anything was sent.
fn refused(events: &[Event]) -> String {
    match events {
        [Event::Acted { outcome, .. }] => match &**outcome {
            Outcome::Failed {
                fault,
                unsure: false,
                ..
            } => fault.message.clone(),
            other => panic!("not refused: {other:?}"),
        },
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_change_planned_in_another_context_is_refused() {
    let (mut outside, mut messages, _) = connected(config("")).await;
    classify(&mut outside, "111122223333");
    let told = outside.perform(connect(8, Some("other")));
    assert!(
        matches!(told.as_slice(), [Event::Classified { epoch: 8, .. }]),
        "{told:?}"
    );
    assert!(
        outside.clients.is_none(),
        "no clients of the context before"
    );
    assert!(refused(&act(&mut outside, 7)).contains("another account or region"));
    assert!(refused(&act(&mut outside, 8)).contains("no connection"));
    let message = messages.recv().await.unwrap();
    assert!(matches!(
        outside.take(message),
        Event::Connected { epoch: 8, .. }
    ));
    assert!(outside.clients.is_some());
    // Not even now that there are clients again.
    assert!(refused(&act(&mut outside, 7)).contains("another account or region"));
    let query = Query::Clusters(None);
    let urgency = Urgency::Visible;
    let late = Effect::Fetch {
        epoch: 7,
        query,
        urgency,
    };
    assert!(outside.perform(late).is_empty());
    assert!(messages.try_recv().is_err(), "nothing was asked");
}

#[tokio::test]
async fn clients_that_come_late_are_not_used() {
    let (mut outside, mut messages, _) = connected(config("")).await;
    outside.perform(connect(8, None));
    let eighth = messages.recv().await.unwrap();
    outside.perform(connect(9, None));
    assert!(matches!(outside.take(eighth), Event::Wake));
    assert!(outside.clients.is_none());
    let ninth = messages.recv().await.unwrap();
    assert!(matches!(
        outside.take(ninth),
        Event::Connected { epoch: 9, .. }
    ));
}

#[tokio::test]
async fn nothing_is_changed_before_the_account_is_judged() {
    let text = "readonly_accounts = [\"1111*\"]";
    let (mut outside, mut messages, _) = connected(config(text)).await;
    assert!(refused(&act(&mut outside, 7)).contains("not known yet"));
    assert_eq!(classify(&mut outside, "222233334444"), (None, false));
    assert!(act(&mut outside, 7).is_empty(), "it is on its way");
    // Another context is judged anew.
    outside.perform(connect(8, Some("other")));
    loop {
        let message = messages.recv().await.unwrap();
        if let Event::Connected { epoch: 8, .. } = outside.take(message) {
            break;
        }
    }
    assert!(refused(&act(&mut outside, 8)).contains("not known yet"));
    let stale = Effect::Classify {
        epoch: 7,
        account: "222233334444".to_owned(),
    };
    assert!(outside.perform(stale).is_empty());
    assert!(refused(&act(&mut outside, 8)).contains("not known yet"));
}

#[tokio::test]
async fn a_profile_that_is_to_be_read_only_is_so_before_it_is_connected() {
    let text = "readonly_accounts = [\"other\"]\n[env]\nprod = [\"other\"]";
    let (mut outside, _messages, connection) = connected(config(text)).await;
    assert!(!connection.readonly);
    let told = outside.perform(connect(8, Some("other")));
    let [
        Event::Classified {
            epoch: 8,
            class,
            readonly,
        },
    ] = told.as_slice()
    else {
        panic!("not classified: {told:?}");
    };
    assert_eq!((*class, *readonly), (Some(EnvClass::Prod), true));
}

#[tokio::test]
async fn keys_given_outright_leave_nothing_to_choose() {
    let (mut outside, _messages, _) = connected(config("")).await;
    let told = outside.perform(Effect::ListContexts);
    assert!(
        matches!(told.as_slice(), [Event::Contexts(Err(_))]),
        "{told:?}"
    );
}

//! Nothing answers for half a minute, in real time and with the real limits of the program.

use ecsight::sandbox;

use super::{rows_and_colour, still_world};
use crate::{
    proxy::{ANY, Fault, Proxy},
    support::pty::{Launch, Terminal},
};

/// The first line of the screen, which says how fresh everything is.
fn header(terminal: &Terminal) -> String {
    let text = terminal.text();
    let first = text.lines().next().unwrap_or_default();
    first.trim_end().to_owned()
}

/// The names of the rows.
fn names(terminal: &Terminal) -> Vec<String> {
    let text = terminal.text();
    let rows = text
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("NAME "))
        .skip(1);
    rows.take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.get(2..)?.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn looking_through(proxy: &Proxy, sandbox: &sandbox::Sandbox) -> Terminal {
    let launch = Launch {
        config: "crawl = false\n[refresh]\nvisible_seconds = 1\nrollout_seconds = 1\n",
        size: (160, 40),
        ..Launch::new(&["--cluster", "prod-web"])
    };
    launch
        .variable("AWS_ENDPOINT_URL", &proxy.url())
        .variable("AWS_REGION", sandbox.region())
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("NO_COLOR", "1")
        .start()
}

#[test]
fn a_black_hole_is_told_by_the_age_before_anything_fails_and_every_key_works_in_it() {
    let (runtime, sandbox) = still_world();
    let proxy = runtime.block_on(Proxy::start(&sandbox.url()));
    let mut terminal = looking_through(&proxy, &sandbox);
    terminal.wait_for(&["> services", "storefront", "live"]);
    let before = names(&terminal);
    assert!(before.len() > 5, "{before:?}");

    proxy.fail(ANY, Fault::Hang);
    // What is asked is still waited for: nothing has failed, but what is shown grows old.
    terminal.wait_until("the age", |terminal| header(terminal).ends_with("s old"));
    assert!(!header(&terminal).contains("no answer"));
    let (cursor, _) = rows_and_colour(&terminal);
    terminal.type_in("j");
    terminal.wait_until("cursor on another row", |terminal| {
        rows_and_colour(terminal).0 != cursor
    });
    terminal.type_in("?");
    terminal.wait_for(&["help"]);
    terminal.type_in("\u{1b}");
    terminal.wait_until("the rows again", |terminal| names(terminal) == before);
    terminal.type_in(":tasks\r");
    terminal.wait_for(&["> tasks", "loading"]);
    terminal.type_in(":services prod-web\r");
    terminal.wait_until("the rows again", |terminal| names(terminal) == before);

    terminal.wait_until("end of the patience", |terminal| {
        header(terminal).contains("no answer, 3")
    });
    assert!(header(&terminal).ends_with("s old"), "{}", terminal.text());
    terminal.wait_for(&["in time - check the network, VPN and proxy"]);
    assert_eq!(names(&terminal), before);

    // No key is pressed from here on.
    runtime.block_on(async { proxy.heal() });
    terminal.wait_until("live rows", |terminal| header(terminal).ends_with(" live"));
    assert_eq!(names(&terminal), before);
    assert!(!terminal.text().contains("in time"));
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

//! Where keys come from if not from the standard input, and what is said where there are none.

use crate::support::pty::Launch;

/// The demo, started by a line of the shell.
fn through(line: &'static str) -> Launch {
    Launch {
        shell: Some(line),
        ..Launch::demo()
    }
}

#[test]
fn with_another_standard_input_the_keys_of_the_terminal_count() {
    let at_its_end = r#"exec "$0" "$@" </dev/null"#;
    let closed = r#"exec "$0" "$@" <&-"#;
    let a_pipe_that_ended = r#"true | "$0" "$@""#;
    let a_pipe_with_something_in_it = r#"echo :q | "$0" "$@""#;
    for line in [
        at_its_end,
        closed,
        a_pipe_that_ended,
        a_pipe_with_something_in_it,
    ] {
        let mut terminal = through(line).start();
        terminal.wait_for(&["clusters", "RUNNING", "live"]);
        terminal.type_in("\r");
        terminal.wait_for(&["> services", "live"]);
        terminal.type_in(":q\r");
        assert_eq!(terminal.wait_for_restored().exit_code(), 0, "{line}");
    }
}

/// As where a supervisor gives a terminal to write to, and nothing to type on.
#[test]
fn without_anything_to_type_on_it_is_refused() {
    let launch = Launch {
        controls: false,
        size: (200, 24),
        ..through(r#"exec "$0" "$@" </dev/null"#)
    };
    let mut terminal = launch.start();
    assert_eq!(terminal.wait_for_restored().exit_code(), 2);
    let text = terminal.text();
    assert!(text.contains("no keys can be read"), "{text}");
    assert!(text.contains("/dev/tty"), "{text}");
    assert!(!String::from_utf8_lossy(&terminal.written).contains("\u{1b}[?1049h"));
}

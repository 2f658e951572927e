//! What is written to the terminal, byte by byte: the program's own sequences and text, whatever containers write.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::pty::Launch;

/// What escape sequences there are in what was written to a terminal, after everything else was found to be text.
#[derive(Debug, Default)]
struct Sequences {
    /// Control sequences: what stands between `ESC [` and the final byte, and that byte.
    controls: Vec<(String, char)>,
    /// What operating system commands say.
    commands: Vec<String>,
}

/// Takes apart what was written to a terminal. A control character that belongs to no whole sequence is an error, and so
/// is every kind of sequence that the program has no use for.
fn sequences(written: &[u8]) -> Result<Sequences, String> {
    let text = std::str::from_utf8(written).map_err(|error| error.to_string())?;
    let mut found = Sequences::default();
    let mut rest = text;
    while let Some(at) = rest.find(char::is_control) {
        let here = &rest[at..];
        let around: String = here.chars().take(40).collect();
        rest = if let Some(control) = here.strip_prefix("\u{1b}[") {
            let is_final = |character| matches!(character, '\u{40}'..='\u{7e}');
            let end = control.find(is_final).ok_or_else(|| around.clone())?;
            let (parameters, after) = control.split_at(end);
            if !parameters.chars().all(|one| "0123456789;?".contains(one)) {
                return Err(around);
            }
            let mut after = after.chars();
            let ends = after.next().ok_or(around)?;
            found.controls.push((parameters.to_owned(), ends));
            after.as_str()
        } else if let Some(command) = here.strip_prefix("\u{1b}]") {
            let end = command
                .find(char::is_control)
                .ok_or_else(|| around.clone())?;
            found.commands.push(command[..end].to_owned());
            command[end..].strip_prefix('\u{7}').ok_or(around)?
        } else {
            return Err(around);
        };
    }
    Ok(found)
}

/// Whether a control sequence is one of those that paint: a place, a look, and the begin and end of a frame.
fn is_painting((parameters, ends): &(String, char)) -> bool {
    let numbers = || parameters.split(';');
    let is_number =
        |number: &str| !number.is_empty() && number.bytes().all(|one| one.is_ascii_digit());
    match ends {
        'H' => numbers().count() == 2 && numbers().all(is_number),
        'm' => numbers().all(is_number),
        'h' | 'l' => parameters == "?2026",
        _ => false,
    }
}

/// The control sequences that do not paint: the terminal is taken over and deleted, and at the end given back.
const TAKEN_AND_GIVEN_BACK: &str = "?1049h ?2004h ?1004h ?25l 2J 2J \
    ?1006l ?1015l ?1003l ?1002l ?1000l ?1004l ?2004l ?1049l ?25h";

/// Text that may be given to anything: control characters are newlines and tabs alone, and nothing turns the direction
/// of writing.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|one| {
        (!one.is_control() || one == '\n' || one == '\t')
            && !('\u{202a}'..='\u{202e}').contains(&one)
    })
}

#[test]
fn what_would_drive_a_terminal_is_seen_among_what_is_written() {
    for raw in [
        "a bell\u{7}",
        "a title without an end \u{1b}]0;owned\u{1b}\\",
        "device control \u{1b}P0;1|17/ab\u{9c}",
        "an application's \u{1b}_G\u{1b}\\",
        "a private message \u{1b}^x\u{1b}\\",
        "all anew \u{1b}c",
        "C1 \u{9b}31m",
        "back\u{8}space",
        "over\rwritten",
        "a request \u{1b}[>c",
    ] {
        assert!(sequences(raw.as_bytes()).is_err(), "{raw:?}");
    }
    assert!(sequences(b"C1 \x9b31m").is_err());
    for raw in [
        "\u{1b}[2J",
        "\u{1b}[H",
        "\u{1b}[6n",
        "\u{1b}[?1049l",
        "\u{1b}[5S",
    ] {
        let found = sequences(raw.as_bytes()).unwrap();
        assert!(!found.controls.iter().any(is_painting), "{raw:?}");
    }
    let found = sequences("\u{1b}[3;14H\u{1b}[38;5;9mé\u{1b}]0;owned\u{7}".as_bytes()).unwrap();
    assert!(found.controls.iter().all(is_painting));
    assert_eq!(found.commands, ["0;owned"]);
}

/// What the containers of `pricing-engine` write now and then, and how each of it looks on the screen.
const NASTY: [(&str, &str); 3] = [
    (
        "taken over",
        "^[]0;title taken over^Gafter a title sequence",
    ),
    (
        "backspaced",
        "cleared^[[2J^[[H and ^H^H^Hbackspaced overwritten",
    ),
    (
        "null",
        "right to left <U+202E>gnp.exe<U+202C>, zero<U+200B>width, null ^@ and C1",
    ),
];

#[test]
fn what_containers_write_cannot_drive_the_terminal() {
    let launch = Launch {
        size: (200, 50),
        ..Launch::new(&["demo", "--seed", "7", "--cluster", "prod-fargate"])
    };
    let mut terminal = launch.start();
    terminal.wait_for(&["> services", "live"]);
    terminal.type_in("/pricing-engine\r");
    terminal.wait_for(&["1 of"]);
    terminal.type_in("l");
    terminal.wait_for(&["logs of pricing-engine", "live"]);
    terminal.type_in("4");
    terminal.wait_for(&["since 15m", "INFO"]);
    // Every line passes by, cut and wrapped, as it is and with matches marked.
    terminal.type_in("w\u{15}\u{15}\u{15}\u{15}w");
    for (word, shown) in NASTY {
        terminal.type_in(&format!("/{word}\r"));
        terminal.wait_for(&[shown]);
        terminal.type_in("\t");
        terminal.wait_for(&["marked"]);
        terminal.type_in("\tG");
        terminal.wait_for(&[shown]);
    }
    terminal.type_in("/taken over\r");
    terminal.wait_for(&[NASTY[0].1]);
    terminal.type_in("c");
    terminal.wait_for(&["copied the lines on the screen"]);
    terminal.type_in("\u{1b}");
    terminal.wait_until("log without a filter", |terminal| {
        !terminal.text().contains("/taken over")
    });
    terminal.type_in("\u{13}");
    terminal.wait_for(&["saved to"]);
    let saved: Vec<_> = std::fs::read_dir(terminal.home().join("state/ecsight/saved"))
        .unwrap()
        .collect();
    assert_eq!(saved.len(), 1);
    let text = std::fs::read_to_string(saved[0].as_ref().unwrap().path()).unwrap();
    assert!(is_harmless(&text), "{text:?}");
    for (_, shown) in NASTY {
        assert!(text.contains(shown), "no {shown:?} in {text:?}");
    }

    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
    let written = sequences(&terminal.written).unwrap();
    let others = written.controls.iter().filter(|one| !is_painting(one));
    let others: Vec<_> = others
        .map(|(parameters, ends)| format!("{parameters}{ends}"))
        .collect();
    assert_eq!(others.join(" "), TAKEN_AND_GIVEN_BACK);
    let [command] = written.commands.as_slice() else {
        panic!("not one command: {:?}", written.commands);
    };
    let encoded = command.strip_prefix("52;c;").unwrap();
    let text = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    assert!(text.contains(NASTY[0].1) && is_harmless(&text), "{text:?}");
}

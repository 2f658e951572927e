//! Lines out of pieces, and where reading goes on.

use proptest::prelude::*;

use crate::docker::lines::{Assembler, LONGEST, Progress, Stamped};
use crate::model::Timestamp;

fn feed(assembler: &mut Assembler, piece: &[u8]) -> Vec<Stamped> {
    let mut lines = Vec::new();
    assembler.feed(piece, |line| lines.push(line));
    lines
}

fn texts(lines: &[Stamped]) -> Vec<&str> {
    lines.iter().map(|line| &*line.line.text).collect()
}

fn stamp(nanoseconds: u32) -> String {
    format!("2026-11-22T08:56:05.{nanoseconds:09}Z")
}

#[test]
fn a_line_bears_its_moment_and_its_output() {
    let mut errors = Assembler::new(true);
    let lines = feed(
        &mut errors,
        format!("{} no such file\n", stamp(123_456_789)).as_bytes(),
    );
    assert_eq!(texts(&lines), ["no such file"]);
    assert_eq!(lines[0].line.at, Timestamp(1_795_337_765_123));
    assert_eq!(lines[0].nanoseconds % 1_000_000_000, 123_456_789);
    assert!(lines[0].line.error);
}

#[test]
fn line_ends_are_cut_off_and_empty_lines_stay() {
    let mut output = Assembler::new(false);
    let text = format!("{0} one\r\n{0} \n{0}\n{0}  two \n", stamp(1));
    assert_eq!(
        texts(&feed(&mut output, text.as_bytes())),
        ["one", "", "", " two "]
    );
}

#[test]
fn text_that_looks_like_a_timestamp_stays_text() {
    let mut output = Assembler::new(false);
    let text = format!("{} {} inner\n", stamp(1), stamp(2));
    assert_eq!(
        texts(&feed(&mut output, text.as_bytes())),
        [format!("{} inner", stamp(2))]
    );
}

#[test]
fn the_pieces_of_a_long_line_become_one() {
    let long = "x".repeat(40_000);
    let mut frames = Assembler::new(false);
    let mut lines = Vec::new();
    for piece in long.as_bytes().chunks(16 << 10) {
        let piece = [stamp(7).as_bytes(), b" ", piece].concat();
        lines.extend(feed(&mut frames, &piece));
    }
    assert!(lines.is_empty());
    assert!(frames.pending_since().is_some());
    lines.extend(feed(&mut frames, b"\n"));
    assert_eq!(texts(&lines), [long.as_str()]);
    assert_eq!(frames.pending_since(), None);

    // With a terminal they follow each other without frames.
    let mut joined = Vec::new();
    for piece in long.as_bytes().chunks(16 << 10) {
        joined.extend([stamp(7).as_bytes(), b" ", piece].concat());
    }
    joined.extend(b"\r\n");
    assert_eq!(
        texts(&feed(&mut Assembler::new(false), &joined)),
        [long.as_str()]
    );
}

#[test]
fn a_line_without_end_is_cut_between_characters() {
    let mut output = Assembler::new(false);
    let mut lines = Vec::new();
    let piece = [stamp(7).as_bytes(), b" ", "ä".repeat(8 << 10).as_bytes()].concat();
    for _ in 0..LONGEST / (16 << 10) + 1 {
        lines.extend(feed(&mut output, &piece));
    }
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].line.text.len(), LONGEST);
    output.finish(|line| lines.push(line));
    assert_eq!(lines[1].line.text.len(), 16 << 10);
    assert!(
        lines
            .iter()
            .all(|line| line.line.text.chars().all(|letter| letter == 'ä'))
    );
}

#[test]
fn what_is_no_text_is_shown_as_such() {
    let mut output = Assembler::new(false);
    let text = [stamp(1).as_bytes(), b" a\xffb\x1b[31m\n"].concat();
    assert_eq!(texts(&feed(&mut output, &text)), ["a\u{fffd}b\u{1b}[31m"]);
}

proptest! {
    /// However an engine splits what a program wrote, the lines are the same.
    #[test]
    fn any_split_gives_the_same_lines(
        written in prop::collection::vec("[^\n\r]{0,40}", 1..20),
        cuts in prop::collection::vec(1_usize..20, 0..60),
    ) {
        let mut whole = Assembler::new(false);
        let mut split = Assembler::new(false);
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        for (number, line) in (0..).zip(&written) {
            let stamp = stamp(number);
            expected.extend(feed(&mut whole, format!("{stamp} {line}\n").as_bytes()));
            let line = format!("{line}\n");
            let mut rest = line.as_bytes();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(7).min(rest.len()));
                found.extend(feed(&mut split, &[stamp.as_bytes(), b" ", piece].concat()));
                rest = after;
            }
        }
        prop_assert_eq!(&expected, &found);
        prop_assert_eq!(texts(&found), written.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Wherever a stream breaks, reading again gives each line once: of both outputs, whose timestamps may be out of
    /// order to each other, with many lines of one moment.
    #[test]
    fn each_line_comes_once_wherever_a_stream_breaks(
        written in prop::collection::vec((any::<bool>(), 0_u8..3, 0_i128..5), 1..60),
        breaks in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let mut clocks = [0_i128, 0];
        let log: Vec<Stamped> = written.iter().enumerate().map(|(number, (error, step, skew))| {
            let base = clocks[0].max(clocks[1]) - skew;
            let clock = &mut clocks[usize::from(*error)];
            *clock = (*clock).max(base).max(0) + i128::from(*step);
            let at = 1_795_337_765_000_000_000 + *clock;
            Stamped {
                nanoseconds: at,
                line: crate::model::LogLine {
                    at: Timestamp(i64::try_from(at / 1_000_000).unwrap()),
                    error: *error,
                    text: number.to_string().into(),
                },
            }
        }).collect();
        let mut progress = Progress::new(None, false);
        let mut read = Vec::new();
        for end in breaks.into_iter().chain([log.len()]) {
            let since = progress.resume([]).map_or(0, i128::from) * 1_000_000_000;
            let again = log.iter().take(end).filter(|line| line.nanoseconds >= since);
            read.extend(again.filter(|line| progress.accept(line)).map(|line| line.line.text.clone()));
        }
        let expected: Vec<_> = log.iter().map(|line| line.line.text.clone()).collect();
        read.sort_by_key(|text| text.parse::<usize>().unwrap());
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn reading_goes_on_a_little_before_the_last_line() {
    let mut output = Assembler::new(false);
    let mut progress = Progress::new(Some(Timestamp(1_795_337_760_500)), true);
    assert_eq!(progress.resume([]), Some(1_795_337_760));
    let lines = feed(&mut output, format!("{} a\n", stamp(5)).as_bytes());
    assert!(progress.accept(&lines[0]));
    assert_eq!(progress.resume([]), Some(1_795_337_763));
    // The beginning of a line that is not complete lies further back.
    assert_eq!(
        progress.resume([1_795_337_762_900_000_000]),
        Some(1_795_337_762)
    );
    assert_eq!(Progress::new(None, false).resume([]), None);
}

#[test]
fn what_is_older_than_wanted_is_left_out_to_the_millisecond() {
    let mut output = Assembler::new(false);
    let mut progress = Progress::new(Some(Timestamp(1_795_337_765_500)), false);
    let text = format!("{} old\n{} new\n", stamp(499_999_999), stamp(500_000_000));
    let kept: Vec<_> = feed(&mut output, text.as_bytes())
        .into_iter()
        .filter(|line| progress.accept(line))
        .collect();
    assert_eq!(texts(&kept), ["new"]);
}

#[test]
fn of_the_newest_lines_none_gets_older_when_reading_goes_on() {
    let mut progress = Progress::new(None, true);
    let line = |error, nanoseconds| {
        let text = format!("{} x\n", stamp(nanoseconds));
        feed(&mut Assembler::new(error), text.as_bytes()).remove(0)
    };
    assert!(progress.accept(&line(false, 5)));
    progress.resume([]);
    assert!(
        !progress.accept(&line(true, 4)),
        "it was not among the newest"
    );
    assert!(progress.accept(&line(true, 6)));
    assert!(!progress.accept(&line(false, 5)));
}

#[test]
fn what_a_container_left_without_end_is_a_line_of_its_own() {
    let mut output = Assembler::new(false);
    assert!(feed(&mut output, format!("{} left", stamp(1)).as_bytes()).is_empty());
    let lines = feed(&mut output, format!("{} new\n", stamp(2)).as_bytes());
    assert_eq!(texts(&lines), ["left", "new"]);
}

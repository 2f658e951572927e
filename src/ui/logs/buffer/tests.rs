#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn line(at: i64, text: &str) -> LogLine {
    LogLine {
        at: Timestamp(at),
        error: false,
        text: text.into(),
    }
}

fn lines(of: &[(i64, &str)]) -> Lines {
    let mut lines = Lines::new(MOST);
    for (at, text) in of {
        lines.push(0, &line(*at, text));
    }
    lines.merge(&mut []);
    lines
}

fn texts(lines: &Lines) -> Vec<&str> {
    (0..lines.rows())
        .map(|row| lines.line(lines.at(row).unwrap()).unwrap().text.as_ref())
        .collect()
}

fn only(lines: &mut Lines, filter: &str, context: usize) {
    lines.find(Finder::parse(filter).unwrap());
    lines.show(Some(context));
}

#[test]
fn late_lines_take_their_place_and_numbers_held_move_with_them() {
    let mut lines = lines(&[(10, "a"), (20, "b"), (30, "c")]);
    let mut held = [0, 2, 7];
    lines.push(1, &line(15, "late"));
    lines.push(1, &line(20, "same moment"));
    lines.push(1, &line(40, "new"));
    assert_eq!(lines.merge(&mut held), 3);
    assert_eq!(texts(&lines), ["a", "late", "b", "same moment", "c", "new"]);
    assert_eq!(held, [0, 4, 7]);
}

#[test]
fn the_oldest_go_where_there_are_too_many_and_numbers_go_on() {
    let mut lines = Lines::new(3 * (OVERHEAD + 1));
    for at in 0..5 {
        lines.push(0, &line(at, "x"));
    }
    lines.merge(&mut []);
    assert_eq!((lines.len(), lines.dropped()), (3, 2));
    assert_eq!((lines.first(), lines.end()), (2, 5));
    assert!(lines.line(1).is_none());
    assert_eq!(lines.line(2).map(|line| line.at), Some(Timestamp(2)));
    assert_eq!(
        lines.row(0),
        0,
        "what is gone reads as the first that is left"
    );
    assert_eq!(lines.clear(), 3);
    assert_eq!((lines.first(), lines.end(), lines.bytes()), (5, 5, 0));
    lines.restart();
    assert_eq!(lines.dropped(), 0);
}

/// Every line takes the same room, so what is held and what was dropped are known to the line.
#[test]
fn a_flood_drops_exactly_what_is_above_the_cap() {
    const HELD: u64 = 5_000;
    const CAME: u64 = 32_345;
    let size = OVERHEAD + "number 00000".len();
    // Looked at after so many lines; with the last, not before all have come.
    for every in [1, 1_000, 7_000, CAME + 1] {
        for filter in [None, Some("5")] {
            // Room that is not enough for another line.
            let mut lines = Lines::new(usize::try_from(HELD).unwrap() * size + size - 1);
            if let Some(filter) = filter {
                only(&mut lines, filter, 1);
            }
            let mut bytes = 0;
            for number in 0..CAME {
                let text = format!("number {number:05}");
                lines.push(0, &line(number.try_into().unwrap(), &text));
                bytes = bytes.max(lines.bytes());
                if number % every == 0 {
                    lines.merge(&mut []);
                }
            }
            lines.merge(&mut []);
            assert_eq!(bytes, usize::try_from(HELD).unwrap() * size);
            assert_eq!(lines.bytes(), bytes);
            assert_eq!(lines.len(), usize::try_from(HELD).unwrap());
            assert_eq!(lines.dropped(), CAME - HELD);
            assert_eq!((lines.first(), lines.end()), (CAME - HELD, CAME));
            let newest = lines.line(CAME - 1).unwrap();
            assert_eq!(&*newest.text, "number 32344");
            let matches = (CAME - HELD..CAME).filter(|number| format!("{number:05}").contains('5'));
            let matches = if filter.is_some() { matches.count() } else { 0 };
            assert_eq!(lines.matches(), matches);
        }
    }
}

#[test]
fn matches_are_shown_with_the_lines_around_them() {
    let mut lines = lines(&[
        (0, "a"),
        (1, "b"),
        (2, "hit 1"),
        (3, "c"),
        (4, "d"),
        (5, "e"),
        (6, "hit 2"),
    ]);
    only(&mut lines, "hit", 0);
    assert_eq!(texts(&lines), ["hit 1", "hit 2"]);
    assert!(!lines.is_gap(1), "without lines around there are no groups");
    only(&mut lines, "hit", 1);
    assert_eq!(texts(&lines), ["b", "hit 1", "c", "e", "hit 2"]);
    assert!(lines.is_gap(3));
    assert_eq!(lines.matches(), 2);
    lines.push(0, &line(7, "f"));
    lines.push(0, &line(8, "g"));
    lines.push(0, &line(9, "hit 3"));
    assert_eq!(lines.merge(&mut []), 1, "one of the new lines matches");
    assert_eq!(
        texts(&lines),
        ["b", "hit 1", "c", "e", "hit 2", "f", "g", "hit 3"]
    );
    only(&mut lines, "!hit", 0);
    assert_eq!(lines.matches(), 7);
    lines.find(None);
    lines.show(None);
    assert_eq!((lines.rows(), lines.matches()), (10, 0));
}

#[test]
fn what_is_looked_for_is_looked_for_in_lines_that_wait_too() {
    let mut lines = lines(&[(5, "a")]);
    lines.push(0, &line(6, "hit"));
    only(&mut lines, "hit", 0);
    assert_eq!((lines.rows(), lines.matches()), (0, 0));
    assert_eq!(lines.merge(&mut []), 1);
    assert_eq!((lines.rows(), lines.matches()), (1, 1));
}

#[test]
fn marks_are_shown_whatever_is_looked_for() {
    let mut lines = lines(&[(5, "a"), (6, "hit")]);
    lines.note(Kind::Mark, Timestamp(1), "now");
    lines.merge(&mut []);
    only(&mut lines, "hit", 0);
    assert_eq!(
        texts(&lines),
        ["hit", "now"],
        "a mark is behind all there is"
    );
}

#[test]
fn seeking_goes_around() {
    let lines = lines(&[(0, "hit"), (1, "a"), (2, "hit"), (3, "b")]);
    let hit = |line: &Line| &*line.text == "hit";
    assert_eq!(lines.seek(None, true, hit), Some((0, false)));
    assert_eq!(lines.seek(Some(0), true, hit), Some((2, false)));
    assert_eq!(lines.seek(Some(2), true, hit), Some((0, true)));
    assert_eq!(lines.seek(None, false, hit), Some((2, false)));
    assert_eq!(lines.seek(Some(2), false, hit), Some((0, false)));
    assert_eq!(lines.seek(Some(0), false, hit), Some((2, true)));
    assert_eq!(lines.seek(None, true, |_| false), None);
}

/// What is shown, found without an index.
fn expected(lines: &Lines, context: u64) -> Vec<u64> {
    let (first, end) = (lines.first(), lines.end());
    (first..end)
        .filter(|at| {
            let around = at.saturating_sub(context)..=at + context;
            let near = around
                .filter_map(|at| lines.line(at))
                .any(|line| line.matched);
            near || lines.line(*at).unwrap().kind != Kind::Text
        })
        .collect()
}

proptest! {
    /// However lines come: never above the cap, in the order of time, none lost but from the front, and the index says
    /// what a look at every line would say.
    #[test]
    fn holds_what_it_should(
        batches in prop::collection::vec(
            prop::collection::vec((0_i64..60, "[ab]{0,12}", any::<u8>()), 0..12), 1..12),
        most in 1_usize..4_000,
        context in 0_usize..4,
    ) {
        let mut lines = Lines::new(most);
        only(&mut lines, "ab", context);
        let mut pushed = 0;
        for (batch, of) in batches.iter().enumerate() {
            for (at, text, dice) in of {
                if *dice == 0 {
                    lines.note(Kind::Mark, Timestamp(*at), "mark");
                } else {
                    lines.push(0, &line(*at + i64::try_from(batch).unwrap() * 20, text));
                }
                pushed += 1;
                prop_assert!(lines.bytes() <= most);
            }
            lines.merge(&mut []);
            let held: Vec<&Line> =
                (lines.first()..lines.end()).map(|at| lines.line(at).unwrap()).collect();
            prop_assert!(held.is_sorted_by_key(|line| line.at));
            prop_assert_eq!(held.iter().map(|line| line.bytes()).sum::<usize>(), lines.bytes());
            prop_assert_eq!(held.iter().filter(|line| line.matched).count(), lines.matches());
            prop_assert_eq!(lines.end(), pushed);
            let context = u64::try_from(context).unwrap();
            // Matches that were dropped may leave the lines behind them shown.
            let shown: Vec<u64> = (0..lines.rows()).map(|row| lines.at(row).unwrap()).collect();
            let wanted = expected(&lines, context);
            prop_assert!(wanted.iter().all(|at| shown.contains(at)), "{shown:?} {wanted:?}");
            prop_assert!(shown.iter().all(|at| wanted.contains(at) || *at < lines.first() + context));
            for (row, at) in shown.iter().enumerate() {
                prop_assert_eq!(lines.row(*at), row);
            }
        }
    }

    /// Lines of one moment stay in the order in which they came.
    #[test]
    fn order_is_stable(times in prop::collection::vec(0_i64..4, 0..40), every in 1_usize..9) {
        let mut lines = Lines::new(MOST);
        for (index, at) in times.iter().enumerate() {
            lines.push(0, &line(*at, &index.to_string()));
            if index % every == 0 {
                lines.merge(&mut []);
            }
        }
        lines.merge(&mut []);
        let mut wanted: Vec<(i64, usize)> = times.iter().copied().zip(0..).collect();
        wanted.sort_by_key(|(at, _)| *at);
        let told: Vec<usize> = texts(&lines).iter().map(|text| text.parse().unwrap()).collect();
        prop_assert_eq!(told, wanted.into_iter().map(|(_, index)| index).collect::<Vec<_>>());
    }

    /// A number that is held stays with its line.
    #[test]
    fn numbers_stay_with_their_lines(
        before in prop::collection::vec(0_i64..50, 1..20),
        after in prop::collection::vec(0_i64..50, 0..20),
        pick in any::<prop::sample::Index>(),
    ) {
        let mut lines = Lines::new(MOST);
        for (index, at) in before.iter().enumerate() {
            lines.push(0, &line(*at, &format!("before {index}")));
        }
        lines.merge(&mut []);
        let number = u64::try_from(pick.index(before.len())).unwrap();
        let text = lines.line(number).unwrap().text.clone();
        for at in after {
            lines.push(0, &line(at, "after"));
        }
        let mut held = [number];
        lines.merge(&mut held);
        prop_assert_eq!(&lines.line(held[0]).unwrap().text, &text);
    }
}

//! Which columns are shown, and how wide. Pure.

use crate::resource::{Head, Scope};

/// Cells between columns.
pub(super) const GAP: u16 = 2;
/// Cells of the health mark before the first column.
pub(super) const MARK: u16 = 2;
/// Columns of this rank or higher give way to the content of what matters.
const SPARED: u8 = 3;
/// The narrowest that the first column gets.
const LEAST: u16 = 8;
/// Cells at the right edge that say that columns are hidden.
const MORE: u16 = 2;

/// A column that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// Its index among all columns of the view.
    pub(super) index: usize,
    /// What it is.
    pub(super) head: Head,
}

/// Columns with their widths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Column and width, left to right.
    pub(super) columns: Vec<(Shown, u16)>,
    /// Whether there are more to the right.
    pub(super) more: bool,
}

/// The columns that make sense in a scope.
pub(super) fn candidates(heads: &[Head], scope: &Scope) -> Vec<Shown> {
    heads
        .iter()
        .enumerate()
        .filter(|(_, head)| head.belongs(scope))
        .map(|(index, head)| Shown { index, head: *head })
        .collect()
}

/// How columns are to be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wish {
    /// Columns scrolled away behind the first; the rest are then taken from left to right.
    pub(super) shift: usize,
    /// Whether more columns count for more than whole texts.
    pub(super) many: bool,
}

/// Fits columns into `room` cells: those of the highest rank give way first. `measured` holds the width of the
/// content of every column of the view, for those that grow.
pub(super) fn lay_out(shown: &[Shown], measured: &[u16], room: u16, wish: Wish) -> Layout {
    let Wish { shift, many } = wish;
    let room = room.saturating_sub(MARK);
    let mut kept: Vec<Shown> = shown.to_vec();
    if shift > 0 && kept.len() > 1 {
        kept.drain(1..=shift.min(kept.len() - 1));
    }
    let all = kept.len();
    // First, columns of low rank that take the room that what matters needs for its content.
    if shift == 0 && !many {
        give_way(&mut kept, SPARED, |kept| wanted(kept, measured) <= room);
    }
    let cut = kept.len() < all || least(&kept) > room;
    let room = if cut { room.saturating_sub(MORE) } else { room };
    if shift > 0 {
        while least(&kept) > room && kept.len() > 2 {
            kept.pop();
        }
    } else {
        give_way(&mut kept, 1, |kept| least(kept) <= room);
        take_back(&mut kept, shown, measured, room);
    }
    let more = kept.len() < all;
    let needed = least(&kept);
    let mut spare = room.saturating_sub(needed);
    let mut columns: Vec<(Shown, u16)> = kept
        .into_iter()
        .map(|column| (column, column.head.width))
        .collect();
    // What cannot give way shares the lack: the first column, the widest as a rule, is written shorter.
    if let Some((_, width)) = columns.first_mut() {
        let lack = needed.saturating_sub(room);
        *width -= lack.min(width.saturating_sub(LEAST));
    }
    // What matters most grows first.
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|at| columns[*at].0.head.rank);
    for at in by_rank {
        let (column, width) = &mut columns[at];
        let wanted = measured
            .get(column.index)
            .copied()
            .unwrap_or(0)
            .min(column.head.grow);
        let extra = wanted.saturating_sub(*width).min(spare);
        spare -= extra;
        *width += extra;
    }
    Layout { columns, more }
}

/// Which of these columns stand beside one another on a line of `room` cells, and how wide each is, as on a screen.
/// `measured` holds the width of the content of each.
#[must_use]
pub fn fit(heads: &[Head], measured: &[u16], room: u16) -> Vec<(usize, u16)> {
    let columns = heads.iter().enumerate();
    let shown: Vec<Shown> = columns
        .map(|(index, head)| Shown { index, head: *head })
        .collect();
    let layout = lay_out(&shown, measured, room.saturating_add(MARK), Wish::default());
    let columns = layout.columns.into_iter();
    columns.map(|(shown, width)| (shown.index, width)).collect()
}

/// Drops columns of `from` or a higher rank, the highest and rightmost first, until the rest fits.
fn give_way(kept: &mut Vec<Shown>, from: u8, fits: impl Fn(&[Shown]) -> bool) {
    while !fits(kept) {
        let highest = kept
            .iter()
            .map(|column| column.head.rank)
            .max()
            .unwrap_or(0);
        let victim = kept.iter().rposition(|column| column.head.rank == highest);
        match victim.filter(|_| highest >= from) {
            Some(victim) => kept.remove(victim),
            None => return,
        };
    }
}

/// Brings columns back that fit beside the content of those that stayed, the lowest rank first: a wide column that
/// gave way must not leave room empty that a narrow one could use.
fn take_back(kept: &mut Vec<Shown>, shown: &[Shown], measured: &[u16], room: u16) {
    let mut absent: Vec<Shown> = shown
        .iter()
        .filter(|column| !kept.contains(column))
        .copied()
        .collect();
    absent.sort_by_key(|column| column.head.rank);
    for column in absent {
        let at = kept.partition_point(|other| other.index < column.index);
        kept.insert(at, column);
        if wanted(kept, measured) > room {
            kept.remove(at);
        }
    }
}

/// The cells that columns want: those that matter for their content, the others at the least.
fn wanted(columns: &[Shown], measured: &[u16]) -> u16 {
    let extra = columns
        .iter()
        .filter(|column| column.head.rank <= 1)
        .map(|column| {
            let content = measured
                .get(column.index)
                .copied()
                .unwrap_or(0)
                .min(column.head.grow);
            content.saturating_sub(column.head.width)
        });
    least(columns) + extra.sum::<u16>()
}

fn least(columns: &[Shown]) -> u16 {
    let gaps = GAP * u16::try_from(columns.len().saturating_sub(1)).unwrap_or(0);
    columns.iter().map(|column| column.head.width).sum::<u16>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Align, Cut, Presence};

    fn shown(specs: &[(u16, u16, u8)]) -> Vec<Shown> {
        specs
            .iter()
            .enumerate()
            .map(|(index, (width, grow, rank))| Shown {
                index,
                head: Head {
                    title: "X",
                    align: Align::Left,
                    width: *width,
                    grow: *grow,
                    rank: *rank,
                    find: false,
                    facet: None,
                    presence: Presence::Always,
                    same_under: None,
                    cut: Cut::End,
                },
            })
            .collect()
    }

    fn shifted(shift: usize) -> Wish {
        Wish { shift, many: false }
    }

    fn widths(layout: &Layout) -> Vec<(usize, u16)> {
        layout
            .columns
            .iter()
            .map(|(shown, width)| (shown.index, *width))
            .collect()
    }

    #[test]
    fn the_highest_rank_gives_way_first() {
        let columns = shown(&[(10, 0, 0), (10, 0, 3), (10, 0, 1), (10, 0, 3)]);
        let layout = lay_out(&columns, &[0; 4], 48, shifted(0));
        assert!(!layout.more);
        let layout = lay_out(&columns, &[0; 4], 40, shifted(0));
        assert_eq!(widths(&layout), [(0, 10), (1, 10), (2, 10)]);
        assert!(layout.more);
        let layout = lay_out(&columns, &[0; 4], 28, shifted(0));
        assert_eq!(widths(&layout), [(0, 10), (2, 10)]);
    }

    #[test]
    fn content_that_matters_goes_before_lesser_columns_unless_many_are_wished() {
        let columns = shown(&[(10, 40, 0), (10, 0, 5)]);
        let few = lay_out(&columns, &[30, 0], 40, Wish::default());
        assert_eq!(widths(&few), [(0, 30)]);
        let many = lay_out(
            &columns,
            &[30, 0],
            40,
            Wish {
                shift: 0,
                many: true,
            },
        );
        assert_eq!(widths(&many), [(0, 26), (1, 10)]);
    }

    #[test]
    fn rank_zero_never_gives_way() {
        let columns = shown(&[(10, 0, 0), (10, 0, 0)]);
        assert_eq!(lay_out(&columns, &[0; 2], 5, shifted(0)).columns.len(), 2);
    }

    #[test]
    fn columns_grow_with_their_content_and_no_further() {
        let columns = shown(&[(10, 40, 0), (10, 20, 0)]);
        assert_eq!(
            widths(&lay_out(&columns, &[15, 99], 100, shifted(0))),
            [(0, 15), (1, 20)]
        );
        assert_eq!(
            widths(&lay_out(&columns, &[99, 99], 30, shifted(0))),
            [(0, 16), (1, 10)]
        );
    }

    #[test]
    fn a_narrow_column_comes_back_where_a_wide_one_left_room() {
        let columns = shown(&[(10, 0, 0), (30, 0, 1), (4, 0, 1)]);
        let layout = lay_out(&columns, &[0; 3], 24, Wish::default());
        assert_eq!(widths(&layout), [(0, 10), (2, 4)]);
        let columns = shown(&[(10, 0, 0), (4, 0, 2), (30, 0, 1)]);
        let layout = lay_out(&columns, &[0; 3], 24, Wish::default());
        assert_eq!(widths(&layout), [(0, 10), (1, 4)]);
        assert!(layout.more);
    }

    #[test]
    fn the_first_column_makes_room_for_the_mark_of_hidden_ones() {
        let columns = shown(&[(16, 0, 0), (11, 0, 0), (7, 0, 0), (9, 0, 1)]);
        let layout = lay_out(&columns, &[0; 4], 40, Wish::default());
        assert_eq!(widths(&layout), [(0, 14), (1, 11), (2, 7)]);
        assert!(layout.more);
    }

    #[test]
    fn scrolled_columns_keep_the_first() {
        let columns = shown(&[(10, 0, 0), (10, 0, 1), (10, 0, 2), (10, 0, 9)]);
        let layout = lay_out(&columns, &[0; 4], 26, shifted(2));
        assert_eq!(widths(&layout), [(0, 10), (3, 10)]);
        assert!(!layout.more);
        let narrow = lay_out(&columns, &[0; 4], 15, shifted(1));
        assert_eq!(widths(&narrow), [(0, 8), (2, 10)]);
        assert!(narrow.more);
    }
}

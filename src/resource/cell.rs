//! Cells and columns of tables: text with a meaning, not with a colour.

use std::{borrow::Cow, cmp::Ordering};

use super::{Cx, Scope};
use crate::model::{Arn, Health};

/// What a piece of text means; the theme decides how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Of less weight.
    Muted,
    /// Of more weight.
    Strong,
    /// A heading of a page.
    Title,
    /// The name of a field.
    Label,
    /// As it should be.
    Ok,
    /// Moving between states.
    Progress,
    /// Not as it should be.
    Warn,
    /// Failing.
    Error,
    /// Over and done with.
    Done,
    /// Not known.
    Unknown,
    /// Older than it should be, or not the whole of it.
    Stale,
}

/// A few values in a row, as heights: a chart of the size of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trend(Vec<Option<u8>>);

impl Trend {
    /// Values with the oldest first, none where nothing was heard. The highest of them reaches the top, or `least`
    /// does if none is that high.
    #[must_use]
    pub fn new(values: &[Option<f32>], least: f32) -> Self {
        let top = values.iter().flatten().copied().fold(least, f32::max);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float stays within the bounds of the integer"
        )]
        let height = |value: f32| (value / top * 255.0).round() as u8;
        Self(values.iter().map(|value| value.map(height)).collect())
    }

    /// The heights, 255 being the top.
    #[must_use]
    pub fn heights(&self) -> &[Option<u8>] {
        &self.0
    }

    /// Whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl From<Health> for Tone {
    fn from(health: Health) -> Self {
        match health {
            Health::Sick => Self::Error,
            Health::Warn => Self::Warn,
            Health::Moving => Self::Progress,
            Health::Ok => Self::Ok,
            Health::Done => Self::Done,
            Health::Unknown => Self::Unknown,
        }
    }
}

/// The content of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The text as it came; it is made safe where it is drawn.
    pub text: Cow<'static, str>,
    /// What it means.
    pub tone: Tone,
    /// What is drawn in the place of the text; empty if the text is all there is.
    pub trend: Trend,
}

impl Cell {
    /// Text with a tone.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
            trend: Trend::default(),
        }
    }

    /// The region of a thing.
    #[must_use]
    pub fn region(arn: &Arn) -> Self {
        Self::muted(arn.region().to_owned())
    }

    /// A chart of the size of a cell; the mark of absence if there is nothing to draw.
    #[must_use]
    pub fn trend(trend: Trend, tone: Tone) -> Self {
        if trend.is_empty() {
            return Self::absent();
        }
        Self {
            text: Cow::Borrowed(""),
            tone,
            trend,
        }
    }

    /// Ordinary text.
    #[must_use]
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text, Tone::Plain)
    }

    /// Text of less weight.
    #[must_use]
    pub fn muted(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text, Tone::Muted)
    }

    /// The mark of something that is not there: `-`.
    #[must_use]
    pub fn absent() -> Self {
        Self::muted("-")
    }

    /// The text if there is one, else the mark of absence.
    #[must_use]
    pub fn maybe(text: Option<&str>) -> Self {
        match text {
            Some(text) if !text.is_empty() => Self::plain(text.to_owned()),
            _ => Self::absent(),
        }
    }

    /// A count; zero is muted.
    #[must_use]
    pub fn count(count: impl Into<i64>) -> Self {
        let count = count.into();
        let tone = if count == 0 { Tone::Muted } else { Tone::Plain };
        Self::new(count.to_string(), tone)
    }
}

/// What a row is sorted by. Absent values sort last, whichever way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// By a number.
    Number(i64),
    /// By text, without regard to case.
    Text(String),
    /// There is nothing to sort by.
    Absent,
}

impl SortKey {
    /// A key of text, folded to lower case.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    /// Compares in a direction; what is absent stays at the end.
    #[must_use]
    pub fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ordering = match (self, other) {
            (Self::Absent, Self::Absent) => return Ordering::Equal,
            (Self::Absent, _) => return Ordering::Greater,
            (_, Self::Absent) => return Ordering::Less,
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        };
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}

/// To which side a column keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// Which part of a text is left out where there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its end: `a long sen…`.
    End,
    /// Its middle, because its end tells more: `payments…:41`.
    Middle,
    /// Its start, because only its end tells one from another: `…/i-0123.sock`.
    Start,
}

/// Where a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Wherever its view is.
    Always,
    /// Only where the whole account is listed.
    InWhole,
    /// Only where the whole account is listed and several regions are looked at: it tells the region.
    AmongRegions,
    /// Only where something is known of what it tells: what is used now.
    WhereUsed,
}

/// What a screen must know of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The title, in capitals.
    pub title: &'static str,
    /// To which side it keeps.
    pub align: Align,
    /// Its width in cells; for a column that grows, the least.
    pub width: u16,
    /// The most it grows to with its content, 0 if it does not grow.
    pub grow: u16,
    /// When it gives way on a narrow screen: 0 never, then the highest first.
    pub rank: u8,
    /// Whether `/` looks into it.
    pub find: bool,
    /// Where it is shown.
    pub presence: Presence,
    /// The one facet it is shown in, none for all.
    pub facet: Option<usize>,
    /// The kind of thing under which it would say the same in every row, so that it is not shown there.
    pub same_under: Option<&'static str>,
    /// Where its text is cut if there is no room for it.
    pub cut: Cut,
}

impl Head {
    /// A column of this title and width; everything else as most columns have it.
    const fn new(title: &'static str, align: Align, width: u16, rank: u8) -> Self {
        Self {
            title,
            align,
            width,
            grow: 0,
            rank,
            find: matches!(align, Align::Left),
            presence: Presence::Always,
            facet: None,
            same_under: None,
            cut: Cut::End,
        }
    }

    /// Whether the column says anything in this scope: by its facet, and by what is listed.
    #[must_use]
    pub fn belongs(&self, scope: &Scope) -> bool {
        let kind = scope.of.as_ref().map(|of| of.arn.kind());
        let is_anywhere = !matches!(self.presence, Presence::InWhole | Presence::AmongRegions);
        (is_anywhere || kind.is_none())
            && self.facet.is_none_or(|facet| facet == scope.facet)
            && (kind.is_none() || self.same_under != kind)
    }
}

/// A column over rows of type `T`.
pub struct Column<T> {
    /// What a screen must know.
    pub head: Head,
    /// Writes the cell of a row.
    pub cell: fn(&T, &Cx) -> Cell,
    /// Gives what the row is sorted by; by the cell's text if there is none.
    pub key: Option<fn(&T, &Cx) -> SortKey>,
}

impl<T> Column<T> {
    /// A column of words that `/` looks into.
    #[must_use]
    pub const fn text(
        title: &'static str,
        width: u16,
        rank: u8,
        cell: fn(&T, &Cx) -> Cell,
    ) -> Self {
        Self {
            head: Head::new(title, Align::Left, width, rank),
            cell,
            key: None,
        }
    }

    /// The column of the region, shown only where several are looked at and a row of another could stand beside.
    #[must_use]
    pub const fn region(cell: fn(&T, &Cx) -> Cell) -> Self {
        let mut column = Self::text("REGION", 14, 0, cell);
        column.head.presence = Presence::AmongRegions;
        column
    }

    /// A column of numbers, to the right, sorted by `key`.
    #[must_use]
    pub const fn number(
        title: &'static str,
        width: u16,
        rank: u8,
        cell: fn(&T, &Cx) -> Cell,
        key: fn(&T, &Cx) -> SortKey,
    ) -> Self {
        Self {
            head: Head::new(title, Align::Right, width, rank),
            cell,
            key: Some(key),
        }
    }

    /// The same column, growing with its content up to `most` cells.
    #[must_use]
    pub const fn grow(mut self, most: u16) -> Self {
        self.head.grow = most;
        self
    }

    /// The same column, not shown where all rows are parts of one thing of this kind.
    #[must_use]
    pub const fn same_under(mut self, kind: &'static str) -> Self {
        self.head.same_under = Some(kind);
        self
    }

    /// The same column, cut in the middle where there is no room, because its end tells the most.
    #[must_use]
    pub const fn keep_end(mut self) -> Self {
        self.head.cut = Cut::Middle;
        self
    }

    /// The same column, cut at its start where there is no room, because only its end tells one from another.
    #[must_use]
    pub const fn cut_start(mut self) -> Self {
        self.head.cut = Cut::Start;
        self
    }

    /// The same column, one that `/` does not look into.
    #[must_use]
    pub const fn not_found(mut self) -> Self {
        self.head.find = false;
        self
    }

    /// The same column, saying what is used now: shown only where something is known of that.
    #[must_use]
    pub const fn live(mut self) -> Self {
        self.head.presence = Presence::WhereUsed;
        self
    }

    /// The same column, sorted by `key`.
    #[must_use]
    pub const fn sorted_by(mut self, key: fn(&T, &Cx) -> SortKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The same column, shown only where the whole account is listed.
    #[must_use]
    pub const fn whole_only(mut self) -> Self {
        self.head.presence = Presence::InWhole;
        self
    }

    /// The same column, shown only in the facet with this index.
    #[must_use]
    pub const fn facet(mut self, facet: usize) -> Self {
        self.head.facet = Some(facet);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_sorts_last_both_ways() {
        let mut keys = [SortKey::Absent, SortKey::Number(1), SortKey::Number(2)];
        keys.sort_by(|one, two| one.compare(two, true));
        assert_eq!(
            keys,
            [SortKey::Number(2), SortKey::Number(1), SortKey::Absent]
        );
        keys.sort_by(|one, two| one.compare(two, false));
        assert_eq!(
            keys,
            [SortKey::Number(1), SortKey::Number(2), SortKey::Absent]
        );
    }

    #[test]
    fn text_sorts_without_regard_to_case() {
        assert_eq!(SortKey::text("Api"), SortKey::text("api"));
    }
}

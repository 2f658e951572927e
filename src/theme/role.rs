//! The roles: what a colour means on the screen. One table feeds parsing, the documentation and the tests.

use std::fmt;

/// Declares [`Role`] and everything that must never disagree with it from one table.
macro_rules! roles {
    ($($variant:ident $name:literal $meaning:literal;)+) => {
        /// What a piece of the screen means, for a theme to style. Names are stable: theme files use them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role {
            $(#[doc = $meaning] $variant,)+
        }

        impl Role {
            /// Every role, in the order of the table; `role as usize` is its place here.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The dotted name used in theme files, such as `status.warn`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What is drawn in this role, as a sentence for documentation.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

roles! {
    Text "text" "Ordinary text.";
    TextMuted "text.muted" "Text of lesser weight: units, placeholders, empty cells.";
    TextEmphasis "text.emphasis" "Text that stands out without being a status.";
    Title "title" "The title of a pane.";
    Counter "counter" "The counts beside a title.";
    Border "border" "The frame of a pane.";
    BorderFocus "border.focus" "The frame of the pane that has the keyboard.";
    CursorRow "cursor.row" "The row under the cursor.";
    CursorRowInactive "cursor.row.inactive" "The row under the cursor of a pane without the keyboard.";
    Mark "mark" "A marked row.";
    Match "match" "The letters a filter or search matched.";
    StatusOk "status.ok" "Healthy, running, steady.";
    StatusProgress "status.progress" "On its way: provisioning, pending, rolling out.";
    StatusWarn "status.warn" "Needs a look: below desired, unhealthy, draining.";
    StatusError "status.error" "Failed or failing.";
    StatusDone "status.done" "Finished and of no further concern.";
    StatusUnknown "status.unknown" "A status that is not known.";
    Stale "stale" "Data older than it should be.";
    Key "key" "The name of a key.";
    Hint "hint" "What a key does, beside its name.";
    Crumb "crumb" "A step of the breadcrumbs.";
    CrumbActive "crumb.active" "The last step of the breadcrumbs: where the user is.";
    PromptCommand "prompt.command" "The command prompt.";
    PromptFilter "prompt.filter" "The filter prompt, and the active filter beside a title.";
    PromptGhost "prompt.ghost" "The completion offered after the text typed so far.";
    DialogBorder "dialog.border" "The frame of a dialog.";
    DialogDanger "dialog.danger" "What a dialog warns of.";
    ButtonFocus "button.focus" "The button that Enter would press.";
    FlashInfo "flash.info" "A message that all went well.";
    FlashWarn "flash.warn" "A message that something needs care.";
    FlashError "flash.error" "A message that something failed.";
    DiffAdd "diff.add" "A line that was added.";
    DiffDel "diff.del" "A line that was removed.";
    Header "header" "The line at the top of the screen.";
    HeaderReadonly "header.readonly" "The sign that nothing can be changed here.";
    EnvProd "env.prod" "The banner of a production account.";
    EnvStaging "env.staging" "The banner of a staging account.";
    EnvDev "env.dev" "The banner of a development account.";
    LogTime "log.time" "The time at the start of a log line.";
    LogStream1 "log.stream.1" "The name of the first log stream.";
    LogStream2 "log.stream.2" "The name of the second log stream.";
    LogStream3 "log.stream.3" "The name of the third log stream.";
    LogStream4 "log.stream.4" "The name of the fourth log stream.";
    LogStream5 "log.stream.5" "The name of the fifth log stream.";
    LogStream6 "log.stream.6" "The name of the sixth log stream.";
    LogStream7 "log.stream.7" "The name of the seventh log stream.";
    LogStream8 "log.stream.8" "The name of the eighth log stream.";
    Chart1 "chart.1" "The first series of a chart.";
    Chart2 "chart.2" "The second series of a chart.";
    Chart3 "chart.3" "The third series of a chart.";
    Chart4 "chart.4" "The fourth series of a chart.";
    ColumnHead "column.head" "The head of a table column.";
    ColumnSorted "column.sorted" "The head of the column the table is sorted by.";
}

impl Role {
    /// How many roles there are.
    pub const COUNT: usize = Self::ALL.len();

    const STREAMS: [Self; 8] = [
        Self::LogStream1,
        Self::LogStream2,
        Self::LogStream3,
        Self::LogStream4,
        Self::LogStream5,
        Self::LogStream6,
        Self::LogStream7,
        Self::LogStream8,
    ];
    const CHARTS: [Self; 4] = [Self::Chart1, Self::Chart2, Self::Chart3, Self::Chart4];

    /// The role of the log stream at `index`, counted from 0; the ninth looks as the first.
    #[must_use]
    pub const fn log_stream(index: usize) -> Self {
        Self::STREAMS[index % Self::STREAMS.len()]
    }

    /// The role of the chart series at `index`, counted from 0; the fifth looks as the first.
    #[must_use]
    pub const fn chart(index: usize) -> Self {
        Self::CHARTS[index % Self::CHARTS.len()]
    }

    /// Whether the user would be lost if this looked as the text around it.
    pub(super) const fn must_stand_out(self) -> bool {
        matches!(self, Self::CursorRow | Self::ButtonFocus)
    }

    /// The role's name and then each dotted name above it: `status.warn`, `status`.
    pub(super) fn lineage(self) -> impl Iterator<Item = &'static str> {
        std::iter::successors(Some(self.name()), |name| {
            name.rfind('.').map(|dot| &name[..dot])
        })
    }

    /// Whether a theme file may style `name`: a role, or a dotted name above one (`status`, `log.stream`).
    pub(super) fn accepts(name: &str) -> bool {
        Self::ALL
            .iter()
            .any(|role| role.lineage().any(|ancestor| ancestor == name))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_place() {
        let names: HashSet<_> = Role::ALL.iter().map(|role| role.name()).collect();
        assert_eq!(names.len(), Role::COUNT);
        for (place, role) in Role::ALL.iter().enumerate() {
            assert_eq!(*role as usize, place, "{role}");
        }
    }

    #[test]
    fn lineage_climbs_the_dots() {
        let lineage: Vec<_> = Role::LogStream3.lineage().collect();
        assert_eq!(lineage, ["log.stream.3", "log.stream", "log"]);
        assert!(Role::accepts("log.stream"));
        assert!(!Role::accepts("log.str"));
    }

    #[test]
    fn series_wrap_around() {
        assert_eq!(Role::log_stream(7), Role::LogStream8);
        assert_eq!(Role::log_stream(8), Role::LogStream1);
        assert_eq!(Role::chart(5), Role::Chart2);
    }
}

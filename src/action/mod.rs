//! What can be done to the account: a file per deed, and the frame that they all fill in. Nothing here sends or draws.
//!
//! A deed is a `static DEED: Deed`: on which rows its key works, why it may not be possible, what it asks for, and how
//! a change becomes a plan. Naming its file in `deeds!` below is all it takes for its key, the action menu, help, the
//! plan with its questions, the read-only gate, waves, undo and audit.

mod definition;
mod field;
mod image;
mod plan;
mod words;

use crate::{
    model::{Change, Query, Subject},
    resource::Cx,
};

pub use field::{Candidate, Field};
pub use plan::{Diff, Follow, Plan, Step};

/// Something that can be done to rows of a view.
pub struct Deed {
    /// Its name in the audit file and in key overrides: `scale`.
    pub id: &'static str,
    /// The default key.
    pub key: &'static str,
    /// The views on whose rows it works.
    pub views: &'static [&'static str],
    /// A word for the line of hints and the menu.
    pub label: &'static str,
    /// A sentence for the help page, with the words under which people look for it.
    pub about: &'static str,
    /// Whether it can be done to several marked rows in one go.
    pub batch: bool,
    /// Whether it asks for the name of its target wherever it is done.
    pub typed: bool,
    /// Why it cannot be done to a row, as a sentence; none if it can.
    pub refuse: fn(&Subject, &Cx) -> Option<String>,
    /// The parts of a row that it can be done to, where one has to be chosen first, with what is worth knowing of each;
    /// empty where there is no choice.
    pub parts: fn(&Subject, &Cx) -> Vec<(Subject, String)>,
    /// The queries that fill the plan.
    pub needs: fn(&Subject, &str, &Cx) -> Vec<Query>,
    /// What it asks for; none if it asks for nothing.
    pub field: fn(&[Subject], &Cx) -> Option<Field>,
    /// The change that a row and an answer amount to.
    pub propose: fn(&Subject, &str, &Cx) -> Result<Change, String>,
    /// What a change amounts to as things stand.
    pub step: fn(&Change, &Cx) -> Result<Step, String>,
    /// What it does to what runs, in numbers, a sentence each.
    pub impact: fn(&[Change], &Cx) -> Vec<String>,
    /// The services whose redeploy is offered once a change was made.
    pub then: fn(&Change, &Cx) -> Vec<Subject>,
}

/// Declares the files of the deeds and lists them in the order of the menu.
macro_rules! deeds {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every deed there is.
        pub static DEEDS: &[&Deed] = &[$(&$name::DEED),*];
    };
}

deeds!(
    scale,
    redeploy,
    rollback,
    set_image,
    execute_command,
    stop_task,
    drain,
    retag,
    promote,
    untag,
    delete_image,
);

/// The deed with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Deed> {
    DEEDS.iter().copied().find(|deed| deed.id == id)
}

/// The deed that makes a change.
#[must_use]
pub fn of(change: &Change) -> Option<&'static Deed> {
    find(match change {
        Change::Scale { .. } => "scale",
        Change::Redeploy { .. } => "redeploy",
        Change::SetRevision { .. } | Change::Rollback { .. } => "rollback",
        Change::SetImage { .. } => "image",
        Change::SetExecuteCommand { .. } => "exec",
        Change::StopTask { .. } => "stop",
        Change::SetInstanceState { .. } => "drain",
        Change::Tag { .. } => "retag",
        Change::Promote { .. } => "promote",
        Change::Untag { .. } => "untag",
        Change::DeleteImage { .. } => "delete",
    })
}

/// The deeds that work on rows of a view.
pub fn on(view: &str) -> impl Iterator<Item = &'static Deed> {
    DEEDS
        .iter()
        .copied()
        .filter(move |deed| deed.views.contains(&view))
}

impl Deed {
    /// The plan for these rows and this answer, as things stand.
    ///
    /// # Errors
    /// Why there can be none, or what is not known yet.
    pub fn plan(
        &'static self,
        subjects: &[Subject],
        answer: &str,
        cx: &Cx,
    ) -> Result<Plan, String> {
        let changes = subjects
            .iter()
            .map(|subject| (self.propose)(subject, answer, cx))
            .collect::<Result<Vec<_>, _>>()?;
        self.plan_of(&changes, cx)
    }

    /// The plan for these changes, as things stand.
    ///
    /// # Errors
    /// Why there can be none, or what is not known yet.
    pub fn plan_of(&'static self, changes: &[Change], cx: &Cx) -> Result<Plan, String> {
        let steps = changes
            .iter()
            .map(|change| (self.step)(change, cx))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Plan {
            deed: self,
            impact: (self.impact)(changes, cx),
            steps,
        })
    }
}

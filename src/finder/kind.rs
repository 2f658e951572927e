//! The kinds of names that things are found by: one table feeds ranking, the prefixes that narrow, and the screen.

/// How a name of a kind is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// Words that people chose: letters may be left out.
    Fuzzily,
    /// Addresses and identities: letters must stand side by side, or every one of them would match almost anything.
    Literally,
}

macro_rules! kinds {
    ($($kind:ident $word:literal [$($alias:literal)*] $match:ident $about:literal;)+) => {
        /// What a name that is found is of. Of names that match alike, those of the first kind come first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $about] $kind,)+
        }

        impl Kind {
            /// Every kind, in order of rank.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The word for it, which followed by a colon narrows a search to it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)+ }
            }

            /// Further words that narrow to it.
            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($alias),*],)+ }
            }

            /// How it is matched.
            pub(super) const fn matched(self) -> Match {
                match self { $(Self::$kind => Match::$match,)+ }
            }
        }
    };
}

kinds! {
    Cluster "cluster" ["cl" "clusters"] Fuzzily "A cluster by its name.";
    Service "service" ["svc" "services"] Fuzzily "A service by its name.";
    Task "task" ["ta" "tasks"] Literally "A task by its id.";
    Container "container" ["co" "containers"] Fuzzily "A container of a task by its name.";
    Instance "instance" ["ec2" "in" "instances"] Literally "A container instance by its EC2 id or its own.";
    Family "family" ["td" "families"] Fuzzily "A task definition family by its name.";
    Revision "revision" ["rev" "revisions"] Fuzzily "A revision of a task definition, `family:revision`.";
    Engine "engine" ["engines"] Literally "A Docker Engine by its address.";
    Repository "repo" ["repository" "repositories"] Fuzzily "A repository of ECR by its name.";
    Stored "ecr" ["stored"] Fuzzily "An image in ECR by its repository and a tag, `shop:stable`.";
    Address "ip" ["address"] Literally "A task by an address of its network interface, or a host by one among its attributes.";
    Interface "eni" ["interface"] Literally "A task by the id of its network interface.";
    Image "image" ["images"] Fuzzily "A container by its image as the task definition names it.";
    Digest "digest" ["sha"] Literally "A container by the digest of its image, or an image in ECR by its own.";
    Runtime "runtime" ["docker"] Literally "A container by the id that its engine gave it.";
    Tag "tag" ["tags"] Fuzzily "Whatever carries a tag, `key=value`; those of AWS itself are left out.";
}

impl Kind {
    /// The kind that a word before a colon narrows to.
    pub(super) fn named(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.word() == word || kind.aliases().contains(&word))
    }

    /// A set with nothing but this kind.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_word_stands_for_two_kinds() {
        let mut seen = HashSet::new();
        for kind in Kind::ALL {
            assert!(seen.insert(kind.word()), "{}", kind.word());
            for alias in kind.aliases() {
                assert!(seen.insert(*alias), "{alias}");
            }
        }
        assert!(Kind::ALL.len() <= 32, "a set of kinds has 32 bits");
    }
}

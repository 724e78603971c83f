//! What makes a training the one it is.

use serde::{Deserialize, Serialize};

use super::error::Difference;

/// Everything that decides the bits of a training, by name and as text, in a fixed order. Two trainings with the same identity are the
/// same, and what differs between two others can be said.
///
/// The number of epochs is not among it: a training may go on for longer, unless a schedule depends on their number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    entries: Vec<(String, String)>,
    epochs: Epochs,
}

/// The number of epochs asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Epochs {
    /// It may grow.
    AtLeast(u64),
    /// Something depends on it.
    Exactly(u64),
}

impl Identity {
    /// For a training of so many epochs.
    pub(crate) fn new(epochs: usize) -> Identity {
        Identity {
            entries: Vec::new(),
            epochs: Epochs::AtLeast(epochs as u64),
        }
    }

    /// Adds something that must be the same.
    pub(crate) fn add(&mut self, what: &str, value: impl ToString) {
        self.entries.push((what.to_owned(), value.to_string()));
    }

    /// The number of epochs must be the same too.
    pub(crate) fn fix_epochs(&mut self) {
        let (Epochs::AtLeast(epochs) | Epochs::Exactly(epochs)) = self.epochs;
        self.epochs = Epochs::Exactly(epochs);
    }

    /// What is not as in the training that was kept: nothing if this one may go on from there.
    pub(crate) fn differences(&self, kept: &Identity) -> Vec<Difference> {
        let value = |identity: &Identity, name: &str| {
            let mut entries = identity.entries.iter();
            entries
                .find(|(what, _)| what == name)
                .map(|(_, value)| value.clone())
        };
        let here = self.entries.iter().map(|(what, _)| what);
        let only_there = kept
            .entries
            .iter()
            .map(|(what, _)| what)
            .filter(|what| value(self, what).is_none());
        let mut differences: Vec<Difference> = here
            .chain(only_there)
            .map(|what| Difference {
                what: what.clone(),
                here: value(self, what),
                there: value(kept, what),
            })
            .filter(|difference| difference.here != difference.there)
            .collect();
        let (here, there, why) = match (self.epochs, kept.epochs) {
            (Epochs::AtLeast(here), Epochs::AtLeast(there)) if here >= there => return differences,
            (Epochs::Exactly(here), Epochs::Exactly(there)) if here == there => return differences,
            (Epochs::AtLeast(here), Epochs::AtLeast(there)) => {
                (here, there, "epochs (which may grow, not shrink)")
            }
            (
                Epochs::AtLeast(here) | Epochs::Exactly(here),
                Epochs::AtLeast(there) | Epochs::Exactly(there),
            ) => (here, there, "epochs (on which the schedule depends)"),
        };
        // A schedule that differs is named already.
        if here != there {
            differences.push(Difference {
                what: why.to_owned(),
                here: Some(here.to_string()),
                there: Some(there.to_string()),
            });
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(epochs: usize, rate: f64) -> Identity {
        let mut identity = Identity::new(epochs);
        identity.add("seed", 7);
        identity.add("learning rate", rate);
        identity
    }

    fn said(here: &Identity, there: &Identity) -> Vec<String> {
        let differences = here.differences(there);
        differences.iter().map(Difference::to_string).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let kept = identity(10, 0.1);
        assert!(said(&identity(10, 0.1), &kept).is_empty());
        let mut other = identity(10, 0.2);
        other.add("schedule", "cosine");
        assert_eq!(
            said(&other, &kept),
            [
                "learning rate is 0.2 here and 0.1 there",
                "schedule is cosine here and none there"
            ]
        );
        assert_eq!(
            said(&kept, &other)[1],
            "schedule is none here and cosine there"
        );
    }

    #[test]
    fn epochs_may_grow_unless_something_depends_on_them() {
        let kept = identity(10, 0.1);
        assert!(said(&identity(20, 0.1), &kept).is_empty());
        assert_eq!(
            said(&identity(5, 0.1), &kept),
            ["epochs (which may grow, not shrink) is 5 here and 10 there"]
        );
        let fixed = |epochs| {
            let mut identity = identity(epochs, 0.1);
            identity.fix_epochs();
            identity
        };
        assert!(said(&fixed(10), &fixed(10)).is_empty());
        assert_eq!(
            said(&fixed(20), &fixed(10)),
            ["epochs (on which the schedule depends) is 20 here and 10 there"]
        );
    }
}

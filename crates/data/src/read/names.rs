//! Names of their own for columns that have none, or the name of another.

use std::collections::BTreeSet;

/// Renames what is empty or occurred before, never to a name that any column has; gives the old and new names.
///
/// The second `a` becomes `a_2`, or `a_3` if there is an `a_2` already; an empty name becomes `c` and its position.
pub(super) fn make_unique(names: &mut [String]) -> Vec<(String, String)> {
    let mut taken: BTreeSet<String> = names.iter().cloned().collect();
    let mut seen = BTreeSet::new();
    let mut renamed = Vec::new();
    for (at, name) in names.iter_mut().enumerate() {
        if !name.is_empty() && seen.insert(name.clone()) {
            continue;
        }
        let (stem, first) = if name.is_empty() {
            (format!("c{}", at + 1), None)
        } else {
            (name.clone(), Some(2))
        };
        let new = first
            .is_none()
            .then(|| stem.clone())
            .into_iter()
            .chain((2..).map(|number: usize| format!("{stem}_{number}")))
            .find(|new| !taken.contains(new))
            .unwrap_or_default();
        taken.insert(new.clone());
        seen.insert(new.clone());
        renamed.push((std::mem::replace(name, new.clone()), new));
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_new_name_is_taken() {
        let mut names = ["a", "a", "a_2", "", "a", "c4"].map(str::to_owned);
        let renamed = make_unique(&mut names);
        assert_eq!(names, ["a", "a_3", "a_2", "c4_2", "a_4", "c4"]);
        assert_eq!(renamed.len(), 3);
        assert_eq!(renamed[1], (String::new(), "c4_2".to_owned()));
    }
}

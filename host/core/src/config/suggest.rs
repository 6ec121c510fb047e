//! "Did you mean": the known name nearest to an unknown one.

/// The nearest of the candidates, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normal = |s: &str| s.to_lowercase().replace('_', "-");
    let wanted = normal(name);
    let distance = |k: &'a str| (strsim::damerau_levenshtein(&wanted, &normal(k)), k);
    let (distance, best) = known.into_iter().map(distance).min()?;
    let enough = distance <= (name.chars().count() / 3).clamp(1, 4);
    enough.then_some(best)
}

/// More are not listed.
const LISTED_MAX: usize = 12;

/// The advice for an unknown name: the nearest known one, or those there are; `None`: there are none.
pub(super) fn advice<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    kind: &str,
) -> Option<String> {
    if let Some(best) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{best}`?"));
    }
    let mut all: Vec<String> = known.into_iter().map(|k| format!("`{k}`")).collect();
    if all.is_empty() {
        return None;
    }
    if all.len() > LISTED_MAX {
        let left_out = all.len() - LISTED_MAX;
        all.truncate(LISTED_MAX);
        all.push(format!("and {left_out} more"));
    }
    Some(format!("{kind}: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{advice, nearest};

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["outputs", "settings", "dead-letter"];
        assert_eq!(nearest("output", known), Some("outputs"));
        assert_eq!(nearest("dead_letter", known), Some("dead-letter"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn of_many_names_the_first_are_listed() {
        let many: Vec<String> = (10..24).map(|n| format!("output-{n}")).collect();
        let many = many.iter().map(String::as_str);
        let listed = advice("colour", many, "it declares").expect("there are some");
        assert!(listed.starts_with("it declares: `output-10`, "), "{listed}");
        assert!(listed.ends_with("`output-21`, and 2 more"), "{listed}");
        assert_eq!(advice("colour", [], "it declares"), None);
    }
}

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

/// The advice for an unknown name: the nearest known one, or all of them if they are few.
pub(super) fn advice<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    kind: &str,
) -> Option<String> {
    if let Some(best) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{best}`?"));
    }
    let all: Vec<String> = known.into_iter().map(|k| format!("`{k}`")).collect();
    match all.len() {
        0 => None,
        1..=12 => Some(format!("{kind}: {}", all.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["outputs", "settings", "dead-letter"];
        assert_eq!(nearest("output", known), Some("outputs"));
        assert_eq!(nearest("dead_letter", known), Some("dead-letter"));
        assert_eq!(nearest("colour", known), None);
    }
}

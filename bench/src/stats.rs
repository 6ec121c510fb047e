//! Percentiles, medians and paired ratios: pure arithmetic.

/// The value below which `share` (0 to 1) of the sorted values lie, by nearest rank; none of none.
#[must_use]
pub(crate) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    // Nearest rank: the smallest value with at least `share` of all at or below it.
    let rank = (share * sorted.len() as f64).ceil() as usize;
    Some(sorted[rank.saturating_sub(1).min(last)])
}

/// The middle value; of an even number the mean of the middle two; none of none.
#[must_use]
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted[middle - 1] + upper) / 2.0)
}

/// Ratios of pairs that were measured side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// `over / under`, pair by pair; none without pairs.
#[must_use]
pub(crate) fn paired(over: &[f64], under: &[f64]) -> Option<Ratio> {
    let ratios: Vec<f64> = over
        .iter()
        .zip(under)
        .map(|(over, under)| over / under)
        .collect();
    Some(Ratio {
        median: median(&ratios)?,
        least: ratios.iter().copied().min_by(f64::total_cmp)?,
        most: ratios.iter().copied().max_by(f64::total_cmp)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), Some(50.0));
        assert_eq!(percentile(&hundred, 0.99), Some(99.0));
        assert_eq!(percentile(&hundred, 0.999), Some(100.0));
        assert_eq!(percentile(&hundred, 1.0), Some(100.0));
        assert_eq!(percentile(&hundred, 0.0), Some(1.0));
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn medians_of_odd_even_and_none() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn ratios_are_taken_within_pairs() {
        // Over all, 14/20; but each pair has its own weather.
        let ratio = paired(&[1.0, 9.0, 4.0], &[2.0, 10.0, 8.0]);
        assert_eq!(
            ratio,
            Some(Ratio {
                median: 0.5,
                least: 0.5,
                most: 0.9
            })
        );
        assert_eq!(paired(&[], &[]), None);
    }
}

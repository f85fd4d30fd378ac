//! Areas, thresholds and shares, plain and weighted.

use super::{Class, Run};

/// Area under the ROC curve: the chance that a positive scores higher than a negative, ties
/// counting half (Mann and Whitney 1947). `None` where either side is empty.
pub fn auroc(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    let scored = positives
        .iter()
        .map(|s| (*s, 1.0, 0.0))
        .chain(negatives.iter().map(|s| (*s, 0.0, 1.0)))
        .collect();
    area(scored)
}

/// The lowest threshold at which at most `rate` of the negatives are flagged (score at least the
/// threshold). Without negatives it is 0: everything is flagged.
pub fn threshold_at(negatives: &[f64], rate: f64) -> f64 {
    threshold(negatives.iter().map(|s| (*s, 1.0)).collect(), rate)
}

/// Share of positives flagged at the threshold; 0 where there are none.
pub fn recall(positives: &[f64], threshold: f64) -> f64 {
    share_flagged(positives, threshold).unwrap_or(0.0)
}

/// Share of negatives flagged at the threshold; 0 where there are none.
pub fn false_positive_rate(negatives: &[f64], threshold: f64) -> f64 {
    share_flagged(negatives, threshold).unwrap_or(0.0)
}

pub(super) fn share_flagged(scores: &[f64], threshold: f64) -> Option<f64> {
    let flagged = scores.iter().filter(|s| **s >= threshold).count();
    (!scores.is_empty()).then(|| flagged as f64 / scores.len() as f64)
}

pub(super) fn weighted_auroc(runs: &[Run], weights: &[f64]) -> Option<f64> {
    let scored = runs
        .iter()
        .zip(weights)
        .filter(|(run, _)| run.class != Class::Aside)
        .map(|(run, w)| match run.class.negative() {
            true => (run.score, 0.0, *w),
            false => (run.score, *w, 0.0),
        })
        .collect();
    area(scored)
}

pub(super) fn weighted_recall(runs: &[Run], weights: &[f64], threshold: f64) -> Option<f64> {
    let (mut flagged, mut all) = (0.0, 0.0);
    for (run, w) in runs
        .iter()
        .zip(weights)
        .filter(|(r, _)| r.class == Class::Positive)
    {
        all += w;
        if run.score >= threshold {
            flagged += w;
        }
    }
    (all > 0.0).then(|| flagged / all)
}

pub(super) fn weighted_threshold(
    runs: &[Run],
    weights: &[f64],
    rate: f64,
    keep: fn(Class) -> bool,
) -> f64 {
    let kept = runs
        .iter()
        .zip(weights)
        .filter(|(r, w)| keep(r.class) && **w > 0.0);
    threshold(kept.map(|(r, w)| (r.score, *w)).collect(), rate)
}

/// Area under the curve of (score, weight as positive, weight as negative).
fn area(mut scored: Vec<(f64, f64, f64)>) -> Option<f64> {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won, mut positives) = (0.0, 0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let p: f64 = tied.iter().map(|s| s.1).sum();
        let n: f64 = tied.iter().map(|s| s.2).sum();
        won += p * (below + n / 2.0);
        below += n;
        positives += p;
    }
    (positives > 0.0 && below > 0.0).then(|| won / (positives * below))
}

fn threshold(mut negatives: Vec<(f64, f64)>, rate: f64) -> f64 {
    negatives.sort_by(|a, b| b.0.total_cmp(&a.0));
    let allowed = rate * negatives.iter().map(|n| n.1).sum::<f64>();
    let mut flagged = 0.0;
    for tied in negatives.chunk_by(|a, b| a.0 == b.0) {
        flagged += tied.iter().map(|n| n.1).sum::<f64>();
        let score = tied.first().map_or(0.0, |n| n.0);
        if flagged > allowed + 1e-9 {
            // Everything above this score, not the score itself.
            return score.next_up();
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_areas() {
        assert_eq!(auroc(&[0.9, 0.8], &[0.1, 0.2]), Some(1.0));
        assert_eq!(auroc(&[0.1], &[0.9]), Some(0.0));
        assert_eq!(auroc(&[0.5], &[0.5]), Some(0.5));
        assert_eq!(auroc(&[0.8, 0.3], &[0.5, 0.1]), Some(0.75));
        assert_eq!(auroc(&[], &[0.5]), None);
    }

    proptest! {
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(
            p in prop::collection::vec(0u8..20, 1..30),
            n in prop::collection::vec(0u8..20, 1..30),
        ) {
            let p: Vec<f64> = p.into_iter().map(f64::from).collect();
            let n: Vec<f64> = n.into_iter().map(f64::from).collect();
            let mut pairs = 0.0;
            for a in &p {
                for b in &n {
                    pairs += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
                }
            }
            let naive = pairs / (p.len() * n.len()) as f64;
            prop_assert!((auroc(&p, &n).unwrap() - naive).abs() < 1e-12);
        }

        #[test]
        fn the_threshold_is_the_lowest_that_keeps_the_rate(
            n in prop::collection::vec(0u8..20, 1..60),
            rate in 0.0f64..1.0,
        ) {
            let n: Vec<f64> = n.into_iter().map(f64::from).collect();
            let t = threshold_at(&n, rate);
            prop_assert!(false_positive_rate(&n, t) <= rate + 1e-9);
            if let Some(next) = n.iter().copied().filter(|s| *s < t).max_by(f64::total_cmp) {
                prop_assert!(false_positive_rate(&n, next) > rate - 1e-9);
            }
        }
    }
}

//! Bootstrap intervals for runs that share tasks and injections.
//!
//! Runs cross two factors: the task and the injection. Each replicate draws tasks with replacement
//! and injections with replacement, independently, and weights a run by the product of how often
//! its task and its injection were drawn (the "pigeonhole" bootstrap, Owen 2007); runs without an
//! injection are weighted by their task alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Figure, REPLICATES, Run};

/// A 95% percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// A figure over the runs, weighted, with its interval. `None` where it is undefined on all runs.
pub(super) fn figure(runs: &[Run], of: impl Fn(&[f64]) -> Option<f64>) -> Option<Figure> {
    let value = of(&vec![1.0; runs.len()])?;
    let tasks = Factor::new(runs.iter().map(|r| r.task.as_str()));
    let injections = Factor::new(runs.iter().map(|r| r.injection.as_str()));
    if tasks.levels < 2 {
        return Some(Figure {
            value,
            interval: None,
        });
    }
    let mut random = Random(0x5eed);
    let mut drawn: Vec<f64> = (0..REPLICATES)
        .filter_map(|_| {
            let (t, i) = (tasks.draw(&mut random), injections.draw(&mut random));
            let weights: Vec<f64> = (0..runs.len())
                .map(|run| tasks.weight(&t, run) * injections.weight(&i, run))
                .collect();
            of(&weights)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    let percentile = |p: f64| drawn.get((p * (drawn.len().max(1) - 1) as f64).round() as usize);
    let interval = match (percentile(0.025), percentile(0.975)) {
        (Some(low), Some(high)) => Some(Interval {
            low: *low,
            high: *high,
        }),
        _ => None,
    };
    Some(Figure { value, interval })
}

/// One factor: which level each run has. Level names are numbered in alphabetical order so that
/// the order of the runs does not matter.
struct Factor {
    of: Vec<Option<usize>>,
    levels: usize,
}

impl Factor {
    fn new<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut numbers: BTreeMap<&str, usize> = names
            .clone()
            .filter(|n| !n.is_empty())
            .map(|n| (n, 0))
            .collect();
        for (number, slot) in numbers.values_mut().enumerate() {
            *slot = number;
        }
        let levels = numbers.len();
        Self {
            of: names.map(|n| numbers.get(n).copied()).collect(),
            levels,
        }
    }

    fn draw(&self, random: &mut Random) -> Vec<f64> {
        let mut counts = vec![0.0; self.levels];
        for _ in 0..self.levels {
            if let Some(count) = counts.get_mut(random.below(self.levels)) {
                *count += 1.0;
            }
        }
        counts
    }

    fn weight(&self, counts: &[f64], run: usize) -> f64 {
        match self.of.get(run).copied().flatten() {
            Some(level) => counts.get(level).copied().unwrap_or(0.0),
            None => 1.0,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, seeded, good enough to resample with.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::super::{Class, evaluate};
    use super::*;

    fn width(runs: &[Run]) -> f64 {
        let interval = evaluate(runs, &[0.05]).auroc.unwrap().interval.unwrap();
        interval.high - interval.low
    }

    #[test]
    fn repeats_of_a_task_do_not_make_the_interval_narrower() {
        let class = |i: usize| {
            if i.is_multiple_of(2) {
                Class::Positive
            } else {
                Class::Clean
            }
        };
        let score = |i: usize| {
            if i.is_multiple_of(2) {
                (i % 10) as f64
            } else {
                (i % 7) as f64
            }
        };
        let once: Vec<_> = (0..40).map(|i| run(i, class(i), score(i), i, 0)).collect();
        let tenfold: Vec<_> = (0..400)
            .map(|i| run(i, class(i % 40), score(i % 40), i % 40, 0))
            .collect();
        let independent: Vec<_> = (0..400)
            .map(|i| run(i, class(i % 40), score(i % 40), i, 0))
            .collect();
        assert!(width(&tenfold) > 0.9 * width(&once));
        assert!(width(&independent) < 0.5 * width(&once));
    }

    #[test]
    fn draws_are_uniform_enough() {
        let mut random = Random(1);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|c| (9_500..10_500).contains(c)),
            "{counts:?}"
        );
    }
}

//! Latency histograms: a fixed row of buckets, each about 15 % wider than the one before.

/// The number of buckets. The first holds everything up to 100 µs, the last everything over two hours.
pub const BUCKETS: usize = LAST as usize + 1;

/// The last bucket.
const LAST: u8 = 130;

/// The upper end of the first bucket, in microseconds.
const FIRST: f64 = 100.0;

/// How much wider each bucket is than the one before.
const GROWTH: f64 = 1.15;

/// The bucket that a duration in microseconds falls into.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to the buckets first"
)]
pub fn bucket(micros: i64) -> u8 {
    #[expect(clippy::cast_precision_loss, reason = "a bucket is 15 % wide")]
    let micros = micros.max(0) as f64;
    if micros <= FIRST {
        return 0;
    }
    let index = ((micros / FIRST).ln() / GROWTH.ln()).ceil();
    index.clamp(1.0, f64::from(LAST)) as u8
}

/// The middle of a bucket in microseconds, so that the estimate is off by at most half a bucket either way.
fn middle(bucket: u8) -> f64 {
    if bucket == 0 { FIRST / 2.0 } else { FIRST * GROWTH.powf(f64::from(bucket) - 0.5) }
}

/// Counts by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [i64; BUCKETS],
    total: i64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    /// Adds calls to a bucket; a bucket that does not exist counts as the last.
    pub fn add(&mut self, bucket: i64, calls: i64) {
        let last = usize::from(LAST);
        let index = usize::try_from(bucket.max(0)).unwrap_or(last).min(last);
        self.counts[index] = self.counts[index].saturating_add(calls);
        self.total = self.total.saturating_add(calls);
    }

    /// Adds everything that another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, calls) in (0..).zip(other.counts) {
            self.add(bucket, calls);
        }
    }

    /// The duration in milliseconds that so many per cent of the calls stayed under; `None` without calls.
    pub fn percentile_ms(&self, percent: i64) -> Option<f64> {
        if self.total <= 0 {
            return None;
        }
        // The rank of the call in question, from 1: the nearest-rank definition.
        let rank = (i128::from(self.total) * i128::from(percent.clamp(1, 100)) + 99).div_euclid(100);
        let mut seen = 0_i128;
        for (bucket, calls) in (0_u8..).zip(self.counts) {
            seen += i128::from(calls);
            if seen >= rank {
                return Some(middle(bucket) / 1000.0);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_a_bucket_and_longer_ones_a_later_one() {
        assert_eq!(bucket(-5), 0);
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(100), 0);
        assert_eq!(bucket(101), 1);
        let mut last = 0;
        let mut micros = 1;
        while micros < i64::MAX / 2 {
            micros += 1 + micros / 10;
            let at = bucket(micros);
            assert!(at >= last && usize::from(at) < BUCKETS);
            last = at;
        }
        assert_eq!(bucket(i64::MAX), 130);
        assert!(bucket(2 * 3600 * 1_000_000) <= 130 && bucket(3600 * 1_000_000) < 130);
    }

    #[test]
    fn an_estimate_is_off_by_less_than_a_bucket() {
        for micros in (0..7000).map(|step: i32| 101 + i64::from(step.pow(2)) * 150) {
            let exact = f64::from(i32::try_from(micros / 8).unwrap()) * 8.0;
            let mut histogram = Histogram::default();
            histogram.add(i64::from(bucket(micros)), 1);
            let estimate = histogram.percentile_ms(50).unwrap() * 1000.0;
            assert!((estimate / exact - 1.0).abs() < 0.15, "{exact} was estimated as {estimate}");
        }
    }

    #[test]
    fn percentiles_follow_the_ranks() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile_ms(50), None);
        histogram.add(i64::from(bucket(10_000)), 90);
        histogram.add(i64::from(bucket(1_000_000)), 10);
        let near = |value: Option<f64>, expected: f64| (value.unwrap() / expected - 1.0).abs() < 0.15;
        assert!(near(histogram.percentile_ms(50), 10.0));
        assert!(near(histogram.percentile_ms(90), 10.0));
        assert!(near(histogram.percentile_ms(95), 1000.0));
        let mut double = histogram.clone();
        double.merge(&histogram);
        assert_eq!(double.percentile_ms(95), histogram.percentile_ms(95));
    }
}

//! Axes: round steps that reach over the largest value.

/// A linear axis from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Between two ticks.
    pub step: i64,
    /// The last tick: at least the largest value.
    pub top: i64,
}

/// How many steps an axis is cut into at most.
const STEPS: i128 = 4;

impl Scale {
    /// The axis for values up to `max`: steps of 1, 2, 2.5 or 5 times a power of ten, at most four of them.
    pub fn up_to(max: i64) -> Self {
        let max = i128::from(max.max(1));
        let rough = (max + STEPS - 1) / STEPS;
        let mut power: i128 = 1;
        let step = loop {
            // 2.5 only where it is whole.
            let quarter = if power >= 10 { power * 5 / 2 } else { power * 5 };
            match [power, power * 2, quarter, power * 5].into_iter().find(|step| *step >= rough) {
                Some(step) => break step,
                None => power *= 10,
            }
        };
        let top = (max + step - 1) / step * step;
        // Beyond what an integer holds there is no round top; such a sum is a broken one anyway.
        Self { step: clamp(step), top: clamp(top) }
    }

    /// From zero to the top.
    pub fn ticks(self) -> impl DoubleEndedIterator<Item = i64> {
        (0..=self.top / self.step).map(move |i| i * self.step)
    }

    /// Where a value is on an axis of `length`, from its zero.
    pub fn position(self, value: i64, length: i64) -> i64 {
        clamp(i128::from(value) * i128::from(length) / i128::from(self.top))
    }
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_reach_over_the_largest_value() {
        for (max, step, top) in [
            (0, 1, 1),
            (1, 1, 1),
            (3, 1, 3),
            (4, 1, 4),
            (5, 2, 6),
            (9, 5, 10),
            (81, 25, 100),
            (100, 25, 100),
            (101, 50, 150),
            (1_840, 500, 2_000),
            (42_000, 20_000, 60_000),
            (-5, 1, 1),
        ] {
            assert_eq!(Scale::up_to(max), Scale { step, top }, "{max}");
        }
    }

    #[test]
    fn every_value_fits_with_at_most_four_steps() {
        let mut max = 1_i64;
        while let Some(next) = max.checked_mul(3) {
            for max in [max, max + 1, next - 1] {
                let scale = Scale::up_to(max);
                let ticks: Vec<_> = scale.ticks().collect();
                assert!(scale.top >= max && (2..=5).contains(&ticks.len()), "{max}: {ticks:?}");
                assert_eq!(scale.position(scale.top, 1000), 1000);
                // No more than a step is left empty above the largest value.
                assert!(scale.top - scale.step < max, "{max}");
            }
            max = next;
        }
    }

    #[test]
    fn the_largest_integer_does_not_overflow() {
        let scale = Scale::up_to(i64::MAX);
        assert_eq!(scale.top, i64::MAX);
        assert!(scale.ticks().count() <= 5);
        assert_eq!(scale.position(i64::MAX, 1000), 1000);
    }
}

//! What can happen to a ledger, drawn from a seed.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn small(&mut self, end: u32) -> u32 {
        u32::try_from(self.below(u64::from(end))).unwrap()
    }
}

/// Picks are taken modulo what there is, so that any part of a run is a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Microseconds; below nought the clock is set back.
    Clock(i64),
    Reserve {
        payers: u32,
        amount: u32,
        input: u32,
        output: u32,
    },
    /// The reply was lost: the same is asked again.
    ReserveAgain {
        pick: u32,
    },
    Extend {
        pick: u32,
        amount: u32,
        output: u32,
    },
    /// The provider bills so many per cent of what is held.
    Settle {
        pick: u32,
        percent: u32,
    },
    SettleAgain {
        pick: u32,
        amount: u32,
    },
    Release {
        pick: u32,
    },
    /// So many charges reach the database.
    Flush {
        count: u32,
    },
    /// The process dies and starts again.
    Crash,
    /// The journal's entries come once more.
    Replay,
    Limit {
        account: u32,
        pick: u32,
        limit: u32,
    },
    /// A window is added, or taken away if it is there.
    Window {
        account: u32,
        window: u32,
        limit: u32,
    },
    Increase {
        account: u32,
        amount: u32,
        seconds: u32,
    },
    Rate {
        account: u32,
        limit: u32,
    },
    Forget,
}

pub fn draw(random: &mut Random) -> Step {
    let pick = random.small(u32::MAX);
    match random.below(1000) {
        0..200 => Step::Clock(match random.below(400) {
            0 => 40 * 86_400_000_000,
            1..4 => 86_400_000_000,
            4..10 => 3_600_000_000,
            10..14 => -5_000_000,
            14..60 => 0,
            _ => i64::try_from(random.below(4_000_000)).unwrap(),
        }),
        200..520 => Step::Reserve {
            payers: pick,
            amount: if random.below(20) == 0 { 0 } else { random.small(400) },
            input: random.small(100),
            output: random.small(200),
        },
        520..540 => Step::ReserveAgain { pick },
        540..590 => Step::Extend { pick, amount: random.small(200), output: random.small(100) },
        590..800 => Step::Settle {
            pick,
            percent: if random.below(10) == 0 { 100 + random.small(80) } else { random.small(101) },
        },
        800..825 => Step::SettleAgain { pick, amount: random.small(300) },
        825..870 => Step::Release { pick },
        870..930 => Step::Flush { count: random.small(12) },
        930..933 => Step::Crash,
        933..938 => Step::Replay,
        938..965 => Step::Limit { account: pick, pick: random.small(8), limit: random.small(40_000) },
        965..975 => Step::Window { account: pick, window: random.small(8), limit: random.small(40_000) },
        975..985 => Step::Increase { account: pick, amount: random.small(3000), seconds: random.small(4000) },
        985..992 => Step::Rate { account: pick, limit: random.small(6000) },
        _ => Step::Forget,
    }
}

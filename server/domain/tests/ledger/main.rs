//! The ledger under simulation: a seeded driver takes a book through reservations, settlements, crashes, clock jumps,
//! window turns, changes of limits, lost replies and replays, and compares it with a model after each step.
//!
//! `LEDGER_SECONDS` sets how long `simulation` runs, `LEDGER_SEED` where it begins. A seed that fails prints itself and
//! the shortest run that was found to fail. The long run:
//! `cargo test --release -p tollgate-domain --test ledger -- --ignored --nocapture ten_million`.

#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test and its parts")]

mod bench;
mod driver;
mod model;
mod planted;
mod step;

use std::time::{Duration, Instant};

use driver::Driver;
use planted::Bug;
use step::{Random, Step, draw};

/// The step that goes wrong, and what is wrong.
fn run(steps: impl Iterator<Item = Step>, bug: Option<Bug>) -> Result<Driver, (usize, String)> {
    let mut driver = Driver::new(bug);
    let mut count = 0;
    for step in steps {
        driver.step(step).map_err(|what| (count, what))?;
        count += 1;
        if count % 500 == 0 {
            driver.check_all().map_err(|what| (count, what))?;
        }
    }
    driver.finish().map_err(|what| (count, what))?;
    Ok(driver)
}

fn steps(seed: u64, count: usize) -> impl Iterator<Item = Step> {
    let mut random = Random::new(seed);
    std::iter::repeat_with(move || draw(&mut random)).take(count)
}

/// Leaves steps out as long as the run still fails.
fn shrink(mut failing: Vec<Step>, bug: Option<Bug>) -> Vec<Step> {
    let mut size = failing.len().div_ceil(2);
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let mut begin = 0;
        while begin < failing.len() && Instant::now() < deadline {
            let end = (begin + size).min(failing.len());
            let shorter: Vec<_> = failing[..begin].iter().chain(&failing[end..]).copied().collect();
            match run(shorter.iter().copied(), bug) {
                Err((at, _)) => failing = shorter[..(at + 1).min(shorter.len())].to_vec(),
                Ok(_) => begin = end,
            }
        }
        if size == 1 || Instant::now() >= deadline {
            return failing;
        }
        size = size.div_ceil(2);
    }
}

/// How many calls were admitted and refused.
fn simulate(seed: u64, count: usize) -> (u64, u64) {
    match run(steps(seed, count), None) {
        Ok(driver) => (driver.admitted, driver.refused),
        Err((at, what)) => {
            let failing: Vec<_> = steps(seed, (at + 1).min(count)).collect();
            let short = shrink(failing, None);
            let again = run(short.iter().copied(), None).err();
            panic!("seed {seed}, step {at}: {what}\nshrunk to {} steps: {short:#?}\n{again:?}", short.len());
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn simulation() {
    let end = Instant::now() + Duration::from_secs(setting("LEDGER_SECONDS", 60));
    let mut seed = setting("LEDGER_SEED", 1);
    while Instant::now() < end {
        let (admitted, refused) = simulate(seed, 20_000);
        assert!(admitted > 200 && refused > 200, "seed {seed}: {admitted} admitted, {refused} refused");
        seed += 1;
    }
}

#[test]
#[ignore = "takes minutes"]
fn ten_million() {
    let (seeds, count) = (setting("LEDGER_SEEDS", 100), usize::try_from(setting("LEDGER_STEPS", 100_000)).unwrap());
    let begin = Instant::now();
    let (mut admitted, mut refused) = (0, 0);
    let first = setting("LEDGER_SEED", 1);
    for seed in first..first + seeds {
        let counts = simulate(seed, count);
        admitted += counts.0;
        refused += counts.1;
    }
    let total = seeds * count as u64;
    println!("{total} steps on {seeds} seeds in {:?}: {admitted} admitted, {refused} refused", begin.elapsed());
}

#[test]
fn every_planted_bug_is_found_and_shrinks() {
    for bug in Bug::ALL {
        let found =
            (1..=40).find_map(|seed| run(steps(seed, 5000), Some(bug)).err().map(|(at, what)| (seed, at, what)));
        let Some((seed, at, what)) = found else { panic!("{bug:?} is not found") };
        let short = shrink(steps(seed, (at + 1).min(5000)).collect(), Some(bug));
        assert!(run(short.iter().copied(), Some(bug)).is_err() && run(short.iter().copied(), None).is_ok(), "{bug:?}");
        println!("{bug:?}: seed {seed}, step {at}, shrunk to {} steps: {what}", short.len());
    }
}

use std::collections::BTreeMap;

use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{CallKey, Charge, Outcome, Refusal};
use tollgate_domain::report::{Dimension, Measures, Totals, TotalsOf, UsageFilter};
use tollgate_domain::usage::Certainty;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::{LONGEST_REPORT, LedgerBatch, StoreError};

use crate::data::{Maker, NOW, OWNERSHIPS, add_ownerships, sees, views};
use crate::harness::Database;

fn owners(id: i64) -> [&'static str; 3] {
    usize::try_from(id - 1).ok().map(|place| OWNERSHIPS[place]).unwrap_or_default()
}

/// A charge or a refusal, as reports see it.
struct Line<'a> {
    at: Timestamp,
    key: Option<CallKey>,
    ownership: i64,
    model: &'a str,
    provider: &'a str,
    customer: Option<&'a str>,
    tags: &'a [String],
    measures: Measures,
}

impl<'a> Line<'a> {
    fn of_charge(charge: &'a Charge) -> Self {
        Self {
            at: charge.started_at,
            key: Some(charge.key()),
            ownership: charge.ownership_id,
            model: &charge.model,
            provider: &charge.provider,
            customer: charge.end_user.as_deref(),
            tags: &charge.tags,
            measures: Measures {
                calls: 1,
                errors: i64::from(charge.outcome != Outcome::Success),
                refused: 0,
                uncertain: i64::from(charge.certainty != Certainty::Measured),
                input_tokens: charge.usage.input as i64,
                output_tokens: charge.usage.output as i64,
                cache_read_tokens: charge.usage.cache_read as i64,
                cache_write_tokens: 0,
                cost: charge.cost,
            },
        }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        Self {
            at: refusal.at,
            key: refusal.key,
            ownership: refusal.ownership_id,
            model: "",
            provider: "",
            customer: None,
            tags: &[],
            measures: Measures { refused: 1, ..Measures::default() },
        }
    }

    fn key(&self) -> String {
        match self.key {
            Some(CallKey::Virtual(id)) => id.to_string(),
            Some(CallKey::Master) => "master_key".to_owned(),
            None => String::new(),
        }
    }

    fn value(&self, dimension: Dimension, tag: Option<&str>) -> String {
        let [user, team, organisation] = owners(self.ownership);
        match dimension {
            Dimension::Day => self.at.to_datetime().date_naive().to_string(),
            Dimension::Key => self.key(),
            Dimension::User => user.to_owned(),
            Dimension::Team => team.to_owned(),
            Dimension::Organisation => organisation.to_owned(),
            Dimension::Model => self.model.to_owned(),
            Dimension::Provider => self.provider.to_owned(),
            Dimension::Customer => self.customer.unwrap_or_default().to_owned(),
            Dimension::Tag => tag.unwrap_or_default().to_owned(),
        }
    }

    fn fits(&self, visible: &Visible, filter: &UsageFilter, since: Timestamp, until: Timestamp) -> bool {
        let [user, team, organisation] = owners(self.ownership);
        let key = if let Some(CallKey::Virtual(id)) = self.key { Some(id) } else { None };
        let fits = |asked: &[String], has: &str| asked.is_empty() || asked.iter().any(|asked| asked == has);
        (since..until).contains(&self.at)
            && sees(visible, key, self.ownership)
            && fits(&filter.keys, &self.key())
            && fits(&filter.users, user)
            && fits(&filter.teams, team)
            && fits(&filter.organisations, organisation)
            && fits(&filter.models, self.model)
            && fits(&filter.providers, self.provider)
            && fits(&filter.customers, self.customer.unwrap_or_default())
    }
}

fn add(sum: &mut Measures, more: &Measures) {
    sum.calls += more.calls;
    sum.errors += more.errors;
    sum.refused += more.refused;
    sum.uncertain += more.uncertain;
    sum.input_tokens += more.input_tokens;
    sum.output_tokens += more.output_tokens;
    sum.cache_read_tokens += more.cache_read_tokens;
    sum.cache_write_tokens += more.cache_write_tokens;
    sum.cost = Nanos(sum.cost.0 + more.cost.0);
}

/// The report, added up in the plainest way.
fn expected(
    lines: &[Line<'_>],
    visible: &Visible,
    filter: &UsageFilter,
    dimensions: &[Dimension],
) -> BTreeMap<Vec<String>, Measures> {
    let customers = dimensions.contains(&Dimension::Customer) || !filter.customers.is_empty();
    let tags = dimensions.contains(&Dimension::Tag) || !filter.tags.is_empty();
    let unit = if customers || tags { 24 * Timestamp::MICROS_PER_HOUR } else { Timestamp::MICROS_PER_HOUR };
    let since = Timestamp(filter.since.0.div_euclid(unit) * unit);
    let until = Timestamp(((filter.until.0 - 1).div_euclid(unit) + 1) * unit);
    let mut sums: BTreeMap<_, Measures> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.fits(visible, filter, since, until)) {
        if customers && line.customer.is_none() {
            continue;
        }
        let of_tags = line.tags.iter().filter(|tag| filter.tags.is_empty() || filter.tags.contains(tag));
        let subjects: Vec<Option<&str>> =
            if tags { of_tags.map(|tag| Some(tag.as_str())).collect() } else { vec![None] };
        for tag in subjects {
            let group = dimensions.iter().map(|dimension| line.value(*dimension, tag)).collect();
            add(sums.entry(group).or_default(), &line.measures);
        }
    }
    sums
}

pub async fn reports_equal_the_ledger(db: &Database) {
    let make = Maker::new(40);
    add_ownerships(db).await;
    let batch = LedgerBatch { charges: make.charges(700, 6 * 86_400), refusals: make.refusals(150, 6 * 86_400) };
    db.store.append_ledger(&batch).await.unwrap();
    let lines: Vec<_> =
        batch.charges.iter().map(Line::of_charge).chain(batch.refusals.iter().map(Line::of_refusal)).collect();

    let day = 24 * Timestamp::MICROS_PER_HOUR;
    let midnight = Timestamp(NOW.0.div_euclid(day) * day);
    let days = UsageFilter {
        since: midnight.plus_seconds(-4 * 86_400),
        until: midnight.plus_seconds(86_400),
        ..UsageFilter::default()
    };
    let hours =
        UsageFilter { since: NOW.plus_seconds(-200_000), until: NOW.plus_seconds(-1000), ..UsageFilter::default() };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let filters = [
        days.clone(),
        hours.clone(),
        UsageFilter { keys: vec![make.keys[1].to_string(), "master_key".to_owned()], ..days.clone() },
        UsageFilter { users: texts(&["u-1", "u-2"]), ..days.clone() },
        UsageFilter { teams: texts(&["t-1"]), users: texts(&["u-2"]), ..hours.clone() },
        UsageFilter { organisations: texts(&["o-1"]), models: texts(&["claude", "embed"]), ..days.clone() },
        UsageFilter { providers: texts(&["openai"]), ..days.clone() },
        UsageFilter { models: texts(&["gpt-4o"]), ..hours.clone() },
    ];
    use Dimension::{Customer, Day, Key, Model, Organisation, Provider, Tag, Team, User};
    let groups: [&[Dimension]; 14] = [
        &[],
        &[Day],
        &[Key],
        &[Model],
        &[Day, Model],
        &[Day, Key],
        &[User],
        &[Organisation, Team, User],
        &[Team, Day, Provider],
        &[Key, Model, Provider],
        &[Customer],
        &[Customer, Day, Team],
        &[Tag, Model],
        &[Tag, User, Day],
    ];
    let mut reports = 0;
    for visible in views(&make) {
        for filter in &filters {
            for dimensions in groups {
                check(db, &lines, &visible, filter, dimensions).await;
                reports += 1;
            }
        }
        for dimensions in [&[][..], &[Day, Customer], &[User]] {
            check(db, &lines, &visible, &UsageFilter { customers: texts(&["c-1"]), ..days.clone() }, dimensions).await;
        }
        for dimensions in [&[][..], &[Tag], &[Team, Model]] {
            check(db, &lines, &visible, &UsageFilter { tags: texts(&["b"]), ..hours.clone() }, dimensions).await;
        }
    }
    assert_eq!(reports, 9 * 8 * 14);
}

async fn check(db: &Database, lines: &[Line<'_>], visible: &Visible, filter: &UsageFilter, dimensions: &[Dimension]) {
    let rows = db.store.usage(visible, filter, dimensions, LONGEST_REPORT).await.unwrap();
    assert!(rows.is_sorted_by(|a, b| a.measures.cost >= b.measures.cost));
    let found: BTreeMap<_, _> = rows.iter().map(|row| (row.group.clone(), row.measures)).collect();
    assert_eq!(found.len(), rows.len(), "each group once");
    assert_eq!(found, expected(lines, visible, filter, dimensions), "{visible:?} {filter:?} {dimensions:?}");
    if rows.len() > 2 {
        let top = db.store.usage(visible, filter, dimensions, 2).await.unwrap();
        assert_eq!(top, rows[..2]);
    }
}

pub async fn totals_are_those_of_whom_they_are_asked(db: &Database) {
    let make = Maker::new(41);
    add_ownerships(db).await;
    let batch = LedgerBatch { charges: make.charges(200, 86_400), refusals: make.refusals(60, 86_400) };
    db.store.append_ledger(&batch).await.unwrap();
    let lines: Vec<_> =
        batch.charges.iter().map(Line::of_charge).chain(batch.refusals.iter().map(Line::of_refusal)).collect();
    for (kind, dimension, ids) in [
        (TotalsOf::User, Dimension::User, ["u-1", "u-2", "nobody"]),
        (TotalsOf::Team, Dimension::Team, ["t-1", "t-2", "nobody"]),
        (TotalsOf::Organisation, Dimension::Organisation, ["o-1", "o-2", "nobody"]),
        (TotalsOf::Customer, Dimension::Customer, ["c-1", "c-2", "nobody"]),
        (TotalsOf::Tag, Dimension::Tag, ["a", "b", "nobody"]),
    ] {
        let totals = db.store.totals_of(kind, &ids.map(str::to_owned)).await.unwrap();
        for id in ids {
            let mut expected = Totals::default();
            let tagged = |line: &Line<'_>| line.tags.iter().any(|tag| tag == id);
            for line in &lines {
                let fits = if kind == TotalsOf::Tag { tagged(line) } else { line.value(dimension, None) == id };
                if fits {
                    expected.calls += line.measures.calls;
                    expected.refused += line.measures.refused;
                    expected.spent = Nanos(expected.spent.0 + line.measures.cost.0);
                    expected.last_used_at = expected.last_used_at.max(Some(line.at));
                }
            }
            assert_eq!(totals.get(id).copied().unwrap_or_default(), expected, "{kind:?} {id}");
        }
        assert_eq!(totals.len(), 2);
    }
    assert!(db.store.totals_of(TotalsOf::Team, &[]).await.unwrap().is_empty());
}

pub async fn odd_questions_are_refused(db: &Database) {
    let filter = UsageFilter { since: NOW, until: NOW.plus_seconds(1), ..UsageFilter::default() };
    let both = [Dimension::Customer, Dimension::Tag];
    assert!(matches!(db.store.usage(&Visible::All, &filter, &both, 10).await, Err(StoreError::Unsupported(_))));
    let five = [Dimension::Day, Dimension::Key, Dimension::Model, Dimension::Provider, Dimension::Team];
    assert!(matches!(db.store.usage(&Visible::All, &filter, &five, 10).await, Err(StoreError::Unsupported(_))));
    for dimensions in [&[][..], &[Dimension::User]] {
        assert!(db.store.usage(&Visible::All, &filter, dimensions, 10).await.unwrap().is_empty());
    }
}

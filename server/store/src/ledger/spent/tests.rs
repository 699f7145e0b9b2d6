use super::*;
use crate::StoreOptions;

const KINDS: [AccountKind; 11] = [
    AccountKind::Gateway,
    AccountKind::Organisation,
    AccountKind::Team,
    AccountKind::Membership,
    AccountKind::User,
    AccountKind::Person,
    AccountKind::Key,
    AccountKind::Customer,
    AccountKind::Tag,
    AccountKind::Provider,
    AccountKind::Deployment,
];

const NOW: i64 = 1_795_170_600_000_000;

fn stretch(since: i64, until: i64) -> Stretch {
    Stretch::of(Span { start: Timestamp(since), end: Timestamp(until) })
}

#[test]
fn parts_have_every_moment_once() {
    let day = NOW.div_euclid(DAY) * DAY;
    let ends =
        [i64::MIN, day - DAY, day - 5 * HOUR - 7, day - 1, day, day + 1, day + HOUR, day + 3 * DAY + 17, i64::MAX];
    for (kind, since, until) in
        KINDS.into_iter().flat_map(|kind| ends.into_iter().flat_map(move |a| ends.map(|b| (kind, a, b))))
    {
        let mut parts = Vec::new();
        split(stretch(since, until), rollups(kind), &mut parts);
        let mut at = since;
        for part in &parts {
            let (length, part) = match *part {
                Part::Sums(rollup, part) => (rollup.length, part),
                Part::Charges(part) => (1, part),
                Part::Ever(..) => panic!("no stretch is split into all there is"),
            };
            assert_eq!(
                part.since.map_or(i64::MIN, |since| since.saturating_mul(length)),
                at,
                "{kind:?} {since} {until} {parts:?}"
            );
            at = part.until.map_or(i64::MAX, |until| until.saturating_mul(length));
        }
        assert_eq!(at, if since < until { until } else { since }, "{kind:?} {since} {until} {parts:?}");
        assert!(parts.len() <= 5);
    }
}

/// Whatever is read of the ledger is found through an index, or is a bounded range of ids.
#[tokio::test]
async fn no_statement_reads_all_charges() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    for kind in KINDS {
        for model in [None, Some("gpt-*")] {
            for stretch in [stretch(NOW, NOW + 5 * DAY), stretch(NOW, NOW + 20), stretch(i64::MIN, NOW)] {
                let mut account = AccountKey::new(kind, "team:a:b");
                account.model = model.map(Into::into);
                let mut parts = store.parts(&account, stretch).await.unwrap();
                if kind == AccountKind::Deployment {
                    parts = vec![Part::Charges(stretch.within_day(NOW.div_euclid(DAY)))];
                }
                for part in parts {
                    let mut binds = Binds::default();
                    let sql = format!("EXPLAIN QUERY PLAN {}", part.statement(&account, &mut binds));
                    let rows = store.read(&sql, binds).await.unwrap();
                    let plan: Vec<String> = rows.iter().map(|row| row.try_get_by("detail").unwrap()).collect();
                    check(kind, part, &plan);
                }
            }
        }
    }
    store.close().await.unwrap();
}

fn check(kind: AccountKind, part: Part, plan: &[String]) {
    let text = plan.join("\n");
    assert!(!text.contains("SCAN charge"), "{kind:?} {part:?}: {text}");
    let expected = match (kind, part) {
        (AccountKind::Gateway | AccountKind::Provider, Part::Charges(_)) => {
            "SEARCH charges USING PRIMARY KEY (id>? AND id<?)"
        }
        (AccountKind::Deployment, Part::Charges(_)) => "charges_deployment (deployment_id=? AND id>? AND id<?)",
        (AccountKind::Key, Part::Charges(_)) => "charges_key (key_id=? AND id>? AND id<?)",
        (AccountKind::Customer, Part::Charges(_)) => "charges_customer (end_user=? AND id>? AND id<?)",
        (AccountKind::Tag, Part::Charges(_)) => "charge_tags USING PRIMARY KEY (tag=? AND charge_id>? AND charge_id<?)",
        (_, Part::Charges(_)) => "charges_ownership (ownership_id=? AND id>? AND id<?)",
        (AccountKind::Gateway | AccountKind::Provider | AccountKind::Deployment, _) => "",
        (AccountKind::Key, _) => "key_id=?",
        (AccountKind::Customer, _) => "customer=?",
        (AccountKind::Tag, _) => "tag=?",
        (_, _) => "ownership_id=?",
    };
    assert!(text.contains(expected), "{kind:?} {part:?}: {text}");
    // Of ownerships too, only those that are asked for.
    assert!(!text.contains("SCAN ownerships"), "{kind:?} {part:?}: {text}");
}

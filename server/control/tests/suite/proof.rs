//! Pricing anew, and invoices.

use std::sync::Arc;

use tollgate_control::invoices::{self, Import};
use tollgate_control::repricing;
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::invoice::Tolerance;
use tollgate_domain::price::{CostLine, Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::repricing::{NewPrice, RepricingOrder, RunState};
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Picos, Timestamp};
use tollgate_store::LedgerBatch;

use crate::harness::{NOW, Office, op, op_as};
use crate::sweep::world::{company, template};

const DAY: i64 = 24 * Timestamp::MICROS_PER_HOUR;

/// 100 tokens in, 10 out, at two and eight micro-dollars.
fn charge(n: u64, at: Timestamp, model: &str, certainty: Certainty) -> Charge {
    let used = certainty == Certainty::Measured;
    let lines = vec![
        CostLine { meter: Meter::Input, units: 100, price: Picos(2_000_000) },
        CostLine { meter: Meter::Output, units: 10, price: Picos(8_000_000) },
    ];
    Charge {
        id: ChargeId::of(at, &SeededEntropy::new(n)),
        call_id: None,
        attempt: 1,
        started_at: at,
        key_id: None,
        ownership_id: 0,
        operation: Operation::ChatCompletion,
        model: model.into(),
        deployment_id: "d-x".into(),
        provider: "openai".into(),
        upstream_model: Arc::from(format!("{model}-2024-07-18").as_str()),
        streamed: false,
        outcome: Outcome::Success,
        status: 200,
        error: None,
        certainty,
        usage: if used { Usage { input: 100, output: 10, ..Usage::default() } } else { Usage::default() },
        reserved: Nanos::ZERO,
        cost: Nanos(280_000),
        cost_lines: if used { lines } else { vec![] },
        price_source: None,
        duration_us: 5,
        first_byte_us: None,
        client_left: false,
        instead_of: None,
        upstream_id: None,
        end_user: None,
        tags: vec!["t".to_owned()],
    }
}

/// More charges of one model than are read at once, one of another, and two of which nothing is known.
async fn filled() -> (Office, u64) {
    let office = company(&template().await).await;
    let many = 2500;
    let mut charges: Vec<_> =
        (0..many).map(|n| charge(n, Timestamp(NOW.0 - DAY - n as i64 * 1000), "mini", Certainty::Measured)).collect();
    charges.push(charge(9001, NOW, "other", Certainty::Measured));
    charges.push(charge(9002, NOW, "mini", Certainty::Unknown));
    charges.push(charge(9003, NOW, "mini", Certainty::Estimated));
    office.store().append_ledger(&LedgerBatch { charges, refusals: vec![] }).await.unwrap();
    (office, many)
}

fn order(model: &str, input: i64) -> RepricingOrder {
    let rate = |meter, price| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
    let sheet = PriceSheet::new(vec![rate(Meter::Input, input), rate(Meter::Output, 8_000_000)]);
    let filter = RequestFilter { model: Some(model.to_owned()), ..RequestFilter::default() };
    RepricingOrder { filter, price: NewPrice::Sheet(sheet) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_beforehand_is_what_is_done_and_done_once() {
    let (office, many) = filled().await;
    let (control, root) = (&office.control, &op(Actor::MasterKey));
    let order = order("mini", 1_000_000);
    let report = repricing::dry_run(control, root, &order).await.unwrap();
    assert_eq!((report.total.charges, report.changed.charges), (many, many));
    assert_eq!(report.total.difference(), Nanos(-100_000 * many as i64));
    assert_eq!((report.unknown.charges, report.estimated_without_usage.charges), (1, 1));
    assert_eq!(report.by_team_and_key.len(), 1);
    assert_eq!(report.largest.len(), 20);
    let before = office.store().verify_ledger().await.unwrap();
    assert_eq!(before.adjustments, 0);

    let actions = office.actions().await.len();
    let run = repricing::start(control, root, order.clone()).await.unwrap();
    // No time at all: one part, as if it were interrupted there.
    let part = repricing::proceed(control, root, &run.id, 0).await.unwrap();
    assert_eq!((part.state, part.charges, part.adjusted), (RunState::Running, 2000, 2000));
    let verified = office.store().verify_ledger().await.unwrap();
    assert!(verified.balances(), "{:#?}", verified.told);
    let done = repricing::proceed(control, root, &run.id, 60).await.unwrap();
    assert_eq!((done.state, done.adjusted, done.difference), (RunState::Done, many, report.total.difference()));
    assert_eq!(office.actions().await[actions..], ["repricing.start", "repricing.finish"]);
    let verified = office.store().verify_ledger().await.unwrap();
    assert!(verified.balances(), "{:#?}", verified.told);
    assert_eq!((verified.charges, verified.adjustments), (before.charges, many));
    assert_eq!(verified.cost.0, before.cost.0 - 100_000 * many as i64);
    // Going on with what is done, or doing it again, changes nothing.
    assert_eq!(repricing::proceed(control, root, &run.id, 60).await.unwrap(), done);
    let again = repricing::start(control, root, order.clone()).await.unwrap();
    let again = repricing::proceed(control, root, &again.id, 60).await.unwrap();
    assert_eq!((again.state, again.adjusted, again.difference), (RunState::Done, 0, Nanos(0)));
    assert_eq!(repricing::dry_run(control, root, &order).await.unwrap().changed.charges, 0);
    assert_eq!(repricing::list(control, root).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_adjust_once() {
    let (office, many) = filled().await;
    let (control, root) = (&office.control, &op(Actor::MasterKey));
    let first = repricing::start(control, root, order("mini", 1_000_000)).await.unwrap();
    let second = repricing::start(control, root, order("mini", 1_000_000)).await.unwrap();
    let (first, second) = futures::join!(
        repricing::proceed(control, root, &first.id, 60),
        repricing::proceed(control, root, &second.id, 60)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.adjusted + second.adjusted, many);
    assert_eq!(first.difference.0 + second.difference.0, -100_000 * many as i64);
    let verified = office.store().verify_ledger().await.unwrap();
    assert!(verified.balances() && verified.adjustments == many, "{:#?}", verified.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_orders_are_refused_and_only_administrators_give_any() {
    let (office, _) = filled().await;
    let (control, root) = (&office.control, &op(Actor::MasterKey));
    let mut all = order("mini", 1);
    all.filter.model = None;
    let empty = RepricingOrder { price: NewPrice::Sheet(PriceSheet::default()), ..order("mini", 1) };
    for bad in [all, empty, order("mini", -1)] {
        assert!(repricing::dry_run(control, root, &bad).await.is_err(), "{bad:?}");
        assert!(repricing::start(control, root, bad).await.is_err());
    }
    let auditor = &op_as(&office, "auditor", Role::Auditor).await;
    let run = repricing::start(control, root, order("mini", 1)).await.unwrap();
    assert!(repricing::dry_run(control, auditor, &order("mini", 1)).await.is_ok());
    assert!(repricing::get(control, auditor, &run.id).await.is_ok());
    assert!(repricing::start(control, auditor, order("mini", 1)).await.is_err());
    assert!(repricing::proceed(control, auditor, &run.id, 1).await.is_err());
    let member = &op_as(&office, "member", Role::Member).await;
    assert!(repricing::dry_run(control, member, &order("mini", 1)).await.is_err());
    assert!(repricing::list(control, member).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_compared_and_known_again() {
    let (office, many) = filled().await;
    let (control, root) = (&office.control, &op(Actor::MasterKey));
    let day = |at: Timestamp| at.to_datetime().format("%Y-%m-%d").to_string();
    let (yesterday, today) = (day(Timestamp(NOW.0 - DAY)), day(NOW));
    let cost = Nanos(280_000 * many as i64);
    let text = format!(
        "date,model,requests,input_tokens,output_tokens,cost\n\
         {yesterday},openai/mini-2024-07-18,{},{},{},{}\n{yesterday},gone,1,1,1,3\n{today},mini,2,0,0,0.0006\n",
        many,
        many * 100,
        many * 10,
        cost.to_decimal(),
    );
    let how = || Import { name: "november.csv".to_owned(), provider: "openai".to_owned(), ..Import::default() };
    let before = office.actions().await.len();
    let invoice = invoices::import(control, root, how(), text.as_bytes()).await.unwrap();
    assert_eq!((invoice.lines, invoice.options.format.as_str()), (3, "generic"));
    let again = invoices::import(control, root, how(), text.as_bytes()).await.unwrap_err();
    assert!(again.to_string().contains("imported already"), "{again}");
    assert!(invoices::import(control, root, how(), b"date,model,cost\nx,y,z\n").await.is_err());
    assert_eq!(invoices::list(control, root).await.unwrap(), std::slice::from_ref(&invoice));

    let tolerance = Tolerance { cost: Nanos(0), points: 0 };
    let compared = invoices::reconcile(control, root, &invoice.id, tolerance).await.unwrap();
    let of = |model: &str, day: i64| {
        let found = compared.variances.iter().find(|it| it.model.contains(model) && it.day == day);
        found.unwrap_or_else(|| panic!("{model}: {:#?}", compared.variances))
    };
    let last = invoice.last_day;
    let agreed = of("mini", last - 1);
    assert!(agreed.agrees && agreed.our_models == ["mini"], "{agreed:?}");
    assert_eq!(agreed.theirs.unwrap().requests, agreed.ours.unwrap().requests);
    assert_eq!(agreed.cost_difference(), Some(Nanos(0)));
    let gone = of("gone", last - 1);
    assert!(!gone.agrees && gone.ours.is_none() && gone.basis_points() == Some(-10_000));
    // Two charges of 0.00028 against 0.0006.
    let close = of("mini", last);
    assert_eq!((close.cost_difference(), close.agrees), (Some(Nanos(-40_000)), false));
    let only_ours = of("other", last);
    assert!(only_ours.theirs.is_none() && !only_ours.agrees);
    assert_eq!(compared.disagreements, 3);
    let lax = Tolerance { cost: Nanos(50_000), points: 0 };
    assert_eq!(invoices::reconcile(control, root, &invoice.id, lax).await.unwrap().disagreements, 2);

    invoices::delete(control, root, &invoice.id).await.unwrap();
    assert!(invoices::delete(control, root, &invoice.id).await.is_err());
    assert!(invoices::list(control, root).await.unwrap().is_empty());
    assert_eq!(office.actions().await[before..], ["invoice.import", "invoice.delete"]);
    assert!(invoices::import(control, root, how(), text.as_bytes()).await.is_ok());
}

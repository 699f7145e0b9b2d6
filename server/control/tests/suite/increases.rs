//! Requests for increases: from asking to the raised limit, and every way in which somebody could help themselves.

use tollgate_control::increases::{self, Approval, IncreaseFilter, IncreaseRow, NewIncrease, Whose};
use tollgate_control::keys::{self, KeyRef};
use tollgate_control::{ControlError, OpContext, groups, records};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::increase::IncreaseState;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::limits::{BudgetDuration, Limits};
use tollgate_domain::membership::Membership;
use tollgate_domain::{Nanos, Timestamp};

use crate::harness::{NOW, Office, Told, op, op_as};
use crate::sweep::world::{company, group, increase, new_key, template, user_id};

fn denied<T: std::fmt::Debug>(result: Result<T, ControlError>) {
    assert!(matches!(result, Err(ControlError::Denied { .. })), "{result:?}");
}

fn conflict<T: std::fmt::Debug>(result: Result<T, ControlError>) {
    assert!(matches!(result, Err(ControlError::Conflict { .. })), "{result:?}");
}

fn invalid<T: std::fmt::Debug>(result: Result<T, ControlError>, expected: &str) {
    assert!(matches!(&result, Err(ControlError::Invalid { field, .. }) if *field == expected), "{result:?}");
}

fn not_found<T: std::fmt::Debug>(result: Result<T, ControlError>) {
    assert!(matches!(result, Err(ControlError::NotFound { .. })), "{result:?}");
}

async fn office() -> Office {
    company(&template().await).await
}

async fn person(office: &Office, id: &str) -> OpContext {
    op_as(office, id, if id == "admin" { Role::Admin } else { Role::Member }).await
}

async fn membership(office: &Office, id: &str) -> Membership {
    office.store().find(id).await.unwrap().unwrap()
}

fn id(row: &IncreaseRow) -> String {
    row.request.id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_question_to_its_end() {
    let office = office().await;
    let control = &office.control;
    let (member, lead) = (&person(&office, "member").await, &person(&office, "team admin").await);
    let account = "team:blue:member";
    groups::update_member(control, lead, &group("blue"), &user_id("member"), None, |m| {
        m.limits =
            Limits { max_budget: Some(Nanos(5)), budget_duration: BudgetDuration::parse("1d"), ..Limits::default() };
        Ok(())
    })
    .await
    .unwrap();
    let before = office.audit().await.len();
    let waiting = increases::waiting(control, lead).await.unwrap();
    let asked = increases::ask(control, member, increase(AccountKind::Membership, account)).await.unwrap();
    assert_eq!(asked.state, IncreaseState::Open);
    assert!(asked.may_withdraw && !asked.may_decide);
    // The budget's day ends at midnight.
    assert_eq!(asked.request.until, Timestamp::parse_rfc3339("2026-11-21T00:00:00Z").unwrap());
    conflict(increases::ask(control, member, increase(AccountKind::Membership, account)).await);
    assert_eq!(increases::waiting(control, lead).await.unwrap(), waiting + 1);

    // The account is changed meanwhile, by somebody else: nothing of that is lost.
    groups::update_member(control, lead, &group("blue"), &user_id("member"), None, |m| {
        m.limits.rpm_limit = Some(7);
        Ok(())
    })
    .await
    .unwrap();
    office.told();
    let approval = Approval { amount: Some(Nanos(3)), note: Some("go on".to_owned()), until: None };
    conflict(increases::approve(control, lead, &id(&asked), Some(9), approval.clone()).await);
    assert_eq!(office.told(), []);
    let approved = increases::approve(control, lead, &id(&asked), Some(1), approval.clone()).await.unwrap();
    assert_eq!((approved.state, approved.may_decide), (IncreaseState::Approved, false));
    assert_eq!(office.told(), [Told::Principals]);
    let limits = membership(&office, account).await.limits;
    assert_eq!((limits.max_budget, limits.rpm_limit), (Some(Nanos(5)), Some(7)));
    assert_eq!((limits.temporary_increase, limits.temporary_until), (Some(Nanos(3)), Some(asked.request.until)));
    conflict(increases::approve(control, lead, &id(&asked), None, approval).await);
    conflict(increases::deny(control, lead, &id(&asked), None, None).await);
    conflict(increases::withdraw(control, member, &id(&asked), None).await);

    // Another on top of it.
    let later = NOW.plus_seconds(3 * 86_400);
    let more = NewIncrease { until: Some(later), ..increase(AccountKind::Membership, account) };
    let more = increases::ask(control, member, more).await.unwrap();
    increases::approve(control, lead, &id(&more), None, Approval::default()).await.unwrap();
    let limits = membership(&office, account).await.limits;
    assert_eq!((limits.temporary_increase, limits.temporary_until), (Some(Nanos(10_000_000_003)), Some(later)));

    let lines = office.audit_since(before).await;
    let actions: Vec<_> = lines.iter().map(|line| line.event.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "increase_request.create",
            "membership.update",
            "increase_request.approve",
            "membership.increase",
            "increase_request.create",
            "increase_request.approve",
            "membership.increase"
        ]
    );
    // Over by itself.
    office.clock.advance_seconds(2 * 86_400);
    assert_eq!(increases::get(control, member, &id(&asked)).await.unwrap().state, IncreaseState::Expired);
    assert_eq!(increases::get(control, member, &id(&more)).await.unwrap().state, IncreaseState::Approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_helps_themselves() {
    let office = office().await;
    let control = &office.control;
    let (member, lead) = (&person(&office, "member").await, &person(&office, "team admin").await);
    // One's own, though one may change the account: a team's administrator, in the team.
    let own = increases::ask(control, lead, increase(AccountKind::Membership, "team:blue:team admin")).await.unwrap();
    assert!(!own.may_decide);
    denied(increases::approve(control, lead, &id(&own), None, Approval::default()).await);
    denied(increases::deny(control, lead, &id(&own), None, None).await);
    assert_eq!(membership(&office, "team:blue:team admin").await.limits, Limits::default());
    // What the team was given is raised by those who gave it.
    let team = increases::ask(control, member, increase(AccountKind::Team, "blue")).await.unwrap();
    let seen = increases::get(control, lead, &id(&team)).await.unwrap();
    assert!(!seen.may_decide);
    denied(increases::approve(control, lead, &id(&team), None, Approval::default()).await);
    let head = &person(&office, "organisation admin").await;
    increases::approve(control, head, &id(&team), None, Approval::default()).await.unwrap();
    // Others see nothing of it, and decide nothing.
    let mine = increases::ask(control, member, increase(AccountKind::Membership, "team:blue:member")).await.unwrap();
    let other = &op(Actor::User { id: user_id("nobody"), label: "x".to_owned(), role: Role::Member, via: None });
    denied(increases::get(control, other, &id(&mine)).await);
    denied(increases::withdraw(control, lead, &id(&mine), None).await);
    denied(increases::approve(control, other, &id(&mine), None, Approval::default()).await);
    // Nor by the way in which every record is changed.
    denied(
        records::update::<tollgate_domain::increase::IncreaseRequest>(control, lead, &id(&own), None, |request| {
            request.state = IncreaseState::Approved;
            Ok(())
        })
        .await,
    );
    // An administrator of the gateway may.
    let admin = &person(&office, "admin").await;
    let own = increases::ask(control, admin, increase(AccountKind::User, "admin")).await.unwrap();
    increases::approve(control, admin, &id(&own), None, Approval::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_asks_for_what_one_sees_and_in_bounds() {
    let office = office().await;
    let control = &office.control;
    let member = &person(&office, "member").await;
    for (kind, account) in [
        (AccountKind::Team, "red"),
        (AccountKind::Membership, "team:blue:bob"),
        (AccountKind::User, "bob"),
        (AccountKind::Customer, "c-1"),
        (AccountKind::Tag, "t-1"),
        (AccountKind::Key, "nothing"),
    ] {
        not_found(increases::ask(control, member, increase(kind, account)).await);
    }
    let gateway = increase(AccountKind::Gateway, "");
    invalid(increases::ask(control, member, gateway).await, "account_kind");
    let good = increase(AccountKind::User, "member");
    let ask = async |new: NewIncrease| increases::ask(control, member, new).await;
    invalid(ask(NewIncrease { amount: Nanos(0), ..good.clone() }).await, "amount");
    invalid(ask(NewIncrease { amount: Nanos(i64::MAX), ..good.clone() }).await, "amount");
    invalid(ask(NewIncrease { until: Some(NOW), ..good.clone() }).await, "until");
    invalid(ask(NewIncrease { until: Some(NOW.plus_seconds(400 * 86_400)), ..good.clone() }).await, "until");
    invalid(ask(NewIncrease { reason: " ".to_owned(), ..good.clone() }).await, "reason");
    invalid(ask(NewIncrease { reason: "x".repeat(2001), ..good.clone() }).await, "reason");
    // An end that nobody waited for makes place for another request.
    ask(NewIncrease { until: Some(NOW.plus_seconds(60)), ..good.clone() }).await.unwrap();
    office.clock.advance_seconds(60);
    let second = ask(good.clone()).await.unwrap();
    increases::withdraw(control, member, &id(&second), Some(1)).await.unwrap();
    let third = ask(good).await.unwrap();
    let list = async |whose, state| {
        let filter = IncreaseFilter { whose, state };
        increases::list(control, member, &filter, None, 100).await.unwrap().items.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(list(Whose::Own, None).await.len(), 3);
    assert_eq!(list(Whose::Own, Some(IncreaseState::Open)).await, [id(&third)]);
    assert_eq!(list(Whose::Own, Some(IncreaseState::Withdrawn)).await, [id(&second)]);
    assert_eq!(list(Whose::Own, Some(IncreaseState::Expired)).await.len(), 1);
    assert_eq!(list(Whose::ToDecide, None).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teams_key_is_raised_by_the_teams_administrator() {
    let office = office().await;
    let control = &office.control;
    let (member, lead) = (&person(&office, "member").await, &person(&office, "team admin").await);
    let key = keys::create(control, lead, new_key(Some("member"), Some("blue"), None)).await.unwrap().key;
    let asked = increases::ask(control, member, increase(AccountKind::Key, &key.id.to_string())).await.unwrap();
    // No window that ends: for 30 days.
    assert_eq!(asked.request.until, NOW.plus_seconds(30 * 86_400));
    denied(increases::approve(control, member, &id(&asked), None, Approval::default()).await);
    office.told();
    increases::approve(control, lead, &id(&asked), None, Approval::default()).await.unwrap();
    let now = keys::get(control, member, &KeyRef::Id(key.id)).await.unwrap().key;
    assert_eq!(now.limits.temporary_increase, Some(Nanos(10_000_000_000)));
    assert_eq!(office.told(), [Told::Key(key.digest, Some((now.meta.version, false)))]);
    // A key that is gone can't be raised; the request can still be denied.
    let again = increases::ask(control, member, increase(AccountKind::Key, &key.id.to_string())).await.unwrap();
    keys::delete(control, lead, &[KeyRef::Id(key.id)]).await.unwrap();
    not_found(increases::approve(control, lead, &id(&again), None, Approval::default()).await);
    assert_eq!(increases::get(control, member, &id(&again)).await.unwrap().state, IncreaseState::Open);
    increases::deny(control, lead, &id(&again), None, Some("it is deleted".to_owned())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_decide_is_named_nearest_first() {
    let office = office().await;
    let control = &office.control;
    let (member, admin) = (&person(&office, "member").await, &person(&office, "admin").await);
    let account = "team:blue:member";
    let of = |found: Vec<increases::Approver>| found.into_iter().map(|it| it.id.to_string()).collect::<Vec<_>>();
    let found = increases::approvers(control, member, AccountKind::Membership, account).await.unwrap();
    assert_eq!(found.iter().find(|it| it.id.as_str() == "admin").map(|it| it.text().is_empty()), Some(false));
    let named = of(found);
    assert_eq!(named.first().map(String::as_str), Some("team admin"), "{named:?}");
    assert!(named.contains(&"admin".to_owned()) && !named.contains(&"member".to_owned()), "{named:?}");
    // Whoever is named may, and nobody else of the team.
    let row = increases::ask(
        control,
        member,
        NewIncrease {
            account: AccountKind::Membership,
            account_id: account.to_owned(),
            amount: Nanos(1),
            until: None,
            reason: "a try".to_owned(),
        },
    )
    .await
    .unwrap();
    let deciders = of(increases::deciders(control, member, &id(&row)).await.unwrap());
    assert_eq!(deciders, named);
    for name in &deciders {
        let user: tollgate_domain::user::User = office.store().find(name).await.unwrap().unwrap();
        let one = op_as(&office, name, user.role).await;
        assert!(increases::get(control, &one, &id(&row)).await.unwrap().may_decide, "{name}");
    }
    increases::deny(control, admin, &id(&row), None, None).await.unwrap();
    assert_eq!(increases::deciders(control, member, &id(&row)).await.unwrap(), []);
    let stranger = &op_as(&office, "stranger", Role::Member).await;
    not_found(increases::approvers(control, stranger, AccountKind::Team, "blue").await);
}

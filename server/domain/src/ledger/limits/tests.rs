use serde_json::json;

use super::*;
use crate::Nanos;
use crate::customer::Customer;
use crate::key::VirtualKey;
use crate::ledger::Seat;
use crate::limits::BudgetDuration;
use crate::membership::Membership;
use crate::record::Meta;

const MADE: Timestamp = Timestamp(1_795_000_000_000_000);

fn limits(value: serde_json::Value) -> Limits {
    serde_json::from_value(value).unwrap()
}

fn principal() -> Principal {
    let of = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    Principal {
        key: VirtualKey {
            id: crate::ids::KeyId(uuid::Uuid::from_u128(1)),
            digest: crate::key::KeyDigest::of("sk-1"),
            hint: "sk-...1234".to_owned(),
            alias: None,
            models: Vec::new(),
            blocked: false,
            expires_at: None,
            user_id: None,
            team_id: None,
            organisation_id: None,
            key_type: crate::key::KeyType::Default,
            allowed_routes: Vec::new(),
            access_groups: Vec::new(),
            tags: Vec::new(),
            model_aliases: std::collections::BTreeMap::new(),
            budget_id: BudgetId::parse("shared"),
            limits: limits(json!({
                "rpm_limit": 60, "tpm_limit": 1000, "tpd_limit": 50_000, "max_parallel_requests": 4,
                "models": {"gpt-*": {"max_budget": 7, "budget_duration": "1d", "rpm_limit": 2}, "o3": {"tpm_limit": 1}},
            })),
            rotation: None,
            metadata: serde_json::Map::new(),
            settings: serde_json::Map::new(),
            meta: Meta::new(MADE, String::new()),
        },
        user: Some(
            serde_json::from_value(of(r#"{"id": "ann", "role": "member", "limits": {"max_budget": 1}}"#)).unwrap(),
        ),
        team: None,
        organisation: Some(serde_json::from_value(of(r#"{"id": "acme", "name": "Acme"}"#)).unwrap()),
        membership: None,
        budgets: Vec::new(),
        access_groups: Vec::new(),
        ownership_id: 0,
        retires_at: None,
    }
}

fn names(chain: &Chain) -> Vec<String> {
    chain.seats().iter().map(|seat| seat.key.to_string()).collect()
}

fn seat<'a>(chain: &'a Chain, name: &str) -> &'a Seat {
    chain.seats().iter().find(|seat| seat.key.to_string() == name).unwrap()
}

#[test]
fn everything_that_is_written_down_becomes_a_rule() {
    let rules = rules_of(
        &limits(json!({
            "max_budget": 100, "soft_budget": 80, "budget_duration": "30d",
            "windows": [{"duration": "1d", "max_budget": 10}, {"duration": "1mo", "max_budget": 90},
                        {"duration": "5h", "max_budget": 3}],
            "temporary_increase": 20, "temporary_until": MADE.0 + 5,
        })),
        &House { thresholds: vec![50, 90], ..House::default() },
        MADE,
    );
    let month = &rules.budgets[0];
    assert_eq!((month.window, month.limit, month.soft), (WindowRule::Month, Some(Nanos(90)), Some(Nanos(80))));
    assert_eq!(month.limit_at(Timestamp(MADE.0 + 4)), Some(Nanos(110)));
    assert_eq!(month.limit_at(Timestamp(MADE.0 + 5)), Some(Nanos(90)));
    assert_eq!(month.thresholds, [50, 90]);
    let others: Vec<_> = rules.budgets[1..].iter().map(|rule| (rule.window, rule.limit.unwrap().0)).collect();
    assert_eq!(others, [(WindowRule::Day, 10), (WindowRule::Rolling { seconds: 5 * 3600, anchor: MADE }, 3)]);
    assert!(rules_of(&Limits::default(), &House::default(), MADE).is_empty());
    // A soft limit alone counts and refuses nobody.
    let soft = rules_of(&limits(json!({"soft_budget": 5})), &House::default(), MADE);
    assert_eq!((soft.budgets[0].limit, soft.budgets[0].soft), (None, Some(Nanos(5))));
}

#[test]
fn a_personal_key_is_paid_for_by_its_person_and_a_teams_by_the_team() {
    let mut principal = principal();
    let house = House { thresholds: Vec::new(), ..House::default() };
    let payers = Payers { principal: Some(&principal), ..Payers::new(&house, "gpt-4o") };
    let key = "key 00000000-0000-0000-0000-000000000001";
    let part = format!("{key}, model gpt-*");
    assert_eq!(names(&payers.chain()), ["gateway", "organisation acme", "user ann", &part, key]);

    let chain = payers.chain();
    assert_eq!(seat(&chain, &part).rules.budgets, [BudgetRule::new(WindowRule::Day, Nanos(7))]);
    let rates: Vec<_> = seat(&chain, key).rules.rates.iter().map(|r| (r.kind, r.period, r.limit)).collect();
    let expected = [
        (RateKind::Requests, Period::Minute, 60),
        (RateKind::Tokens, Period::Minute, 1000),
        (RateKind::Tokens, Period::Day, 50_000),
    ];
    assert_eq!(rates, expected);
    assert_eq!(seat(&chain, key).rules.parallel.unwrap().limit, 4);

    principal.team = Some(
        serde_json::from_value(json!({
            "id": "blue", "name": "Blue", "limits": {"max_budget": 9}, "member_limits": {"max_budget": 2},
        }))
        .unwrap(),
    );
    let bare: Membership = serde_json::from_value(json!({
        "id": "team:blue:ann", "group": {"of": "team", "id": "blue"}, "user_id": "ann", "role": "member",
    }))
    .unwrap();
    let mut own = bare.clone();
    own.limits.max_budget = Some(Nanos(3));
    for (membership, limit) in [(bare, 2), (own, 3)] {
        principal.membership = Some(membership);
        let none = Limits::default();
        let payers = Payers {
            principal: Some(&principal),
            provider: Some("openai"),
            deployment: Some(("d1", &none)),
            ..Payers::new(&house, "x")
        };
        let chain = payers.chain();
        assert_eq!(
            names(&chain),
            ["gateway", "organisation acme", "team blue", "membership team:blue:ann", key, "deployment d1"]
        );
        assert_eq!(seat(&chain, "membership team:blue:ann").rules.budgets[0].limit, Some(Nanos(limit)));
    }
}

#[test]
fn a_shared_budget_fills_in_what_an_account_leaves_open() {
    let budget: Budget = serde_json::from_value(json!({
        "id": "shared", "name": "Shared",
        "limits": {"max_budget": 50, "budget_duration": "1d", "rpm_limit": 5, "models": {"o3": {"rpm_limit": 9}}},
    }))
    .unwrap();
    let mut principal = principal();
    let budgets = [budget];
    principal.budgets = budgets.to_vec();
    let house = House { thresholds: Vec::new(), ..House::default() };
    let payers = Payers { principal: Some(&principal), ..Payers::new(&house, "o3") };
    let chain = payers.chain();
    let key = "key 00000000-0000-0000-0000-000000000001";
    assert_eq!(seat(&chain, key).rules.budgets, [BudgetRule::new(WindowRule::Day, Nanos(50))]);
    // Its own limits come first.
    assert_eq!(seat(&chain, key).rules.rates[0].limit, 60);
    let of_model = &seat(&chain, &format!("{key}, model o3")).rules.rates;
    assert_eq!(of_model.iter().map(|r| (r.kind, r.limit)).collect::<Vec<_>>(), [(RateKind::Tokens, 1)]);
    // An own limit is not given the other's window.
    let own = with_budget(&limits(json!({"max_budget": 1})), &budgets[0].limits);
    assert_eq!((own.max_budget, own.budget_duration), (Some(Nanos(1)), None));
    let none = with_budget(&limits(json!({})), &budgets[0].limits);
    assert_eq!(none.budget_duration, BudgetDuration::parse("1d"));
}

#[test]
fn customers_and_tags_pay_too() {
    let customer: Customer = serde_json::from_value(json!({"id": "c1", "limits": {"max_budget": 4}})).unwrap();
    let tags: Vec<Tag> =
        ["a", "b"].map(|id| serde_json::from_value(json!({"id": id, "limits": {"rpm_limit": 1}})).unwrap()).into();
    let house = House { thresholds: Vec::new(), ..House::default() };
    let payers = Payers {
        customer: Some(CustomerLimits {
            id: &customer.id,
            limits: &customer.limits,
            budget_id: None,
            created_at: Timestamp(0),
        }),
        tags: &tags,
        ..Payers::new(&house, "m")
    };
    let chain = payers.chain();
    assert_eq!(names(&chain), ["gateway", "customer c1", "tag a", "tag b"]);
    assert_eq!(seat(&chain, "customer c1").rules.budgets, [BudgetRule::new(WindowRule::Forever, Nanos(4))]);
    assert_eq!(seat(&chain, "tag b").rules.rates.len(), 1);
}

#[test]
fn the_house_fills_in_what_a_team_or_a_person_leaves_open() {
    let mut principal = principal();
    let house = House {
        gateway: limits(json!({"max_budget": 1000})),
        teams: [
            ("blue".to_owned(), limits(json!({"rpm_limit": 5}))),
            ("Blue".to_owned(), limits(json!({"rpm_limit": 6, "max_budget": 70, "budget_duration": "1d"}))),
        ]
        .into(),
        users: [
            ("ann".to_owned(), limits(json!({"rpm_limit": 3, "max_budget": 100}))),
            ("ann@example.com".to_owned(), limits(json!({"rpm_limit": 4, "rpd_limit": 40}))),
        ]
        .into(),
        providers: [("openai".to_owned(), limits(json!({"max_budget": 8, "budget_duration": "1d"})))].into(),
        thresholds: vec![50],
        ..House::default()
    };
    principal.user.as_mut().unwrap().email = Some("ann@example.com".to_owned());
    let payers = Payers { principal: Some(&principal), provider: Some("openai"), ..Payers::new(&house, "m") };
    let chain = payers.chain();
    let user = seat(&chain, "user ann");
    assert_eq!((user.rules.budgets[0].window, user.rules.budgets[0].limit), (WindowRule::Forever, Some(Nanos(1))));
    assert_eq!(user.rules.budgets[0].thresholds, [50]);
    let person = |chain: &Chain| {
        let person = chain.seats().iter().find(|seat| seat.key.kind == AccountKind::Person).unwrap();
        assert_eq!((&*person.key.id, person.rules.budgets[0].limit), ("ann", Some(Nanos(100))));
        let rates: Vec<_> = person.rules.rates.iter().map(|r| (r.kind, r.period, r.limit)).collect();
        assert_eq!(rates, [(RateKind::Requests, Period::Minute, 3), (RateKind::Requests, Period::Day, 40)]);
    };
    person(&chain);
    assert_eq!(seat(&chain, "gateway").rules.budgets[0].limit, Some(Nanos(1000)));
    assert_eq!(seat(&chain, "provider openai").rules.budgets[0].limit, Some(Nanos(8)));
    let other = Payers { provider: Some("groq"), ..payers }.chain();
    assert!(other.seats().iter().all(|seat| seat.key.kind != AccountKind::Provider));

    principal.team = Some(serde_json::from_value(json!({"id": "blue", "name": "Blue"})).unwrap());
    let chain = Payers { principal: Some(&principal), ..Payers::new(&house, "m") }.chain();
    // What is said of a person holds with a team's key too.
    person(&chain);
    assert!(chain.seats().iter().all(|seat| seat.key.kind != AccountKind::User));
    let team = seat(&chain, "team blue");
    assert_eq!((team.rules.rates[0].limit, team.rules.budgets[0].limit), (5, Some(Nanos(70))));
    assert_eq!(team.rules.budgets[0].window, WindowRule::Day);
}

#[test]
fn only_members_without_a_budget_get_the_default() {
    let mut principal = principal();
    let limit = |principal: &Principal, house: &House| {
        let chain = Payers { principal: Some(principal), ..Payers::new(house, "m") }.chain();
        let budgets = &seat(&chain, "user ann").rules.budgets;
        assert!(budgets.len() <= 1, "{budgets:?}");
        budgets.first().and_then(|rule| rule.limit).map(|limit| limit.0)
    };
    let mut house =
        House { user_default: limits(json!({"max_budget": 30, "budget_duration": "1d"})), ..House::default() };
    assert_eq!(limit(&principal, &house), Some(1));
    principal.user.as_mut().unwrap().limits = limits(json!({"rpm_limit": 5}));
    assert_eq!(limit(&principal, &house), Some(30));
    principal.user.as_mut().unwrap().limits = limits(json!({"windows": [{"duration": "1mo", "max_budget": 2}]}));
    assert_eq!(limit(&principal, &house), Some(2));
    principal.user.as_mut().unwrap().limits = Limits::default();
    principal.user.as_mut().unwrap().budget_id = BudgetId::parse("b");
    principal.budgets =
        vec![serde_json::from_value(json!({"id": "b", "name": "B", "limits": {"max_budget": 6}})).unwrap()];
    assert_eq!(limit(&principal, &house), Some(6));
    principal.user.as_mut().unwrap().budget_id = None;
    principal.user.as_mut().unwrap().role = Role::Admin;
    assert_eq!(limit(&principal, &house), None);
    principal.user.as_mut().unwrap().role = Role::Member;
    house.users.insert("ann".to_owned(), limits(json!({"max_budget": 9})));
    assert_eq!(limit(&principal, &house), None, "the house's is an account of its own");
}

#[test]
fn the_house_says_what_tokens_are_and_what_each_key_has() {
    let mut principal = principal();
    principal.key.limits = limits(json!({
        "tpm_limit": 1000, "rates": [
            {"kind": "tokens", "period": "hour", "limit": 5}, {"kind": "output_tokens", "period": "minute", "limit": 50},
        ],
    }));
    let key = "key 00000000-0000-0000-0000-000000000001";
    let house = House {
        token_kind: RateKind::OutputTokens,
        key: limits(json!({"max_parallel_requests": 2})),
        ..House::default()
    };
    let chain = Payers { principal: Some(&principal), ..Payers::new(&house, "m") }.chain();
    let rules = &seat(&chain, key).rules;
    let rates: Vec<_> = rules.rates.iter().map(|r| (r.kind, r.period, r.limit)).collect();
    // Of two limits for the same the lower holds.
    assert_eq!(rates, [(RateKind::OutputTokens, Period::Minute, 50), (RateKind::Tokens, Period::Hour, 5)]);
    assert_eq!(rules.parallel.unwrap().limit, 2);
}

#[test]
fn only_keys_that_say_so_and_have_rates_are_slowed_down() {
    let slows = |settings: serde_json::Value, own: serde_json::Value, throttle: Option<u32>| {
        let mut principal = principal();
        principal.key.settings = settings.as_object().unwrap().clone();
        principal.key.limits = limits(own);
        let house = House { throttle, ..House::default() };
        let chain = Payers { principal: Some(&principal), ..Payers::new(&house, "m") }.chain();
        let rules = &seat(&chain, "key 00000000-0000-0000-0000-000000000001").rules;
        (rules.budgets.iter().map(|rule| rule.slows).collect::<Vec<_>>(), chain.budgeted().map(|key| key.kind))
    };
    let on = json!({"throttle_on_budget_exceeded": true});
    let both = json!({"max_budget": 5, "rpm_limit": 10});
    // The user's budget goes on refusing.
    let user = Some(AccountKind::User);
    assert_eq!(slows(on.clone(), both.clone(), Some(100_000)), (vec![Some(100_000)], user));
    assert_eq!(slows(on.clone(), both.clone(), None), (vec![None], user));
    assert_eq!(slows(json!({}), both, Some(100_000)), (vec![None], user));
    assert_eq!(slows(on.clone(), json!({"max_budget": 5}), Some(100_000)), (vec![None], user));
    // Further windows refuse as ever.
    let windows = json!({"max_budget": 5, "rpm_limit": 1, "windows": [{"duration": "1d", "max_budget": 1}]});
    assert_eq!(slows(on.clone(), windows, Some(1)).0, [Some(1), None]);
    let only = json!({"rpm_limit": 1, "windows": [{"duration": "1d", "max_budget": 1}]});
    assert_eq!(slows(on, only, Some(1)).0, [None]);
}

#[test]
fn a_customer_with_nothing_of_its_own_has_the_houses_limits() {
    let id = CustomerId::parse("c1").unwrap();
    let budgets: Vec<Budget> = [("each", 40), ("own", 41)]
        .map(|(id, max)| serde_json::from_value(json!({"id": id, "name": id, "limits": {"max_budget": max}})).unwrap())
        .into();
    let house = House {
        customer: limits(json!({"rpm_limit": 2})),
        customer_budget: BudgetId::parse("each"),
        ..House::default()
    };
    let rules = |limits: &Limits, budget_id: Option<&BudgetId>| {
        let customer = CustomerLimits { id: &id, limits, budget_id, created_at: MADE };
        let chain = Payers { customer: Some(customer), budgets: &budgets, ..Payers::new(&house, "m") }.chain();
        let rules = &seat(&chain, "customer c1").rules;
        (rules.budgets.first().and_then(|rule| rule.limit).map(|limit| limit.0), rules.rates.len())
    };
    assert_eq!(rules(&Limits::default(), None), (Some(40), 1));
    assert_eq!(rules(&Limits::default(), BudgetId::parse("own").as_ref()), (Some(41), 0));
    assert_eq!(rules(&limits(json!({"max_budget": 3})), None), (Some(3), 0));
    assert_eq!(rules(&limits(json!({"tpm_limit": 3})), None), (None, 1));
    // An increase alone comes on top of the house's.
    let raised = limits(json!({"temporary_increase": 5, "temporary_until": 9}));
    assert_eq!(rules(&raised, None), (Some(40), 1));
}

#[test]
fn a_chain_knows_what_is_limited() {
    let told = |value: serde_json::Value| {
        let house = House { gateway: limits(value), ..House::default() };
        let chain = Payers::new(&house, "m").chain();
        (chain.is_limited(), chain.budgeted().is_some(), chain.has_rates())
    };
    assert_eq!(told(json!({})), (false, false, false));
    assert_eq!(told(json!({"max_budget": 1})), (true, true, false));
    assert_eq!(told(json!({"soft_budget": 1})), (true, false, false));
    assert_eq!(told(json!({"rpd_limit": 1})), (true, false, true));
    assert_eq!(told(json!({"max_parallel_requests": 1})), (true, false, false));
    assert_eq!(told(json!({"models": {"m": {"max_budget": 1}}})), (true, true, false));
    assert_eq!(told(json!({"models": {"n": {"max_budget": 1}}})), (false, false, false));
    let shadow = BudgetRule { shadow: true, ..BudgetRule::new(WindowRule::Day, Nanos(1)) };
    let mut chain = Chain::default();
    let rules = Rules { budgets: vec![shadow], ..Rules::default() };
    chain.push(AccountKey::new(AccountKind::Gateway, ""), Arc::new(rules));
    assert_eq!((chain.is_limited(), chain.budgeted().is_some()), (true, false));
}

#[test]
fn limits_in_shadow_change_nothing_that_is_enforced() {
    let mut principal = principal();
    let plain = Payers { principal: Some(&principal.clone()), ..Payers::new(&House::default(), "gpt-4o") }.chain();
    let shadow = json!({"max_budget": 5, "budget_duration": "1d", "rpm_limit": 1, "max_parallel_requests": 1,
        "models": {"gpt-*": {"max_budget": 1}, "gpt-4o": {"rpm_limit": 1}}});
    principal.key.limits.shadow = Some(Box::new(limits(shadow)));
    let shadowed = Payers { principal: Some(&principal), ..Payers::new(&House::default(), "gpt-4o") }.chain();
    let (mut told, mut enforced) = (0, Vec::new());
    for seat in shadowed.seats() {
        let rules = &*seat.rules;
        told += rules.budgets.iter().filter(|rule| rule.shadow).count();
        told += rules.rates.iter().filter(|rule| rule.shadow).count() + usize::from(rules.parallel_shadow.is_some());
        let rules = Rules {
            budgets: rules.budgets.iter().filter(|rule| !rule.shadow).cloned().collect(),
            rates: rules.rates.iter().filter(|rule| !rule.shadow).copied().collect(),
            parallel: rules.parallel,
            parallel_shadow: None,
        };
        if seat.key.model.as_deref() != Some("gpt-4o") {
            enforced.push((seat.key.clone(), rules));
        }
    }
    assert_eq!(told, 5);
    let before: Vec<_> = plain.seats().iter().map(|seat| (seat.key.clone(), (*seat.rules).clone())).collect();
    assert_eq!(enforced, before);
}

#[test]
fn a_customer_with_nothing_but_a_shadow_keeps_the_houses_limits() {
    let house = House { customer: limits(json!({"max_budget": 10})), ..House::default() };
    let id = CustomerId::parse("eve").unwrap();
    let own = limits(json!({"shadow": {"max_budget": 3}}));
    let customer = CustomerLimits { id: &id, limits: &own, budget_id: None, created_at: MADE };
    let chain = Payers { customer: Some(customer), ..Payers::new(&house, "m") }.chain();
    let rules = &chain.seats().last().unwrap().rules;
    let found: Vec<_> = rules.budgets.iter().map(|rule| (rule.limit.unwrap().0, rule.shadow)).collect();
    assert_eq!(found, [(10, false), (3, true)]);
}

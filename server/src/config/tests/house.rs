//! Budgets and rate limits that a file sets.

use tollgate_domain::ledger::{House, Period, RateKind};
use tollgate_domain::limits::{BudgetDuration, Limits, ModelLimits};
use tollgate_domain::money::Nanos;

use super::*;

const MODEL: &str = "model_list: [{model_name: a, litellm_params: {model: simulator/echo}}]\n";

fn dollars(amount: i64) -> Nanos {
    Nanos(amount * 1_000_000_000)
}

fn every(text: &str) -> BudgetDuration {
    BudgetDuration::parse(text).unwrap()
}

/// The house of a file and what is said about it.
fn house(text: &str) -> (House, Vec<String>) {
    let Loaded { config, findings } = load_with(&format!("{MODEL}{text}"), &[("LIMIT", "7.5")]);
    (config.house, told(&findings))
}

/// The house of a file about which nothing is to be said.
fn quiet(text: &str) -> House {
    let (house, findings) = house(text);
    assert_eq!(findings, [""; 0], "{text}");
    house
}

#[test]
fn without_limits_nothing_is_limited() {
    assert_eq!(quiet(""), House::default());
    assert_eq!(House::default().budget_status, 402);
    assert_eq!(default_config(&env(&[])).unwrap().config.house, House::default());
}

#[test]
fn the_whole_gateway_has_a_budget_and_a_number_of_calls_at_once() {
    let found = quiet("litellm_settings: {max_budget: 100.25, budget_duration: 1mo}");
    let expected =
        Limits { max_budget: Some(Nanos(100_250_000_000)), budget_duration: Some(every("1mo")), ..Limits::default() };
    assert_eq!(found.gateway, expected);
    let found = quiet("litellm_settings: {max_budget: os.environ/LIMIT}\ngeneral_settings: {budget_duration: 7d}");
    assert_eq!(
        (found.gateway.max_budget, found.gateway.budget_duration),
        (Some(Nanos(7_500_000_000)), Some(every("7d")))
    );
    // Its own time comes first.
    let (found, findings) =
        house("litellm_settings: {max_budget: 1, budget_duration: 1d}\ngeneral_settings: {budget_duration: 7d}");
    assert_eq!(found.gateway.budget_duration, Some(every("1d")));
    assert_eq!(findings, ["3 notice general_settings.budget_duration: there is no budget that it is for"]);
    for text in [
        "general_settings: {max_parallel_requests: 100}",
        "general_settings: {global_max_parallel_requests: 100}",
        "litellm_settings: {general_settings: {max_parallel_requests: 100}}",
    ] {
        assert_eq!(quiet(text).gateway, Limits { max_parallel_requests: Some(100), ..Limits::default() }, "{text}");
    }
}

#[test]
fn what_has_no_effect_is_told() {
    let (found, findings) = house("litellm_settings: {max_budget: 0, budget_duration: 30d}");
    assert_eq!(found, House::default());
    assert_eq!(
        findings,
        [
            "2 notice litellm_settings.max_budget: 0 is no limit here",
            "2 notice litellm_settings.budget_duration: there is no budget that it is for",
        ]
    );
    let (found, findings) = house("general_settings: {max_parallel_requests: 5, global_max_parallel_requests: 100}");
    // Beside the other it is each key's, as in LiteLLM.
    assert_eq!((found.gateway.max_parallel_requests, found.key.max_parallel_requests), (Some(100), Some(5)));
    assert_eq!(findings, [""; 0]);
    let (found, findings) = house("general_settings: {global_max_parallel_requests: 0}");
    assert_eq!(found, House::default());
    assert_eq!(
        findings,
        [
            "2 warning general_settings.global_max_parallel_requests: 0 would refuse every call: read as no limit [write \
          how many calls may be under way at once, or take the key away]"
        ]
    );
    let (found, findings) =
        house("litellm_settings: {internal_user_budget_duration: 1d, budgets: [{budget_id: a, time_period: 1d}]}");
    assert_eq!(found, House::default());
    assert_eq!(
        findings,
        [
            "2 notice litellm_settings.internal_user_budget_duration: there is no budget that it is for",
            "2 notice litellm_settings.budgets[0].time_period: there is no budget that it is for",
        ]
    );
}

#[test]
fn customers_and_members_get_a_budget_each() {
    let found = quiet(
        "litellm_settings: {max_end_user_budget: 0.0001, max_end_user_budget_id: free tier, max_internal_user_budget: 5, \
         internal_user_budget_duration: weekly, budget_exceeded_status_code: 429}",
    );
    let expected = House {
        customer: Limits { max_budget: Some(Nanos(100_000)), ..Limits::default() },
        customer_budget: tollgate_domain::ids::BudgetId::parse("free tier"),
        user_default: Limits {
            max_budget: Some(dollars(5)),
            budget_duration: Some(every("weekly")),
            ..Limits::default()
        },
        budget_status: 429,
        ..House::default()
    };
    assert_eq!(found, expected);
    let found = quiet("litellm_settings: {max_end_user_budget: 0, max_internal_user_budget: 0}");
    assert_eq!((found.customer.max_budget, found.user_default.max_budget), (Some(dollars(0)), Some(dollars(0))));
}

#[test]
fn providers_have_budgets() {
    let found = quiet(
        "router_settings: {provider_budget_config: {openai: {budget_limit: 100, time_period: 1d}, groq: {max_budget: \
         1e-3, budget_duration: 30d}, simulator: {budget_limit: 0}}}",
    );
    let limits = |max_budget, budget_duration| Limits { max_budget, budget_duration, ..Limits::default() };
    assert_eq!(
        found.providers.into_iter().collect::<Vec<_>>(),
        [
            ("groq".to_owned(), limits(Some(Nanos(1_000_000)), Some(every("30d")))),
            ("openai".to_owned(), limits(Some(dollars(100)), Some(every("1d")))),
            ("simulator".to_owned(), limits(Some(dollars(0)), None)),
        ]
    );
    let (_, findings) = house(
        "router_settings: {provider_budget_config: {opnai: {budget_limit: 1}, vertex_ai: {budget_limit: 1, max_budget: 2}}}",
    );
    assert_eq!(
        findings,
        [
            "2 warning router_settings.provider_budget_config.opnai: no provider is called `opnai`: nothing is limited by \
             it [did you mean `openai`?]",
            "2 warning router_settings.provider_budget_config.vertex_ai: `vertex_ai` is not supported yet: there is nothing to \
             limit [take it away, or leave it for later]",
            "2 warning router_settings.provider_budget_config.vertex_ai.max_budget: not used: `budget_limit` counts [keep \
             one of the two]",
        ]
    );
}

#[test]
fn everything_that_can_be_said_of_a_team_is_read() {
    let found = quiet(
        "budgets:
  - {budget_id: Team Blue, max_budget: 5000, soft_budget: 4000, budget_duration: monthly, time_period: 30d, tpm_limit: 1,
     rpm_limit: 2, tpd_limit: 3, rpd_limit: 4, max_parallel_requests: 5,
     model_max_budget: {gpt-4o: {budget_limit: 6, time_period: 1d, tpm_limit: 7, rpm_limit: 8}, o3: 9}}
litellm_settings:
  budgets:
  - {budget_id: red, alert_on_budget: 2.5}
team_rate_limits:
  red: {requests_per_minute: 1, requests_per_day: 2, tokens_per_minute: 3, tokens_per_day: 4, daily_budget: 5,
     weekly_budget: 6, monthly_budget: 7, max_budget: 8, max_parallel_requests: 9}
",
    );
    let model = |max_budget, budget_duration, tpm_limit, rpm_limit| ModelLimits {
        max_budget,
        budget_duration,
        tpm_limit,
        rpm_limit,
        rates: Vec::new(),
    };
    let blue = Limits {
        max_budget: Some(dollars(5000)),
        soft_budget: Some(dollars(4000)),
        budget_duration: Some(every("monthly")),
        tpm_limit: Some(1),
        rpm_limit: Some(2),
        tpd_limit: Some(3),
        rpd_limit: Some(4),
        max_parallel_requests: Some(5),
        models: [
            ("gpt-4o".to_owned(), model(Some(dollars(6)), Some(every("1d")), Some(7), Some(8))),
            ("o3".to_owned(), model(Some(dollars(9)), None, None, None)),
        ]
        .into(),
        ..Limits::default()
    };
    let window = |duration, amount| tollgate_domain::limits::BudgetWindow {
        duration: every(duration),
        max_budget: dollars(amount),
    };
    let red = Limits {
        max_budget: Some(dollars(8)),
        soft_budget: Some(Nanos(2_500_000_000)),
        windows: vec![window("daily", 5), window("weekly", 6), window("monthly", 7)],
        tpm_limit: Some(3),
        rpm_limit: Some(1),
        tpd_limit: Some(4),
        rpd_limit: Some(2),
        max_parallel_requests: Some(9),
        ..Limits::default()
    };
    assert_eq!(found.teams, [("Team Blue".to_owned(), blue), ("red".to_owned(), red)].into());
}

#[test]
fn a_budget_without_a_time_has_the_files() {
    let found = quiet(
        "general_settings: {budget_duration: 30d, team_rate_limits: {c: {max_budget: 3}}}
budgets: [{budget_id: a, max_budget: 1, model_max_budget: {o3: 2}}, {budget_id: b, soft_budget: 1, time_period: 1d}]
",
    );
    let times = |name: &str| found.teams[name].budget_duration.as_ref().map(BudgetDuration::as_str);
    assert_eq!([times("a"), times("b"), times("c")], [Some("30d"), Some("1d"), Some("30d")]);
    assert_eq!(found.teams["a"].models["o3"].budget_duration, Some(every("30d")));
}

#[test]
fn people_are_known_by_address_or_id() {
    let found =
        quiet("user_rate_limits: {Ann@Example.com: {tokens_per_day: 1}, u-7: {monthly_budget: 1.5}, nobody: {}}\n");
    let names: Vec<_> = found.users.keys().map(String::as_str).collect();
    // An id is compared as it was written, an address in lower case.
    assert_eq!(names, ["Ann@Example.com", "ann@example.com", "u-7"]);
    assert_eq!(found.users["ann@example.com"].tpd_limit, Some(1));
    assert_eq!(found.users["u-7"].windows[0].max_budget, Nanos(1_500_000_000));
}

#[test]
fn rates_of_other_lengths_are_read() {
    let found = quiet(
        "team_rate_limits: {a: {requests_per_hour: 1, tokens_per_hour: 2, output_tokens_per_day: 3}}
general_settings: {user_rate_limits: {b: {input_tokens_per_minute: 4}}}
",
    );
    let rates = |limits: &Limits| limits.rates.iter().map(|r| (r.kind, r.period, r.limit)).collect::<Vec<_>>();
    assert_eq!(
        rates(&found.teams["a"]),
        [
            (RateKind::Requests, Period::Hour, 1),
            (RateKind::Tokens, Period::Hour, 2),
            (RateKind::OutputTokens, Period::Day, 3),
        ]
    );
    assert_eq!(rates(&found.users["b"]), [(RateKind::InputTokens, Period::Minute, 4)]);
}

#[test]
fn what_tokens_are_and_how_much_is_left_beyond_a_budget_can_be_said() {
    for (text, kind) in
        [("total", RateKind::Tokens), ("input", RateKind::InputTokens), ("output", RateKind::OutputTokens)]
    {
        assert_eq!(quiet(&format!("general_settings: {{token_rate_limit_type: {text}}}")).token_kind, kind);
    }
    for (text, share) in [("0.1", 100_000), ("1", 1_000_000), ("0.0025", 2_500)] {
        let text = format!("litellm_settings: {{budget_exceeded_throttle_percentage: {text}}}");
        assert_eq!(quiet(&text).throttle, Some(share));
    }
}

#[test]
fn a_limit_that_is_said_twice_is_told() {
    let (found, findings) = house(
        "team_rate_limits: {a: {requests_per_minute: 1, daily_budget: 1}}
litellm_settings:
  budgets:
  - {budget_id: a, rpm_limit: 2, max_budget: 1, budget_duration: 1d}
  - {budget_id: a, max_budget: 3, soft_budget: 1, alert_on_budget: 2, time_period: 7d, budget_duration: 1d}
general_settings: {team_rate_limits: {a: {daily_budget: 4}}}
",
    );
    let team = &found.teams["a"];
    assert_eq!((team.rpm_limit, team.max_budget, team.soft_budget), (Some(1), Some(dollars(3)), Some(dollars(1))));
    assert_eq!(team.windows.iter().map(|window| window.max_budget).collect::<Vec<_>>(), [dollars(4)]);
    assert_eq!(
        findings,
        [
            "2 warning team_rate_limits.a.daily_budget: replaced by config.yaml:7 [keep one of the two]",
            "5 warning litellm_settings.budgets[0].rpm_limit: replaced by config.yaml:2 [keep one of the two]",
            "5 warning litellm_settings.budgets[0].max_budget: replaced by config.yaml:6 [keep one of the two]",
            "6 warning litellm_settings.budgets[1].alert_on_budget: not used: `soft_budget` counts [keep one of the two]",
            "6 warning litellm_settings.budgets[1].time_period: not used: `budget_duration` counts [keep one of the two]",
        ]
    );
}

/// A file, and its one error (`line path: message`) and help.
const CASES: &[(&str, &str, &str)] = &[
    (
        "litellm_settings: {max_budget: lots}\n",
        "1 litellm_settings.max_budget: needs an amount of dollars, not `lots`: not a decimal number",
        "write dollars, such as `5000` or `0.25`; for no limit, take the key away",
    ),
    (
        "litellm_settings: {max_budget: -1}\n",
        "1 litellm_settings.max_budget: an amount can't be negative",
        "write dollars, such as `5000` or `0.25`; for no limit, take the key away",
    ),
    (
        "litellm_settings: {max_budget: [1]}\n",
        "1 litellm_settings.max_budget: needs an amount of dollars, this is a list",
        "write one number after the colon",
    ),
    (
        "litellm_settings: {max_end_user_budget: 0.0000000001}\n",
        "1 litellm_settings.max_end_user_budget: finer than a nano-dollar: `0.0000000001`",
        "write at most 9 decimals",
    ),
    (
        "litellm_settings: {max_internal_user_budget: 1e12}\n",
        "1 litellm_settings.max_internal_user_budget: needs an amount of dollars, not `1e12`: too large",
        "write dollars, such as `5000` or `0.25`; for no limit, take the key away",
    ),
    (
        "litellm_settings: {max_budget: 1, budget_duration: 30}\n",
        "1 litellm_settings.budget_duration: needs a length of time, not `30`",
        "a number and one of s, m, h, d, w, mo (`30d`), or hourly, daily, weekly, monthly",
    ),
    (
        "litellm_settings: {max_end_user_budget_id: \" a\"}\n",
        "1 litellm_settings.max_end_user_budget_id: not a budget's id: ` a`",
        "1 to 200 characters, as the budget was made: `free-tier`",
    ),
    (
        "litellm_settings: {budget_exceeded_status_code: 500}\n",
        "1 litellm_settings.budget_exceeded_status_code: can't be `500`",
        "one of: 400, 402, 422, 429",
    ),
    (
        "general_settings: {token_rate_limit_type: all}\n",
        "1 general_settings.token_rate_limit_type: unknown kind of tokens `all`",
        "`total`, `input` or `output`",
    ),
    (
        "litellm_settings: {budget_exceeded_throttle_percentage: 10}\n",
        "1 litellm_settings.budget_exceeded_throttle_percentage: needs a fraction, not `10`",
        "above 0 and at most 1: `0.1` leaves a tenth of a key's rate limits",
    ),
    (
        "general_settings: {max_parallel_requests: many}\n",
        "1 general_settings.max_parallel_requests: needs a whole number, not `many`",
        "from 0 to 1000000000000000",
    ),
    (
        "budgets: {a: 1}\n",
        "1 budgets: needs a list, this is a mapping",
        "write `- ` before each item, indented below this key",
    ),
    (
        "litellm_settings:\n  budgets:\n  - max_budget: 1\n",
        "3 litellm_settings.budgets[0].budget_id: is missing",
        "the id or the name of the team whose budget it is: `budget_id: engineering`",
    ),
    (
        "budgets: [{budget_id: a, max_budget: 1, time_period: soon}]\n",
        "1 budgets[0].time_period: needs a length of time, not `soon`",
        "a number and one of s, m, h, d, w, mo (`30d`), or hourly, daily, weekly, monthly",
    ),
    (
        "budgets: [{budget_id: a, model_max_budget: {\"\": 1}}]\n",
        "1 budgets[0].model_max_budget: each name has 1 to 200 printable characters",
        "models' names, or patterns such as `gpt-*`",
    ),
    (
        "team_rate_limits:\n  a: 5\n",
        "2 team_rate_limits.a: needs a mapping, this is a number",
        "write `key: value` lines, indented below this key",
    ),
    (
        "litellm_settings: {general_settings: {team_rate_limits: {a: {requests_per_minute: -1}}}}\n",
        "1 litellm_settings.general_settings.team_rate_limits.a.requests_per_minute: needs a whole number, not `-1`",
        "from 0 to 1000000000000000",
    ),
    (
        "user_rate_limits: {\"ann @x\": {tokens_per_day: 1}, \" b\": {}}\n",
        "1 user_rate_limits[\" b\"]: neither an e-mail address nor a user's id: ` b`",
        "write `ann@example.com:`, or the id under which the user is listed",
    ),
    (
        "router_settings: {provider_budget_config: {openai: {time_period: 1d}}}\n",
        "1 router_settings.provider_budget_config.openai.budget_limit: is missing",
        "dollars: `budget_limit: 100`",
    ),
    (
        "router_settings: {provider_budget_config: {openai: 100}}\n",
        "1 router_settings.provider_budget_config.openai: needs a mapping, this is a number",
        "write `key: value` lines, indented below this key",
    ),
];

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    for (text, expected, help) in CASES {
        let findings = load_text("config.yaml", text, &env(&[])).map(|_| ()).unwrap_err();
        assert_eq!(
            of(&findings, Severity::Error),
            [{
                let (line, rest) = expected.split_once(' ').unwrap();
                format!("{line} error {rest} [{help}]")
            }],
            "{text}"
        );
    }
}

#[test]
fn the_value_of_a_variable_is_not_told() {
    let text = "litellm_settings: {max_budget: os.environ/A, budget_duration: os.environ/A, budget_exceeded_status_code: \
        os.environ/A, max_end_user_budget_id: \"${A}\\n\"}\nbudgets: [{budget_id: os.environ/A, max_budget: \"${A}\"}]\n";
    let findings = load_text("config.yaml", text, &env(&[("A", "CANARY-7d1f")])).map(|_| ()).unwrap_err();
    assert_eq!(of(&findings, Severity::Error).len(), 5, "{findings}");
    assert!(!format!("{findings:?}").contains("CANARY"), "{findings}");
}

#[test]
fn marks_are_told_by_choice() {
    assert_eq!(quiet("").thresholds, [80, 100]);
    assert_eq!(quiet("general_settings: {budget_alert_thresholds: [100, 50, 50]}").thresholds, [50, 100]);
    assert_eq!(quiet("general_settings: {budget_alert_thresholds: []}").thresholds, [0_u8; 0]);
}

#[test]
fn limits_in_shadow_stand_beside_those_that_are_enforced() {
    let found = quiet(
        "budgets: [{budget_id: red, max_budget: 5, shadow: {max_budget: 2, budget_duration: 1d, rpm_limit: 3}}]\n\
         user_rate_limits: {ann@example.com: {shadow: {tpm_limit: 7}}}\n",
    );
    let red = &found.teams["red"];
    let shadow = Limits {
        max_budget: Some(dollars(2)),
        budget_duration: Some(every("1d")),
        rpm_limit: Some(3),
        ..Limits::default()
    };
    assert_eq!((red.max_budget, red.shadow.as_deref()), (Some(dollars(5)), Some(&shadow)));
    let ann = found.users["ann@example.com"].shadow.as_deref();
    assert_eq!(ann, Some(&Limits { tpm_limit: Some(7), ..Limits::default() }));
}

#[test]
fn alerts_go_where_the_environment_says() {
    let text = "general_settings: {alerting: [webhook, slack, email]}\nmodel_list: []\n";
    let all = env(&[("WEBHOOK_URL", "https://hook.example/CANARY-7d1f"), ("SLACK_WEBHOOK_URL", "hooks.slack.example")]);
    let loaded = load_text("config.yaml", text, &all).unwrap();
    let alerting = &loaded.config.alerting;
    assert_eq!(
        alerting.webhook.as_ref().map(|url| url.expose().to_owned()).as_deref(),
        Some("https://hook.example/CANARY-7d1f")
    );
    assert!(alerting.slack.is_none(), "that is no address");
    assert!(!format!("{:?} {:?}", loaded.findings, loaded.config).contains("CANARY"));
    let warnings = of(&loaded.findings, Severity::Warning);
    assert!(warnings.iter().any(|text| text.contains("SLACK_WEBHOOK_URL is not set")), "{warnings:?}");
    let notices = of(&loaded.findings, Severity::Notice);
    assert!(notices.iter().any(|text| text.contains("`email` is not acted on yet")), "{notices:?}");
    assert!(load_text("config.yaml", "model_list: []\n", &all).unwrap().config.alerting.is_empty());
}

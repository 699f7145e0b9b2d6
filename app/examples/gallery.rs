//! Renders the components, the overview and the models page with made-up data to static HTML files, to look at them
//! without a server: `cargo run -p tollgate-app --features ssr --example gallery -- DIRECTORY`. The directory then needs
//! `tollgate.css` and what is in `public/` beside the files.

#![recursion_limit = "256"]

use std::path::Path;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use tollgate_app::api::{ModelItem, ModelsView, OverviewView};
use tollgate_app::components::{
    Badge, CertaintyBadge, CodeBlock, CopyField, Count, Elapsed, EmptyState, Field, Icon, IconName, KeyStatusBadge,
    Moment, Money, Notice, OutcomeBadge, PageHeader, Pager, Tone,
};
use tollgate_app::pages::{ModelsContent, OverviewContent, OverviewHeader};
use tollgate_domain::charge::Outcome;
use tollgate_domain::key::KeyStatus;
use tollgate_domain::model::SourcedPrice;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::summary::{Health, HealthState, ModelRow, Overview, Period, Share, Step};
use tollgate_domain::usage::Certainty;
use tollgate_domain::{Nanos, Picos, Timestamp};

fn main() -> std::io::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned());
    let directory = Path::new(&directory);
    std::fs::create_dir_all(directory)?;
    for period in Period::ALL {
        let page = page("Overview", move || {
            view! { <OverviewHeader period /> <OverviewContent view=overview(period, 9) period /> }.into_any()
        });
        std::fs::write(directory.join(format!("overview-{}.html", period.as_str())), page)?;
    }
    let quiet = page("Overview", || {
        let period = Period::Day;
        view! { <OverviewHeader period /> <OverviewContent view=quiet() period /> }.into_any()
    });
    std::fs::write(directory.join("overview-quiet.html"), quiet)?;
    let first = page("Overview", || {
        let period = Period::Day;
        let view = OverviewView {
            base_url: "http://127.0.0.1:4000".to_owned(),
            example_model: Some("simulator/echo".to_owned()),
            simulated: vec!["simulator/echo".to_owned()],
            ..OverviewView::default()
        };
        let mut second = view.clone();
        second.overview.has_keys = true;
        view! { <OverviewHeader period /> <OverviewContent view period /> <OverviewContent view=second period /> }
            .into_any()
    });
    std::fs::write(directory.join("overview-first.html"), first)?;
    let models = page("Models", || {
        view! {
            <PageHeader title="Models" purpose="What applications can call, who answers, what it costs, and how it has done in the last hour." />
            <ModelsContent view=models() />
        }
        .into_any()
    });
    std::fs::write(directory.join("models.html"), models)?;
    std::fs::write(directory.join("components.html"), page("Components", components))?;
    std::fs::write(directory.join("doorway.html"), document(doorway))
}

fn document(body: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new();
    let body = owner.with(|| {
        provide_meta_context();
        body().to_html()
    });
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gallery</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"tollgate.css\"><script type=\"module\" src=\"tollgate.js\"></script></head>\
         <body>{body}</body></html>"
    )
}

fn page(title: &'static str, content: impl FnOnce() -> AnyView) -> String {
    document(|| {
        let places = [
            ("Observe", vec![("Overview", IconName::Overview), ("Requests", IconName::Requests)]),
            ("Access", vec![("Keys", IconName::Keys)]),
            ("Gateway", vec![("Models", IconName::Models)]),
        ];
        let groups = move || {
            places
                .clone()
                .into_iter()
                .map(|(group, links)| {
                    let links = links
                        .into_iter()
                        .map(|(name, icon)| {
                            view! { <li><a href="#" aria-current=(name == title).then_some("page")><Icon name=icon />{name}</a></li> }
                        })
                        .collect_view();
                    view! { <h2 class="nav-group">{group}</h2> <ul>{links}</ul> }
                })
                .collect_view()
        };
        view! {
            <a class="skip" href="#main">"Skip to the content"</a>
            <div class="frame">
                <aside class="nav">
                    <a class="brand" href="#"><img src="favicon.svg" alt="" width="20" height="20" />"Tollgate"</a>
                    <nav aria-label="Main">{groups.clone()()}</nav>
                </aside>
                <div class="main">
                    <header class="topbar">
                        <details class="nav-drawer">
                            <summary aria-label="Navigation"><Icon name=IconName::Menu /></summary>
                            <div class="nav-panel"><nav aria-label="Main">{groups()}</nav></div>
                        </details>
                        <span class="topbar-space"></span>
                        <button class="button quiet needs-js" type="button" data-theme-switch="" aria-label="Theme">
                            <Icon name=IconName::Theme />
                        </button>
                        <details class="menu">
                            <summary><Icon name=IconName::Account /><span class="account-name">"Ada Lovelace"</span></summary>
                            <div class="menu-panel">
                                <p class="menu-note">"ada@example.com" <br /> "admin"</p>
                                <button class="button quiet" type="button">"Sign out"</button>
                            </div>
                        </details>
                    </header>
                    <main id="main" class="page">{content()}</main>
                </div>
            </div>
        }
        .into_any()
    })
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap_or_default() % sides.max(1)
    }
}

const NOW: &str = "2026-11-22T13:05:07Z";

fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).unwrap_or_default()
}

fn overview(period: Period, models: usize) -> OverviewView {
    const MODELS: [(&str, i64); 9] = [
        ("claude-sonnet-4-5", 9_000),
        ("gpt-4o", 6_200),
        ("gpt-4o-mini", 1_400),
        ("gemini-2.5-pro", 3_100),
        ("text-embedding-3-small", 160),
        ("azure/gpt-4.1-eu-west-production", 2_300),
        ("mistral-large", 1_900),
        ("deepseek-chat", 420),
        ("llama-3.3-70b", 380),
    ];
    let mut dice = Dice(u64::try_from(period.steps()).unwrap_or(1));
    let start = period.start(now());
    let mut all = Overview { now: now(), has_keys: true, has_calls: true, has_provider: true, ..Overview::default() };
    let mut shares: Vec<Share> = Vec::new();
    for i in 0..period.steps() {
        let at = start.plus_seconds(i * period.step_seconds());
        let hour = at.hour().rem_euclid(24);
        let busy = if (7..19).contains(&hour) || period == Period::Month { 10 } else { 2 };
        let mut step = Step { start: at, ..Step::default() };
        for (model, price) in MODELS.iter().take(models) {
            let calls = dice.roll(busy * 4);
            let cost = Nanos(calls * price * 1_000 * (50 + dice.roll(90)));
            step.calls += calls;
            step.cost.0 += cost.0;
            if cost.0 > 0 {
                step.cost_by_model.push(((*model).to_owned(), cost));
            }
            match shares.iter_mut().find(|share| share.id == *model) {
                Some(share) => {
                    share.calls += calls;
                    share.cost.0 += cost.0;
                }
                None => shares.push(Share {
                    id: (*model).to_owned(),
                    label: (*model).to_owned(),
                    calls,
                    errors: dice.roll(5),
                    cost,
                }),
            }
        }
        let (failed, refused) = (dice.roll(busy / 2) * dice.roll(2), dice.roll(3) / 2);
        step.refused = refused;
        step.errors = failed + refused;
        step.calls += refused;
        step.input_tokens = step.calls * 812;
        step.output_tokens = step.calls * 164;
        if step.calls > 0 && i % 17 != 5 {
            step.latency_p50_ms = i32::try_from(600 + dice.roll(240)).ok().map(f64::from);
            step.latency_p95_ms = i32::try_from(1_900 + dice.roll(1_700)).ok().map(f64::from);
        }
        all.calls += step.calls;
        all.errors += step.errors;
        all.refused += step.refused;
        all.input_tokens += step.input_tokens;
        all.output_tokens += step.output_tokens;
        all.cost.0 += step.cost.0;
        all.steps.push(step);
    }
    shares.sort_by_key(|share| std::cmp::Reverse(share.cost));
    let keys = ["checkout-assistant", "support-bot", "data-team-notebooks", "sk-...9f3a", "Master key"];
    all.top_keys = keys
        .iter()
        .zip(&shares)
        .map(|(key, share)| Share { id: (*key).to_owned(), label: (*key).to_owned(), ..share.clone() })
        .collect();
    all.top_models = shares;
    all.uncertain_calls = 3;
    all.latency_p50_ms = Some(712.0);
    all.latency_p95_ms = Some(2_840.0);
    OverviewView {
        overview: all,
        example_model: Some("gpt-4o".to_owned()),
        models: MODELS.iter().map(|(model, _)| (*model).to_owned()).collect(),
        ..OverviewView::default()
    }
}

/// Four calls of the simulator in a day: what the first minutes look like.
fn quiet() -> OverviewView {
    let mut view = overview(Period::Day, 0);
    view.simulated = vec!["simulator/echo".to_owned()];
    view.models = view.simulated.clone();
    let summary = &mut view.overview;
    for step in &mut summary.steps {
        *step = Step { start: step.start, ..Step::default() };
    }
    if let Some(step) = summary.steps.last_mut() {
        step.calls = 4;
        step.errors = 1;
        step.refused = 1;
        step.cost = Nanos(126_500);
        step.cost_by_model = vec![("simulator/echo".to_owned(), Nanos(126_500))];
        step.latency_p50_ms = Some(0.9);
        step.latency_p95_ms = Some(4.2);
    }
    let share = |id: &str, label: &str| Share {
        id: id.to_owned(),
        label: label.to_owned(),
        calls: 3,
        errors: 0,
        cost: Nanos(126_500),
    };
    summary.calls = 4;
    summary.errors = 1;
    summary.refused = 1;
    summary.input_tokens = 42;
    summary.output_tokens = 61;
    summary.cost = Nanos(126_500);
    summary.uncertain_calls = 0;
    summary.latency_p50_ms = Some(0.9);
    summary.latency_p95_ms = Some(4.2);
    summary.top_models = vec![share("simulator/echo", "simulator/echo")];
    summary.top_keys = vec![share("a", "first-app")];
    view
}

fn models() -> ModelsView {
    let rate = |meter, tier, above, price| Rate { meter, tier, above, price: Picos(price) };
    let price = |input: i64, output: i64| {
        let rates = vec![
            rate(Meter::Input, ServiceTier::Standard, 0, input),
            rate(Meter::CacheRead, ServiceTier::Standard, 0, input / 2),
            rate(Meter::Output, ServiceTier::Standard, 0, output),
            rate(Meter::Input, ServiceTier::Batch, 0, input / 2),
            rate(Meter::Input, ServiceTier::Standard, 200_000, input * 2),
        ];
        SourcedPrice {
            sheet: PriceSheet::new(rates),
            source: "price book: openai/gpt-4o (https://openai.com/api/pricing, 2026-11-20)".to_owned(),
        }
    };
    let row = |model: &str, provider: &str, upstream: &str, state, calls, errors| ModelRow {
        model: model.to_owned(),
        deployment_id: format!("{provider}-1"),
        provider: provider.to_owned(),
        upstream_model: upstream.to_owned(),
        base_url: Some(format!("https://api.{provider}.example/v1")),
        mode: Some("chat".to_owned()),
        max_input_tokens: Some(128_000),
        max_output_tokens: Some(16_384),
        origin: "config.yaml:12".to_owned(),
        price: Some(price(2_500_000, 10_000_000)),
        has_api_key: true,
        simulator: false,
        aliases: Vec::new(),
        health: Health {
            state,
            calls,
            errors,
            last_call_at: (calls > 0).then(|| now().plus_seconds(-42)),
            last_error: (errors > 0).then(|| {
                "429 Rate limit reached for requests per minute in organization org-12345 on requests".to_owned()
            }),
        },
    };
    let mut rows = vec![
        row("gpt-4o", "openai", "gpt-4o-2024-11-20", HealthState::Healthy, 1_204, 0),
        row("gpt-4o", "azure", "gpt-4o-eu", HealthState::Degraded, 310, 12),
        row("claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5-20250929", HealthState::Down, 9, 9),
        row("openai/*", "openai", "*", HealthState::Unknown, 0, 0),
        row("text-embedding-3-small", "openai", "text-embedding-3-small", HealthState::Healthy, 88, 0),
        row("local-llama", "ollama", "llama3.3:70b", HealthState::Unknown, 0, 0),
        row("simulator/echo", "simulator", "echo", HealthState::Healthy, 3, 0),
    ];
    if let [gpt, _, claude, wildcard, embedding, local, simulator] = rows.as_mut_slice() {
        gpt.aliases = vec!["default".to_owned(), "fast".to_owned()];
        claude.max_input_tokens = Some(1_000_000);
        (wildcard.price, wildcard.mode) = (None, None);
        (wildcard.max_input_tokens, wildcard.max_output_tokens) = (None, None);
        embedding.mode = Some("embedding".to_owned());
        embedding.price = Some(price(20_000, 0));
        (local.price, local.has_api_key) = (None, false);
        simulator.simulator = true;
        "built in".clone_into(&mut simulator.origin);
        simulator.price =
            Some(SourcedPrice { source: "the simulator's own".to_owned(), ..price(1_000_000, 2_000_000) });
    }
    let total = rows.len();
    let rows = rows.into_iter().map(|row| ModelItem { row: Some(row), stored: None }).collect();
    ModelsView { rows, next: None, total, now: now(), may_create: false }
}

fn doorway() -> AnyView {
    view! {
        <main class="doorway" id="main">
            <div class="card">
                <p class="brand"><img src="favicon.svg" alt="" width="24" height="24" />"Tollgate"</p>
                <h1>"Sign in"</h1>
                <Notice tone=Tone::Bad>"E-mail address or password are wrong, or the account is disabled."</Notice>
                <form class="stack" method="post">
                    <Field label="E-mail address" name="email"><input id="email" name="email" type="email" /></Field>
                    <Field label="Password" name="password"><input id="password" name="password" type="password" /></Field>
                    <button class="button primary" type="submit">"Sign in"</button>
                </form>
            </div>
        </main>
    }
    .into_any()
}

fn components() -> AnyView {
    let tones = [Tone::Good, Tone::Warning, Tone::Bad, Tone::Info, Tone::Neutral];
    let badges = tones.map(|tone| view! { <Badge tone label=format!("{tone:?}") /> }).collect_view();
    let notices = tones
        .map(|tone| view! { <Notice tone>"The budget of team " <a href="#">"blue"</a> " resets at midnight in Europe/Zurich."</Notice> })
        .collect_view();
    let outcomes = [
        (Some(Outcome::Success), 200),
        (Some(Outcome::UpstreamError), 429),
        (Some(Outcome::UpstreamBroken), 502),
        (Some(Outcome::Timeout), 504),
        (Some(Outcome::Interrupted), 503),
        (None, 403),
    ];
    let statuses = [KeyStatus::Active, KeyStatus::Blocked, KeyStatus::Expired, KeyStatus::Deleted];
    let rows = outcomes
        .into_iter()
        .zip([42_000, 0, 1_234_000, 12_400_000_000, 18_204_300_000_000, 99].into_iter().cycle())
        .enumerate()
        .map(|(i, ((outcome, status), cost))| {
            let seconds = i64::try_from(i).unwrap_or_default() * 977;
            view! {
                <tr>
                    <th scope="row"><a class="row-link" href="#"><Moment at=now().plus_seconds(-seconds) /></a></th>
                    <td><OutcomeBadge outcome status /></td>
                    <td>"gpt-4o"</td>
                    <td><a href="#">"checkout-assistant"</a></td>
                    <td class="num"><Count value=seconds * 31 /></td>
                    <td class="num"><Money value=Nanos(cost) /></td>
                    <td class="num"><Elapsed micros=seconds * 1_241 /></td>
                    <td class="actions"><button class="button quiet" type="button">"Block"</button></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <PageHeader title="Components" purpose="Every part of the pages, to be looked at in light and dark.">
            <a class="button" href="#">"Secondary"</a>
            <a class="button primary" href="#"><Icon name=IconName::Add />"Create key"</a>
        </PageHeader>
        <div class="cluster">{badges}</div>
        <div class="cluster">{statuses.map(|status| view! { <KeyStatusBadge status /> }).collect_view()}</div>
        <div class="cluster">
            {[Certainty::Measured, Certainty::Partial, Certainty::Estimated, Certainty::Unknown]
                .map(|certainty| view! { <CertaintyBadge certainty /> })
                .collect_view()}
        </div>
        <div class="cluster">
            <button class="button primary" type="button">"Primary"</button>
            <button class="button" type="button">"Plain"</button>
            <button class="button danger" type="button"><Icon name=IconName::Delete />"Delete key"</button>
            <button class="button quiet" type="button">"Quiet"</button>
            <button class="button primary" type="button" disabled>"Disabled"</button>
        </div>
        <div class="stack">{notices}</div>
        <form class="filters" role="search">
            <label class="search">
                <span class="visually-hidden">"Search"</span>
                <Icon name=IconName::Search />
                <input type="search" placeholder="Alias, last characters, or id" data-search="" />
            </label>
            <label><span class="visually-hidden">"Status"</span><select><option>"Any status"</option></select></label>
            <button class="button" type="button">"Apply"</button>
        </form>
        <ul class="chips"><li><a class="chip" href="#">"Model: gpt-4o"<Icon name=IconName::Close /></a></li></ul>
        <div class="table-wrap" tabindex="0" role="region" aria-label="Requests">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Model"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col" class="num">"Tokens"</th>
                        <th scope="col" class="num">"Cost"</th>
                        <th scope="col" class="num">"Duration"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first="#".to_owned() next="#".to_owned() />
        <div class="grid-2">
            <div class="stack">
                <Field label="Alias" name="alias" help="What people will call the key. Optional, and unique.">
                    <input id="alias" type="text" aria-describedby="alias-help" />
                </Field>
                <Field label="Date" name="date" help="The last day, in UTC." error="That is not a date; write it as 2027-01-31.">
                    <input id="date" type="text" value="tomorrow" aria-invalid="true" aria-describedby="date-error date-help" />
                </Field>
                <fieldset class="field choices">
                    <legend>"Models"</legend>
                    <div class="choice-list">
                        {["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "text-embedding-3-small"]
                            .map(|name| view! { <label class="check"><input type="checkbox" /><span class="mono">{name}</span></label> })
                            .collect_view()}
                    </div>
                    <p class="field-help">"What the key may call."</p>
                </fieldset>
                <CopyField label="Key" id="key" value="sk-6f2d0c1b9a8e7f6d5c4b3a29181706f5e4d3c2b1a0f9e8d7c6b5a49382716050" />
            </div>
            <div class="stack">
                <CodeBlock
                    label="curl"
                    code="curl 'http://127.0.0.1:4000/v1/chat/completions' \\\n  -H 'Authorization: Bearer sk-1234' \\\n  -d '{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'"
                />
                <dl class="facts">
                    <div><dt>"Ends in"</dt><dd class="mono">"sk-...9f3a"</dd></div>
                    <div><dt>"Models"</dt><dd>"Every model, those that are configured later included"</dd></div>
                    <div><dt>"Created"</dt><dd><Moment at=now() />" by ada@example.com"</dd></div>
                </dl>
                <details class="card danger-zone">
                    <summary>"Delete this key"</summary>
                    <p>"It can't be undone."</p>
                </details>
            </div>
        </div>
        <EmptyState title="No keys yet" text="Each application gets a key of its own, so that its calls and its spend can be told apart and stopped.">
            <a class="button primary" href="#">"Create the first key"</a>
        </EmptyState>
    }
    .into_any()
}

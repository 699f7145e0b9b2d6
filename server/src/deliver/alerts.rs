//! Alerts of budgets to whom the configuration names: a webhook, Slack.

use serde_json::{Value, json};
use tollgate_domain::Nanos;
use tollgate_domain::ledger::{AccountKind, Alert, AlertKind};
use tollgate_domain::secret::Secret;

use super::Counters;
use super::send::Sender;
use super::services::dollars;

/// Where alerts go (`general_settings.alerting`). The addresses are secrets: whoever knows one can write there.
#[derive(Clone, Debug, Default)]
pub struct Alerting {
    /// `WEBHOOK_URL`
    pub webhook: Option<Secret>,
    /// `SLACK_WEBHOOK_URL`
    pub slack: Option<Secret>,
}

impl Alerting {
    pub fn is_empty(&self) -> bool {
        self.webhook.is_none() && self.slack.is_none()
    }

    /// One message for each alert and place.
    pub(super) async fn tell(&self, alerts: &[Alert], sender: &Sender, counters: &Counters) {
        for alert in alerts {
            let webhook = self.webhook.as_ref().map(|url| (url, "webhook", event(alert)));
            let slack = self.slack.as_ref().map(|url| (url, "slack", json!({ "text": words(alert) })));
            for (url, place, body) in [webhook, slack].into_iter().flatten() {
                match sender.post(url.expose(), &body, |request| request).await {
                    Ok(_) => counters.count(1, 0),
                    Err(why) => {
                        tracing::warn!(place, why, alert = alert.id, "an alert was not taken and is lost");
                        counters.count(0, 1);
                    }
                }
            }
        }
    }
}

/// LiteLLM's name for what happened.
fn name(alert: &Alert) -> &'static str {
    match (alert.kind, alert.percent) {
        (AlertKind::SoftLimit, _) => "soft_budget_crossed",
        (AlertKind::Threshold, Some(percent)) if percent < 100 => "threshold_crossed",
        (AlertKind::Threshold | AlertKind::Overrun, _) => "budget_crossed",
        (AlertKind::Shadow, _) => "shadow_limit",
    }
}

/// LiteLLM's name for whose budget it is.
fn group(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Gateway => "proxy",
        AccountKind::User | AccountKind::Person => "internal_user",
        other => other.as_str(),
    }
}

fn words(alert: &Alert) -> String {
    let amount =
        |value: i64| if alert.is_money { format!("${}", Nanos(value).to_decimal()) } else { value.to_string() };
    let what = match (alert.kind, alert.percent) {
        (AlertKind::SoftLimit, _) => "Soft budget reached".to_owned(),
        (AlertKind::Threshold, Some(percent)) => format!("{percent} % of the budget spent"),
        (AlertKind::Threshold, None) => "A share of the budget spent".to_owned(),
        (AlertKind::Overrun, _) => "Billed beyond the limit".to_owned(),
        (AlertKind::Shadow, _) => "A limit in shadow would have refused a call".to_owned(),
    };
    let Alert { account, limited, .. } = alert;
    format!("{what}: {account}, {limited}: {} of {}", amount(alert.used), amount(alert.limit))
}

/// In the form of LiteLLM's webhook, with what it has no name for beside it.
fn event(alert: &Alert) -> Value {
    let of = |kinds: &[AccountKind]| kinds.contains(&alert.account.kind).then(|| alert.account.id.to_string());
    let amount = |value: i64| if alert.is_money { dollars(Nanos(value)) } else { value.into() };
    let is_soft = alert.kind == AlertKind::SoftLimit;
    json!({
        "id": alert.id, "event": name(alert), "event_group": group(alert.account.kind), "event_message": words(alert),
        "spend": amount(alert.used),
        "max_budget": (!is_soft).then(|| amount(alert.limit)), "soft_budget": is_soft.then(|| amount(alert.limit)),
        "percent": alert.percent, "limited": alert.limited, "model": alert.account.model.as_deref(),
        "account_kind": alert.account.kind.as_str(), "account_id": &*alert.account.id,
        "key_id": of(&[AccountKind::Key]), "user_id": of(&[AccountKind::User, AccountKind::Person]),
        "team_id": of(&[AccountKind::Team]), "organization_id": of(&[AccountKind::Organisation]),
        "customer_id": of(&[AccountKind::Customer]),
        "at": alert.at.to_rfc3339(), "charge_id": alert.charge_id,
    })
}

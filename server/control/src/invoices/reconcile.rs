//! What an invoice and the ledger say of each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use chrono::NaiveDate;
use tollgate_domain::actor::Action;
use tollgate_domain::invoice::{Amounts, Invoice, Reconciliation, Tolerance, Variance};

use super::authorise;
use super::formats::plain_model;
use crate::{Control, ControlError, OpContext};

/// The most groups that are told; the sums are of all.
const MOST: usize = 5000;

/// Both sides of a day, a model and a credential.
#[derive(Default)]
struct Sides {
    /// The model as the provider writes it, or else as the ledger does.
    name: String,
    theirs: Option<Amounts>,
    ours: Option<Amounts>,
    our_models: BTreeSet<String>,
}

fn add(side: &mut Option<Amounts>, amounts: &Amounts) {
    side.get_or_insert_default().add(amounts);
}

/// Compares an invoice with what the ledger has now of the provider and the invoice's days, by day, model and, where it
/// is known which deployments a credential stands for, by credential.
pub async fn reconcile(
    control: &Control,
    op: &OpContext,
    id: &str,
    tolerance: Tolerance,
) -> Result<Reconciliation, ControlError> {
    authorise(control, op, Action::Read, id).await?;
    let store = control.store();
    let invoice = store.invoice(id).await?.ok_or_else(|| ControlError::not_found("the invoice"))?;
    let matches = &invoice.options.credentials;
    let of_deployment: HashMap<&str, &str> =
        matches.iter().map(|it| (it.deployment_id.as_str(), it.credential.as_str())).collect();
    let known: BTreeSet<&str> = of_deployment.values().copied().collect();
    // Without a word of which deployment is whose, credentials can't be told apart on our side.
    let credential = |name: &str| if known.contains(name) { name.to_owned() } else { String::new() };

    let mut groups: BTreeMap<(i64, String, String), Sides> = BTreeMap::new();
    let (mut theirs, mut ours) = (Amounts::default(), Amounts::default());
    for line in store.invoice_groups(id).await? {
        theirs.add(&line.amounts);
        let group = (line.day, plain_model(&line.model), credential(&line.credential));
        let sides = groups.entry(group).or_default();
        sides.name.clone_from(&line.model);
        add(&mut sides.theirs, &line.amounts);
    }
    let days = (invoice.first_day, invoice.last_day);
    for day in store.ledger_days(&invoice.provider, days, invoice.options.zone_minutes).await? {
        ours.add(&day.amounts);
        let name = of_deployment.get(day.deployment_id.as_str()).copied().unwrap_or_default();
        let sides = groups.entry((day.day, plain_model(&day.upstream_model), name.to_owned())).or_default();
        if sides.name.is_empty() {
            sides.name.clone_from(&day.upstream_model);
        }
        sides.our_models.insert(day.model);
        add(&mut sides.ours, &day.amounts);
    }
    let mut disagreements = 0;
    let mut variances: Vec<_> = groups
        .into_iter()
        .map(|((day, _, credential), sides)| {
            let Sides { name: model, theirs, ours, our_models } = sides;
            let our_models = our_models.into_iter().collect();
            let mut variance = Variance { day, model, credential, theirs, ours, our_models, agrees: false };
            variance.agrees = tolerance.covers(&variance);
            disagreements += u64::from(!variance.agrees);
            variance
        })
        .collect();
    let cut = variances.len() > MOST;
    variances.truncate(MOST);
    Ok(Reconciliation { invoice, variances, theirs, ours, disagreements, cut })
}

/// The page of the request log with the calls of a group; `None`: there are none.
pub fn requests_behind(invoice: &Invoice, variance: &Variance) -> Option<String> {
    variance.ours?;
    let day = |days: i64| NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days));
    // The log's days are UTC's: a zone's day is in two of them.
    let last = variance.day + i64::from(invoice.options.zone_minutes < 0);
    let first = variance.day - i64::from(invoice.options.zone_minutes > 0);
    let mut address = format!("/ui/requests?since={}&until={}", day(first)?, day(last)?);
    if let [model] = variance.our_models.as_slice() {
        address.push_str("&model=");
        for byte in model.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                // Writing to a text can't fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    Some(address)
}

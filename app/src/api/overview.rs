//! What the overview asks.

use tollgate_domain::summary::{Overview, Period};

use super::ServerError;

/// The overview, with what the first steps need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverviewView {
    pub overview: Overview,
    /// For the first call: where the gateway is, without the `/v1`, and what to ask it for.
    pub base_url: String,
    /// `None` when no model is configured that can be asked for by its plain name.
    pub example_model: Option<String>,
    /// Every configured model's name, patterns left out: who knows all of them gives each its own colour.
    pub models: Vec<String>,
    /// Those that the built-in simulator answers: their costs are made up.
    pub simulated: Vec<String>,
}

/// The overview of the period that ends now.
pub async fn load_overview(period: Period) -> Result<OverviewView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let overview = tollgate_control::overview::overview(&control, &op, period).await?;
    let models = tollgate_control::models::list(&control, &op).await?;
    let simulated = models.iter().filter(|row| row.simulator).map(|row| row.model.clone()).collect();
    let named = || models.iter().filter(|row| !row.model.contains('*'));
    // A provider's model needs its credential to answer; the simulator needs nothing.
    let example = named().find(|row| row.has_api_key).or_else(|| named().find(|row| row.simulator));
    let example_model = example.or_else(|| named().next()).map(|row| row.model.clone());
    let names = named().map(|row| row.model.clone()).collect();
    let base_url = crate::server::base_url().await?;
    Ok(OverviewView { overview, base_url, example_model, models: names, simulated })
}

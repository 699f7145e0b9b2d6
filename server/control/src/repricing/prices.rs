//! The price that a charge should have had.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_domain::charge::Charge;
use tollgate_domain::model::{Catalog, SourcedPrice};
use tollgate_domain::price::resolve_price;
use tollgate_domain::repricing::NewPrice;

/// Looks prices up, each once.
pub struct Prices {
    /// For all charges; `None`: each its own.
    one: Option<Arc<SourcedPrice>>,
    catalog: Arc<Catalog>,
    /// By deployment, provider and model at the provider.
    known: HashMap<[Arc<str>; 3], Option<Arc<SourcedPrice>>>,
}

impl Prices {
    pub fn new(price: &NewPrice, catalog: Arc<Catalog>) -> Self {
        let one = match price {
            NewPrice::Current => None,
            NewPrice::Sheet(sheet) => {
                Some(Arc::new(SourcedPrice { sheet: sheet.clone(), source: "correction".to_owned() }))
            }
        };
        Self { one, catalog, known: HashMap::new() }
    }

    /// The deployment's price as it is now. Of one that is gone, only what the price book says is known.
    pub fn of(&mut self, charge: &Charge) -> Option<Arc<SourcedPrice>> {
        if let Some(one) = &self.one {
            return Some(Arc::clone(one));
        }
        let key = [&charge.deployment_id, &charge.provider, &charge.upstream_model].map(Arc::clone);
        let catalog = &self.catalog;
        let look_up = || {
            let deployment = catalog.deployments().iter().find(|it| *it.id == *charge.deployment_id);
            if let Some(price) = deployment.and_then(|it| it.price.clone()) {
                return Some(Arc::new(price));
            }
            let base = deployment.and_then(|it| it.base_model.as_deref());
            resolve_price(None, base, &charge.provider, &charge.upstream_model).map(Arc::new)
        };
        self.known.entry(key).or_insert_with(look_up).clone()
    }
}

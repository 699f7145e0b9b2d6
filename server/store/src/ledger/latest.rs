//! When the ledger was last written to.

use tollgate_domain::Timestamp;

use crate::sql::Binds;
use crate::{Store, StoreError};

impl Store {
    /// The moment of the last charge; `None`: there is none.
    pub async fn latest_charge(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT started_at FROM charges ORDER BY id DESC LIMIT 1";
        let rows = self.read(sql, Binds::default()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0).map(Timestamp)).transpose()?)
    }
}

//! Providers' invoices, and what the ledger has for the same days.

use sea_orm::QueryResult;
use tollgate_domain::invoice::{Amounts, Invoice, InvoiceLine};
use tollgate_domain::{Nanos, Timestamp};

use crate::calls::ids_between;
use crate::sql::Binds;
use crate::{Store, StoreError, Tx};

/// Lines of one statement: SQLite and PostgreSQL take some tens of thousands of values.
const AT_ONCE: usize = 500;

const COLUMNS: &str =
    "id, name, digest, provider, body, first_day, last_day, line_count, cost_nanos, created_at, created_by";

fn invoice(row: &QueryResult) -> Result<Invoice, StoreError> {
    let text = |place: usize| row.try_get_by_index::<String>(place);
    let int = |place: usize| row.try_get_by_index::<i64>(place);
    let id = text(0)?;
    Ok(Invoice {
        name: text(1)?,
        digest: text(2)?,
        provider: text(3)?,
        options: serde_json::from_str(&text(4)?).map_err(|e| StoreError::corrupt("invoices", id.clone(), &e))?,
        first_day: int(5)?,
        last_day: int(6)?,
        lines: u64::try_from(int(7)?).unwrap_or_default(),
        cost: row.try_get_by_index::<Option<i64>>(8)?.map(Nanos),
        created_at: Timestamp(int(9)?),
        created_by: text(10)?,
        id,
    })
}

/// What the ledger has of a day, a model and a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDay {
    /// Days since 1970, in the zone that was asked for.
    pub day: i64,
    /// What callers asked for.
    pub model: String,
    /// What the provider was asked for.
    pub upstream_model: String,
    pub deployment_id: String,
    pub amounts: Amounts,
}

impl Tx {
    /// Adds an invoice with its lines.
    pub async fn insert_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> Result<(), StoreError> {
        let body = serde_json::to_string(&invoice.options);
        let body = body.map_err(|e| StoreError::corrupt("invoices", &*invoice.id, &e))?;
        let mut binds = Binds::default();
        let mut places = vec![
            binds.add(invoice.id.as_str()).to_string(),
            binds.add(invoice.name.as_str()).to_string(),
            binds.add(invoice.digest.as_str()).to_string(),
            binds.add(invoice.provider.as_str()).to_string(),
            binds.add(body).to_string(),
        ];
        for number in [invoice.first_day, invoice.last_day, i64::try_from(invoice.lines).unwrap_or(i64::MAX)] {
            places.push(binds.add(number).to_string());
        }
        places.push(number(invoice.cost.map(|cost| cost.0)));
        places.push(binds.add(invoice.created_at.0).to_string());
        places.push(binds.add(invoice.created_by.as_str()).to_string());
        let sql = format!("INSERT INTO invoices ({COLUMNS}) VALUES ({})", places.join(", "));
        self.execute(&sql, binds).await?;
        for part in lines.chunks(AT_ONCE) {
            let mut binds = Binds::default();
            let rows: Vec<String> = part.iter().map(|line| values(&mut binds, &invoice.id, line)).collect();
            let sql = format!(
                "INSERT INTO invoice_lines (invoice_id, line, day, model, credential, requests, input_tokens, \
                 cached_tokens, output_tokens, cost_nanos) VALUES {}",
                rows.join(", ")
            );
            self.execute(&sql, binds).await?;
        }
        Ok(())
    }

    /// Takes an invoice away, with its lines; `false`: there is none.
    pub async fn delete_invoice(&self, id: &str) -> Result<bool, StoreError> {
        for (table, column) in [("invoice_lines", "invoice_id"), ("invoices", "id")] {
            let mut binds = Binds::default();
            let sql = format!("DELETE FROM {table} WHERE {column} = {}", binds.add(id));
            if self.execute(&sql, binds).await? == 0 && table == "invoices" {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Numbers are written as they are: they are numbers, and `NULL` has no type to be bound with.
fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

fn values(binds: &mut Binds, invoice: &str, line: &InvoiceLine) -> String {
    let Amounts { requests, input, cached, output, cost } = line.amounts;
    let texts = [binds.add(invoice), binds.add(line.model.as_str()), binds.add(line.credential.as_str())];
    let [invoice, model, credential] = texts.map(|place| place.to_string());
    let numbers = [requests, input, cached, output, cost.map(|cost| cost.0)].map(number);
    format!("({invoice}, {}, {}, {model}, {credential}, {})", line.line, line.day, numbers.join(", "))
}

impl Store {
    pub async fn invoice(&self, id: &str) -> Result<Option<Invoice>, StoreError> {
        self.invoice_where("id", id).await
    }

    /// The invoice that was read from a file with this SHA-256, in hexadecimal.
    pub async fn invoice_of_file(&self, digest: &str) -> Result<Option<Invoice>, StoreError> {
        self.invoice_where("digest", digest).await
    }

    async fn invoice_where(&self, column: &str, value: &str) -> Result<Option<Invoice>, StoreError> {
        let mut binds = Binds::default();
        let sql = format!("SELECT {COLUMNS} FROM invoices WHERE {column} = {}", binds.add(value));
        self.read(&sql, binds).await?.first().map(invoice).transpose()
    }

    /// Invoices, newest first.
    pub async fn invoices(&self, limit: u32) -> Result<Vec<Invoice>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM invoices ORDER BY created_at DESC, id DESC LIMIT {limit}");
        self.read(&sql, Binds::default()).await?.iter().map(invoice).collect()
    }

    /// The lines of an invoice, added up by day, model and credential; the line is the first of each.
    pub async fn invoice_groups(&self, id: &str) -> Result<Vec<InvoiceLine>, StoreError> {
        let mut binds = Binds::default();
        let sum = |column: &str| format!("CAST(SUM({column}) AS BIGINT)");
        let sums = ["requests", "input_tokens", "cached_tokens", "output_tokens", "cost_nanos"].map(sum).join(", ");
        let sql = format!(
            "SELECT MIN(line), day, model, credential, {sums} FROM invoice_lines WHERE invoice_id = {} \
             GROUP BY day, model, credential ORDER BY day, model, credential",
            binds.add(id)
        );
        let rows = self.read(&sql, binds).await?;
        let line = |row: &QueryResult| {
            let amount = |place: usize| row.try_get_by_index::<Option<i64>>(place);
            Ok(InvoiceLine {
                line: u64::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or_default(),
                day: row.try_get_by_index(1)?,
                model: row.try_get_by_index(2)?,
                credential: row.try_get_by_index(3)?,
                amounts: Amounts {
                    requests: amount(4)?,
                    input: amount(5)?,
                    cached: amount(6)?,
                    output: amount(7)?,
                    cost: amount(8)?.map(Nanos),
                },
            })
        };
        rows.iter().map(line).collect()
    }

    /// What the ledger has of a provider from one moment to another, with adjusting entries: by day (which begins so
    /// many minutes before UTC's), model and deployment. Read a day at a time.
    pub async fn ledger_days(
        &self,
        provider: &str,
        (first_day, last_day): (i64, i64),
        zone_minutes: i32,
    ) -> Result<Vec<LedgerDay>, StoreError> {
        let day = 24 * Timestamp::MICROS_PER_HOUR;
        let shift = i64::from(zone_minutes) * 60 * Timestamp::MICROS_PER_SECOND;
        let mut all = Vec::new();
        for one in first_day..=last_day {
            let (since, until) = (Timestamp(one * day - shift), Timestamp((one + 1) * day - shift));
            let mut binds = Binds::default();
            let mut lines = ids_between(&mut binds, Some(since), Some(until));
            lines.add(format!("started_at >= {}", binds.add(since.0)));
            lines.add(format!("started_at < {}", binds.add(until.0)));
            lines.add(format!("provider = {}", binds.add(provider)));
            let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT)");
            let sums = [
                "CASE WHEN adjusts IS NULL THEN 1 ELSE 0 END",
                "input_tokens",
                "cache_read_tokens",
                "output_tokens",
                "cost_nanos",
            ];
            let sql = format!(
                "SELECT model, upstream_model, deployment_id, {} FROM charges WHERE {lines} \
                 GROUP BY model, upstream_model, deployment_id",
                sums.map(sum).join(", ")
            );
            for row in self.read(&sql, binds).await? {
                let amount = |place: usize| row.try_get_by_index::<i64>(place).map(Some);
                all.push(LedgerDay {
                    day: one,
                    model: row.try_get_by_index(0)?,
                    upstream_model: row.try_get_by_index(1)?,
                    deployment_id: row.try_get_by_index(2)?,
                    amounts: Amounts {
                        requests: amount(3)?,
                        input: amount(4)?,
                        cached: amount(5)?,
                        output: amount(6)?,
                        cost: amount(7)?.map(Nanos),
                    },
                });
            }
        }
        Ok(all)
    }
}

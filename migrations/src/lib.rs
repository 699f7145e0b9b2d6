//! The database schema of Tollgate, step by step: the same steps on SQLite and PostgreSQL.
//!
//! This crate may know nothing but tables and columns. Moments are BIGINT microseconds since the epoch, money is BIGINT
//! nano-dollars, ids and JSON are TEXT. A step that has been released is never edited: a change is a new step, and one
//! that only adds, so that the program before it still runs (what is to go is taken away one release later).

#![expect(elided_lifetimes_in_paths, reason = "the trait of the steps leaves them out, and so must they")]

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261122_000001_keys;
mod m20261122_000002_ledger;
mod m20261122_000003_rollups;
mod m20261122_000004_people;
mod m20261122_000005_audit;
mod m20261122_000006_records;
mod m20261123_000001_instead_of;
mod m20261123_000002_alerts;
mod m20261123_000003_increases;
mod m20261123_000004_adjustments;
mod m20261123_000005_identities;
mod m20261123_000006_units;
mod m20261124_000001_people;
mod m20261124_000003_deployments;
mod types;

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_keys::Migration),
            Box::new(m20261122_000002_ledger::Migration),
            Box::new(m20261122_000003_rollups::Migration),
            Box::new(m20261122_000004_people::Migration),
            Box::new(m20261122_000005_audit::Migration),
            Box::new(m20261122_000006_records::Migration),
            Box::new(m20261123_000001_instead_of::Migration),
            Box::new(m20261123_000002_alerts::Migration),
            Box::new(m20261123_000003_increases::Migration),
            Box::new(m20261123_000004_adjustments::Migration),
            Box::new(m20261123_000005_identities::Migration),
            Box::new(m20261123_000006_units::Migration),
            Box::new(m20261124_000001_people::Migration),
            Box::new(m20261124_000003_deployments::Migration),
        ]
    }
}

/// The names of every step, oldest first.
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

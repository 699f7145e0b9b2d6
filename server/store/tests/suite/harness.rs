//! A database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tollgate_store::{Store, StoreOptions};

/// A database that was migrated, and its address.
pub struct Database {
    pub store: Store,
    pub url: String,
}

impl Database {
    /// The same database, opened a second time, as another process would.
    pub async fn open_again(&self) -> Store {
        Store::open(&self.url, StoreOptions::default()).await.unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Does something behind the store's back.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_postgres() {
            PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
        } else {
            SqliteConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
        }
    }
}

pub async fn sqlite(test: impl AsyncFnOnce(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("data/tollgate.db").display());
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    let database = Database { store, url };
    database.store.migrate().await.unwrap();
    test(&database).await;
    database.store.close().await.unwrap();
}

pub async fn postgres(test: impl AsyncFnOnce(&Database)) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    let Ok(server) = std::env::var("TOLLGATE_TEST_POSTGRES_URL") else {
        println!("skipped: TOLLGATE_TEST_POSTGRES_URL is not set");
        return;
    };
    let name = format!("tollgate_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (before_name, _) = server.rsplit_once('/').expect("an address with a database's name");
    let url = format!("{before_name}/{name}");
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    let database = Database { store, url };
    database.store.migrate().await.unwrap();
    test(&database).await;
    database.store.close().await.unwrap();
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}

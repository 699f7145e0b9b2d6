use tollgate_store::{Store, StoreError, StoreOptions};

use crate::harness::Database;

pub async fn steps_go_up_down_and_up_again(db: &Database) {
    db.store.check_schema().await.unwrap();
    db.store.unmigrate().await.unwrap();
    assert!(matches!(db.store.check_schema().await, Err(StoreError::Schema(_))));
    db.store.migrate().await.unwrap();
    db.store.check_schema().await.unwrap();
    // Again, with nothing to do.
    db.store.migrate().await.unwrap();
}

pub async fn an_empty_database_is_refused(db: &Database) {
    db.store.unmigrate().await.unwrap();
    db.execute("DROP TABLE seaql_migrations").await;
    let error = db.store.check_schema().await.unwrap_err();
    let StoreError::Schema(mismatch) = &error else { panic!("{error:?}") };
    assert_eq!(mismatch.missing, tollgate_migrations::names());
    assert!(mismatch.unknown.is_empty());
    assert!(error.to_string().contains("tollgate migrate"), "{error}");
}

pub async fn a_schema_from_elsewhere_is_refused(db: &Database) {
    db.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_future', 0)").await;
    let error = db.store.check_schema().await.unwrap_err();
    assert!(error.to_string().contains("m20990101_000001_future"), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(matches!(db.store.migrate().await, Err(StoreError::Schema(_))));

    db.execute("DELETE FROM seaql_migrations WHERE version IN ('m20990101_000001_future', 'm20261122_000005_audit')")
        .await;
    let StoreError::Schema(mismatch) = db.store.check_schema().await.unwrap_err() else { panic!() };
    assert_eq!((mismatch.missing, mismatch.unknown), (vec!["m20261122_000005_audit".to_owned()], vec![]));
}

pub async fn processes_that_start_together_migrate_once(db: &Database) {
    db.store.unmigrate().await.unwrap();
    let others = futures::future::join_all((0..4).map(|_| db.open_again())).await;
    let outcomes = futures::future::join_all(others.iter().map(Store::migrate)).await;
    for outcome in outcomes {
        outcome.unwrap();
    }
    db.store.check_schema().await.unwrap();
    futures::future::join_all(others.iter().map(Store::close)).await;
}

#[tokio::test]
async fn a_sqlite_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/tollgate.db");
    let store = Store::open(&format!("sqlite://{}", path.display()), StoreOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    let files: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "a database and its log");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_told() {
    for url in ["mysql://localhost/x", "sqlite::memory:", "sqlite://:memory:", "/just/a/path", ""] {
        let error = Store::open(url, StoreOptions::default()).await.unwrap_err();
        assert!(matches!(error, StoreError::Address(_)), "{url}: {error:?}");
    }
    let options = StoreOptions { acquire_timeout: std::time::Duration::from_millis(500), ..StoreOptions::default() };
    let error = Store::open("postgres://u:s3cret@127.0.0.1:1/x", options).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(!error.to_string().contains("s3cret"));
}

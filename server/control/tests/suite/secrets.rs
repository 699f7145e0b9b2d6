//! Secrets: kept encrypted, never shown, written anew for another master secret; and nowhere else.

use serde_json::json;
use tollgate_control::audit::AuditFilter;
use tollgate_control::export::{self, Format};
use tollgate_control::keys::{self, KeyRef, RotateKey};
use tollgate_control::secrets::{Progress, open_all, reencrypt};
use tollgate_control::vault::Vault;
use tollgate_control::{ControlError, access, records, users};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::CredentialId;
use tollgate_domain::key::{KeyDigest, Rotation, VirtualKey};

use crate::harness::{NOW, Office, Told, op, secret, vault};
use crate::sweep::world::{all, credential, deployment, new_key, user, user_id};

/// What must be found nowhere.
const PROVIDER_KEY: &str = "sk-canary-provider-4f1c9a7e";
const CREDENTIAL_KEY: &str = "sk-canary-credential-8b2d6e01";
const HEADER: &str = "canary-header-77aa33";
const PASSWORD: &str = "canary password 5150";
const CUSTOM_KEY: &str = "sk-canary-custom-key-90210";
const NEXT_KEY: &str = "sk-canary-next-key-31337";
const METADATA: &str = "sk-lf-canary-metadata-24601";

fn canaries() -> [&'static str; 6] {
    [PROVIDER_KEY, CREDENTIAL_KEY, HEADER, PASSWORD, CUSTOM_KEY, NEXT_KEY]
}

async fn exported(office: &Office, format: Format) -> String {
    let master = op(Actor::MasterKey);
    let mut export = export::audit(&office.control, &master, AuditFilter::default(), format).await.unwrap();
    let mut text = Vec::new();
    while let Some(part) = export.next().await.unwrap() {
        text.extend(part);
    }
    String::from_utf8(text).unwrap()
}

/// A credential and two models with secrets.
async fn plant(office: &Office) {
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let mut shared = credential("openai");
    control.put_secret(&mut shared, "api_key", &secret(CREDENTIAL_KEY)).unwrap();
    records::create(control, master, shared).await.unwrap();
    let mut model = StoredDeployment { credential: CredentialId::parse("openai"), ..deployment("d-1") };
    control.put_secret(&mut model, "api_key", &secret(PROVIDER_KEY)).unwrap();
    let headers = json!({ "x-api-key": HEADER }).to_string();
    control.put_secret(&mut model, "extra_headers", &secret(&headers)).unwrap();
    records::create(control, master, model).await.unwrap();
    let mut other = deployment("d-2");
    control.put_secret(&mut other, "api_key", &secret(PROVIDER_KEY)).unwrap();
    records::create(control, master, other).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_canary_is_found_nowhere() {
    let office = Office::open().await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    plant(&office).await;
    users::create(control, master, user("ann", Role::Member), &[]).await.unwrap();
    users::set_password(control, master, &user_id("ann"), secret(PASSWORD)).await.unwrap();
    let nobody = op(Actor::Anonymous);
    for email in ["ann@example.com", PASSWORD, "eve@example.com"] {
        let _ = access::sign_in(control, &nobody, email, secret(PASSWORD)).await;
    }
    let mut new = new_key(Some("ann"), None, None);
    new.custom_key = Some(secret(CUSTOM_KEY));
    new.key.metadata =
        json!({"logging": [{"langfuse_secret": METADATA}], "note": METADATA}).as_object().unwrap().clone();
    new.key.rotation = Some(Rotation::every(60, NOW));
    let key = keys::create(control, master, new).await.unwrap().key;
    let how = RotateKey { custom_key: Some(secret(NEXT_KEY)), grace_seconds: 5 };
    keys::rotate(control, master, &KeyRef::Id(key.id), how, |_, _| Ok(())).await.unwrap();
    let again = RotateKey { custom_key: Some(secret(CUSTOM_KEY)), ..RotateKey::default() };
    let taken = keys::rotate(control, master, &KeyRef::Id(key.id), again, |_, _| Ok(())).await.unwrap_err();
    office.clock.advance_seconds(60);
    assert_eq!(keys::rotate_due(control, &op(Actor::System)).await.unwrap(), 1);
    let waiting = keys::collect(control, master, &KeyRef::Id(key.id), None).await.unwrap();
    let apply = |shared: &mut Credential| control.put_secret(shared, "api_key", &secret("sk-another-one-0000001"));
    records::update(control, master, "openai", None, apply).await.unwrap();
    let changed = |model: &mut StoredDeployment| {
        model.secrets.remove("extra_headers");
        Ok(())
    };
    records::update(control, master, "d-1", None, changed).await.unwrap();
    records::delete::<StoredDeployment>(control, master, "d-2", None).await.unwrap();
    keys::delete(control, master, &[KeyRef::Id(key.id)]).await.unwrap();

    let dump = office.dump(|_| true).await;
    let log = office.dump(|table| table == "audit_events").await;
    let exports = exported(&office, Format::Csv).await + &exported(&office, Format::JsonLines).await;
    let bytes =
        ["", "-wal", "-shm"].map(|end| std::fs::read(format!("{}{end}", office.path.display())).unwrap_or_default());
    assert!(dump.len() > 5000 && log.contains("key.rotate") && exports.contains("credential.update"));
    let in_file = |text: &str| bytes.iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()));
    assert!(in_file("langfuse_secret"), "one would see it");
    for canary in canaries().into_iter().chain([waiting.expose()]) {
        for (place, text) in [("database", &dump), ("export", &exports), ("error", &taken.to_string())] {
            assert!(!text.contains(canary), "{canary} is in the {place}");
        }
        assert!(!in_file(canary), "{canary} is in the file");
    }
    // What people put into metadata is kept for them, and not in the log.
    assert!(dump.contains(METADATA));
    assert!(!log.contains(METADATA) && !exports.contains(METADATA));
    // Nor what one would look for with a stolen log, or could try to open.
    let nonces = ["\"nonce\"", "\"text\"", &KeyDigest::of(CUSTOM_KEY).to_hex(), &KeyDigest::of(NEXT_KEY).to_hex()];
    for text in nonces {
        assert!(!log.contains(text) && !exports.contains(text), "{text}");
    }
    // But one sees that a secret was changed, and whether it was to the same.
    let lines = office.audit().await;
    let update = lines.iter().find(|line| line.event.action == "credential.update").unwrap();
    let hmac = |text: &Option<String>| {
        let value: serde_json::Value = serde_json::from_str(text.as_deref().unwrap()).unwrap();
        value["values"]["api_key"]["hmac"].as_str().unwrap().to_owned()
    };
    assert_ne!(hmac(&update.event.before), hmac(&update.event.after));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_secret_again_is_no_change() {
    let office = Office::open().await;
    plant(&office).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let before: Credential = records::get(control, master, "openai").await.unwrap();
    let same = |shared: &mut Credential| control.put_secret(shared, "api_key", &secret(CREDENTIAL_KEY));
    office.told();
    let after = records::update(control, master, "openai", None, same).await.unwrap();
    assert_eq!(after.values, before.values);
    assert_eq!(office.told(), [Told::Catalogue]);
    let opened = open_all(control.vault(), &after).unwrap();
    assert_eq!(opened["api_key"].expose(), CREDENTIAL_KEY);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_master_secret_nothing_is_kept() {
    let mut office = Office::open().await;
    office.with_vault(Vault::default());
    let control = &office.control;
    let refused = control.put_secret(&mut credential("x"), "api_key", &secret("sk-1")).unwrap_err();
    assert!(
        matches!(&refused, ControlError::Conflict { message } if message.contains("TOLLGATE_SALT_KEY")),
        "{refused:?}"
    );
    let system = &op(Actor::System);
    assert!(matches!(reencrypt(control, system, |_| ()).await, Err(ControlError::Conflict { .. })));
    // A key that is due stays as it is: its new text could not wait anywhere.
    let mut new = new_key(None, None, None);
    new.key.rotation = Some(Rotation::every(60, NOW));
    let key = keys::create(control, system, new).await.unwrap().key;
    office.clock.advance_seconds(60);
    assert_eq!(keys::rotate_due(control, system).await.unwrap(), 0);
    assert_eq!(office.store().find_key(key.id).await.unwrap(), Some(key));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_secret_takes_over_step_by_step() {
    let mut office = Office::open().await;
    plant(&office).await;
    let system = &op(Actor::System);
    let mut new = new_key(None, None, None);
    new.key.rotation = Some(Rotation { grace_seconds: 1000, ..Rotation::every(60, NOW) });
    let key = keys::create(&office.control, system, new).await.unwrap().key;
    office.clock.advance_seconds(60);
    keys::rotate_due(&office.control, system).await.unwrap();
    // One that could not be saved as it is must not hold the others up.
    let tx = office.store().begin().await.unwrap();
    let mut odd: StoredDeployment = tx.find("d-2").await.unwrap().unwrap();
    odd.params.insert("broken".to_owned(), true.into());
    tx.save(&odd).await.unwrap();
    tx.commit().await.unwrap();

    // The old secret is not given: nothing is lost, and what is missing is said.
    office.with_vault(vault("second"));
    let before = office.state().await;
    let refused = reencrypt(&office.control, system, |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("TOLLGATE_SALT_KEY_PREVIOUS"), "{refused}");
    assert_eq!(office.state().await, before);

    let both = || Vault::new(Some(&secret("second")), &[secret("master")]);
    office.with_vault(both());
    // Stopped after the first step, it goes on where it was.
    let stopped = {
        let control = office.control.clone();
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "it is stopped in the midst, which a tracker would not do")]
        let running = tokio::spawn(async move {
            let system = op(Actor::System);
            reencrypt(&control, &system, |progress| {
                told.send(progress).unwrap();
                if progress.done == 1 {
                    panic!("the power fails");
                }
            })
            .await
        });
        assert!(running.await.is_err());
        heard.recv().await.unwrap()
    };
    assert_eq!(stopped, Progress { done: 1, changed: 1, total: 4 });
    let mut steps = Vec::new();
    let control = &office.control;
    let done = reencrypt(control, system, |progress| steps.push(progress.done)).await.unwrap();
    assert_eq!((done, steps), (Progress { done: 4, changed: 3, total: 4 }, vec![1, 2, 3, 4]));
    assert_eq!(reencrypt(control, system, |_| ()).await.unwrap().changed, 0);
    let mut actions = office.actions().await;
    actions.retain(|action| action.ends_with(".reencrypt"));
    assert_eq!(actions, ["credential.reencrypt", "model.reencrypt", "model.reencrypt", "key.reencrypt"]);

    // From now on the new one is enough.
    office.with_vault(vault("second"));
    let control = &office.control;
    for model in all::<StoredDeployment>(&office).await {
        assert_eq!(open_all(control.vault(), &model).unwrap()["api_key"].expose(), PROVIDER_KEY);
    }
    for shared in all::<Credential>(&office).await {
        assert_eq!(open_all(control.vault(), &shared).unwrap()["api_key"].expose(), CREDENTIAL_KEY);
    }
    let text = keys::collect(control, system, &KeyRef::Id(key.id), None).await.unwrap();
    let now: VirtualKey = office.store().find_key(key.id).await.unwrap().unwrap();
    assert_eq!(KeyDigest::of(text.expose()), now.digest);
    let dump = office.dump(|_| true).await;
    assert!(canaries().iter().all(|canary| !dump.contains(canary)));
}

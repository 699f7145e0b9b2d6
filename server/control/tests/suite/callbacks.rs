//! Where teams have their calls logged: secrets are kept encrypted, shown to nobody, and gone with the callback.

use std::collections::BTreeMap;

use tollgate_control::callbacks::{self, MASKED, NewCallback, shown};
use tollgate_control::secrets::{Progress, open_all, reencrypt};
use tollgate_control::{ControlError, groups, records};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::callback::{CallbackName, CallbackType};
use tollgate_domain::team::Team;

use crate::harness::{Office, op, op_as, secret};
use crate::sweep::world::{company, template};

const CANARY: &str = "sk-lf-canary-callback-1701";

fn langfuse(kind: &str, vars: &[(&str, &str)]) -> NewCallback {
    let mut all: BTreeMap<_, _> =
        [("langfuse_public_key", "pk-lf-1"), ("langfuse_secret", CANARY)].into_iter().collect();
    all.extend(vars.iter().copied());
    let vars = all.into_iter().map(|(name, value)| (name.to_owned(), secret(value))).collect();
    NewCallback { name: "langfuse".to_owned(), kind: kind.to_owned(), vars }
}

async fn stored(office: &Office) -> Team {
    office.store().find("blue").await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_callbacks_are_kept_as_others_are() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let host = [("langfuse_host", "https://langfuse.example")];
    let team = callbacks::add(control, master, "blue", langfuse("success", &host)).await.unwrap();
    let of = shown(&team).pop().unwrap();
    assert_eq!((of.name, of.kind), (CallbackName::Langfuse, CallbackType::Success));
    assert_eq!((of.vars["langfuse_secret_key"].as_str(), of.vars["langfuse_public_key"].as_str()), (MASKED, MASKED));
    assert_eq!(of.vars["langfuse_host"], "https://langfuse.example");
    let opened = open_all(control.vault(), &stored(&office).await).unwrap();
    assert_eq!((opened["langfuse/success/langfuse_secret_key"].expose(), opened.len()), (CANARY, 2));
    callbacks::add(control, master, "blue", langfuse("failure", &host)).await.unwrap();
    let again = callbacks::add(control, master, "blue", langfuse("failure", &host)).await;
    assert!(matches!(again, Err(ControlError::Invalid { field: "callback_name", .. })), "{again:?}");
    let progress = reencrypt(control, master, |_| ()).await.unwrap();
    assert_eq!((progress.changed, progress.done == progress.total && progress.total > 0), (0, true));
    assert_ne!(progress, Progress::default());
    let state = format!("{:?} {}", office.audit().await, office.state().await);
    assert!(!state.contains(CANARY) && state.contains("team.add_callback"), "{state}");
    callbacks::remove(control, master, "blue", "langfuse").await.unwrap();
    assert!(stored(&office).await.logging.is_empty(), "of every type, with their secrets");
    callbacks::add(control, master, "blue", langfuse("failure", &host)).await.unwrap();
    callbacks::disable(control, master, "blue").await.unwrap();
    assert!(stored(&office).await.logging.is_empty());
    callbacks::add(control, master, "blue", langfuse("failure", &host)).await.unwrap();
    groups::delete_team(control, master, "blue", None).await.unwrap();
    assert!(stored(&office).await.logging.is_empty(), "a deleted team keeps no secrets");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_be_told_is_not_taken() {
    let office = company(&template().await).await;
    let (control, lead) = (&office.control, &op_as(&office, "team admin", Role::Member).await);
    callbacks::add(control, lead, "blue", langfuse("success", &[])).await.unwrap();
    let own = [("langfuse_host", "http://10.0.0.7:3000")];
    let refused = [
        (langfuse("failure", &own), "callback_vars"),
        (langfuse("sometimes", &[]), "callback_type"),
        (NewCallback { name: "s3".to_owned(), ..langfuse("failure", &[]) }, "callback_name"),
        (langfuse("failure", &[("bucket", "x")]), "callback_vars"),
    ];
    for (new, field) in refused {
        let told = format!("{new:?}");
        let result = callbacks::add(control, lead, "blue", new).await;
        assert!(matches!(&result, Err(ControlError::Invalid { field: f, .. }) if *f == field), "{told}: {result:?}");
    }
    let text = callbacks::add(control, lead, "blue", NewCallback { name: "s3".to_owned(), ..langfuse("failure", &[]) });
    let text = text.await.unwrap_err().to_string();
    assert!(CallbackName::ALL.iter().all(|name| text.contains(name.as_str())), "{text}");
    assert_eq!(records::get::<Team>(control, lead, "blue").await.unwrap().logging.callbacks.len(), 1);
}

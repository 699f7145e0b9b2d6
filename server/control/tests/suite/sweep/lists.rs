//! Lists show what may be read: no more, and no less.

use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{ControlError, records, requests};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Place, Resource, allowed};
use tollgate_domain::budget::Budget;
use tollgate_domain::charge::Charge;
use tollgate_domain::credential::Credential;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::membership::Membership;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Record;
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{LedgerBatch, RecordFilter, RecordOrder};

use super::world::{Cast, Sample, all, all_keys, cast, company, key_place, place_of, template};
use crate::harness::{NOW, Office};
use crate::reads::charge;

async fn check<T: Sample>(office: &Office, cast: &Cast, teams: &[Team]) {
    let mut expected: Vec<String> = Vec::new();
    for record in all::<T>(office).await {
        let place = place_of(&record, teams);
        if allowed(&cast.op.actor, &cast.op.memberships, Action::Read, <T as Record>::RESOURCE, &place) {
            expected.push(Record::id(&record).to_owned());
        }
    }
    expected.sort();
    let told = format!("{} {}", cast.name, <T as Record>::RESOURCE.as_str());
    for order in [RecordOrder::NewestFirst, RecordOrder::OldestFirst, RecordOrder::Name] {
        let filter = RecordFilter { order, ..RecordFilter::default() };
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            match records::list::<T>(&office.control, &cast.op, &filter, cursor.as_ref(), 2).await {
                Ok(page) => {
                    found.extend(page.items.iter().map(|record| Record::id(record).to_owned()));
                    let Some(next) = page.next else { break };
                    cursor = Some(Cursor::decode(&next).unwrap());
                }
                Err(ControlError::Denied { .. }) => break,
                Err(error) => panic!("{told}: {error:?}"),
            }
        }
        assert!(found.len() <= expected.len(), "{told}: {found:?}");
        found.sort();
        assert_eq!(found, expected, "{told} {order:?}");
        let count = records::count::<T>(&office.control, &cast.op, &filter).await.unwrap_or_default();
        assert_eq!(count, expected.len() as u64, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_may_be_read() {
    let office = company(&template().await).await;
    let teams: Vec<Team> = all(&office).await;
    let mut charges = Vec::new();
    for (i, key) in all_keys(&office).await.into_iter().enumerate() {
        let principal = office.store().find_principal(key.digest, NOW).await.unwrap().unwrap();
        charges.push(Charge { ownership_id: principal.ownership_id, ..charge(i as u128, Some(key.id)) });
    }
    office.store().append_ledger(&LedgerBatch { charges, refusals: vec![] }).await.unwrap();
    for cast in cast(&office).await {
        check::<Organisation>(&office, &cast, &teams).await;
        check::<Team>(&office, &cast, &teams).await;
        check::<User>(&office, &cast, &teams).await;
        check::<Membership>(&office, &cast, &teams).await;
        check::<Budget>(&office, &cast, &teams).await;
        check::<Customer>(&office, &cast, &teams).await;
        check::<Tag>(&office, &cast, &teams).await;
        check::<AccessGroup>(&office, &cast, &teams).await;
        check::<StoredDeployment>(&office, &cast, &teams).await;
        check::<Credential>(&office, &cast, &teams).await;
        check::<IncreaseRequest>(&office, &cast, &teams).await;

        let seen = requests::list(&office.control, &cast.op, &RequestFilter::default(), None, 1000).await;
        let mut found: Vec<_> =
            seen.map(|page| page.items).unwrap_or_default().into_iter().filter_map(|row| row.key_id).collect();
        let mut expected = all_keys(&office).await;
        expected.retain(|key| {
            // A call is where its key was.
            let place = Place { delegated: false, ..key_place(key, Action::Read, &teams) };
            allowed(&cast.op.actor, &cast.op.memberships, Action::Read, Resource::Request, &place)
        });
        let mut expected: Vec<_> = expected.into_iter().map(|key| key.id.to_string()).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{}", cast.name);

        let mut expected: Vec<_> = all_keys(&office).await;
        expected.retain(|key| {
            let place = key_place(key, Action::Read, &teams);
            allowed(&cast.op.actor, &cast.op.memberships, Action::Read, Resource::Key, &place)
        });
        let mut expected: Vec<_> = expected.into_iter().map(|key| key.id).collect();
        expected.sort();
        let filter = KeyFilter::default();
        let page = keys::list(&office.control, &cast.op, &filter, None, 1000).await;
        let mut found: Vec<_> =
            page.map(|page| page.items).unwrap_or_default().into_iter().map(|row| row.key.id).collect();
        found.sort();
        assert_eq!(found, expected, "{}", cast.name);
        let count = keys::count(&office.control, &cast.op, &filter).await.unwrap_or_default();
        assert_eq!(count, expected.len() as u64, "{}", cast.name);
    }
}

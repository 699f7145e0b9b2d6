//! Everything that can be asked of the control plane, for one actor: what it is by the permission matrix, and how to
//! ask.

use std::pin::Pin;

use tollgate_control::access::{self, Ensured};
use tollgate_control::alerts::AlertFilter;
use tollgate_control::audit::AuditFilter;
use tollgate_control::export::{self, Format, Layout};
use tollgate_control::increases::{Approval, IncreaseFilter};
use tollgate_control::invoices::Import;
use tollgate_control::keys::{self, KeyFilter, KeyRef, RotateKey};
use tollgate_control::people::{Counted, CountedBy};
use tollgate_control::{
    Control, ControlError, OpContext, alerts, audit, budgets, callbacks, groups, increases, invoices, models, overview,
    people, records, replay, repricing, requests, reset, scim, secrets, settings, usage, users,
};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Actor, Place, Resource, Role, allowed};
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::invoice::Tolerance;
use tollgate_domain::ledger::{AccountKey, AccountKind};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record;
use tollgate_domain::report::{Dimension, UsageFilter};
use tollgate_domain::repricing::{NewPrice, RepricingOrder};
use tollgate_domain::sso::Admission;
use tollgate_domain::summary::{Period, RequestFilter};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::world::{self, Cast, Sample, all, all_keys, group, key_place, new_key, place_of, user_id};
use crate::harness::{Office, secret};

type Asked = Pin<Box<dyn Future<Output = Result<(), ControlError>>>>;

/// What comes of it for whoever may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// One line in the log.
    Changed,
    /// A line for each thing that was changed.
    ChangedMuch,
    Read,
    /// Read, with a line in the log.
    ReadAndLogged,
    Conflict,
    NotFound,
    Invalid(&'static str),
}

/// Langfuse's own service.
fn callback() -> callbacks::NewCallback {
    let vars = ["langfuse_public_key", "langfuse_secret_key"].map(|name| (name.to_owned(), secret("lf-0123456789")));
    callbacks::NewCallback { name: "langfuse".to_owned(), kind: "success".to_owned(), vars: vars.into() }
}

/// A limit of everything, tried on an hour.
fn proposal() -> replay::Proposal {
    replay::Proposal {
        account: AccountKey::new(AccountKind::Gateway, ""),
        limits: Limits { rpm_limit: Some(1), ..Limits::default() },
        since: Timestamp(0),
        until: Timestamp(Timestamp::MICROS_PER_HOUR),
    }
}

/// What the matrix says.
#[derive(Clone, Debug)]
pub enum May {
    /// This, to a thing at this place.
    Do(Action, Resource, Place),
    /// Whoever could see any such thing, and every person who might once.
    See(Resource),
    /// The same, for taking out.
    Export(Resource),
}

pub struct Case {
    /// As in the list of use cases.
    pub name: &'static str,
    /// What it is asked of, for people.
    pub of: String,
    pub may: May,
    pub then: Then,
    pub ask: Box<dyn Fn(Control, OpContext) -> Asked>,
}

macro_rules! case {
    ($list:ident, $name:expr, $of:expr, $may:expr, $then:expr, |$control:ident, $op:ident $(, $own:ident)*| $body:expr) => {{
        $(let $own = $own.clone();)*
        $list.push(Case {
            name: $name,
            of: $of.to_string(),
            may: $may,
            then: $then,
            ask: Box::new(move |$control: Control, $op: OpContext| -> Asked {
                $(let $own = $own.clone();)*
                Box::pin(async move { $body.await.map(drop) })
            }),
        });
    }};
}

pub async fn cases(office: &Office, cast: &Cast) -> Vec<Case> {
    let mut list = Vec::new();
    let teams: Vec<Team> = all(office).await;
    for team in &teams {
        records(&mut list, team, &teams, None);
        let (place, id) = (place_of(team, &teams), team.id.to_string());
        let may = |action| May::Do(action, Resource::Team, place.clone());
        let update = may(Action::Update);
        case!(list, "callbacks::add", id, update.clone(), Then::Changed, |c, op, id| async move {
            callbacks::add(&c, &op, &id, callback()).await
        });
        case!(list, "callbacks::disable", id, update.clone(), Then::Changed, |c, op, id| async move {
            callbacks::disable(&c, &op, &id).await
        });
        case!(list, "callbacks::remove", id, update, Then::NotFound, |c, op, id| async move {
            callbacks::remove(&c, &op, &id, "langfuse").await
        });
        case!(list, "groups::delete_team", id, may(Action::Delete), Then::ChangedMuch, |c, op, id| {
            groups::delete_team(&c, &op, &id, None)
        });
    }
    for organisation in world::ORGANISATIONS.map(Some).into_iter().chain([None]) {
        let new = world::team("new", organisation);
        let may = May::Do(Action::Create, Resource::Team, place_of(&new, &teams));
        let of = format!("new in {organisation:?}");
        case!(list, "records::create", of, may.clone(), Then::Changed, |c, op, new| records::create(&c, &op, new));
        // Whoever makes one and is no administrator becomes its own.
        let then = if matches!(cast.op.actor, Actor::User { role: Role::Member, .. }) {
            Then::ChangedMuch
        } else {
            Then::Changed
        };
        case!(list, "groups::create_team", of, may, then, |c, op, new| groups::create_team(&c, &op, new, &[]));
    }
    for organisation in all::<Organisation>(office).await {
        let full = teams.iter().any(|team| team.organisation_id.as_ref() == Some(&organisation.id));
        records(&mut list, &organisation, &teams, full.then_some(Then::Conflict));
        let may = May::Do(Action::Delete, Resource::Organisation, place_of(&organisation, &teams));
        let then = if full { Then::Conflict } else { Then::ChangedMuch };
        let id = organisation.id.to_string();
        case!(list, "groups::delete_organisation", id, may, then, |c, op, id| {
            groups::delete_organisation(&c, &op, &id, None)
        });
    }
    create(&mut list, world::organisation("new"), &teams);
    for user in all::<User>(office).await {
        records(&mut list, &user, &teams, None);
        let id = user.id.clone();
        let may = |action| May::Do(action, Resource::User, place_of(&user, &teams));
        case!(list, "users::delete", id, may(Action::Delete), Then::ChangedMuch, |c, op, id| users::delete(
            &c, &op, &id, None
        ));
    }
    let bob = user_id("bob");
    let may = May::Do(Action::Create, Resource::User, Place::default());
    case!(
        list,
        "access::invite",
        bob,
        may,
        Then::Changed,
        |c, op, bob| async move { access::invite(&c, &op, &bob).await }
    );
    for id in [Some(bob.clone()), cast.user_id()].into_iter().flatten() {
        let may = May::Do(Action::Update, Resource::User, Place { owner: Some(id.clone()), ..Place::default() });
        case!(list, "users::set_password", id, may, Then::Changed, |c, op, id| {
            users::set_password(&c, &op, &id, secret("a long enough password"))
        });
        let may = May::Do(Action::Read, Resource::User, Place { owner: Some(id.clone()), ..Place::default() });
        case!(list, "access::sessions", id, may, Then::Read, |c, op, id| async move {
            access::sessions(&c, &op, &id).await
        });
    }
    create(&mut list, world::user("new", Role::Viewer), &teams);
    let new = world::user("new", Role::Admin);
    let may = May::Do(Action::Create, Resource::User, place_of(&new, &teams));
    case!(list, "users::create", "new", may, Then::ChangedMuch, |c, op, new| async move {
        users::create(&c, &op, new, &[(group("blue"), MemberRole::Member)]).await
    });
    members(&mut list, office, cast, &teams).await;
    keys_of(&mut list, office, cast, &teams).await;
    plain(&mut list, office, &teams).await;
    list
}

/// What can be done to a record that is there.
fn records<T: Sample>(list: &mut Vec<Case>, record: &T, teams: &[Team], deletes: Option<Then>) {
    let (place, id) = (place_of(record, teams), Record::id(record).to_owned());
    let resource = <T as Record>::RESOURCE;
    let of = format!("{} {id}", resource.as_str());
    let may = |action| May::Do(action, resource, place.clone());
    case!(list, "records::get", of, may(Action::Read), Then::Read, |c, op, id| records::get::<T>(&c, &op, &id));
    case!(list, "records::update", of, may(Action::Update), Then::Changed, |c, op, id| {
        records::update::<T>(&c, &op, &id, None, T::touch)
    });
    case!(list, "records::update_as", of, may(Action::Update), Then::Changed, |c, op, id| {
        records::update_as::<T>(&c, &op, &id, Some(1), "thing.rename", T::touch)
    });
    let then = deletes.unwrap_or(Then::ChangedMuch);
    case!(list, "records::delete", of, may(Action::Delete), then, |c, op, id| records::delete::<T>(&c, &op, &id, None));
    // What is not there: whoever may do this to nothing does not learn that.
    let nothing = May::See(resource);
    if record.id() == "b-1" {
        case!(list, "records::get", "nothing", nothing, Then::NotFound, |c, op| records::get::<T>(&c, &op, "nothing"));
    }
}

fn create<T: Sample>(list: &mut Vec<Case>, new: T, teams: &[Team]) {
    let may = May::Do(Action::Create, <T as Record>::RESOURCE, place_of(&new, teams));
    let of = <T as Record>::RESOURCE.as_str();
    case!(list, "records::create", of, may, Then::Changed, |c, op, new| records::create(&c, &op, new));
}

async fn members(list: &mut Vec<Case>, office: &Office, cast: &Cast, teams: &[Team]) {
    for member in all::<Membership>(office).await {
        // Its own memberships are what the actor's rights come from; they are as good as others'.
        records(list, &member, teams, None);
        let (of, user, group) = (member.id.as_str(), member.user_id.clone(), member.group.clone());
        let may = |action| May::Do(action, Resource::Membership, place_of(&member, teams));
        case!(list, "groups::update_member", of, may(Action::Update), Then::Changed, |c, op, user, group| {
            groups::update_member(&c, &op, &group, &user, Some(1), Membership::touch)
        });
        case!(list, "reset::member", of, may(Action::Update), Then::Changed, |c, op, user, group| async move {
            reset::member(&c, &op, &group, &user).await
        });
        case!(list, "groups::remove_member_at", of, may(Action::Delete), Then::Conflict, |c, op, user, group| {
            groups::remove_member_at(&c, &op, &group, &user, Some(7))
        });
        case!(list, "groups::remove_member", of, may(Action::Delete), Then::ChangedMuch, |c, op, user, group| {
            groups::remove_member(&c, &op, &group, &user)
        });
    }
    let everybody = [Some(user_id("root")), cast.user_id()].into_iter().flatten();
    let groups = ["blue", "red", "green", "acme", "globex", "empty"].map(group);
    for (user, group) in everybody.flat_map(|user| groups.clone().map(|group| (user.clone(), group))) {
        let new = groups::membership(&group, &user, MemberRole::Admin).unwrap();
        let there = all::<Membership>(office).await.iter().any(|member| member.id == new.id);
        let then = if there { Then::Conflict } else { Then::Changed };
        let may = May::Do(Action::Create, Resource::Membership, place_of(&new, teams));
        let asked = (may.clone(), group.clone());
        case!(list, "groups::add_member", new.id.as_str(), may, then, |c, op, group, user| {
            groups::add_member(&c, &op, &group, &user, |member| member.role = MemberRole::Admin)
        });
        let (may, group) = asked;
        case!(list, "people::to_be_member", new.id.as_str(), may, Then::Read, |c, op, group| async move {
            people::to_be_member(&c, &op, &group, "somebody").await
        });
    }
}

async fn keys_of(list: &mut Vec<Case>, office: &Office, cast: &Cast, teams: &[Team]) {
    for key in all_keys(office).await {
        let (id, at) = (key.id, KeyRef::Id(key.id));
        let of = format!("key of {:?} in {:?} {:?}", key.user_id, key.team_id, key.organisation_id);
        let may = |action| May::Do(action, Resource::Key, key_place(&key, action, teams));
        case!(list, "keys::get", of, may(Action::Read), Then::Read, |c, op, at| keys::get(&c, &op, &at));
        case!(list, "reset::key", of, may(Action::Update), Then::Changed, |c, op, at| reset::key(&c, &op, &at));
        case!(list, "keys::update", of, may(Action::Update), Then::Changed, |c, op, at| {
            keys::update(&c, &op, &at, Some(1), |key, _| {
                key.alias = Some("renamed".to_owned());
                Ok(())
            })
        });
        case!(list, "keys::set_blocked", of, may(Action::Update), Then::Changed, |c, op, at| {
            keys::set_blocked(&c, &op, &at, true)
        });
        case!(list, "keys::rotate", of, may(Action::Update), Then::Changed, |c, op, at| {
            keys::rotate(&c, &op, &at, RotateKey::default(), |_, _| Ok(()))
        });
        case!(list, "keys::collect", of, may(Action::Update), Then::NotFound, |c, op, at| keys::collect(
            &c, &op, &at, None
        ));
        case!(list, "keys::delete_at", of, may(Action::Delete), Then::Changed, |c, op, at| {
            keys::delete_at(&c, &op, &at, Some(1))
        });
        case!(list, "keys::delete", of, may(Action::Delete), Then::Changed, |c, op, id| async move {
            keys::delete(&c, &op, &[KeyRef::Id(id)]).await
        });
    }
    let me = cast.user_id().map(|id| id.to_string());
    let me = me.as_deref();
    let wanted = [
        (me, None, None),
        (Some("bob"), None, None),
        (None, None, None),
        (me, Some("blue"), None),
        (Some("bob"), Some("blue"), None),
        (None, Some("blue"), None),
        (Some("bob"), Some("red"), None),
        (me, Some("green"), None),
        (Some("root"), Some("green"), None),
        (me, None, Some("acme")),
        (Some("bob"), None, Some("acme")),
        (me, None, Some("globex")),
        (None, None, Some("acme")),
        // Naming a place where one may does not help at another.
        (Some("bob"), Some("red"), Some("acme")),
        (None, Some("red"), Some("empty")),
    ];
    for (user, team, organisation) in wanted {
        let new = new_key(user, team, organisation);
        let place = Place { key: None, ..key_place(&new.key, Action::Create, teams) };
        let may_invite = allowed(
            &cast.op.actor,
            &cast.op.memberships,
            Action::Create,
            Resource::Membership,
            &Place { owner: None, ..place.clone() },
        );
        let member = |group: Group| cast.op.memberships.clone() != Default::default() && is_member(cast, &group);
        let then = match (user, team, organisation) {
            (_, Some(_), Some(_)) => Then::Invalid("organisation_id"),
            (Some(user), None, Some(id)) if !(may_invite || Some(user) == me && member(group(id))) => {
                Then::Invalid("user_id")
            }
            _ => Then::Changed,
        };
        let of = format!("new key of {user:?} in {team:?} {organisation:?}");
        let may = May::Do(Action::Create, Resource::Key, place);
        case!(list, "keys::create", of, may, then, |c, op, new| keys::create(&c, &op, new));
    }
    let me_id = cast.user_id();
    let place = Place { owner: me_id.clone(), ..Place::default() };
    let then = if me_id.is_some() { Then::Changed } else { Then::Invalid("asker") };
    let new = world::increase(AccountKind::User, me.unwrap_or("bob"));
    case!(
        list,
        "increases::ask",
        "oneself",
        May::Do(Action::Create, Resource::IncreaseRequest, place),
        then,
        |c, op, new| { increases::ask(&c, &op, new) }
    );
    for request in all::<IncreaseRequest>(office).await {
        let place = place_of(&request, teams);
        let may = |action| May::Do(action, Resource::IncreaseRequest, place.clone());
        let (of, id) = (request.account_id.clone(), request.id.to_string());
        case!(list, "increases::get", of, may(Action::Read), Then::Read, |c, op, id| increases::get(&c, &op, &id));
        case!(list, "increases::deciders", of, may(Action::Read), Then::Read, |c, op, id| async move {
            increases::deciders(&c, &op, &id).await
        });
        case!(list, "increases::approve", of, may(Action::Update), Then::ChangedMuch, |c, op, id| {
            increases::approve(&c, &op, &id, Some(1), Approval::default())
        });
        case!(list, "increases::deny", of, may(Action::Update), Then::Changed, |c, op, id| {
            increases::deny(&c, &op, &id, None, None)
        });
        case!(list, "increases::withdraw", of, may(Action::Delete), Then::Changed, |c, op, id| {
            increases::withdraw(&c, &op, &id, None)
        });
    }
    let see = May::See(Resource::IncreaseRequest);
    case!(list, "increases::list", "all", see.clone(), Then::Read, |c, op| async move {
        increases::list(&c, &op, &IncreaseFilter::default(), None, 9).await
    });
    case!(list, "increases::waiting", "all", see, Then::Read, |c, op| increases::waiting(&c, &op));
    let anywhere = May::Do(Action::Update, Resource::Key, Place::default());
    case!(list, "keys::rotate_due", "all", anywhere, Then::Read, |c, op| keys::rotate_due(&c, &op));
    let see = May::See(Resource::Key);
    case!(list, "keys::list", "all", see.clone(), Then::Read, |c, op| keys::list(
        &c,
        &op,
        &KeyFilter::default(),
        None,
        10
    ));
    case!(list, "keys::count", "all", see, Then::Read, |c, op| keys::count(&c, &op, &KeyFilter::default()));
}

fn is_member(cast: &Cast, wanted: &Group) -> bool {
    let of = world::PEOPLE.into_iter().find(|(name, ..)| cast.name == *name);
    of.is_some_and(|(.., memberships)| memberships.iter().any(|(name, _)| group(name) == *wanted))
}

/// What belongs to the whole gateway.
async fn plain(list: &mut Vec<Case>, office: &Office, teams: &[Team]) {
    macro_rules! kinds {
        ($($type:ty: $new:expr;)*) => {$(
            for record in all::<$type>(office).await {
                records(list, &record, teams, None);
            }
            create(list, $new, teams);
        )*};
    }
    kinds! {
        tollgate_domain::budget::Budget: world::budget("new");
        tollgate_domain::customer::Customer: world::customer("new");
        tollgate_domain::tag::Tag: world::tag("new");
        tollgate_domain::access_group::AccessGroup: world::access_group("new", &["*"]);
        tollgate_domain::deployment::StoredDeployment: world::deployment("new");
        tollgate_domain::credential::Credential: world::credential("new");
    }
    macro_rules! lists {
        ($($type:ty),*) => {$(
            let see = May::See(<$type as Record>::RESOURCE);
            let of = <$type as Record>::RESOURCE.as_str();
            let filter = RecordFilter::default();
            case!(list, "records::list", of, see.clone(), Then::Read, |c, op, filter| records::list::<$type>(&c, &op, &filter, None, 9));
            case!(list, "records::list_all", of, see.clone(), Then::Read, |c, op, filter| records::list_all::<$type>(&c, &op, &filter, 9));
            case!(list, "records::count", of, see, Then::Read, |c, op, filter| records::count::<$type>(&c, &op, &filter));
        )*};
    }
    lists!(
        Organisation,
        Team,
        User,
        Membership,
        tollgate_domain::budget::Budget,
        tollgate_domain::customer::Customer,
        tollgate_domain::tag::Tag,
        tollgate_domain::access_group::AccessGroup,
        tollgate_domain::deployment::StoredDeployment,
        tollgate_domain::credential::Credential
    );
    let whole = |action, resource| May::Do(action, resource, Place::default());
    let audit = || whole(Action::Read, Resource::Audit);
    case!(list, "audit::verify", "all", audit(), Then::Read, |c, op| audit::verify(&c, &op));
    case!(list, "audit::list", "all", audit(), Then::Read, |c, op| audit::list(
        &c,
        &op,
        &AuditFilter::default(),
        None,
        9
    ));
    case!(list, "audit::names", "none", audit(), Then::Read, |c, op| audit::names(&c, &op, &[]));
    case!(list, "audit::actor_called", "none", audit(), Then::Read, |c, op| audit::actor_called(&c, &op, "somebody"));
    case!(list, "audit::count", "all", audit(), Then::Read, |c, op| audit::count(&c, &op, &AuditFilter::default()));
    case!(list, "audit::get", "nothing", audit(), Then::NotFound, |c, op| audit::get(&c, &op, "nothing"));
    case!(list, "audit::lines", "all", audit(), Then::Read, |c, op| audit::lines(&c, &op, 0, 9));
    let exports = whole(Action::Export, Resource::Audit);
    case!(list, "export::audit", "all", exports, Then::ReadAndLogged, |c, op| {
        export::audit(&c, &op, AuditFilter::default(), Format::Csv)
    });
    // Whoever may read them and no more does not take them out.
    let requests = || May::Export(Resource::Request);
    case!(list, "export::charges", "all", requests(), Then::ReadAndLogged, |c, op| {
        export::charges(&c, &op, RequestFilter::default(), Format::Csv)
    });
    case!(list, "export::usage", "all", requests(), Then::ReadAndLogged, |c, op| async move {
        let by = Layout::By(vec![Dimension::Team]);
        export::usage(&c, &op, &UsageFilter::default(), &by, Format::JsonLines).await
    });
    case!(list, "usage::report", "all", May::See(Resource::Request), Then::Read, |c, op| async move {
        usage::report(&c, &op, &UsageFilter::default(), &[Dimension::Model], 10).await
    });
    case!(list, "people::counts", "keys", May::See(Resource::Key), Then::Read, |c, op| async move {
        people::counts(&c, &op, Counted::Keys, CountedBy::Team, &[]).await
    });
    case!(list, "models::list", "all", whole(Action::Read, Resource::Model), Then::Read, |c, op| models::list(&c, &op));
    case!(list, "models::providers", "all", whole(Action::Read, Resource::Model), Then::Read, |c, op| {
        models::providers(&c, &op)
    });
    case!(list, "models::by_credential", "all", whole(Action::Read, Resource::Credential), Then::Read, |c, op| {
        models::by_credential(&c, &op)
    });
    case!(list, "models::test", "d-1", whole(Action::Update, Resource::Model), Then::ReadAndLogged, |c, op| {
        models::test(&c, &op, "d-1")
    });
    case!(list, "requests::charges", "all", May::See(Resource::Request), Then::Read, |c, op| async move {
        requests::charges(&c, &op, &RequestFilter::default(), None, 9, |_| ()).await
    });
    case!(list, "overview::overview", "day", May::See(Resource::Request), Then::Read, |c, op| {
        overview::overview(&c, &op, Period::Day)
    });
    case!(list, "budgets::sharers", "none", whole(Action::Read, Resource::Budget), Then::Read, |c, op| async move {
        budgets::sharers(&c, &op, &[]).await
    });
    case!(list, "settings::settings", "all", whole(Action::Read, Resource::Settings), Then::Read, |c, op| {
        settings(&c, &op)
    });
    let order = || RepricingOrder { filter: RequestFilter::default(), price: NewPrice::Current };
    let books = |action| whole(action, Resource::Settings);
    case!(list, "repricing::list", "all", books(Action::Read), Then::Read, |c, op| repricing::list(&c, &op));
    case!(list, "repricing::get", "nothing", books(Action::Read), Then::NotFound, |c, op| {
        repricing::get(&c, &op, "nothing")
    });
    case!(list, "repricing::dry_run", "all", books(Action::Read), Then::Read, |c, op| async move {
        repricing::dry_run(&c, &op, &order()).await
    });
    let read = whole(Action::Read, Resource::Settings);
    case!(list, "access::preview", "all", read, Then::Read, |c, op| async move {
        access::preview(&c, &op, &Admission::default()).await
    });
    case!(list, "scim::issue", "all", whole(Action::Create, Resource::Settings), Then::Changed, |c, op| async move {
        scim::issue(&c, &op, scim::NewToken { name: "idp".to_owned(), ..scim::NewToken::default() }).await
    });
    case!(list, "repricing::start", "all", books(Action::Create), Then::Changed, |c, op| async move {
        repricing::start(&c, &op, order()).await
    });
    case!(list, "repricing::proceed", "nothing", books(Action::Create), Then::NotFound, |c, op| {
        repricing::proceed(&c, &op, "nothing", 1)
    });
    let file = || Import { name: "x".to_owned(), provider: "openai".to_owned(), ..Import::default() };
    case!(list, "invoices::list", "all", books(Action::Read), Then::Read, |c, op| invoices::list(&c, &op));
    case!(list, "invoices::of_file", "one", books(Action::Read), Then::Read, |c, op| invoices::of_file(&c, &op, b"x"));
    case!(list, "invoices::import", "one", books(Action::Create), Then::Changed, |c, op| async move {
        invoices::import(&c, &op, file(), b"date,model,cost\n2026-11-01,m,1\n").await
    });
    case!(list, "invoices::reconcile", "nothing", books(Action::Read), Then::NotFound, |c, op| {
        invoices::reconcile(&c, &op, "nothing", Tolerance::default())
    });
    case!(list, "invoices::delete", "nothing", books(Action::Delete), Then::NotFound, |c, op| {
        invoices::delete(&c, &op, "nothing")
    });
    case!(list, "overview::authorise", "all", whole(Action::Read, Resource::Settings), Then::Read, |c, op| {
        overview::authorise(&c, &op)
    });
    case!(list, "reset::everything", "all", whole(Action::Update, Resource::Settings), Then::ChangedMuch, |c, op| {
        reset::everything(&c, &op)
    });
    case!(list, "alerts::list", "all", May::See(Resource::Request), Then::Read, |c, op| async move {
        alerts::list(&c, &op, &AlertFilter::default(), None, 9).await
    });
    case!(list, "alerts::shadows", "all", May::See(Resource::Request), Then::Read, |c, op| async move {
        alerts::shadows(&c, &op, &AlertFilter::default(), 9).await
    });
    case!(list, "replay::begin", "all", whole(Action::Export, Resource::Request), Then::ReadAndLogged, |c, op| {
        replay::begin(&c, &op, proposal())
    });
    case!(list, "replay::run", "all", whole(Action::Export, Resource::Request), Then::ReadAndLogged, |c, op| {
        replay::run(&c, &op, proposal(), 9)
    });
    case!(list, "requests::list", "all", May::See(Resource::Request), Then::Read, |c, op| async move {
        requests::list(&c, &op, &RequestFilter::default(), None, 9).await
    });
    case!(list, "requests::get", "nothing", May::See(Resource::Request), Then::NotFound, |c, op| {
        requests::get(&c, &op, "nothing")
    });
    let credentials = whole(Action::Update, Resource::Credential);
    case!(list, "secrets::reencrypt", "all", credentials, Then::Read, |c, op| secrets::reencrypt(&c, &op, |_| ()));
    let people = || whole(Action::Create, Resource::User);
    case!(list, "access::begin_setup", "again", people(), Then::Conflict, |c, op| access::begin_setup(&c, &op));
    case!(list, "access::ensure_admin", "new", people(), Then::Changed, |c, op| async move {
        let ensured = access::ensure_admin(&c, &op, "x@example.com", secret("a long enough password")).await;
        if let Ok(ensured) = &ensured {
            assert_eq!(*ensured, Ensured::Created);
        }
        ensured
    });
}

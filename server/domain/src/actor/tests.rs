use std::fmt::Write as _;

use super::*;

/// Every resource, action, standing and relation: whoever changes what is permitted changes this table, and sees it.
#[test]
fn the_permission_matrix() {
    let standings = [
        ("nobody", Standing::Nobody),
        ("key", Standing::Key),
        ("viewer", Standing::Person(Role::Viewer)),
        ("member", Standing::Person(Role::Member)),
        ("auditor", Standing::Person(Role::Auditor)),
        ("admin", Standing::Person(Role::Admin)),
        ("master key", Standing::Root),
    ];
    let mut text = String::from(
        "who is permitted: * whatever it is; o their own, ot their own in a team, tm/ta as the team's member/admin,\n\
         om/oa as the organisation's member/admin; - not at all\n\n",
    );
    write!(text, "{:<22}", "").unwrap();
    for (name, _) in standings {
        write!(text, "{name:<16}").unwrap();
    }
    text.push('\n');
    for resource in Resource::ALL {
        for action in Action::ALL {
            write!(text, "{:<22}", format!("{} {}", resource.as_str(), format!("{action:?}").to_lowercase())).unwrap();
            for (_, standing) in standings {
                let may = |relation| permitted(standing, relation, action, resource);
                let cell = if may(Relation::Stranger) {
                    "*".to_owned()
                } else {
                    let names = [
                        (Relation::Owner, "o"),
                        (Relation::OwnerInTeam, "ot"),
                        (Relation::TeamMember, "tm"),
                        (Relation::TeamAdmin, "ta"),
                        (Relation::OrganisationMember, "om"),
                        (Relation::OrganisationAdmin, "oa"),
                    ];
                    let names: Vec<_> = names.into_iter().filter(|(r, _)| may(*r)).map(|(_, name)| name).collect();
                    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
                };
                write!(text, "{cell:<16}").unwrap();
            }
            let trimmed = text.trim_end().len();
            text.truncate(trimmed);
            text.push('\n');
        }
    }
    insta::assert_snapshot!("permissions", text);
}

fn user(role: Role) -> Actor {
    Actor::User { id: UserId::parse("ann").unwrap(), label: "Ann".to_owned(), role, via: None }
}

fn in_team(role: MemberRole) -> Memberships {
    Memberships([(Group::Team(TeamId::parse("blue").unwrap()), role)].into())
}

fn place(owner: Option<&str>, team: Option<&str>) -> Place {
    Place { owner: owner.and_then(UserId::parse), team: team.and_then(TeamId::parse), ..Place::default() }
}

#[test]
fn members_manage_their_own_keys_and_not_those_of_their_team() {
    let (ann, none) = (user(Role::Member), Memberships::default());
    assert!(allowed(&ann, &none, Action::Create, Resource::Key, &place(Some("ann"), None)));
    assert!(!allowed(&ann, &none, Action::Create, Resource::Key, &place(Some("bob"), None)));
    assert!(!allowed(&ann, &none, Action::Create, Resource::Key, &place(None, None)));
    let member = in_team(MemberRole::Member);
    let own = place(Some("ann"), Some("blue"));
    assert!(allowed(&ann, &member, Action::Read, Resource::Key, &own));
    assert!(!allowed(&ann, &member, Action::Delete, Resource::Key, &own));
    assert!(allowed(&ann, &member, Action::Delete, Resource::Key, &Place { delegated: true, ..own.clone() }));
    // Who is no longer in the team can't do what the team lets its members do.
    assert!(!allowed(&ann, &none, Action::Delete, Resource::Key, &Place { delegated: true, ..own }));
    assert!(!allowed(&ann, &member, Action::Read, Resource::Key, &place(Some("bob"), Some("blue"))));
}

#[test]
fn a_teams_admin_manages_that_team_and_no_other() {
    let (ann, admin) = (user(Role::Member), in_team(MemberRole::Admin));
    assert!(allowed(&ann, &admin, Action::Update, Resource::Team, &place(None, Some("blue"))));
    assert!(allowed(&ann, &admin, Action::Create, Resource::Membership, &place(None, Some("blue"))));
    assert!(!allowed(&ann, &admin, Action::Update, Resource::Team, &place(None, Some("red"))));
    assert!(!allowed(&ann, &admin, Action::Delete, Resource::Team, &place(None, Some("blue"))));
    assert!(!allowed(&user(Role::Viewer), &admin, Action::Update, Resource::Team, &place(None, Some("blue"))));
}

#[test]
fn lists_show_what_may_be_read() {
    let admin = in_team(MemberRole::Admin);
    assert_eq!(visible(&user(Role::Auditor), &admin, Action::Read, Resource::Key), Visible::All);
    let Visible::Within { user: own, teams, .. } = visible(&user(Role::Member), &admin, Action::Read, Resource::Key)
    else {
        panic!("not everything")
    };
    assert_eq!((own, teams.len()), (UserId::parse("ann"), 1));
    let Visible::Within { teams, .. } =
        visible(&user(Role::Member), &in_team(MemberRole::Member), Action::Read, Resource::Key)
    else {
        panic!("not everything")
    };
    assert!(teams.is_empty(), "a member sees their own keys, not the team's");
    assert!(visible(&Actor::Anonymous, &admin, Action::Read, Resource::Key).is_nothing());
    assert!(visible(&user(Role::Member), &admin, Action::Read, Resource::Audit).teams_are_empty());
}

impl Visible {
    fn teams_are_empty(&self) -> bool {
        matches!(self, Self::Within { teams, .. } if teams.is_empty())
    }
}

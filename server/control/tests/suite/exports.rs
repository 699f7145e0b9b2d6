//! The audit log: searched, verified, and taken out as a file.

use serde_json::Value;
use tollgate_control::audit::{self, AuditFilter};
use tollgate_control::export::{self, Format};
use tollgate_control::keys;
use tollgate_control::{Control, ControlError, OpContext, records};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::page::Cursor;

use crate::harness::{NOW, Office, op, op_as};
use crate::sweep::world::{company, new_key, tag, template};

async fn export(control: &Control, op: &OpContext, filter: AuditFilter, format: Format) -> String {
    let mut export = export::audit(control, op, filter, format).await.unwrap();
    let mut text = Vec::new();
    while let Some(part) = export.next().await.unwrap() {
        text.extend(part);
    }
    String::from_utf8(text).unwrap()
}

/// The fields of RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(field.is_empty() && row.is_empty() && !quoted, "it ends with a line's end");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_the_log_and_is_in_it() {
    let office = company(&template().await).await;
    let (control, auditor) = (&office.control, &op_as(&office, "auditor", Role::Auditor).await);
    // Texts that spreadsheets would run, and such that break rows.
    let evil = OpContext {
        user_agent: Some("=cmd|' /C calc'!A0".to_owned()),
        on_behalf_of: Some("@SUM(1)".to_owned()),
        request_id: "+1\"2,3".to_owned(),
        ..op(Actor::MasterKey)
    };
    records::create(control, &evil, tag("-2+3")).await.unwrap();
    records::create(control, &evil, tag("a \"quoted\"")).await.unwrap();
    let before = office.audit().await;
    let csv = export(control, auditor, AuditFilter::default(), Format::Csv).await;
    let rows = parse(&csv);
    let lines = office.audit().await;
    assert_eq!(lines.len(), before.len() + 1);
    let own = &lines.last().unwrap().event;
    assert_eq!(
        (own.action.as_str(), own.resource_kind.as_str(), own.actor.as_str()),
        ("audit.export", "audit", "auditor")
    );
    assert_eq!(rows.len(), lines.len() + 1, "a header, and every line with the export's own");
    assert_eq!(
        rows[0].join(","),
        "seq,at,actor_kind,actor,on_behalf_of,address,user_agent,request_id,action,resource_kind,resource_id,before,after,id,hash"
    );
    for (row, line) in rows[1..].iter().zip(&lines) {
        assert_eq!(row.len(), 15);
        assert_eq!((&row[0], &row[1]), (&line.seq.to_string(), &line.event.at.to_rfc3339()));
        assert_eq!(
            (row[8].as_str(), &row[13], &row[14]),
            (line.event.action.as_str(), &line.event.id.to_string(), &line.hash)
        );
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
        assert_eq!(row[12].trim_start_matches('\''), line.event.after.as_deref().unwrap_or_default());
    }
    let row = rows.iter().find(|row| row[10] == "'-2+3").unwrap();
    assert_eq!((row[4].as_str(), row[6].as_str(), row[7].as_str()), ("'@SUM(1)", "'=cmd|' /C calc'!A0", "'+1\"2,3"));

    let json = export(control, auditor, AuditFilter::default(), Format::JsonLines).await;
    let values: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(values.len(), lines.len() + 1);
    for (value, line) in values.iter().zip(&lines) {
        assert_eq!((value["seq"].as_i64(), value["hash"].as_str()), (Some(line.seq), Some(line.hash.as_str())));
        assert_eq!(value["user_agent"].as_str(), line.event.user_agent.as_deref());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_gets_no_export_and_leaves_a_line() {
    let office = company(&template().await).await;
    let control = &office.control;
    for (name, role) in [("member", Role::Member), ("viewer", Role::Viewer), ("team admin", Role::Member)] {
        let somebody = op_as(&office, name, role).await;
        let refused = export::audit(control, &somebody, AuditFilter::default(), Format::Csv).await.map(drop);
        assert!(matches!(refused, Err(ControlError::Denied { .. })));
        let line = office.audit().await.pop().unwrap().event;
        assert_eq!((line.action.as_str(), line.actor.as_str(), line.resource_kind.as_str()), ("denied", name, "audit"));
        assert_eq!(line.after.as_deref(), Some(r#"{"action":"export"}"#));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_hold_for_lists_counts_and_exports() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    office.clock.advance_seconds(10);
    let key = keys::create(control, master, new_key(None, None, None)).await.unwrap().key;
    keys::set_blocked(control, master, &keys::KeyRef::Id(key.id), true).await.unwrap();
    office.clock.advance_seconds(10);
    records::create(control, &op_as(&office, "admin", Role::Admin).await, tag("100%_sure")).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let none = AuditFilter::default;
    let expected = [
        (AuditFilter { action: text("key.block"), ..none() }, vec!["key.block"]),
        (AuditFilter { resource_id: text(&key.id.to_string()), ..none() }, vec!["key.create", "key.block"]),
        (
            AuditFilter { action: text("key.*"), since: Some(NOW.plus_seconds(10)), ..none() },
            vec!["key.create", "key.block"],
        ),
        (AuditFilter { actor: text("admin"), ..none() }, vec!["tag.create"]),
        (AuditFilter { resource_kind: text("tag"), since: Some(NOW.plus_seconds(20)), ..none() }, vec!["tag.create"]),
        (AuditFilter { search: text("100%_SURE"), ..none() }, vec!["tag.create"]),
        (AuditFilter { search: text("100__sure"), ..none() }, vec![]),
        (
            AuditFilter {
                action: text("k*"),
                until: Some(NOW.plus_seconds(20)),
                since: Some(NOW.plus_seconds(1)),
                ..none()
            },
            vec!["key.create", "key.block"],
        ),
        (AuditFilter { action: text("key_*"), ..none() }, vec![]),
        (AuditFilter { until: Some(NOW), ..none() }, vec![]),
        (AuditFilter { actor: text("nul \0"), ..none() }, vec![]),
    ];
    for (filter, mut expected) in expected {
        assert_eq!(audit::count(control, master, &filter).await.unwrap(), expected.len() as u64, "{filter:?}");
        let csv = export(
            control,
            master,
            AuditFilter { until: filter.until.or(Some(NOW.plus_seconds(21))), ..filter.clone() },
            Format::Csv,
        )
        .await;
        let found: Vec<_> =
            parse(&csv)[1..].iter().map(|row| row[8].clone()).filter(|action| action != "audit.export").collect();
        assert_eq!(found, expected, "{filter:?}");
        expected.reverse();
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = audit::list(control, master, &filter, cursor.as_ref(), 1).await.unwrap();
            found.extend(page.items.into_iter().map(|line| line.event));
            let Some(next) = page.next else { break };
            cursor = Cursor::decode(&next);
            assert!(cursor.is_some());
        }
        let found: Vec<_> =
            found.iter().map(|event| event.action.as_str()).filter(|action| *action != "audit.export").collect();
        assert_eq!(found, expected, "newest first: {filter:?}");
    }
    let some = audit::lines(control, master, 3, 2).await.unwrap();
    assert_eq!(some.iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 5]);
    let one = audit::get(control, master, &some[0].event.id.to_string()).await.unwrap();
    assert_eq!(one, some[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_longer_than_a_page_has_each_line_once() {
    let office = Office::open().await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let tx = office.store().begin().await.unwrap();
    for i in 0..2100 {
        let event = tollgate_domain::audit::AuditEvent {
            id: tollgate_domain::ids::AuditId(uuid::Uuid::from_u128(i)),
            at: NOW,
            actor_kind: "system".to_owned(),
            actor: "system".to_owned(),
            on_behalf_of: None,
            address: None,
            user_agent: None,
            request_id: "r".to_owned(),
            action: "x".to_owned(),
            resource_kind: "key".to_owned(),
            resource_id: i.to_string(),
            before: None,
            after: None,
        };
        tx.append_audit(&event).await.unwrap();
    }
    tx.commit().await.unwrap();
    let rows = parse(&export(control, master, AuditFilter::default(), Format::Csv).await);
    let numbers: Vec<i64> = rows[1..].iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=2101).collect::<Vec<_>>());
}

//! The store's tests: one suite, run on SQLite, and on PostgreSQL where `TOLLGATE_TEST_POSTGRES_URL` names a server on
//! which databases may be made and dropped.

#![expect(clippy::pedantic, reason = "tests say what they mean in fewer words")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests fail by it")]

mod adjustments;
mod alerts;
mod audit;
mod data;
mod harness;
mod health;
mod keys;
mod ledger;
mod overview;
mod people;
mod principals;
mod records;
mod requests;
mod schema;
mod sessions;
mod spent;
mod usage;
mod verify;

macro_rules! suite {
    ($($module:ident: $($test:ident),+;)+) => {
        mod on_sqlite {$($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::harness::sqlite(crate::$module::$test).await;
            }
        )+)+}

        mod on_postgres {$($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::harness::postgres(crate::$module::$test).await;
            }
        )+)+}
    };
}

suite! {
    schema: steps_go_up_down_and_up_again, an_empty_database_is_refused, a_schema_from_elsewhere_is_refused,
        processes_that_start_together_migrate_once;
    keys: a_key_comes_back_as_it_was_kept, deleted_keys_do_not_authenticate, aliases_are_unique_among_live_keys,
        search_takes_its_text_literally, statuses_are_told_apart, every_key_is_listed_once;
    ledger: lines_come_back_as_they_were_written, a_batch_that_comes_twice_counts_once,
        parts_that_come_again_count_once, sums_equal_the_ledger, nothing_in_a_line_makes_a_batch_fail,
        many_writers_lose_nothing;
    requests: every_request_is_listed_once_while_others_are_added, filters_hold, a_request_is_found_by_its_ids,
        nobody_sees_what_is_not_theirs, an_exported_charge_has_everything;
    usage: reports_equal_the_ledger, totals_are_those_of_whom_they_are_asked, odd_questions_are_refused;
    spent: what_was_spent_equals_the_charges;
    verify: a_healthy_ledger_balances, an_absurd_ledger_balances, a_long_day_balances, whatever_is_changed_is_found,
        it_balances_while_others_write;
    overview: every_period_equals_the_ledger, an_empty_database_has_an_overview;
    audit: the_chain_holds_and_shows_tampering, many_writers_make_one_chain, what_is_not_committed_leaves_no_row,
        the_log_is_searched;
    sessions: a_session_lives_until_its_end, an_id_in_use_is_not_taken_over, a_session_that_ended_stays_ended,
        sessions_are_found_by_whose_they_are;
    records: a_record_comes_back_as_it_was_kept, a_deleted_id_can_be_given_again, a_handle_is_one_living_records,
        every_record_is_listed_once_in_each_order, record_filters_hold, only_what_may_be_seen_is_listed,
        kinds_are_kept_apart;
    principals: a_principal_has_what_is_above_its_key, an_ownership_has_one_number,
        an_exchanged_text_is_found_until_its_time, keys_are_found_by_whose_they_are;
    people: users_are_found_by_address, a_token_works_once, an_identity_is_somebodys;
    alerts: a_mark_is_told_once_a_turn_and_a_shadow_for_every_call,
        alerts_are_seen_by_whoever_sees_the_accounts_spend, shadows_are_added_up;
    health: deployments_are_judged_by_their_last_calls;
    adjustments: sums_have_them_and_counts_do_not, none_is_written_twice, what_is_wrong_of_them_is_found;
}

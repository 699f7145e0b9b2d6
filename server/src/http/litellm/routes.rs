//! Every route of LiteLLM's that is answered here, in one table: the router is built from it, and tests walk it.

use axum::Router;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use super::super::server::Server;
use super::{
    access_groups, audit, budgets, credentials, customers, keys, models, organisations, providers, reset, spend, tags,
    teams, users, wrong_method,
};

/// One route.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<Server>,
}

macro_rules! routes {
    ($($method:ident $path:literal => $handler:path;)*) => {
        &[$(Route { method: Method::$method, path: $path, handler: |method| on(method, $handler) },)*]
    };
}

pub static ROUTES: &[Route] = routes! {
    POST "/key/generate" => keys::generate;
    POST "/key/service-account/generate" => keys::service_account;
    POST "/key/update" => keys::update;
    POST "/key/bulk_update" => keys::bulk_update;
    POST "/team/key/bulk_update" => keys::team_bulk_update;
    POST "/key/delete" => keys::delete;
    POST "/key/regenerate" => keys::regenerate;
    POST "/key/{key}/regenerate" => keys::regenerate_named;
    POST "/key/{key}/reset_spend" => reset::key;
    POST "/key/block" => keys::block;
    POST "/key/unblock" => keys::unblock;
    POST "/key/health" => keys::health;
    GET "/key/info" => keys::info;
    POST "/v2/key/info" => keys::info_many;
    GET "/key/list" => keys::list;
    GET "/key/aliases" => keys::aliases;

    POST "/user/new" => users::new;
    POST "/user/update" => users::update;
    POST "/user/bulk_update" => users::bulk_update;
    POST "/user/delete" => users::delete;
    GET "/user/info" => users::info;
    GET "/v2/user/info" => users::info_v2;
    GET "/user/list" => users::list;
    GET "/user/filter/ui" => users::filter_ui;
    GET "/user/available_roles" => users::available_roles;
    GET "/users/me" => users::me;

    POST "/team/new" => teams::new;
    POST "/team/update" => teams::update;
    PATCH "/team/{team_id}" => teams::patch;
    POST "/team/delete" => teams::delete;
    POST "/team/block" => teams::block;
    POST "/team/unblock" => teams::unblock;
    POST "/team/member_add" => teams::member_add;
    POST "/team/member_delete" => teams::member_delete;
    POST "/team/member_update" => teams::member_update;
    POST "/team/bulk_member_add" => teams::bulk_member_add;
    POST "/team/model/add" => teams::model_add;
    POST "/team/model/delete" => teams::model_delete;
    GET "/team/{team_id}/callback" => teams::callbacks;
    POST "/team/{team_id}/callback" => teams::callback_add;
    DELETE "/team/{team_id}/callback/{callback_name}" => teams::callback_delete;
    POST "/team/{team_id}/disable_logging" => teams::disable_logging;
    POST "/team/{team_id}/member/{user_id}/reset_spend" => reset::member;
    POST "/team/{team_id}/member/{user_id}/reset_budget" => teams::member_reset_budget;
    GET "/team/info" => teams::info;
    GET "/team/list" => teams::list;
    GET "/v2/team/list" => teams::list_v2;
    GET "/team/available" => teams::available;
    GET "/team/permissions_list" => teams::permissions_list;
    POST "/team/permissions_update" => teams::permissions_update;

    POST "/organization/new" => organisations::new;
    PATCH "/organization/update" => organisations::update;
    PATCH "/v2/organization/{organization_id}" => organisations::patch;
    DELETE "/organization/delete" => organisations::delete;
    GET "/organization/info" => organisations::info;
    POST "/organization/info" => organisations::info_many;
    GET "/organization/list" => organisations::list;
    POST "/organization/member_add" => organisations::member_add;
    PATCH "/organization/member_update" => organisations::member_update;
    DELETE "/organization/member_delete" => organisations::member_delete;

    POST "/budget/new" => budgets::new;
    POST "/budget/update" => budgets::update;
    POST "/budget/info" => budgets::info;
    POST "/budget/delete" => budgets::delete;
    GET "/budget/list" => budgets::list;
    GET "/budget/settings" => budgets::settings;
    GET "/budgets" => budgets::list;
    GET "/provider/budgets" => providers::budgets;

    POST "/customer/new" => customers::new;
    POST "/customer/update" => customers::update;
    POST "/customer/delete" => customers::delete;
    POST "/customer/block" => customers::block;
    POST "/customer/unblock" => customers::unblock;
    GET "/customer/info" => customers::info;
    GET "/customer/list" => customers::list;
    POST "/end_user/new" => customers::new;
    POST "/end_user/update" => customers::update;
    POST "/end_user/delete" => customers::delete;
    POST "/end_user/block" => customers::block;
    POST "/end_user/unblock" => customers::unblock;
    GET "/end_user/info" => customers::info;
    GET "/end_user/list" => customers::list;

    POST "/tag/new" => tags::new;
    POST "/tag/update" => tags::update;
    POST "/tag/info" => tags::info;
    POST "/tag/delete" => tags::delete;
    GET "/tag/list" => tags::list;
    GET "/tag/summary" => spend::tag_summary;
    GET "/tag/distinct" => spend::tag_names;
    GET "/tag/dau" => spend::tag_daily_users;
    GET "/tag/wau" => spend::tag_weekly_users;
    GET "/tag/mau" => spend::tag_monthly_users;

    POST "/model/new" => models::new;
    POST "/model/update" => models::update;
    PATCH "/model/{model_id}/update" => models::patch;
    POST "/model/delete" => models::delete;
    POST "/model/block" => models::block;
    POST "/model/unblock" => models::unblock;
    GET "/model/info" => models::info;
    GET "/v1/model/info" => models::info;
    GET "/v2/model/info" => models::info_v2;
    GET "/model/metrics" => models::metrics;
    GET "/model/metrics/slow_responses" => models::slow_responses;
    GET "/model/metrics/exceptions" => models::exceptions;
    GET "/model/streaming_metrics" => models::streaming_metrics;
    GET "/model/deprecations" => models::deprecations;
    GET "/model_group/info" => models::group_info;

    POST "/credentials" => credentials::new;
    GET "/credentials" => credentials::list;
    GET "/credentials/by_name/{name}" => credentials::by_name;
    GET "/credentials/by_model/{model_id}" => credentials::by_model;
    PATCH "/credentials/{name}" => credentials::update;
    DELETE "/credentials/{name}" => credentials::delete;

    POST "/access_group/new" => access_groups::new;
    GET "/access_group/list" => access_groups::list;
    GET "/access_group/{name}/info" => access_groups::info;
    PUT "/access_group/{name}/update" => access_groups::update;
    DELETE "/access_group/{name}/delete" => access_groups::delete;
    POST "/v1/access_group" => access_groups::new_v1;
    GET "/v1/access_group" => access_groups::list_v1;
    GET "/v1/access_group/{name}" => access_groups::info_v1;
    PUT "/v1/access_group/{name}" => access_groups::update_v1;
    DELETE "/v1/access_group/{name}" => access_groups::delete_v1;

    GET "/spend/logs" => spend::logs;
    GET "/spend/logs/v2" => spend::logs_v2;
    GET "/spend/logs/ui" => spend::logs_v2;
    GET "/spend/logs/ui/{request_id}" => spend::log_one;
    GET "/spend/logs/session/ui" => spend::log_of_session;
    GET "/spend/keys" => spend::spend_keys;
    GET "/spend/users" => spend::spend_users;
    GET "/spend/tags" => spend::spend_tags;
    POST "/spend/calculate" => spend::calculate;
    GET "/spend/capture_rate" => spend::capture_rate;
    GET "/key/spend/report" => spend::key_report;
    GET "/user/spend/report" => spend::user_report;
    GET "/team/spend/report" => spend::team_report;
    GET "/organization/spend/report" => spend::organisation_report;
    GET "/team/spend/by_user" => spend::by_user;
    GET "/global/spend" => spend::global_spend;
    GET "/global/spend/logs" => spend::global_logs;
    GET "/global/spend/keys" => spend::global_keys;
    GET "/global/spend/teams" => spend::global_teams;
    GET "/global/spend/models" => spend::global_models;
    GET "/global/spend/provider" => spend::global_provider;
    GET "/global/spend/tags" => spend::global_tags;
    GET "/global/spend/report" => spend::global_report;
    POST "/global/spend/reset" => reset::global;
    GET "/global/activity" => spend::global_activity;
    GET "/global/activity/model" => spend::global_activity_model;
    GET "/global/activity/exceptions" => spend::global_exceptions;
    GET "/global/activity/cache_hits" => spend::global_cache_hits;
    GET "/user/daily/activity" => spend::user_daily;
    GET "/team/daily/activity" => spend::team_daily;
    GET "/tag/daily/activity" => spend::tag_daily;
    GET "/organization/daily/activity" => spend::organisation_daily;
    GET "/customer/daily/activity" => spend::customer_daily;
    GET "/end_user/daily/activity" => spend::customer_daily;
    GET "/user/daily/activity/aggregated" => spend::user_aggregated;
    GET "/team/daily/activity/aggregated" => spend::team_aggregated;
    GET "/tag/daily/activity/aggregated" => spend::tag_aggregated;
    GET "/organization/daily/activity/aggregated" => spend::organisation_aggregated;
    GET "/customer/daily/activity/aggregated" => spend::customer_aggregated;
    GET "/end_user/daily/activity/aggregated" => spend::customer_aggregated;

    GET "/audit" => audit::list;
    GET "/audit/{id}" => audit::info;
};

pub fn router() -> Router<Server> {
    let add = |router: Router<Server>, route: &Route| match MethodFilter::try_from(route.method.clone()) {
        Ok(method) => router.route(route.path, (route.handler)(method)),
        Err(_) => router,
    };
    ROUTES.iter().fold(Router::new(), add).method_not_allowed_fallback(wrong_method)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_route_is_there_once_and_served_in_the_office() {
        let mut seen = HashSet::new();
        for route in ROUTES {
            assert!(seen.insert((&route.method, route.path)), "{} {} is there twice", route.method, route.path);
            assert!(MethodFilter::try_from(route.method.clone()).is_ok());
            assert!(crate::listener::is_office(route.path), "{} would be served where calls are", route.path);
        }
        // Panics where two routes could take the same request.
        let _ = router();
    }

    #[test]
    fn calls_are_not_served_in_the_office() {
        for path in ["/v1/chat/completions", "/v1/models", "/models", "/v1/models/gpt-4o", "/embeddings"] {
            assert!(!crate::listener::is_office(path), "{path}");
        }
    }
}

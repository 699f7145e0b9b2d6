"""LiteLLM's reports of single keys, people and groups, its log for pages, and its figures of tags and models."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import MOCK_URL, URL, sdk
from litellm_management import HELLO, call, get, name, person, post
from test_litellm_management_spend import Spent

from stack import CONFIG, Gateway, http, scratch, wait_until

TODAY = datetime.now(UTC).strftime("%Y-%m-%d")
RANGE = f"start_date={TODAY}&end_date={TODAY}"


@pytest.fixture(scope="module")
def spent() -> Spent:
    return Spent()


@pytest.fixture(scope="module")
def stranger() -> str:
    return person()[1]


def row_of(table: list[dict], field: str, value) -> dict:
    (row,) = [row for row in table if row[field] == value]
    return row


class TestReports:
    @pytest.mark.parametrize(
        ("path", "field", "attribute"),
        [
            ("/key/spend/report", "api_key", "token"),
            ("/user/spend/report", "internal_user_id", "user"),
            ("/team/spend/report", "team_id", "team"),
            ("/organization/spend/report", "organization_id", "organisation"),
        ],
    )
    def test_one_and_all(self, spent: Spent, stranger: str, path: str, field: str, attribute: str):
        one = f"{path}?{RANGE}&{field}={getattr(spent, attribute)}"
        (line,) = get(one)
        assert (line["api_key"], line["total_cost"]) == (spent.token, spent.cost)
        assert (line["total_input_tokens"], line["total_output_tokens"]) == (spent.prompt, spent.completion)
        detail = row_of(line["model_details"], "model", "mock-echo")
        assert (detail["total_cost"], detail["team_id"]) == (spent.cost, spent.team)
        assert row_of(get(f"{path}?{RANGE}"), "api_key", spent.token) == line
        get(path, status=400)
        get(one, stranger, status=403)
        assert get(f"{path}?{RANGE}", stranger) == [], "nothing of theirs"

    def test_ones_own_without_saying_so(self, spent: Spent):
        assert [line["api_key"] for line in get(f"/key/spend/report?{RANGE}", spent.key)] == [spent.token]
        assert get(f"/key/spend/report?{RANGE}", spent.personal) == [], "another key of the same user's"
        for path in ("/user/spend/report", "/team/spend/report", "/organization/spend/report"):
            (line,) = get(f"{path}?{RANGE}", spent.personal)
            assert (line["api_key"], line["total_cost"]) == (spent.token, spent.cost)

    def test_members_of_a_team(self, spent: Spent, stranger: str):
        (line,) = get(f"/team/spend/by_user?{RANGE}&team_ids={spent.team}")["results"]
        assert (line["user_id"], line["team_id"], line["team_alias"]) == (spent.user, spent.team, spent.alias)
        assert (line["spend"], line["total_tokens"]) == (spent.cost, spent.prompt + spent.completion)
        assert (line["api_requests"], line["successful_requests"], line["failed_requests"]) == (4, 3, 1)
        get(f"/team/spend/by_user?{RANGE}&team_ids={spent.team}", stranger, status=403)
        get(f"/team/spend/by_user?{RANGE}", status=400)
        get(f"/team/spend/by_user?team_ids={spent.team}", status=400)

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/user/daily/activity", "user_id={0.user}"),
            ("/team/daily/activity", "team_ids={0.team}"),
            ("/organization/daily/activity", "organization_ids={0.organisation}"),
            ("/tag/daily/activity", "tags={0.tag}"),
            ("/customer/daily/activity", "end_user_ids={0.customer}"),
            ("/end_user/daily/activity", "end_user_ids={0.customer}"),
        ],
    )
    def test_all_days_at_once(self, spent: Spent, path: str, query: str):
        asked = f"{query.format(spent)}&{RANGE}"
        found = get(f"{path}/aggregated?{asked}&page=2")
        assert found == get(f"{path}?{asked}"), "there are no other pages"
        assert found["metadata"]["total_spend"] == spent.cost
        get(f"{path}/aggregated?{query.format(spent)}", status=400)


class TestLog:
    def test_pages(self, spent: Spent):
        query = f"{RANGE}&team_id={spent.team}&page_size=3"
        assert get(f"/spend/logs/ui?{query}") == get(f"/spend/logs/v2?{query}")
        assert get(f"/spend/logs/ui?{query}")["total"] == 4

    def test_one(self, spent: Spent, stranger: str):
        answer = spent.answers[0]
        line = get(f"/spend/logs/ui/{answer.id}?start_date={TODAY}")
        assert line["request_id"] == answer.id
        assert (line["messages"], line["response"], line["proxy_server_request"]) == ({}, {}, {})
        assert get(f"/spend/logs/ui/{line['litellm_call_id']}") == line
        get("/spend/logs/ui/chatcmpl-no-such-id", status=404)
        get(f"/spend/logs/ui/{answer.id}", stranger, status=404)

    def test_a_session_is_a_call(self, spent: Spent, stranger: str):
        (line,) = get(f"/spend/logs?request_id={spent.answers[1].id}")
        page = get(f"/spend/logs/session/ui?session_id={line['litellm_call_id']}")
        assert page["data"] == [line]
        assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (1, 1, 50, 1)
        assert get(f"/spend/logs/session/ui?session_id={line['litellm_call_id']}", stranger)["data"] == []
        get("/spend/logs/session/ui", status=400)


def test_activity():
    key = post("/key/generate", {"key_alias": name("busy")})
    sdk(key["key"]).chat.completions.create(model="mock-echo", messages=HELLO)
    before = get("/global/activity/exceptions?model_group=mock-status-429")["sum_num_rate_limit_exceptions"]
    for model in ("mock-status-429", "mock-status-500"):
        with pytest.raises(Exception):
            sdk(key["key"]).chat.completions.create(model=model, messages=HELLO)
    wait_until(lambda: len(get(f"/spend/logs?api_key={key['key']}")) == 3, 10, "the calls are in the ledger")
    found = get(f"/global/activity/exceptions?model_group=mock-status-429&{RANGE}")
    assert found["sum_num_rate_limit_exceptions"] == before + 1
    assert found["daily_data"] == [{"date": TODAY, "num_rate_limit_exceptions": before + 1}]
    none = get(f"/global/activity/exceptions?model_group=mock-status-500&{RANGE}")
    assert none == {"daily_data": [], "sum_num_rate_limit_exceptions": 0}
    lines = [line for line in get(f"/global/activity/cache_hits?{RANGE}") if line["api_key"] == key["key_alias"]]
    line = row_of(lines, "model", "mock-echo")
    assert (line["call_type"], line["total_rows"], line["cache_hit_true_rows"]) == ("acompletion", 1, 0)
    assert line["generated_completion_tokens"] > 0
    get("/global/activity/cache_hits", status=400)


class TestTags:
    def test_summary(self, spent: Spent, stranger: str):
        tag = row_of(get(f"/tag/summary?{RANGE}")["results"], "tag", spent.tag)
        assert (tag["unique_users"], tag["total_spend"]) == (1, spent.cost)
        assert (tag["total_requests"], tag["successful_requests"], tag["failed_requests"]) == (4, 3, 1)
        assert tag["total_tokens"] == spent.prompt + spent.completion
        assert get(f"/tag/summary?{RANGE}&tag_filter={spent.tag}")["results"] == [tag]
        assert get(f"/tag/summary?{RANGE}&tag_filters={spent.tag}&tag_filters=other")["results"] == [tag]
        assert get(f"/tag/summary?{RANGE}", stranger)["results"] == []
        get("/tag/summary", status=400)

    def test_names(self, spent: Spent, stranger: str):
        assert {"tag": spent.tag} in get("/tag/distinct")["results"]
        assert get("/tag/distinct", stranger)["results"] == []

    def test_people(self, spent: Spent):
        (day,) = get(f"/tag/dau?tag_filter={spent.tag}")["results"]
        assert day == {
            "tag": spent.tag, "active_users": 1, "date": TODAY, "period_start": None, "period_end": None,
        }
        for path, word in (("/tag/wau", "Week 7"), ("/tag/mau", "Month 7")):
            (stretch,) = get(f"{path}?tag_filter={spent.tag}")["results"]
            assert (stretch["tag"], stretch["active_users"], stretch["period_end"]) == (spent.tag, 1, TODAY)
            assert stretch["date"].startswith(word) and stretch["period_start"] < TODAY


class TestModels:
    def test_latency(self):
        key = post("/key/generate")["key"]
        client = sdk(key)
        client.chat.completions.create(model="mock-echo", messages=HELLO)
        list(client.chat.completions.create(model="mock-echo", messages=HELLO, stream=True))
        wait_until(lambda: len(get(f"/spend/logs?api_key={key}")) == 2, 10, "the calls are in the ledger")
        for path in ("/model/metrics", "/model/streaming_metrics"):
            found = get(f"{path}?_selected_model_group=mock-echo&api_key={key}")
            assert found["all_api_bases"] == ["openai/mock-echo"]
            (day,) = found["data"]
            assert day["date"] == TODAY and 0 < day["openai/mock-echo"] < 30
            assert get(f"{path}?_selected_model_group=other") == {"data": [], "all_api_bases": []}
        (line,) = get(f"/model/metrics/slow_responses?api_key={key}&startTime={TODAY}T00:00:00.000Z")
        assert line == {"api_base": "openai/mock-echo", "total_count": 2, "slow_count": 0}
        assert get(f"/model/metrics/slow_responses?api_key={key}&endTime=2020-01-01&startTime=2020-01-01") == []

    def test_errors(self, spent: Spent, stranger: str):
        found = get(f"/model/metrics/exceptions?api_key={spent.token}")
        assert found["exception_types"] == ["InternalServerError"]
        assert found["data"] == [{"model": "openai/mock-status-500", "InternalServerError": 1}]
        assert get("/model/metrics/exceptions", stranger) == {"data": [], "exception_types": []}

    def test_deprecations(self):
        found = get("/model/deprecations?warn_within_days=60")
        assert found == {"deprecated": [], "imminent": [], "upcoming": [], "warn_within_days": 60}


def use_up(key: str) -> int:
    """Calls until the budget refuses, and says how often it was answered."""
    for count in range(50):
        body = {"model": "mock-echo", "messages": HELLO, "max_tokens": 40}
        answer = http("POST", f"{URL}/v1/chat/completions", body, key)
        if answer.status == 402:
            assert count > 0
            return count
        assert answer.status == 200, answer.body
    raise AssertionError("the budget never refused")


def test_callbacks_of_a_team(spent: Spent, stranger: str):
    path = f"/team/{spent.team}/callback"
    data = get(path)["data"]
    assert (data["team_id"], data["success_callbacks"], data["failure_callbacks"]) == (spent.team, [], [])
    keys = {"langfuse_public_key": "pk-lf-1", "langfuse_secret_key": "sk-lf-canary"}
    # Nothing listens there: calls go on all the same.
    body = {
        "callback_name": "langfuse",
        "callback_type": "success",
        "callback_vars": {**keys, "langfuse_host": "http://127.0.0.1:9"},
    }
    post(path, body, stranger, status=403)
    post(path, {**body, "callback_name": "s3"}, status=400)
    made = post(path, body)
    assert (made["status"], made["data"]["team_id"]) == ("success", spent.team)
    post(path, body, status=400)
    data = get(path)["data"]
    assert (data["success_callbacks"], data["failure_callbacks"]) == (["langfuse"], [])
    assert data["callback_vars"]["langfuse_host"] == "http://127.0.0.1:9"
    assert "canary" not in str(get(f"/team/info?team_id={spent.team}")) + str(data)
    left = call("DELETE", f"{path}/langfuse")
    assert left["data"]["success_callbacks"] == []
    call("DELETE", f"{path}/langfuse", status=404)
    post(path, body)
    assert post(f"/team/{spent.team}/disable_logging", {})["data"]["success_callbacks"] == []
    assert get(path)["data"]["success_callbacks"] == []


class TestResets:
    def test_a_key_begins_anew(self):
        made = post("/key/generate", {"max_budget": 0.001})
        key, token = made["key"], made["token"]
        count = use_up(key)
        wait_until(lambda: get(f"/key/info?key={key}")["info"]["spend"] > 0.0004, 10, "the calls are in the ledger")
        before = get(f"/key/info?key={key}")["info"]["spend"]
        post(f"/key/{key}/reset_spend", {"reset_to": 0.0001}, status=400)
        post(f"/key/{key}/reset_spend", {"reset_to": 0.0}, key, status=403)
        answer = post(f"/key/{token}/reset_spend", {"reset_to": 0.0})
        assert (answer["spend"], answer["previous_spend"], answer["key_hash"]) == (0, before, token)
        assert use_up(key) == count, "the whole budget is there again"
        total = 2 * before
        wait_until(
            lambda: get(f"/key/spend/report?{RANGE}&api_key={token}")[0]["total_cost"] == total, 10, "nothing is lost"
        )
        assert get(f"/key/info?key={key}")["info"]["spend"] == before

    def test_a_member_begins_anew(self, stranger: str):
        team = post("/team/new", {"team_alias": name("team"), "team_member_budget": 0.001})["team_id"]
        user, personal = person(teams=[team])
        key = post("/key/generate", {"team_id": team, "user_id": user})["key"]
        count = use_up(key)
        for own in (personal, stranger):
            post(f"/team/{team}/member/{user}/reset_spend", {}, own, status=403)
        post(f"/team/{team}/member/nobody-known/reset_spend", {}, status=404)
        answer = post(f"/team/{team}/member/{user}/reset_spend", {"reset_to": 0})
        assert (answer["spend"], answer["budget_source"]) == (0, "team_default")
        assert use_up(key) == count, "the budget that the team gives each member"

    def test_a_members_budget_is_the_teams_again(self):
        team = post("/team/new", {"team_alias": name("team"), "team_member_budget": 25})["team_id"]
        user, key = person(teams=[team])
        post("/team/member_update", {"team_id": team, "user_id": user, "max_budget_in_team": 1000})

        def membership() -> dict:
            return row_of(get(f"/team/info?team_id={team}")["team_memberships"], "user_id", user)

        assert (membership()["budget_source"], membership()["litellm_budget_table"]["max_budget"]) == ("custom", 1000)
        post(f"/team/{team}/member/{user}/reset_budget", {}, key, status=403)
        answer = post(f"/team/{team}/member/{user}/reset_budget")
        assert (answer["budget_source"], answer["litellm_budget_table"]["max_budget"]) == ("team_default", 25)
        assert (membership()["budget_source"], membership()["litellm_budget_table"]["max_budget"]) == (
            "team_default",
            25,
        )


def test_budgets():
    budget = post("/budget/new", {"budget_id": name("budget"), "max_budget": 3})
    assert row_of(get("/budgets"), "budget_id", budget["budget_id"])["max_budget"] == 3.0
    assert get("/budgets") == get("/budget/list")


def test_people_are_looked_up(stranger: str):
    user, key = person(user_email=f"{name('Looked.Up')}@example.com")
    email = get(f"/user/info?user_id={user}")["user_info"]["user_email"]
    line = {"user_id": user, "user_email": email}
    assert get(f"/user/filter/ui?user_id={user[3:]}") == [line]
    assert get(f"/user/filter/ui?user_email={email.upper()[2:]}") == [line]
    assert get(f"/user/filter/ui?user_id={user}&user_email={email}") == [line]
    assert get(f"/user/filter/ui?user_id={email}") == [], "an address is no id"
    assert len(get("/user/filter/ui?page_size=1")) == 1
    assert get(f"/user/filter/ui?user_id={user}&page=2") == []
    assert get("/user/filter/ui", key) == [line], "themselves alone"
    assert get(f"/user/filter/ui?user_id={user}", stranger) == []


def test_an_organisation_by_its_address(stranger: str):
    made = post("/organization/new", {"organization_alias": name("org"), "models": ["gpt-4o"]})
    path = f"/v2/organization/{made['organization_id']}"
    changed = call("PATCH", path, {"metadata": {"a": 1}})
    assert (changed["metadata"], changed["models"]) == ({"a": 1}, ["gpt-4o"]), "what was left out stays"
    call("PATCH", path, {"metadata": {}}, stranger, 403)
    call("PATCH", path, {"no_such_field": 1}, status=400)


def test_budgets_of_providers(stranger: str):
    assert get("/provider/budgets") == {"providers": {}}
    get("/provider/budgets", stranger, status=403)
    settings = """\
router_settings:
  provider_budget_config:
    openai: {{budget_limit: 100, time_period: 1d}}
    anthropic: {{budget_limit: 5, time_period: 30d}}
"""
    with scratch() as directory:
        gateway = Gateway(Path(directory), MOCK_URL, config=CONFIG + settings)
        try:
            answer = gateway.call("POST", "/chat/completions", {"model": "mock-echo", "messages": HELLO})
            assert answer.status == 200, answer.body
            cost = wait_until(lambda: gateway.call("GET", "/global/spend").json()["spend"], 10, "it is in the ledger")
            found = gateway.call("GET", "/provider/budgets").json()["providers"]
            assert set(found) == {"openai", "anthropic"}
            openai, anthropic = found["openai"], found["anthropic"]
            assert (openai["budget_limit"], openai["time_period"], openai["spend"]) == (100.0, "1d", cost)
            assert openai["budget_reset_at"] > TODAY and openai["budget_reset_at"].endswith("T00:00:00.000Z")
            assert (anthropic["budget_limit"], anthropic["time_period"], anthropic["spend"]) == (5.0, "30d", 0.0)
            assert gateway.stop() == 0
        finally:
            gateway.kill()


class Costs(BaseHTTPRequestHandler):
    """OpenAI's Organization Costs API: two dollars and a half today, in two pages."""

    asked: list[tuple[str, str]] = []

    def do_GET(self):
        self.asked.append((self.path, self.headers["authorization"]))
        today = int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
        amount = {"value": 0.5 if "page=two" in self.path else "2.0", "currency": "usd"}
        bucket = {"object": "bucket", "start_time": today, "end_time": today + 86400, "results": [{"amount": amount}]}
        page = None if "page=two" in self.path else "two"
        answer = {"object": "page", "data": [bucket], "has_more": page is not None, "next_page": page}
        if "project_ids=forbidden" in self.path:
            answer = {"error": {"message": f"no such project for {self.headers['authorization']}"}}
        self.send_response(403 if "error" in answer else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


def test_how_much_of_the_bill_is_known(stranger: str):
    get(f"/spend/capture_rate?{RANGE}", stranger, status=403)
    assert "OPENAI_ADMIN_KEY" in get(f"/spend/capture_rate?{RANGE}", status=503)["error"]["message"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Costs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {"OPENAI_ADMIN_KEY": "sk-admin-1", "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
    with scratch() as directory:
        gateway = Gateway(Path(directory), MOCK_URL, config=CONFIG, env=environment)
        try:
            answer = gateway.call("POST", "/chat/completions", {"model": "mock-echo", "messages": HELLO})
            assert answer.status == 200, answer.body
            cost = wait_until(lambda: gateway.call("GET", "/global/spend").json()["spend"], 10, "it is in the ledger")
            found = gateway.call("GET", f"/spend/capture_rate?{RANGE}&project_ids=a&project_ids=b").json()
            assert (found["captured_spend"], found["provider_spend"], found["threshold"]) == (cost, 2.5, 0.9)
            assert found["capture_rate"] == pytest.approx(cost / 2.5, abs=1e-9) and found["below_threshold"] is True
            (day,) = found["days"]
            assert (day["date"], day["provider_spend"]) == (TODAY, 2.5)
            path, key = Costs.asked[0]
            assert key == "Bearer sk-admin-1" and "bucket_width=1d" in path and "project_ids=a&project_ids=b" in path
            before = gateway.call("GET", "/spend/capture_rate?start_date=2026-01-01&end_date=2026-01-02").json()
            assert (before["capture_rate"], before["below_threshold"], len(before["days"])) == (None, False, 2)
            refused = gateway.call("GET", f"/spend/capture_rate?{RANGE}&project_ids=forbidden")
            assert refused.status == 502 and b"no such project" in refused.body and b"sk-admin-1" not in refused.body
            for wrong in (f"{RANGE}&threshold=0", f"{RANGE}&threshold=1.1", f"{RANGE}&provider=x", f"start_date={TODAY}"):
                assert gateway.call("GET", f"/spend/capture_rate?{wrong}").status == 400, wrong
        finally:
            gateway.kill()
            server.shutdown()


def test_everything_begins_anew(spent: Spent, stranger: str):
    """The last test: it changes every key and team."""
    for own in (spent.personal, stranger):
        post("/global/spend/reset", {}, own, status=403)
    assert get(f"/team/info?team_id={spent.team}")["team_info"]["spend"] == spent.cost
    assert post("/global/spend/reset")["status"] == "success"
    assert get(f"/team/info?team_id={spent.team}")["team_info"]["spend"] == 0
    assert get(f"/key/info?key={spent.key}")["info"]["spend"] == 0
    (line,) = get(f"/team/spend/report?{RANGE}&team_id={spent.team}")
    assert line["total_cost"] == spent.cost, "the report still has it"

"""LiteLLM's routes about what was called and spent: each agrees with what the provider counted."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from conftest import MASTER_KEY, URL, sdk
from litellm_management import HELLO, get, name, person, post, sha256

from stack import http, wait_until

INPUT, OUTPUT = Decimal("0.000002"), Decimal("0.000008")
TODAY = datetime.now(UTC).strftime("%Y-%m-%d")
RANGE = f"start_date={TODAY}&end_date={datetime.now(UTC).strftime('%Y-%m-%d')}"


class Spent:
    """A team's member calls for a customer, three times under two tags, and fails once."""

    def __init__(self):
        self.organisation = post("/organization/new", {"organization_alias": name("org")})["organization_id"]
        self.alias = name("team")
        self.team = post("/team/new", {"team_alias": self.alias, "organization_id": self.organisation})["team_id"]
        self.user, self.personal = person(teams=[self.team])
        self.tag, self.customer = name("tag"), name("customer")
        post("/customer/new", {"user_id": self.customer})
        body = {"team_id": self.team, "user_id": self.user, "tags": [self.tag], "key_alias": name("spending")}
        self.made = post("/key/generate", body)
        self.key, self.token = self.made["key"], self.made["token"]
        self.answers = [
            sdk(self.key).chat.completions.create(model="mock-echo", messages=HELLO, user=self.customer)
            for _ in range(3)
        ]
        with pytest.raises(Exception):
            sdk(self.key).chat.completions.create(model="mock-status-500", messages=HELLO)
        self.prompt = sum(answer.usage.prompt_tokens for answer in self.answers)
        self.completion = sum(answer.usage.completion_tokens for answer in self.answers)
        self.cost = float(self.prompt * INPUT + self.completion * OUTPUT)
        assert self.cost > 0
        # The one that failed cost nothing and may be written last.
        wait_until(lambda: len(get(f"/spend/logs?api_key={self.key}")) == 4, 10, "the calls are in the ledger")


@pytest.fixture(scope="module")
def spent() -> Spent:
    return Spent()


def test_everything_knows_what_it_spent(spent: Spent):
    assert get(f"/key/info?key={spent.key}")["info"]["spend"] == spent.cost
    team = get(f"/team/info?team_id={spent.team}")
    assert team["team_info"]["spend"] == spent.cost
    assert [member["spend"] for member in team["team_memberships"]] == [spent.cost]
    assert get(f"/user/info?user_id={spent.user}")["user_info"]["spend"] == spent.cost
    assert get(f"/organization/info?organization_id={spent.organisation}")["spend"] == spent.cost
    assert get(f"/customer/info?end_user_id={spent.customer}")["spend"] == spent.cost
    (listed,) = get(f"/key/list?key_hash={spent.token}&return_full_object=true")["keys"]
    assert listed["spend"] == spent.cost


def test_a_line_of_the_log(spent: Spent):
    answer = spent.answers[0]
    (line,) = get(f"/spend/logs?request_id={answer.id}")
    cost = float(answer.usage.prompt_tokens * INPUT + answer.usage.completion_tokens * OUTPUT)
    assert line["request_id"] == answer.id
    for field, value in {
        "call_type": "acompletion",
        "api_key": spent.token,
        "spend": cost,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "total_tokens": answer.usage.total_tokens,
        "model_group": "mock-echo",
        "model": "mock-echo",
        "custom_llm_provider": "openai",
        "user": spent.user,
        "team_id": spent.team,
        "organization_id": spent.organisation,
        "end_user": spent.customer,
        "request_tags": [spent.tag],
        "status": "success",
        "cache_hit": "False",
    }.items():
        assert line[field] == value, field
    assert line["startTime"] <= line["endTime"]
    assert line["metadata"]["user_api_key_alias"] == spent.made["key_alias"]
    assert line["model_id"]
    assert get(f"/spend/logs?request_id={line['litellm_call_id']}") == [line]
    assert get("/spend/logs?request_id=chatcmpl-no-such-id") == []


def test_the_log_of_a_key(spent: Spent):
    lines = get(f"/spend/logs?api_key={spent.key}")
    assert [line["status"] for line in lines] == ["failure", "success", "success", "success"], "newest first"
    assert get(f"/spend/logs?user_id={spent.user}") == get(f"/spend/logs?api_key={spent.token}") == lines
    (day,) = get(f"/spend/logs?api_key={spent.key}&{RANGE}")
    assert (day["startTime"], day["spend"]) == (TODAY, spent.cost)
    assert day["users"] == {spent.user: spent.cost}
    assert day["models"]["mock-echo"] == spent.cost
    assert len(get(f"/spend/logs?api_key={spent.key}&{RANGE}&summarize=false")) == 4
    get("/spend/logs?api_key=sk-that-nobody-made", status=404)


def test_the_log_in_pages(spent: Spent):
    page = get(f"/spend/logs/v2?team_id={spent.team}&page_size=3&page=2")
    assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (4, 2, 3, 2)
    assert len(page["data"]) == 1 and page["total_is_capped"] is False
    failed = get(f"/spend/logs/v2?api_key={spent.key}&status_filter=failure")["data"]
    assert [line["metadata"]["error_information"]["error_code"] for line in failed] == ["500"]
    assert get(f"/spend/logs/v2?end_user={spent.customer}")["total"] == 3
    assert get(f"/spend/logs/v2?key_alias={spent.made['key_alias']}&model=mock-echo")["total"] == 3
    get("/spend/logs/v2?min_spend=1", status=400)


def test_what_each_spent(spent: Spent):
    by_token = {key["key_name"]: key["spend"] for key in get("/spend/keys")}
    assert by_token[spent.made["key_name"]] == spent.cost
    (user,) = get(f"/spend/users?user_id={spent.user}")
    assert (user["user_id"], user["spend"]) == (spent.user, spent.cost)
    (tag,) = [tag for tag in get("/spend/tags") if tag["individual_request_tag"] == spent.tag]
    assert (tag["log_count"], tag["total_spend"]) == (4, spent.cost)


def test_the_whole_gateway(spent: Spent):
    assert get("/global/spend")["spend"] >= spent.cost
    (day,) = get(f"/global/spend/logs?api_key={spent.token}")
    assert day == {"date": TODAY, "spend": spent.cost}
    keys = {key["api_key"]: key for key in get("/global/spend/keys?limit=1000")}
    assert (keys[spent.token]["total_spend"], keys[spent.token]["key_alias"]) == (spent.cost, spent.made["key_alias"])
    models = {model["model"]: model["total_spend"] for model in get("/global/spend/models?limit=1000")}
    assert models["mock-echo"] >= spent.cost
    providers = {provider["provider"]: provider["spend"] for provider in get("/global/spend/provider")}
    assert providers["openai"] >= spent.cost
    teams = get("/global/spend/teams")
    assert spent.alias in teams["teams"]
    assert teams["daily_spend"][-1][spent.alias] == spent.cost
    (tag,) = get(f"/global/spend/tags?tags={spent.tag}")["spend_per_tag"]
    assert tag == {"name": spent.tag, "spend": spent.cost, "log_count": 4}
    activity = get("/global/activity")
    assert activity["sum_api_requests"] >= 4 and activity["daily_data"][-1]["date"] == TODAY
    assert "mock-echo" in [model["model"] for model in get("/global/activity/model")]


def test_reports(spent: Spent):
    (day,) = get(f"/global/spend/report?{RANGE}&team_id={spent.team}")
    assert day["group_by_day"] == TODAY
    (team,) = day["teams"]
    assert (team["team_name"], team["total_spend"]) == (spent.alias, spent.cost)
    (line,) = [line for line in team["metadata"] if line["model"] == "mock-echo"]
    assert line["spend"] == spent.cost and line["total_tokens"] == spent.prompt + spent.completion
    assert line["api_key"] == spent.token
    (day,) = get(f"/global/spend/report?{RANGE}&group_by=customer&customer_id={spent.customer}")
    assert [(one["customer"], one["total_spend"]) for one in day["customers"]] == [(spent.customer, spent.cost)]
    (key,) = get(f"/global/spend/report?{RANGE}&group_by=api_key&api_key={spent.token}")
    assert (key["api_key"], key["total_cost"]) == (spent.token, spent.cost)
    assert (key["total_input_tokens"], key["total_output_tokens"]) == (spent.prompt, spent.completion)
    get("/global/spend/report", status=400)


@pytest.mark.parametrize(
    ("path", "entity"),
    [
        ("/user/daily/activity?user_id={0.user}", "user"),
        ("/team/daily/activity?team_ids={0.team}", "team"),
        ("/organization/daily/activity?organization_ids={0.organisation}", "organisation"),
        ("/tag/daily/activity?tags={0.tag}", "tag"),
        ("/customer/daily/activity?end_user_ids={0.customer}", "customer"),
    ],
)
def test_daily_activity(spent: Spent, path: str, entity: str):
    found = get(f"{path.format(spent)}&{RANGE}")
    (day,) = found["results"]
    assert day["date"] == TODAY
    assert day["metrics"]["spend"] == found["metadata"]["total_spend"] == spent.cost
    assert (day["metrics"]["prompt_tokens"], day["metrics"]["completion_tokens"]) == (spent.prompt, spent.completion)
    failed = 0 if entity == "customer" else 1
    assert (day["metrics"]["successful_requests"], day["metrics"]["failed_requests"]) == (3, failed)
    assert day["metrics"]["api_requests"] == 3 + failed
    parts = day["breakdown"]
    assert set(parts) == {"models", "model_groups", "providers", "endpoints", "api_keys", "entities", "mcp_servers"}
    assert parts["models"]["mock-echo"]["metrics"]["spend"] == spent.cost
    assert parts["providers"]["openai"]["metrics"]["spend"] == spent.cost
    assert parts["api_keys"][spent.token]["metadata"] == {"key_alias": spent.made["key_alias"], "team_id": spent.team}
    assert parts["entities"][getattr(spent, entity)]["metrics"]["spend"] == spent.cost
    assert (found["metadata"]["page"], found["metadata"]["has_more"]) == (1, False)
    get(path.format(spent), status=400)


def test_what_an_answer_would_cost():
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    body = {"completion_response": {"model": "mock-echo", "usage": usage}}
    assert post("/spend/calculate", body)["cost"] == float(1000 * INPUT + 100 * OUTPUT)
    assert post("/spend/calculate", {"model": "gpt-4o", **body})["cost"] == 0.0035
    post("/spend/calculate", {"model": "gpt-4o", "messages": HELLO}, status=400)


def test_everybody_sees_their_own(spent: Spent):
    _, stranger = person()
    assert get(f"/spend/logs?user_id={spent.user}", stranger) == []
    assert get("/global/spend", stranger)["spend"] == 0.0
    mine = get("/spend/logs", spent.personal)
    assert {line["user"] for line in mine} == {spent.user} and len(mine) == 4
    assert get("/global/spend", spent.personal)["spend"] == spent.cost
    get(f"/team/daily/activity?team_ids={spent.team}&{RANGE}", spent.personal)
    assert http("GET", f"{URL}/global/spend", None, MASTER_KEY).status == 200
    assert sha256(spent.key) == spent.token

import json
import logging
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from scripted_amazon import FreeDesk, account, errors, scripted, told

from blocks.amazon.limits import DEFAULT_LIMITS
from blocks.seller_account import SellerAccount
from domain.errors import Refused, TryAgain

SINCE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
EMPTY_PAGE = told({"orders": []})


def test_plain_http_is_refused_away_from_this_machine():
    """Credentials never travel unencrypted to another machine."""
    for setting in ("endpoint", "token_url"):
        block = account("http://127.0.0.1:1", **{setting: "http://amazon.example"})
        with pytest.raises(Refused, match=setting):
            block.open(FreeDesk())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "no address", "https://", "http://localhost.example.com"])
def test_an_address_that_is_none_is_refused(url):
    """A wrong address is named before anything is called."""
    with pytest.raises(Refused, match="endpoint"):
        account("http://127.0.0.1:1", endpoint=url).open(FreeDesk())


@pytest.mark.parametrize("blank", ["client_id", "client_secret", "refresh_token", "seller_id"])
def test_a_blank_setting_is_refused(blank, monkeypatch):
    """A blank credential is refused and never filled from another account's environment variables."""
    for name in ("SP_API_REFRESH_TOKEN", "LWA_APP_ID", "LWA_CLIENT_SECRET"):
        monkeypatch.setenv(name, "of-another-account")
    with pytest.raises(Refused, match=blank):
        account("http://127.0.0.1:1", **{blank: " "}).open(FreeDesk())


def test_marketplaces_are_required():
    """An account without marketplaces is refused: Amazon would answer for all of them."""
    with pytest.raises(Refused, match="marketplaces"):
        account("http://127.0.0.1:1", marketplaces=[]).open(FreeDesk())


def test_environment_variables_of_the_library_change_nothing(monkeypatch):
    """Neither credentials nor the marketplace of the environment are used."""
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", "DE")
    for name in ("SP_API_REFRESH_TOKEN", "LWA_APP_ID", "LWA_CLIENT_SECRET", "SP_API_REFRESH_TOKEN_main"):
        monkeypatch.setenv(name, "of-another-account")
    with scripted(EMPTY_PAGE) as amazon:
        block = account(amazon.url)
        block.open(FreeDesk()).fetch_orders(since=SINCE, page_token=None)
        (login,) = amazon.logins
        form = {name: values[0] for name, values in parse_qs(login.body.decode()).items()}
        assert form == {
            "grant_type": "refresh_token",
            "client_id": "amzn1.application-oa2-client.x",
            "client_secret": "secret-of-ours",
            "refresh_token": block.refresh_token.get_secret_value(),
        }
        (asked,) = amazon.asked
        assert asked.headers["host"] == amazon.url.removeprefix("http://")
        assert "marketplaceIds=ATVPDKIKX0DER%2CA2EUQ1WTGCTBG2" in asked.query


def test_twenty_cold_threads_ask_for_one_token():
    """Threads that start together share one token call."""
    with scripted(EMPTY_PAGE) as amazon:
        door = account(amazon.url).open(FreeDesk())
        threads = [
            threading.Thread(target=door.fetch_orders, kwargs={"since": SINCE, "page_token": None})
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(amazon.logins) == 1
        assert len(amazon.asked) == 20


def test_a_token_lives_as_long_as_amazon_says():
    """A token with a short life is fetched again when it is over, and shared while it lasts."""
    with scripted(EMPTY_PAGE) as amazon:
        amazon.login = lambda asked: told({"access_token": "Atza|short", "expires_in": 0.2})
        door = account(amazon.url).open(FreeDesk())
        for pause in (0, 0, 0.3):
            threading.Event().wait(pause)
            door.fetch_orders(since=SINCE, page_token=None)
        assert len(amazon.logins) == 2


def test_two_doors_of_one_account_share_a_token():
    """Opening the same account again costs no token; other credentials never share one."""
    with scripted(EMPTY_PAGE) as amazon:
        block = account(amazon.url)
        for one in (block, block, block.model_copy(update={"client_id": "another"})):
            one.open(FreeDesk()).fetch_orders(since=SINCE, page_token=None)
        assert len(amazon.logins) == 2


def test_an_expired_token_is_replaced_once():
    """A token that Amazon no longer takes is forgotten and the call made again at once."""

    def script(asked):
        good = asked.headers["x-amz-access-token"] == "Atza|2"
        return EMPTY_PAGE if good else errors(403, "Unauthorized", "Denied.", "The access token has expired.")

    with scripted(script) as amazon:
        amazon.login = lambda asked: told({"access_token": f"Atza|{len(amazon.logins)}", "expires_in": 3600})
        desk = FreeDesk()
        account(amazon.url).open(desk).fetch_orders(since=SINCE, page_token=None)
        assert [outcome for _, _, outcome in desk.records] == ["403 Unauthorized", "ok"]
        assert len(amazon.logins) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_stay_unaccepted_are_refused(status):
    """After one fresh token the refusal is final and names the credentials."""
    with scripted(
        errors(status, "Unauthorized", "Denied.", "The access token you provided is revoked.")
    ) as amazon:
        with pytest.raises(Refused, match="credentials are not accepted"):
            account(amazon.url).open(FreeDesk()).fetch_orders(since=SINCE, page_token=None)
        assert len(amazon.asked) == 2


@pytest.mark.parametrize(
    ("word", "setting"), [("invalid_client", "client_secret"), ("invalid_grant", "refresh_token")]
)
def test_a_refused_login_names_the_setting(word, setting):
    """A login that is refused says which setting to check, and never what is in it."""
    with scripted(EMPTY_PAGE) as amazon:
        amazon.login = lambda asked: told({"error": word, "error_description": "No."}, 401)
        with pytest.raises(Refused, match=setting) as refusal:
            account(amazon.url).open(FreeDesk()).fetch_orders(since=SINCE, page_token=None)
        assert refusal.value.code == word
        assert "secret-of-ours" not in str(refusal.value)
        assert amazon.asked == []


@pytest.mark.parametrize(
    "reply",
    [errors(500), told({"error": "invalid_client"}, 503), told([]), told({}), told({"access_token": " "})],
)
def test_a_login_that_does_not_answer_is_worth_another_try(reply):
    """Trouble at the token service is not taken for wrong credentials, nor for a lost write."""
    with scripted(EMPTY_PAGE) as amazon:
        amazon.login = lambda asked: reply
        with pytest.raises(TryAgain) as trouble:
            account(amazon.url).open(FreeDesk()).fetch_order("111-1111111-1111111")
        assert not trouble.value.maybe_done


def test_nothing_of_a_call_reaches_a_log(caplog):
    """Neither tokens nor addresses of calls are logged, also when everything is logged."""
    with caplog.at_level(logging.DEBUG), scripted(EMPTY_PAGE) as amazon:
        account(amazon.url).open(FreeDesk()).fetch_orders(since=SINCE, page_token=None)
    ours = [r for r in caplog.records if r.name.split(".")[0] in {"httpx", "httpcore", "sp_api"}]
    assert ours == []


def test_a_seller_account_says_in_its_form_what_each_field_is():
    """Every field of the block's form carries a sentence, and the secrets are hidden when it is printed."""
    assert all(str(field.description).endswith(".") for field in SellerAccount.model_fields.values())
    assert "secret-of-ours" not in repr(account("http://127.0.0.1:1"))


def test_the_default_limits_are_amazons_own(shared):
    """The usage plans in the code are those of Amazon's models."""
    plans = json.loads((shared / "amazon" / "usage_plans.json").read_text())["operations"]
    known = {
        plan["operationId"]: (plan["rate_rps"], plan["burst"])
        for plan in plans
        if not plan["deprecated"]
        and plan["model"].split("-")[0] in {"orders", "listings", "feeds", "reports"}
    }
    assert {name: known[name] for name in DEFAULT_LIMITS} == DEFAULT_LIMITS

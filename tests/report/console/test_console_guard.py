"""Who may see the console, and who may change anything: nobody else."""

import pytest

PAGES = ("/", "/runs", "/attempts", "/datasets", "/adapters", "/trainings", "/attempts/stig/1")
MARK = "/attempts/stig/1/mark"
FLAGS = "SELECT evidence ->> 'why' FROM stig.label_flags"


def flags(store):
    with store.engine.connect() as connection:
        return list(connection.exec_driver_sql(FLAGS).scalars())


@pytest.fixture(autouse=True)
def no_flag_is_left(filled):
    """Take back what a test marked."""
    yield
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM stig.label_flags")


def test_a_browser_with_the_key_is_let_in(browser):
    for path in PAGES:
        browser.get(path)


@pytest.mark.parametrize(
    "cookie", ["", "forge-ui-1=x", "forge-ui-{port}=x", "forge-ui-{port}=é", ";;=="]
)
def test_no_page_is_shown_without_the_key(browser, cookie):
    cookie = cookie.replace("{port}", str(browser.server.session.port))
    for path in PAGES:
        status, _, text = browser.ask("GET", path, Cookie=cookie.encode("utf-8").decode("latin-1"))
        assert status == 403
        assert "sshd" not in text


def test_a_wrong_key_is_refused_and_the_right_one_leaves_the_address(browser):
    assert browser.ask("GET", "/?key=wrong")[0] == 403
    status, headers, _ = browser.ask("GET", f"/attempts?key={browser.server.session.key}")
    assert (status, headers["Location"]) == (303, "/")
    assert "HttpOnly; SameSite=Lax" in headers["Set-Cookie"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example",
                                  "localhost.evil.example:1", "10.0.0.1"])  # fmt: skip
def test_another_name_than_this_host_is_refused_key_or_not(browser, host):
    for path in ("/", f"/?key={browser.server.session.key}"):
        status, headers, _ = browser.ask("GET", path, Host=host)
        assert (status, headers["Set-Cookie"]) == (403, None)


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1", "[::1]:9", "localhost:8080"])
def test_every_name_of_this_host_is_fine(browser, host):
    # A tunnel has a port of its own.
    host = host.replace("{port}", str(browser.server.session.port))
    assert browser.ask("GET", "/", Host=host)[0] == 200


def test_nothing_on_a_page_may_run_or_be_framed(browser):
    _, headers, text = browser.ask("GET", "/attempts")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "<script" not in text
    assert "http://" not in text.replace('"http://127.0.0.1', "")


def test_a_mark_of_our_own_form_is_written(writer, filled):
    status, headers, _ = writer.post(MARK, why="  the line \n is there twice ")
    assert (status, headers["Location"]) == (303, "/attempts/stig/1")
    assert flags(filled) == ["the line is there twice"]
    assert "the line is there twice" in writer.get("/attempts/stig/1")
    assert writer.post(MARK, back="1")[0] == 303
    assert flags(filled) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://{host}"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Cookie": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
        {"Content-Type": None},
    ],
)
def test_a_post_of_another_page_changes_nothing(writer, filled, headers):
    headers = {k: v and v.replace("{host}", writer.host) for k, v in headers.items()}
    assert writer.post(MARK, headers, why="x")[0] == 403
    assert flags(filled) == []


@pytest.mark.parametrize("token", ["", "x", None, "é"])
def test_a_post_without_the_token_changes_nothing(writer, filled, token):
    assert writer.post(MARK, why="x", token=token)[0] == 403
    assert flags(filled) == []


def test_a_console_that_only_shows_changes_nothing_and_has_no_form(browser, filled):
    assert browser.post(MARK, why="x")[0] == 403
    assert flags(filled) == []
    assert browser.server.session.token not in browser.get("/attempts/stig/1")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        (MARK, {"why": " "}, 400),
        (MARK, {}, 400),
        ("/attempts/stig/999/mark", {"why": "x"}, 404),
        ("/attempts/nosuch/1/mark", {"why": "x"}, 404),
        ("/attempts/stig/-1/mark", {"why": "x"}, 400),
        (MARK, {"why": "x" * 20_000}, 400),
        (MARK, {"why": "x" * 70_000}, 413),
        ("/attempts", {"why": "x"}, 404),
    ],
)
def test_a_mark_that_cannot_be_is_refused(writer, filled, path, form, status):
    assert writer.post(path, **form)[0] == status
    assert flags(filled) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_known(browser, method):
    assert browser.ask(method, "/attempts/stig/1")[0] == 501

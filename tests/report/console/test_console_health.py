"""The page of the loop's health, and what attempts cost."""

from dataclasses import replace

from console_parts import console, links, words

from harness_forge.config.health import DiskConfig
from harness_forge.config.prices import ModelPrices, PricesConfig
from harness_forge.report.console import checked
from harness_forge.store.prices import write_prices

PRICES = PricesConfig({"qwen": ModelPrices(watts=360)}, usd_per_kwh=0.5)


def health(browser, path="/health"):
    """Return the page of health once its figures are there."""
    browser.get("/health")
    browser.site.health.close()
    return browser.get(path)


def test_it_shows_series_and_the_days_of_one(browser):
    text = health(browser)
    assert "no alert" in words(text).lower()
    series = [one for one in links(text) if one.startswith("/health?series=")]
    assert series
    assert "by day" not in words(text)
    assert "by day" in words(browser.get(series[0]))
    assert "by day" not in words(browser.get("/health?series=none"))


def test_an_alert_says_what_was_measured_and_what_to_do(browser, monkeypatch):
    site = browser.site
    settings = replace(site.config.health, disk=DiskConfig(free_gb=1e9))
    config = replace(site.config, health=settings)
    monkeypatch.setattr(site, "health", checked.HealthCheck(config))
    text = words(health(browser))
    assert "alert: disk" in text
    assert "threshold" in text
    assert "Alerts" in text


def test_without_a_store_it_is_a_page_too(tmp_path):
    with console(tmp_path, None) as browser:
        assert "No attempt of the last 7 days." in words(health(browser))


def test_a_slow_collection_is_waited_for_by_the_browser(browser, monkeypatch):
    entered, go = checked.threading.Event(), checked.threading.Event()

    def slowly(config):
        entered.set()
        assert go.wait(20)
        return real(config)

    real = checked.collect
    monkeypatch.setattr(checked, "collect", slowly)
    monkeypatch.setattr(browser.site, "health", checked.HealthCheck(browser.site.config))
    waiting = browser.get("/health")
    assert entered.is_set()
    assert "comes again by itself" in words(waiting)
    assert 'http-equiv="refresh"' in waiting
    go.set()
    browser.site.health.close()
    assert "no alert" in words(browser.get("/health")).lower()


def test_costs_are_shown_where_prices_are_known(browser, filled):
    assert "USD" not in words(browser.get("/attempts/stig/2"))
    skill = filled.skill("stig")
    with skill.transaction() as connection:
        write_prices(connection, PRICES)
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stig.turns SET elapsed_s = 100")
    try:
        # Two turns of 100 s at 360 W are 0.02 kWh.
        assert "0.01 USD" in words(browser.get("/attempts/stig/2"))
    finally:
        with skill.transaction() as connection:
            write_prices(connection, PricesConfig())
        with filled.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE stig.turns SET elapsed_s = 0")

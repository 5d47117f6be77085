"""`forge ui`: look through what the loop has made, in a browser on this machine."""

from __future__ import annotations

import sys

from harness_forge.core.errors import ConfigError

SUMMARY = "look through runs, attempts, datasets, adapters and trainings in a browser, locally"
USAGE = "[key=value …]"
EXAMPLES = (
    "forge ui",
    "forge ui ui.port=0",
    "forge ui ui.write=true",
)
KEYS = ("ui", "store", "skill", "data_dir", "forge_home")
JSON = "an object when it begins to serve: url, port, write"


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.promotion.mlflow_mirror import mirror
    from harness_forge.report.console import frame, routes
    from harness_forge.report.console.server import ConsoleServer
    from harness_forge.report.console.site import ConsoleSite

    words, _, overrides = sort(argv)
    if words:
        raise ConfigError("command line", f"{words[0]!r} is not right", f"forge ui {USAGE}")
    config = composed(overrides)
    site = ConsoleSite(config, after_decision=mirror)

    def pages(request, session):
        return routes.answer(site, request, session)

    with ConsoleServer(config.ui.port, config.ui.write, pages, frame.fault) as server:
        facts = {"url": server.url, "port": server.session.port, "write": server.session.write}
        mode = frame.MAY if server.session.write else "shows only (ui.write=true)"
        report(facts, f"console: {server.url}\n  {mode}; only with this address, until Ctrl-C")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
        finally:
            site.close()
    return 0

"""The pages in a real browser: 400 pixels wide, light and dark, by keyboard.

A page of the test holds each page of the console in a frame of its own origin, and its
script measures them; the console's own policy lets no script of theirs run.
"""

import json
import re
import shutil
import subprocess
from html import escape, unescape

import pytest
from console_parts import console, loop, waiting_decision

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), "")
PAGES = {
    "/": 0, "/runs": 1, "/attempts": 4, "/attempts/stig/1": 1, "/attempts/stig/3": 1,
    "/datasets": 0,
    "/datasets/pairs": 0, "/datasets/pairs/lines/train.jsonl": 0, "/datasets/pairs/left-out": 1,
    "/trainings/k1": 0, "/nosuch": 0,
}  # fmt: skip
"""Address to how many fields to fill in there are at least."""

MEASURE = """
function light(rgb) {
  const part = rgb.match(/[\\d.]+/g).slice(0, 3).map(x => {
    const c = x / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}
function behind(one, view) {
  for (; one; one = one.parentElement) {
    const colour = view.getComputedStyle(one).backgroundColor;
    if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
}
function measured(frame) {
  const page = frame.contentDocument, view = frame.contentWindow;
  let worst = [99, ""];
  for (const one of page.querySelectorAll("body *")) {
    const said = [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!said || one.closest("svg") || !one.getClientRects().length) continue;
    const both = [view.getComputedStyle(one).color, behind(one, view)].map(light);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < worst[0]) worst = [ratio, one.outerHTML.slice(0, 90)];
  }
  const stops = [...page.querySelectorAll(
    "a, button, input:not([type=hidden]), select, summary, .scroll")]
    .filter(one => one.getClientRects().length);
  const unreached = stops.filter(one => { one.focus(); return page.activeElement !== one; });
  const unseen = stops.filter(one => { one.focus({focusVisible: true});
    return view.getComputedStyle(one).outlineStyle === "none"; });
  const nameless = [...page.querySelectorAll("input:not([type=hidden]), select")]
    .filter(one => !one.labels.length);
  return {
    wide: page.documentElement.scrollWidth, contrast: worst, stops: stops.length,
    unreached: unreached.map(x => x.outerHTML.slice(0, 90)),
    unseen: unseen.map(x => x.outerHTML.slice(0, 90)), nameless: nameless.length,
    fields: page.querySelectorAll("input:not([type=hidden]), select").length,
    dark: view.getComputedStyle(page.body).backgroundColor, title: page.title,
  };
}
addEventListener("load", () => {
  const found = {};
  for (const one of document.querySelectorAll("iframe")) found[one.name] = measured(one);
  document.body.textContent = JSON.stringify(found);
});
"""


def measured(folder, texts, *options):
    """Return what a browser measures of each page, in frames 400 pixels wide."""
    frames = "".join(
        f'<iframe name="{name}" width="400" height="800" style="border:0"'
        f' srcdoc="{escape(text)}"></iframe>'
        for name, text in texts.items()
    )
    page = folder / "frames.html"
    page.write_text(f"<!doctype html><body>{frames}<script>{MEASURE}</script></body>")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
               f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000", *options,
               page.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return json.loads(unescape(re.search(r"(?s)<body>(.*)</body>", done.stdout)[1]))


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_read_and_reached_at_400_pixels(tmp_path, writer, scheme):
    # Without the refresh of a training that runs: the frame would be loaded anew.
    texts = {path: re.sub(r'<meta http-equiv="refresh"[^>]*>', "", writer.ask("GET", path)[2])
             for path in PAGES}  # fmt: skip
    options = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    found = measured(tmp_path, texts, *options)
    for path, fields in PAGES.items():
        one = found[path]
        assert one["wide"] <= 400, path
        assert one["contrast"][0] >= 4.5, (path, one["contrast"])
        assert one["unreached"] == one["unseen"] == [], path
        assert one["nameless"] == 0, path
        assert one["fields"] >= fields, path
        assert one["stops"] >= 7, path  # navigation, and the way past it
        assert (one["dark"] == "rgb(20, 23, 27)") == (scheme == "dark"), path
        assert one["title"].endswith(", forge ui")  # nothing of a record ran


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_a_person_can_reach_the_buttons_that_approve(tmp_path):
    one, _ = waiting_decision(loop(tmp_path))
    path = f"/adapters/{one.label}"
    with console(tmp_path, None, write=True) as browser:
        found = measured(tmp_path, {path: browser.ask("GET", path)[2]})[path]
    assert found["wide"] <= 400
    assert found["contrast"][0] >= 4.5, found["contrast"]
    assert found["unreached"] == found["unseen"] == []
    assert found["nameless"] == 0
    assert found["fields"] >= 1 and found["stops"] >= 10  # a reason, and two buttons

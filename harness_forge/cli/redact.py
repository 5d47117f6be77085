"""`forge redact`: look at what was replaced in a dataset, and sign that it may leave."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError, ExportError

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.datasets.review.survey import Survey

SUMMARY = "show what was replaced in a dataset, and sign that it may leave"
USAGE = "review [DATASET] [--sign] [--by=NAME] | verify DATASET | kinds [key=value …]"
EXAMPLES = (
    "forge redact review",
    "forge redact review data/stig_worker_sft --sign --by='J. Doe'",
    "forge redact verify received/stig_worker_sft signing.public_key=public.pem",
    "forge redact kinds",
)
KEYS = ("redaction", "export", "signing", "forge_home", "data_dir")

JSON = (
    "kinds: an object of true or false; review: dataset, digest, replaced, stayed, left, signed;"
    " verify: the statement that the reviewer signed"
)

SIGN, BY = "--sign", "--by="
_SHOWN_LEFT = 20


def main(argv: list[str]) -> int:
    """Show a dataset's replacements, or list the kinds there are."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort

    by = [word.removeprefix(BY) for word in argv if word.startswith(BY)]
    rest = [word for word in argv if not word.startswith(BY)]
    words, flags, overrides = sort(rest, (SIGN,))
    what = one_of(words[0], ("review", "verify", "kinds"), "action") if words else None
    if what is None or len(words) > (1 if what == "kinds" else 2):
        raise ConfigError("command line", "say what to do", f"forge redact {USAGE}")
    config = composed(overrides)
    if what == "kinds":
        kinds = _kinds(config)
        rows = (f"{kind:22}{'on' if on else 'off'}" for kind, on in kinds.items())
        report(kinds, "\n".join(rows))
        return 0
    if what == "verify":
        return _verify(config, words)
    return _review(config, dataset_of(config, words[1:]), SIGN in flags, by[-1] if by else "")


def dataset_of(config: ForgeConfig, words: list[str]) -> Path:
    """Return the folder that a word names, a path or under `data_dir`; else the recipe's."""
    from harness_forge.datasets.stale import dataset_named

    if not words:
        return Path(config.data_dir) / config.export.name
    return dataset_named(words[0], Path(config.data_dir))


def _kinds(config: ForgeConfig) -> dict[str, bool]:
    from harness_forge.datasets.redaction.rules import KINDS

    on = config.redaction.kinds
    return {kind: on.get(kind, True) for kind in KINDS}


def _review(config: ForgeConfig, folder: Path, signing: bool, by: str) -> int:
    from dataclasses import replace

    from harness_forge.cli.results import report, show
    from harness_forge.datasets.redaction.key import load_key
    from harness_forge.datasets.redaction.redactor import Redactor
    from harness_forge.datasets.review import statement
    from harness_forge.datasets.review.review import digest_of, sign
    from harness_forge.datasets.review.survey import survey
    from harness_forge.registry.signing import own_key

    home = Path(config.forge_home)
    digest, _ = digest_of(folder)
    rules = replace(config.redaction, enabled=True)
    found = survey(folder, Redactor(rules, load_key(home)))
    show(render(folder, digest, found, sorted(k for k, on in rules.kinds.items() if not on)))
    facts = {"dataset": folder, "digest": digest, "lines": found.lines}
    facts |= {"replaced": found.counts(), "stayed": found.stayed, "left": found.left}
    if found.left:
        report({**facts, "signed": None})
        raise ExportError(
            str(folder),
            f"{len(found.left)} values that should have been replaced stand in it",
            "export it again with redaction=default, or allow what may stay: "
            "redaction.allow.NAME='REGEX'",
        )
    who = by or _user()
    if not signing and not _asked(who):
        named = shlex.quote(str(folder))
        text = f"not signed; forge redact review {named} --sign signs as {who}"
        report({**facts, "signed": None}, text)
        return 0
    if config.signing.key is not None:
        own_key.public_pem(config.signing.key)  # a key that is not fit signs nothing
    review = sign(folder, home, who, found.counts(), rules.shown(), digest=digest)
    if config.signing.key is not None:
        statement.sign(review, home, config.signing.key)
    text = f"signed by {review.who} at {review.when}, digest {review.digest[:12]}"
    report({**facts, "signed": {"who": review.who, "when": review.when}}, text)
    return 0


def _verify(config: ForgeConfig, words: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.datasets.review.statement import verify
    from harness_forge.registry.signing.keys import trusted_keys

    if len(words) != 2:
        raise ConfigError("command line", "say which dataset", "forge redact verify DATASET")
    if config.signing.public_key is None:
        what = "there is no key to check the review with"
        raise ConfigError("signing.public_key", what, "signing.public_key=FILE, of the reviewer")
    said = verify(Path(words[1]), trusted_keys(Path(config.signing.public_key)))
    seen = f"{len(said['files'])} files as {said['who']} reviewed them at {said['when']}"
    report(said, f"{words[1]}: {seen}; {sum(said['kinds'].values())} values had been replaced")
    return 0


def render(folder: Path, digest: str, found: Survey, off: list[str]) -> str:
    """Return what a reviewer reads: what was replaced, what stayed, what should have gone."""
    lines = [f"{folder}  digest {digest[:12]}  {found.lines} lines read", "", "replaced:"]
    lines += [f"  {'kind':22}{'values':>8}{'times':>8}"] if found.kinds else ["  nothing"]
    for kind in sorted(found.kinds):
        one = found.kinds[kind]
        lines.append(f"  {kind:22}{len(one.values):>8}{one.times:>8}")
        lines += [f"      {e.file}:{e.line}  …{e.text}…" for e in one.examples]
    lines += ["", f"not looked for, switched off: {', '.join(off)}"] if off else []
    lines += _stayed(found)
    if found.left:
        lines += ["", "must not leave:"]
        lines += [f"  {x.kind:22}{x.file}:{x.line}  {x.masked}" for x in found.left[:_SHOWN_LEFT]]
        more = len(found.left) - _SHOWN_LEFT
        lines += [f"  and {more} more"] if more > 0 else []
    return "\n".join([*lines, ""])


def _stayed(found: Survey) -> list[str]:
    from harness_forge.datasets.review.survey import STAYED

    lines = ["", "left as public or harmless; look at these:"]
    for sort, values in sorted(found.stayed.items()):
        shown = ", ".join(f"{value} ({count})" for value, count in values.most_common(STAYED))
        more = f", and {len(values) - STAYED} more" if len(values) > STAYED else ""
        lines += [f"  {sort}: {shown}{more}"] if values else []
    return lines if len(lines) > 2 else []


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError("command line", "nobody is logged in by name", "--by=NAME") from None


def _asked(who: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return input(f"sign as {who}? [y/N] ").strip().lower() in ("y", "yes")

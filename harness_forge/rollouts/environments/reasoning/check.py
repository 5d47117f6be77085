"""Judge `answer.txt` by the library's own scorer; runs in the sandbox.

The question is made again from generator, seed and place. An answer is data: no scorer of
the generators in making.py runs any of it.
"""

import json
import pathlib

from library import opened

FOLDER = "/usr/local/mounts/reasoning"


def main():
    """Print the verdict as forge reads it."""
    spec = json.loads(pathlib.Path("spec.json").read_text(encoding="utf-8"))
    made = opened(FOLDER, spec["generator"], spec["seed"])
    entry = made[spec["place"]]
    if entry["question"] != spec["question"]:
        # No verdict: no answer is at fault.
        return print(json.dumps({"value": "unknown, for the library asks something else here"}))
    try:
        answer = pathlib.Path("answer.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return verdict(0.0, "there is no answer")
    except UnicodeDecodeError:
        return verdict(0.0, "the answer is no UTF-8")
    try:
        score = float(made.score_answer(answer, entry))
    except Exception as error:
        return verdict(0.0, f"the answer cannot be read: {type(error).__name__}")
    return verdict(min(max(score, 0.0), 1.0), f"the library's scorer gives {score:g}")


def verdict(value, reason):
    """Print a verdict; a part of the score passes nothing."""
    print(json.dumps({"value": value, "passed": value == 1, "reason": reason}))


if __name__ == "__main__":
    main()

"""Judge a call, `operation.txt` and `arguments.json`, by `task.json`; runs in the sandbox.

The call must be one of the operations that were offered, fit its schema, and lead from
the state at the start to exactly the wanted one. An answer is data: nothing of it is run.
"""

import json
import pathlib
import re

from world import OPERATIONS, OperationRefused, carry_out

TYPES = {"string": str, "integer": int, "array": list, "object": dict}
REACHED_NOTHING, FITS = 0.0, 0.25


def fault(value, schema, name="arguments"):
    """Return why a value does not fit a JSON schema, '' if it does.

    Knows the keywords that world.py uses.
    """
    if type(value) is not TYPES[schema["type"]]:
        return f"{name} is not of type {schema['type']}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{name} must be one of {', '.join(schema['enum'])}"
    if isinstance(value, str):
        return _fault_of_text(value, schema, name)
    if isinstance(value, int):
        fits = schema["minimum"] <= value <= schema["maximum"] and not value % schema["multipleOf"]
        said = f"{schema['minimum']} to {schema['maximum']} in steps of {schema['multipleOf']}"
        return "" if fits else f"{name} must be {said}"
    if isinstance(value, list):
        if len(value) < schema["minItems"]:
            return f"{name} is empty"
        inner = [fault(one, schema["items"], f"{name}: an entry") for one in value]
        if any(inner):
            return next(filter(None, inner))
        return f"{name} names somebody twice" if len(set(value)) < len(value) else ""
    return _fault_of_object(value, schema)


def _fault_of_text(value, schema, name):
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        return f"{name} must look like {schema['pattern']}"
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 200):
        return f"{name} is too short or too long"
    return ""


def _fault_of_object(value, schema):
    if missing := [key for key in schema["required"] if key not in value]:
        return f"{missing[0]} is missing"
    if unknown := [key for key in value if key not in schema["properties"]]:
        return f"there is no argument {unknown[0][:40]}"
    found = (fault(one, schema["properties"][key], key) for key, one in value.items())
    return next(filter(None, found), "")


def read(text):
    """Return JSON that means one thing: no key stands twice, and NaN is no number.

    Raises:
        ValueError: it is none.
    """

    def once(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    def number(word):
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, object_pairs_hook=once, parse_constant=number)


def judged(task, operation, text):
    """Return how near a call comes, 1 if it does what was asked for, and the reason."""
    if operation not in task["operations"]:
        return REACHED_NOTHING, f"no operation {operation[:40]!r} is offered"
    try:
        arguments = read(text)
    except (ValueError, RecursionError) as error:
        return REACHED_NOTHING, f"the arguments are no JSON: {error}"
    if why := fault(arguments, OPERATIONS[operation]["parameters"]):
        return REACHED_NOTHING, f"{operation}: {why}"
    try:
        after = carry_out(task["state"], operation, arguments)
    except OperationRefused as error:
        return REACHED_NOTHING, f"{operation}: {error}"
    if same(after, task["wanted"]):
        return 1.0, "the state is the one that was asked for"
    return FITS, f"{operation} leads to another state: {difference(after, task['wanted'])}"


def same(state, other):
    """Return whether two states are equal; true is no 1."""
    return json.dumps(state, sort_keys=True) == json.dumps(other, sort_keys=True)


def difference(after, wanted):
    """Return the first entry that differs."""
    for section in wanted:
        for name in sorted({*after[section], *wanted[section]}):
            mine, right = (_entry(state[section], name) for state in (after, wanted))
            if not same(mine, right):
                return f"{section} {name} is {json.dumps(mine)[:120]}"
    return "?"


def _entry(section, name):
    if isinstance(section, dict):
        return section.get(name)
    return name in section


def main():
    """Print the verdict as forge reads it."""
    here = pathlib.Path()
    try:
        operation, text = (
            (here / name).read_text(encoding="utf-8")
            for name in ("operation.txt", "arguments.json")
        )
    except OSError:
        value, reason = REACHED_NOTHING, "there is no call"
    except UnicodeDecodeError:
        value, reason = REACHED_NOTHING, "the call is no UTF-8"
    else:
        task = json.loads((here / "task.json").read_text(encoding="utf-8"))
        value, reason = judged(task, operation, text)
    print(json.dumps({"value": value, "passed": value == 1, "reason": reason[:300]}))


if __name__ == "__main__":
    main()

"""The desk: a state as JSON, and the operations that change it. Standard library only.

The same file makes the items and judges in the sandbox, so that both do the same.
"""

import copy

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
REGIONS = ("north", "south", "east", "west")
PRIORITIES = ("low", "normal", "high", "urgent")
RESOLUTIONS = ("fixed", "declined", "duplicate")
LABELS = ("network", "storage", "billing", "login", "docs")
ROLES = ("reader", "operator", "admin")


class OperationRefused(Exception):
    """An operation that the state does not allow; `args[0]` says why."""


def _text(**more):
    return {"type": "string", **more}


def _choice(values):
    return {"type": "string", "enum": list(values)}


def _number(least, most, step=1):
    return {"type": "integer", "minimum": least, "maximum": most, "multipleOf": step}


def _operation(does, **properties):
    parameters = {"type": "object", "properties": properties}
    parameters |= {"required": list(properties), "additionalProperties": False}
    return {"description": does, "parameters": parameters}


_SERVICE, _TICKET, _PERSON = _text(), _text(pattern="T-[0-9]+"), _text()
_ALERT, _WINDOW = _text(pattern="A-[0-9]+"), _text(pattern="W-[0-9]+")
_START = _text(pattern="([01][0-9]|2[0-3]):[0-5][0-9]")
_VERSION = _text(pattern="[0-9]+[.][0-9]+[.][0-9]+")
_PEOPLE = {"type": "array", "items": _PERSON, "minItems": 1, "uniqueItems": True}
_TITLE = _text(minLength=1, maxLength=80)
_MINUTES = _number(5, 1440)

OPERATIONS = {
    "scale_service": _operation(
        "Set how many replicas a service has.", service=_SERVICE, replicas=_number(0, 20)
    ),
    "deploy_version": _operation(
        "Run another version; the one it ran becomes its previous one.",
        service=_SERVICE,
        version=_VERSION,
    ),
    "stop_service": _operation("Stop a service that runs.", service=_SERVICE),
    "start_service": _operation("Start a service that is stopped.", service=_SERVICE),
    "move_service": _operation(
        "Move a service to a region.", service=_SERVICE, region=_choice(REGIONS)
    ),
    "set_memory": _operation(
        "Set a service's memory.", service=_SERVICE, memory_mb=_number(64, 8192, 64)
    ),
    "hand_over_service": _operation(
        "Give a service another owner.", service=_SERVICE, owner=_PERSON
    ),
    "open_ticket": _operation(
        "Open a ticket about a service.",
        service=_SERVICE,
        title=_TITLE,
        priority=_choice(PRIORITIES),
    ),
    "assign_ticket": _operation("Give a ticket to a person.", ticket=_TICKET, person=_PERSON),
    "set_priority": _operation(
        "Set a ticket's priority.", ticket=_TICKET, priority=_choice(PRIORITIES)
    ),
    "close_ticket": _operation(
        "Close an open ticket.", ticket=_TICKET, resolution=_choice(RESOLUTIONS)
    ),
    "reopen_ticket": _operation("Open a closed ticket again.", ticket=_TICKET),
    "add_label": _operation("Put a label on a ticket.", ticket=_TICKET, label=_choice(LABELS)),
    "remove_label": _operation("Take a label off a ticket.", ticket=_TICKET, label=_choice(LABELS)),
    "merge_tickets": _operation(
        "Close a ticket as a duplicate of another one.", ticket=_TICKET, into=_TICKET
    ),
    "add_watchers": _operation("Let people watch a ticket.", ticket=_TICKET, people=_PEOPLE),
    "silence_alert": _operation("Silence an alert.", alert=_ALERT, minutes=_MINUTES),
    "acknowledge_alert": _operation("Note who looks after an alert.", alert=_ALERT, person=_PERSON),
    "set_on_call": _operation("Set who is on call.", day=_choice(DAYS), person=_PERSON),
    "swap_on_call": _operation(
        "Exchange who is on call on two days.", day=_choice(DAYS), other_day=_choice(DAYS)
    ),
    "grant_access": _operation(
        "Give a person a role on a service.",
        person=_PERSON,
        service=_SERVICE,
        role=_choice(ROLES),
    ),
    "revoke_access": _operation(
        "Take a person's role on a service away.", person=_PERSON, service=_SERVICE
    ),
    "plan_window": _operation(
        "Plan a maintenance window.",
        service=_SERVICE,
        day=_choice(DAYS),
        start=_START,
        minutes=_MINUTES,
    ),
    "move_window": _operation(
        "Move a maintenance window.", window=_WINDOW, day=_choice(DAYS), start=_START
    ),
    "cancel_window": _operation("Cancel a maintenance window.", window=_WINDOW),
}


def carry_out(state, operation, arguments):
    """Return the state after a call whose arguments fit its schema.

    Raises:
        OperationRefused: something that it names is not there, or is not so.
    """
    after = copy.deepcopy(state)
    _check_people(after, arguments)
    _EFFECTS[operation](after, **arguments)
    return after


def _check_people(state, arguments):
    named = [arguments[key] for key in ("person", "owner") if key in arguments]
    for person in [*named, *arguments.get("people", ())]:
        if person not in state["people"]:
            raise OperationRefused(f"there is no person {person}")


def _entry(state, section, name):
    if name not in state[section]:
        raise OperationRefused(f"{section} has no {name}")
    return state[section][name]


def _new(state, section, letter):
    numbers = [int(name.partition("-")[2]) for name in state[section]]
    return f"{letter}-{max(numbers, default=0) + 1}"


def _set(section, key, field, given):
    """Return an effect: one argument becomes one field of an entry."""

    def effect(state, **arguments):
        _entry(state, section, arguments[key])[field] = arguments[given]

    return effect


def _deploy(state, service, version):
    one = _entry(state, "services", service)
    if version == one["version"]:
        raise OperationRefused(f"{service} runs {version} already")
    one["previous"], one["version"] = one["version"], version


def _runs(wanted):
    def effect(state, service):
        one = _entry(state, "services", service)
        if one["running"] is wanted:
            raise OperationRefused(f"{service} is {'running' if wanted else 'stopped'} already")
        one["running"] = wanted

    return effect


def _open_ticket(state, service, title, priority):
    _entry(state, "services", service)
    facts = {"title": title, "service": service, "priority": priority, "status": "open"}
    facts |= {"assignee": "nobody", "labels": [], "watchers": []}
    state["tickets"][_new(state, "tickets", "T")] = facts


def _close(state, ticket, resolution):
    one = _entry(state, "tickets", ticket)
    if one["status"] != "open":
        raise OperationRefused(f"{ticket} is not open")
    one["status"] = resolution


def _reopen(state, ticket):
    one = _entry(state, "tickets", ticket)
    if one["status"] == "open":
        raise OperationRefused(f"{ticket} is open")
    one["status"] = "open"


def _add_label(state, ticket, label):
    one = _entry(state, "tickets", ticket)
    one["labels"] = sorted({*one["labels"], label})


def _remove_label(state, ticket, label):
    one = _entry(state, "tickets", ticket)
    if label not in one["labels"]:
        raise OperationRefused(f"{ticket} has no label {label}")
    one["labels"].remove(label)


def _merge(state, ticket, into):
    _entry(state, "tickets", into)
    if ticket == into:
        raise OperationRefused("a ticket is no duplicate of itself")
    _close(state, ticket, "duplicate")
    state["tickets"][ticket]["duplicate_of"] = into


def _watch(state, ticket, people):
    one = _entry(state, "tickets", ticket)
    one["watchers"] = sorted({*one["watchers"], *people})


def _swap(state, day, other_day):
    roster = state["on_call"]
    roster[day], roster[other_day] = roster[other_day], roster[day]


def _grant(state, person, service, role):
    _entry(state, "services", service)
    state["access"].setdefault(person, {})[service] = role


def _revoke(state, person, service):
    if service not in state["access"].get(person, {}):
        raise OperationRefused(f"{person} has no role on {service}")
    del state["access"][person][service]


def _plan(state, service, **facts):
    _entry(state, "services", service)
    state["windows"][_new(state, "windows", "W")] = {"service": service, **facts}


def _move_window(state, window, day, start):
    _entry(state, "windows", window).update(day=day, start=start)


def _cancel(state, window):
    _entry(state, "windows", window)
    del state["windows"][window]


_EFFECTS = {
    "scale_service": _set("services", "service", "replicas", "replicas"),
    "deploy_version": _deploy,
    "stop_service": _runs(False),
    "start_service": _runs(True),
    "move_service": _set("services", "service", "region", "region"),
    "set_memory": _set("services", "service", "memory_mb", "memory_mb"),
    "hand_over_service": _set("services", "service", "owner", "owner"),
    "open_ticket": _open_ticket,
    "assign_ticket": _set("tickets", "ticket", "assignee", "person"),
    "set_priority": _set("tickets", "ticket", "priority", "priority"),
    "close_ticket": _close,
    "reopen_ticket": _reopen,
    "add_label": _add_label,
    "remove_label": _remove_label,
    "merge_tickets": _merge,
    "add_watchers": _watch,
    "silence_alert": _set("alerts", "alert", "silent_minutes", "minutes"),
    "acknowledge_alert": _set("alerts", "alert", "looked_after_by", "person"),
    "set_on_call": lambda state, day, person: state["on_call"].update({day: person}),
    "swap_on_call": _swap,
    "grant_access": _grant,
    "revoke_access": _revoke,
    "plan_window": _plan,
    "move_window": _move_window,
    "cancel_window": _cancel,
}

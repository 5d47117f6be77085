"""The functions: each family one idea, with a number and a fault that vary.

In a source `K` is the number of the variant. A fault is a text of the source
and what a careless hand wrote instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FaultFamily:
    """One idea.

    Args:
        says: the docstring.
        body: the lines after it.
        argument: the parameters.
        faults: (what it is called, right text, wrong text).
        cases: arguments of each call.
        numbers: values of `K`.
    """

    name: str
    argument: str
    says: str
    body: str
    faults: tuple[tuple[str, str, str], ...]
    cases: tuple[tuple[Any, ...], ...]
    numbers: tuple[int, ...] = (2, 3, 4, 5, 6)


_LISTS = (([],), ([4],), ([3, 9, 2, 9],), ([5, 1, 8, 6, 7],), ([-2, 0, 3, 3, 12, 4],))
_TEXTS = (("",), ("oak",), ("a grey Owl",), ("Never odd or even",), ("Level",), ("tide is out",))

FAMILIES = (
    FaultFamily(
        "clamp",
        "value",
        "Return value, but at least K and at most K + 10.",
        "    if value < K:\n        return K\n    if value > K + 10:\n        return K + 10\n"
        "    return value\n",
        (
            ("turned", "value < K", "value > K"),
            ("wrong_bound", "        return K + 10\n", "        return K\n"),
            ("no_upper", "value > K + 10", "value > K + 100"),
        ),
        ((-4,), (0,), (4,), (9,), (14,), (15,), (40,)),
    ),
    FaultFamily(
        "count_over",
        "values",
        "Return how many values are greater than K.",
        "    total = 0\n    for value in values:\n        if value > K:\n            total += 1\n"
        "    return total\n",
        (
            ("bound", "value > K", "value >= K"),
            ("set", "total += 1", "total = 1"),
            ("start", "total = 0", "total = 1"),
        ),
        (([],), ([2, 3, 5],), ([9, 8, 7],), ([3, 9, 2, 9, 5],), ([1, 2],)),
    ),
    FaultFamily(
        "mean",
        "values",
        "Return the mean of the values, K if there are none.",
        "    if not values:\n        return K\n    return sum(values) / len(values)\n",
        (
            ("none", "        return K\n", "        return 0\n"),
            ("short", "len(values)", "(len(values) - 1 or 1)"),
            ("whole", "sum(values) / len", "sum(values) // len"),
        ),
        _LISTS,
    ),
    FaultFamily(
        "running",
        "values",
        "Return the running totals of the values, starting from K.",
        "    total, found = K, []\n    for value in values:\n        total += value\n"
        "        found.append(total)\n    return found\n",
        (
            ("start", "total, found = K", "total, found = 0"),
            ("no_sum", "append(total)", "append(value)"),
            ("minus", "total += value", "total -= value"),
        ),
        _LISTS,
    ),
    FaultFamily(
        "largest_gap",
        "values",
        "Return the largest difference of two neighbours, at least K.",
        "    best = K\n    for left, right in zip(values, values[1:]):\n"
        "        best = max(best, abs(right - left))\n    return best\n",
        (
            ("smallest", "max(best", "min(best"),
            ("signed", "abs(right - left)", "right - left"),
            ("itself", "values[1:]", "values"),
        ),
        _LISTS,
    ),
    FaultFamily(
        "place_of",
        "values, wanted",
        "Return the first place of wanted, counted from K, or -1 if it is not there.",
        "    for place, value in enumerate(values, K):\n        if value == wanted:\n"
        "            return place\n    return -1\n",
        (
            ("count", "enumerate(values, K)", "enumerate(values)"),
            ("none", "return -1", "return 0"),
            ("other", "value == wanted", "value != wanted"),
        ),
        (([], 1), ([4], 4), ([3, 9, 2, 9], 9), ([5, 1], 7), ([1, 2, 3, 4], 4)),
    ),
    FaultFamily(
        "distinct",
        "values",
        "Return each value once, in order of first sight, at most K of them.",
        "    found = []\n    for value in values:\n        if value not in found:\n"
        "            found.append(value)\n    return found[:K]\n",
        (
            ("all", "found[:K]", "found"),
            ("repeats", "if value not in found", "if value"),
            ("last", "found[:K]", "found[-K:]"),
        ),
        (([],), ([7, 7, 0],), ([3, 9, 2, 9, 4, 1, 6],), (list("lantern"),), ([1, 1, 1],)),
    ),
    FaultFamily(
        "parts",
        "values",
        "Return the values in lists of K, the last one as long as it comes.",
        "    return [values[at : at + K] for at in range(0, len(values), K)]\n",
        (
            ("step", "len(values), K)", "len(values))"),
            ("drop", "range(0, len(values), K)", "range(0, len(values) - K + 1, K)"),
            ("late", "range(0,", "range(1,"),
        ),
        (([],), ([1],), ([1, 2, 3, 4, 5, 6, 7],), (list(range(10)),)),
    ),
    FaultFamily(
        "turned",
        "values",
        "Return the values with the first K moved to the end.",
        "    if not values:\n        return []\n    split = K % len(values)\n"
        "    return values[split:] + values[:split]\n",
        (
            ("back", "values[split:] + values[:split]", "values[-split:] + values[:-split]"),
            ("lost", " + values[:split]", ""),
            ("far", "K % len(values)", "K"),
        ),
        (([],), ([1],), ([1, 2, 3],), ([5, 6, 7, 8],), (list("harbour"),)),
    ),
    FaultFamily(
        "initials",
        "text",
        "Return the first letters of the first K words, as capitals.",
        "    words = text.split()[:K]\n    return ''.join(word[0].upper() for word in words)\n",
        (
            ("all", "text.split()[:K]", "text.split()"),
            ("small", "word[0].upper()", "word[0]"),
            ("end", "word[0]", "word[-1]"),
        ),
        (*_TEXTS, ("one two three four five six",)),
    ),
    FaultFamily(
        "vowels",
        "text",
        "Return how many vowels the text has, capitals too, at most K.",
        "    return min(K, sum(letter in 'aeiou' for letter in text.lower()))\n",
        (
            ("capitals", "text.lower()", "text"),
            ("most", "min(K,", "max(K,"),
            ("letters", "'aeiou'", "'aeio'"),
        ),
        (*_TEXTS, ("UUU",), ("Iou",), ("Oak",)),
    ),
    FaultFamily(
        "masked",
        "text",
        "Return the text with all but its last K characters replaced by stars.",
        "    hidden = max(len(text) - K, 0)\n    return '*' * hidden + text[hidden:]\n",
        (
            ("first", "'*' * hidden + text[hidden:]", "text[:K] + '*' * hidden"),
            ("one_less", "len(text) - K", "len(text) - K - 1"),
            ("one_star", "'*' * hidden", "'*'"),
        ),
        (*_TEXTS, ("a-long-secret",)),
    ),
    FaultFamily(
        "mirrored",
        "text",
        "Return whether the text, without blanks and case, reads the same both ways and has "
        "K letters or more.",
        "    plain = text.replace(' ', '').lower()\n"
        "    return len(plain) >= K and plain == plain[::-1]\n",
        (
            ("case", ".lower()", ""),
            ("blanks", "text.replace(' ', '')", "text"),
            ("short", "len(plain) >= K", "len(plain) >= 0"),
        ),
        (*_TEXTS, ("a",), ("Noon",), ("No on",)),
    ),
    FaultFamily(
        "tally",
        "words",
        "Return how often each word occurs; words that occur fewer than K times are left out.",
        "    found = {}\n    for word in words:\n        found[word] = found.get(word, 0) + 1\n"
        "    return {word: n for word, n in found.items() if n >= K}\n",
        (
            ("bound", "n >= K", "n > K"),
            ("start", "found.get(word, 0)", "found.get(word, 1)"),
            ("all", " if n >= K", ""),
        ),
        (([],), (list("banana"),), (list("aabbbcccccdd"),), (["ash", "oak"] * 3,)),
    ),
    FaultFamily(
        "settings",
        "text",
        "Return a text such as 'a=1;b=2' as names and whole numbers; an empty number is K.",
        "    found = {}\n    for part in filter(None, text.split(';')):\n"
        "        name, _, number = part.partition('=')\n"
        "        found[name.strip()] = int(number) if number else K\n    return found\n",
        (
            ("default", "else K", "else 0"),
            ("blanks", "name.strip()", "name"),
            ("text", "int(number) if", "number if"),
        ),
        (("",), ("a=1",), ("a=1; b=20;",), ("lamp=;x=7",)),
    ),
    FaultFamily(
        "listed",
        "names",
        "Return the names as a sentence has them: 'a, b and c'; more than K as 'a and n others'.",
        "    if len(names) > K:\n        return f'{names[0]} and {len(names) - 1} others'\n"
        "    if len(names) < 2:\n        return ''.join(names)\n"
        "    return ', '.join(names[:-1]) + ' and ' + names[-1]\n",
        (
            ("others", "len(names) - 1", "len(names)"),
            ("last", "names[:-1]", "names"),
            ("bound", "len(names) > K", "len(names) >= K"),
        ),
        (([],), (["a"],), (["a", "b"],), (list("abc"),), (list("abcde"),), (list("abcdefg"),)),
    ),
    FaultFamily(
        "digits",
        "number",
        "Return the sum of the number's decimal digits, the last one counted K times.",
        "    number = abs(number)\n    total = (K - 1) * (number % 10)\n    while number:\n"
        "        total += number % 10\n        number //= 10\n    return total\n",
        (
            ("once", "(K - 1) * (number % 10)", "0"),
            ("nine", "total += number % 10", "total += number % 9"),
            ("sign", "abs(number)", "max(number, 0)"),
        ),
        ((0,), (7,), (12,), (905,), (-31,), (99999,)),
    ),
    FaultFamily(
        "multiples",
        "limit",
        "Return the multiples of K from K up to and with limit.",
        "    return list(range(K, limit + 1, K))\n",
        (
            ("without", "limit + 1", "limit"),
            ("zero", "range(K,", "range(0,"),
            ("every", ", K))", "))"),
        ),
        ((0,), (1,), (6,), (10,), (15,), (31,)),
    ),
    FaultFamily(
        "insertion",
        "values, wanted",
        "Return where wanted goes into sorted values, after equal ones, plus K.",
        "    low, high = 0, len(values)\n    while low < high:\n"
        "        middle = (low + high) // 2\n        if values[middle] <= wanted:\n"
        "            low = middle + 1\n        else:\n            high = middle\n"
        "    return low + K\n",
        (
            ("before", "values[middle] <= wanted", "values[middle] < wanted"),
            ("plus", "low + K", "low"),
            ("short", "0, len(values)", "0, max(len(values) - 1, 0)"),
        ),
        (([], 3), ([1, 4, 9], 4), ([1, 4, 4, 9], 4), ([1, 4, 9], 0), ([1, 4, 9], 10)),
    ),
    FaultFamily(
        "merged",
        "left, right",
        "Return two sorted lists as one sorted list, values over K * 10 left out.",
        "    found, left, right = [], list(left), list(right)\n    while left or right:\n"
        "        if not right or (left and left[0] <= right[0]):\n"
        "            found.append(left.pop(0))\n        else:\n"
        "            found.append(right.pop(0))\n"
        "    return [value for value in found if value <= K * 10]\n",
        (
            ("bound", "value <= K * 10", "value < K * 10"),
            ("turned", "left[0] <= right[0]", "left[0] >= right[0]"),
            ("all", " if value <= K * 10", ""),
        ),
        (([], []), ([1], []), ([1, 20, 30], [2, 50]), ([5, 6], [1, 2, 90]), ([], [3, 30])),
    ),
    FaultFamily(
        "columns",
        "rows",
        "Return the columns of the rows, each with K added to its values.",
        "    return [[value + K for value in column] for column in zip(*rows)]\n",
        (
            ("rows", "zip(*rows)", "rows"),
            ("times", "value + K", "value * K"),
            ("plain", "value + K", "value"),
        ),
        (([],), ([[1, 2]],), ([[1, 2], [3, 4], [5, 7]],), ([[6, 0, 1], [2, 9, 9]],)),
    ),
    FaultFamily(
        "price",
        "count",
        "Return the price of count pieces: K each, and one less each from the eleventh on.",
        "    full = min(count, 10)\n    return full * K + (count - full) * (K - 1)\n",
        (
            ("ninth", "min(count, 10)", "min(count, 9)"),
            ("more", "(K - 1)", "(K + 1)"),
            ("all", "full * K + (count - full)", "count * K + (count - full)"),
        ),
        ((0,), (1,), (10,), (11,), (25,)),
    ),
    FaultFamily(
        "clock",
        "minutes",
        "Return minutes after midnight, K hours later, as 'hh:mm' of a day.",
        "    hours, rest = divmod(minutes + K * 60, 60)\n    return f'{hours % 24:02}:{rest:02}'\n",
        (
            ("day", "hours % 24", "hours"),
            ("wide", "{rest:02}", "{rest}"),
            ("shift", "minutes + K * 60", "minutes + K"),
        ),
        ((0,), (59,), (605,), (1439,), (1500,)),
    ),
    FaultFamily(
        "leading",
        "scores",
        "Return the K names with the highest scores, best first, equal ones by name.",
        "    ranked = sorted(scores, key=lambda name: (-scores[name], name))\n"
        "    return ranked[:K]\n",
        (
            ("lowest", "-scores[name]", "scores[name]"),
            ("all", "ranked[:K]", "ranked"),
            ("by_name", "(-scores[name], name)", "name"),
        ),
        (({},), ({"b": 3, "a": 3, "c": 9},), ({"f": 5, "e": 1, "d": 5, "c": 8, "b": 2, "a": 8},)),
    ),
)

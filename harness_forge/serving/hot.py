"""vLLM's calls to load and unload an adapter while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from harness_forge.core.errors import ServeError

TIMEOUT_S = 300.0


def listed(url: str) -> dict[str, Path | None]:
    """Return the models that a server lists, adapters with their folders.

    Args:
        url: up to and with /v1.

    Raises:
        ServeError: it does not answer.
    """
    reply = _sent("GET", f"{url}/models")
    if reply.status_code != 200:
        raise _refused(reply, f"{url}/models")
    return {
        model["id"]: Path(model["root"]) if model.get("parent") else None
        for model in reply.json()["data"]
    }


def load(url: str, name: str, folder: Path) -> None:
    """Load an adapter under a name that is new to the server.

    Raises:
        ServeError: it does not answer, does not take adapters, or cannot read this one.
    """
    body = {"lora_name": name, "lora_path": str(folder.absolute())}
    reply = _sent("POST", f"{url}/load_lora_adapter", body)
    if reply.status_code == 404 and "lora" not in reply.text.lower():
        hint = "start it with serve.hot_swap=true"
        raise ServeError(url, "takes no adapter while it runs", hint)
    if reply.status_code != 200:
        raise _refused(reply, f"adapter {name}")


def unload(url: str, name: str) -> None:
    """Unload an adapter; requests in progress end normally.

    Raises:
        ServeError: it does not answer, or does not know it.
    """
    reply = _sent("POST", f"{url}/unload_lora_adapter", {"lora_name": name})
    if reply.status_code != 200:
        raise _refused(reply, f"adapter {name}")


def _sent(method: str, url: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
    try:
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as client:
            return client.request(method, url, json=body)
    except httpx.HTTPError as error:
        what = f"does not answer ({error or type(error).__name__})"
        raise ServeError(url, what, "`forge serve status` shows what runs") from None


def _refused(reply: httpx.Response, where: str) -> ServeError:
    try:
        said = reply.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = reply.text
    flat = " ".join(str(said).split())[:200]
    return ServeError(where, f"the server refused ({reply.status_code}): {flat}")

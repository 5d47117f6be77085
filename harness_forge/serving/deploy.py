"""The same server as a systemd unit and as a compose file; nothing is started here.

The unit runs `forge serve`, so that a restart serves the champions of that day. A
container runs vLLM itself, with the host's folders at the same paths, so that a
swap can use the same paths for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness_forge.config.serve import ServeHardware

IMAGES = {
    ServeHardware.cuda: "vllm/vllm-openai:v0.32.0",
    ServeHardware.cpu: "public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0",
}
"""vLLM's published images, at the version of the serve workset."""

_INSIDE = "0.0.0.0"  # noqa: S104
"""All addresses of the container: `ports` publishes it on the host's loopback only."""


def unit(command: Sequence[str], about: str, folder: Path, extra: Mapping[str, str]) -> str:
    """Return a systemd unit for a user's or the system's manager.

    Args:
        command: `forge serve`, with absolute paths.
        about: what it serves, in one line.
        folder: the project's.
        extra: variables that switch telemetry off.
    """
    variables = "\n".join(f"Environment={_unit_word(f'{k}={v}')}" for k, v in sorted(extra.items()))
    return f"""\
# Written by `forge serve --unit`. As a user's: ~/.config/systemd/user/forge-serve.service, then
#   systemctl --user daemon-reload && systemctl --user enable --now forge-serve
[Unit]
Description=forge serve: {about.replace("%", "%%")}
After=network.target

[Service]
Type=exec
WorkingDirectory={str(folder).replace("%", "%%")}
ExecStart={" ".join(map(_command_word, command))}
{variables}
Restart=on-failure
RestartSec=10
# Forge ends vLLM and its children itself; what is left after a minute is killed.
KillMode=mixed
TimeoutStopSec=60
NoNewPrivileges=yes
# Nothing leaves this machine.
IPAddressDeny=any
IPAddressAllow=localhost

[Install]
WantedBy=default.target
"""


def compose(
    command: Sequence[str],
    hardware: ServeHardware,
    port: int,
    extra: Mapping[str, str],
    mounts: Sequence[Path],
    image: str = "",
) -> str:
    """Return a compose file.

    Args:
        command: vLLM's, from `vllm_command.command`.
        extra: its variables.
        mounts: folders and files that it reads.
        image: '' is vLLM's own.
    """
    import yaml

    service = {
        "image": image or IMAGES[hardware],
        "command": [_dollars(word) for word in _inside(command)],
        "environment": {key: _dollars(value) for key, value in sorted(extra.items())},
        # On this machine's loopback only.
        "ports": [f"127.0.0.1:{port}:{port}"],
        "volumes": [
            {"type": "bind", "source": _dollars(one), "target": _dollars(one), "read_only": True}
            for one in dict.fromkeys(str(mount.absolute()) for mount in mounts)
        ],
        "ipc": "host",
        "restart": "unless-stopped",
        "healthcheck": {
            "test": ["CMD", "python3", "-c", _health(port)],
            "interval": "30s",
            "timeout": "10s",
            "retries": 3,
            "start_period": "900s",
        },
    }
    if hardware is ServeHardware.cuda:
        device = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    file = {"name": "forge-serve", "services": {"vllm": service}}
    head = "# Written by `forge serve --compose`: docker compose -f FILE up -d\n"
    return head + yaml.safe_dump(file, sort_keys=False, width=100)


def _inside(command: Sequence[str]) -> list[str]:
    """Return the arguments after the program: the image's entry point is `vllm serve`."""
    words = list(command)
    start = words.index("serve") if "serve" in words[:2] else words.index("--model")
    words = words[start + 1 :]
    words[words.index("--host") + 1] = _INSIDE
    return words


def _health(port: int) -> str:
    return f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health', timeout=9)"


def _dollars(word: str) -> str:
    return word.replace("$", "$$")


def _unit_word(word: str) -> str:
    """Return a word quoted for systemd, its specifiers doubled."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def _command_word(word: str) -> str:
    """Return a word quoted for a command line, where a dollar begins a variable too."""
    plain = word and all(c.isalnum() or c in "/._-=:,+@~[]" for c in word)
    return word if plain else _unit_word(word.replace("$", "$$"))

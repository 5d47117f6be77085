"""Tokens with a form of their own, and where they must be found."""

from __future__ import annotations

import string
from collections.abc import Callable

from drawing import ALNUM, HEX, UPPER, URLSAFE, Draw

FORMS = {"github_fine_token": "github_token"}
"""Second forms of a kind."""
SURROUNDINGS = (
    "export {name}={value}",
    "{name}: {value}",
    '{{"{name}": "{value}"}}',
    "{name} = '{value}'",
    "Use {value} to log in to the API.",
    "curl -H 'X-Thing: {value}' https://api.example.com/v1",
    "ERROR 403 for key {value} at line 12",
    'client = Client("{value}")',
    "echo {value} > /run/key\nchmod 600 /run/key",
    "first line\\n{value}\\nlast line",
    "<setting>{value}</setting>",
    "({value})",
)
"""Where a token with a form of its own must be found, whatever stands around it."""

TOKENS: dict[str, Callable[[Draw], str]] = {
    "aws_access_key": lambda d: d.choice(["AK" + "IA", "AS" + "IA"]) + d.of(UPPER, 16),
    "github_token": lambda d: d.choice(["gh" + "p_", "gh" + "o_", "gh" + "s_"]) + d.of(ALNUM, 36),
    "github_fine_token": lambda d: "github" + "_pat_" + d.of(ALNUM, 22) + "_" + d.of(ALNUM, 59),
    "gitlab_token": lambda d: (
        d.choice(["glp" + "at-", "gld" + "t-", "glr" + "t-"]) + d.of(URLSAFE, 20)
    ),
    "slack_token": lambda d: (
        f"xo{'x'}{d.choice('bp')}-{d.randint(10**10, 10**11)}-{d.randint(10**10, 10**11)}-"
        + d.of(ALNUM, 24)
    ),
    "slack_webhook": lambda d: (
        "https://hooks."
        + f"slack.com/services/T{d.of(UPPER, 8)}/B{d.of(UPPER, 10)}/{d.of(ALNUM, 24)}"
    ),
    "openai_key": lambda d: (
        "sk" + "-" + d.choice(["", "proj-"]) + d.of(ALNUM, 20) + "T3Blbk" + "FJ" + d.of(ALNUM, 20)
    ),
    "anthropic_key": lambda d: "sk-" + "ant-api03-" + d.of(URLSAFE, 93) + "AA",
    "stripe_key": lambda d: d.choice(["sk", "rk"]) + "_li" + "ve_" + d.of(ALNUM, 24),
    "google_key": lambda d: "AI" + "za" + d.of(URLSAFE, 34) + "k",
    "huggingface_token": lambda d: "h" + "f_" + d.of(string.ascii_letters, 34),
    "npm_token": lambda d: "np" + "m_" + d.of(ALNUM, 36),
    "pypi_token": lambda d: "py" + "pi-AgEIcHlwaS5vcmc" + d.of(ALNUM, 90),
    "sendgrid_key": lambda d: "S" + "G." + d.of(URLSAFE, 22) + "." + d.of(ALNUM, 43),
    "mailchimp_key": lambda d: d.of(HEX, 32) + "-u" + f"s{d.randint(1, 21)}",
    "twilio_key": lambda d: "S" + "K" + d.of(HEX, 32),
    "telegram_token": lambda d: f"{d.randint(10**8, 10**10 - 1)}:AA" + d.of(URLSAFE, 32) + "x",
    "discord_token": lambda d: (
        d.choice("MNO") + d.of(ALNUM, 23) + "." + d.of(ALNUM, 6) + "." + d.of(ALNUM, 27)
    ),
    "square_secret": lambda d: "sq0" + "csp-" + d.of(ALNUM, 43),
    "digitalocean_token": lambda d: "do" + "p_v1_" + d.of(HEX, 64),
    "vault_token": lambda d: "hv" + "s." + d.of(ALNUM, 24),
    "databricks_token": lambda d: "da" + "pi" + d.of(HEX, 32),
    "docker_token": lambda d: "dckr" + "_pat_" + d.of(ALNUM, 27),
    "grafana_token": lambda d: "gl" + "sa_" + d.of(ALNUM, 32) + "_" + d.of(HEX, 8),
    "linear_key": lambda d: "lin" + "_api_" + d.of(ALNUM, 40),
    "postman_key": lambda d: "PM" + "AK-" + d.of(HEX, 24) + "-" + d.of(HEX, 34),
    "shopify_token": lambda d: "shp" + "at_" + d.of(HEX, 32),
    "tailscale_key": lambda d: "ts" + "key-auth-" + d.of(ALNUM, 12) + "-" + d.of(ALNUM, 32),
    "atlassian_token": lambda d: "ATA" + "TT3x" + d.of(URLSAFE, 180) + "=" + d.of(UPPER, 8),
    "age_key": lambda d: "AGE-SECRET" + "-KEY-1" + d.of(UPPER, 58),
    "jwt": Draw.jwt,
    "private_key": lambda d: d.pem(d.choice(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])),
}

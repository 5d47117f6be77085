"""Secrets to be found: made at a fixed seed from templates, none of them real.

A secret's text is put together when it is asked for, so that no file here
holds anything a scanner of repositories would stop at.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "_-"
EACH = 12
"""Secrets of one kind."""


class Planted(NamedTuple):
    """A text and the values in it that must not come through."""

    kind: str
    text: str
    values: tuple[str, ...]


class Draw(random.Random):
    """Draws the bodies of secrets."""

    def of(self, letters: str, count: int) -> str:
        """Return `count` of the letters."""
        return "".join(self.choices(letters, k=count))

    def b64(self, count: int) -> str:
        """Return base64 of `count` random bytes."""
        return base64.b64encode(self.randbytes(count)).decode()

    def password(self) -> str:
        """Return a password as people choose them."""
        word = self.choice(
            ["Winter", "hunter", "Tr0ub4dor", "dragon", "Sommer", "letMeIn", "qwerty", "P4ris"]
        )
        return (
            word
            + self.choice(["!", "#", "_", "-", "@", ""])
            + str(self.randint(10, 9999))
            + self.choice(["", "x", "Z!"])
        )

    def person(self) -> str:
        """Return a user name."""
        return self.choice(
            ["jdoe", "m.smith", "akowalski", "li.wei", "sgarcia", "tanja_b", "okonkwo", "rpatel7"]
        )

    def host(self) -> str:
        """Return a machine's name without a domain."""
        return (
            self.choice(["web", "db", "app", "ldap", "mx", "node", "k8s-worker-"])
            + f"{self.randint(1, 99):02}"
        )

    def domain(self) -> str:
        """Return a company's domain."""
        return self.choice(
            [
                "acmebank.com",
                "corp.contoso-labs.net",
                "int.northwind.org",
                "prod.globex.io",
                "umbrella.co.uk",
            ]
        )

    def ipv4(self) -> str:
        """Return an address of a private network or of the internet."""
        first = self.choice(
            [
                f"10.{self.randint(1, 250)}",
                f"172.{self.randint(18, 31)}",
                "192.168",
                f"{self.randint(60, 99)}.{self.randint(20, 250)}",
            ]
        )
        return f"{first}.{self.randint(1, 250)}.{self.randint(2, 254)}"

    def ipv6(self) -> str:
        """Return a global or a unique local address."""
        groups = [self.choice(["2a02", "2003", "2600", "fd7a"])] + [
            f"{self.randint(4096, 65535):x}" for _ in range(7)
        ]
        return (
            ":".join(groups)
            if self.random() < 0.5
            else ":".join(groups[:4]) + "::" + f"{self.randint(1, 255):x}"
        )

    def mac(self) -> str:
        """Return a hardware address."""
        return ":".join(
            f"{self.choice([0x3C, 0xA4, 0x52] if not at else range(16, 250)):02x}"
            for at in range(6)
        )

    def jwt(self) -> str:
        """Return a signed web token."""

        def part(value: dict) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        head, body = (
            part({"alg": "HS256", "typ": "JWT"}),
            part({"sub": self.of(LOWER, 9), "iat": self.randint(10**9, 2 * 10**9)}),
        )
        signature = base64.urlsafe_b64encode(self.randbytes(32)).decode().rstrip("=")
        return f"{head}.{body}.{signature}"

    def pem(self, kind: str) -> str:
        """Return a private key in armour."""
        lines = self.b64(360)
        body = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


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

Filled = tuple[str, tuple[str, ...]]
Template = Callable[[Draw], Filled]


def _one(template: str, draw: Callable[[Draw], str]) -> Template:
    def fill(d: Draw) -> Filled:
        value = draw(d)
        return template.replace("§", value), (value,)

    return fill


def _all(draw: Callable[[Draw], str], *templates: str) -> tuple[Template, ...]:
    return tuple(_one(template, draw) for template in templates)


def _hash(d: Draw) -> str:
    letters = ALNUM + "./"
    return d.choice(
        [
            "$6$" + d.of(letters, 12) + "$" + d.of(letters, 86),
            "$5$rounds=5000$" + d.of(letters, 12) + "$" + d.of(letters, 43),
            "$y$j9T$" + d.of(letters, 22) + "$" + d.of(letters, 43),
            "$2y$12$" + d.of(letters, 53),
            "$1$" + d.of(letters, 8) + "$" + d.of(letters, 22),
            "$apr1$" + d.of(letters, 8) + "$" + d.of(letters, 22),
            "{SSHA}" + d.b64(24),
            "grub.pbkdf2.sha512.10000." + d.of(HEX, 128).upper() + "." + d.of(HEX, 128).upper(),
            "$argon2id$v=19$m=65536,t=3,p=4$" + d.of(ALNUM, 22) + "$" + d.of(ALNUM, 43),
        ]
    )


def _strong(d: Draw) -> str:
    return d.of(ALNUM, d.randint(16, 40))


def _fqdn(d: Draw) -> str:
    return f"{d.host()}.{d.domain()}"


PLACED: dict[str, tuple[Template, ...]] = {
    "password": _all(
        Draw.password,
        "PGPASSWORD=§ psql -h localhost",
        "password: §",
        '{"username": "app", "password": "§"}',
        "DB_PASSWORD='§'",
        'mysql -u root -p§ -e "show databases"',
        "sshpass -p '§' ssh server",
        "echo 'root:§' | chpasswd",
        "curl -u admin:§ https://api.example.com/",
        "ALTER USER app WITH PASSWORD '§';",
        'conn = connect(user="app", password="§")',
        "machine ftp.example.com login me password §",
        "spring.datasource.password=§",
        "vncserver --passwd § :1",
        "wpa_passphrase=§\n",
    ),
    "secret": _all(
        _strong,
        "SECRET_KEY = '§'",
        "API_KEY=§",
        '"client_secret": "§"',
        "auth_token: §",
        "export APP_ACCESS_TOKEN=§",
        "'api_key' => '§',",
        'encryption_key = "§"',
        "deploy --token § --yes",
        "https://api.example.com/v1/list?api_key=§&page=2",
        "X-Api-Key: §",
        "private_token=§",
        "registry.authToken=§",
    ),
    "aws_secret_key": _all(
        lambda d: d.of(ALNUM + "/+", 40),
        "aws_secret_access_key = §",
        "AWS_SECRET_ACCESS_KEY=§",
        '"SecretAccessKey": "§"',
        "secret_access_key: §",
        "export AWS_SECRET_ACCESS_KEY='§'",
        'boto3.client("s3", aws_secret_access_key="§")',
    ),
    "url_password": _all(
        lambda d: d.of(ALNUM, 14),
        "postgres://app:§@db:5432/app",
        "DATABASE_URL=postgresql+psycopg://svc:§@localhost/main",
        "redis://:§@cache:6379/0",
        "mongodb+srv://admin:§@cluster0.example.com/test",
        "amqp://mq:§@broker//",
        "https://build:§@git.example.com/repo.git",
        "mysql://root:§@127.0.0.1:3306/shop",
        "ftp://backup:§@files.example.com/",
    ),
    "password_hash": _all(
        _hash,
        "root:§:19000:0:99999:7:::",
        "admin:§",
        "usermod -p '§' deploy",
        "GRUB2_PASSWORD=§",
        "userPassword: §",
        "sed -i 's|^root:[^:]*|root:§|' /etc/shadow",
    ),
    "bearer_token": _all(
        lambda d: d.of(ALNUM + "-_", 40),
        "Authorization: Bearer §",
        "curl -H 'Authorization: Bearer §' https://api.example.com",
        '{"Authorization": "Bearer §"}',
        "headers = {'authorization': 'token §'}",
        "PRIVATE-TOKEN: §",
        "Authorization: Basic §",
    ),
    "azure_storage_key": _all(
        lambda d: d.b64(64),
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§;EndpointSuffix=core.windows.net",
        "AccountKey=§",
        "az storage blob list --connection-string 'AccountName=x;AccountKey=§'",
        "Endpoint=sb://x.example.com/;SharedAccessKeyName=root;SharedAccessKey=§",
    ),
    "cookie": _all(
        lambda d: d.of(ALNUM, 32),
        "Cookie: theme=dark; sessionid=§",
        "Set-Cookie: JSESSIONID=§; Path=/; HttpOnly",
        "curl -H 'Cookie: auth_token=§' https://www.example.com",
        "Cookie: PHPSESSID=§",
    ),
    "otp_secret": _all(
        lambda d: d.of(string.ascii_uppercase + "234567", 32),
        "otpauth://totp/Example:me?secret=§&issuer=Example",
        "otpauth://hotp/x?issuer=y&secret=§",
    ),
    "snmp_community": _all(
        lambda d: d.of(LOWER, 10),
        "rocommunity § default",
        "rwcommunity §",
        "echo 'rocommunity §' >> /etc/snmp/snmpd.conf",
    ),
    "ipv4": _all(
        Draw.ipv4,
        "ssh root@§",
        "ping -c 1 §",
        "server=§:8080",
        "nameserver §",
        '{"ip": "§"}',
        "firewall-cmd --add-source=§/32",
        "Failed connection from § port 22",
        "inet §/24 brd 255.255.255.255",
        "allow §;",
        "http://§/status",
        "remote_addr=§",
        "first\\n§ second",
    ),
    "ipv6": _all(
        Draw.ipv6,
        "ping6 §",
        "listen [§]:443;",
        "inet6 §/64 scope global",
        "AAAA §",
        "nameserver §\n",
        '"address": "§"',
    ),
    "mac": _all(
        Draw.mac,
        "link/ether § brd ff:ff:ff:ff:ff:ff",
        "HWADDR=§",
        "arp -s server §",
        '"mac": "§"',
        "DHCPREQUEST from § via eth0",
    ),
    "email": _all(
        lambda d: f"{d.person()}@{d.domain()}",
        "Contact § for help.",
        "git config user.email §",
        "From: J <§>",
        "MAILTO=§",
        '"email": "§"',
        "postmaster_alias: §, root",
        "mailto:§",
        "echo report | mail -s nightly §",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 §",
    ),
    "user": _all(
        Draw.person,
        "cd /home/§/src && make",
        "/Users/§/Library/Logs/app.log",
        "C:\\Users\\§\\AppData\\Local\\Temp",
        "chown -R root /home/§",
        "Nov 21 10:00:01 server sshd[99]: Accepted publickey for § from 127.0.0.1",
        "/var/spool/cron/§",
        'File "/home/§/app/main.py", line 3, in run',
        "[§@server ~]$ ls",
        "§@server:/etc$ cat hosts",
        "HOME=/home/§",
    ),
    "host": (
        *_all(
            _fqdn,
            "scp file backup@§:/srv/",
            "https://§/api/v1",
            "Server § is down.",
            "hostnamectl set-hostname §",
            "server: §",
            "relayhost = [§]",
            "ldap_uri = ldaps://§:636",
            "127.0.0.1 is not §",
        ),
        *_all(
            Draw.host,
            "Nov 21 10:00:01 § sshd[1234]: Connection closed",
            "[root@§ ~]# reboot",
            "ssh -p 2222 admin@§ uptime",
            "HOSTNAME=§",
            '"hostname": "§"',
            "Static hostname: §",
            "http://§:9090/metrics",
        ),
        *_all(
            lambda d: f"{d.host()}.{d.choice(['internal', 'corp', 'lan', 'local', 'intranet'])}",
            "ping §",
            "nfs mount §:/export /mnt",
            "resolve § to an address",
            "proxy_pass http://§:8080;",
        ),
    ),
}


def planted(seed: int = 1) -> Iterator[Planted]:
    """Yield at least `EACH` texts of every kind."""
    draw = Draw(seed)
    for kind, make in TOKENS.items():
        for at in range(EACH):
            value = make(draw)
            frame = SURROUNDINGS[at % len(SURROUNDINGS)]
            yield Planted(
                FORMS.get(kind, kind), frame.format(name=kind.upper(), value=value), (value,)
            )
    for kind, templates in PLACED.items():
        for at in range(max(EACH, len(templates))):
            text, values = templates[at % len(templates)](draw)
            yield Planted(kind, text, values)

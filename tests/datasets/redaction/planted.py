"""Secrets to be found: made at a fixed seed from templates, none of them real.

A secret's text is put together when it is asked for, so that no file here
holds anything a scanner of repositories would stop at.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator

from drawing import ALNUM, HEX, LOWER, Draw, Planted
from planted_tokens import FORMS, SURROUNDINGS, TOKENS

EACH = 12
"""Secrets of one kind."""

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

"""A second set, by subject: what stands in the files and logs of machines, written rules unseen.

Each text is a piece of a file as administrators and programmers write them, with
one or more values in it that must go, and lines around them. `[[kind]]` is drawn
anew for each seed. What these came to at the first look stands in docs/redaction.md.
"""

# ruff: noqa: E501

from __future__ import annotations

import base64
import random
import re
import string
from collections.abc import Iterator
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
_B64 = _ALNUM + "+/"
_URL64 = _ALNUM + "-_"
_HEX = "0123456789abcdef"
_B32 = string.ascii_uppercase + "234567"
_CRYPT = "./" + _ALNUM


class Document(NamedTuple):
    """A text and the values in it that must not come through."""

    text: str
    values: tuple[str, ...]


def documents(templates: list[str], seed: int = 41) -> Iterator[Document]:
    """Yield each template with values drawn for it."""
    draw = random.Random(seed)
    for template in templates:
        values: list[str] = []

        def put(found: re.Match[str], values: list[str] = values) -> str:
            values.append(value(found[1], draw))
            return values[-1]

        text = re.sub(r"\[\[([A-Za-z0-9:_]+)\]\]", put, template)
        yield Document(text, tuple(part for one in values for part in _parts(one)))


def value(kind: str, draw: random.Random) -> str:
    """Return a value: `pw`, or an alphabet and a length as `hex:40`, or one of a few shapes."""
    name, _, size = kind.partition(":")
    if name in _ALPHABETS:
        return "".join(draw.choices(_ALPHABETS[name], k=int(size)))
    return _SHAPES[name](draw)


_ALPHABETS = {
    "an": _ALNUM, "b64": _B64, "u64": _URL64, "hex": _HEX, "HEX": _HEX.upper(), "b32": _B32,
    "crypt": _CRYPT, "up": string.ascii_uppercase + string.digits, "digits": string.digits,
    "low": string.ascii_lowercase + string.digits,
}  # fmt: skip

_PASSWORDS = (
    lambda d: f"{d.choice(('Winter', 'Sommer', 'Dragon', 'Saturn'))}{d.randrange(1990, 2030)}!",
    lambda d: "".join(d.choices(_ALNUM + "!#%+-=_.", k=14)).strip("-=.!#%+_") + "x7Q",
    lambda d: "-".join(d.choices(("ochre", "pylon", "gravel", "tulip", "mango", "quartz"), k=4)),
    lambda d: "".join(d.choices(_ALNUM, k=20)),
    lambda d: (
        f"{d.choice(('r00t', 'p4ss', 'Adm1n', 'l3tm31n'))}{d.choice('@#_')}{d.randrange(1000, 9999)}"
    ),
)


def _password(draw: random.Random) -> str:
    return draw.choice(_PASSWORDS)(draw)


def _base64(draw: random.Random, size: int) -> str:
    return base64.b64encode(draw.randbytes(size)).decode()


def _lines(draw: random.Random, count: int, width: int = 64) -> str:
    return "\n".join("".join(draw.choices(_B64, k=width)) for _ in range(count))


def _jwt(draw: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"%d","aud":"api"}' % draw.randrange(10**9)).decode()
    return f"{head}.{body.rstrip('=')}.{''.join(draw.choices(_URL64, k=86))}"


def _uuid(draw: random.Random) -> str:
    text = "".join(draw.choices(_HEX, k=32))
    return "-".join((text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:]))


def _host(draw: random.Random) -> str:
    first = draw.choice(("db", "web", "nfs", "jump", "build", "ldap", "mon"))
    site = draw.choice(("corp.internal", "prod.acme-widgets.net", "hq.lan", "dc2.fabrikam.local"))
    return f"{first}{draw.randrange(1, 40):02d}.{site}"


def _ip(draw: random.Random) -> str:
    start = draw.choice(("10", "172.19", "192.168", "34.77", "81.169"))
    rest = [str(draw.randrange(2, 250)) for _ in range(4 - len(start.split(".")))]
    return ".".join([start, *rest])


def _person(draw: random.Random) -> str:
    return draw.choice(("mmeier", "jkowalski", "priya.nair", "tholmes", "aokafor", "lsvensson"))


_SHAPES = {
    "pw": _password,
    "uuid": _uuid,
    "jwt": _jwt,
    "b64pw": lambda d: base64.b64encode(_password(d).encode()).decode(),
    "b64pair": lambda d: base64.b64encode(f"svc:{_password(d)}".encode()).decode(),
    "b64key": lambda d: _base64(d, 32),
    "b64key64": lambda d: _base64(d, 64),
    "pem": lambda d: _lines(d, 5),
    "pem1": lambda d: _lines(d, 3).replace("\n", "\\n"),
    "pemyaml": lambda d: _lines(d, 4).replace("\n", "\n    "),
    "vault": lambda d: "\n".join("".join(d.choices(string.digits, k=80)) for _ in range(4)),
    "host": _host,
    "ip": _ip,
    "ip6": lambda d: "2a01:4f8:" + ":".join(f"{d.randrange(1, 65536):x}" for _ in range(6)),
    "mac": lambda d: ":".join(f"{d.randrange(256):02x}" for _ in range(6)),
    "mail": lambda d: f"{_person(d)}@{d.choice(('acme-widgets.net', 'fabrikam.org'))}",
    "person": _person,
}  # fmt: skip


def _parts(one: str) -> list[str]:
    """Return what must be gone of a value: of a key of several lines each line."""
    return [part.strip() for part in re.split(r"\n|\\n", one) if part.strip()]


SECRETS = [
    # Installation and provisioning
    "lang en_US.UTF-8\nrootpw --plaintext [[pw]]\nuser --name=ops --groups=wheel --password=[[pw]]\nreboot\n",
    "rootpw --iscrypted $6$[[crypt:12]]$[[crypt:86]]\nfirewall --enabled --ssh\n",
    "bootloader --location=mbr --iscrypted --password=grub.pbkdf2.sha512.10000.[[HEX:128]].[[HEX:128]]\n",
    'rhsm --organization="7718231" --activation-key="[[u64:24]]" --connect-to-insights\n',
    "d-i passwd/root-password password [[pw]]\nd-i passwd/root-password-again password [[pw]]\n",
    "#cloud-config\nusers:\n  - name: ops\n    lock_passwd: false\n    passwd: $y$j9T$[[crypt:22]]$[[crypt:43]]\nchpasswd:\n  list: |\n    root:[[pw]]\n",
    "[web]\nw1 ansible_user=deploy ansible_ssh_pass=[[pw]] ansible_become_password='[[pw]]'\n",
    "db_admin_password: [[pw]]\ndb_port: 5432\ndb_backup_passphrase: '[[pw]]'\n",
    "vault_blob: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          [[digits:80]]\n          [[digits:80]]\nport: 22\n",
    'provider "vsphere" {\n  user     = "svc-tf"\n  password = "[[pw]]"\n  allow_unverified_ssl = true\n}\n',
    '{"type": "aws_iam_access_key", "instances": [{"attributes": {"id": "AKIA[[b32:16]]", "secret": "[[b64:40]]", "status": "Active"}}]}',
    '{"type": "azurerm_storage_account", "attributes": {"primary_access_key": "[[b64key64]]", "account_tier": "Standard"}}',
    '{"type": "tls_private_key", "attributes": {"algorithm": "RSA", "private_key_pem": "-----BEGIN RSA PRIVATE KEY-----\\n[[pem1]]\\n-----END RSA PRIVATE KEY-----\\n"}}',
    # Kubernetes and containers
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: pg\ntype: Opaque\ndata:\n  username: YXBw\n  password: [[b64pw]]\n",
    "kind: Secret\nstringData:\n  api-token: [[an:36]]\n  log-level: debug\n",
    'containers:\n  - name: app\n    env:\n      - name: DB_PASSWORD\n        value: "[[pw]]"\n      - name: DB_POOL\n        value: "10"\n',
    "        - name: GF_SECURITY_ADMIN_PASSWORD\n          value: [[pw]]\n        - name: GF_SERVER_ROOT_URL\n          value: /grafana\n",
    '{"auths": {"registry.example": {"auth": "[[b64pair]]"}}}',
    "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD=[[pw]]\n      - POSTGRES_DB=app\n      MYSQL_ROOT_PASSWORD: [[pw]]\n",
    "users:\n- name: admin\n  user:\n    client-key-data: [[b64:400]]\n    token: [[jwt]]\n",
    "helm upgrade pg ./pg --set auth.postgresPassword=[[pw]] --set replicas=2",
    "kubectl create secret generic api --from-literal=key=[[an:32]] --dry-run=client -o yaml",
    "docker login -u ci -p [[pw]] registry.example",
    # Environments
    "STRIPE_SECRET_KEY=sk_live_[[an:24]]\nSTRIPE_WEBHOOK_SECRET=whsec_[[an:32]]\nPORT=3000\n",
    "SENDGRID_API_KEY=SG.[[u64:22]].[[u64:43]]\nTWILIO_ACCOUNT_SID=AC[[hex:32]]\nTWILIO_AUTH_TOKEN=[[hex:32]]\n",
    "export OPENAI_API_KEY=sk-proj-[[u64:48]]\nexport ANTHROPIC_API_KEY=sk-ant-api03-[[u64:93]]AA\n",
    "HF_TOKEN=hf_[[an:34]]\nWANDB_API_KEY=[[hex:40]]\nREPLICATE_API_TOKEN=r8_[[an:37]]\n",
    "DO_TOKEN=dop_v1_[[hex:64]]\nCLOUDFLARE_API_TOKEN=[[u64:40]]\nLINODE_TOKEN=[[hex:64]]\n",
    "DJANGO_SECRET_KEY='django-insecure-[[low:50]]'\nJWT_SECRET=[[hex:64]]\nDEBUG=0\n",
    "SENTRY_AUTH_TOKEN=sntrys_[[u64:60]]\nDD_API_KEY=[[hex:32]]\nNEW_RELIC_LICENSE_KEY=[[hex:36]]NRAL\n",
    "AZURE_CLIENT_SECRET=k7P8Q~[[u64:34]]\nAZURE_TENANT_NAME=fabrikam\n",
    "VAULT_TOKEN=hvs.[[u64:90]]\nCONSUL_HTTP_TOKEN=[[uuid]]\nNOMAD_TOKEN=[[uuid]]\n",
    "GITLAB_TOKEN=glpat-[[u64:20]]\nGITHUB_PAT=github_pat_[[an:22]]_[[an:59]]\nBITBUCKET=ATBB[[an:32]]\n",
    "NPM_TOKEN=npm_[[an:36]]\nTWINE_PASSWORD=pypi-AgEIcHlwaS5vcmc[[u64:150]]\nCARGO_REGISTRY_TOKEN=cio[[an:32]]\n",
    "SHOPIFY=shpat_[[hex:32]]\nSQUARE=sq0atp-[[u64:22]]\nMAILCHIMP_KEY=[[hex:32]]-us14\nMAILGUN=key-[[hex:32]]\n",
    "TELEGRAM_BOT_TOKEN=[[digits:10]]:AA[[u64:33]]\nSLACK=xoxb-[[digits:12]]-[[digits:12]]-[[an:24]]\n",
    "GRAFANA_TOKEN=glsa_[[an:32]]_[[hex:8]]\nTAILSCALE=tskey-auth-[[an:16]]-[[an:32]]\nDOPPLER=dp.pt.[[an:43]]\n",
    "LINEAR=lin_api_[[an:40]]\nNOTION=ntn_[[an:46]]\nFIGMA=figd_[[u64:40]]\nAIRTABLE=pat[[an:14]].[[hex:64]]\n",
    "DATABRICKS_TOKEN=dapi[[hex:32]]\nSUPABASE=sbp_[[hex:40]]\nPULUMI_ACCESS_TOKEN=pul-[[hex:40]]\nDOCKER_PAT=dckr_pat_[[u64:27]]\n",
    "GROQ_API_KEY=gsk_[[an:52]]\nPERPLEXITY=pplx-[[an:48]]\nXAI=xai-[[an:80]]\nGOOGLE_API_KEY=AIza[[u64:35]]\n",
    "POSTMAN=PMAK-[[hex:24]]-[[hex:34]]\nRUBYGEMS=rubygems_[[hex:48]]\nATLASSIAN=ATATT3xFfGF0[[u64:180]]\n",
    "# ~/.aws/credentials\n[default]\naws_access_key_id = ASIA[[b32:16]]\naws_secret_access_key = [[b64:40]]\naws_session_token = [[b64:200]]\n",
    '{\n  "type": "service_account",\n  "private_key_id": "[[hex:40]]",\n  "private_key": "-----BEGIN PRIVATE KEY-----\\n[[pem1]]\\n-----END PRIVATE KEY-----\\n"\n}',
    "Sops age key: AGE-SECRET-KEY-1[[up:58]]\n",
    # Keys
    "-----BEGIN OPENSSH PRIVATE KEY-----\n[[pem]]\n-----END OPENSSH PRIVATE KEY-----\n",
    "cat > /etc/pki/tls/private/web.key <<'EOF'\n-----BEGIN EC PRIVATE KEY-----\n[[pem]]\n-----END EC PRIVATE KEY-----\nEOF\nchmod 600 /etc/pki/tls/private/web.key\n",
    "ssl:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    [[pemyaml]]\n    -----END PRIVATE KEY-----\n  port: 443\n",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n[[pem]]\n=[[b64:4]]\n-----END PGP PRIVATE KEY BLOCK-----\n",
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\nPrivate-Lines: 1\n[[b64:64]]\nPrivate-MAC: [[hex:64]]\n",
    "[Interface]\nPrivateKey = [[b64key]]\nListenPort = 51820\n[Peer]\nPresharedKey = [[b64key]]\n",
    'key "rndc-key" {\n\talgorithm hmac-sha256;\n\tsecret "[[b64key]]";\n};\n',
    "otpauth://totp/ops?secret=[[b32:32]]&issuer=bastion",
    "-----BEGIN OpenVPN Static key V1-----\n[[hex:32]]\n[[hex:32]]\n-----END OpenVPN Static key V1-----\n",
    # Connections
    "DATABASE_URL=postgresql+psycopg://app:[[pw]]@db/app?sslmode=require\n",
    "spring.datasource.url=jdbc:mysql://db/app?user=app&password=[[an:18]]&useSSL=true\nspring.datasource.password=[[pw]]\n",
    "mongodb+srv://svc:[[an:22]]@cluster0/app?retryWrites=true",
    "CELERY_BROKER_URL=amqp://celery:[[an:16]]@mq:5672/vhost\nREDIS_URL=redis://:[[an:24]]@cache:6379/0\n",
    "git clone https://oauth2:[[u64:40]]@git/ops/roles.git",
    "git remote set-url origin https://x-access-token:ghs_[[an:36]]@github.com/acme/app.git",
    'connectionString="Server=sql;Database=app;User Id=sa;Password=[[pw]];Encrypt=true"',
    "DefaultEndpointsProtocol=https;AccountName=logs;AccountKey=[[b64key64]];EndpointSuffix=core.windows.net",
    "azcopy copy './x' 'https://logs.blob.core.windows.net/c?sv=2022-11-02&sr=c&sig=[[an:43]]%3D&se=2025'",
    "GET /export?from=2024-01-01&access_token=[[an:40]]&format=csv HTTP/1.1",
    'curl -s "https://maps.googleapis.com/maps/api/geocode/json?address=Bonn&key=AIza[[u64:35]]"',
    "curl -X POST https://hooks.slack.com/services/T[[up:9]]/B[[up:9]]/[[an:24]] -d '{}'",
    "https://discord.com/api/webhooks/[[digits:18]]/[[u64:68]]",
    "proxy=http://svc-yum:[[pw]]@proxy:3128\ngpgcheck=1\n",
    "psycopg.connect('host=db dbname=app user=app password=[[an:15]] connect_timeout=3')",
    "ldap_default_bind_dn = cn=svc,dc=x\nldap_default_authtok_type = password\nldap_default_authtok = [[pw]]\n",
    # Headers and logs
    "> GET /v1/me HTTP/1.1\n> Authorization: Bearer [[jwt]]\n> Accept: */*\n",
    "Authorization: Basic [[b64pair]]\nUser-Agent: curl/8.5\n",
    "X-Api-Key: [[an:40]]\nContent-Type: application/json\n",
    "PRIVATE-TOKEN: [[u64:20]]\nX-Vault-Token: s.[[an:24]]\n",
    "Set-Cookie: JSESSIONID=[[HEX:32]]; Path=/; HttpOnly\nCookie: session=[[u64:60]]; theme=dark\n",
    "2024-05-03T10:11:12Z DEBUG auth refresh_token=[[u64:64]] expires_in=3600",
    'level=debug msg="login" user=svc password="[[pw]]" attempt=2',
    "WARN retrying with api key [[hex:32]] after 429",
    "time=10:11 msg=\"using token 'ghp_[[an:36]]' for clone\"",
    'INFO request body: {"username": "svc", "password": "[[pw]]", "remember": true}',
    "DEBUG env: {'PATH': '/usr/bin', 'DB_PASS': '[[pw]]', 'LANG': 'C'}",
    "Your temporary password is: [[pw]]\nPlease change it at first login.",
    "the admin password is [[pw]] (rotate it)",
    # Commands
    "mysql -h db -u root -p[[an:14]] app < dump.sql",
    "PGPASSWORD='[[pw]]' pg_dump -U app app | gzip > a.gz",
    "sshpass -p [[pw]] scp a.tar ops@host:/srv",
    "echo 'ops:[[pw]]' | chpasswd",
    'echo "[[pw]]" | passwd --stdin root',
    "usermod -p '$6$[[crypt:10]]$[[crypt:86]]' ops",
    "useradd -m -p \"$(openssl passwd -6 '[[pw]]')\" ops",
    "redis-cli -h cache -a [[an:20]] ping",
    "ldapsearch -x -D cn=admin -w [[pw]] -b dc=x",
    "smbclient //files/share -U 'svc%[[an:14]]' -c ls",
    "mount -t cifs //files/x /mnt -o username=svc,password=[[an:14]],vers=3.0",
    "openssl pkcs12 -export -in a.pem -passout pass:[[pw]] -out a.p12",
    "gpg --batch --passphrase '[[pw]]' -d a.gpg",
    "nmcli con mod wlan wifi-sec.psk '[[pw]]'",
    "htpasswd -bB /etc/nginx/.htpasswd ops '[[pw]]'",
    "curl -u ops:[[an:18]] -k https://localhost/api",
    "wget --user=ops --password='[[pw]]' http://localhost/a",
    "curl -d 'grant_type=password&username=ops&password=[[an:16]]&client_secret=[[an:32]]' http://localhost/token",
    "aws configure set aws_secret_access_key [[b64:40]]",
    "az login --service-principal -u http://app -p [[an:34]] --tenant x",
    "zip -P [[an:12]] out.zip a b",
    "vncpasswd -f <<< '[[pw]]' > ~/.vnc/passwd",
    "snmpwalk -v2c -c [[an:14]] switch 1.3.6.1.2.1.1",
    "ipmitool -I lanplus -U admin -P [[pw]] power status",
    "grub2-setpassword <<EOF\n[[pw]]\n[[pw]]\nEOF\n",
    'cryptsetup luksOpen /dev/sda2 data <<< "[[pw]]"',
    "net ads join -U 'Administrator%[[an:14]]'",
    "vault kv put secret/app password=[[pw]] ttl=1h",
    # Files of a system
    "root:$6$[[crypt:16]]$[[crypt:86]]:19700:0:99999:7:::\nbin:*:19700:0:99999:7:::\n",
    "ops:$y$j9T$[[crypt:22]]$[[crypt:43]]:19801:1:60:7:35::\n",
    "admin:$2y$10$[[crypt:53]]\n",
    "ops:$apr1$[[crypt:8]]$[[crypt:22]]\n",
    "# hostname:port:database:username:password\ndb:5432:app:svc:[[an:20]]\n*:*:*:postgres:[[an:20]]\n",
    "machine git login ops password [[an:20]]\nmachine pkg\n  login ops\n  password [[an:20]]\n",
    '[client]\nuser=root\npassword="[[pw]]"\nsocket=/run/mysqld/mysqld.sock\n',
    'network={\n  ssid="office"\n  psk="[[pw]]"\n  key_mgmt=WPA-PSK\n}\n',
    "rocommunity [[an:12]] 127.0.0.1\ncreateUser monitor SHA [[an:16]] AES [[an:16]]\n",
    "1 SHA1 HEX:[[HEX:40]]\n",
    'set superusers="root"\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.[[HEX:128]].[[HEX:128]]\n',
    "[smtp]:587 relay:[[an:16]]\n",
    ': PSK "[[pw]]"\nops : XAUTH "[[pw]]"\n',
    "client radius {\n  ipaddr = *\n  secret = [[pw]]\n  nastype = other\n}\n",
    '<user username="tomcat" password="[[an:16]]" roles="manager-gui"/>',
    "<server><id>nexus</id><username>ci</username><password>[[an:20]]</password></server>",
    '//registry.npmjs.org/:_authToken=[[uuid]]\n//npm/:_password="[[b64pw]]"\nalways-auth=true\n',
    "[global]\nindex-url = https://ci:[[an:24]]@pypi/simple\n",
    "enable secret 5 $1$[[crypt:4]]$[[crypt:22]]\nusername ops privilege 15 password 7 [[HEX:22]]\nsnmp-server community [[an:12]] RO\n",
    # Programs
    'client = OpenAI(api_key="sk-[[an:48]]", timeout=30)',
    'os.environ["GITHUB_TOKEN"] = "gho_[[an:36]]"',
    "const stripe = require('stripe')('rk_live_[[an:24]]');",
    "define('DB_PASSWORD', '[[pw]]');\ndefine('AUTH_SALT', '[[an:64]]');\n",
    'props.put("mail.smtp.password", "[[pw]]");',
    'cfg := &Config{User: "svc", Password: "[[pw]]", Retries: 3}',
    "CREATE USER 'app'@'%' IDENTIFIED BY '[[pw]]';",
    "ALTER ROLE app WITH LOGIN PASSWORD '[[pw]]' VALID UNTIL 'infinity';",
    "production:\n  secret_key_base: [[hex:128]]\n  adapter: pg\n",
    "$cred = New-Object PSCredential('svc', (ConvertTo-SecureString '[[pw]]' -AsPlainText -Force))",
    "auth = HTTPBasicAuth('svc', '[[pw]]')",
    'session.login("svc", password="[[pw]]")',
    "app.secret_key = b'[[an:32]]'",
    'headers = {"Authorization": "token ghp_[[an:36]]", "Accept": "application/json"}',
    'headers={"X-Auth-Token": "[[an:32]]"}',
    'expect "assword:"\nsend "[[an:14]]\\r"\n',
    'redis.Redis(host="cache", password="[[pw]]", db=0)',
    "s3 = boto3.client('s3', aws_access_key_id='AKIA[[b32:16]]', aws_secret_access_key='[[b64:40]]')",
]
"""Pieces of files with credentials in them."""

IDENTITIES = [
    "May  3 10:11:12 web07 sshd[811]: Accepted publickey for [[person]] from [[ip]] port 51022 ssh2\n",
    "[web]\n[[host]] ansible_host=[[ip]] ansible_user=[[person]]\n",
    "Host jump\n  HostName [[host]]\n  User [[person]]\n  IdentityFile ~/.ssh/id_ed25519\n",
    '[[ip]] - - [03/May/2024:10:11:12 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8.5"',
    "nameserver [[ip]]\nsearch [[host]]\n",
    "[[ip]]\t[[host]] db\n127.0.0.1\tlocalhost\n",
    "inet6 [[ip6]]/64 scope global\nlink/ether [[mac]] brd ff:ff:ff:ff:ff:ff\n",
    "From: [[mail]]\nTo: [[mail]]\nSubject: rollout\n",
    "Author: X Y <[[mail]]>\nDate: Fri May 3 2024\n",
    "scp /home/[[person]]/notes.txt [[host]]:/srv/\n",
    'File "/Users/[[person]]/src/app/main.py", line 10, in main\n',
    "C:\\Users\\[[person]]\\AppData\\Local\\Temp\\x.log\n",
    "Failed password for invalid user [[person]] from [[ip]] port 40022 ssh2",
    "pam_unix(sshd:session): session opened for user [[person]](uid=1003) by (uid=0)",
    "*.* @@[[host]]:6514\n",
    "server [[host]] iburst\nserver [[ip]] iburst\n",
    "ssh -J [[person]]@[[host]] root@[[ip]]",
    "curl -k https://[[host]]:8443/health",
    "psql -h [[host]] -U app app",
    "dig +short [[host]] @[[ip]]",
    "sudo:  [[person]] : TTY=pts/0 ; PWD=/home/[[person]] ; USER=root ; COMMAND=/usr/bin/id",
    "/dev/disk //[[host]]/share /mnt cifs ro 0 0\n[[host]]:/export /srv nfs4 ro 0 0\n",
    "SMTP=[[host]]\nadmin_space_left_action = email\naction_mail_acct = [[mail]]\n",
    "Started Session 5 of User [[person]].",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmJ0o3Nqk1u7n2x4y5z6A7B8C9D0E1F2G3H4I5J6K7L [[person]]@[[host]]",
    "uri = ldaps://[[host]]:636\nldap_search_base = dc=example\n",
]
"""Pieces of files that say who and where."""

"""Texts written when the rules were done, before these were tried on them: longer, as they occur.

`planted.py` and `lookalikes.py` are what the rules were made on. What these
came to at the first look stands in docs/redaction.md.
"""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator

from drawing import ALNUM, HEX, Draw, Planted


def _terraform(d: Draw) -> Planted:
    password = d.password()
    text = (
        f'resource "aws_db_instance" "main" {{\n  username = "app"\n  password = "{password}"\n}}\n'
    )
    return Planted("password", text, (password,))


def _compose(d: Draw) -> Planted:
    password = d.password()
    text = f"services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD={password}\n"
    return Planted("password", text, (password,))


def _kubernetes(d: Draw) -> Planted:
    value = d.b64(18)
    text = f"apiVersion: v1\nkind: Secret\ndata:\n  db-password: {value}\n"
    return Planted("password", text, (value,))


def _ansible(d: Draw) -> Planted:
    host, address, password = d.host(), d.ipv4(), d.password()
    text = f"[web]\n{host} ansible_host={address} ansible_user=deploy ansible_ssh_pass={password}\n"
    return Planted("password", text, (host, address, password))


def _dotenv(d: Draw) -> Planted:
    key, url = d.of(ALNUM, 32), d.of(ALNUM, 12)
    text = (
        f"APP_ENV=production\nJWT_SECRET={key}\nDATABASE_URL=mysql2://shop:{url}@mysql:3306/shop\n"
    )
    return Planted("secret", text, (key, url))


def _trace(d: Draw) -> Planted:
    name = d.person()
    text = f'Traceback (most recent call last):\n  File "/home/{name}/.venv/lib/python3.11/site-packages/x.py", line 8\nValueError: no'
    return Planted("user", text, (name,))


def _history(d: Draw) -> Planted:
    name, host = d.person(), f"{d.host()}.{d.domain()}"
    text = f"  101  cd /srv\n  102  ssh {name}@{host}\n  103  sudo su -\n"
    return Planted("host", text, (name, host))


def _hosts(d: Draw) -> Planted:
    address, short, domain = d.ipv4(), d.host(), d.domain()
    text = f"127.0.0.1 localhost\n{address} {short}.{domain} {short}\n"
    return Planted("host", text, (address, f"{short}.{domain}", short))


def _journal(d: Draw) -> Planted:
    name, host, address = d.person(), d.host(), d.ipv4()
    text = f"Mar  3 04:05:06 {host} sshd[812]: Failed password for {name} from {address} port 51514 ssh2\n"
    return Planted("user", text, (name, host, address))


def _interfaces(d: Draw) -> Planted:
    address, mac = d.ipv4(), d.mac()
    text = f"2: eth0: <UP> mtu 1500\n    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n    inet {address}/24 scope global eth0\n"
    return Planted("ipv4", text, (address, mac))


def _wireguard(d: Draw) -> Planted:
    key, address = d.b64(32), d.ipv4()
    text = f"[Interface]\nPrivateKey = {key}\nAddress = {address}/24\n"
    return Planted("secret", text, (key, address))


def _ldap(d: Draw) -> Planted:
    password, host = d.password(), f"{d.host()}.{d.domain()}"
    text = f"ldapsearch -x -H ldap://{host} -D cn=admin,dc=x -w {password} -b dc=x\n"
    return Planted("password", text, (password, host))


def _java(d: Draw) -> Planted:
    password = d.password()
    text = f'DriverManager.getConnection("jdbc:postgresql://localhost/x", "app", "{password}"); // password = "{password}"\n'
    return Planted("password", text, (password,))


def _xml(d: Draw) -> Planted:
    password = d.password()
    return Planted(
        "password", f"<server><id>nexus</id><password>{password}</password></server>", (password,)
    )


def _query(d: Draw) -> Planted:
    token = d.of(HEX, 40)
    return Planted("secret", f"GET /hook?access_token={token}&x=1 HTTP/1.1", (token,))


def _krb(d: Draw) -> Planted:
    host = f"{d.host()}.{d.domain()}"
    return Planted(
        "host",
        f"[realms]\n EXAMPLE.COM = {{\n  kdc = {host}:88\n  admin_server = {host}\n }}\n",
        (host,),
    )


def _rsyslog(d: Draw) -> Planted:
    host = f"{d.host()}.{d.domain()}"
    return Planted("host", f"echo '*.* @@{host}:514' >> /etc/rsyslog.conf\n", (host,))


def _chrony(d: Draw) -> Planted:
    host = f"ntp{d.randint(1, 9)}.{d.domain()}"
    return Planted("host", f"echo 'server {host} iburst' >> /etc/chrony.conf", (host,))


def _autossh(d: Draw) -> Planted:
    key = d.pem("OPENSSH ").replace("\n", "\\n")
    return Planted("private_key", f'{{"ssh_key": "{key}"}}', (key.split("\\n")[2],))


def _shadow(d: Draw) -> Planted:
    value = "$6$" + d.of(ALNUM, 16) + "$" + d.of(ALNUM + "./", 86)
    return Planted("password_hash", f"echo 'svc:{value}' | chpasswd -e", (value,))


def _mail_header(d: Draw) -> Planted:
    mail, host = f"{d.person()}@{d.domain()}", f"{d.host()}.{d.domain()}"
    text = f"Received: from {host} by mx (Postfix)\nTo: Ops <{mail}>\nSubject: disk full\n"
    return Planted("email", text, (mail, host))


def _windows(d: Draw) -> Planted:
    name = d.person()
    return Planted("user", rf'"path": "C:\\Users\\{name}\\.aws\\credentials"', (name,))


def _npmrc(d: Draw) -> Planted:
    token = "np" + "m_" + d.of(ALNUM, 36)
    return Planted("npm_token", f"//registry.npmjs.org/:_authToken={token}\n", (token,))


def _docker_config(d: Draw) -> Planted:
    value = d.b64(24)
    return Planted(
        "secret", f'{{"auths": {{"registry.example.com": {{"auth": "{value}"}}}}}}', (value,)
    )


def _python(d: Draw) -> Planted:
    password, host = d.password(), f"{d.host()}.internal"
    text = f'client = paramiko.SSHClient()\nclient.connect("{host}", username="root", password="{password}")\n'
    return Planted("password", text, (password, host))


MAKERS = (
    _terraform, _compose, _kubernetes, _ansible, _dotenv, _trace, _history, _hosts, _journal,
    _interfaces, _wireguard, _ldap, _java, _xml, _query, _krb, _rsyslog, _chrony, _autossh,
    _shadow, _mail_header, _windows, _npmrc, _docker_config, _python,
)  # fmt: skip


def planted(seed: int = 2) -> Iterator[Planted]:
    """Yield four texts of each maker."""
    draw = Draw(seed)
    for make in MAKERS:
        for _ in range(4):
            yield make(draw)


LOOKALIKES = (
    "class Token(NamedTuple):\n    kind: str\n    value: str\n",
    "SELECT token, secret FROM sessions WHERE password IS NOT NULL;",
    "ALTER USER app WITH PASSWORD :'pw';",
    'vault kv get -field=password secret/db',
    "kubectl create secret generic db --from-literal=password=$PW",
    "docker login -u $USER --password-stdin",
    "openssl rand -base64 32 > /etc/key",
    "openssl req -newkey rsa:4096 -keyout server.key -out server.csr -subj /CN=example.com",
    "gpg --import RPM-GPG-KEY-redhat-release",
    "rpm -q gpg-pubkey --qf '%{NAME}-%{VERSION}-%{RELEASE}\\t%{SUMMARY}\\n'",
    "grubby --update-kernel=ALL --args=audit=1",
    "authselect select sssd with-faillock --force",
    "sed -ri 's/^(\\s*)password(\\s+)sufficient.*pam_unix.so.*$/& rounds=5000/' /etc/pam.d/password-auth",
    "if [ \"$(getent passwd \"$user\" | cut -d: -f7)\" = /sbin/nologin ]; then :; fi",
    "awk -F: '$3 >= 1000 && $7 !~ /nologin/ {print $1, $6}' /etc/passwd",
    "find / -xdev -type f -perm -4000 -o -perm -2000",
    "-a always,exit -F path=/usr/bin/passwd -F perm=x -F auid>=1000 -F auid!=unset -k privileged-passwd",
    "dcredit = -1\nucredit = -1\nminclass = 4\ndictcheck = 1\n",
    "auth required pam_faillock.so authfail audit deny=3 fail_interval=900",
    "install dccp /bin/true\nblacklist dccp\n",
    "kernel.core_pattern=|/bin/false",
    "ClientAliveInterval 600\nClientAliveCountMax 1\nPermitUserEnvironment no\nHostbasedAuthentication no\n",
    "KexAlgorithms ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256",
    "RekeyLimit 1G 1h",
    "Title: Set SSH Client Alive Count Max to zero",
    "Rule: sshd_disable_rhosts",
    "restorecon -RvF /home",
    "tmpfs /dev/shm tmpfs defaults,nodev,nosuid,noexec 0 0",
    "UUID=6a3b1c0e-9f1e-4f6b-8c8e-2f8c7f1f2a3b /boot xfs defaults 0 0",
    "SERIAL: 4C4C4544-0042-3510-8051-B4C04F4E4D32",
    "etag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "md5: d41d8cd98f00b204e9800998ecf8427e",
    "git checkout 3f2a9c1b && git diff HEAD~1",
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
    "const TOKEN_LIMIT = 4096;",
    "prompt_tokens=123 completion_tokens=45 total_tokens=168",
    "model.generate(input_ids, max_new_tokens=256, eos_token_id=2)",
    "assert tokens == ['a', 'b']",
    "self.password_edit.setEchoMode(QLineEdit.Password)",
    "raise AuthenticationError('wrong password')",
    "password_validator = RegexValidator(r'^[A-Za-z0-9]{8,}$')",
    "public static final String PASSWORD_KEY = \"password\";",
    "props.getProperty(\"db.password\")",
    "<property name=\"password\" value=\"${db.password}\"/>",
    "password: \"{{ lookup('env', 'PW') }}\"",
    "  password: !Ref DatabasePassword",
    "    valueFrom:\n      secretKeyRef:\n        name: db\n        key: password\n",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "permissions:\n  id-token: write\n",
    "Host github.com\n  User git\n  IdentityFile ~/.ssh/id_ed25519\n",
    "from a.b.c import d",
    "www.example.org",
    "pip install -i https://pypi.org/simple torch",
    "curl -fsSL https://get.docker.com | sh",
    "http://archive.ubuntu.com/ubuntu focal main",
    "baseurl=https://mirrors.fedoraproject.org/metalink",
    "RFC 5737 reserves 192.0.2.0/24",
    "bind 0.0.0.0:8080",
    "allow 10.0.0.0/8;\ndeny all;\n",
    "Firmware 2.14.0.21 (build 10.0.19045)",
    "nginx/1.24.0 (Ubuntu)",
    "assert version.parse('1.10.0.2') > version.parse('1.9')",
    "at 10:15:30 the job ran 00:01:12",
    "ab:cd:ef",
    "namespace std::chrono::literals",
    "map<string, vector<int>>::iterator it;",
    "/home/app/server.py",
    "rm -rf /home/runner/work/_temp",
    "docs at /usr/share/doc/bash/README",
    "C:\\Program Files\\Git\\bin\\git.exe",
    "mail -s 'report' root < /tmp/out",
    "postmaster: root",
    "Delivered-To: root@localhost.localdomain",
    "@Override public String toString()",
    "a@b",
    "x = y @ z",
    "price: 10.50.20",
    "ratio 3:2:1",
    "secretary",
    "tokenize the corpus",
    "hostname -f",
    "hostnamectl status",
    "echo $HOSTNAME",
    "server.listen(8080)",
    "node app.js",
    "machine learning",
    "peer review",
    "host web server",
)  # fmt: skip

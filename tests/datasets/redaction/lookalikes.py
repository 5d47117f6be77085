"""What looks like a secret and is none: code, settings, versions, public names.

Every text must come through unchanged. Some are written out, some are made
from templates at a fixed seed.
"""

# ruff: noqa: E501

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

WRITTEN = r"""
token = parse()
token = lexer.next_token()
max_tokens = 800
max_tokens: 4096
tokens = tokenizer.encode(text)
tokenizer: gpt2
pad_token = tokenizer.eos_token
token_type_ids = [0, 0, 1]
"max_tokens": 256,
password_pam_minlen
accounts_password_pam_minlen
accounts_password_pam_unix_remember
PASS_MAX_DAYS 60
PASS_MIN_LEN=15
PASSWORD_MIN_LENGTH = 12
password requisite pam_pwquality.so retry=3
password sufficient pam_unix.so sha512 shadow use_authtok
auth required pam_faillock.so preauth silent deny=3 unlock_time=900
/etc/shadow
/etc/passwd
chmod 0000 /etc/shadow
awk -F: '($2 == "") { print $1 }' /etc/shadow
grep -E '^root:[*!]' /etc/shadow
grep '^root:\$6\$' /etc/shadow
PasswordAuthentication no
PermitEmptyPasswords no
password = getpass.getpass()
password = os.environ["DB_PASSWORD"]
password: ${DB_PASSWORD}
password: {{ vault_db_password }}
password: !vault |
password: <your password>
password=$PASSWORD
PASSWORD="$(cat /run/secrets/db)"
--password "$DB_PASS"
mysql -u root -p"$MYSQL_ROOT_PASSWORD"
PGPASSWORD=$PGPASSWORD psql
api_key = os.getenv("API_KEY")
api_key = config.api_key
api_key=YOUR_API_KEY
api_key: "<API_KEY>"
secret = kwargs.pop("secret", None)
secret_key = secrets.token_hex(32)
secretName: db-credentials
secretKeyRef:
access_key = settings.ACCESS_KEY
client_secret=client_secret,
auth_token = request.headers.get("X-Auth-Token")
if token == "EOF":
token.type == TokenType.IDENTIFIER
const token = await getToken();
let password = prompt("Password?");
this.password = password;
self.token = token
def login(username, password):
return {"password": password}
password = None
token: null
"password": ""
"password": "string"
"token": "required"
type="password"
<input type="password" name="password">
Enter password:
Password for root:
Permission denied (publickey,password).
error: invalid token at line 3
Unexpected token } in JSON at position 12
secret santa
the secret of good code: tests
Authorization: Bearer $TOKEN
Authorization: Bearer ${GITHUB_TOKEN}
Authorization: Bearer <token>
-H "Authorization: Bearer $(gcloud auth print-access-token)"
Bearer authentication is required
Basic authentication
basic understanding of Linux
token authentication
127.0.0.1
127.0.0.53
0.0.0.0
0.0.0.0/0
255.255.255.0
255.255.255.255
10.0.0.0/8
172.16.0.0/12
192.168.0.0/16
169.254.169.254
224.0.0.251
8.8.8.8
1.1.1.1
192.0.2.10
198.51.100.7
203.0.113.0/24
::1
::/0
fe80::1
ff02::1
2001:db8::1
listen [::]:80 default_server;
version 4.18.0.553
OpenSSH_8.7p1
python 3.11.2
Release 5.2.3.1
section 5.2.3.1 of the benchmark
1.2.3.4.5.6
1.3.6.1.4.1.311
Chrome/120.0.6099.109
kernel-5.14.0-427.13.1.el9_4
openssl-3.0.7-27.el9
libfoo.so.1.2.3.4
requests==2.31.0.1
12:34:56
2026-11-21T10:34:00Z
00:00:00:00:00:00
ff:ff:ff:ff:ff:ff
std::vector<int>
a::b::c
Face::Cafe
localhost
localhost:8080
http://localhost:8080/health
http://127.0.0.1:9200
https://github.com/org/repo.git
git@github.com:org/repo.git
https://www.redhat.com/security
https://access.redhat.com/errata/RHSA-2024:1234
http://www.w3.org/2001/XMLSchema
http://checklists.nist.gov/xccdf/1.2
http://oval.mitre.org/XMLSchema/oval-definitions-5
https://public.cyber.mil/stigs/
https://docs.python.org/3/library/re.html
https://pypi.org/simple
https://example.com/path?token=abc
server 0.pool.ntp.org iburst
server time.nist.gov
https://api.example.com/v1/users
user@example.com
root@localhost
admin@example.org
aes256-gcm@openssh.com
chacha20-poly1305@openssh.com
hmac-sha2-512-etm@openssh.com
curve25519-sha256@libssh.org
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr
getty@tty1.service
systemd-fsck@dev-disk.service
user@1000.service
@app.route("/")
@property
@pytest.mark.parametrize
npm install @types/node@20.1.0
docker pull image@sha256:0123
pkg@1.2.3
import os.path
os.path.join(a, b)
self.assertEqual(a, b)
config.internal
threading.local()
rc.local
/etc/rc.local
/etc/fail2ban/jail.local
/usr/local/bin
~/.local/share
com.example.app
org.freedesktop.login1
org.gnome.desktop.media-handling
org.gnome.login-screen
net.ipv4.conf.all.accept_redirects
net.ipv6.conf.default.accept_ra
kernel.yama.ptrace_scope
sysctl -w net.ipv4.ip_forward=0
java.util.concurrent.locks
torch.nn.functional
obj.attr.name
window.location.host
args.host
host = args.host
hostname = socket.gethostname()
HOST=0.0.0.0
host: localhost
Host *
server: nginx
ssh -V
ssh-keygen -t ed25519
ssh user@host
ssh $USER@$HOST
ssh {user}@{host}
scp file user@server:/tmp
rsync -a src/ dst/
ping -c 1 localhost
sshd -T
systemctl restart sshd.service
/home/*/
/home/$USER
/home/${user}/.ssh
/home/<username>/
/home/user/project
/home/ubuntu/app
/home/vagrant
/home
find /home -xdev -nogroup
/home/index.html
src/home/alice.py
https://example.com/home/alice
/Users/Shared
C:\Users\Public\Documents
C:\Windows\System32
/root/.ssh/authorized_keys
/var/mail/root
/var/spool/cron/root
/var/log/audit/audit.log
-a always,exit -F arch=b64 -S chmod -F auid>=1000 -F auid!=unset -k perm_mod
-w /etc/shadow -p wa -k identity
echo 'Defaults timestamp_timeout=0' > /etc/sudoers.d/timeout
sed -i.bak '/^FAIL_DELAY\b/d' /etc/login.defs
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 60/' /etc/login.defs
ENCRYPT_METHOD SHA512
SHA_CRYPT_MIN_ROUNDS 5000
crypt_style = sha512
minlen = 15
remember=5
gpgcheck=1
key_path = /etc/pki/tls/private/server.key
ssl_key: /etc/ssl/key.pem
private_key_file = id_rsa
AWS_REGION=us-east-1
AWS_PROFILE=default
aws_access_key_id = os.environ["AWS_ACCESS_KEY_ID"]
arn:aws:iam::aws:policy/ReadOnlyAccess
s3://bucket/key
sk-learn
sk_buff
skb->sk
task-sk-1
xoxo
ghp_
AKIA
eyJ
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
BEGIN PRIVATE KEY
$6$
$1$2$3
awk '{print $1$2}'
echo $1$6$5
%s:%s@%s
postgres://user:password@localhost/db
postgres://localhost/db
postgresql://${USER}:${PASS}@${HOST}/db
mysql://user:pass@host/db
https://user:$TOKEN@github.com/org/repo
redis://localhost:6379/0
ftp://ftp.gnu.org/gnu
file:///etc/hosts
sqlite:///app.db
data:image/png;base64,
SG.
AC_INIT
SKIP_TESTS
password_hash = bcrypt.hashpw(password, salt)
hash = sha256(data).hexdigest()
community = "open source"
rocommunity public
snmpwalk -v2c -c public
Cookie: theme=dark
document.cookie = "lang=en"
csrf_token()
{% csrf_token %}
token in self.tokens
tokens[0].value
key: value
key = lambda x: x[1]
sorted(items, key=len)
primary key
foreign key (id)
passphrase
passwordless
passthrough=true
bypass=1
compass: north
keyboard_layout = us
api_key_header = "X-Api-Key"
SECRET_NAME = "db/password"
password_file: /run/secrets/db_password
token_url = "https://example.com/token"
PASSWORD_RESET_TIMEOUT = 259200
password.length >= 12
password: [required, min 8]
'password' => 'required|confirmed|min:8'
validates :password, presence: true
password = forms.CharField(widget=forms.PasswordInput)
user.set_password(raw)
hunter
Winter is coming
dragon2
"""
# A text of several lines, one that holds JSON, code.
BLOCKS = (
    "def parse(tokens):\n    token = next(tokens)\n    while token != 'EOF':\n        yield token\n        token = next(tokens)\n",
    "#!/bin/bash\nset -e\nif ! grep -q '^PermitRootLogin no' /etc/ssh/sshd_config; then\n  echo 'PermitRootLogin no' >> /etc/ssh/sshd_config\nfi\nsystemctl reload sshd\n",
    '{"fix_script": "sed -i.bak \'/^FAIL_DELAY\\\\b/d\' /etc/login.defs\\necho \'FAIL_DELAY 4\' >> /etc/login.defs", "description": "Set FAIL_DELAY 4."}',
    '{"type":"function","function":{"name":"login","parameters":{"type":"object","properties":{"password":{"type":"string","description":"the password"},"token":{"type":"string"}},"required":["password"]}}}',
    "Rule: accounts_password_pam_minlen\nTitle: Ensure PAM Enforces Password Requirements - Minimum Length\nSeverity: medium",
    "127.0.0.1   localhost localhost.localdomain\n::1         localhost localhost.localdomain\n",
    "server {\n  listen 80;\n  server_name example.com www.example.com;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n",
    "Match User *\n  AuthorizedKeysFile .ssh/authorized_keys\n  PasswordAuthentication no\n",
)


def _made(draw: random.Random) -> Iterator[str]:
    for _ in range(12):
        yield f"rule {uuid.UUID(int=draw.getrandbits(128))} failed"
        yield f"commit {draw.getrandbits(160):040x}"
        yield f"sha256:{draw.getrandbits(256):064x}"
        yield f"xccdf_org.ssgproject.content_rule_{draw.choice(['sshd', 'audit', 'file'])}_{draw.choice(['set', 'no'])}_{draw.randrange(99)}"
        yield f"SV-{draw.randrange(200000, 299999)}r{draw.randrange(900000, 999999)}_rule"
        yield f"CCE-{draw.randrange(80000, 99999)}-{draw.randrange(9)}"
        yield f"RHEL-09-{draw.randrange(200000, 299999)}"
        yield f"v{draw.randrange(9)}.{draw.randrange(30)}.{draw.randrange(99)}"
        yield f"package-{draw.randrange(9)}.{draw.randrange(30)}.{draw.randrange(9)}.{draw.randrange(99)}-1.el9.x86_64"
        yield f"elapsed {draw.randrange(24):02}:{draw.randrange(60):02}:{draw.randrange(60):02}.{draw.randrange(999):03}"
        yield f"memory 0x{draw.getrandbits(48):012x}"
        yield f"integrity sha512-{draw.getrandbits(200):050x}"


def lookalikes(seed: int = 1) -> list[str]:
    """Return every text, each once."""
    written = [line for line in WRITTEN.splitlines() if line]
    return list(dict.fromkeys([*written, *BLOCKS, *_made(random.Random(seed))]))

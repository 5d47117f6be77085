"""A second corpus of keys: forms as two public scanners write them, not as our rules do.

What services' keys look like was read in the configurations of gitleaks and of
its successor betterleaks, whose authors never saw our rules, when the rules
were done. A form is written here in signs of its own; the values are drawn by
a seed when a test asks for them, so no key is in this file. The look-alikes of
`lookalikes_of_others` were written then too.

A form: {a40} is 40 of small letters and digits; A letters of both sizes and
digits, h hexadecimal, H both sizes of it, u base64 for URLs, l letters of both
sizes, d digits, U capitals and digits, b base32, x base64, g a UUID.
"""

from __future__ import annotations

import re
import string
import uuid
from collections.abc import Iterator

from drawing import ALNUM, HEX, LOWER, UPPER, URLSAFE, Draw, Planted

_ALPHABETS = {
    "a": LOWER,
    "A": ALNUM,
    "h": HEX,
    "H": HEX + "ABCDEF",
    "u": URLSAFE,
    "l": string.ascii_letters,
    "d": string.digits,
    "U": UPPER,
    "b": string.ascii_uppercase + "234567",
    "x": ALNUM + "+/",
}
_FIELD = re.compile(r"\{([aAhHulUdbxg])(\d*)\}")

BARE: dict[str, tuple[str, ...]] = {
    "model APIs": (
        "sk-ant-admin01-{u93}AA",
        "sk-ant-api03-{u93}AA",
        "sk-proj-{u74}T3Blbk" + "FJ{u74}",
        "sk-svcacct-{u58}T3Blbk" + "FJ{u58}",
        "sk-admin-{u20}T3Blbk" + "FJ{u20}",
        "sk-{A20}T3Blbk" + "FJ{A20}",
        "sk-or-v1-{h64}",
        "sk-api-{u119}",
        "sk-{u48}",
        "csk-{a48}",
        "nvapi-{u64}",
        "pplx-{A48}",
        "hf_{l34}",
        "api_org_{l34}",
        "BSA{u27}",
        "ABSK{x112}",
        "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{x120}",
        "gsk_{A52}",
        "tvly-{A32}",
        "fc-{h32}",
        "jina_{h32}{A28}",
        "{h32}.{u24}",
    ),
    "source code and builds": (
        "ghp_{A36}",
        "gho_{A36}",
        "ghu_{A36}",
        "ghs_{A36}",
        "ghr_{A36}",
        "github_pat_{A22}_{A59}",
        "glpat-{u20}",
        "glpat-{u27}.01.{a7}",
        "glptt-{h40}",
        "GR1348941{u20}",
        "glrt-{u20}",
        "glrt-t1_{u27}.01.{a7}",
        "glsoat-{u20}",
        "glcbt-1_{u20}",
        "gldt-{u20}",
        "glft-{u20}",
        "glimt-{u25}",
        "glffct-{u20}",
        "gloas-{h64}",
        "glagent-{u50}",
        "ATATT3{u186}",
        "pat.{u22}.{A24}.{A20}",
        "sat.{u22}.{A24}.{A20}",
        "API-{U26}",
        "npm_{A36}",
        "pypi-AgEIcHlwaS5vcmc{u90}",
        "rubygems_{h48}",
        "CLOJARS_{a60}",
        "AKCp{A69}",
        "cmVmd{A59}",
        "pul-{h40}",
        "{a14}.atlasv1.{u64}",
        "rdme_{a70}",
        "PMAK-{h24}-{h34}",
        "squ_{a40}",
        "sgp_{h16}_{h40}",
        "sgp_local_{h40}",
        "sgp_{h40}",
        "ico-{A32}",
        "pnu_{A36}",
        "tk-us-{u48}",
        "sntryu_{h64}",
    ),
    "clouds": (
        "AKI" + "A{b16}",
        "ASI" + "A{b16}",
        "ABIA{b16}",
        "ACCA{b16}",
        "A3TX{b16}",
        "AIza{u35}",
        "LTAI{A20}",
        "{A3}7Q~{A32}",
        "doo_v1_{h64}",
        "dop_v1_{h64}",
        "dor_v1_{h64}",
        "v1.0-{h24}-{h146}",
        "fo1_{u43}",
        "fm1r_{x120}",
        "fm2_{x120}==",
        "HRKU-AA{u58}",
        "sha256~{u43}",
        "4b1d{A38}",
        "dapi{h32}",
        "dapi{h32}-2",
        "t1.{u60}.{u86}",
        "AQVN{u36}",
        "YC{u38}",
        "mdb_sa_sk_{u40}",
        "dnkey-{a26}-{a52}",
        "eyJrIjoi{A90}",
        "glc_{x40}",
        "glsa_{A32}_{H8}",
    ),
    "secrets managers and keys": (
        "A3-{U6}-{U11}-{U5}-{U5}-{U5}",
        "A3-{U6}-{U6}-{U5}-{U5}-{U5}-{U5}",
        "ops_eyJ{x260}",
        "dp.pt.{a43}",
        "hvb.{u150}",
        "hvs.{u95}",
        "s.{A24}",
        "AGE-SECRET" + "-KEY-1{U58}",
        "pscale_tkn_{u43}",
        "pscale_oauth_{u43}",
        "pscale_pw_{u43}",
        "sc_{a20}.{a5}.acc_{a20}.{u60}",
        "authress_{a20}.{a5}.acc-{a20}.{u60}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{A40}.{u43}",
        "ZXlKaGJHY2lPaU{A80}",
    ),
    "money and shops": (
        "sk_live_{A24}",
        "rk_live_{A24}",
        "sk_test_{A99}",
        "rk_prod_{A30}",
        "EAAA{u60}",
        "sq0atp-{u22}",
        "FLWSECK_TEST-{a32}-X",
        "FLWPUBK_TEST-{a32}-X",
        "shpat_{H32}",
        "shpca_{H32}",
        "shppa_{H32}",
        "shpss_{H32}",
        "shippo_live_{H40}",
        "EZAK{A54}",
        "EZTK{A54}",
        "duffel_live_{u43}",
        "live_{u40}",
        "test_{h35}",
        "live_pub_{h31}",
        "access-production-{g}",
        "sm_pat_{A16}",
        "sm_aat_{A16}",
        "b_{u44}",
    ),
    "mail, chat and offices": (
        "xapp-1-A{U10}-{d13}-{h64}",
        "xoxb-{d12}-{d12}-{A24}",
        "xoxp-{d12}-{d12}-{d12}-{h32}",
        "xoxe.xoxp-1-{U163}",
        "xoxe-1-{U146}",
        "xoxs-{d12}-{d12}-{d12}-{h32}",
        "xoxa-2-{A32}",
        "https://hooks" + ".slack.com/services/T{U8}/B{U8}/{A24}",
        "https://acme.webhook.office.com/webhookb2/{g}@{g}/IncomingWebhook/{a32}/{g}",
        "SG.{u22}.{u43}",
        "xkeysib-{h64}-{a16}",
        "key-{h32}",
        "pubkey-{h32}",
        "{h32}-{h8}-{h8}",
        "{h32}-us12",
        "SK{h32}",
        "EAAM{A120}",
        "EAAC{A120}",
        "lin_api_{a40}",
        "ntn_{d11}{A35}",
        "pat{A14}.{h64}",
        "fio-u-{u64}",
        "tfp_{u40}_{a18}",
        "sl.{u135}",
        "p8e-{h32}",
        "cnvca{u51}",
        "pk_{d8}_{U32}",
        "pk_{h34}",
        "NRJS-{h19}",
        "NRII-{u32}",
        "NRAK-{U27}",
        "dt0c01.{U24}.{U64}",
        "{A6}_{A29}_mmk",
        "s-s4t2ud-{h64}",
        "{d9}:A{u34}",
        "A" * 22 + "{A90}",
        "pk.{A60}.{A22}",
        "_gitlab_session={a32}",
    ),
}
"""Family to forms that say by themselves what they are."""

NAMED: dict[str, str] = {
    "ADAFRUIT_IO_KEY": "{a32}",
    "ADOBE_CLIENT_SECRET": "{h32}",
    "AIRTABLE_API_KEY": "key{A14}",
    "ALGOLIA_ADMIN_KEY": "{a32}",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "{a30}",
    "ASANA_CLIENT_SECRET": "{a32}",
    "ASSEMBLYAI_API_KEY": "{h32}",
    "CONFLUENCE_API_TOKEN": "{a20}{h4}",
    "AZURE_STORAGE_KEY": "{x86}==",
    "BITBUCKET_CLIENT_SECRET": "{u64}",
    "BITLY_ACCESS_TOKEN": "{h40}",
    "BITTREX_SECRET_KEY": "{a32}",
    "BOX_ACCESS_TOKEN": "{a32}",
    "MERAKI_DASHBOARD_API_KEY": "{h40}",
    "CIVO_TOKEN": "{A50}",
    "CLOUDFLARE_API_TOKEN": "{u40}",
    "CLOUDFLARE_GLOBAL_API_KEY": "{h37}",
    "CLOUDINARY_API_SECRET": "{A27}",
    "CODECOV_TOKEN": "{g}",
    "CO_API_KEY": "{A40}",
    "COINBASE_ACCESS_TOKEN": "{a64}",
    "CONFLUENT_SECRET": "{x64}",
    "CONTENTFUL_DELIVERY_TOKEN": "{u43}",
    "DD_API_KEY": "{h32}",
    "DATADOG_APP_KEY": "{h40}",
    "DEEPGRAM_API_KEY": "{h40}",
    "DISCORD_CLIENT_SECRET": "{u32}",
    "DRONECI_TOKEN": "{a32}",
    "ELASTIC_API_KEY": "{x60}==",
    "ETSY_API_KEYSTRING": "{a24}",
    "EXA_API_KEY": "{g}",
    "FACEBOOK_APP_SECRET": "{h32}",
    "FASTLY_API_TOKEN": "{u32}",
    "FINNHUB_TOKEN": "{a20}",
    "FLICKR_ACCESS_TOKEN": "{a32}",
    "FRESHBOOKS_ACCESS_TOKEN": "{a64}",
    "GITTER_TOKEN": "{a40}",
    "HEROKU_API_KEY": "{g}",
    "HONEYCOMB_API_KEY": "{A22}",
    "IBM_CLOUD_API_KEY": "{u44}",
    "INFLUXDB_TOKEN": "{u86}==",
    "INTERCOM_TOKEN": "{u60}",
    "JFROG_ACCESS_TOKEN": "{a64}",
    "JUMPCLOUD_API_KEY": "{h40}",
    "KAGI_API_KEY": "{u11}.{u43}",
    "KRAKEN_PRIVATE_KEY": "{x86}==",
    "KUCOIN_API_SECRET": "{g}",
    "LAUNCHDARKLY_ACCESS_TOKEN": "{a40}",
    "LINKEDIN_CLIENT_SECRET": "{A16}",
    "LOOKER_CLIENT_SECRET": "{a24}",
    "MATTERMOST_TOKEN": "{a26}",
    "MESSAGEBIRD_KEY": "{A25}",
    "MISTRAL_API_KEY": "{A32}",
    "NETLIFY_AUTH_TOKEN": "{u43}",
    "NEW_RELIC_USER_KEY": "{a64}",
    "OKTA_API_TOKEN": "00{u40}",
    "OVH_APPLICATION_SECRET": "{A32}",
    "PLAID_SECRET": "{a30}",
    "RAPIDAPI_KEY": "{u50}",
    "SENDBIRD_API_TOKEN": "{h40}",
    "SERPER_API_KEY": "{h40}",
    "SNYK_TOKEN": "{g}",
    "SQUARESPACE_API_KEY": "{g}",
    "SUMOLOGIC_ACCESS_KEY": "{A64}",
    "TRAVIS_TOKEN": "{A22}",
    "TWITCH_CLIENT_SECRET": "{a30}",
    "TWITTER_ACCESS_TOKEN_SECRET": "{A45}",
    "TWITTER_API_KEY": "{A25}",
    "ZENDESK_TOKEN": "{A40}",
    "WANDB_API_KEY": "{h40}",
    "UPSTASH_REDIS_REST_TOKEN": "{A56}",
}
"""Keys without a form of their own: the variable's name says what they are."""

_AROUND = (
    "The service answered 401 for {v}, so it was rotated.",
    "  1 | {v}\n  2 | (end of file)",
    '{{"status": "ok", "result": ["{v}", 3]}}',
    "I put `{v}` into the field and saved.",
    "$ cat note.txt\n{v}\n$ ",
    "<td>{v}</td>",
    "stored as '{v}' in row 7",
    "first,{v},last",
)
_NAMES = (
    "{n}={v}",
    "export {n}='{v}'",
    '{{"{n}": "{v}", "PORT": 8080}}',
    "{n}: {v}",
    "  - name: {n}\n    value: {v}\n",
    "set {n} to {v}, then restart",
    'os.environ["{n}"] = "{v}"',
    "-e {n}={v} \\\n",
)


def drawn(form: str, draw: Draw) -> str:
    """Return one value of a form."""

    def field(match: re.Match[str]) -> str:
        if match[1] == "g":
            return str(uuid.UUID(int=draw.getrandbits(128), version=4))
        body = draw.of(_ALPHABETS[match[1]], int(match[2]))
        # A body that ends in a sign is cut by whoever reads to the end of a word.
        return body[:-1] + draw.choice(LOWER) if body[-1] in "_-+/" else body

    return _FIELD.sub(field, form)


def bare(seed: int = 5, times: int = 4) -> Iterator[tuple[str, Planted]]:
    """Yield family and text for every form, each time another value in another place."""
    draw = Draw(seed)
    for family, forms in BARE.items():
        for form in forms:
            for around in draw.sample(_AROUND, times):
                value = drawn(form, draw)
                yield family, Planted(form, around.format(v=value), (value,))


def named(seed: int = 5, times: int = 4) -> Iterator[tuple[str, Planted]]:
    """Yield the same for keys that their variable's name gives away."""
    draw = Draw(seed)
    for name, form in NAMED.items():
        for around in draw.sample(_NAMES, times):
            value = drawn(form, draw)
            yield "by name", Planted(name, around.format(n=name, v=value), (value,))

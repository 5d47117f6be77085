"""Keys and tokens with a form of their own that the scanner does not know, or not in full.

Forms are those the vendors document; each is a prefix that nothing else has
and a body long enough that no variable name fits it.
"""

# ruff: noqa: S105

from __future__ import annotations

from harness_forge.filters.redaction.rule import END, START, Rule, by_pattern

_FORMS: tuple[tuple[str, str, str], ...] = (
    # kind, hint, form
    ("github_token", r"github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}"),
    (
        "gitlab_token",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{20,}",
    ),
    (
        "slack_token",
        r"x(?:app|oxe|oxc|oxd)[.-]|xox[abposr]-",
        r"(?:xapp-\d-|xoxe[.-]|xox[abcdposr]-)[A-Za-z0-9.%-]{20,}",
    ),
    (
        "slack_webhook",
        r"hooks\.slack\.com",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,}",
    ),
    ("anthropic_key", r"sk-ant-", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{24,}"),
    (
        "openai_key",
        r"sk-",
        r"sk-(?=[A-Za-z_-]*\d)(?=[a-z0-9_-]*[A-Z])(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{40,}",
    ),
    (
        "stripe_key",
        r"[rs]k_(?:live|test)_|whsec_",
        r"(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{16,}",
    ),
    (
        "google_key",
        r"AIza|ya29\.|GOCSPX-",
        r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_.-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}",
    ),
    ("huggingface_token", r"hf_|api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("npm_token", r"npm_", r"npm_[A-Za-z0-9]{36}"),
    ("digitalocean_token", r"do[opr]_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    ("vault_token", r"hv[sbr]\.", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    ("databricks_token", r"dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    ("docker_token", r"dckr_", r"dckr_[po]at_[A-Za-z0-9_-]{27,}"),
    ("grafana_token", r"gl(?:sa|c)_", r"gl(?:sa|c)_[A-Za-z0-9+/=]{32,}(?:_[A-Fa-f0-9]{8})?"),
    ("newrelic_key", r"NRAK-|NRII-", r"NR(?:AK|II)-[A-Z0-9a-z-]{27,32}"),
    ("linear_key", r"lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    ("notion_token", r"ntn_|secret_", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}"),
    ("postman_key", r"PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("shopify_token", r"shp(?:at|ca|pa|ss)_", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("tailscale_key", r"tskey-", r"tskey-[a-z]+-[A-Za-z0-9]{8,}(?:-[A-Za-z0-9]{16,})?"),
    ("terraform_token", r"\.atlasv1\.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    ("atlassian_token", r"ATATT3|ATCTT3|ATBB", r"AT[AC]TT3[A-Za-z0-9_=-]{60,}|ATBB[A-Za-z0-9]{32}"),
    (
        "doppler_token",
        r"dp\.[a-z]{2,5}\.",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{40,}",
    ),
    ("planetscale_token", r"pscale_", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}"),
    ("rubygems_key", r"rubygems_", r"rubygems_[a-f0-9]{48}"),
    ("mapbox_token", r"[sp]k\.eyJ", r"[sp]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    (
        "discord_webhook",
        r"discord(?:app)?\.com/api/webhooks",
        r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_-]{50,}",
    ),
    (
        "teams_webhook",
        r"webhook\.office\.com",
        r"https://[a-z0-9-]+\.webhook\.office\.com/[A-Za-z0-9@/_-]{40,}",
    ),
    ("airtable_token", r"pat[A-Za-z0-9]{14}\.", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("buildkite_token", r"bkua_", r"bkua_[a-f0-9]{40}"),
    ("brevo_key", r"xkeysib-", r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("crates_token", r"cio[A-Za-z0-9]{8}", r"cio[A-Za-z0-9]{32}"),
    ("dynatrace_token", r"dt0[a-z][0-9]{2}\.", r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("figma_token", r"figd_", r"figd_[A-Za-z0-9_-]{36,}"),
    ("groq_key", r"gsk_", r"gsk_[A-Za-z0-9]{48,}"),
    ("langsmith_key", r"lsv2_", r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    ("mailgun_key", r"key-[0-9a-f]{4}", r"key-[0-9a-f]{32}"),
    ("netlify_token", r"nfp_", r"nfp_[A-Za-z0-9]{36,}"),
    ("nuget_key", r"oy2[a-z0-9]{4}", r"oy2[a-z0-9]{43}"),
    ("nvidia_key", r"nvapi-", r"nvapi-[A-Za-z0-9_-]{60,}"),
    ("openai_key", r"sk-or-v1-|sk-[a-f0-9]{4}", r"sk-or-v1-[a-f0-9]{64}|sk-[a-f0-9]{32}"),
    ("perplexity_key", r"pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    ("pulumi_token", r"pul-[a-f0-9]{4}", r"pul-[a-f0-9]{40}"),
    ("replicate_token", r"r8_", r"r8_[A-Za-z0-9]{37}"),
    ("sentry_token", r"sntry[su]_", r"sntry[su]_[A-Za-z0-9+/=_-]{50,}"),
    ("sonar_token", r"sq[apu]_", r"sq[apu]_[a-f0-9]{40}"),
    ("square_secret", r"sq0[a-z]{3}-", r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,43}"),
    ("supabase_token", r"sbp_", r"sbp_[a-f0-9]{40}"),
    ("xai_key", r"xai-", r"xai-[A-Za-z0-9]{60,}"),
    ("age_key", r"AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    (
        "azure_storage_key",
        r"AccountKey=|SharedAccessKey=|sig=",
        r"(?:(?:Account|SharedAccess)Key=|[?&]sig=)(?P<v>[A-Za-z0-9+/%]{40,}={0,2})",
    ),
    ("azure_client_secret", r"[0-9]Q~", r"[A-Za-z0-9_.-]{3}\dQ~[A-Za-z0-9_.~-]{31,34}"),
    (
        "sentry_dsn",
        r"sentry\.io/",
        r"https://[a-f0-9]{32}(?::[a-f0-9]{32})?@[a-z0-9.]*sentry\.io/\d+",
    ),
)

_AWS_SECRET = (
    r"(?i)secret_?access_?key\\?[\"']?[\])]?\s{0,3}(?:=>|:=|=|:)\s{0,3}\\?[\"']?"
    r"(?P<v>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_KEY_HEAD = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_KEY_TAIL = r"-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE_KEY = (
    # Whole, also on one line with \n in words. One that was cut goes as far as it is base64.
    rf"{_KEY_HEAD}(?:[A-Za-z0-9+/=\s\\:,.()_-]{{0,20000}}?{_KEY_TAIL}|(?:[A-Za-z0-9+/=\s]|\\[nr])*)"
    r"|-----BEGIN OpenVPN Static key V1-----[\sA-Fa-f0-9\\nr#]{0,2000}"
    r"-----END OpenVPN Static key V1-----"
    r"|PuTTY-User-Key-File-[23]:(?:.|\n){0,8000}?Private-MAC: [0-9a-f]+"
)
RULES = (
    Rule("aws_secret_key", r"(?i)secret_?access_?key", by_pattern(_AWS_SECRET)),
    Rule(
        "private_key",
        r"PRIVATE KEY|PuTTY-User-Key-File|OpenVPN Static key",
        by_pattern(_PRIVATE_KEY, lambda match: len(match[0]) > 60),
    ),
    *(
        Rule(
            kind,
            hint,
            by_pattern(f"{START}(?:{form}){END}" if form[0] != "(" or "?P" not in form else form),
        )
        for kind, hint, form in _FORMS
    ),
)

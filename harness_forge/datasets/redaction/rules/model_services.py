"""Keys of model APIs and of what agents use beside them.

Search, scraping, sandboxes, traces and evaluations, memory, vector stores.
"""

# A form is read in one piece.

from __future__ import annotations

from harness_forge.datasets.redaction.rules.families import UUID, A, H, S, U, rules_of

MODELS = (
    ("openai_key", r"sk-(?:proj|svcacct|admin|service|None)-", f"{U}{{20,}}"),
    ("openai_key", r"sess-", f"{A}{{40,}}"),
    ("anthropic_key", r"sk-ant-", f"{U}{{20,}}"),
    ("openrouter_key", r"sk-or-", rf"(?:v\d-)?{A}{{32,}}"),
    ("model_key", r"sk-", rf"{A}{{32,}}|{S}{{2,12}}(?:-{S}{{1,8}})?-{U}{{24,}}"),
    ("cerebras_key", r"csk-", f"{S}{{40,}}"),
    ("fireworks_key", r"f(?:w|pk)_", f"{A}{{20,}}"),
    ("together_key", r"tgp_v\d_", f"{U}{{40,}}"),
    ("groq_key", r"gsk_", f"{A}{{40,}}"),
    ("xai_key", r"xai-(?:token-)?", f"{U}{{40,}}"),
    ("perplexity_key", r"pplx-", f"{A}{{40,}}"),
    ("replicate_token", r"r8_", f"{A}{{30,}}"),
    ("nvidia_key", r"nvapi-", f"{U}{{40,}}"),
    ("huggingface_token", r"(?:hf|hf_oauth|hf_jwt|api_org)_", r"[A-Za-z0-9._-]{30,}"),
    ("voyage_key", r"(?:pa|al)-", f"{U}{{40,}}"),
    ("jina_key", r"jina_", f"{U}{{50,}}"),
    ("elevenlabs_key", r"sk_", rf"{H}{{40,}}|car_{A}{{16,}}"),
    ("runway_key", r"key_", f"{H}{{64,}}"),
    ("anyscale_key", r"esecret_", f"{A}{{20,}}"),
    ("luma_key", r"luma-", f"(?:{UUID}|{U}{{30,}})"),
    ("coze_token", r"[ps]at_", f"{A}{{40,}}"),
    ("dify_key", r"(?:app|dataset)-", f"{A}{{24}}"),
    ("ollama_key", r"[0-9a-f]{32}\.", f"{U}{{24}}"),
    ("fal_key", rf"{H}{{8}}-{H}{{4}}-{H}{{4}}-{H}{{4}}-{H}{{12}}:{H}{{32}}", ""),
    ("github_copilot_token", r"tid=[0-9a-f]{8}", rf"{H}{{24}};[^\s\"']{{20,}}"),
    ("bedrock_key", r"ABSK|bedrock-api-key-", r"[A-Za-z0-9+/]{60,}={0,2}"),
)
AGENTS = (
    ("tavily_key", r"tvly-", rf"(?:(?:dev|prod)-)?{U}{{24,}}"),
    ("firecrawl_key", r"fc-", f"{H}{{32}}"),
    ("brave_key", r"BSA", f"{U}{{24,32}}"),
    ("apify_token", r"apify_(?:api|proxy|client)_", f"{A}{{30,}}"),
    ("browser_key", r"(?:bb|bu|ste|hb)[_-](?:live|prod|test|dev)?[_-]?", f"{U}{{24,}}"),
    ("e2b_key", r"(?:sk_)?e2b_", f"{S}{{32,}}"),
    ("modal_token", r"a[ks]-", f"{A}{{20,24}}"),
    ("daytona_key", r"dtn_", f"{H}{{40,}}"),
    ("runpod_key", r"rp[as]_", r"[A-Z0-9]{40}[a-z0-9]{0,8}"),
    ("composio_key", r"(?:ak|comp)_", f"{U}{{20,}}"),
    ("memory_key", r"(?:m0|zep|ltt)-", f"{U}{{32,}}"),
    ("zep_key", r"z_1dW", "[A-Za-z0-9._-]{40,}"),
    ("llamacloud_key", r"llx-", f"{A}{{40,}}"),
    ("langfuse_key", r"[sp]k-lf-", UUID),
    ("langsmith_key", r"lsv2_(?:pt|sk)_|ls__", f"{H}{{32}}(?:_{H}{{10}})?"),
    ("helicone_key", r"[sp]k-helicone-", r"[A-Za-z0-9-]{24,}"),
    ("braintrust_key", r"bt-st-", f"{U}{{24,}}"),
    ("wandb_key", r"wandb_v\d+_", f"{U}{{40,}}"),
    ("arize_key", r"ak-", f"{UUID}-{U}{{16,}}"),
    ("sourcegraph_token", r"s(?:gp|lk|gd|gs)_", rf"(?:(?:local|{H}{{16}})_)?{H}{{40,}}"),
    ("cursor_key", r"(?:key|crsr)_", f"{H}{{64}}"),
    ("you_key", r"ydc-sk-", f"{U}{{24,}}"),
    ("pinecone_key", r"pcsk_", f"{U}{{40,}}"),
    ("chroma_key", r"ck-", f"{A}{{40,}}"),
    ("turbopuffer_key", r"tpuf_", f"{A}{{24,}}"),
    ("prefect_key", r"pn[ub]_", f"{S}{{36}}"),
    ("inngest_key", r"signkey-(?:prod|test|branch)-", f"{H}{{32,}}"),
    ("trigger_key", r"tr_(?:dev|prod|stg|preview|pat)_", f"{A}{{20,}}"),
)

RULES = tuple(rules_of([*MODELS, *AGENTS]))

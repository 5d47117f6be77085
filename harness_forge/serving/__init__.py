"""Serving: vLLM on this machine, base model and adapters under one OpenAI-compatible URL.

server_plan.py     what a server serves: base model, adapters, workset, settings
server_run.py      runs such a plan: start, aliases, smoke test, stop
vllm_command.py    vLLM's command line and environment variables
families.py        vLLM's tool-call parser for a chat template
server.py          the process: start, watch, stop
detached.py        a server that keeps running without a terminal
state.py           which servers run
smoke.py           checks that base and adapters answer, and differ
scoring.py         asks a server for tokens and log probabilities
aliases.py         names that can be moved from one adapter to another
given_names.py     names that a user chose, each for one content
hot.py             vLLM's calls to load and unload an adapter
swap.py            puts another adapter behind an alias of a running server
swapping.py        the same for an adapter of the registry, with a proof
deploy.py          a systemd unit and a compose file
llama.py, gguf.py  the same for Ollama and llama.cpp
proxy/             the proxy in front of the servers
plugin/            code that runs in other programs' environments
"""

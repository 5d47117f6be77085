"""Serving: vLLM on this machine, base model and adapters under one OpenAI-compatible URL.

config.py    settings
families.py  which reader of tool calls goes with a chat template
command.py   the command line and variables vLLM is started with
server.py    the process: start, watch, end
detached.py  started so that it goes on without a terminal
state.py     which servers run, and what has become of them
smoke.py     base and adapters both answer, and differ
scoring.py   what a server makes of given tokens
aliases.py   names that always answer, whoever stands behind them
names.py     names that a person chose, each for one content
hot.py       vLLM's calls to load and unload
swap.py      another adapter behind an alias while it runs
deploy.py    a systemd unit, a compose file
llama.py     the same for Ollama and llama.cpp
plugin/      what runs in other programs' environments
"""

"""Serving: vLLM on this machine, base model and adapters under one OpenAI-compatible URL.

config.py    settings
command.py   the command line and variables vLLM is started with
server.py    the process: start, watch, end
smoke.py     base and adapters both answer, and differ
"""

"""Environments: disposable, deterministic places where work items are attempted and judged."""

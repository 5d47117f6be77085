from tiny_parts import tiny  # noqa: F401

"""Chat messages in any known form: one table of roles, one stream assembler, one canonical form.

`forms` converts every known form to OpenAI's without loss; sources and the proxy store
that. `canonical_history` and `canonical_answer` convert it to the form of a dataset.
`streams` assembles streamed answers, for both.
"""

"""Chat messages in any known form: one table of roles, one stream assembler, one canonical form.

`forms` reads every known form into OpenAI's, losing nothing; sources and the
proxy store that. `canonical` makes of it what a dataset holds. `streams` puts
streamed answers together, for both.
"""

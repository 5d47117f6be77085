"""Items of `skill=tool_calls`: a small desk of ours that is run by calls, and requests to it.

world.py     the operations: their JSON schemas, and what each does to the state
states.py    states to begin with
families.*   kinds of requests in words; asking.py draws what each is about, and its call
making.py    items out of them, the same for the same seed
check.py     judges a call in the sandbox, with world.py
"""

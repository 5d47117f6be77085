"""Items of your own, judged by your own commands in the sandbox.

| module | owns |
|---|---|
| `templates` | texts with an item's fields in them |
| `items` | the items: read from a file or a command, each with its prompt and files |
| `tool_schema` | the tool call that is asked for, and what rests on its schema |
| `programs` | the programs that commands see, with Python packages and mounts |
| `bench` | the order of the steps: files, setup, answer, apply, guard, judge |
| `verdict` | what a judge said, read |
| `trials` | what is tried on every item before it may be attempted |
| `environment` | all of it joined |
| `printed_items` | the command line of our own skills that make their items |
| `suites` | a folder of tests, understood as such an environment |
"""

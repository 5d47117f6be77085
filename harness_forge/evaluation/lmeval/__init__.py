"""lm-eval suites over held-out work items: a task folder, a launch, answers with their scores."""

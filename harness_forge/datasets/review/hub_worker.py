"""Runs in the workset hf: sends one folder to a private repository of the Hub.

Prints one line of JSON: url and commit, or fault.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Send the folder that the command line names."""
    folder, repository, kind = sys.argv[1:]
    from huggingface_hub import HfApi

    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGINGFACE_API_KEY")
    try:
        api = HfApi(token=token)
        api.create_repo(repository, repo_type=kind, private=True, exist_ok=True)
        if not api.repo_info(repository, repo_type=kind).private:
            hint = "make it private first, or send to another one"
            said = {"fault": "is public, and nothing is sent to a public one", "hint": hint}
        else:
            done = api.upload_folder(
                folder_path=folder,
                repo_id=repository,
                repo_type=kind,
                commit_message="Published after a signed review",
            )
            said = {"url": str(done.commit_url), "commit": done.oid}
    except Exception as error:  # of whatever kind the client has: it is told, not handled
        said = {"fault": f"{type(error).__name__}: {str(error).strip()[:300]}"}
    print(json.dumps(said))


if __name__ == "__main__":
    main()

"""MLflow's client on a store of this machine: quiet, without telemetry, and refused at once."""

from __future__ import annotations

import logging
import os
import sqlite3
import warnings
from contextlib import closing
from typing import Any

SQLITE = "sqlite:///"
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # A server that is down must not hold up its caller for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def client_of(uri: str) -> Any:
    """Return MLflow's client for runs and models of one store.

    Raises:
        ImportError: MLflow is not installed.
        sqlite3.Error: the file cannot be opened as a database.
    """
    os.environ.update(_SETTINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if uri.startswith(SQLITE):
        # MLflow would ask ten times, for 100 s in all.
        file = uri.removeprefix(SQLITE).partition("?")[0]
        with closing(sqlite3.connect(file)) as store:
            store.execute("PRAGMA schema_version")
    return MlflowClient(tracking_uri=uri, registry_uri=uri)

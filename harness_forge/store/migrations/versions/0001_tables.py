"""Tables laid out like gemma-forge's V2 schema, and what that schema lacks."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.get_bind().connection.driver_connection.execute(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )

"""The views that exporters select from."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.get_bind().connection.driver_connection.execute(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )

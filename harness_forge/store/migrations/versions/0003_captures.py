"""What a proxy captured, and the outcomes that were posted to it."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.get_bind().connection.driver_connection.execute(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )

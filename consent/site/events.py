"""What happens to a site, for those who want to be told: each event is queued for the site's webhooks.

outbox/webhooks.py sends what is queued here.
"""

import json
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.models import Webhook
from consent.models.outbox import WEBHOOK, queued

Type = Literal["notice.published"]


def queue(session: Session, site: str, what: Type, data: dict[str, Any], now: datetime) -> None:
    """Queues a message for each of the site's webhooks, in the transaction of what happened. The caller commits."""
    body = json.dumps({"type": what, "timestamp": now.isoformat(), "data": data})
    for webhook in session.scalars(select(Webhook).where(Webhook.site == site)):
        session.add(queued(WEBHOOK, site, str(webhook.id), body, now))

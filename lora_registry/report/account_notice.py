"""The notice that an unused account will be closed: plain text, in every language, as nobody knows whose it is."""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

from lora_registry.i18n import translator
from lora_registry.report.wording import Words

_SEVEN_BITS = SMTP.clone(cte_type="7bit")
_LANGUAGES = ("fr", "en")


def notice(sender: str, recipient: str, public_url: str, *, made_at: datetime, ends_on: date) -> bytes:
    """Return the mail; `ends_on` is when the account is closed, unless its person signs in before."""
    subjects, texts = [], []
    for language in _LANGUAGES:
        words = Words(translator(language, "accounts"), language, ZoneInfo("UTC"))
        subjects.append(words.text("Your account will be closed"))
        texts.append(
            "\n\n".join(
                (
                    words.text("You have not signed in to the registry of connected objects for a long time."),
                    words.text(
                        "To keep your account, sign in before {day}: {url}", day=words.day(ends_on), url=public_url
                    ),
                    words.text(
                        "Otherwise it is closed that day, and three months later deleted. What you said of "
                        "objects stays in their journals. You need do nothing if you no longer use it."
                    ),
                )
            )
        )
    mail = EmailMessage(policy=_SEVEN_BITS)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " / ".join(subjects)
    mail["Date"] = made_at
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n--\n\n".join(texts) + "\n")
    return mail.as_bytes()

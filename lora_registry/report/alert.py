"""A safety alert as people and programs get it: a short mail, or JSON for a webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from lora_registry.domain.alerting import Phase
from lora_registry.domain.findings import SubjectKind
from lora_registry.i18n import translator
from lora_registry.report.mail import one_line
from lora_registry.report.mail_terms import TO_DO
from lora_registry.report.wording import Words

_SEVEN_BITS = SMTP.clone(cte_type="7bit")
_LONGEST_SENTENCE = 400
_SHOWN = 3
HEADLINES: Final[Mapping[str, tuple[str, str]]] = {
    "silent_device": ("{name} no longer sends anything", "{name} sends again"),
    "never_seen": ("{name} was never heard", "{name} sends now"),
    "not_back": ("{name} is not back with its season", "{name} is back"),
    "silent_gateway": ("gateway {name} no longer works", "gateway {name} works again"),
    "incident": ("{name} has failed, objects are cut off", "{name} works again"),
}
"""What failed and what works again, by the kind of the finding."""


class Alert(NamedTuple):
    """What one message tells."""

    number: int
    phase: Phase
    kind: str
    subject_kind: str
    subject: str
    since: datetime
    raised_at: datetime
    cleared_at: datetime | None
    name: str
    services: Sequence[str]
    communes: Sequence[str]
    devices: int
    private: bool
    """Of an object in a home, for somebody who may not know which."""
    explanation: Mapping[str, str]


class Letter(NamedTuple):
    """Who writes to whom, and in which language."""

    sender: str
    recipient: str
    language: str
    zone: ZoneInfo
    public_url: str
    """Without it there is no link."""


def message_id(alert: Alert, contact: int, sender: str, phase: Phase | None = None) -> str:
    """Return what a message is known by: the same at each attempt."""
    host = sender.rpartition("@")[2]
    made = f"{alert.raised_at.astimezone(UTC):%Y%m%dT%H%M%S}"
    return f"<safety.{alert.number}.{phase or alert.phase}.{contact}.{made}@{host}>"


def mail(alert: Alert, letter: Letter, *, contact: int, made_at: datetime) -> bytes:
    """Return the mail; the one of an end stands in the thread of its beginning."""
    terms = _Terms(letter)
    values = {"alert": alert, "t": terms, "language": letter.language, "raised": alert.phase is Phase.RAISED}
    built = EmailMessage(policy=_SEVEN_BITS)
    built["From"] = letter.sender
    built["To"] = letter.recipient
    built["Subject"] = terms.subject(alert)
    built["Date"] = made_at
    built["Message-ID"] = message_id(alert, contact, letter.sender)
    if alert.phase is Phase.RECOVERED:
        first = message_id(alert, contact, letter.sender, Phase.RAISED)
        built["In-Reply-To"] = first
        built["References"] = first
    built["Auto-Submitted"] = "auto-generated"
    built["Importance"] = "high" if alert.phase is Phase.RAISED else "normal"
    built.set_content(_templates(markup=False).get_template("alert.txt.j2").render(values))
    html = _templates(markup=True).get_template("alert.html.j2").render(values)
    built.add_alternative(html, subtype="html")
    built["Content-Language"] = letter.language
    return built.as_bytes()


def body(alert: Alert, *, public_url: str) -> bytes:
    """Return what a webhook is sent; the same bytes at each attempt."""
    told = {
        "type": f"safety.{alert.phase}",
        "alert": alert.number,
        "kind": alert.kind,
        "subject_kind": alert.subject_kind,
        "subject": alert.subject,
        "name": alert.name,
        "services": list(alert.services),
        "communes": list(alert.communes),
        "safety_devices": alert.devices,
        "since": _instant(alert.since),
        "raised_at": _instant(alert.raised_at),
        "cleared_at": _instant(alert.cleared_at) if alert.cleared_at is not None else None,
        "explanation": dict(alert.explanation),
        "link": link(alert, public_url),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def link(alert: Alert, public_url: str) -> str:
    """Return where the registry tells more; empty where nobody can go there."""
    if not public_url:
        return ""
    if alert.subject_kind == SubjectKind.DEVICE and not alert.private:
        return f"{public_url}/devices/{alert.subject}"
    return f"{public_url}/findings?kind={alert.kind}"


@cache
def _templates(*, markup: bool) -> Environment:
    return Environment(
        loader=PackageLoader("lora_registry.report"),
        autoescape=markup,  # noqa: S701 - plain text has no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Terms:
    """What the templates call; every name of anybody's is one line."""

    def __init__(self, letter: Letter) -> None:
        self._letter, language = letter, letter.language
        self._words = Words(translator(language, "alerts"), language, letter.zone)
        self._of_mail = Words(translator(language, "mail"), language, letter.zone)
        self.text, self.many = self._words.text, self._words.many

    def subject(self, alert: Alert) -> str:
        return self.text("Safety: {what}", what=self.headline(alert))

    def headline(self, alert: Alert) -> str:
        """Return the one line that comes first."""
        failed, works = HEADLINES[alert.kind]
        name = self.text("an object in a home") if alert.private else one_line(alert.name)
        return self.text(failed if alert.phase is Phase.RAISED else works, name=name)

    def where(self, alert: Alert) -> str:
        """Return the services and communes it touches, the first ones of each."""
        return " \N{MIDDLE DOT} ".join(
            ", ".join([*map(one_line, names[:_SHOWN]), *(["\N{HORIZONTAL ELLIPSIS}"] if names[_SHOWN:] else [])])
            for names in (alert.services, alert.communes)
            if names
        )

    def why(self, alert: Alert) -> str:
        """Return the audit's sentence."""
        return one_line(alert.explanation.get(self._letter.language, ""), _LONGEST_SENTENCE)

    def to_do(self, alert: Alert) -> str:
        return self._of_mail.text(TO_DO[alert.kind]) if alert.kind in TO_DO else ""

    def moment(self, at: datetime) -> str:
        """Return an instant as people of the town read it."""
        return f"{self._words.day(at)} {at.astimezone(self._letter.zone):%H:%M}"

    def link(self, alert: Alert) -> str:
        return link(alert, self._letter.public_url)

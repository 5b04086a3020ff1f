"""How far the fleet is attributed, what the last sync found, and what to attribute first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from lora_registry.onboarding.complete import GOAL, LACKS
from lora_registry.onboarding.suggestions import Suggestion
from lora_registry.onboarding.worklist import Group, Kind, groups
from lora_registry.pipeline.survey_adoption import Survey, survey
from lora_registry.store import adoption_rows, scope, sync_reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
from lora_registry.store.sync_reads import Difference
from lora_registry.web.errors import BadRequestError
from lora_registry.web.queries import PAGE, asked_of, packed, unpacked
from lora_registry.web.rendering import page
from lora_registry.web.rule_form import CONDITIONS
from lora_registry.web.visits import Adopter, AdopterForm
from lora_registry.web.words import N_, Words

router = APIRouter(include_in_schema=False)
GROUPS: Final = 20
KINDS: Final = {
    Kind.APPLICATION: N_("By application"),
    Kind.NAME: N_("By the look of their names"),
    Kind.TAG: N_("By tag"),
    Kind.PROFILE: N_("By device profile"),
    Kind.TENANT: N_("By tenant"),
}
DIFFERENCES: Final = {
    Difference.SILENT_BEFORE: N_("Silent before we began to listen"),
    Difference.NEVER_SEEN: N_("In ChirpStack, and never heard by it"),
    Difference.UNREGISTERED: N_("In ChirpStack only: nobody has said a word of them"),
    Difference.UNLISTED: N_("In the registry only: ChirpStack does not list them"),
    Difference.ABSENT: N_("Listed by ChirpStack once, no longer"),
    Difference.CONFLICT: N_("The same identifier on two networks"),
    Difference.DISABLED: N_("Switched off in ChirpStack"),
}
LACK_WORDS: Final = {
    "service": N_("Without a service"),
    "organisation": N_("Without an owner"),
    "purpose": N_("Without a purpose"),
    "place": N_("Without a place"),
    "privacy": N_("Without a privacy class"),
    "model": N_("Without a model"),
}
_SUGGESTED: Final = 6


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that one click begins."""

    devices: int
    name: str
    """In the visitor's language; the rule's own name, too."""
    href: str


@router.get("/adopt")
def adopt(visit: Adopter) -> Response:
    """Show where adoption stands."""
    asked = asked_of(visit.request)
    kind = _kind(asked.get("by"))
    begin = _number(asked.get("from"))
    with reading(visit.site.engine) as connection:
        found = survey(connection, visit.signed_in)
        syncs = sync_reads.last_syncs(connection)
        counted = sync_reads.count(connection, now=visit.now) if syncs else {}
        rules = adoption_rows.rules(connection)
    work = groups(found.unattributed, kind)
    return page(
        visit,
        "adopt.html",
        found=found,
        goal=GOAL,
        syncs=syncs,
        counted=counted,
        differences=DIFFERENCES,
        kinds=KINDS,
        kind=kind,
        conditions=CONDITIONS,
        work=[(group, rule_for(group, found)) for group in work[begin : begin + GROUPS]],
        total=len(work),
        begin=begin,
        next=_address(kind, begin + GROUPS) if len(work) > begin + GROUPS else None,
        first=_address(kind, 0) if begin else None,
        proposals=[proposal(one, visit.words) for one in found.suggested()[:_SUGGESTED]],
        rules=rules,
        lacks=LACK_WORDS,
        by_service=_table(found.by_service, {one.id: one.name for one in found.references.services.values()}),
        by_organisation=_table(found.by_organisation, found.references.organisations),
        address_of=_address,
        network=visit.site.network,
        said=visit.request.query_params.get("said", ""),
    )


@router.post("/adopt/sync")
def read_network(visit: AdopterForm) -> Response:
    """Begin to read ChirpStack's lists; the page says how far it is."""
    if visit.site.network.possible:
        visit.site.network.start()
    return RedirectResponse("/adopt", status_code=303)


def rule_for(group: Group, found: Survey) -> str:
    """Return where a group's rule is begun: its service, if one is called like it, and its model."""
    pairs = [("when", group.key), ("is", group.pattern)]
    service = found.references.service(group.pattern)
    if group.kind is Kind.APPLICATION and service is not None:
        pairs += [("set", "service"), ("to", service)]
    pairs += [("set", "model"), ("to", "{profile}")]
    return f"/adopt/rules/new?{urlencode(pairs)}"


def proposal(one: Suggestion, words: Words) -> Proposal:
    """Return the rule that a suggestion begins."""
    named = {
        ("application", "service"): words.text("The service is called like the application"),
        ("tenant", "organisation"): words.text("The owner is called like the tenant"),
    }
    if (one.key, one.sets) in named:
        name = named[one.key, one.sets]
    else:
        told = {
            "service": words.text("The tag {name} names the service", name=one.key.removeprefix("tag.")),
            "organisation": words.text("The tag {name} names the owner", name=one.key.removeprefix("tag.")),
            "territory": words.text("The tag {name} names the commune", name=one.key.removeprefix("tag.")),
        }
        name = told[one.sets]
    pairs = [("name", name), ("when", one.key), ("is", "*"), ("set", one.sets), ("to", f"{{{one.key}}}")]
    if one.sets == "service":
        pairs += [("set", "model"), ("to", "{profile}")]
    return Proposal(one.devices, name, f"/adopt/rules/new?{urlencode(pairs)}")


def _table(counted: dict[str | None, Any], names: Any) -> list[tuple[str | None, Any]]:  # noqa: ANN401 - mappings
    """Return names with what their devices lack, those that lack most first; None is nobody's."""
    rows = [(names.get(key, key) if key is not None else None, one) for key, one in counted.items()]
    return sorted(rows, key=lambda row: (-max((row[1][lack] for lack in LACKS), default=0), row[0] or ""))


def _kind(text: str | None) -> Kind | None:
    try:
        return Kind(text) if text else None
    except ValueError:
        raise BadRequestError(f"by is {(text or '')[:40]!r}: one of {', '.join(Kind)}") from None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - digits


def _address(kind: Kind | None, begin: int = 0) -> str:
    pairs = [(name, str(value)) for name, value in (("by", kind), ("from", begin)) if value]
    return f"/adopt?{urlencode(pairs)}#work" if pairs else "/adopt#work"


@router.get("/adopt/differences")
def differences(visit: Adopter) -> Response:
    """List the devices on which registry and network server disagree, page by page."""
    asked = asked_of(visit.request)
    try:
        kind = Difference(asked.get("kind") or Difference.SILENT_BEFORE)
    except ValueError:
        raise BadRequestError(f"kind is {asked['kind'][:40]!r}: one of {', '.join(Difference)}") from None
    text = asked.get("q", "")[:200]
    with reading(visit.site.engine) as connection:
        rows = sync_reads.differences(connection, kind, now=visit.now)
        seen = scope.existing(connection, visit.signed_in, {row["dev_eui"] for row in rows})
    found = [row for row in rows if row["dev_eui"] in seen]
    hidden = len(rows) - len(found)
    if text:
        found = [row for row in found if _says(row, text)]
    after = _place(asked.get("after"))
    left = [row for row in found if (row["dev_eui"], row["network"]) > after]
    following = left[PAGE:]
    return page(
        visit,
        "differences.html",
        rows=left[:PAGE],
        kind=kind,
        text=text,
        total=len(found),
        hidden=hidden,
        kinds=DIFFERENCES,
        next=_differences(kind, text, left[PAGE - 1]) if following else None,
        first=_differences(kind, text, None) if any(after) else None,
    )


def _says(row: Row, text: str) -> bool:
    return any(text.casefold() in str(row[name] or "").casefold() for name in ("name", "application", "dev_eui"))


def _place(word: str | None) -> tuple[str, str]:
    match unpacked(word) if word else []:
        case []:
            return "", ""
        case [str(dev_eui), str(network)]:
            return dev_eui, network
    raise BadRequestError("this address names no place in the list: begin with its first page")


def _differences(kind: Difference, text: str, after: Row | None) -> str:
    place = packed(str(after["dev_eui"]), after["network"]) if after is not None else None
    pairs = [(name, value) for name, value in (("kind", kind.value), ("q", text), ("after", place)) if value]
    return f"/adopt/differences?{urlencode(pairs)}"

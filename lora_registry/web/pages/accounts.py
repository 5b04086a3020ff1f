"""The public accounts of years and months: their list, each as a page, and as files to take home."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from lora_registry.domain.errors import UsageError
from lora_registry.pipeline import make_account
from lora_registry.report.account import document
from lora_registry.report.account.account import Account
from lora_registry.report.account.files import communes_of
from lora_registry.report.account.period import Kind, Period
from lora_registry.store.engine import reading
from lora_registry.web import files
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone, Visit
from lora_registry.web.words import N_

router = APIRouter(include_in_schema=False)
_LISTS: Final = ((Kind.ANNUAL, N_("Years")), (Kind.MONTHLY, N_("Months")))


@router.get("/accounts")
def accounts(visit: Someone) -> Response:
    """List what there is, the latest first."""
    with reading(visit.site.engine) as connection:
        listed = make_account.accounts(connection)
    lists = [(kind, title, [one for one in listed if one[0].kind is kind]) for kind, title in _LISTS]
    return page(visit, "accounts.html", lists=lists, file_name=_file_name)


@router.get("/accounts/{kind}/{label}")
def account(visit: Someone, kind: str, label: str) -> Response:
    """Show one."""
    found = _found(visit, kind, label)
    language, zone = visit.words.language, visit.site.zone
    inside = document.body(found, language=language, zone=zone, link=_links(found))
    return _shown(visit, found, inside, document.title(found, language=language, zone=zone))


@router.get("/accounts/{kind}/{label}/communes/{code}")
def commune(visit: Someone, kind: str, label: str, code: str) -> Response:
    """Show one commune's part of one."""
    found = _found(visit, kind, label)
    if code not in communes_of(found):
        raise NotFoundError
    language, zone = visit.words.language, visit.site.zone
    inside = document.commune_body(found, code, language=language, zone=zone, link=_links(found))
    return _shown(visit, found, inside, document.title(found, language=language, zone=zone, code=code))


@router.get("/accounts/{kind}/{label}/files/{name}")
def account_file(visit: Someone, kind: str, label: str, name: str) -> Response:
    """Send one as a page that needs nothing else, or its table."""
    found = _found(visit, kind, label)
    language, zone = visit.words.language, visit.site.zone
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    if name == _file_name(found.period, "html"):
        text = document.as_html(found, language=language, zone=zone, link=_no_link)
        return Response(text, media_type="text/html", headers=headers)
    if name == _file_name(found.period, "csv"):
        rows = document.rows(found, language=language, zone=zone)
        lines = files.csv_for_people(rows, document.CSV_COLUMNS, zone)
        return StreamingResponse(lines, media_type=files.TYPES[files.Form.CSV], headers=headers)
    raise NotFoundError


def _found(visit: Visit, kind: str, label: str) -> Account:
    """Return an account by its address.

    Raises:
        NotFoundError: there is none.

    """
    try:
        period = Period.parse(Kind(kind), label)
    except (ValueError, UsageError):
        raise NotFoundError from None
    with reading(visit.site.engine) as connection:
        found = make_account.show_account(connection, period)
    if found is None:
        raise NotFoundError
    return found


def _shown(visit: Visit, found: Account, inside: str, title: str) -> Response:
    return page(
        visit,
        "account_of.html",
        inside=Markup(inside),  # noqa: S704 - rendered by the templates of reports, which escape
        title=title,
        period=found.period,
        file_name=_file_name,
    )


def _links(found: Account) -> document.Link:
    address = f"/accounts/{found.period.kind}/{found.period.label}"
    codes = set(communes_of(found))

    def link(code: str) -> str:
        if not code:
            return address
        return f"{address}/communes/{code}" if code in codes else ""

    return link


def _no_link(_code: str) -> str:
    """Return no address: a file that is taken home alone leads nowhere."""
    return ""


def _file_name(period: Period, form: str) -> str:
    return f"{period.kind}-{period.label}.{form}"

"""Pages from templates: every value is escaped, a misspelt one is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import jinja2
from starlette.responses import HTMLResponse, Response

from lora_registry.domain.access import Right
from lora_registry.domain.findings import Status
from lora_registry.web import navigation, words
from lora_registry.web.answers import cacheable
from lora_registry.web.change_words import STATES
from lora_registry.web.static_files import StaticFiles
from lora_registry.web.visits import Visit
from lora_registry.web.words import Words, iso
from maps import palette


def environment(static: StaticFiles) -> jinja2.Environment:
    """Return the templates of the package."""
    folder = files("lora_registry.web") / "templates"
    sources = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}
    made = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "static": static.url,
        "icon": palette.icon,
        "signs": palette.definitions(),
        "iso": iso,
        "severities_words": words.SEVERITIES,
        "kinds_words": words.KINDS,
        "confidences": words.CONFIDENCES,
        "lifecycles": words.LIFECYCLES,
        "privacies": words.PRIVACY,
        "families": words.FAMILIES,
        "parts": words.PARTS,
        "gestures": words.GESTURES,
        "answers": words.ANSWERS,
        "cadences": words.CADENCES,
        "roles": words.ROLES,
        "states": STATES,
        "named_choices": named_choices,
        "status_choices": status_choices,
    }
    return made


def named_choices(of: Words, table: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the choices of a list whose words stand in a table."""
    return [(key, of.text(word)) for key, word in table.items()]


def status_choices(of: Words, statuses: Sequence[str], counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return where findings can stand, with how many stand there; those that are over are not counted."""
    found = [
        (one, f"{of.status(one)} ({of.number(counts.get(one, 0))})" if one != Status.CLEARED else of.status(one))
        for one in statuses
    ]
    return [("", of.text("To look at")), *found, ("all", of.text("All"))]


def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - templates take anything
    """Return a page; GET answers carry a tag, and are empty where the browser has them already."""
    of, viewer = visit.words, visit.viewer
    text = visit.site.templates.get_template(template).render(
        values
        | {
            "words": of,
            "_": of.text,
            "many": of.many,
            "now": visit.now,
            "viewer": viewer,
            "person": visit.person,
            "form_token": visit.form_token,
            "speaks": viewer is not None and viewer.may(Right.SPEAK),
            "exports": viewer is not None and viewer.may(Right.EXPORT),
            "manages": visit.person is not None and viewer is not None and viewer.may(Right.PEOPLE),
            "navigation": navigation.of(viewer, visit.request.url.path) if viewer is not None else None,
            "path": visit.request.url.path,
            "other_language": _other_language(visit),
            "simulated": visit.site.visitor is not None,
            "open_data": visit.site.settings.opendata_served == "on",
        }
    )
    answer = HTMLResponse(text, status_code=status, headers={"Vary": "Cookie", "Content-Language": of.language})
    if visit.request.method in ("GET", "HEAD") and status < 300:  # noqa: PLR2004 - a page that is one
        return cacheable(visit.request, answer)
    return answer


def _other_language(visit: Visit) -> str:
    """Return the address that changes the language and comes back to this page."""
    asked = [
        (key, value) for key, value in visit.request.query_params.multi_items() if key not in ("lang", "said")
    ]
    other = "en" if visit.words.language == "fr" else "fr"
    path = visit.request.url.path if visit.request.method in ("GET", "HEAD") else "/"
    back = f"{path}?{urlencode(asked)}" if asked else path
    return f"/language/{other}?{urlencode({'back': back})}"

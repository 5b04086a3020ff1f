"""The timed jobs: how each last ended, when it runs next, and pause, resume and now; for who runs the network."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import UsageError
from lora_registry.pipeline import timed_jobs
from lora_registry.settings import PREFIX
from lora_registry.web import navigation
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import FromForm, Someone, Visit

router = APIRouter(include_in_schema=False)
_COMMAND = "lora-registry schedule run"
_ACTIONS = ("pause", "resume", "now")


@router.get("/schedule")
def schedule(visit: Someone) -> Response:
    """List the jobs of the table."""
    _require_operator(visit)
    site = visit.site
    rows = timed_jobs.rows(site.engine, zone=site.settings.timezone, language=visit.words.language)
    for row in rows:
        # A job that lacks a setting is not planned; which one it lacks is what its reader has to know.
        needed = row["needs"] and not getattr(site.settings, row["needs"])
        row["lacks"] = f"{PREFIX}{row['needs'].upper()}" if needed else ""
    said = visit.request.query_params.get("said", "")
    return page(
        visit,
        "schedule.html",
        rows=rows,
        said=said if said in (*_ACTIONS, "not") else "",
        scheduled=any(row["next_at"] is not None or row["paused"] for row in rows),
        command=_COMMAND,
    )


@router.post("/schedule/{job}")
def change(visit: FromForm, job: str, action: Annotated[str, Form()] = "") -> Response:
    """Pause, resume or start one job; what can no longer be done is said on the list."""
    _require_operator(visit)
    if job not in {one.name for one in timed_jobs.JOBS} or action not in _ACTIONS:
        raise NotFoundError
    try:
        timed_jobs.change(visit.site.engine, job, action, zone=visit.site.settings.timezone, now=visit.now)
    except UsageError:  # somebody was faster: paused meanwhile, or never planned
        action = "not"
    return RedirectResponse(f"/schedule?said={action}", status_code=303)


def _require_operator(visit: Visit) -> None:
    if not navigation.operators(visit.signed_in):
        raise NotFoundError

"""Rules of adoption: their list, the form of one, their file, and the tables that they join."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, UploadFile
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.adoption_document import Said
from lora_registry.onboarding.tell import ToldError
from lora_registry.pipeline import keep_rules
from lora_registry.pipeline.keep_rules import Speaker
from lora_registry.pipeline.survey_adoption import survey
from lora_registry.store import adoption_rows
from lora_registry.store.engine import reading, writing
from lora_registry.web.answers import MOST_TABLE_BYTES
from lora_registry.web.errors import NotFoundError
from lora_registry.web.queries import asked_of
from lora_registry.web.rendering import page
from lora_registry.web.rule_form import CONDITIONS, FIRST, OTHERS, PLACED, asked, guessed, in_words, said_by, shown
from lora_registry.web.visits import Adopter, AdopterForm, Visit

router = APIRouter(include_in_schema=False)
TITLES: Final = {**FIRST, **PLACED, **OTHERS}
_SAID_SO: Final = ("kept", "changed", "dropped", "moved", "file", "file-dropped")


@router.get("/adopt/rules")
def rules(visit: Adopter) -> Response:
    """List the rules in their order, and the tables that they may join."""
    return _listed(visit)


def _listed(visit: Visit, *, faults: tuple[str, ...] = (), status: int = 200) -> Response:
    with reading(visit.site.engine) as connection:
        rows = adoption_rows.rules(connection)
        files = adoption_rows.files(connection)
        found = survey(connection, visit.signed_in)
    told = {
        row["id"]: [
            (key, in_words(key, str(value), found, visit.words))
            for key, value in row["said"].get("set", {}).items()
        ]
        for row in rows
    }
    said = visit.request.query_params.get("said", "")
    return page(
        visit,
        "adopt_rules.html",
        status=status,
        rules=rows,
        files=files,
        conditions=CONDITIONS,
        titles=TITLES,
        told=told,
        said=said if said in _SAID_SO else "",
        faults=faults,
        most_mb=MOST_TABLE_BYTES // 1_000_000,
    )


@router.get("/adopt/rules/new")
def begin_rule(visit: Adopter) -> Response:
    """Show the form of a new rule, filled as the link that led here says."""
    said = asked(asked_of(visit.request))
    if "join" in said and not said["set"]:
        guess = guessed(keep_rules.columns_of(visit.site.engine).get(said["join"]["file"], ()))
        said |= {"set": guess["set"], "join": said["join"] | {"column": guess["column"]}}
    return _form(visit, said, None)


@router.get("/adopt/rules/{number}")
def rule(visit: Adopter, number: int) -> Response:
    """Show the form of a rule."""
    with reading(visit.site.engine) as connection:
        said = _said(connection, number)
    return _form(visit, said, number)


def _said(connection: Connection, number: int) -> Said:
    for row in adoption_rows.rules(connection):
        if row["id"] == number:
            said: dict[str, Any] = row["said"]
            return said
    raise NotFoundError


def _form(visit: Visit, said: Said, number: int | None, *, faults: tuple[str, ...] = ()) -> Response:
    with reading(visit.site.engine) as connection:
        found = survey(connection, visit.signed_in)
        files = {row["name"]: row["headings"] for row in adoption_rows.files(connection)}
    return page(
        visit,
        "adopt_rule.html",
        status=422 if faults else 200,
        form=shown(said, found, files, visit.words),
        conditions=CONDITIONS,
        number=number,
        files=list(files),
        tags=[name for name, _ in found.tags.most_common()],
        faults=faults,
    )


async def _fields(request: Request) -> FormData:
    return await request.form()


@router.post("/adopt/rules")
def keep(visit: AdopterForm, form: Annotated[FormData, Depends(_fields)]) -> Response:
    """Keep a new rule, or what was changed of one."""
    word = str(form.get("number", ""))
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 9 else None  # noqa: PLR2004 - digits
    said = said_by(form)
    try:
        kept = keep_rules.keep_rule(visit.site.engine, said, _speaker(visit), number=number)
    except ImportFileError as error:
        return _form(visit, said, number, faults=faults_of(visit, error))
    if kept is None:
        raise NotFoundError
    return RedirectResponse(f"/adopt/rules?said={'kept' if number is None else 'changed'}", status_code=303)


def faults_of(visit: Visit, error: ImportFileError) -> tuple[str, ...]:
    """Return what is wrong with something handed in, in the visitor's language where it is known."""
    if isinstance(error, ToldError):
        return tuple(one.get(visit.words.language, one["en"]) for one in error.words)
    return (str(error),)


@router.post("/adopt/rules/{number}/move")
def move(visit: AdopterForm, number: int, where: Annotated[str, Form()] = "") -> Response:
    """Let a rule be read earlier or later."""
    with writing(visit.site.engine) as connection:
        adoption_rows.move_rule(connection, number, earlier=where == "earlier")
    return RedirectResponse("/adopt/rules?said=moved", status_code=303)


@router.post("/adopt/rules/{number}/drop")
def drop(visit: AdopterForm, number: int) -> Response:
    """Take a rule away; what it said of devices stays."""
    with writing(visit.site.engine) as connection:
        adoption_rows.drop_rule(connection, number)
    return RedirectResponse("/adopt/rules?said=dropped", status_code=303)


@router.get("/adopt/rules.toml")
def export(visit: Adopter) -> Response:
    """Give the rules as the file that `adopt` reads."""
    with reading(visit.site.engine) as connection:
        text = keep_rules.exported(connection)
    headers = {"Content-Disposition": 'attachment; filename="rules.toml"'}
    return Response(text, media_type="application/toml; charset=utf-8", headers=headers)


@router.post("/adopt/files")
def keep_file(visit: AdopterForm, table: Annotated[UploadFile | None, File()] = None) -> Response:
    """Keep a table for rules to join."""
    words = visit.words
    if table is None or not table.filename:
        return _listed(visit, faults=(words.text("No file was chosen: choose one first."),), status=422)
    try:
        keep_rules.keep_file(visit.site.engine, table.filename, table.file.read(), _speaker(visit))
    except ImportFileError as error:
        named = tuple(f"{table.filename}: {one}" for one in faults_of(visit, error))
        return _listed(visit, faults=named, status=422)
    return RedirectResponse("/adopt/rules?said=file#files", status_code=303)


@router.post("/adopt/files/drop")
def drop_file(visit: AdopterForm, name: Annotated[str, Form()] = "") -> Response:
    """Take a table away that no rule joins."""
    try:
        keep_rules.drop_file(visit.site.engine, name)
    except ImportFileError as error:
        return _listed(visit, faults=faults_of(visit, error), status=409)
    return RedirectResponse("/adopt/rules?said=file-dropped#files", status_code=303)


@router.get("/adopt/files")
def table(visit: Adopter) -> Response:
    """Give a joined table as CSV, beside the rules that join it."""
    with reading(visit.site.engine) as connection:
        text = keep_rules.file_as_csv(connection, asked_of(visit.request).get("name", ""))
    if text is None:
        raise NotFoundError
    headers = {"Content-Disposition": 'attachment; filename="table.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _speaker(visit: Visit) -> Speaker:
    return Speaker(visit.signed_in.name, visit.now)

"""Lists taken home by people: for a spreadsheet, or for a geographic information system."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from lora_registry.web import files
from lora_registry.web.errors import NotFoundError
from lora_registry.web.files import TYPES, Form
from lora_registry.web.tables import table_of
from lora_registry.web.visits import Exporter, Visit

router = APIRouter(include_in_schema=False)


@router.get("/export/{name}.{form}")
def export(visit: Exporter, name: str, form: str) -> Response:
    """Send a list as a file, with the filters of the address."""
    return sent(visit, name, form, for_people=True)


def sent(visit: Visit, name: str, form: str, *, for_people: bool) -> Response:
    """Return a list as a file.

    Raises:
        NotFoundError: no such list, not in this form, or none of the visitor's.

    """
    table = table_of(visit, name)
    if table is None or form not in set(Form) or (form == Form.GEOJSON and not table.placed):
        raise NotFoundError
    rows = table.rows(visit)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{visit.now:%Y-%m-%d}.{form}"',
        "Cache-Control": "private, no-store",
    }
    match Form(form):
        case Form.XLSX:
            return Response(files.xlsx(rows, table.columns, name), media_type=TYPES[Form.XLSX], headers=headers)
        case Form.GEOJSON:
            lines = files.geojson(rows, table.columns)
        case Form.CSV if for_people:
            lines = files.csv_for_people(rows, table.columns, visit.site.zone)
        case _:
            lines = files.csv_for_programs(rows, table.columns)
    return StreamingResponse(lines, media_type=TYPES[Form(form)], headers=headers)

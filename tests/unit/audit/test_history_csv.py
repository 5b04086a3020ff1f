"""Reading a history from CSV."""

from __future__ import annotations

import pytest

from lora_registry.audit.history_csv import read_history
from lora_registry.domain.errors import ImportFileError

HEADER = "dev_eui,time,f_cnt"
ROW = "70b3d57ed0000042,2026-03-01T06:00:00Z,5"


@pytest.mark.parametrize(
    "lines",
    [
        [HEADER, ROW],
        ["\ufeff" + HEADER, ROW, ""],
        ["f_cnt,dev_eui,time", "5,70B3D57ED0000042,2026-03-01T07:00:00+01:00"],
        [HEADER + ",note", '"70-B3-D5-7E-D0-00-00-42","2026-03-01 06:00:00.000+00:00",5,"a, b"'],
    ],
)
def test_columns_come_in_any_order_and_writing(lines: list[str]) -> None:
    histories = read_history(lines)
    ((dev_eui, history),) = histories.devices
    assert dev_eui == "70b3d57ed0000042"
    assert history.at_s.tolist() == [1_772_344_800.0]
    assert history.f_cnt.tolist() == [5]
    assert histories.end_s == 1_772_344_800.0


def test_counters_may_be_missing_and_rows_in_disorder() -> None:
    histories = read_history(
        [
            HEADER,
            "70b3d57ed0000043,2026-03-01T08:00:00Z,",
            "70b3d57ed0000042,2026-03-01T07:00:00Z,",
            "70b3d57ed0000043,2026-03-01T06:00:00Z,4",
        ]
    )
    assert [dev_eui for dev_eui, _ in histories.devices] == ["70b3d57ed0000042", "70b3d57ed0000043"]
    assert histories.devices[1].history.f_cnt.tolist() == [4, -1]
    assert histories.end_s == 1_772_352_000.0
    ((_, alone),) = read_history(["dev_eui,time", "70b3d57ed0000042,2026-03-01T07:00:00Z"]).devices
    assert alone.f_cnt.tolist() == [-1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "the history is empty: its first line must be the header"),
        (["time,f_cnt"], "line 1, column dev_eui: found 0 times"),
        (["dev_eui;time;f_cnt"], "separated by commas"),
        (["dev_eui,time,time"], "column time: found 2 times"),
        ([HEADER, "42,2026-03-01T06:00:00Z,5"], "line 2, column dev_eui: DevEui '42' is not 16 hexadecimal"),
        ([HEADER, ROW, "70b3d57ed0000042,yesterday,5"], "line 3, column time: 'yesterday' is not an ISO 8601"),
        ([HEADER, "70b3d57ed0000042,2026-03-01T06:00:00,5"], "has no time zone: add Z"),
        ([HEADER, "70b3d57ed0000042,,5"], "line 2, column time: '' is not"),
        ([HEADER, "70b3d57ed0000042,2026-03-01T06:00:00Z,-5"], "line 2, column f_cnt: '-5' is not a whole number"),
        ([HEADER, "70b3d57ed0000042,2026-03-01T06:00:00Z,4294967296"], "leave it empty when unknown"),
        ([HEADER, "70b3d57ed0000042,2026-03-01T06:00:00Z"], "line 2, 2 columns where the header has 3"),
        ([HEADER, '"70b3d57ed0000042'], "line 2: not CSV"),
    ],
)
def test_a_fault_names_line_column_value_and_remedy(lines: list[str], message: str) -> None:
    with pytest.raises(ImportFileError, match=message.replace("(", r"\(")):
        read_history(lines)


def test_all_faults_are_listed_up_to_twenty() -> None:
    with pytest.raises(ImportFileError) as caught:
        read_history([HEADER, *["x,y,z"] * 30])
    assert str(caught.value).count("column dev_eui") == 20

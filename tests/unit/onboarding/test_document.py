from __future__ import annotations

import pytest

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding import document


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "line 1, column 1: not JSON"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6: not JSON"),
        ('{"a":\n"é"}'.encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "is not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' * 200_000, "nested too deeply"),
        (b"9" * 5000, "not JSON that can be read"),
        (b'{"a": 1} {"b": 2}', "line 1, column 10: not JSON"),
    ],
)
def test_what_is_no_document_is_told_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        document.load(data)
    assert words in str(caught.value)


def test_a_document_that_is_too_large_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_BYTES", 2_000_000)
    with pytest.raises(ImportFileError, match="larger than 2 MB: cut it"):
        document.load(b"\xff" * 2_000_001)


def test_a_byte_order_mark_is_accepted() -> None:
    assert document.load(b'\xef\xbb\xbf{"a": [1]}') == {"a": [1]}


def test_a_key_that_is_there_twice_is_remembered() -> None:
    loaded = document.load(b'{"a": 1, "b": {"c": 1}, "a": 2}')
    assert isinstance(loaded, document.RepeatedKeys)
    assert loaded.repeated == ("a",)
    assert not isinstance(loaded["b"], document.RepeatedKeys)

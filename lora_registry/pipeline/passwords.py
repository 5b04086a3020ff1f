"""Passwords: long, not guessable, kept as argon2id hashes only."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from lora_registry.domain.errors import UsageError

SHORTEST: Final = 15
"""Characters, without rules of composition: OWASP ASVS 5.0, 6.2."""
LONGEST: Final = 256
_JUDGED: Final = 64
"""Characters that are judged: what is guessable is so from the start, and the time it takes grows quickly."""
_GUESSABLE: Final = 3
"""zxcvbn's scores below this are of what 100 million guesses find: common passwords, keyboard rows, dates."""

# OWASP's password storage cheat sheet: argon2id, 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_OF_NOBODY: Final = _HASHER.hash("nobody has this password, it takes as long to refuse")


def hashed(password: str, *, about: tuple[str, ...] = ()) -> str:
    """Return the hash of a new password; `about` holds what is known of its person (name, address).

    Raises:
        UsageError: too short, too long or easily guessed.

    """
    if len(password) < SHORTEST:
        raise UsageError(
            f"a password of {len(password)} characters is too short: write at least {SHORTEST}, a few unrelated "
            "words for example"
        )
    if len(password) > LONGEST:
        raise UsageError(f"a password of {len(password)} characters is too long: write at most {LONGEST}")
    if zxcvbn(password[:_JUDGED], user_inputs=[*about, "lora registry"])["score"] < _GUESSABLE:
        raise UsageError(
            "this password is among the first that anybody would try: take a few words that have nothing in common"
        )
    return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Tell whether a password is that of a hash; without one it takes as long, and is wrong."""
    try:
        _HASHER.verify(stored or _OF_NOBODY, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None

"""What can be wrong with a request; `pages.errors` and `api` say it, each in its form."""

from __future__ import annotations


class WebError(Exception):
    """Something that ends a request with an answer of its own."""

    status = 500


class SignInError(WebError):
    """Nobody is signed in."""

    status = 401


class ForbiddenError(WebError):
    """Signed in, seen, and still not allowed; or a form that is not ours."""

    status = 403


class NotFoundError(WebError):
    """Not there, or not for this visitor: these are not told apart."""

    status = 404


class BadRequestError(WebError):
    """A value that cannot be: the message names it."""

    status = 400


class TooOftenError(WebError):
    """Too many of these in a minute."""

    status = 429

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} seconds")
        self.wait_s = max(1, round(wait_s))

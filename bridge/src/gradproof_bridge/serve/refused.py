"""How a request is refused: a status, a code in kebab case and one line."""

from __future__ import annotations

from starlette.responses import JSONResponse


class RefusedError(Exception):
    """A request that gets no answer but the reason."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> JSONResponse:
        """The reason as JSON. The connection is closed: what is left of a refused body is not read."""
        content = {"code": self.code, "message": self.message}
        return JSONResponse(content, self.status, headers={"Connection": "close"})

"""Errors of the service, with their details decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2


@dataclass(frozen=True)
class FieldViolation:
    """One bad field: its path, relative to the request's main message, and what was expected."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass
class WinnowError(Exception):
    """A call that the service refused or that did not reach it.

    ``code`` is the gRPC status code, ``reason`` the service's stable word for the cause
    ("JOB_NOT_FOUND"; empty when the service was not reached), ``retry_after_s`` how long to wait
    where waiting helps.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    violations: list[FieldViolation] = field(default_factory=list)
    retry_after_s: float | None = None

    def __str__(self) -> str:
        lines = [self.message or self.code.name]
        lines += [f"  {violation}" for violation in self.violations]
        return "\n".join(lines)

    @classmethod
    def from_rpc(cls, error: grpc.RpcError) -> WinnowError:
        """Reads code, message and the ``google.rpc`` details of a failed call."""
        result = cls(code=error.code(), message=error.details() or "")
        metadata: Any = error.trailing_metadata() or ()
        for key, value in metadata:
            if key == "grpc-status-details-bin":
                result._add_details(value)
        return result

    def _add_details(self, encoded: bytes) -> None:
        status = status_pb2.Status()
        try:
            status.ParseFromString(encoded)
        except DecodeError:  # a proxy's own idea of details; code and message still hold
            return
        self._add(status.details)

    def _add(self, details: Iterable[Any]) -> None:
        info = error_details_pb2.ErrorInfo()
        request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        for detail in details:
            if detail.Unpack(info):
                self.reason = info.reason
            elif detail.Unpack(request):
                self.violations += [
                    FieldViolation(v.field, v.description) for v in request.field_violations
                ]
            elif detail.Unpack(retry):
                self.retry_after_s = retry.retry_delay.ToMilliseconds() / 1000


def status_code(number: int) -> grpc.StatusCode:
    """The gRPC status code of that number; UNKNOWN for one this library does not know."""
    for code in grpc.StatusCode:
        value: Any = code.value
        if value[0] == number:
            return code
    return grpc.StatusCode.UNKNOWN


class JobFailed(Exception):  # noqa: N818 - it names what happened
    """A job ended without a result. ``state`` is its terminal state, ``message`` the job's
    error."""

    def __init__(self, name: str, state: str, message: str) -> None:
        super().__init__(f"{name}: {state}" + (f": {message}" if message else ""))
        self.name = name
        self.state = state
        self.message = message

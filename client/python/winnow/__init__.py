"""Client of Winnow: choose features, embedding dimensions and weight blocks over gRPC."""

from winnow.client import Client, connect
from winnow.errors import FieldViolation, JobFailed, WinnowError
from winnow.spec import SpecError

__all__ = ["Client", "FieldViolation", "JobFailed", "SpecError", "WinnowError", "connect"]
__version__ = "0.1.0"

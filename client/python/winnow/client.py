"""The client: import a table, submit a job, follow it, take the result."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Union,
)

import grpc

from winnow import upload, watch
from winnow.errors import JobFailed, WinnowError, status_code
from winnow.spec import SpecError, join, load
from winnow.v1 import (
    artifact_pb2,
    artifact_pb2_grpc,
    dataset_pb2,
    dataset_pb2_grpc,
    dataset_schema_pb2,
    job_event_pb2,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    job_spec_pb2,
    system_pb2,
    system_pb2_grpc,
)

if TYPE_CHECKING:
    import pandas

PathLike = Union[str, Path]
Spec = Union[PathLike, Mapping[str, Any], job_spec_pb2.JobSpec]
Schema = Union[PathLike, Mapping[str, Any], dataset_schema_pb2.DatasetSchema]

# Calls that are safe to repeat are, while the server is unavailable; creating ones carry a request
# id. Streams rejoin in code that knows where they were.
_RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    {"service": f"winnow.v1.{service}", "method": method}
                    for service, methods in {
                        "JobService": ("CreateJob", "GetJob", "ListJobs", "ListJobEvents"),
                        "DatasetService": ("CreateDataset", "GetDataset", "ListDatasets"),
                        "ArtifactService": ("GetArtifact", "ListArtifacts"),
                        "SystemService": ("GetCapabilities",),
                    }.items()
                    for method in methods
                ],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)
# A dead server is noticed within keepalive time + timeout while a call is open (service limits
# allow one ping every 30 s).
_CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.service_config", _RETRIES),
)
# Addresses that never leave this machine.
_LOCAL = ("unix:", "localhost:", "127.", "[::1]")
_UNARY_TIMEOUT_S = 10.0
_CREATE_TIMEOUT_S = 20.0
_POLL_S = 0.2


def connect(
    server: str = "localhost:7070",
    *,
    token: str | None = None,
    token_file: PathLike | None = None,
    ca: PathLike | None = None,
    cert: PathLike | None = None,
    key: PathLike | None = None,
    credentials: grpc.ChannelCredentials | None = None,
) -> Client:
    """A client of the server at ``host:port`` or ``unix:/path``.

    ``ca`` (the authority of the server's certificate), ``cert`` and ``key`` (the client's own) are
    PEM files; any of them, or ``credentials``, turns TLS on. ``token``, or the content of
    ``token_file``, is sent as a bearer token; raises ValueError where it would cross a network in
    plain text.
    """
    if credentials is None and (ca or cert or key):
        credentials = grpc.ssl_channel_credentials(
            root_certificates=_read(ca), private_key=_read(key), certificate_chain=_read(cert)
        )
    if token is None and token_file is not None:
        token = Path(token_file).read_text().strip()
    if token and credentials is None and not server.startswith(_LOCAL):
        raise ValueError(f"the token would cross the network to {server} in plain text; give ca")
    if credentials is None:
        channel = grpc.insecure_channel(server, options=_CHANNEL_OPTIONS)
    else:
        channel = grpc.secure_channel(server, credentials, options=_CHANNEL_OPTIONS)
    return Client(channel, token=token)


class Client:
    """Calls of the service. Not for several threads at once; make one client per thread.

    Names of datasets and jobs are full (``tenants/t/jobs/j``) or short ids of the caller's
    tenant. Every refusal is a WinnowError with code, reason and all field violations.
    """

    def __init__(self, channel: grpc.Channel, *, token: str | None = None) -> None:
        self._channel = channel
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._datasets = dataset_pb2_grpc.DatasetServiceStub(channel)
        self._jobs = job_service_pb2_grpc.JobServiceStub(channel)
        self._artifacts = artifact_pb2_grpc.ArtifactServiceStub(channel)
        self._system = system_pb2_grpc.SystemServiceStub(channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def capabilities(self) -> system_pb2.Capabilities:
        """Selectors with their parameters, models, tasks, limits."""
        return self._call(self._system.GetCapabilities, system_pb2.GetCapabilitiesRequest())

    # --- datasets ---

    def import_file(
        self,
        files: PathLike | Sequence[PathLike],
        *,
        dataset_id: str = "",
        schema: Schema | None = None,
        test_file: PathLike | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> dataset_pb2.Dataset:
        """Uploads files of one table and waits until it is imported.

        ``progress`` is called with the done share, 0 to 1. Raises WinnowError with the
        importer's words when the table is refused.
        """
        paths = [Path(files)] if isinstance(files, (str, Path)) else [Path(file) for file in files]
        roles = [dataset_pb2.DatasetFile.ROLE_TRAIN] * len(paths)
        if test_file is not None:
            paths.append(Path(test_file))
            roles.append(dataset_pb2.DatasetFile.ROLE_TEST)
        dataset = dataset_pb2.Dataset(
            files=[upload.declare(path, role) for path, role in zip(paths, roles)]
        )
        if schema is not None:
            load(schema, dataset.schema)
        request = dataset_pb2.CreateDatasetRequest(
            dataset_id=dataset_id, dataset=dataset, request_id=str(uuid.uuid4())
        )
        created = self._call(self._datasets.CreateDataset, request, timeout=_CREATE_TIMEOUT_S)
        for index, path in enumerate(paths):
            upload.send(self._datasets, created.name, index, path, self._metadata)
        return self._wait_for_import(created.name, progress)

    def import_frame(
        self,
        frame: pandas.DataFrame,
        *,
        dataset_id: str = "",
        schema: Schema | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> dataset_pb2.Dataset:
        """Uploads a pandas frame (as Parquet) and waits until it is imported."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "frame.parquet"
            frame.to_parquet(path, index=False)
            return self.import_file(path, dataset_id=dataset_id, schema=schema, progress=progress)

    def _wait_for_import(
        self, name: str, progress: Callable[[float], None] | None
    ) -> dataset_pb2.Dataset:
        while True:
            dataset = self.get_dataset(name)
            if dataset.state == dataset_pb2.Dataset.STATE_ACTIVE:
                return dataset
            if dataset.state == dataset_pb2.Dataset.STATE_FAILED:
                code = status_code(dataset.error.code)
                raise WinnowError(code=code, message=dataset.error.message)
            if progress is not None:
                progress(dataset.import_progress.fraction)
            time.sleep(_POLL_S)  # an import has no event stream

    def get_dataset(self, name: str) -> dataset_pb2.Dataset:
        """One dataset with its profile."""
        return self._call(self._datasets.GetDataset, dataset_pb2.GetDatasetRequest(name=name))

    def list_datasets(self) -> Iterator[dataset_pb2.Dataset]:
        """All datasets, newest first."""
        request = dataset_pb2.ListDatasetsRequest()
        while True:
            page = self._call(self._datasets.ListDatasets, request)
            yield from page.datasets
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def delete_dataset(self, name: str) -> None:
        """Removes a dataset and its table."""
        self._call(self._datasets.DeleteDataset, dataset_pb2.DeleteDatasetRequest(name=name))

    # --- jobs ---

    def submit(
        self, spec: Spec, *, job_id: str = "", request_id: str = "", validate_only: bool = False
    ) -> job_pb2.Job:
        """Queues a job from a mapping, a YAML or JSON file, or a JobSpec.

        A retry with the same ``request_id`` (a UUID) returns the same job. ``validate_only``
        checks and estimates. Raises SpecError with every mistake of the form, and those of the
        values that the server finds in the rest; WinnowError when only the server objects.
        """
        request = job_service_pb2.CreateJobRequest(
            job_id=job_id, request_id=request_id or str(uuid.uuid4()), validate_only=validate_only
        )
        try:
            load(spec, request.job.spec)
        except SpecError as error:
            raise self._with_servers_violations(error, request.job.spec) from None
        return self._call(self._jobs.CreateJob, request, timeout=_CREATE_TIMEOUT_S)

    def _with_servers_violations(self, form: SpecError, spec: job_spec_pb2.JobSpec) -> SpecError:
        """``form`` with what the server finds in the part of the spec that could be read, as far
        as there is one and the server answers."""
        if not spec.ByteSize():
            return form
        request = job_service_pb2.CreateJobRequest(validate_only=True)
        request.job.spec.CopyFrom(spec)
        try:
            self._call(self._jobs.CreateJob, request, timeout=_CREATE_TIMEOUT_S)
        except WinnowError as error:
            if error.code is grpc.StatusCode.INVALID_ARGUMENT:
                return SpecError(join(form.violations, error.violations))
        return form

    def watch(
        self, job: str | job_pb2.Job, *, after_sequence: int = 0, patience_s: float = 60.0
    ) -> Iterator[job_event_pb2.JobEvent]:
        """Events of a job in order, each once, with progress notes between them, until it has
        ended.

        Rejoins broken streams by itself; gives up after ``patience_s`` seconds without a server.
        """
        return watch.events(self._jobs, _name(job), after_sequence, self._metadata, patience_s)

    def wait(self, job: str | job_pb2.Job) -> job_pb2.Job:
        """Waits for the end; raises JobFailed unless the job succeeded."""
        for _ in self.watch(job):
            pass
        ended = self.get_job(_name(job))
        if ended.state != job_pb2.Job.STATE_SUCCEEDED:
            state = job_pb2.Job.State.Name(ended.state)
            raise JobFailed(ended.name, state, ended.error.message)
        return ended

    def result(self, job: str | job_pb2.Job) -> dict[str, Any]:
        """The result of a succeeded job, in the shape of ``winnow result --json``."""
        ended = self.wait(job)
        result: dict[str, Any] = {"job": ended.name}
        for artifact in ("selection.json", "run.json"):
            part = json.loads(self.download(f"{ended.name}/artifacts/{artifact}"))
            result.update({key: value for key, value in part.items() if key not in result})
        return result

    def get_job(self, name: str) -> job_pb2.Job:
        """The job as it is now."""
        return self._call(self._jobs.GetJob, job_service_pb2.GetJobRequest(name=name))

    def list_jobs(self, filter: str = "") -> Iterator[job_pb2.Job]:
        """Jobs, newest first; ``filter`` as in ``state = RUNNING AND labels.team = ads``."""
        request = job_service_pb2.ListJobsRequest(filter=filter)
        while True:
            page = self._call(self._jobs.ListJobs, request)
            yield from page.jobs
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def cancel(self, job: str | job_pb2.Job) -> job_pb2.Job:
        """Ends a job now, without a result."""
        return self._call(self._jobs.CancelJob, job_service_pb2.CancelJobRequest(name=_name(job)))

    def stop(self, job: str | job_pb2.Job) -> job_pb2.Job:
        """Ends a running job early with its best so far."""
        return self._call(self._jobs.StopJob, job_service_pb2.StopJobRequest(name=_name(job)))

    def delete_job(self, job: str | job_pb2.Job) -> None:
        """Removes a finished job."""
        self._call(self._jobs.DeleteJob, job_service_pb2.DeleteJobRequest(name=_name(job)))

    def download(self, artifact: str) -> bytes:
        """Content of an artifact."""
        request = artifact_pb2.DownloadArtifactRequest(name=artifact)
        try:
            frames = self._artifacts.DownloadArtifact(request, metadata=self._metadata)
            return b"".join(frame.data for frame in frames)
        except grpc.RpcError as error:
            raise WinnowError.from_rpc(error) from error

    def _call(self, method: Any, request: Any, timeout: float = _UNARY_TIMEOUT_S) -> Any:
        try:
            return method(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise WinnowError.from_rpc(error) from error


def _read(path: PathLike | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()


def _name(job: str | job_pb2.Job) -> str:
    return job if isinstance(job, str) else job.name

"""A client that has none of our stubs: it asks the server what it serves, then lists, submits and
watches (grpc.reflection; what grpcurl and the like do)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from server_support import WINNOWD, RawServer, wait_until

TERMINAL = ("STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED")


class ReflectionClient:
    """Messages are dictionaries in protobuf JSON; their types come from the server alone."""

    def __init__(self, channel: grpc.Channel, token: str | None) -> None:
        self.channel = channel
        self.metadata: tuple[tuple[str, str], ...] = ()
        if token is not None:
            self.metadata = (("authorization", f"Bearer {token}"),)
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self) -> list[str]:
        return sorted(self.database.get_services())

    def method(self, name: str) -> descriptor.MethodDescriptor:
        """``name``: SERVICE/METHOD below winnow.v1."""
        service, method = name.split("/")
        return self.pool.FindServiceByName(f"winnow.v1.{service}").FindMethodByName(method)

    def start(self, name: str, request: dict[str, Any]) -> Any:
        """What the bare channel gives for the call: a message, or an iterator of them."""
        method = self.method(name)
        path = f"/winnow.v1.{name}"
        encode = message_factory.GetMessageClass(method.input_type).SerializeToString
        decode = message_factory.GetMessageClass(method.output_type).FromString
        message = message_factory.GetMessageClass(method.input_type)()
        json_format.ParseDict(request, message)
        if method.server_streaming:
            stream = self.channel.unary_stream(path, encode, decode)
            return stream(message, timeout=60, metadata=self.metadata)
        return self.channel.unary_unary(path, encode, decode)(
            message, timeout=20, metadata=self.metadata
        )

    def call(self, method: str, /, **request: Any) -> dict[str, Any]:
        return as_json(self.start(method, request))

    def stream(self, method: str, /, **request: Any) -> list[dict[str, Any]]:
        return [as_json(message) for message in self.start(method, request)]


def as_json(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


@pytest.fixture(params=["everybody", "token"])
def client(
    request: pytest.FixtureRequest, make_raw_server: Callable[..., RawServer]
) -> ReflectionClient:
    """Of a server that lets everybody in, and of one that asks for a token; with a table."""
    flags: list[str] = []
    server = make_raw_server()
    token = None
    if request.param == "token":
        command = [str(WINNOWD), f"--new-token={server.folder / 'token'}", "--role=submitter"]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (server.folder / "credentials").write_text(line)
        token = (server.folder / "token").read_text().strip()
        flags.append(f"--credentials={server.folder / 'credentials'}")
    server.flags = (*server.flags, *flags)
    server.start()
    (server.files / "table.csv").write_text("a,b,c,d,y\n1,2,3,4,0\n")
    assert server.channel is not None
    client = ReflectionClient(server.channel, token)
    client.call(
        "DatasetService/CreateDataset",
        dataset_id="table",
        dataset={"files": [{"local_path": str(server.files / "table.csv")}]},
    )
    wait_until(
        lambda: client.call("DatasetService/GetDataset", name="table")["state"] == "STATE_ACTIVE"
    )
    return client


def test_lists_submits_and_watches(client: ReflectionClient) -> None:
    assert client.services() == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "winnow.v1.ArtifactService",
        "winnow.v1.DatasetService",
        "winnow.v1.JobService",
        "winnow.v1.SystemService",
    ]
    assert client.call("JobService/ListJobs") == {}
    spec = {
        "dataset": "table",
        "feature_selection": {"budget": {"max_count": 2}},
        "labels": {"picks": "2"},
    }
    job = client.call("JobService/CreateJob", job={"spec": spec})
    name = job["name"]
    events = client.stream("JobService/WatchJob", name=name)
    durable = [event for event in events if not {"progress", "bookmark"} & event.keys()]
    assert [int(event["sequence"]) for event in durable] == list(range(1, len(durable) + 1))
    assert [event["pick"]["rank"] for event in durable if "pick" in event] == [1, 2]
    states = [event["state_changed"]["to"] for event in durable if "state_changed" in event]
    assert states[0] == "STATE_PENDING"
    assert states[-1] == "STATE_SUCCEEDED"
    assert "state_changed" in events[-1]
    assert not set(states[:-1]) & set(TERMINAL)
    assert [job["name"] for job in client.call("JobService/ListJobs")["jobs"]] == [name]


def test_a_refusal_is_readable(client: ReflectionClient) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        client.call("JobService/GetJob", name="absent")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    if client.metadata:
        client.metadata = ()
        with pytest.raises(grpc.RpcError) as refused:
            client.call("JobService/ListJobs")
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        # The contract is public: what can be called is told to everybody.
        assert "winnow.v1.JobService" in client.services()

"""Builds the package: generates the messages of the contract, then lets setuptools do the rest.

``python build_backend.py`` generates them in place, for use straight from the checkout.
"""

import sys
from pathlib import Path

from setuptools import build_meta

_HERE = Path(__file__).resolve().parent
_PROTOS = _HERE.parent.parent / "proto"


def generate() -> None:
    """Writes the modules of ``winnow/v1`` from ``proto/winnow/v1``."""
    if not _PROTOS.is_dir():  # a source distribution: they are in it already
        return
    import google.rpc
    import grpc_tools
    from grpc_tools import protoc

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    google_rpc = Path(next(iter(google.rpc.__path__))).parent.parent
    sources = sorted((_PROTOS / "winnow" / "v1").glob("*.proto"))
    arguments = [
        "protoc",
        f"-I{_PROTOS}",
        f"-I{well_known}",
        f"-I{google_rpc}",
        f"--python_out={_HERE}",
        f"--pyi_out={_HERE}",
        f"--grpc_python_out={_HERE}",
        *map(str, sources),
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError("protoc failed on " + str(_PROTOS))
    (_HERE / "winnow" / "v1" / "__init__.py").write_text(
        '"""Generated messages of the contract."""\n'
    )


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    generate()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):
    generate()
    return build_meta.build_sdist(sdist_directory, config_settings)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    generate()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable

if __name__ == "__main__":
    generate()
    sys.exit(0)

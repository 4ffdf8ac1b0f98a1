"""Python clients, generated from proto/ when the tests start."""

import subprocess
import sys

from e2e.environment import ROOT, temp_dir

_PROTOS = ("google/rpc/status.proto", "google/rpc/error_details.proto",
           "mos/v1/flow.proto", "mos/v1/flow_service.proto",
           "mos/v1/appliance_service.proto")


def _generate():
    out = temp_dir()
    subprocess.run(
        ("protoc", "-I", ROOT / "proto", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *_PROTOS), check=True)
    sys.path.insert(0, str(out))


_generate()

from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from mos.v1 import appliance_service_pb2 as appliance  # noqa: E402
from mos.v1 import appliance_service_pb2_grpc as appliance_grpc  # noqa: E402
from mos.v1 import flow_pb2 as flow  # noqa: E402
from mos.v1 import flow_service_pb2 as flows  # noqa: E402
from mos.v1 import flow_service_pb2_grpc as flows_grpc  # noqa: E402

__all__ = ("appliance", "appliance_grpc", "error_info", "flow", "flows", "flows_grpc")


def error_info(error):
    """The ErrorInfo of a grpc.RpcError, or None."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                return info
    return None

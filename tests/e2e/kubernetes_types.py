"""Objects as TypeScript constants of their types, so that tsc refuses a field that
Kubernetes does not know, or one of another type."""

import json
import pathlib
import re
import shutil

from e2e.environment import temp_dir
from e2e.kubernetes import MODULES, tsc

_CRDS = pathlib.Path(__file__).with_name("kubernetes_crds.d.ts")
_MODULES = {"v1": "core/v1", "apps/v1": "apps/v1", "policy/v1": "policy/v1",
            "networking.k8s.io/v1": "networking/v1"}
_OWN = {"Certificate", "Issuer", "PodMonitor", "NetworkAttachmentDefinition", "SriovCni"}
# Maps whose keys are the author's.
_FREE = {"annotations", "data", "labels", "limits", "matchLabels", "nodeSelector", "requests"}


def _import(item):
    kind = item.get("kind", "SriovCni")
    if kind in _OWN:
        return f'import("./crds").{kind}'
    return f'import("kubernetes-types/{_MODULES[item["apiVersion"]]}").{kind}'


def line(item, as_type_of=None):
    """A constant on one line."""
    return f"{{ const item: {_import(as_type_of or item)} = {json.dumps(item)}; }}"


def attached(item):
    """What is inside a NetworkAttachmentDefinition."""
    return json.loads(item["spec"]["config"])


def misspelt(item):
    """Copies of an object with one key misspelt each: (path, line)."""
    for path in _paths(item):
        copy = json.loads(json.dumps(item))
        at = copy
        for step in path[:-1]:
            at = at[step]
        at[path[-1] + "x"] = at.pop(path[-1])
        yield path, line(copy, as_type_of=item)


def _paths(item, path=()):
    if isinstance(item, list):
        for index, element in enumerate(item):
            yield from _paths(element, (*path, index))
    elif isinstance(item, dict) and not (path and path[-1] in _FREE):
        # Of a Service, the selector is a plain map of labels.
        if item and set(item) <= {"app.kubernetes.io/name", "app.kubernetes.io/instance"}:
            return
        for key, value in item.items():
            yield (*path, key)
            yield from _paths(value, (*path, key))


def refused(lines):
    """The numbers, from 0, of those that tsc refuses; and all it says."""
    folder = temp_dir()
    shutil.copy(_CRDS, folder / "crds.d.ts")
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "items.ts").write_text("\n".join(lines) + "\n")
    (folder / "tsconfig.json").write_text(json.dumps({"files": ["items.ts"], "compilerOptions": {
        "strict": True, "noEmit": True, "types": [], "module": "esnext",
        "moduleResolution": "node"}}))
    done = tsc(folder)
    numbers = {int(number) - 1
               for number in re.findall(r"^items\.ts\((\d+),", done.stdout, re.M)}
    if (done.returncode != 0) != bool(numbers):
        raise AssertionError(f"tsc: {done.returncode}\n{done.stdout}{done.stderr}")
    return numbers, done.stdout

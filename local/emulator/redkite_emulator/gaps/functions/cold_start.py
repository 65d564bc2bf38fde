"""Lambda: a cold start that costs what starting Node costs.

AWS: a new sandbox has the function's code in place, and sandboxes start beside each other on machines of their own.
MiniStack: each worker writes and unpacks its own copy of the zip, and Node compiles it anew; ten at once, as when ten
tasks begin to run, keep two cores busy for seconds.
Filled: the code is unpacked once a version and linked; Node keeps what it compiled (NODE_COMPILE_CACHE, which needs the
same path again). Functions with layers are not thought of: MiniStack links a layer's packages into the code's folder.
"""

import hashlib
import os
import shutil
import tempfile
import types
import zipfile

from ministack.core import lambda_runtime as LR

from ...patching import expect, substitute

GAP = "functions.cold_start"
expect(GAP, LR, "zipfile")
IMPORT = "mod = await import(pathToFileURL(resolvedPath).href);"
LR._NODEJS_WORKER_SCRIPT = substitute(
    GAP,
    expect(GAP, LR, "_NODEJS_WORKER_SCRIPT"),
    IMPORT,
    # Node writes its cache when it ends; a worker is killed.
    IMPORT + " require('node:module').flushCompileCache?.();",
)


class UnpackedOnce:
    """In place of ZipFile where a worker unpacks its code: the folder becomes a link to the one unpacked copy."""

    def __init__(self, path):
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:32]
        self._path = path
        self._copy = os.path.join(tempfile.gettempdir(), f"code-{digest}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def extractall(self, folder):
        if not os.path.isdir(self._copy):
            # Unpacked aside and renamed: another worker may be doing the same, and must not see half of it.
            aside = tempfile.mkdtemp(prefix="code-")
            with zipfile.ZipFile(self._path) as archive:
                archive.extractall(aside)
            try:
                os.rename(aside, self._copy)
            except OSError:
                shutil.rmtree(aside)
        os.rmdir(folder)
        os.symlink(self._copy, folder)


LR.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": UnpackedOnce})
os.environ.setdefault("NODE_COMPILE_CACHE", os.path.join(tempfile.gettempdir(), "compiled"))

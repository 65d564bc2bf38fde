"""Unpacks the server from the wheel `milvus`: `unpack.py <wheel> <folder>`.

Its files are LZMA streams that Python's lzma reads and xz refuses. Writes bin/milvus, lib/*.so and, as they are in the
wheel, glog.conf and config.yaml.template.
"""

import lzma
import pathlib
import shutil
import sys
import zipfile

DATA = "milvus/data/"
# From another C library than the image's own, which has it too.
LEFT_OUT = {"libresolv.so.2"}


def unpack(wheel: pathlib.Path, folder: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.startswith(DATA):
                continue
            target = pathlib.PurePosixPath(name).name
            if name.endswith(".lzma"):
                target = target.removesuffix(".lzma")
                if target in LEFT_OUT:
                    continue
                where = folder / ("bin" if target == "milvus" else "lib") / target
            else:
                where = folder / target
            where.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as packed:
                source = lzma.open(packed) if name.endswith(".lzma") else packed
                with where.open("wb") as output:
                    shutil.copyfileobj(source, output, 1 << 20)
            if where.parent.name in ("bin", "lib"):
                where.chmod(0o755)


if __name__ == "__main__":
    unpack(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))

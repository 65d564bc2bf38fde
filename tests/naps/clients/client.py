"""Many clients of pymilvus in one process, each a connection of its own that is made when it is first used.

Called with host, port and the file of the authority; takes a command a line of JSON, answers each in a line of JSON, in any
order. Nothing is caught and tried again here: what the client gives is what is answered.
"""

import json
import sys
import threading

from pymilvus import Collection, connections

host, port, authority, connect_seconds = sys.argv[1:5]
writing = threading.Lock()
locks = {}
locks_lock = threading.Lock()
collections = {}


def opened(alias, name):
    """The collection as this client has it open, for as long as it lives."""
    with locks_lock:
        lock = locks.setdefault(alias, threading.Lock())
    with lock:
        if (alias, name) in collections:
            return collections[alias, name]
        connections.connect(
            alias=alias,
            host=host,
            port=port,
            secure=True,
            server_pem_path=authority,
            server_name="localhost",
            timeout=float(connect_seconds),
        )
        collections[alias, name] = Collection(name, using=alias)
        return collections[alias, name]


def search(collection, vectors, **_):
    found = collection.search(
        vectors,
        "vector",
        {"metric_type": "L2", "params": {"ef": 64}},
        limit=1,
        consistency_level="Strong",
    )
    return [hits[0].id if len(hits) > 0 else None for hits in found]


def insert(collection, ids, vectors):
    return collection.insert([ids, vectors]).insert_count


OPERATIONS = {"search": search, "insert": insert}


def answer(command):
    alias = command["client"]
    try:
        if command["operation"] == "close":
            connections.disconnect(alias)
            value = None
        else:
            collection = opened(alias, command["collection"])
            value = OPERATIONS[command["operation"]](collection, ids=command["ids"], vectors=command["vectors"])
        said = {"number": command["number"], "value": value}
    except Exception as error:
        said = {"number": command["number"], "error": f"{type(error).__name__}: {error}"}
    with writing:
        print(json.dumps(said), flush=True)


for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()

"""Uses several instances at once, as penquins does, and tells on a line of JSON what came of it.

Arguments: the ports of two edges, the admin's name and password, the process of the core with `beta`.
Has the core with `gamma` killed and started by a line each, and waits for a line that it is done.
"""

import json
import os
import signal
import sys
from threading import Timer

from penquins import Kowalski
from requests.exceptions import RetryError

first, second, username, password, core = sys.argv[1:]
seen = {}
catalogs = ["alpha", "beta", "gamma", "shared"]


def at(port, host="127.0.0.1", **more):
    login = more or {"username": username, "password": password}
    return {"protocol": "http", "host": host, "port": int(port), **login}


def cones(names):
    return {
        "query_type": "cone_search",
        "query": {
            "object_coordinates": {
                "cone_search_radius": 2,
                "cone_search_unit": "arcsec",
                "radec": {"here.1": [10.0, 5.0], "there": [10.01, 5.0], "nowhere": [200.0, 5.0]},
            },
            "catalogs": {name: {"projection": {"_id": 1}} for name in names},
        },
    }


def near(names):
    query = {
        "radec": [[10.0, 5.0]],
        "max_distance": 2,
        "distance_units": "arcsec",
        "catalogs": {name: {"projection": {"_id": 1}} for name in names},
    }
    return {"query_type": "near", "query": query}


def find(catalog):
    query = {"catalog": catalog, "filter": {"_id": 3}, "projection": {"_id": 1, "of": 1}}
    return {"query_type": "find", "query": query}


def refused(what, fragment):
    try:
        what()
        return "no error"
    except Exception as error:
        return fragment in str(error) or repr(error)


with Kowalski(instances={"first": at(first), "second": at(second)}) as k:
    seen["ping"] = [k.ping(name="first"), k.ping(name="second")]
    lists = k.get_catalogs_all()
    seen["same_lists"] = lists["first"] == lists["second"]
    seen["descending"] = lists["first"] == sorted(lists["first"], reverse=True)
    seen["all_listed"] = set(catalogs) <= set(lists["first"])

    # Split by catalog over both; each answers what it was asked and nothing else.
    answers = k.query(query=cones(catalogs))
    shares = {name: list(answer["data"]) for name, answer in answers.items()}
    seen["split"] = shares == {"first": ["alpha", "gamma"], "second": ["beta", "shared"]} or shares
    rows = {"here_1": [{"_id": 0}], "there": [{"_id": 1}], "nowhere": []}
    found = {c: data for a in answers.values() for c, data in a["data"].items()}
    seen["found"] = found == {c: rows for c in catalogs} or found
    everything = k.query(query=cones(catalogs), name="second")["second"]
    seen["whole"] = everything["data"] == {c: rows for c in catalogs} or everything
    nearest = k.query(query=near(catalogs), name="first")["first"]
    seen["near"] = nearest["data"] == {c: {"[10_0, 5_0]": [{"_id": 0}]} for c in catalogs} or nearest

    # One catalog: one instance is asked.
    for catalog in catalogs:
        one = k.query(query=find(catalog))
        data = [answer["data"] for answer in one.values()]
        seen[f"find_{catalog}"] = data == [[{"_id": 3, "of": catalog}]] or one

    batch = [find(c) for c in catalogs * 3]
    answers = k.query(queries=batch, use_batch_query=True, max_n_threads=4)
    rows = sorted(a["data"][0]["of"] for each in answers.values() for a in each)
    seen["batch"] = rows == sorted(catalogs * 3) or answers

    info = {"query_type": "info", "query": {"command": "catalog_names"}}
    seen["info_needs_name"] = refused(lambda: k.query(query=info), "specify instance name")
    seen["info"] = k.query(query=info, name="first")["first"]["data"] == lists["first"]
    stats = {"query_type": "info", "query": {"command": "catalog_info", "catalog": "gamma"}}
    seen["catalog_info"] = k.query(query=stats, name="second")["second"]["data"]["count"] == 60
    seen["unknown"] = refused(lambda: k.query(query=find("nope")), "not available in any instance")

    # The same server twice is refused, unless it goes by another name.
    again = lambda: k.add("again", at(first))
    seen["duplicate"] = refused(again, "seems to be a duplicate of first")
    token = k.instances["first"]["token"]
    k.add("alias", at(first, host="localhost", token=token))
    seen["alias"] = k.ping(name="alias")
    answers = k.query(query=cones(["alpha", "beta", "gamma"]))
    seen["three"] = {name: list(a["data"]) for name, a in answers.items()}
    k.remove("alias")

# The core stops for a while: the query takes longer than the client waits, which sends it again.
with Kowalski(token=token, protocol="http", host="127.0.0.1", port=int(first), timeout=1) as k:
    os.kill(int(core), signal.SIGSTOP)
    Timer(2.5, os.kill, [int(core), signal.SIGCONT]).start()
    slow = {"catalog": "beta", "filter": {"_id": {"$gte": 13}}}
    seen["slow"] = k.query(query={"query_type": "count_documents", "query": slow})["default"]["data"]



def have(what):
    print(what, flush=True)
    sys.stdin.readline()


def gave_up(what):
    try:
        what()
        return "no error"
    except RetryError:
        return True


# A core is killed: what it alone holds is asked for again and again, in vain; the rest goes on.
less = {"max_retries": 2, "backoff_factor": 0.1}
with Kowalski(instances={"first": at(first), "second": at(second)}, **less) as k:
    have("kill")
    seen["down"] = [gave_up(lambda: k.query(query=find("gamma"), name=name)) for name in k.instances]
    answers = [k.query(query=find(c), name=n)[n]["data"] for n in k.instances for c in catalogs[::3]]
    seen["others"] = answers == [[{"_id": 3, "of": c}] for c in catalogs[::3]] * 2 or answers
    part = k.query(query={**cones(catalogs), "kwargs": {"partial": True}}, name="first")["first"]
    seen["part"] = [list(part["data"]), part["missing"]]
    seen["still_listed"] = k.get_catalogs(name="first") == lists["first"]
    have("start")
    # Its next try finds the core again.
with Kowalski(instances={"first": at(first), "second": at(second)}) as k:
    back = [k.query(query=find("gamma"), name=name)[name]["data"] for name in k.instances]
    seen["back"] = back == [[{"_id": 3, "of": "gamma"}]] * 2 or back

print(json.dumps(seen))

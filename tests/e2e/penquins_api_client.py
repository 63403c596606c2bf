"""Calls each kind of path with penquins, by two servers in turn, and tells on a line of JSON what came of it.

Arguments: the ports of two edges, the admin's name and password, the candid of an alert.
"""

import json
import sys

from penquins import Kowalski

first, second, username, password, candid = sys.argv[1:]
seen = {}


def at(port, **login):
    return {"protocol": "http", "host": "127.0.0.1", "port": int(port), **login}


def told(answer):
    return [answer["status"], answer.get("message")]


def refused(what):
    try:
        what()
        return "no error"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


with Kowalski(username=username, password=password, **at(first)) as k:
    token = k.instances["default"]["token"]

instances = {"first": at(first, token=token), "second": at(second, token=token)}
with Kowalski(instances=instances) as k:
    turn = 0

    def call(method, endpoint, data=None):
        global turn
        turn += 1
        return k.api(method, endpoint, data, name=["first", "second"][turn % 2])

    # Users: made by one, known to the other at once, out when they are removed.
    user = {"username": "astronomer", "password": "a password of astronomers", "email": "a@b.org"}
    seen["add_user"] = told(call("post", "/api/users", user))
    login = {key: user[key] for key in ("username", "password")}
    k.add("theirs", at(second, **login))
    seen["their_ping"] = k.ping(name="theirs")
    seen["edit_user"] = told(call("put", "/api/users/astronomer", {"email": "c@d.org"}))
    seen["remove_user"] = told(call("delete", "/api/users/astronomer"))
    k.remove("theirs")
    seen["gone_user"] = "Unauthorized" in refused(lambda: k.add("theirs", at(first, **login)))

    # Filters: of alerts that only one of the cores has.
    pipeline = [{"$match": {"candidate.drb": {"$gt": 0.5}}}, {"$project": {"_id": 0, "candid": 1}}]
    new = {"group_id": 1, "filter_id": 7, "catalog": "ZTF_alerts", "permissions": [1]}
    new["pipeline"] = pipeline
    saved = call("post", "/api/filters", new)
    seen["add_filter"] = saved["status"]
    found = call("get", "api/filters/7")
    seen["get_filter"] = told(found)
    seen["same_version"] = found["data"]["active_fid"] == saved["data"]["fid"]
    tried = call("post", "/api/filters/7/test", {"object_ids": ["ZTF18abcab"]})
    seen["try_filter"] = tried.get("data") == [{"candid": int(candid)}] or tried
    changed = call("patch", "/api/filters", {"filter_id": 7, "update_annotations": True})
    seen["change_filter"] = changed["data"]["update_annotations"]
    seen["remove_filter"] = told(call("delete", "/api/filters/7", {"why": "bodies are borne with"}))
    seen["no_filter"] = told(call("get", "/api/filters/7"))

    # Labels, with ids as keys.
    path = "/api/classifications/ztf"
    seen["label"] = told(call("put", path, {candid: {"human_labels": {"Ia": 0.9, "Ib": 0.1}}}))
    seen["unlabel"] = told(call("delete", path, {candid: {"human_labels": ["Ib"]}}))
    labels = call("get", f"{path}/{candid}")["data"]
    seen["labels"] = [labels["candid"] == int(candid), labels["human_labels"]]

    # What isn't JSON comes as text, whatever it is.
    picture = call("get", f"/api/cutouts/ztf/{candid}/science/png", {"scaling": "log"})
    seen["picture"] = [picture["status"], "PNG" in picture["message"][:8]]
    seen["no_picture"] = call("get", "/api/cutouts/ztf/1/science/png")["status"]

    # Maps: with lists in the query string, and an answer without a body.
    map_ = {"dateobs": "2023-06-23T15:42:26", "localization_name": "90.00000_30.00000_10.00000"}
    skymap = {"ra": 90, "dec": 30, "error": 10}
    put = {"dateobs": map_["dateobs"], "skymap": skymap, "contours": [50, 90]}
    seen["no_map"] = call("head", "/api/skymap", map_)["status"]
    seen["add_map"] = call("put", "/api/skymap", put)["status"]
    seen["map_again"] = call("put", "/api/skymap", put)["status"]
    seen["head_map"] = call("head", "/api/skymap", map_)
    got = call("get", "/api/skymap", {**map_, "contours": [50, 90]})
    seen["get_map"] = [got["status"], sorted(c for c in got["data"]["contours"] if c != "center")]
    within = {
        "query_type": "skymap",
        "query": {
            "catalog": "ZTF_alerts",
            "skymap": {**map_, "contour": 90},
            "filter": {},
            "projection": {"_id": 0, "candid": 1},
        },
    }
    answers = k.query(query=within)
    seen["within_map"] = [a["data"] == [{"candid": int(candid)}] for a in answers.values()]
    seen["remove_map"] = call("delete", "/api/skymap", map_)["status"]

    # Triggers, which reach no telescope.
    queue = {
        "queue_name": "ToO_a",
        "validity_window_mjd": [60000.0, 60000.5],
        "targets": [{"request_id": 1, "program_id": 2, "field_id": 699, "ra": 322.7, "dec": 30.0,
                     "filter_id": 1, "exposure_time": 30.0, "program_pi": "a", "subprogram_name": "b"}],
        "queue_type": "list",
        "user": "somebody",
    }
    seen["trigger"] = told(call("put", "/api/triggers/ztf.test", queue))
    untrigger = {"queue_name": "ToO_a", "user": "somebody"}
    seen["untrigger"] = told(call("delete", "/api/triggers/ztf.test", untrigger))

    seen["no_path"] = told(call("get", "/api/nothing"))
    # Without a batch, the last answer of each.
    find = {"catalog": "ZTF_alerts", "filter": {"candid": int(candid)}, "projection": {"candid": 1}}
    count = {"query_type": "count_documents", "query": {"catalog": "gamma", "filter": {}}}
    last = k.query(queries=[{"query_type": "find", "query": find}, count], name="second")
    seen["last"] = last["second"]["data"]
    k.rename("renamed", "first")
    seen["renamed"] = k.ping(name="renamed")

# An invalid token has no catalogs, and so no queries.
with Kowalski(token="nonsense", **at(first)) as k:
    seen["nonsense"] = [k.ping(), k.get_catalogs(), refused(lambda: k.query(query=count))[:27]]
seen["missing_login"] = "Missing credentials" in refused(lambda: Kowalski(**at(first)))

print(json.dumps(seen))

"""Runs queries with penquins and beside it with PyMongo, and tells on a line of JSON whether they agree.

Arguments: the edge's port, the database's address and name, the admin's name and password, and the
names of the collections that the system keeps for itself.
"""

import json
import sys

from bson import json_util
from penquins import Kowalski
from pymongo import MongoClient

port, uri, database, username, password, *kept = sys.argv[1:]
db = MongoClient(uri)[database]
server = {"protocol": "http", "host": "127.0.0.1", "port": int(port)}
seen = {}


def same(name, theirs, ours):
    # Text tells an int from a float, all digits of an id, and NaN from NaN.
    seen[name] = json_util.dumps(theirs) == json_util.dumps(ours) or {
        "penquins": json_util.dumps(theirs)[:500],
        "pymongo": json_util.dumps(ours)[:500],
    }


def rows(kowalski, **query):
    answer = kowalski.query(query=query)["default"]
    if answer.get("status") != "success":
        raise RuntimeError(answer)
    return answer.get("data")


with Kowalski(username=username, password=password, **server) as k:
    seen["ping"] = k.ping()
    names = sorted(set(db.list_collection_names()) - set(kept), reverse=True)
    seen["kept"] = not {"users", "tokens", "filters"} & set(k.get_catalogs())
    same("catalog_names", k.get_catalogs(), names)
    candids = sorted(d["candid"] for d in db.ZTF_alerts.find())

    condition = {"candid": {"$in": candids[1:3]}}
    find = {"catalog": "ZTF_alerts", "filter": condition}
    order = {"sort": [["candid", 1]]}
    found = list(db.ZTF_alerts.find(condition).sort("candid", 1))
    same("find", rows(k, query_type="find", query=find, kwargs=order), found)

    shown = {"_id": 0, "candid": 1, "candidate.jd": 1}
    find_one = {"catalog": "ZTF_alerts", "filter": {"candid": candids[-1]}, "projection": shown}
    one = db.ZTF_alerts.find_one({"candid": candids[-1]}, shown)
    same("find_one", rows(k, query_type="find_one", query=find_one), one)
    nothing = {"catalog": "ZTF_alerts", "filter": {"candid": -1}}
    same("find_one_nothing", rows(k, query_type="find_one", query=nothing), None)

    def cone(ra, dec, radius_arcsec):
        circle = [[ra - 180, dec], radius_arcsec / 3600 * 3.141592653589793 / 180]
        return {"coordinates.radec_geojson": {"$geoWithin": {"$centerSphere": circle}}}

    radec = {"here": [47.0, 9.36], "there.2": [47.0005, 9.36], "nowhere": [1.0, 1.0]}
    cones = {
        "object_coordinates": {
            "cone_search_radius": 1.2,
            "cone_search_unit": "arcsec",
            "radec": radec,
        },
        "catalogs": {
            "ZTF_alerts": {"filter": {}, "projection": shown},
            "Gaia": {"filter": {"mag": {"$gt": 0}}, "projection": {}},
        },
    }
    filters = {"ZTF_alerts": {}, "Gaia": {"mag": {"$gt": 0}}}
    projections = {"ZTF_alerts": shown, "Gaia": None}
    expected = {
        catalog: {
            key.replace(".", "_"): list(
                db[catalog]
                .find({**cone(*position, 1.2), **filters[catalog]}, projections[catalog])
                .sort("_id", 1)
            )
            for key, position in radec.items()
        }
        for catalog in cones["catalogs"]
    }
    by_id = {"sort": [["_id", 1]]}
    same("cone_search", rows(k, query_type="cone_search", query=cones, kwargs=by_id), expected)
    seen["cone_search_found"] = sum(len(v) for c in expected.values() for v in c.values())

    pipeline = [
        {"$match": {"candidate.programid": 1}},
        {"$group": {"_id": "$objectId", "n": {"$sum": 1}, "jd": {"$max": "$candidate.jd"}}},
        {"$sort": {"_id": 1}},
    ]
    aggregate = {"catalog": "ZTF_alerts", "pipeline": pipeline}
    grouped = list(db.ZTF_alerts.aggregate(pipeline))
    same("aggregate", rows(k, query_type="aggregate", query=aggregate), grouped)

    counted = rows(k, query_type="count_documents", query={"catalog": "ZTF_alerts", "filter": {}})
    same("count_documents", counted, db.ZTF_alerts.count_documents({}))
    info = {"command": "index_info", "catalog": "ZTF_alerts"}
    indexes = rows(k, query_type="info", query=info)
    seen["index_info"] = set(indexes) == set(db.ZTF_alerts.index_information())

    # What the client sends anywhere, the server has to bear with.
    saved = k.query(
        query={"query_type": "find", "query": find, "kwargs": {"save": True, "max_time_ms": 10000}}
    )["default"]
    seen["save"] = saved["status"] == "success"
    batch = [{"query_type": "find", "query": {**find, "projection": shown}}] * 8
    answers = k.query(queries=batch, use_batch_query=True, max_n_threads=4)["default"]
    seen["batch"] = len(answers) == 8 and all(len(a["data"]) == 2 for a in answers)

    try:
        k.query(query={"query_type": "find", "query": {"catalog": "nope", "filter": {}}})
        seen["unknown_catalog"] = "no error"
    except ValueError:
        seen["unknown_catalog"] = True
    refused = k.query(
        query={"query_type": "find", "query": {"catalog": "ZTF_alerts", "filter": {"$foo": 1}}}
    )["default"]
    seen["refused"] = refused["status"] == "error" and "$foo" in refused["message"]
    token = k.instances["default"]["token"]

with Kowalski(token=token, **server) as k:
    seen["token_log_in"] = k.ping()

try:
    Kowalski(username=username, password="wrong", **server)
    seen["wrong_password"] = "no error"
except Exception as error:
    seen["wrong_password"] = "Unauthorized" in str(error) or repr(error)

print(json.dumps(seen))

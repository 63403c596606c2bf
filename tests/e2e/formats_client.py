"""Reads one answer in each of its forms, as astronomers would: formats_client.py URL TOKEN.

Prints, as JSON, what of it is as it has to be.
"""

import io
import json
import sys
import urllib.request

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from astropy.io.votable import parse, validate

URL, TOKEN = sys.argv[1:3]
QUERY = {
    "query_type": "find",
    "query": {"catalog": "ZTF_alerts", "filter": {}, "projection": {"cutoutScience": 0}},
    "kwargs": {"sort": [["candid", 1]]},
}
CONE = {
    "query_type": "cone_search",
    "query": {
        "object_coordinates": {
            "cone_search_radius": 1,
            "cone_search_unit": "deg",
            "radec": {"here": [47, 9.36], "there": [200, 0]},
        },
        "catalogs": {"ZTF_alerts": {"projection": {"_id": 0, "candid": 1}}, "Gaia": {}},
    },
}


def ask(accept, query=QUERY):
    request = urllib.request.Request(
        URL,
        data=json.dumps(query).encode(),
        headers={"Authorization": TOKEN, "Accept": accept},
    )
    with urllib.request.urlopen(request) as response:
        return response.headers["content-type"], response.read()


def plain(value):
    """What relaxed Extended JSON says, as Python has it."""
    if isinstance(value, dict) and set(value) == {"$numberDouble"}:
        return float(value["$numberDouble"])
    return value


def same(cells, wanted):
    """Equal values; NaN is NaN, and None is None."""
    return len(cells) == len(wanted) and all(
        (a is None and b is None)
        or (a is not None and b is not None and (a == b or (a != a and b != b)))
        for a, b in zip(cells, wanted)
    )


_, text = ask("application/json")
documents = json.loads(text)["data"]
candids = [document["candid"] for document in documents]
mags = [plain(document["candidate"].get("magpsf")) for document in documents]
names = [document["name"] for document in documents]
told = {"documents": len(documents), "has_nan": any(mag != mag for mag in mags), "has_null": None in mags}

content_type, text = ask("application/x-ndjson")
lines = [json.loads(line) for line in text.decode().splitlines()]
told["ndjson"] = content_type == "application/x-ndjson" and lines == documents

content_type, text = ask("application/vnd.apache.parquet")
table = pq.read_table(io.BytesIO(text))
column = {name: table.column(name).to_pylist() for name in table.column_names}
told["parquet"] = (
    content_type == "application/vnd.apache.parquet"
    and column["candid"] == candids
    and same(column["candidate.magpsf"], mags)
    and column["name"] == names
    and str(table.schema.field("candid").type) == "int64"
    and str(table.schema.field("seen").type) == "timestamp[ms, tz=UTC]"
    and json.loads(column["list"][0]) == documents[0]["list"]
)
frame = pd.read_parquet(io.BytesIO(text))
told["parquet_pandas"] = frame["candid"].dtype == np.int64 and frame["candid"].tolist() == candids

content_type, text = ask("text/csv")
frame = pd.read_csv(io.BytesIO(text), keep_default_na=False, na_values={"candidate.magpsf": [""]})
told["csv"] = (
    content_type.startswith("text/csv")
    and frame["candid"].dtype == np.int64
    and frame["candid"].tolist() == candids
    and frame["name"].tolist() == names
    and same(pd.read_csv(io.BytesIO(text))["candidate.jd"].tolist(), [d["candidate"]["jd"] for d in documents])
)

content_type, text = ask("application/x-votable+xml")
votable = parse(io.BytesIO(text), verify="exception").get_first_table()
array = votable.array
magpsf = array["candidate.magpsf"]
told["votable"] = (
    content_type.startswith("application/x-votable+xml")
    and array["candid"].dtype == np.int64
    and array["candid"].tolist() == candids
    # astropy drops blanks around texts.
    and [str(name) for name in array["name"]] == [name.strip() for name in names]
    and [bool(masked) for masked in np.ma.getmaskarray(array["candidate.fid"])]
    == ["fid" not in document["candidate"] for document in documents]
    and same(
        [float(mag) for mag in magpsf.data],
        [float("nan") if mag is None else mag for mag in mags],
    )
)
with open(sys.argv[3], "wb") as file:
    file.write(text)
told["votable_valid"] = validate(sys.argv[3], output=io.StringIO())

_, text = ask("application/vnd.apache.parquet", CONE)
matches = pq.read_table(io.BytesIO(text)).to_pylist()
told["matches"] = sorted({(row["_catalog"], row["_position"]) for row in matches}) == [
    ("Gaia", "here"),
    ("ZTF_alerts", "here"),
] and sorted(row["candid"] for row in matches if row["_catalog"] == "ZTF_alerts") == candids

_, text = ask("application/vnd.apache.parquet", {**QUERY, "query": {"catalog": "nope", "filter": {}}})
told["empty"] = pq.read_table(io.BytesIO(text)).num_rows == 0
print(json.dumps({key: bool(value) if not isinstance(value, int) else value for key, value in told.items()}))

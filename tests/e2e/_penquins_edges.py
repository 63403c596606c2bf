"""A plugin of pytest for the tests of penquins: their servers are at port 4000, ours are anywhere.

Their `localhost` is the first of the edges whose ports are in KOWALSKI_TEST_EDGES, `127.0.0.1` the second.
"""

import os

from urllib3.util import connection

EDGES = dict(zip(["localhost", "127.0.0.1"], os.environ["KOWALSKI_TEST_EDGES"].split(",")))
connect = connection.create_connection


def connect_to_edge(address, *args, **kwargs):
    host, port = address
    return connect(("127.0.0.1", int(EDGES[host])) if port == 4000 else address, *args, **kwargs)


connection.create_connection = connect_to_edge

"""Posts a body with `http.client` that is longer than the server takes."""

import json
import sys
from http.client import HTTPConnection

spec = json.loads(sys.argv[1])
connection = HTTPConnection(spec["url"].removeprefix("http://"), timeout=30)
target = "/engine.io/?EIO=4&transport=polling"
connection.request("GET", target)
sid = json.loads(connection.getresponse().read()[1:])["sid"]
statuses = []
for length in spec["lengths"]:
    connection.request("POST", f"{target}&sid={sid}", b"4" * length)
    answer = connection.getresponse()
    answer.read()
    statuses.append(answer.status)
print(json.dumps({"statuses": statuses}))

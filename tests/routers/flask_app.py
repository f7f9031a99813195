"""The routes of routers.mjs in Flask. Prints its port, then one JSON object for each request that reached it."""

import json
import sys
import threading

from flask import Flask, Response, g, request
from werkzeug.serving import WSGIRequestHandler, make_server

app = Flask(__name__)
lock = threading.Lock()


def add(name, path):
    def view(**_):
        g.name = name
        return Response(name, headers={"x-class": name})

    flask_path = "/".join(f"<{part[1:]}>" if part.startswith(":") else part for part in path.split("/"))
    app.add_url_rule(flask_path, endpoint=path, view_func=view)


@app.after_request
def report(response):
    headers = [text for pair in request.headers.items() for text in pair]
    hit = {
        "id": request.headers.get("x-case", ""),
        "name": g.get("name"),
        "url": request.environ["REQUEST_URI"],
        "rawHeaders": headers,
        "method": request.method,
    }
    line = json.dumps({key: value for key, value in hit.items() if value is not None})
    with lock:
        print(line, flush=True)
    return response


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


for name, paths in json.loads(sys.argv[1]).items():
    for path in paths:
        add(name, path)
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()

"""What the server's benchmark compares with: a bare Flask view that echoes a small JSON body."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    return jsonify(request.get_json())

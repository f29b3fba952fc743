"""Amazon's own examples: the sandbox cases in its Swagger models and the files of its samples."""

import json


def cases(shared, model, path, method, status):
    """Requests and responses Amazon publishes for one operation and status."""
    document = json.loads((shared / "amazon" / "models" / model).read_text())
    answer = document["paths"][path][method]["responses"][str(status)]
    found = answer["x-amzn-api-sandbox"]["static"]
    assert found, f"{model} has no cases for {method} {path}"
    return [(case["request"].get("parameters", {}), case["response"]) for case in found]


def sample(shared, name):
    """One file of Amazon's samples."""
    return json.loads((shared / "amazon" / "samples" / name).read_text())

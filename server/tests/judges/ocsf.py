"""Judges OCSF events by the published schema of the version, class and profiles that each names.

A JSON array of events comes on standard input; an array of answers goes out: {"ok": the class}, or {"refused": [why]}.
"""

import functools
import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema


@functools.cache
def published(version):
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))


@functools.cache
def validator(version, uid, profiles):
    schema = published(version)
    classes = schema.schema.schema["classes"]
    name = next(name for name, kind in classes.items() if kind["uid"] == uid)
    return name, Draft202012Validator(schema.get_class_schema(name, list(profiles)))


def judge(event):
    metadata = event["metadata"]
    name, rules = validator(metadata["version"], event["class_uid"], tuple(metadata.get("profiles", [])))
    wrong = [f"{error.json_path}: {error.message}" for error in rules.iter_errors(event)]
    return {"refused": wrong} if wrong else {"ok": name}


json.dump([judge(event) for event in json.load(sys.stdin)], sys.stdout)

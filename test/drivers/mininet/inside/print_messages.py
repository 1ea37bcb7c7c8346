"""Prints what labctl and the programs in a sandbox say to each other, as JSON Schema.

{"requests": {name: {"input", "progress", "answer"}}, "topologyProgram": {"input", "answer"}}
"""

import json
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from messages import TopologyAnswer, TopologyProgram
from resident import REQUESTS

SIMPLE = {str: 'string', int: 'integer', float: 'number', bool: 'boolean', types.NoneType: 'null'}


def schema_of(form: Any) -> dict[str, Any]:
    if form in SIMPLE:
        return {'type': SIMPLE[form]}
    if is_typeddict(form):
        fields = {name: schema_of(field) for name, field in get_type_hints(form).items()}
        return {'type': 'object', 'properties': fields, 'required': sorted(form.__required_keys__)}
    origin, parts = get_origin(form), get_args(form)
    if origin is Literal:
        return {'type': 'string', 'enum': list(parts)}
    if origin in (Union, types.UnionType):
        simple = sorted(SIMPLE[part] for part in parts if part in SIMPLE)
        return {'type': simple} if len(simple) == len(parts) else {'anyOf': [schema_of(part) for part in parts]}
    if origin is list:
        return {'type': 'array', 'items': schema_of(parts[0])}
    if origin is tuple:
        items = [schema_of(part) for part in parts]
        return {'type': 'array', 'prefixItems': items, 'items': False, 'minItems': len(items), 'maxItems': len(items)}
    if origin is dict:
        return {'type': 'object', 'additionalProperties': schema_of(parts[1])}
    raise TypeError(f'no JSON Schema for {form}')


def exchange_of(work: Any) -> dict[str, Any]:
    given, underway, answer = get_type_hints(work).values()
    (progress,) = get_args(underway)
    return {'input': schema_of(given), 'progress': schema_of(progress), 'answer': schema_of(answer)}


print(
    json.dumps(
        {
            'requests': {name: exchange_of(work) for name, work in REQUESTS.items()},
            'topologyProgram': {'input': schema_of(TopologyProgram), 'answer': schema_of(TopologyAnswer)},
        }
    )
)

"""The API reference as a page: made from the description, without a script and without anything from elsewhere."""

from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec

_HEAD = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title} API</title><style>
body{{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1f23}}
h2{{margin-top:2.5rem;border-bottom:1px solid #d0d5db}}h3 code{{font-size:1rem}}
.m{{display:inline-block;min-width:3.5rem;font-weight:600;color:#0a5bd3}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e6e9ed;vertical-align:top}}
pre{{background:#f4f6f8;padding:.8rem;overflow-x:auto}}
</style></head><body><h1>{title}</h1><p>{description}</p>
<p><a href="/openapi.json">OpenAPI 3.1</a></p>
"""


def page(description: dict[str, Any]) -> str:
    """The whole page."""
    info = description["info"]
    head = _HEAD.format(title=escape(info["title"]), description=escape(info["description"]))
    return head + "".join(_tags(description)) + "</body></html>\n"


def _tags(description: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            shown = "".join(_operation(method, path, operation))
            by_tag.setdefault(operation["tags"][0], []).append(shown)
    for tag, written in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>" + "".join(written)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f'<h3 id="{escape(operation["operationId"])}"><span class="m">{escape(method.upper())}</span>'
    yield f"<code>{escape(path)}</code></h3><p>{escape(operation['summary'])}</p>"
    if operation["parameters"]:
        yield "<table><tr><th>参数 parameter</th><th>位置 in</th><th>必填 required</th></tr>"
        for one in operation["parameters"]:
            required = "是 yes" if one["required"] else "否 no"
            yield f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td><td>{required}</td></tr>"
        yield "</table>"
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        written = msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
        yield f"<pre>{escape(written)}</pre>"
    yield "<table><tr><th>状态 status</th><th>code</th></tr>"
    for status, answer in operation["responses"].items():
        yield f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td></tr>"
    yield "</table>"

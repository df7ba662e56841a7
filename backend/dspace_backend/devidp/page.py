"""The page on which one chooses who one is: Chinese first, large, plain, without a script."""

from collections.abc import Mapping, Sequence
from html import escape

from dspace_backend.devidp.people import STAFF, DemoPerson

_STYLE = """
body{font:20px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;margin:0 auto;max-width:34em;padding:16px;color:#111;background:#fff}
h1{font-size:1.5em;margin:.4em 0}h2{font-size:1.15em;margin:1.2em 0 .4em}
.note{border:3px solid #a40000;border-radius:12px;padding:12px;color:#7a0000;font-weight:600}
button,input,select{font:inherit;width:100%;min-height:60px;margin:6px 0;padding:10px 16px;border-radius:12px;
border:2px solid #444;background:#fff;color:#111;text-align:left;box-sizing:border-box}
button.go{background:#0b5394;border-color:#0b5394;color:#fff;text-align:center}
button small{display:block;color:#333}button.go small{color:#fff}
:focus{outline:4px solid #f59f00;outline-offset:2px}label{display:block;font-weight:600}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_LEVEL_NAMES = {1: "一级 level 1", 2: "二级 level 2", 3: "三级 level 3", 4: "四级 level 4"}


def choose(request: str, people: Sequence[DemoPerson], levels: Mapping[str, int], wished: str | None) -> str:
    """The page for one request. Numbers are in no address and on no button: a button names a place in the list."""
    chosen = wished if wished in levels else max(levels, key=lambda acr: levels[acr])
    options = "".join(
        f'<option value="{escape(acr)}"{" selected" if acr == chosen else ""}>{_LEVEL_NAMES[level]}</option>'
        for acr, level in sorted(levels.items(), key=lambda pair: pair[1])
    )
    persons = "".join(
        f'<button name="who" value="p{at}">{escape(one.name)},{one.age} 岁<small>{one.group}</small></button>'
        for at, one in enumerate(people)
    )
    staff = "".join(
        f'<button name="who" value="s{at}">{escape(one.title)}<small>{escape("、".join(one.roles))}</small></button>'
        for at, one in enumerate(STAFF)
    )
    return _page(
        "演示登录",
        f"""
<p class="note" role="note">这是演示登录,名单上的人都不存在。<br><span lang="en">A demo: nobody on this page exists.</span></p>
<form method="post" action="/choose"><input type="hidden" name="request" value="{escape(request)}">
<label for="acr">认证等级 <span lang="en">level of identification</span></label>
<select id="acr" name="acr">{options}</select>
<h2>请选择您是谁 <span lang="en">who are you?</span></h2>{persons}
<h2>其他演示人员 <span lang="en">somebody else</span></h2>
<label for="number">公民身份号码 <span lang="en">citizen number</span></label>
<input id="number" name="number" inputmode="text" autocomplete="off" maxlength="18">
<button class="go" name="who" value="number">以此人登录 <span lang="en">log in</span></button>
<h2>工作人员 <span lang="en">staff</span></h2>{staff}
<h2>不登录 <span lang="en">not now</span></h2>
<button name="who" value="nobody">返回 <span lang="en">go back</span></button></form>""",
    )


def told(zh: str, en: str, *, again: bool = False) -> str:
    """A page that says one thing; `again`: it looks once more by itself."""
    return _page("演示登录", f'<p class="note">{escape(zh)}<br><span lang="en">{escape(en)}</span></p>', again=again)


def _page(title: str, body: str, *, again: bool = False) -> str:
    refresh = '<meta http-equiv="refresh" content="2">' if again else ""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">{refresh}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
